"""Rule compare: the table of all cases against the classical runs."""


def main(snakemake):
    """Summaries and resolution tables -> comparison.nc, comparison.csv and scores.csv."""
    from qkepipe import runtime

    runtime.begin_job(snakemake.log[0], snakemake.threads)

    import xarray as xr

    from qkepipe.diagnostics import SCORE_COLUMNS, to_csv
    from qkepipe.study.plan import settings_view
    from qkepipe.study.stages import compare

    given, params = snakemake.input, snakemake.params
    keys = [tuple(key) for key in params.runs]
    summaries = {
        key: xr.load_dataset(path)
        for key, path in zip(keys, given.get("summaries", []), strict=True)
    }
    # a study has these tables for all its snapshots or for none
    errors = {
        name: xr.load_dataset(path)
        for name, path in zip(params.names, given.get("resolutions", []), strict=False)
    }
    table, scores = compare.run(settings_view({}), summaries, errors)
    runtime.write_dataset(table, snakemake.output.dataset, code=params.code)
    with runtime.atomic_write(snakemake.output.table) as part:
        to_csv(table, part)
    with runtime.atomic_write(snakemake.output.scores) as part:
        to_csv(scores, part, SCORE_COLUMNS)


if __name__ == "__main__":
    main(snakemake)
