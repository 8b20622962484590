"""Random radiation fields for the tests of this folder."""

import numpy as np
import pytest

from qkepipe.phasespace import angle_grid, energy_grid, geometric_energy_edges


@pytest.fixture
def random_field():
    """Factory of occupations in (0, 1) whose spectra and angular slopes differ by species."""

    def make(seed, n_energy=6, n_mu=16, n_r=20):
        rng = np.random.default_rng(seed)
        energy = energy_grid(geometric_energy_edges(n_energy, 5.0, 100.0))
        angle = angle_grid(n_mu)
        level = rng.uniform(0.05, 0.9, (4, 1, 1, n_r))
        decay = rng.uniform(5.0, 20.0, (4, 1, 1, n_r))
        slope = rng.uniform(0.0, 2.0, (4, 1, 1, n_r))
        e = energy.centres[None, :, None, None]
        mu = angle.centres[None, None, :, None]
        f = level * np.exp(-e / decay + slope * (mu - 1.0))
        return np.ascontiguousarray(f), energy, angle

    return make
