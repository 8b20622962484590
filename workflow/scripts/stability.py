"""Rule stability: stability map of the classical field or of the moments of the snapshot."""


def main(snakemake):
    """Snapshot, with transport also background and baseline -> stability.nc."""
    from qkepipe import runtime

    params = snakemake.params
    workers, _ = runtime.begin_job(snakemake.log[0], snakemake.threads, params.batches)

    from functools import partial

    import xarray as xr

    from qkepipe.study.modes import solve_modes
    from qkepipe.study.plan import settings_view
    from qkepipe.study.stages import stability

    given = snakemake.input
    field = {name: given[name] for name in ("baseline", "background") if given.get(name)}
    out = stability.run(
        settings_view(params.config),
        xr.load_dataset(given.snapshot),
        **{name: xr.load_dataset(path) for name, path in field.items()},
        solver=partial(
            solve_modes, store=params.store, code=params.code, log=snakemake.log[0], workers=workers
        ),
    )
    runtime.write_dataset(out, snakemake.output.stability, code=params.code)


# worker processes import this file again and must not run the job
if __name__ == "__main__":
    main(snakemake)
