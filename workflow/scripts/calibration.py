"""Rule calibration: prescriptions of flavour mixing against local boxes."""


def main(snakemake):
    """Map and what it was made from -> calibration.nc and .csv."""
    from qkepipe import runtime

    params, given = snakemake.params, snakemake.input
    runtime.begin_job(snakemake.log[0], snakemake.threads)

    import xarray as xr

    from qkepipe.diagnostics import to_csv
    from qkepipe.study.plan import settings_view
    from qkepipe.study.stages import calibration

    found = calibration.run(
        settings_view(params.config),
        xr.load_dataset(given.snapshot),
        xr.load_dataset(given.stability),
        xr.load_dataset(given.baseline) if given.get("baseline") else None,
    )
    runtime.write_dataset(found, snakemake.output.dataset, code=params.code)
    with runtime.atomic_write(snakemake.output.table) as part:
        to_csv(calibration.table_of(found), part, calibration.CALIBRATION_COLUMNS)


if __name__ == "__main__":
    main(snakemake)
