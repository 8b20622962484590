"""Moments of fields whose integrals are known in closed form.

Fermi integrals of Fermi-Dirac spectra: F_2(0) = 3 zeta(3)/2, F_3(0) = 7 pi^4/120,
F_4(0) = 45 zeta(5)/2, and for neutrinos plus or minus antineutrinos the polynomials of
Bludman & van Riper (1978, ApJ 224, 631). Field outside a black sphere of radius R:
f = 1 for mu > sqrt(1 - (R/r)^2), so that L = 4 pi R^2 (c/4) e.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import zeta

from qkepipe.constants import C_LIGHT, MEV_ERG, PHASE_SPACE
from qkepipe.diagnostics import (
    flux_factor,
    flux_mean_energy,
    luminosities,
    mean_energy,
    rms_energy,
    spectrum,
)
from qkepipe.phasespace import (
    angle_grid,
    energy_density,
    energy_grid,
    fermi_dirac,
    number_density,
    radial_grid,
)
from qkepipe.solvers.sphere import Grid


def grid(n_energy=400, top=60.0, n_mu=16, r_edges=(1e6, 2e6, 4e6)):
    return Grid(
        energy_grid(np.linspace(0.0, top, n_energy + 1)),
        angle_grid(n_mu),
        radial_grid(np.array(r_edges)),
    )


def isotropic(g, temperature, potential=0.0):
    f = fermi_dirac(g.energy.centres, temperature, potential)
    shape = (1, f.size, g.angle.centres.size, g.radius.centres.size)
    return np.broadcast_to(f[:, None, None], shape).copy()


@settings(max_examples=20, deadline=None)
@given(temperature=st.floats(2.0, 8.0))
def test_thermal_moments(temperature):
    g = grid(top=40.0 * temperature)
    f = isotropic(g, temperature)
    number = PHASE_SPACE * temperature**3 * 1.5 * zeta(3)
    energy = PHASE_SPACE * temperature**4 * 7.0 * math.pi**4 / 120.0 * MEV_ERG
    np.testing.assert_allclose(number_density(f, g.energy, g.angle), number, rtol=1e-3)
    np.testing.assert_allclose(energy_density(f, g.energy, g.angle), energy, rtol=1e-3)
    mean = 7.0 * math.pi**4 / (180.0 * zeta(3)) * temperature
    rms = math.sqrt(15.0 * zeta(5) / zeta(3)) * temperature
    np.testing.assert_allclose(mean_energy(f, g), mean, rtol=1e-3)
    np.testing.assert_allclose(rms_energy(f, g), rms, rtol=1e-3)
    np.testing.assert_allclose(flux_factor(f, g), 0.0, rtol=0, atol=1e-14)
    total = (spectrum(f, g) * np.diff(g.energy.edges)[:, None]).sum(axis=1)
    np.testing.assert_allclose(total, number, rtol=1e-3)


def test_thermal_moments_converge_at_second_order():
    exact = 7.0 * math.pi**4 / (180.0 * zeta(3)) * 4.0
    errors = [
        abs(float(mean_energy(isotropic(g, 4.0), g)[0, 0]) - exact)
        for g in (grid(n, 160.0) for n in (50, 100, 200))
    ]
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.1)
    assert errors[1] / errors[2] == pytest.approx(4.0, rel=0.1)


@settings(max_examples=20, deadline=None)
@given(temperature=st.floats(2.0, 8.0), eta=st.floats(0.0, 5.0))
def test_degenerate_pairs(temperature, eta):
    g = grid(top=(40.0 + eta) * temperature)
    nu, nubar = (isotropic(g, temperature, s * eta * temperature) for s in (1.0, -1.0))
    difference = number_density(nu, g.energy, g.angle) - number_density(nubar, g.energy, g.angle)
    total = energy_density(nu, g.energy, g.angle) + energy_density(nubar, g.energy, g.angle)
    lepton = PHASE_SPACE * temperature**3 / 3.0 * (math.pi**2 * eta + eta**3)
    scale = PHASE_SPACE * temperature**3
    np.testing.assert_allclose(difference, lepton, rtol=1e-3, atol=1e-3 * scale)
    pairs = 7.0 * math.pi**4 / 60.0 + math.pi**2 * eta**2 / 2.0 + eta**4 / 4.0
    np.testing.assert_allclose(total, PHASE_SPACE * temperature**4 * pairs * MEV_ERG, rtol=1e-3)


def outside_black_sphere(g, radius, temperature):
    """Exact average over angular bins of f outside a black sphere."""
    edge = np.sqrt(1.0 - (radius / g.radius.centres) ** 2)
    low, high = g.angle.edges[:-1, None], g.angle.edges[1:, None]
    filled = (high - np.clip(edge, low, high)) / (high - low)
    return fermi_dirac(g.energy.centres, temperature, 0.0)[None, :, None, None] * filled


def test_luminosity_of_a_black_sphere():
    g = grid(n_mu=800, r_edges=np.geomspace(1e6, 5e6, 201))
    f = outside_black_sphere(g, 1e6, 4.0)
    thermal = isotropic(g, 4.0)
    e = energy_density(thermal, g.energy, g.angle)[0, 0]
    n = number_density(thermal, g.energy, g.angle)[0, 0]
    area = 4.0 * np.pi * 1e12
    # exact fluxes through the edges
    edge = np.sqrt(1.0 - (1e6 / g.radius.edges) ** 2)
    low, high = g.angle.edges[:-1, None], g.angle.edges[1:, None]
    filled = 0.25 * (high**2 - np.clip(edge, low, high) ** 2).sum(axis=0) * g.radius.edges**2
    spectrum_in = fermi_dirac(g.energy.centres, 4.0, 0.0) * g.energy.weights
    through = 4.0 * np.pi * C_LIGHT * spectrum_in[None, :, None] * filled
    energy, number = luminosities(through, g)
    np.testing.assert_allclose(energy.edge, area * C_LIGHT / 4.0 * e, rtol=1e-12)
    np.testing.assert_allclose(number.centre, area * C_LIGHT / 4.0 * n, rtol=1e-12)
    # the spectrum does not change on the way
    for mean in (mean_energy(f, g), flux_mean_energy(through, g)):
        np.testing.assert_allclose(mean, mean_energy(thermal, g)[0, 0])
    # flux factor (1 + mu_edge)/2
    edge = np.sqrt(1.0 - (1e6 / g.radius.centres) ** 2)
    np.testing.assert_allclose(flux_factor(f, g)[0], 0.5 * (1.0 + edge), rtol=1e-3)
