# Read and check a snapshot.
rule ingest:
    input:
        files=files_of,
    output:
        snapshot=result("{snapshot}/snapshot.nc"),
    log:
        log_file("{snapshot}/ingest"),
    benchmark:
        benchmark_file("{snapshot}/ingest")
    conda:
        "../envs/qkepipe.yaml"
    threads: 1
    resources:
        mem_mb=small_memory,
        runtime=small_runtime,
    params:
        entry=entry_of,
        code=PLAN.code("ingest"),
    message:
        "{wildcards.snapshot}: reading and checking the snapshot"
    script:
        "../scripts/ingest.py"
