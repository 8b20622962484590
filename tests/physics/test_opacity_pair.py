"""Pairs e- e+ <-> nu nubar against the matrix element, lepton number and total emission.

Emission coefficient of a neutrino of energy E from the phase-space integral over both leptons
and the second neutrino (massless electrons; CV, CA as for nue; Bruenn, ApJS 58, 771, C62):

    R = G_F^2/(pi E E' K) int deps f_e-(eps) f_e+(W - eps) {(CV + CA)^2 [s^2 - 2 s M1 + M2]
        + (CV - CA)^2 M2},      s = E E' (1 - cos), W = E + E', K^2 = W^2 - 2 s

with the averages over azimuth M1 and M2 of nu.e- and its square. A pair carries no lepton
number: nue and nuebar are emitted in equal numbers, whatever blocks them. At mu_e = 0 the
emission without blocking is proportional to T^9 (Burrows, Reddy & Thompson, Nucl. Phys. A 777,
356: 9.76e24 and 4.17e24 erg cm^-3 s^-1 MeV^-9).
"""

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import quad

from qkepipe.constants import C_LIGHT, HBAR_C, MEV_ERG, SIN2_THETA_W
from qkepipe.opacity import WeakConstants, equilibrium_occupation, rates
from qkepipe.opacity.pair import _leptons, pair_absorption

C = WeakConstants()
S2W = SIN2_THETA_W


def fermi(x):
    return np.exp(-np.logaddexp(0.0, x))


def absorption(y, eta, eta_nu, t=1.0, blocked=True):
    """kappa* (4, y) at one point."""
    y = np.atleast_1d(np.asarray(y, dtype=float))
    return pair_absorption(
        np.array([t]), np.array([eta * t]), np.array([eta_nu * t]), y[:, None] * t, C, blocked
    )[..., 0]


def emission(y, eta, eta_nu, blocked=True):
    """j (4, y) at T = 1 MeV [s^-1], the coefficient of 1 - f."""
    mu = np.array([eta_nu, -eta_nu, 0.0, 0.0])[:, None]
    return C_LIGHT * absorption(y, eta, eta_nu, blocked=blocked) * fermi(np.asarray(y) - mu)


def nodes(edges, n):
    x, w = np.polynomial.legendre.leggauss(n)
    a, b = np.array(edges[:-1])[:, None], np.array(edges[1:])[:, None]
    return (a + 0.5 * (b - a) * (x + 1)).ravel(), (0.5 * (b - a) * w).ravel()


def matrix_element(e, eta, eta_nu, left2, right2):
    """j [s^-1] at T = 1 MeV by the triple integral, over E', K (for the angle) and eps."""
    top = max(0.0, abs(eta) - e) + 45.0
    others, weights = nodes(np.unique(np.r_[0.0, e, np.arange(5.0, top, 5.0)]), 8)
    total = 0.0
    for p, weight in zip(others, weights, strict=True):
        w = e + p
        k, wk = nodes([abs(e - p), w], 24)
        x, wx = nodes(np.linspace(-0.5, 0.5, 5), 8)
        k, eps = k[:, None], 0.5 * w + k[:, None] * x
        s = 0.5 * (w**2 - k**2)
        cos = 1 - s / (e * p)
        cg, cd = (eps * w - s) / (eps * k), (e + p * cos) / k
        m1 = eps * e * (1 - cg * cd)
        m2 = (eps * e) ** 2 * ((1 - cg * cd) ** 2 + 0.5 * (1 - cg**2) * (1 - cd**2))
        trace = left2 * (s**2 - 2 * s * m1 + m2) + right2 * m2
        inner = (fermi(eps - eta) * fermi(w - eps + eta) * trace * k) @ wx
        # dcos/K = dK/(E E')
        kernel = C.g_fermi**2 / (np.pi * (e * p) ** 2) * (inner @ wk) / 2
        total += weight * p**2 * kernel * (1 - fermi(p + eta_nu))
    return C_LIGHT * total / (2 * np.pi**2 * HBAR_C)


