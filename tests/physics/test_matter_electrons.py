"""The electron gas against adaptive quadrature and closed limits.

n(e-) - n(e+) = (1/(pi^2 (hbar c)^3)) int p^2 dp [f(eps - mu) - f(eps + mu)], ideal gas.
"""

import itertools

import numpy as np
import pytest
from scipy.integrate import quad

from qkepipe.constants import HBAR_C, M_ELECTRON
from qkepipe.errors import QkepipeError
from qkepipe.matter import (
    electron_chemical_potential,
    massless_chemical_potential,
    massless_net_density,
    net_electron_density,
)
from qkepipe.matter.electron_gas import mu_kernel, net_density_kernel

STATES = 1.0 / (np.pi**2 * HBAR_C**3)
#: From cold and dilute to hot or degenerate, pair-dominated and massless.
POINTS = [(t, mu) for t in (0.02, 0.1, 0.5, 2.0, 8.0, 20.0, 60.0) for mu in (0.3, 1.0, 20.0, 200.0)]


def fermi(x):
    return np.exp(-np.logaddexp(0.0, x))


def reference(mu, t, mass):
    """Adaptive quadrature between points set around the Fermi surface; no cancellation."""
    surface = np.sqrt(max(mu * mu - mass * mass, 0.0))
    scale = [surface + t * x for x in (-60, -30, -15, -8, -4, -2, -1, 0, 1, 2, 4, 8, 15, 30, 60)]
    scale += [surface + x * np.sqrt(2 * t * mass) for x in (1, 2, 5)]
    last = surface + 90 * t + 20 * mass
    cuts = sorted({0.0, *(p for p in scale if 0.0 < p < last), last})

    def integrand(p):
        eps = np.hypot(p, mass)
        return p * p * fermi((eps - mu) / t) * fermi(-(eps + mu) / t)

    parts = (
        quad(integrand, a, b, epsabs=0, epsrel=1e-12, limit=200)[0]
        for a, b in itertools.pairwise(cuts)
    )
    return -np.expm1(-2 * mu / t) * sum(parts) * STATES


@pytest.mark.parametrize("t, mu", POINTS)
@pytest.mark.filterwarnings("ignore::scipy.integrate.IntegrationWarning")
def test_density_and_inverse(t, mu):
    exact = reference(mu, t, M_ELECTRON)
    assert net_electron_density(mu, t) == pytest.approx(exact, rel=1e-12, abs=0)
    assert electron_chemical_potential(exact, t) == pytest.approx(mu, rel=1e-12, abs=0)


@pytest.mark.parametrize("t, mu", [(1.0, 0.1), (5.0, 30.0), (20.0, 100.0)])
def test_massless_closed_form(t, mu):
    """n = (mu^3 + pi^2 T^2 mu)/(3 pi^2 (hbar c)^3), an identity for m_e = 0."""
    exact = reference(mu, t, 0.0)
    assert massless_net_density(mu, t) == pytest.approx(exact, rel=1e-12, abs=0)
    assert massless_chemical_potential(exact, t) == pytest.approx(mu, rel=1e-11, abs=0)


def test_mass_correction():
    """n = n_massless - m_e^2 mu/(2 pi^2 (hbar c)^3) + O(m_e^4), expansion of the pressure."""
    t, mu = 20.0, 60.0
    leading = massless_net_density(mu, t)
    correction = 0.5 * M_ELECTRON**2 * mu * STATES
    remainder = net_electron_density(mu, t) - (leading - correction)
    assert abs(remainder) < (M_ELECTRON / t) ** 2 * correction


def test_boltzmann_limit():
    """Cold and dilute: n = 2 (m T/2 pi)^(3/2)/(hbar c)^3 e^((mu - m)/T) (1 + 15/8 T/m ...)."""
    t, mu = 1e-3, 0.49
    leading = 2 * (M_ELECTRON * t / (2 * np.pi)) ** 1.5 / HBAR_C**3 * np.exp((mu - M_ELECTRON) / t)
    relative = net_electron_density(mu, t) / leading - 1
    assert relative == pytest.approx(15 / 8 * t / M_ELECTRON, rel=1e-2, abs=0)


def test_odd_in_mu():
    mu, t = np.array([0.2, 5.0, 80.0]), np.array([1.0, 3.0, 0.5])
    np.testing.assert_array_equal(net_electron_density(-mu, t), -net_electron_density(mu, t))
    assert electron_chemical_potential(0.0, 2.0) == 0.0


def test_derivative():
    """dn/dmu of the kernel against a central difference."""
    for mu, t in ((0.4, 0.3), (10.0, 2.0), (50.0, 0.5)):
        h = 1e-4 * t
        up, down = (net_density_kernel(mu + s * h, t)[0] for s in (1, -1))
        assert net_density_kernel(mu, t)[1] == pytest.approx((up - down) / (2 * h), rel=1e-6, abs=0)


def test_python_kernel_agrees(as_mode):
    value, slope = as_mode(net_density_kernel)(7.0, 2.5)
    assert value == pytest.approx(reference(7.0, 2.5, M_ELECTRON), rel=1e-12, abs=0)
    assert slope > 0
    assert as_mode(mu_kernel)(value, 2.5) == pytest.approx(7.0, rel=1e-13, abs=0)


@pytest.mark.parametrize("density, t", [(-1.0, 1.0), (1e30, 0.0), (np.nan, 1.0), (1e30, np.inf)])
def test_unusable_input_is_refused(density, t):
    with pytest.raises(QkepipeError) as caught:
        electron_chemical_potential(np.array([1e30, density]), np.array([1.0, t]))
    assert "zone 1" in str(caught.value)
    assert "(1 such zones)" in str(caught.value)
