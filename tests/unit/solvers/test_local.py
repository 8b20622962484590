"""A box around a cell: scales from its fastest mode, one survival probability."""

import numpy as np
import pytest

from qkepipe.errors import QkepipeError
from qkepipe.maximum_entropy import angular_distribution
from qkepipe.solvers import local, run_box
from qkepipe.solvers.local import local_box
from qkepipe.solvers.trajectory import Moment

EDGES = np.linspace(-1.0, 1.0, 13)
MU = 0.5 * (EDGES[1:] + EDGES[:-1])
WEIGHTS = 0.5 * np.diff(EDGES)


def distributions(nuebar=0.9, forward=0.35):
    """Maximum-entropy distributions of the example of many reference values."""
    number = np.array([1.0, nuebar, 0.3, 0.3]) * 1e33
    return angular_distribution(number, number * np.array([0.1, forward, 0.4, 0.4]), MU)


@pytest.fixture(scope="module")
def box():
    return local_box(EDGES, distributions(), waves=8, cells_per_wave=10, efolds=40.0)


def test_the_crossing_is_removed_and_lepton_number_stays(box):
    """Forward, where nuebar win, flavours mix; elsewhere just as much as conservation asks."""
    before, after = box["density"].values, box["density_late"].values
    np.testing.assert_allclose(after[:2] + after[2:], before[:2] + before[2:], rtol=1e-6)
    g, late = ((n[0] - n[1]) - (n[2] - n[3]) for n in (before, after))
    # the seed takes 5e-7 off every flavour vector
    assert late @ WEIGHTS == pytest.approx(g @ WEIGHTS, abs=1e-6 * (np.abs(g) @ WEIGHTS))
    shallow = g < 0.0
    assert np.abs(late[shallow] @ WEIGHTS[shallow]) < 0.25 * np.abs(g[shallow] @ WEIGHTS[shallow])


def test_the_late_state_is_that_of_the_finite_volume_box(box):
    """Another scheme, which evolves both sectors and flavours as matrices: within 0.02.

    The mean of two random seeds each, which differ by 0.01; directions by all neutrinos in them.
    """
    density, size = distributions(), box.attrs["length"]
    others = [
        run_box(
            density, EDGES, length=size, cells=128, duration=box.attrs["duration"],
            wavenumber=None, random_seed=seed, seed_amplitude=1e-3, samples=100, average_from=0.5,
        )["density_mean"].mean("z").values
        for seed in (1, 2)
    ]  # fmt: skip
    second = local_box(EDGES, density, waves=8, cells_per_wave=10, efolds=40.0, random_seed=2)
    found = 0.5 * (box["density_late"] + second["density_late"]).values
    off = np.abs(found - np.mean(others, axis=0)) @ WEIGHTS
    assert (off / (density @ WEIGHTS) < 0.02).all()


def test_scales_follow_density():
    """Twice the density: half the length and time, the same state."""
    options = {"waves": 4, "cells_per_wave": 8, "efolds": 6.0}
    one, two = (local_box(EDGES, f * distributions(), **options) for f in (1.0, 2.0))
    assert two.attrs["length"] == pytest.approx(0.5 * one.attrs["length"], rel=1e-6)
    assert two.attrs["duration"] == pytest.approx(0.5 * one.attrs["duration"], rel=1e-6)
    np.testing.assert_allclose(two["survival_probability"], one["survival_probability"], rtol=1e-5)


def test_refusals():
    with pytest.raises(QkepipeError, match="no fast mode grows"):
        local_box(EDGES, distributions(nuebar=0.3))
    with pytest.raises(QkepipeError, match="fewer wavelengths"):
        local_box(EDGES, distributions(), most_cells=10)


def test_an_unresolved_box_is_refused(monkeypatch):
    """Flavour vectors twice as long are no late state."""

    def growing(p, *_, **__):
        yield Moment(1.0, 2.0 * p, 1.0, 1)

    monkeypatch.setattr(local, "trajectory", growing)
    with pytest.raises(QkepipeError, match="grow to a length of 2.00; .* more cells per wave"):
        local_box(EDGES, distributions())
