"""Grids and moments: exact quadratures, and the blackbody integrals they converge to."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import zeta

from qkepipe.constants import C_LIGHT, HBAR_C, MEV_ERG
from qkepipe.phasespace import (
    angle_grid,
    angle_grid_from_edges,
    energy_density,
    energy_flux,
    energy_grid,
    fermi_dirac,
    geometric_energy_edges,
    number_density,
    number_flux,
    radial_grid,
)


def test_energy_weights_are_exact_for_a_flat_spectrum():
    """n = (4 pi/3)(E_2^3 - E_1^3)/(h c)^3 and e likewise with E^4/4, for f = 1."""
    grid = energy_grid([0.0, 3.0, 10.0, 17.0, 100.0])
    h3 = (2 * math.pi * HBAR_C) ** 3
    assert grid.weights.sum() == pytest.approx(4 * math.pi / 3 * 1e6 / h3, rel=1e-14, abs=0)
    assert grid.weights @ grid.centres == pytest.approx(math.pi * 1e8 / h3, rel=1e-14, abs=0)
    assert np.all((grid.centres > grid.edges[:-1]) & (grid.centres < grid.edges[1:]))


def test_geometric_edges():
    edges = geometric_energy_edges(12, 5.0, 100.0)
    assert edges.size == 13
    assert edges[0] == 0.0
    assert edges[1] == pytest.approx(5.0, rel=1e-15, abs=0)
    assert edges[-1] == pytest.approx(100.0, rel=1e-15, abs=0)
    np.testing.assert_allclose(np.diff(np.log(edges[1:])), math.log(20.0) / 11, rtol=1e-12)


@given(
    st.integers(1, 40).map(lambda k: 2 * k),
    st.floats(1.0, 3.0),
)
def test_angle_quadrature(n, power):
    """Weights sum to 1; sum mu dmu = (1 - 1)/2 = 0 telescopes for bin midpoints."""
    grid = angle_grid(n, power)
    assert grid.edges[0] == -1.0
    assert grid.edges[-1] == 1.0
    assert np.all(grid.widths > 0)
    assert grid.weights.sum() == pytest.approx(1.0, abs=1e-14)
    assert abs(grid.weights @ grid.centres) < 1e-15 * n
    # midpoint rule: int mu^2 dmu/2 = 1/3 - sum dmu^3/24
    second = grid.weights @ grid.centres**2
    assert second == pytest.approx(1 / 3 - np.sum(grid.widths**3) / 24, abs=1e-14)


def test_angle_clustering():
    uniform, clustered = angle_grid(20, 1.0), angle_grid(20, 1.5)
    np.testing.assert_allclose(uniform.widths, 0.1, rtol=1e-13)
    assert clustered.widths[-1] < uniform.widths[-1] < clustered.widths[0]


def test_radial_grid():
    grid = radial_grid([1.0, 2.0, 4.0])
    np.testing.assert_array_equal(grid.centres, [1.5, 3.0])
    np.testing.assert_array_equal(grid.widths, [1.0, 2.0])


def test_blackbody():
    """Isotropic Fermi-Dirac field without net number, one species.

    n = 3 zeta(3)/(4 pi^2) (T/hbar c)^3, e = 7 pi^2/240 T^4/(hbar c)^3; flux 0. The group
    values of f are those at the centres, so the error falls with the square of the width.
    """
    t = 5.0
    n_exact = 3 * zeta(3) / (4 * math.pi**2) * (t / HBAR_C) ** 3
    e_exact = 7 * math.pi**2 / 240 * t**4 / HBAR_C**3 * MEV_ERG
    angle = angle_grid(8)
    errors = []
    for n in (200, 400):
        energy = energy_grid(np.linspace(0.0, 40 * t, n + 1))
        f = np.broadcast_to(fermi_dirac(energy.centres, t, 0.0)[:, None, None], (n, 8, 2))
        errors.append(
            (
                number_density(f, energy, angle)[0] / n_exact - 1,
                energy_density(f, energy, angle)[1] / e_exact - 1,
            )
        )
        for flux, scale in ((number_flux, n_exact), (energy_flux, e_exact)):
            assert np.abs(flux(f, energy, angle)).max() < 1e-14 * C_LIGHT * scale
    errors = np.abs(errors)
    assert errors[1].max() < 1e-3
    np.testing.assert_array_less(3.8 * errors[1], errors[0])


def test_beam_flux():
    """A field in one bin: flux = c mu n; leading axes are kept."""
    energy, angle = energy_grid([0.0, 10.0]), angle_grid_from_edges([-1.0, -0.5, 0.2, 1.0])
    f = np.zeros((2, 4, 1, 3, 5))
    f[:, :, :, 2] = 0.3
    density, flux = number_density(f, energy, angle), number_flux(f, energy, angle)
    assert density.shape == (2, 4, 5)
    np.testing.assert_allclose(flux, C_LIGHT * 0.6 * density, rtol=1e-14)
    mean = energy_flux(f, energy, angle) / number_flux(f, energy, angle) / MEV_ERG
    np.testing.assert_allclose(mean, 7.5, rtol=1e-14)  # (E^4/4)/(E^3/3)


def test_fermi_dirac_limits():
    with np.errstate(all="raise", under="ignore"):
        f = fermi_dirac([0.0, 5.0, 1e6], 1e-3, 5.0)
    np.testing.assert_array_equal(f, [1.0, 0.5, 0.0])
    x = np.linspace(-3, 3, 7)
    np.testing.assert_allclose(fermi_dirac(x, 1.0, 0.0), 1 / (np.exp(x) + 1), rtol=1e-14)