@pytest.mark.parametrize(
    "y, eta, eta_nu", [(3.0, 0.0, 0.0), (0.2, 2.0, 1.0), (8.0, 6.0, 4.0), (2.0, -5.0, -3.0)]
)
def test_emission_from_the_matrix_element(y, eta, eta_nu):
    """nue, nuebar and nux differ by couplings and by the chemical potential of the other."""
    found = emission([y], eta, eta_nu)[:, 0]
    left2, right2, heavy2 = (1 + 2 * S2W) ** 2, (2 * S2W) ** 2, (-1 + 2 * S2W) ** 2
    expected = [
        matrix_element(y, eta, eta_nu, left2, right2),
        matrix_element(y, eta, -eta_nu, right2, left2),
        matrix_element(y, eta, 0.0, heavy2, right2),
        matrix_element(y, eta, 0.0, right2, heavy2),
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("y, z, eta", [(1.0, 2.5, 0.5), (4.0, 1.0, -3.0)])
def test_inner_integral(y, z, eta, as_mode):
    """Both angular integrals: with m the smallest energy and q the one opposite to it."""

    def integrand(x, second):
        energies = {"e": x, "p": y + z - x, "nu": y, "nubar": z}
        m = min(energies, key=energies.get)
        across = {"e": "nubar", "nubar": "e", "p": "nu", "nu": "p"}
        if second:
            across = {"e": "nu", "nu": "e", "p": "nubar", "nubar": "p"}
        m, q = energies[m], energies[across[m]]
        leptons = fermi(x - eta) * fermi(y + z - x + eta) * np.exp(y)
        return leptons * m**3 * (10 * q**2 - 5 * q * m + m**2)

    found = as_mode(_leptons)(y, z, eta, np.empty(10))
    for value, second in zip(found, (False, True), strict=True):
        expected = quad(integrand, 0, y + z, args=(second,), points=[y, z], epsrel=1e-10)[0]
        assert value == pytest.approx(expected, rel=1e-5, abs=0)


@pytest.mark.parametrize("eta, eta_nu", [(0.0, 0.0), (3.0, 2.0), (15.0, 8.0), (-4.0, -6.0)])
@pytest.mark.parametrize("blocked", [True, False])
def test_no_lepton_number(eta, eta_nu, blocked):
    """int E^2 (1 - f_nue) j_nue = int E^2 (1 - f_nuebar) j_nuebar in equilibrium; likewise nux."""
    y, w = nodes(np.r_[0.0, 1.0, 2.0, np.arange(5.0, abs(eta) + abs(eta_nu) + 45, 5.0)], 12)
    j = emission(y, eta, eta_nu, blocked)
    if blocked:
        j = j * (1 - fermi(y - np.array([eta_nu, -eta_nu, 0.0, 0.0])[:, None]))
    number = j @ (w * y**2)
    assert number[0] == pytest.approx(number[1], rel=1e-5, abs=0)
    assert number[2] == pytest.approx(number[3], rel=1e-5, abs=0)


def test_total_emission():
    y, w = nodes(np.arange(0.0, 61.0, 3.0), 10)
    power = emission(y, 0.0, 0.0, blocked=False) @ (w * y**3)
    power *= MEV_ERG / (2 * np.pi**2 * HBAR_C**3)
    assert power[0] + power[1] == pytest.approx(9.760e24, rel=1e-3)
    assert 2 * (power[2] + power[3]) == pytest.approx(4.173e24, rel=1e-3)


def test_scales_with_temperature():
    """Without masses kappa* depends on energies over T, times T^5."""
    y = np.array([0.1, 1.0, 10.0])
    one = absorption(y, 5.0, 2.0)
    np.testing.assert_allclose(absorption(y, 5.0, 2.0, t=7.0), one * 7.0**5, rtol=1e-12)


def test_charge_conjugation():
    """mu_e, mu_nu -> -mu_e, -mu_nu exchanges neutrinos and antineutrinos."""
    y = np.array([0.05, 1.0, 7.0, 40.0])
    for eta, eta_nu in ((0.0, 0.0), (4.0, 1.0), (25.0, 12.0)):
        conjugate = absorption(y, -eta, -eta_nu)[[1, 0, 3, 2]]
        np.testing.assert_allclose(absorption(y, eta, eta_nu), conjugate, rtol=1e-9)


def test_blocking_lowers_emission_of_the_partner_of_degenerate_neutrinos():
    """(1 - f') removes nuebar emission where nue fill their states, hardly that of nue."""
    y = np.array([1.0, 3.0])
    ratio = absorption(y, 10.0, 14.0) / absorption(y, 10.0, 14.0, blocked=False)
    assert np.all((ratio > 0) & (ratio < 1))
    assert np.all(ratio[1] < 0.1)
    assert np.all(ratio[0] > 0.99)


def test_any_degeneracy_and_energy():
    """No negative, infinite or undefined value, to the edges of what matter can be."""
    t = 10.0 ** np.linspace(-2, 2, 9)
    eta = np.array([-1000.0, -30.0, -3.0, 0.0, 3.0, 30.0, 100.0, 1000.0])
    eta_nu = np.array([-700.0, -30.0, 0.0, 30.0, 700.0])
    t, eta, eta_nu = (x.ravel() for x in np.meshgrid(t, eta, eta_nu))
    energy = np.array([1e-2, 1.0, 30.0, 100.0, 1000.0])[:, None] * t
    kappa = pair_absorption(t, eta * t, eta_nu * t, energy, C)
    assert np.all(np.isfinite(kappa) & (kappa >= 0.0))
    moderate = (abs(eta) <= 30) & (abs(eta_nu) <= 30)
    assert np.all(kappa[:, :4, moderate] > 0.0)


def test_detailed_balance_of_the_process():
    data = {"rho": 1e11, "temperature": 5.0, "mu_e": 12.0, "mu_hat": 9.0}
    matter = xr.Dataset({name: ("r", [value]) for name, value in data.items()})
    energy = np.geomspace(0.5, 150.0, 20)
    out = rates(matter, energy, "pair")
    balance = C_LIGHT * out["absorption"] * equilibrium_occupation(matter, energy)
    np.testing.assert_allclose(out["emissivity"], balance, rtol=1e-13)
    np.testing.assert_allclose(
        out["emissivity"].to_numpy()[..., 0] / 5.0**5,
        emission(energy / 5.0, 12.0 / 5.0, 3.0 / 5.0),
        rtol=1e-12,
    )
    assert float(out["scattering"].max()) == 0.0
