# Prescriptions of flavour mixing against local boxes of quantum kinetics.
rule calibration:
    input:
        snapshot=result("{snapshot}/snapshot.nc"),
        stability=result("{snapshot}/stability.nc"),
        baseline=if_on_grid("{snapshot}/baseline.nc"),
    output:
        dataset=result("{snapshot}/calibration.nc"),
        table=report(result("{snapshot}/calibration.csv"), category="Tables"),
    log:
        log_file("{snapshot}/calibration"),
    benchmark:
        benchmark_file("{snapshot}/calibration")
    conda:
        "../envs/qkepipe.yaml"
    threads: 8
    resources:
        mem_mb=calibration_memory,
        runtime=calibration_runtime,
    params:
        config=PLAN.settings("calibration"),
        boxes=PLAN.boxes,
        store=result("_checkpoints/{snapshot}"),
        code=PLAN.code("calibration"),
        box_code=PLAN.code("box"),
    message:
        "{wildcards.snapshot}: prescriptions against local boxes"
    script:
        "../scripts/calibration.py"
