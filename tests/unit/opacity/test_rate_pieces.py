"""Pieces of the rates: blocking factor, ion correlation, coupling factors."""

from dataclasses import replace
from decimal import Decimal, localcontext

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from qkepipe.constants import HBAR_C, M_NUCLEON
from qkepipe.errors import QkepipeError
from qkepipe.opacity import CONSTANTS, WeakConstants, rates
from qkepipe.opacity.beta import blocked_densities
from qkepipe.opacity.nuclei_scattering import ion_correlation
from qkepipe.opacity.nucleon import charged_current_factor, scattering_coefficients

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


def absorption(blocking, x_n, x_p, mu_hat, rho=1e12):
    """kappa* of nue and nuebar over that of the unblocked densities, in dilute matter."""
    values = {"rho": rho, "temperature": 5.0, "mu_e": 10.0, "mu_hat": mu_hat, "x_n": x_n}
    zone = xr.Dataset({k: ("r", [v]) for k, v in values.items()} | {"x_p": ("r", [x_p])})
    constants = replace(C, nucleon_blocking=blocking, blocking_density=1e11)
    free = replace(C, blocking_density=1e99)
    ratio = rates(zone, 15.0, ("beta",), constants) / rates(zone, 15.0, ("beta",), free)
    return ratio["absorption"].to_numpy()[:2, 0, 0]


def test_treatments_of_inconsistent_nucleons():
    """x_n > x_p with mu_hat - Q < 0 is no Fermi gas: bounded, taken as 0, or partly kept."""
    x = (C.q_np - 2.0 - C.q_np) / 5.0
    np.testing.assert_array_equal(absorption("bounded", 0.6, 0.4, C.q_np - 2.0), 1.0)
    np.testing.assert_array_equal(absorption("clipped", 0.6, 0.4, C.q_np - 2.0), 0.0)
    # emission unblocked, absorption by detailed balance: kappa of nue is n_p e^x
    expected = [0.4 * np.exp(x) / 0.6, 0.6 * np.exp(-x) / 0.4]
    np.testing.assert_allclose(absorption("bruenn", 0.6, 0.4, C.q_np - 2.0), expected, rtol=1e-12)


def test_treatments_agree_for_consistent_nucleons():
    """eta from x = mu_hat - Q of the densities: all three the same, and none below 1e11."""
    mu_hat = C.q_np + 5.0 * np.log(0.6 / 0.4) + 0.1
    wanted = absorption("bounded", 0.6, 0.4, mu_hat)
    assert np.all((wanted > 0.9) & (wanted < 1.0))
    for blocking in ("bruenn", "clipped"):
        np.testing.assert_allclose(absorption(blocking, 0.6, 0.4, mu_hat), wanted, rtol=1e-12)
    np.testing.assert_array_equal(absorption("clipped", 0.6, 0.4, mu_hat, rho=9e10), 1.0)


def test_ion_correlation_limits(as_mode):
    """S_ion -> 0.3/(0.6 + 3 Gamma) for long waves; 1 for short ones; Gamma within 1 to 150."""
    kernel = as_mode(ion_correlation)
    for gamma in (1.0, 20.0, 150.0):
        assert kernel(1e-6, gamma) == pytest.approx(0.3 / (0.6 + 3 * gamma), rel=1e-9, abs=0)
        edge = 3 + 4 / np.sqrt(gamma)
        assert kernel(1.001 * edge, gamma) == 1.0
        assert kernel(0.999 * edge, gamma) == pytest.approx(1.0, abs=0.05)
        values = [kernel(x, gamma) for x in np.linspace(0.0, 1.5, 20)]
        assert np.all(np.diff(values) > 0)
    assert kernel(1.0, 0.1) == kernel(1.0, 1.0)
    assert kernel(1.0, 400.0) == kernel(1.0, 150.0)


def test_charged_current_first_order():
    """R = 1 - 2e + ... : first order of Horowitz (2002), eq (22), in e = E/m."""
    e = 1e-5
    ga, f2 = C.g_a, 3.706
    for sign in (1, -1):
        slope = (4 + 8 * ga**2 + sign * 4 * (1 + f2) * ga) / (1 + 3 * ga**2) - 6
        value = charged_current_factor(e * C.m_nucleon, sign, "point", C)
        assert float(value - 1) / e == pytest.approx(slope, rel=1e-3, abs=0)
    assert charged_current_factor(50.0, 1, "off", C) == 1.0


