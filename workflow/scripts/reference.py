"""Rule reference: the grid of the solves and the classical run on it."""


def main(snakemake):
    """Outputs of the stages before -> background, solution and summary of the classical case."""
    from qkepipe import runtime

    runtime.begin_job(snakemake.log[0], snakemake.threads)

    import xarray as xr

    from qkepipe.study.cases import Case
    from qkepipe.study.plan import settings_view
    from qkepipe.study.stages import reference

    case = Case(**snakemake.params.case)
    given = ("snapshot", "background", "baseline", "stability")
    background, solution, summary = reference.run(
        settings_view(snakemake.params.config),
        case,
        *(xr.load_dataset(snakemake.input[name]) for name in given),
        progress=runtime.Progress(case.name),
    )
    made = {"background": background, "solution": solution, "summary": summary}
    for name, dataset in made.items():
        runtime.write_dataset(dataset, snakemake.output[name], code=snakemake.params.code)


if __name__ == "__main__":
    main(snakemake)
