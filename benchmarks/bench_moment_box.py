"""Two moments against all directions: growth of the fastest mode and late state, per closure.

    python benchmarks/bench_moment_box.py [--cells N] [NAME ...]

For every problem (angular distributions) the table has, per closure with the same number and
flux: the largest growth within the waves that the distributions have unstable and at any wave of
the grid, both over the growth of the distributions; the survival probability of nue in the late
state and its distance from that of all directions; the least eigenvalue of N +- F; CPU seconds.
Random phases, 16 wavelengths of the fastest mode, 60 e-folds, mean over the second half.
"""

import argparse
import os
import time

import numpy as np

EDGE = np.linspace(-1.0, 1.0, 65)
MU = 0.5 * (EDGE[1:] + EDGE[:-1])
WAVES, EFOLDS = 16, 60.0


def problems():
    """Densities per d(mu)/2 of the four species in units of 1/(sqrt(2) G_F), by name."""
    from qkepipe.maximum_entropy import angular_distribution

    def entropy(number, factor):
        return angular_distribution(number, number * factor, MU)

    def gauss(width):
        shape = np.exp(-((MU - 1) ** 2) / (2 * width**2))
        return shape / shape.mean()

    empty = np.zeros_like(MU)
    beam = np.where(np.arange(MU.size) < MU.size - 1, 0.0, MU.size)
    heavy = entropy(0.4911, -0.535)
    return {
        # public code Emu: two beams, fiducial; TwoThirds and merger of neutrino_linear_stability
        "two beams": [beam, 0.5 * beam[::-1], empty, empty],
        "antiparallel": [1 + MU, 1 - MU, empty, empty],
        "two thirds": [1 + empty, 2 / 3 * (1 - MU), empty, empty],
        "merger": [entropy(1.42195, -0.1343), entropy(1.91462, -0.3447), heavy, heavy],
        "mild": [
            entropy(1, 0.1), entropy(0.9, 0.3), entropy(0.4, 0.4), entropy(0.4, 0.4),
        ],
        "forward": [
            entropy(1, 0.5), entropy(0.9, 0.7), entropy(0.3, 0.8), entropy(0.3, 0.8),
        ],
        "gauss 0.9": [gauss(0.6), 0.9 * gauss(0.53), empty, empty],
    }  # fmt: skip


def exact_mode(density):
    """Growth, wavenumber and half width of the unstable waves of the distributions."""
    from qkepipe.constants import SQRT2_GF
    from qkepipe.stability import growth_rate
    from qkepipe.stability.lsa import scan

    g = SQRT2_GF * (density[0] - density[1] - density[2] + density[3]) / MU.size
    mode = scan(MU, g)
    phi1 = float(g @ MU)
    k = mode["kappa"] + phi1
    step = 0.05 * np.sqrt(g[g > 0].sum() * -g[g < 0].sum())
    reach = 0.0
    for sign in (1.0, -1.0):
        kappa = mode["kappa"]
        # modes of discrete directions may keep a weak band from ending
        for _ in range(100):
            if growth_rate(MU, g, np.ones_like(MU), kappa=kappa)[0] < 0.1 * mode["growth"]:
                break
            kappa += sign * step
        reach = max(reach, abs(kappa + phi1))
    return mode["growth"], k, reach


def score(name, density, cells):
    """Print the table of one problem."""
    from qkepipe.solvers import run_box, run_moment_box
    from qkepipe.solvers.closures import CLOSURES
    from qkepipe.solvers.moment_modes import fastest_moment_mode

    number, flux = density.mean(axis=1), (density * MU).mean(axis=1)
    growth, k, reach = exact_mode(density)
    length = 2 * np.pi * WAVES / max(growth, abs(k))
    arguments = {
        "length": length, "cells": cells, "duration": EFOLDS / growth, "wavenumber": None,
        "seed_amplitude": 1e-3, "samples": 100, "average_from": 0.5,
    }  # fmt: skip
    start = time.process_time()
    box = run_box(density, EDGE, **arguments)
    late = float(box["survival_probability"][50:, 0].mean())
    print(
        f"{name}: growth {growth:.4f} at k = {k:.3f}, waves up to {reach:.2f}; late P {late:.3f}, "
        f"{time.process_time() - start:.1f} CPU s",
        flush=True,
    )
    for closure in CLOSURES:
        near = fastest_moment_mode(number, flux, closure, reach)[0] / growth
        grid = fastest_moment_mode(number, flux, closure, 2 * np.pi / 3 * cells / length)
        start = time.process_time()
        box = run_moment_box(number, flux, closure=closure, tolerance=1e-3, **arguments)
        survival = float(box["survival_probability"][50:, 0].mean())
        print(
            f"  {closure:20s} growth x {near:.3f}, on the grid x {grid[0] / growth:.3f} at "
            f"{grid[1]:+.2f}; late P {survival:.3f} ({survival - late:+.3f}), least eigenvalue "
            f"{float(box['positivity'].min()):+.2f}, {time.process_time() - start:.1f} CPU s",
            flush=True,
        )


def random_growth(pairs=40):
    """Print percentiles of the growth of closures over that of random distributions."""
    from qkepipe.constants import SQRT2_GF
    from qkepipe.maximum_entropy import angular_distribution
    from qkepipe.solvers.closures import CLOSURES
    from qkepipe.solvers.moment_modes import fastest_moment_mode

    rng = np.random.default_rng(1)
    ratios = {closure: [] for closure in CLOSURES}
    for _ in range(pairs):
        number = np.array([*rng.uniform(0.7, 1.3, 2), 0.3, 0.3]) / SQRT2_GF
        flux = number * np.array([*rng.uniform(0.0, 0.7, 2), 0.5, 0.5])
        growth, _, reach = exact_mode(angular_distribution(number, flux, MU))
        if growth < 0.02:
            continue
        for closure, values in ratios.items():
            values.append(fastest_moment_mode(number, flux, closure, reach)[0] / growth)
    for closure, values in ratios.items():
        low, median, high = np.percentile(values, [10, 50, 90])
        print(
            f"{closure:20s} growth of {len(values)} random gases x {median:.2f} (10 to 90 %: "
            f"{low:.2f} to {high:.2f}), none in {np.sum(np.array(values) < 1e-3)}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=256)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    os.environ.setdefault("NUMBA_NUM_THREADS", "1")
    from qkepipe.constants import SQRT2_GF

    for name, density in problems().items():
        if not options.names or name in options.names:
            score(name, np.array(density) / SQRT2_GF, options.cells)
    if not options.names:
        random_growth()


if __name__ == "__main__":
    main()
