"""phi functions and tables of the exponential integrator."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

from qkepipe.transport.collisions import collision_tables, phi_functions


def exact(z):
    """phi_0, phi_1, phi_2 of -z from the exponential of a nilpotent extension."""
    matrix = np.array([[-z, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    return expm(matrix)[0]


@given(st.floats(-9.0, 2.5))
def test_phi_functions(log_z):
    z = 10.0**log_z
    np.testing.assert_allclose(np.ravel(phi_functions(z)), exact(z), rtol=1e-12)


@pytest.mark.parametrize("z", [0.0, 9.999e-3, 1.0001e-2, 700.0, 1e6])
def test_phi_functions_at_the_ends(z):
    phi0, phi1, phi2 = (float(p) for p in phi_functions(z))
    if z == 0.0:
        assert (phi0, phi1, phi2) == (1.0, 1.0, 0.5)
    else:
        assert phi1 == pytest.approx((1 - phi0) / z, rel=1e-11, abs=0)
        assert phi2 == pytest.approx((1 - phi1) / z, rel=2e-10, abs=0)


def tables(n_component):
    shape = (4, 2, 3)
    rng = np.random.default_rng(3)
    absorption, scattering = rng.uniform(0.1, 2.0, (2, *shape))
    equilibrium = rng.uniform(0, 1, shape)
    phi, source = collision_tables(
        absorption, scattering, 0.8 * scattering, equilibrium, 0.33, 0.7, n_component
    )
    return absorption, scattering, equilibrium, phi, source


def test_off_diagonal_rates_are_means():
    """Gamma_ex = (kappa*_e + kappa*_x)/2 (Sigl & Raffelt 1993): phi_0 is the geometric mean."""
    *_, phi, _ = tables(4)
    assert phi.shape == (2, 2, 3, 3, 3, 3)
    decay = phi[:, :, 0, :, :, :]
    np.testing.assert_allclose(
        decay[..., 2, :], np.sqrt(decay[..., 0, :] * decay[..., 1, :]), rtol=1e-12
    )


def test_three_eigenvalues():
    """Gamma, Gamma + chi_tr' with chi_tr' = chi0 - m2 chi1, and Gamma + chi0."""
    absorption, scattering, equilibrium, phi, source = tables(2)
    assert phi.shape == (2, 2, 3, 3, 2, 3)
    for sector in range(2):
        for component in range(2):
            gamma = absorption[2 * component + sector]
            chi0 = scattering[2 * component + sector]
            chi1 = 3 * 0.2 * chi0
            rates = (gamma, gamma + chi0 - 0.33 * chi1, gamma + chi0)
            for k, rate in enumerate(rates):
                got = phi[sector, :, 0, k, component]
                np.testing.assert_allclose(got, np.exp(-0.7 * rate), rtol=1e-13)
                got = phi[sector, :, 1, k, component]
                np.testing.assert_allclose(got, -np.expm1(-0.7 * rate) / rate, rtol=1e-12)
            gain = (1 - np.exp(-0.7 * gamma)) * equilibrium[2 * component + sector]
            np.testing.assert_allclose(source[sector, :, component], gain, rtol=1e-12)
