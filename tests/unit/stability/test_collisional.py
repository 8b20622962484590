"""The collisional kernel finds the fastest root of the eigenvalue problem."""

import numpy as np
import pytest

from qkepipe.stability import growth_rate
from qkepipe.stability.collisional import BRANCHES, collisional_growth


def _spectrum(energy, temperature):
    shape = energy**2 * np.exp(-energy / temperature)
    return shape / shape.sum()


@pytest.mark.parametrize("seed", range(6))
def test_random_gases_against_eigenvalues(seed):
    """Rates from 1e-5 to 1 of the potential, equal and unequal densities, heavy flavours."""
    rng = np.random.default_rng(seed)
    grown = 0
    for _ in range(50):
        n = rng.integers(1, 16)
        energy = np.linspace(3.0, 80.0, n)
        scale = 10.0 ** rng.uniform(-5.0, 0.0)
        ne = rng.uniform(0.3, 1.5)
        nebar = ne * (1 + rng.normal() * 10 ** rng.uniform(-6, -1)) if rng.random() < 0.3 else 0.8
        nx = rng.uniform(0, 1) * rng.integers(0, 2)
        heavy = nx * _spectrum(energy, rng.uniform(3, 8))
        g = ne * _spectrum(energy, rng.uniform(3, 8)) - heavy
        gbar = nebar * _spectrum(energy, rng.uniform(3, 8)) - heavy
        gamma = scale * (energy / 30) ** 2 * rng.uniform(0.2, 2)
        gammabar = scale * (np.maximum(energy - 2, 0) / 30) ** 2 * rng.uniform(0.2, 2)
        # v = 0 leaves the isotropic mode alone
        exact, _ = growth_rate(
            np.zeros(2 * n),
            np.r_[g, gbar],
            np.repeat([1, -1], n),
            gamma=np.r_[gamma, gammabar],
        )
        growth, branch = collisional_growth(g, gbar, gamma, gammabar)
        assert growth == pytest.approx(max(exact, 0.0), rel=1e-4, abs=1e-7 * scale)
        assert (growth > 0.0) == (branch > 0)
        grown += growth > 0.0
    assert grown > 20


def test_branches():
    """One energy: plus, minus, resonance and none, by the criteria of the closed form."""

    def branch(g, gbar, gamma, gammabar):
        _, b = collisional_growth(*(np.array([x]) for x in (g, gbar, gamma, gammabar)))
        return BRANCHES[int(b)]

    assert branch(3.0, 2.5, 2e-5, 1e-6) == "plus"
    assert branch(3.0, 2.0, 1e-6, 2e-5) == "minus"
    assert branch(3.0, 3.0, 2e-5, 1e-6) == "resonance"
    assert branch(3.0, 2.0, 1e-6, 1e-6) == "none"
    assert branch(3.0, 2.0, 0.0, 0.0) == "none"


def test_broadcasts_over_cells():
    """Leading axes are cells."""
    rng = np.random.default_rng(0)
    arrays = [rng.uniform(0.1, 1.0, (3, 2, 5)) for _ in range(2)]
    arrays += [1e-6 * rng.uniform(0.1, 1.0, (3, 2, 5)) for _ in range(2)]
    growth, branch = collisional_growth(*arrays)
    assert growth.shape == branch.shape == (3, 2)
    for i in np.ndindex(3, 2):
        assert collisional_growth(*(a[i] for a in arrays)) == (growth[i], branch[i])
