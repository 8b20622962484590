"""Classical steady state of a supernova profile: time, memory, and what marching to it would take.

    python benchmarks/bench_steady.py [--threads N] [--cells N] [--bins N] [--groups N]

384 cells x 40 directions x 20 energies x 3 species (without weak magnetism nux and nuxbar are one)
from 20 to 400 km, on the profile `../shared/data/ccsn_1d` where it is there, else on the embedded
model from 33 to 105 km. Bar: 60 s on two cores and 2 GB.

Reference: the explicit operator of the runs in time on the same background. Some steps are timed
and scaled to five light crossings, what streaming needs to settle, and to three of its four
species: once with steps as long as streaming allows, once with those that keep the field positive
in opaque cells. Both are lower bounds, as where matter is opaque the field settles by diffusion.
"""

import argparse
import os
import resource
import time
from pathlib import Path

PROFILE = Path("../shared/data/ccsn_1d/ccsn_1d.txt")
CROSSINGS = 5.0
SECONDS, MEGABYTES = 60.0, 2000.0


def background(cells, bins, groups):
    """Background and what it is made from."""
    from qkepipe.snapshot import open_snapshot
    from qkepipe.study.load import load_config
    from qkepipe.study.stages import background as stage

    extent = {"r_in_km": 20.0, "r_out_km": 400.0, "energy_first_MeV": 3.0, "energy_last_MeV": 250.0}
    snapshot, name = None, "embedded model, 33 to 105 km"
    if PROFILE.exists():
        snapshot, name = open_snapshot(PROFILE), "ccsn_1d, 20 to 400 km"
    else:
        snapshot = open_snapshot(None, "analytic")
        extent |= {"r_in_km": 33.0, "r_out_km": 105.0, "energy_last_MeV": 100.0}
    grid = {"n_r": cells, "n_mu": bins, "n_energy": groups, **extent}
    settings = {"weak_magnetism": "off"}
    config = load_config({"grid": grid, "background": settings})
    return stage.run(config, snapshot), name


def timed(work):
    """Result, wall and CPU seconds."""
    start = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - start[0], time.process_time() - start[1]


def marching(matter, steps=10):
    """CPU seconds of a step for three species, and steps: without and with limit by opacity."""
    import numpy as np

    from qkepipe.solvers.sphere import equilibrium, grid_of, inflow, transport_rates
    from qkepipe.transport import geometry
    from qkepipe.transport.step import TransportOperator, stable_step

    grid = grid_of(matter)
    shape = geometry.sphere(grid.radius, grid.angle)
    rates = transport_rates(matter)
    path = CROSSINGS * grid.radius.light_path
    free = stable_step(shape, np.zeros_like(rates[0]), 0.5)
    step = stable_step(shape, rates[0] + rates[1], 0.5)
    inner = inflow(matter, grid)
    inner = inner.reshape(2, 2, *inner.shape[1:])
    operator = TransportOperator(shape, *rates, equilibrium(matter), inner, step)
    f = np.ascontiguousarray(np.broadcast_to(inner[..., None], (*inner.shape, shape.volume.size)))
    operator.advance(f)
    _, _, cpu = timed(lambda: [operator.advance(f) for _ in range(steps)])
    return 0.75 * cpu / steps, path / free, path / step


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    for name, size in (("cells", 384), ("bins", 40), ("groups", 20)):
        parser.add_argument(f"--{name}", type=int, default=size)
    given = parser.parse_args()
    os.environ["NUMBA_NUM_THREADS"] = str(given.threads)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from qkepipe.solvers.steady import steady_field

    # compiles
    tiny, _ = background(8, 4, 2)
    steady_field(tiny)
    marching(tiny)
    matter, name = background(given.cells, given.bins, given.groups)
    field, wall, cpu = timed(lambda: steady_field(matter))
    # kilobytes on Linux; the largest of the process so far
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"{given.cells} x {given.bins} x {given.groups} x 3, {name}, {given.threads} threads")
    print(
        f"steady state: {wall:.1f} s ({cpu:.1f} CPU s), process at most {memory:.0f} MB, "
        f"{field.attrs['corrections']} corrections at most, "
        f"residual {field.attrs['residual']:.1e}, {field.attrs['unsettled']} of "
        f"{4 * given.groups} above the tolerance"
    )
    print(
        f"bar {SECONDS:.0f} s: {wall / SECONDS:.2f} of it; "
        f"bar {MEGABYTES:.0f} MB: {memory / MEGABYTES:.2f} of it"
    )
    step, free, limited = marching(matter)
    print(
        f"marching: {1e3 * step:.0f} CPU ms per step; {CROSSINGS:g} light crossings are {free:.3g} "
        f"steps if only streaming limits them, {step * free:.3g} CPU s: ratio to the steady state "
        f"{step * free / cpu:.3g}; with the limit by opacity {limited:.3g} steps, ratio "
        f"{step * limited / cpu:.3g}"
    )


if __name__ == "__main__":
    main()
