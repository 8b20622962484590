"""A moving fluid, to first order in v/c, seen by observers at rest.

Radiation that is trapped in a fluid of velocity c beta is isotropic there: at rest one sees
f_eq(E (1 - beta mu)), with the fluxes of number beta c n and of energy (4/3) beta c e. Elastic
scattering in the fluid conserves number, and takes the work of its force from the energy:
div F = -beta chi F for radiation that streams through.
"""

import numpy as np
import pytest
import xarray as xr

from qkepipe import schema
from qkepipe.constants import C_LIGHT
from qkepipe.errors import QkepipeError
from qkepipe.phasespace import (
    angle_grid,
    energy_density,
    energy_flux,
    energy_grid,
    fermi_dirac,
    number_density,
    number_flux,
    radial_grid,
)
from qkepipe.solvers.sphere import flows, grid_of
from qkepipe.solvers.steady import steady_field
from qkepipe.species import SPECIES

BETA, T = -0.01, 5.0


def background(edges, absorption, scattering, n_energy, n_mu=16, beta=BETA):
    """Isothermal matter with gray rates [cm^-1] over r, moving with c beta everywhere."""
    radius, angle = radial_grid(edges), angle_grid(n_mu)
    energy = energy_grid(np.linspace(0.0, 80.0, n_energy + 1))
    n_r = radius.centres.size
    shape = (4, n_energy, n_r)
    f_eq = np.broadcast_to(fermi_dirac(energy.centres, T, 0.0)[:, None], shape)
    kappa, chi = (np.broadcast_to(a * np.ones(n_r), shape) for a in (absorption, scattering))
    over = ("species", "energy", "r")
    data = {
        "rho": ("r", np.full(n_r, 1e12)),
        "temperature": ("r", np.full(n_r, T)),
        "ye": ("r", np.full(n_r, 0.2)),
        "mu_e": ("r", np.full(n_r, 10.0)),
        "mu_hat": ("r", np.full(n_r, 10.0)),
        "velocity_r": ("r", np.full(n_r, beta * C_LIGHT)),
        "absorption": (over, kappa),
        "emissivity": (over, C_LIGHT * kappa * f_eq),
        "scattering": (over, chi),
        "scattering_transport": (over, chi),
    }
    coords = {
        "r": radius.centres,
        "r_edge": radius.edges,
        "energy": energy.centres,
        "energy_edge": energy.edges,
        "mu": angle.centres,
        "mu_edge": angle.edges,
        "species": list(SPECIES),
    }
    return schema.check(schema.set_attributes(xr.Dataset(data, coords)), "background")


def moments(data, field):
    grid = grid_of(data)
    f = field["f"].values[0]
    each = (number_density, number_flux, energy_density, energy_flux)
    return [m(f, grid.energy, grid.angle) for m in each]


@pytest.mark.parametrize("absorption, scattering", [(1e-3, 0.0), (1e-3, 4e-3)])
def test_trapped_neutrinos_are_carried_along(absorption, scattering):
    """Fluxes beta c n and 4/3 beta c e in the middle of an opaque layer."""
    data = background(np.geomspace(2e6, 2.4e6, 31), absorption, scattering, 40)
    middle = slice(8, 22)
    n, f_n, e, f_e = (m[middle] for m in moments(data, steady_field(data, moving=True)))
    np.testing.assert_allclose(f_n / (BETA * C_LIGHT * n), 1.0, rtol=3e-3)
    np.testing.assert_allclose(f_e / (4.0 / 3.0 * BETA * C_LIGHT * e), 1.0, rtol=3e-3)
    # at rest nothing flows there
    _, at_rest, _, _ = (m[middle] for m in moments(data, steady_field(data)))
    assert np.abs(at_rest / f_n).max() < 1e-3


def test_distribution_is_that_of_the_fluid():
    """f = f_eq(E (1 - beta mu)) in every direction, to first order."""
    data = background(np.geomspace(2e6, 2.4e6, 31), 1e-3, 0.0, 40)
    f = steady_field(data, moving=True)["f"].values[0, :, :, 15]
    grid = grid_of(data)
    mu, energy = grid.angle.centres, grid.energy.centres[:, None]
    x = np.exp(energy / T)
    derivative = -energy / T * x / (1 + x) ** 2
    change = f - 1 / (1 + x)
    heavy = slice(3, 20)  # groups that hold the spectrum
    exact = -BETA * mu * derivative
    # edges of groups take the geometric mean of their neighbours: second order in the width
    scale = np.abs(exact[heavy]).max()
    np.testing.assert_allclose(change[heavy] / scale, exact[heavy] / scale, rtol=0, atol=0.02)


def test_scattering_conserves_number_and_does_work():
    """A black core inside a cloud that only scatters."""
    edges = np.concatenate([np.linspace(1.8e6, 2e6, 9), np.linspace(2e6, 4e6, 61)[1:]])
    centres = 0.5 * (edges[1:] + edges[:-1])
    core = centres < 2e6
    scattering = np.where(core, 0.0, 1e-6)
    data = background(edges, np.where(core, 1e-3, 0.0), scattering, 40, n_mu=24)
    field = steady_field(data, moving=True, tolerance=1e-12)
    through = flows(field["f"].values, data)[0]
    grid = grid_of(data)
    outside = grid.radius.edges >= 2e6
    number = through.sum(axis=0)[outside]
    np.testing.assert_allclose(number / number[0], 1.0, rtol=0, atol=1e-4 * abs(BETA))
    energy = (grid.energy.centres[:, None] * through).sum(axis=0)[outside]
    # L falls by exp(-beta tau)
    depth = np.concatenate([[0.0], np.cumsum(scattering[~core] * grid.radius.widths[~core])])
    gain = energy / energy[0] - 1.0
    np.testing.assert_allclose(gain[-1], -BETA * depth[-1], rtol=0.02)


def test_without_velocity_nothing_changes():
    data = background(np.geomspace(2e6, 3e6, 21), 1e-5, 1e-5, 6, beta=0.0)
    moving, rest = steady_field(data, moving=True), steady_field(data)
    np.testing.assert_allclose(moving["f"].values, rest["f"].values, rtol=1e-8)


def test_too_much_trapping_is_refused():
    """Where the flow outruns diffusion by far the iteration does not close: said, not hidden."""
    data = background(np.geomspace(2e6, 4e6, 21), 0.0, 1e-3, 6, beta=-0.3)
    with pytest.raises(QkepipeError, match="does not follow the fluid"):
        steady_field(data, moving=True)
