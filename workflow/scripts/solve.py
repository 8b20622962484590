"""Rule solve: the cases of a job, side by side where there are threads for it."""


def main(snakemake):
    """Reference backgrounds -> solution and summary of each case."""
    from qkepipe import runtime

    params = snakemake.params
    workers, _ = runtime.begin_job(snakemake.log[0], snakemake.threads, len(params.cases))

    from qkepipe.study.execute import solve_cases

    solve_cases(
        cases=params.cases,
        settings=params.config,
        checkpoint_seconds=snakemake.config["run"]["checkpoint_seconds"],
        code=params.code,
        snapshot=snakemake.wildcards.snapshot,
        backgrounds=dict(zip(params.resolutions, snakemake.input.backgrounds, strict=True)),
        solutions=snakemake.output.solutions,
        summaries=snakemake.output.summaries,
        store=params.store,
        log=snakemake.log[0],
        workers=workers,
    )


# worker processes import this file again and must not run the job
if __name__ == "__main__":
    main(snakemake)
