"""Relaxation on the sphere: cost of a step and of the steady state, in units of classical runs.

    python benchmarks/bench_relaxation.py [--cells N] [--bins N] [--groups N]

The embedded model, one thread. Bars: a step with relaxation costs at most 1.3 classical steps, and
the steady state (densities and fluxes of half a light crossing within 1e-3 of those of the half
before) at most 3 times what the same criterion costs a classical run that starts from the
inflow everywhere. The classical field of a study is not marched but solved directly; the last
column says how many such solves the relaxation costs.
"""

import argparse
import os
import time

os.environ.setdefault("NUMBA_NUM_THREADS", "1")

import numpy as np

from qkepipe.snapshot import open_snapshot
from qkepipe.solvers import run_sphere
from qkepipe.solvers.sphere import grid_of, inflow
from qkepipe.solvers.steady import steady_field
from qkepipe.study.cases import expand_cases
from qkepipe.study.load import load_config
from qkepipe.study.stages import background as stage

STEP_BAR, STEADY_BAR, UNTIL = 1.3, 3.0, 1e-3
SCHEMES = {
    "box": {"scheme": "bgk", "prescription": "box"},
    "box, exponential": {"scheme": "bgk", "prescription": "box", "mode": "exponential"},
    "power_half": {"scheme": "bgk", "prescription": "power_half"},
    "threshold pair": {"scheme": "threshold", "density": [1e11]},
}


def timed(work):
    """Result and CPU seconds."""
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


def march(matter, scheme, initial, options=None, crossings=40.0):
    """Solution, CPU seconds and steps until the run is steady."""
    found, cpu = timed(
        lambda: run_sphere(
            matter, scheme, initial=initial, options=options, crossings=crossings, until=UNTIL
        )
    )
    return found, cpu, int(found.attrs["n_steps"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, size in (("cells", 120), ("bins", 16), ("groups", 8)):
        parser.add_argument(f"--{name}", type=int, default=size)
    given = parser.parse_args()
    grid = {"n_r": given.cells, "n_mu": given.bins, "n_energy": given.groups}
    config = load_config({"grid": grid, "cases": list(SCHEMES.values())})
    schemes = {
        n: (c.kind, c.options) for n, c in zip(SCHEMES, expand_cases(config)[1:], strict=True)
    }
    matter = stage.run(config, open_snapshot(None, "analytic"))
    steady_field(matter)  # compiles
    field, direct = timed(lambda: steady_field(matter))
    initial = field["f"].transpose("species", "energy", "mu", "r").values
    start = np.repeat(inflow(matter, grid_of(matter))[..., None], matter.sizes["r"], axis=-1)
    for scheme, options in [("classical", None), *schemes.values()]:
        run_sphere(matter, scheme, initial=initial, options=options, crossings=0.05)
    _, classical, steps = march(matter, "classical", start)
    per_step = classical / steps
    print(
        f"{given.cells} x {given.bins} x {given.groups} x 4 species: classical run {steps} steps, "
        f"{classical:.2f} CPU s; direct solve {direct:.2f} CPU s"
    )
    print(f"{'':18s} {'crossings':>9s} {'residual':>9s} {'step':>6s} {'steady':>7s} {'direct':>7s}")
    worst = [0.0, 0.0]
    for name, (scheme, options) in schemes.items():
        found, cpu, count = march(matter, scheme, initial, options)
        ratios = cpu / count / per_step, cpu / classical
        worst = [max(a, b) for a, b in zip(worst, ratios, strict=True)]
        print(
            f"{name:18s} {found.attrs['crossings']:9.1f} {found.attrs['steady_residual']:9.1e} "
            f"{ratios[0]:6.2f} {ratios[1]:7.2f} {cpu / direct:7.1f}"
        )
    print(f"bars: step {worst[0] / STEP_BAR:.2f} of it, steady state {worst[1] / STEADY_BAR:.2f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
