"""Rule background: matter and weak rates on the grid of the study."""


def main(snakemake):
    """snapshot.nc -> background.nc."""
    from qkepipe import runtime

    runtime.begin_job(snakemake.log[0], snakemake.threads)

    import xarray as xr

    from qkepipe.study.plan import settings_view
    from qkepipe.study.stages import background

    config = settings_view(snakemake.params.config)
    out = background.run(config, xr.load_dataset(snakemake.input.snapshot))
    for line in filter(None, out.attrs.get("warnings", "").splitlines()):
        runtime.logger.warning("%s", line)
    runtime.write_dataset(out, snakemake.output.background, code=snakemake.params.code)


if __name__ == "__main__":
    main(snakemake)
