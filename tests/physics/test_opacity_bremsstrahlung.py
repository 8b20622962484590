"""Bremsstrahlung of nucleons: lepton number, limits, and two published rates.

The process is axial and neutral: the same kernel for all flavours, which differ by the
blocking of the second neutrino, and no lepton number. Kernel of Hannestad & Raffelt, ApJ 507,
339 (1998): two nucleons meet in dilute matter (rate ~ n^2), fewer where they are degenerate or
their spins fluctuate faster than energies of order T (Gamma ~ T).
"""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.integrate import quad

from qkepipe.constants import C_LIGHT, HBAR_C, M_NEUTRON, M_U_GRAM
from qkepipe.errors import QkepipeError
from qkepipe.opacity import WeakConstants, equilibrium_occupation, rates
from qkepipe.opacity.bremsstrahlung_hr98 import _channels, _g, _pion_mass, hr98_absorption

C = WeakConstants()


def fermi(x):
    return np.exp(-np.logaddexp(0.0, x))


def absorption(y, n_n, n_p, eta_nu=0.0, t=10.0, blocked=True):
    """kappa* (4, y) at one point."""
    energy = np.atleast_1d(np.asarray(y, dtype=float))[:, None] * t
    one = (np.array([value]) for value in (t, n_n, n_p, eta_nu * t))
    return hr98_absorption(*one, energy, C, blocked)[..., 0]


def nodes(edges, n):
    x, w = np.polynomial.legendre.leggauss(n)
    a, b = np.array(edges[:-1])[:, None], np.array(edges[1:])[:, None]
    return (a + 0.5 * (b - a) * (x + 1)).ravel(), (0.5 * (b - a) * w).ravel()


@pytest.mark.parametrize("eta_nu", [0.0, 3.0, -12.0])
@pytest.mark.parametrize("blocked", [True, False])
def test_no_lepton_number(eta_nu, blocked):
    y, w = nodes(np.r_[0.0, 0.3, 1.0, 2.0, np.arange(5.0, abs(eta_nu) + 45, 5.0)], 12)
    f = fermi(y - np.array([eta_nu, -eta_nu, 0.0, 0.0])[:, None])
    j = absorption(y, 4e37, 1e37, eta_nu, blocked=blocked) * f
    number = (j * (1 - f) if blocked else j) @ (w * y**2)
    assert number[0] == pytest.approx(number[1], rel=1e-5, abs=0)
    assert number[2] == number[3]
    if not blocked or eta_nu == 0.0:
        assert number[0] == pytest.approx(number[2], rel=1e-5, abs=0)


def test_dilute_and_degenerate_nucleons():
    y = np.array([0.5, 3.0, 10.0])
    dilute = absorption(y, 2e33, 0.0) / absorption(y, 1e33, 0.0)
    np.testing.assert_allclose(dilute, 4.0, rtol=3e-3)
    # cold and dense: each nucleon meets fewer partners, and soft pairs are suppressed
    dense = absorption(y, 2e38, 0.0, t=5.0) / absorption(y, 1e38, 0.0, t=5.0)
    assert np.all(dense < 3.0)
    assert np.all(np.diff(dense[2]) > 0.0)


def test_channels_add_up():
    """nn, pp and np with 1, 1 and 28/3 of the geometric mean density, up to nucleon masses."""
    y = np.array([0.5, 3.0, 10.0])
    like = absorption(y, 1e35, 0.0)
    np.testing.assert_allclose(absorption(y, 0.0, 1e35), like, rtol=5e-3)
    np.testing.assert_allclose(absorption(y, 1e35, 1e35), like * (2 + 28 / 3), rtol=5e-3)
    assert absorption(y, 0.0, 0.0).max() == 0.0


def test_integral_over_the_second_neutrino(as_mode):
    """Emission of nux against quad, narrow resonance and low energy included."""
    t, n, y = 20.0, 1e34, 0.05
    pion = 1.94 / (t / 10)
    e = (3 * np.pi**2 * n) ** (2 / 3) * HBAR_C**2 / (2 * M_NEUTRON * t)
    gamma = 1.63 * e**1.5 * t / 10
    channel = [np.array([value, 1.0, 1.0]) for value in (
        e, 3 * (np.pi / 2) ** 2.5 * e**-2.5 * _pion_mass(pion, e), 0.5 * gamma * _g(pion, e), 0.0
    )]  # fmt: skip
    channel[3] = np.array([n * gamma / t, 0.0, 0.0])
    kernel = as_mode(_channels)

    def integrand(z):
        s = kernel(y + z, pion, 0.67 + 0.18 * pion**0.4, *channel)
        return z**2 * np.exp(-y - z) * s * (1 - fermi(z))

    integral = sum(quad(integrand, a, b, epsrel=1e-9)[0] for a, b in ((0, 0.1), (0.1, 2), (2, 40)))
    j = 3 * 0.63**2 * (C.g_fermi * C.hbar_c) ** 2 * C_LIGHT / (2 * np.pi**2) * t**3 * integral
    found = C_LIGHT * absorption(y, n, 0.0, t=t)[2, 0] * fermi(y)
    assert found == pytest.approx(j, rel=1e-4, abs=0)


