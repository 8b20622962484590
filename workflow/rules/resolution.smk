# Error of the classical field on its grid: the field again on other grids, one axis at a time.
rule resolution:
    input:
        snapshot=result("{snapshot}/snapshot.nc"),
        background=result("{snapshot}/background.nc"),
        baseline=result("{snapshot}/baseline.nc"),
        eos=EOS_FILES,
    output:
        dataset=result("{snapshot}/resolution.nc"),
        table=report(result("{snapshot}/resolution.csv"), category="Tables"),
    log:
        log_file("{snapshot}/resolution"),
    benchmark:
        benchmark_file("{snapshot}/resolution")
    conda:
        "../envs/qkepipe.yaml"
    threads: 8
    resources:
        mem_mb=resolution_memory,
        runtime=field_runtime,
    params:
        config=PLAN.settings("resolution"),
        code=PLAN.code("resolution"),
    message:
        "{wildcards.snapshot}: resolution study of the classical field"
    script:
        "../scripts/resolution.py"
