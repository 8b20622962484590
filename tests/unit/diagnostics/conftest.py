"""Backgrounds, solutions and summaries made of formulas, without a solver."""

import numpy as np
import pytest
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.diagnostics import summarise
from qkepipe.phasespace import (
    angle_grid,
    energy_grid,
    fermi_dirac,
    geometric_energy_edges,
    radial_grid,
)
from qkepipe.schema import set_attributes
from qkepipe.species import SPECIES

KM = 1e5
SHOCK = 150 * KM


def _background(n_r=60, n_mu=8, n_energy=6):
    energy = energy_grid(geometric_energy_edges(n_energy, 5.0, 80.0))
    angle = angle_grid(n_mu)
    radius = radial_grid(np.geomspace(40 * KM, 300 * KM, n_r + 1))
    r, e = radius.centres, energy.centres
    temperature = 4.0 * (50 * KM / r)
    rho = 1e10 * (50 * KM / r) ** 3
    # absorption ~ rho E^2; heavy flavours interact ten times less
    strength = np.array([1.0, 0.8, 0.1, 0.1])[:, None, None]
    absorption = strength * 1e-17 * rho * e[:, None] ** 2
    equilibrium = fermi_dirac(e[:, None], temperature, 0.0)
    over = ("species", "energy", "r")
    data = {
        "rho": ("r", rho),
        "temperature": ("r", temperature),
        "ye": ("r", np.full(r.size, 0.3)),
        "mu_e": ("r", np.full(r.size, 10.0)),
        "mu_hat": ("r", np.full(r.size, 10.0)),
        "absorption": (over, absorption),
        "emissivity": (over, C_LIGHT * absorption * equilibrium),
        "scattering": (over, absorption),
        "scattering_transport": (over, absorption),
    }
    coords = {
        "species": list(SPECIES),
        "r": r,
        "r_edge": radius.edges,
        "energy": e,
        "energy_edge": energy.edges,
        "mu": angle.centres,
        "mu_edge": angle.edges,
    }
    return set_attributes(
        xr.Dataset(data, coords, {"shock_radius": SHOCK, "rates_source": "formula"})
    )


def _field(background, temperatures=(4.0, 4.5, 6.0, 6.0)):
    """Diluted, outward-moving Fermi-Dirac spectra of the given temperatures."""
    t = np.array(temperatures)[:, None, None, None]
    e = background["energy"].values[None, :, None, None]
    mu = background["mu"].values[None, None, :, None]
    r = background["r"].values
    return fermi_dirac(e, t, 0.0) * np.exp(2.0 * (mu - 1.0)) * (40 * KM / r) ** 2


def _solution(background, f, coherence=None):
    n_r = background.sizes["r"]
    names = ("species", "r", "r_edge", "energy", "energy_edge", "mu", "mu_edge")
    rng = np.random.default_rng(1)
    out = xr.Dataset(
        {
            "f": (("species", "energy", "mu", "r"), f),
            "steadiness": (("species", "r"), rng.uniform(0.0, 1e-2, (4, n_r))),
            "number_flux_rms": (("species", "r"), rng.uniform(0.0, 1e30, (4, n_r))),
            "number_flux_out": (("time_sample", "species"), rng.uniform(1e56, 2e56, (5, 4))),
        },
        coords={n: background[n] for n in names} | {"time_sample": np.linspace(1e-4, 5e-4, 5)},
        attrs={"scheme": "classical", "number_balance_error": 1e-15},
    )
    if coherence is not None:
        out["coherence"] = (("sector", "r"), coherence)
        out["coherence_max"] = ("time_sample", np.linspace(1e-6, 0.3, 5))
    return set_attributes(out)


@pytest.fixture
def make_background():
    return _background


@pytest.fixture
def make_field():
    return _field


@pytest.fixture
def make_solution():
    return _solution


@pytest.fixture
def make_summary():
    """Summary of a field that is the classical one times (1 - effect) for nue and nuebar."""

    def make(kind, effect=0.0, xi=None, resolution=1.0, radii=(60 * KM, 110 * KM)):
        background = _background(n_r=round(60 * resolution))
        classical = _field(background)
        f = classical.copy()
        f[:2] *= 1.0 - effect
        f[2:] += effect * classical[:2]
        solution = _solution(background, f)
        spectator = None if kind == "classical" else solution["f"].copy(data=classical)
        summary = summarise(solution, background, radii, spectator)
        summary.attrs.update(kind=kind, scheme=kind, resolution=resolution)
        if xi is not None:
            summary.attrs["xi"] = xi
        return summary

    return make
