# Matter, weak rates and the classical radiation field on the grid of the study.
rule background:
    input:
        snapshot=result("{snapshot}/snapshot.nc"),
        eos=EOS_FILES,
    output:
        background=result("{snapshot}/background.nc"),
    log:
        log_file("{snapshot}/background"),
    benchmark:
        benchmark_file("{snapshot}/background")
    conda:
        "../envs/qkepipe.yaml"
    threads: 1
    resources:
        mem_mb=small_memory,
        runtime=small_runtime,
    params:
        config=PLAN.settings("background"),
        code=PLAN.code("background"),
    message:
        "{wildcards.snapshot}: matter and weak rates"
    script:
        "../scripts/background.py"


rule baseline:
    input:
        snapshot=result("{snapshot}/snapshot.nc"),
        background=result("{snapshot}/background.nc"),
    output:
        baseline=result("{snapshot}/baseline.nc"),
    log:
        log_file("{snapshot}/baseline"),
    benchmark:
        benchmark_file("{snapshot}/baseline")
    conda:
        "../envs/qkepipe.yaml"
    threads: 8
    resources:
        mem_mb=field_memory,
        runtime=field_runtime,
    params:
        config=PLAN.settings("baseline"),
        code=PLAN.code("baseline"),
    message:
        "{wildcards.snapshot}: classical radiation field"
    script:
        "../scripts/baseline.py"
