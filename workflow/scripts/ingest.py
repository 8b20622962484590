"""Rule ingest: read and check one snapshot."""


def main(snakemake):
    """Entry of the configuration -> snapshot.nc."""
    from types import SimpleNamespace

    from qkepipe import runtime

    runtime.begin_job(snakemake.log[0], snakemake.threads)

    from qkepipe.study.plan import settings_view
    from qkepipe.study.stages import ingest

    snapshot = ingest.run(settings_view({}), SimpleNamespace(**snakemake.params.entry))
    runtime.write_dataset(snapshot, snakemake.output.snapshot, code=snakemake.params.code)


if __name__ == "__main__":
    main(snakemake)
