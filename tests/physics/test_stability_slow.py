"""Slow instability of the isotropic gas: windows and largest growth.

g = mu, gbar = alpha mu. Inverted ordering, isotropic mode: unstable for
2|omega|/(1 + sqrt alpha)^2 < mu < 2|omega|/(1 - sqrt alpha)^2, largest growth
2 sqrt(alpha) |omega|/(1 - alpha) at mu = 2 (1 + alpha)|omega|/(1 - alpha)^2 (Hannestad et al.
2006, PRD 74, 105010). The dipole mode makes the same gas unstable in the normal ordering.
"""

import numpy as np
import pytest

from qkepipe.stability import growth_rate
from qkepipe.stability.slow import slow_growth, vacuum_frequency


@pytest.mark.parametrize("alpha", [0.2, 0.7, 0.95])
def test_inverted_window(alpha):
    """Edges of the window and the maximum inside."""
    low, high = 2 / (1 + np.sqrt(alpha)) ** 2, 2 / (1 - np.sqrt(alpha)) ** 2
    for mu, unstable in ((0.999 * low, False), (1.001 * low, True),
                         (0.999 * high, True), (1.001 * high, False)):  # fmt: skip
        assert (slow_growth(mu, alpha * mu, -1.0) > 0) == unstable
    mu = np.linspace(low, high, 20001)
    growth = slow_growth(mu, alpha * mu, -1.0)
    assert growth.max() == pytest.approx(2 * np.sqrt(alpha) / (1 - alpha), rel=1e-6)
    assert mu[growth.argmax()] == pytest.approx(2 * (1 + alpha) / (1 - alpha) ** 2, rel=1e-3)


@pytest.mark.parametrize("ordering", [1.0, -1.0])
@pytest.mark.parametrize("mu", [0.3, 3.0, 30.0])
def test_against_the_dispersion_relation(ordering, mu):
    """Isotropic and dipole mode are what v = +-1/sqrt(3) has at kappa = 0."""
    v = np.repeat([1, -1], 2) / np.sqrt(3)
    g = 0.5 * mu * np.array([1.0, 0.7, 1.0, 0.7])
    sign = np.array([1, -1, 1, -1])
    exact = max(growth_rate(v, g, sign, omega=ordering, sector=s)[0] for s in ("sym", "brk"))
    assert slow_growth(mu, 0.7 * mu, ordering) == pytest.approx(exact, rel=1e-6, abs=1e-7)


def test_both_orderings_may_be_unstable():
    """An inverted-ordering window of the monopole, a normal-ordering one of the dipole."""
    assert slow_growth(8.0, 5.6, -1.0) > 0
    assert slow_growth(24.0, 16.8, 1.0) > 0


def test_one_sign_is_stable():
    """Heavy antineutrinos in excess: s g has one sign, nothing grows."""
    omega = np.linspace(-10, 10, 201)
    assert (slow_growth(1.0, -0.5, omega) == 0).all()


def test_vacuum_frequency():
    """0.63347 km^-1 at 10 MeV for 2.5e-3 eV^2."""
    assert vacuum_frequency(10.0) == pytest.approx(6.33466e-6, rel=1e-6)
