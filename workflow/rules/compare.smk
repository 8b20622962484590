# All cases of all snapshots against their classical runs; reads the small files only.
localrules:
    compare,


rule compare:
    input:
        summaries=summaries(),
        resolutions=resolution_tables(),
    output:
        dataset=COMPARISON[0],
        table=report(COMPARISON[1], category="Tables"),
        scores=report(COMPARISON[2], category="Tables"),
    log:
        log_file("compare"),
    benchmark:
        benchmark_file("compare")
    conda:
        "../envs/qkepipe.yaml"
    threads: 1
    resources:
        mem_mb=small_memory,
        runtime=30,
    params:
        runs=snapshot_cases(),
        names=PLAN.snapshots,
        code=PLAN.code("compare"),
    message:
        "comparing all cases with their classical runs"
    script:
        "../scripts/compare.py"
