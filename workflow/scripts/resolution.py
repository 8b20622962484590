"""Rule resolution: error of the classical field on its grid."""


def main(snakemake):
    """snapshot.nc, background.nc, baseline.nc -> resolution.nc and resolution.csv."""
    from qkepipe import runtime

    runtime.begin_job(snakemake.log[0], snakemake.threads)

    import xarray as xr

    from qkepipe.diagnostics import GRID_COLUMNS, to_csv
    from qkepipe.study.plan import settings_view
    from qkepipe.study.stages import resolution

    given = ("snapshot", "background", "baseline")
    table = resolution.run(
        settings_view(snakemake.params.config),
        *(xr.load_dataset(snakemake.input[name]) for name in given),
        progress=runtime.Progress("resolution study"),
    )
    runtime.write_dataset(table, snakemake.output.dataset, code=snakemake.params.code)
    with runtime.atomic_write(snakemake.output.table) as part:
        to_csv(table, part, GRID_COLUMNS)


if __name__ == "__main__":
    main(snakemake)
