"""Rule stability: stability map of the classical field or of the moments of the snapshot."""


def main(snakemake):
    """Snapshot, with transport also background and baseline -> stability.nc."""
    from qkepipe import runtime

    runtime.begin_job(snakemake.log[0], snakemake.threads)

    import xarray as xr

    from qkepipe.study.plan import settings_view
    from qkepipe.study.stages import stability

    given = snakemake.input
    field = {name: given[name] for name in ("baseline", "background") if given.get(name)}
    out = stability.run(
        settings_view(snakemake.params.config),
        xr.load_dataset(given.snapshot),
        **{name: xr.load_dataset(path) for name, path in field.items()},
    )
    runtime.write_dataset(out, snakemake.output.stability, code=snakemake.params.code)


if __name__ == "__main__":
    main(snakemake)
