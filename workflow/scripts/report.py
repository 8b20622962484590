"""Rule report: figures and the self-contained report of a study."""


def main(snakemake):
    """Maps, summaries and comparison -> report.html and figures."""
    from qkepipe import runtime

    runtime.begin_job(snakemake.log[0], snakemake.threads)

    import json
    from pathlib import Path

    import yaml

    from qkepipe.report import write_report

    given, names = snakemake.input, snakemake.params.names
    files = {name: {"summaries": {}} for name in names}
    stages = {
        "snapshot": "snapshots",
        "background": "backgrounds",
        "baseline": "baselines",
        "resolution": "resolutions",
        "stability": "maps",
        "regions": "regions",
        "modes": "modes",
        "calibration": "calibrations",
    }
    for stage, group in stages.items():
        for name, path in zip(names, given.get(group) or [None] * len(names), strict=True):
            files[name][stage] = path
    summaries = zip(snakemake.params.runs, given.get("summaries", []), strict=True)
    for (snapshot, case), path in summaries:
        files[snapshot]["summaries"][case] = path
    write_report(
        config=yaml.safe_load(Path(given.config).read_text(encoding="utf-8")),
        files=files,
        comparison=Path(given.comparison),
        provenance=json.loads(Path(given.provenance).read_text(encoding="utf-8")),
        output=Path(snakemake.output.html),
        figures_dir=Path(snakemake.output.html).parent / "figures",
    )


if __name__ == "__main__":
    main(snakemake)
