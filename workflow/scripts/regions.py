"""Rule regions: instability by region, and modes of chosen cells."""


def main(snakemake):
    """Map and what it was made from -> stability_regions.nc and .csv, stability_modes.nc."""
    from qkepipe import runtime

    runtime.begin_job(snakemake.log[0], snakemake.threads)

    import xarray as xr

    from qkepipe.diagnostics import to_csv
    from qkepipe.diagnostics.region_table import REGION_COLUMNS
    from qkepipe.study.stages import regions

    given = ("snapshot", "stability", "baseline", "background")
    table, modes = regions.run(
        **{
            name: xr.load_dataset(snakemake.input[name])
            for name in given
            if snakemake.input.get(name)
        }
    )
    code = snakemake.params.code
    runtime.write_dataset(table, snakemake.output.dataset, code=code)
    runtime.write_dataset(modes, snakemake.output.modes, code=code)
    with runtime.atomic_write(snakemake.output.table) as part:
        to_csv(table, part, REGION_COLUMNS)


if __name__ == "__main__":
    main(snakemake)