def test_any_matter():
    """No negative, infinite or undefined value from trace nucleons to nuclear density."""
    t = 10.0 ** np.linspace(-2, 2, 7)
    n = np.array([0.0, 1.0, 1e20, 1e30, 1e36, 1e39])
    eta_nu = np.array([-700.0, -20.0, 0.0, 30.0, 700.0])
    t, n_n, n_p, eta_nu = (x.ravel() for x in np.meshgrid(t, n, n, eta_nu))
    energy = np.array([1e-2, 1.0, 30.0, 1000.0])[:, None] * t
    kappa = hr98_absorption(t, n_n, n_p, eta_nu * t, energy, C)
    assert np.all(np.isfinite(kappa) & (kappa >= 0.0))


def test_two_published_rates(shared):
    """Energy emitted without blocking, over the fit of Burrows, Reddy & Thompson (2006).

    Bremsstrahlung is uncertain by a factor of 2; the fit is too large by more in dilute matter
    (the pion mass) and in degenerate matter.
    """
    points = pd.read_csv(shared / "reference" / "opacity_points.csv").set_index("id")
    names = ["temperature", "x_n", "x_p", "mu_e", "mu_hat"]
    matter = xr.Dataset({name: ("r", points[name].to_numpy()) for name in names})
    matter["rho"] = ("r", points["n_b"].to_numpy() * M_U_GRAM)
    matter.attrs["baryon_mass"] = M_U_GRAM
    y, w = nodes(np.r_[0.0, 0.2, 1.0, np.arange(3.0, 45.0, 4.0)], 8)
    t = points["temperature"].to_numpy()
    energy = xr.DataArray(y[:, None] * t, {"energy": y}, ("energy", "r"))
    fit = rates(matter, energy, "bremsstrahlung")["absorption"].to_numpy()[2]
    n_b = points["n_b"].to_numpy()
    kernel = hr98_absorption(
        t.copy(), n_b * points["x_n"].to_numpy(), n_b * points["x_p"].to_numpy(), 0 * t,
        energy.to_numpy(), C, blocked=False,
    )[2]  # fmt: skip
    weight = w * y**3 * fermi(y)
    ratio = pd.Series((weight @ kernel) / (weight @ fit), points.index)
    assert ratio.median() == pytest.approx(0.66, abs=0.02)
    assert ratio.min() == ratio["ccsn066"] == pytest.approx(0.14, abs=0.01)
    assert ratio.max() == ratio["ccsn014"] == pytest.approx(0.97, abs=0.01)


def test_species():
    """Kernel: all species in detailed balance. Fit: heavy flavours only, as it has no blocking."""
    data = {"rho": 1e13, "temperature": 10.0, "mu_e": 40.0, "mu_hat": 30.0, "x_n": 0.8, "x_p": 0.2}
    matter = xr.Dataset({name: ("r", [value]) for name, value in data.items()})
    energy = np.array([5.0, 30.0])
    kernel = rates(matter, energy, "bremsstrahlung_hr98")
    balance = C_LIGHT * kernel["absorption"] * equilibrium_occupation(matter, energy)
    np.testing.assert_allclose(kernel["emissivity"], balance, rtol=1e-13)
    assert float(kernel["absorption"].min()) > 0.0
    np.testing.assert_array_equal(kernel["absorption"][2], kernel["absorption"][3])
    fit = rates(matter, energy, "bremsstrahlung")["absorption"]
    assert float(fit[:2].max()) == 0.0
    assert float(fit[2:].min()) > 0.0


def test_not_both():
    matter = xr.Dataset({"rho": ("r", [1e13])})
    with pytest.raises(QkepipeError) as caught:
        rates(matter, [5.0], ("beta", "bremsstrahlung", "bremsstrahlung_hr98"))
    assert "bremsstrahlung and bremsstrahlung_hr98 are the same reaction" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
