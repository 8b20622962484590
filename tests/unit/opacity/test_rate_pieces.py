"""Pieces of the rates: blocking factor, form-factor integrals, coupling factors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from qkepipe.constants import HBAR_C, M_NUCLEON
from qkepipe.opacity import WeakConstants
from qkepipe.opacity.beta import blocked_densities
from qkepipe.opacity.nuclei_scattering import form_factor_integrals
from qkepipe.opacity.nucleon import charged_current_factor, neutral_current_couplings

C = WeakConstants()


def blocked(n_n, n_p, difference, t, kernel=blocked_densities):
    return kernel(n_n, n_p, difference, t, M_NUCLEON, HBAR_C)


def test_blocking_is_the_overlap_of_two_fermi_gases(as_mode):
    """eta_np = int 2 d3p/(h)^3 f_n (1 - f_p) for equal masses (Bruenn 1985, eq C14)."""
    t, eta_n, eta_p = 10.0, 2.5, 0.3

    def integral(weight):
        value = quad(lambda x: np.sqrt(x) * weight(x), 0, 80, epsrel=1e-11, limit=200)[0]
        return (2 * M_NUCLEON * t) ** 1.5 / (2 * np.pi**2 * HBAR_C**3) * value

    def f(x, eta):
        return 1 / (1 + np.exp(x - eta))

    n_n, n_p = (integral(lambda x, e=e: f(x, e)) for e in (eta_n, eta_p))
    eta_np = integral(lambda x: f(x, eta_n) * (1 - f(x, eta_p)))
    eta_pn = integral(lambda x: f(x, eta_p) * (1 - f(x, eta_n)))
    out = blocked(n_n, n_p, t * (eta_n - eta_p), t, as_mode(blocked_densities))
    assert out == pytest.approx((eta_np, eta_pn), rel=1e-7, abs=0)


@given(
    st.floats(25.0, 38.5), st.floats(25.0, 38.5), st.floats(-300.0, 300.0), st.floats(0.05, 60.0)
)
def test_never_more_than_the_densities(log_n, log_p, difference, t):
    n_n, n_p = 10.0**log_n, 10.0**log_p
    eta_np, eta_pn = blocked(n_n, n_p, difference, t)
    assert 0.0 <= eta_np <= n_n
    assert 0.0 <= eta_pn <= n_p


def test_inconsistent_dilute_input_gives_the_densities():
    """Rounded mu_hat near n_n = n_p makes eta exceed n or negative: the densities are returned."""
    assert blocked(5.1e31, 4.9e31, -0.3, 1.0) == (5.1e31, 4.9e31)
    assert blocked(5.1e31, 4.9e31, 1e-3, 1.0) == (5.1e31, 4.9e31)


@pytest.mark.parametrize("y", [0.0, 1e-8, 0.1, 0.4999, 0.5001, 2.0, 30.0])
def test_form_factor_integrals(y, as_mode):
    total, transport = as_mode(form_factor_integrals)(y)

    def integral(weight):
        return quad(lambda c: np.exp(-y * (1 - c)) * (1 + c) * weight(c), -1, 1, epsrel=1e-12)[0]

    assert total == pytest.approx(integral(lambda c: 1.0), rel=1e-11, abs=0)
    assert transport == pytest.approx(integral(lambda c: 1 - c), rel=1e-11, abs=0)


def test_charged_current_first_order():
    """R = 1 - 2e + ... : first order of Horowitz (2002), eq (22), in e = E/m."""
    e = 1e-5
    ga, f2 = C.g_a, 3.706
    for sign in (1, -1):
        slope = (4 + 8 * ga**2 + sign * 4 * (1 + f2) * ga) / (1 + 3 * ga**2) - 6
        value = charged_current_factor(e * C.m_nucleon, sign, "point", C)
        assert float(value - 1) / e == pytest.approx(slope, rel=1e-3, abs=0)
    assert charged_current_factor(50.0, 1, "off", C) == 1.0


def test_neutral_current_lowest_order():
    for nucleon, hv in (("n", -0.5), ("p", 0.5 - 2 * C.sin2_theta_w)):
        zeroth, first = neutral_current_couplings(1e-3, nucleon, "off", C)
        assert float(zeroth) == pytest.approx(hv**2 + 0.75 * C.g_a**2, rel=1e-14, abs=0)
        assert float(first) == pytest.approx(hv**2 - 0.25 * C.g_a**2, rel=1e-14, abs=0)
        for kind in ("point", "form_factors"):
            low = neutral_current_couplings(1e-3, nucleon, kind, C)
            np.testing.assert_allclose(low, [zeroth, first], rtol=1e-8)


def test_form_factors_matter_only_at_high_energy():
    """Below 1 % under 30 MeV, 8 % at 100 MeV."""
    for sign in (1, -1):
        point, full = (
            charged_current_factor(np.array([10.0, 30.0, 100.0]), sign, kind, C)
            for kind in ("point", "form_factors")
        )
        change = np.abs(full / point - 1)
        assert change[:2].max() < 0.01
        assert 0.03 < change[2] < 0.09
