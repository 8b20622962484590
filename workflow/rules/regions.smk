# Instability by region, and the modes of the cells that are worth a closer look.
rule regions:
    input:
        snapshot=result("{snapshot}/snapshot.nc"),
        stability=result("{snapshot}/stability.nc"),
        background=if_on_grid("{snapshot}/background.nc"),
        baseline=if_on_grid("{snapshot}/baseline.nc"),
    output:
        dataset=result("{snapshot}/stability_regions.nc"),
        table=report(result("{snapshot}/stability_regions.csv"), category="Tables"),
        modes=result("{snapshot}/stability_modes.nc"),
    log:
        log_file("{snapshot}/regions"),
    benchmark:
        benchmark_file("{snapshot}/regions")
    conda:
        "../envs/qkepipe.yaml"
    threads: 1
    resources:
        mem_mb=field_memory,
        runtime=field_runtime,
    params:
        code=PLAN.code("regions"),
    message:
        "{wildcards.snapshot}: instability by region"
    script:
        "../scripts/regions.py"
