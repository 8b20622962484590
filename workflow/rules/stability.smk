# Where the field is unstable to flavour conversion, how fast, and why.
rule stability:
    input:
        snapshot=result("{snapshot}/snapshot.nc"),
        background=if_on_grid("{snapshot}/background.nc"),
        baseline=if_on_grid("{snapshot}/baseline.nc"),
    output:
        stability=result("{snapshot}/stability.nc"),
    log:
        log_file("{snapshot}/stability"),
    benchmark:
        benchmark_file("{snapshot}/stability")
    conda:
        "../envs/qkepipe.yaml"
    threads: 8
    resources:
        mem_mb=stability_memory,
        runtime=field_runtime,
    params:
        config=PLAN.settings("stability"),
        batches=PLAN.mode_batches,
        store=result("_checkpoints/{snapshot}"),
        code=PLAN.code("stability"),
    message:
        "{wildcards.snapshot}: stability map"
    script:
        "../scripts/stability.py"
