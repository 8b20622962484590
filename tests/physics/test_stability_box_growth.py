"""A periodic box grows at the rate and wavenumber of the fastest mode of its beams.

Seeded with exp(+i k z), k = kappa + Phi_1 of fastest_mode, the box (second-order finite
volumes and implicit-midpoint rotations, no linearisation) must grow at Im Omega of the
discrete system of its angular bins. The opposite wavenumber must not grow: sign convention.
"""

import math

import numpy as np
import pytest
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.phasespace import angle_grid_from_edges, energy_grid
from qkepipe.solvers import run_box
from qkepipe.species import SPECIES
from qkepipe.stability import fastest_mode

#: E-folds of a run and the part of it that is fitted: after the transient of a seed that is
#: no eigenvector, and while the amplitude is small.
EFOLDS = 14.0
PART = slice(60, 100)


def _gaussian(mu):
    density = np.zeros((4, mu.size))
    for row, width, amount in ((0, 0.6, 1.0), (1, 0.5, 0.9)):
        norm = width * math.sqrt(math.pi / 2) * math.erf(2 / (width * math.sqrt(2)))
        density[row] = 2e33 * amount * np.exp(-((mu - 1) ** 2) / (2 * width**2)) / norm
    return density


def _linear(mu):
    """nue ~ 1 + mu and nuebar ~ 1 - mu with heavy neutrinos below."""
    return 1e33 * np.stack([1 + mu, 0.8 * (1 - mu), 0.1 + 0 * mu, 0.1 + 0 * mu])


def _field(density, edges):
    """One group that holds the densities: occupations are density over its weight."""
    energy = energy_grid([0.0, 100.0])
    f = (density / energy.weights[0])[:, None, :, None]
    return xr.Dataset(
        {"f": (("species", "energy", "mu", "r"), f)},
        coords={"species": list(SPECIES), "energy_edge": energy.edges, "mu_edge": edges},
    )


def _measured(density, edges, mode, cells, sign=1):
    k = mode["wavenumber_physical"]
    rate = mode["growth_rate"] / C_LIGHT
    box = run_box(
        density, edges, length=2 * np.pi / abs(k), cells=cells, duration=EFOLDS / rate,
        wavenumber=int(sign * np.sign(k)), seed_amplitude=1e-9, samples=100,
    )  # fmt: skip
    time = box["time_sample"].values[PART]
    amplitude = box["mode_amplitude"].values
    assert amplitude.max() < 1e-2
    return np.polyfit(time, np.log(amplitude[PART]), 1)[0], amplitude


@pytest.mark.parametrize("distribution", [_gaussian, _linear])
@pytest.mark.parametrize("n_mu", [16, 32])
def test_growth_in_the_box(distribution, n_mu):
    """Within 1 % on 64 cells per wavelength."""
    angle = angle_grid_from_edges(np.linspace(-1, 1, n_mu + 1))
    density = distribution(angle.centres)
    mode = fastest_mode(_field(density, angle.edges))
    rate, _ = _measured(density, angle.edges, mode, 64)
    assert rate == pytest.approx(mode["growth_rate"], rel=1e-2)


def test_error_falls_with_resolution():
    """0.2 % on 128 cells, below the error on 32."""
    angle = angle_grid_from_edges(np.linspace(-1, 1, 17))
    density = _gaussian(angle.centres)
    mode = fastest_mode(_field(density, angle.edges))
    coarse, fine = (
        abs(_measured(density, angle.edges, mode, n)[0] / mode["growth_rate"] - 1)
        for n in (32, 128)
    )
    assert fine < 2e-3
    assert fine < 0.3 * coarse


def test_sign_of_the_wavenumber():
    """exp(-i k z) decays by dephasing instead."""
    angle = angle_grid_from_edges(np.linspace(-1, 1, 33))
    density = _gaussian(angle.centres)
    mode = fastest_mode(_field(density, angle.edges))
    _, right = _measured(density, angle.edges, mode, 32)
    _, wrong = _measured(density, angle.edges, mode, 32, sign=-1)
    assert right[-1] > 1e4 * right[0]
    assert wrong[50] < wrong[0]
