# Runs in time: the classical reference of each resolution, then the cases with conversion.
rule reference:
    input:
        snapshot=result("{snapshot}/snapshot.nc"),
        background=result("{snapshot}/background.nc"),
        baseline=result("{snapshot}/baseline.nc"),
        stability=result("{snapshot}/stability.nc"),
        # the background is made again on the grid of the solves
        eos=EOS_FILES,
    output:
        background=result("{snapshot}/solve/{reference}.background.nc"),
        solution=result("{snapshot}/solve/{reference}.nc"),
        summary=result("{snapshot}/solve/{reference}.summary.nc"),
    log:
        log_file("{snapshot}/{reference}"),
    benchmark:
        benchmark_file("{snapshot}/{reference}")
    conda:
        "../envs/qkepipe.yaml"
    threads: 8
    resources:
        mem_mb=reference_memory,
        runtime=reference_runtime,
    params:
        case=reference_of,
        config=PLAN.settings("reference"),
        code=PLAN.code("reference"),
    message:
        "{wildcards.snapshot}: {wildcards.reference} run on the grid of the solves"
    script:
        "../scripts/reference.py"


# One rule per group of cases that share a job (run.cases_per_job). A job keeps what it has
# finished in `_checkpoints`, so that its outputs can be lost without computing again.
for batch in PLAN.batches:

    rule:
        name:
            batch.rule
        input:
            backgrounds=reference_backgrounds(batch),
        output:
            solutions=[result(f"{{snapshot}}/solve/{n}.nc") for n in batch.names],
            summaries=[
                result(f"{{snapshot}}/solve/{n}.summary.nc") for n in batch.names
            ],
        log:
            log_file(f"{{snapshot}}/{batch.rule}"),
        benchmark:
            benchmark_file(f"{{snapshot}}/{batch.rule}")
        conda:
            "../envs/qkepipe.yaml"
        threads: 4 * len(batch.cases)
        resources:
            mem_mb=batch_memory(batch),
            runtime=batch_runtime(batch),
        params:
            cases=[case.as_dict() for case in batch.cases],
            resolutions=batch.resolutions,
            config=PLAN.settings("solve"),
            store=result("_checkpoints"),
            code=PLAN.code("solve"),
        message:
            "{wildcards.snapshot}: solving the cases with conversion"
        script:
            "../scripts/solve.py"
