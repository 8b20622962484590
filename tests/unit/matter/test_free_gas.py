"""Free nucleons: the Fermi integral and its inverse."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from qkepipe.constants import HBAR_C, M_NEUTRON, M_PROTON, Q_NP
from qkepipe.errors import QkepipeError
from qkepipe.matter import degeneracy, fermi_integral_half, free_gas_mu_hat


def exact(eta):
    """Adaptive quadrature in x = t^2, split at the Fermi surface."""

    def integrand(t):
        return 2 * t * t * np.exp(-np.logaddexp(0.0, t * t - eta))

    cuts = [0.0, math.sqrt(max(eta, 0.0)), math.sqrt(max(eta, 0.0) + 60)]
    return sum(quad(integrand, *pair, epsabs=0, epsrel=1e-12)[0] for pair in pairwise(cuts))


@pytest.mark.parametrize("eta", [-30.0, -3.0, 0.0, 1.0, 10.0, 60.0])
def test_fermi_integral(eta):
    assert fermi_integral_half(eta) == pytest.approx(exact(eta), rel=1e-9, abs=0)


def test_fermi_integral_limits():
    """Boltzmann e^eta sqrt(pi)/2; Sommerfeld (2/3) eta^(3/2) (1 + pi^2/(8 eta^2))."""
    boltzmann = math.exp(-40) * math.sqrt(math.pi) / 2
    assert fermi_integral_half(-40.0) == pytest.approx(boltzmann, rel=1e-12, abs=0)
    eta = 200.0
    series = 2 / 3 * eta**1.5 * (1 + math.pi**2 / (8 * eta**2))
    assert fermi_integral_half(eta) == pytest.approx(series, rel=1e-8, abs=0)


def test_degeneracy_inverts_the_density():
    eta = np.array([-25.0, -1.0, 0.5, 4.0, 40.0])
    t = np.array([0.5, 2.0, 5.0, 10.0, 3.0])
    density = (2 * M_NEUTRON * t) ** 1.5 / (2 * math.pi**2 * HBAR_C**3) * fermi_integral_half(eta)
    np.testing.assert_allclose(degeneracy(density, t, M_NEUTRON), eta, rtol=1e-11, atol=1e-11)


def test_mu_hat_of_a_dilute_gas():
    """mu_hat = Q + T [ln(n_n/n_p) - 1.5 ln(m_n/m_p)] + delta_u for Boltzmann gases."""
    t, n_n, n_p = 2.0, 3e30, 5e29
    exact_value = Q_NP + t * (math.log(n_n / n_p) - 1.5 * math.log(M_NEUTRON / M_PROTON)) + 0.7
    assert free_gas_mu_hat(n_n, n_p, t, 0.7) == pytest.approx(exact_value, rel=1e-6, abs=0)


def test_mu_hat_without_nucleons():
    assert free_gas_mu_hat(0.0, 0.0, 1.0, 0.2) == pytest.approx(Q_NP + 0.2, rel=1e-15, abs=0)
    assert np.isfinite(free_gas_mu_hat(1e30, 0.0, 1.0))


def test_degeneracy_refuses():
    with pytest.raises(QkepipeError, match="finite and positive"):
        degeneracy(0.0, 1.0, M_NEUTRON)
