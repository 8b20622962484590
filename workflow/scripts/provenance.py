"""Rule provenance: who made the results, from what, and what each job took."""


def main(snakemake):
    """Configuration, input files and benchmark files -> provenance.json."""
    from qkepipe import runtime

    runtime.begin_job(snakemake.log[0], snakemake.threads)

    import json
    from pathlib import Path

    import yaml

    params = snakemake.params
    config = yaml.safe_load(Path(snakemake.input.config).read_text(encoding="utf-8"))
    record = runtime.provenance(config, params.files, {"solve": config["solve"]["seed"]})
    record["warnings"] = params.warnings
    record["jobs"] = runtime.job_costs(params.benchmarks)
    runtime.write_text(snakemake.output.provenance, json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main(snakemake)
