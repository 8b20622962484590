"""Fields and matter for the tests of this folder."""

import numpy as np
import pytest
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.phasespace import (
    angle_grid,
    angle_grid_from_edges,
    energy_grid,
    geometric_energy_edges,
    number_density,
    number_flux,
)
from qkepipe.species import SPECIES
from qkepipe.stability.minerbo import flux_parameter

RADIUS = np.linspace(5e6, 9e6, 7)


@pytest.fixture
def angular_field():
    """Maximum-entropy angles at every energy; nuebar overtakes nue forward in the middle."""
    energy = energy_grid(geometric_energy_edges(8, 4.0, 80.0))
    angle = angle_grid(16)
    level = np.array([1.0, 0.9, 0.6, 0.6])[:, None] * np.linspace(1e-3, 5e-4, RADIUS.size)
    flux = np.array([0.3, 0.45, 0.5, 0.5])[:, None] * np.linspace(0.2, 1.2, RADIUS.size)
    z = flux_parameter(flux)
    spectrum = np.exp(-energy.centres[None, :] / np.array([5.0, 6.0, 7.0, 7.0])[:, None])
    shape = np.exp(z[:, None, :] * (angle.centres[None, :, None] - 1.0))
    f = level[:, None, None, :] * spectrum[:, :, None, None] * shape[:, None, :, :]
    return xr.Dataset(
        {"f": (("species", "energy", "mu", "r"), f, {"units": "1"})},
        coords={
            "species": list(SPECIES),
            "energy": ("energy", energy.centres),
            "energy_edge": ("energy_edge", energy.edges),
            "mu": ("mu", angle.centres),
            "mu_edge": ("mu_edge", angle.edges),
            "r": ("r", RADIUS, {"units": "cm"}),
        },
    )


@pytest.fixture
def moments_of():
    """Moments of a field on angular bins, grey or per group."""

    def make(field, grey=True):
        energy = energy_grid(field["energy_edge"].values)
        angle = angle_grid_from_edges(field["mu_edge"].values)
        f = field["f"].values
        if grey:
            dims = ("species", "r")
            n, flux = number_density(f, energy, angle), number_flux(f, energy, angle)
        else:
            dims = ("species", "energy", "r")
            n = np.einsum("semr,e,m->ser", f, energy.weights, angle.weights)
            flux = C_LIGHT * np.einsum(
                "semr,e,m->ser", f, energy.weights, angle.weights * angle.centres
            )
        return xr.Dataset(
            {
                "nu_number_density": (dims, n, {"units": "cm-3"}),
                "nu_number_flux": (dims, flux, {"units": "cm-2 s-1"}),
            },
            coords={k: field[k] for k in ("species", "r", *(() if grey else ("energy",)))},
        )

    return make


@pytest.fixture
def matter(angular_field):
    """Density, electron fraction and absorption rising with the square of the energy."""
    energy = angular_field["energy"].values
    rho = 1e11 * (RADIUS / RADIUS[0]) ** -4
    strength = np.array([1.0, 0.5, 0.02, 0.02])[:, None, None]
    absorption = strength * 1e-7 * (energy[None, :, None] / 10.0) ** 2 * rho / rho[0]
    return xr.Dataset(
        {
            "rho": ("r", rho, {"units": "g cm-3"}),
            "ye": ("r", np.full(RADIUS.size, 0.2), {"units": "1"}),
            "absorption": (("species", "energy", "r"), absorption),
        },
        coords={"species": list(SPECIES), "energy": energy, "r": RADIUS},
    )
