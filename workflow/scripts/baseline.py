"""Rule baseline: classical steady radiation field."""


def main(snakemake):
    """snapshot.nc, background.nc -> baseline.nc."""
    from qkepipe import runtime

    runtime.begin_job(snakemake.log[0], snakemake.threads)

    import xarray as xr

    from qkepipe.study.plan import settings_view
    from qkepipe.study.stages import baseline

    config = settings_view(snakemake.params.config)
    given = [xr.load_dataset(snakemake.input[name]) for name in ("snapshot", "background")]
    out = baseline.run(config, *given, progress=runtime.Progress("classical field"))
    runtime.write_dataset(out, snakemake.output.baseline, code=snakemake.params.code)


if __name__ == "__main__":
    main(snakemake)
