"""Speed of the mixing schemes on plain arrays, on one core.

A state of 20 energies, four species and 24 directions that share one k(mu) is mapped in place;
counted are cells x angles per second. Bar: 2e6. Then moments per cell, radial and vectors, and
the labelled call on the same state. Absolute times depend on the machine and its load; the last
column is the ratio to a copy of the state with numpy, measured in the same run.

Usage: python benchmarks/bench_mixing.py [cells]
"""

from __future__ import annotations

import sys
import time

import numpy as np
import xarray as xr

from qkepipe.mixing import (
    Term,
    asymptotic_state,
    bgk_step,
    get_prescription,
    group_step,
    mixed_moments,
    mixing_state,
    several_step,
    sphere_quadrature,
)
from qkepipe.phasespace import angle_grid, energy_grid, geometric_energy_edges
from qkepipe.species import SPECIES

REPEATS = 5
#: Cells x angles per second that one core must reach.
BAR = 2e6


def seconds(function, prepare=lambda: None) -> float:
    """Best of some runs, after one that compiles; ``prepare`` is not counted."""
    best = np.inf
    for repeat in range(REPEATS + 1):
        prepare()
        start = time.process_time()
        function()
        if repeat > 0:
            best = min(best, time.process_time() - start)
    return best


def fields(cells, energy, cosine, rng):
    """Occupations (4, energy, direction, cell) of beams with random slopes."""
    slope = rng.uniform(0.0, 3.0, (4, 1, 1, cells))
    level = rng.uniform(0.5, 1.0, (4, 1, 1, cells))
    e = energy.centres[None, :, None, None]
    f = level * np.exp(-e / 6.0 + slope * (cosine[None, None, :, None] - 1.0))
    return np.ascontiguousarray(f)


def main(cells: int = 2000) -> int:
    """Print one line per call; 1 if the bar is missed."""
    rng = np.random.default_rng(0)
    energy = energy_grid(geometric_energy_edges(20, 3.0, 120.0))
    angle = angle_grid(24)
    start = fields(cells, energy, angle.centres, rng)
    f = start.copy()

    def restore():
        f[:] = start

    copy = seconds(restore)
    points = cells * 24
    print(f"{'20 energies x 24 directions':34s} {'1e6/s':>8s} {'ns':>8s} {'copies':>8s}")

    def row(name, time_, n=points):
        print(f"{name:34s} {n / time_ / 1e6:8.2f} {1e9 * time_ / n:8.1f} {time_ / copy:8.1f}")
        return n / time_

    state = mixing_state(24, cells)
    slowest = np.inf
    for name in ("box", "power_half"):
        for mode in get_prescription(name).modes:

            def step(name=name, mode=mode):
                bgk_step(
                    f, energy.weights, angle.weights, angle.centres, 1e-12,
                    flavors=3, prescription=name, mode=mode, state=state,
                )  # fmt: skip

            rate = row(f"{name}, {mode}", seconds(step, restore))
            slowest = min(slowest, rate)
    weights = (energy.weights, angle.weights, angle.centres)
    by_energy = np.linspace(0.2, 0.8, 20)[:, None, None]
    for name, second in (("box + power_half", "power_half"), ("box + factor(energy)", by_energy)):
        terms = [Term("box"), Term(second, 1e6)]

        def step_several(terms=terms):
            several_step(f, *weights, 1e-12, terms, flavors=3)

        row(name, seconds(step_several, restore))
    for name in ("slow_empirical", "equipartition_above"):

        def by_group(name=name):
            group_step(f, energy.weights, angle.weights, flavors=2, prescription=name)

        row(name, seconds(by_group, restore))
    vectors, solid = sphere_quadrature(8, 16)
    ball = fields(max(1, cells // 8), energy, vectors[:, 2], rng)
    whole = ball.copy()

    def restore_ball():
        whole[:] = ball

    def step_ball():
        bgk_step(whole, energy.weights, solid, None, 0.0, flavors=3, mode="map")

    row("box, full sphere, 128 directions", seconds(step_ball, restore_ball), ball[0, 0].size)
    labelled = xr.DataArray(
        start,
        dims=("species", "energy", "mu", "r"),
        coords={"species": list(SPECIES), "energy": energy.centres, "mu": angle.centres},
    )
    row("asymptotic_state (labelled)", seconds(lambda: asymptotic_state(labelled)))

    print(f"\n{'moments, 20 energies':34s} {'us/cell':>8s}")
    number = np.einsum("semr,m->ser", start, angle.weights)
    flux = np.einsum("semr,m->ser", start, angle.weights * angle.centres)
    for name in ("box", "power_half"):
        time_ = seconds(lambda name=name: mixed_moments(
            number, flux, energy.weights, prescription=name
        ))  # fmt: skip
        print(f"{name + ', radial flux, 32 nodes':34s} {1e6 * time_ / cells:8.1f}")
    few = slice(0, max(1, cells // 20))
    vector = np.ascontiguousarray(flux[:, :, None, few] * np.array([0.6, 0.0, 0.8])[:, None])
    time_ = seconds(lambda: mixed_moments(number[..., few], vector, energy.weights))
    print(f"{'box, vector flux, 16 x 32 nodes':34s} {1e6 * time_ / vector.shape[-1]:8.1f}")
    print(f"\nslowest map {slowest:.2e} cells x angles per second, bar {BAR:.0e}")
    return int(slowest < BAR)


if __name__ == "__main__":
    sys.exit(main(*(int(a) for a in sys.argv[1:])))
