"""Rule baseline: classical steady radiation field."""


def main(snakemake):
    """background.nc -> baseline.nc."""
    from qkepipe import runtime

    runtime.begin_job(snakemake.log[0], snakemake.threads)

    import xarray as xr

    from qkepipe.study.plan import settings_view
    from qkepipe.study.stages import baseline

    config = settings_view(snakemake.params.config)
    background = xr.load_dataset(snakemake.input.background)
    out = baseline.run(config, background, progress=runtime.Progress("classical field"))
    runtime.write_dataset(out, snakemake.output.baseline, code=snakemake.params.code)


if __name__ == "__main__":
    main(snakemake)