LOW_ENERGY = replace(C, scattering_recoil="low_energy")


@pytest.mark.parametrize("constants", [C, LOW_ENERGY])
@pytest.mark.parametrize("nucleon, hv", [("n", -0.5), ("p", 0.5 - 2 * C.sin2_theta_w)])
def test_scattering_at_lowest_order(constants, nucleon, hv):
    ha2 = 0.25 * C.g_a**2
    expected = hv**2 + 3 * ha2, (hv**2 + 5 * ha2) / 1.5
    for sign in (1, -1):
        off = scattering_coefficients(1e-3, nucleon, sign, "off", constants)
        np.testing.assert_allclose(off, expected, rtol=1e-14)
        for kind in ("point", "form_factors"):
            low = scattering_coefficients(1e-6, nucleon, sign, kind, constants)
            np.testing.assert_allclose(low, expected, rtol=1e-7)


def test_scattering_differs_for_antineutrinos_at_first_order():
    """Slope in e = E/m of the total: -2 (neutrino-like terms) +- 4 (cv + F2) ca / lowest."""
    e, charge = 1e-6, 0.5 - 2 * C.sin2_theta_w
    for nucleon, cv, f2 in (
        ("n", -0.5, -1.913 * charge - 0.5 * 1.793),
        ("p", charge, 1.793 * charge + 0.5 * 1.913),
    ):
        ca = (0.5 if nucleon == "p" else -0.5) * C.g_a
        lowest = cv**2 + 3 * ca**2
        for sign in (1, -1):
            slope = (4 * cv**2 + 8 * ca**2 + 4 * sign * (cv + f2) * ca) / lowest - 6
            total, _ = scattering_coefficients(e * C.m_nucleon, nucleon, sign, "point", C)
            assert float(total / lowest - 1) / e == pytest.approx(slope, rel=1e-4, abs=0)
        even = [scattering_coefficients(50.0, nucleon, s, "point", LOW_ENERGY) for s in (1, -1)]
        np.testing.assert_array_equal(*even)


@pytest.mark.parametrize("sign", [1, -1])
def test_transport_coefficient_is_smooth_where_series_and_closed_form_meet(sign):
    """The closed form in 40 digits, on both sides of e = 0.02 and far below."""
    e = np.array([1e-5, 1e-3, 0.0199, 0.0201, 0.1])
    got = scattering_coefficients(e * C.m_nucleon, "p", sign, "point", C)[1]
    cv = Decimal(0.5 - 2 * C.sin2_theta_w)
    f2, ca = Decimal("1.793") * cv + Decimal("0.9565"), sign * Decimal(C.g_a) / 2
    with localcontext() as context:
        context.prec = 40
        for k, value in enumerate(e):
            x = Decimal(value)
            log, q = (1 + 2 * x).ln(), (1 + 2 * x) ** 3
            exact = cv**2 * ((x - 1) * log / (2 * x**3)
                             + (3 + 12 * x + 9 * x**2 - 10 * x**3) / (3 * x**2 * q))  # fmt: skip
            exact += ca**2 * ((1 + x) * log / (2 * x**3)
                              - (10 * x**3 + 27 * x**2 + 18 * x + 3) / (3 * x**2 * q))  # fmt: skip
            exact += (cv + f2) * ca * (log / x**2 - (2 + 10 * x + 28 * x**2 / 3) / (x * q))
            exact += cv * f2 * (log / x**2 - 2 * (3 + 15 * x + 22 * x**2) / (3 * x * q))
            exact += f2**2 * (log / (4 * x**2)
                              + (8 * x**3 - 22 * x**2 - 15 * x - 3) / (6 * x * q))  # fmt: skip
            assert got[k] == pytest.approx(float(exact), rel=1e-9, abs=0)


def test_blocks_of_constants():
    """Unknown names are refused, derived values recorded, and None means derived."""
    assert CONSTANTS["default"] == C
    assert C.pair_coupling == pytest.approx(1.58808e-33, rel=1e-5)
    assert CONSTANTS["bns_nurates"].attributes()["rates_pair_strength"] == 1.55e-33
    assert "rates_f2_n" not in C.attributes()
    assert CONSTANTS["nulib"].attributes()["rates_electron_polarisation"] == "on"
    for field in ("nucleon_blocking", "scattering_recoil"):
        with pytest.raises(QkepipeError, match=field):
            WeakConstants(**{field: "none"})


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
