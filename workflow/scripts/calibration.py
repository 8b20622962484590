"""Rule calibration: prescriptions of flavour mixing against local boxes."""


def main(snakemake):
    """Map and what it was made from -> calibration.nc and .csv."""
    from qkepipe import runtime

    params, given = snakemake.params, snakemake.input
    workers, _ = runtime.begin_job(snakemake.log[0], snakemake.threads, params.boxes)

    from functools import partial

    import xarray as xr

    from qkepipe.diagnostics import to_csv
    from qkepipe.study.boxes import solve_boxes
    from qkepipe.study.plan import settings_view
    from qkepipe.study.stages import calibration

    found = calibration.run(
        settings_view(params.config),
        xr.load_dataset(given.snapshot),
        xr.load_dataset(given.stability),
        xr.load_dataset(given.baseline) if given.get("baseline") else None,
        partial(
            solve_boxes,
            store=params.store, code=params.box_code, log=snakemake.log[0], workers=workers,
        ),
    )  # fmt: skip
    runtime.write_dataset(found, snakemake.output.dataset, code=params.code)
    with runtime.atomic_write(snakemake.output.table) as part:
        to_csv(calibration.table_of(found), part, calibration.CALIBRATION_COLUMNS)


# worker processes import this file again and must not run the job
if __name__ == "__main__":
    main(snakemake)
