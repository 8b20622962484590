"""Rule compare: the table of all cases against the classical runs."""


def main(snakemake):
    """Summaries -> comparison.nc and comparison.csv."""
    from qkepipe import runtime

    runtime.begin_job(snakemake.log[0], snakemake.threads)

    import xarray as xr

    from qkepipe.diagnostics import to_csv
    from qkepipe.study.plan import settings_view
    from qkepipe.study.stages import compare

    keys = [tuple(key) for key in snakemake.params.runs]
    summaries = {
        key: xr.load_dataset(path)
        for key, path in zip(keys, snakemake.input.get("summaries", []), strict=True)
    }
    table = compare.run(settings_view({}), summaries)
    runtime.write_dataset(table, snakemake.output.dataset, code=snakemake.params.code)
    with runtime.atomic_write(snakemake.output.table) as part:
        to_csv(table, part)


if __name__ == "__main__":
    main(snakemake)
