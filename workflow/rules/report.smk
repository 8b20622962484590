# What was run, figures and the report.
localrules:
    resolved_config,
    provenance,
    report,


rule resolved_config:
    output:
        config=RESOLVED_CONFIG,
    log:
        log_file("resolved_config"),
    benchmark:
        benchmark_file("resolved_config")
    conda:
        "../envs/qkepipe.yaml"
    threads: 1
    resources:
        mem_mb=small_memory,
        runtime=10,
    params:
        config=PLAN.resolved,
    message:
        "writing the configuration with all defaults"
    script:
        "../scripts/resolved_config.py"


rule provenance:
    input:
        config=RESOLVED_CONFIG,
        maps=stability_maps(),
        summaries=summaries(),
        comparison=COMPARISON,
        files=sum(INPUT_FILES.values(), []),
    output:
        provenance=RECORDS[1],
    log:
        log_file("provenance"),
    benchmark:
        benchmark_file("provenance")
    conda:
        "../envs/qkepipe.yaml"
    threads: 1
    resources:
        mem_mb=small_memory,
        runtime=30,
    params:
        files=INPUT_FILES,
        warnings=WARNINGS,
        benchmarks={job: benchmark_file(job) for job in PLAN.jobs},
        code=code_hash(),
    message:
        "recording what was run"
    script:
        "../scripts/provenance.py"


rule report:
    input:
        config=RESOLVED_CONFIG,
        provenance=RECORDS[1],
        comparison=COMPARISON[0],
        snapshots=[result(f"{s}/snapshot.nc") for s in PLAN.snapshots],
        backgrounds=[if_on_grid(f"{s}/background.nc") for s in PLAN.snapshots],
        baselines=[if_on_grid(f"{s}/baseline.nc") for s in PLAN.snapshots],
        resolutions=resolution_tables(),
        maps=stability_maps(),
        regions=region_tables(),
        modes=mode_files(),
        calibrations=calibrations(),
        summaries=summaries(),
    output:
        html=report(REPORT, caption="../report/report.rst", category="Report"),
        png=[
            report(
                result(f"figures/{figure}_{snapshot}.png"),
                caption=caption(figure),
                category="Figures",
                labels={"snapshot": snapshot, "figure": figure.replace("_", " ")},
            )
            for figure, snapshot in PLAN.figures
        ],
        pdf=figure_files("pdf"),
        csv=figure_files("csv"),
    log:
        log_file("report"),
    benchmark:
        benchmark_file("report")
    conda:
        "../envs/qkepipe.yaml"
    threads: 1
    resources:
        mem_mb=small_memory,
        runtime=30,
    params:
        runs=snapshot_cases(),
        names=PLAN.snapshots,
        code=PLAN.code("report"),
    message:
        "drawing the figures and writing the report"
    script:
        "../scripts/report.py"
