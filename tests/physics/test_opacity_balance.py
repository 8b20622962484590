"""Detailed balance, blackbody limits and simple closed limits of the weak rates.

j = c kappa* f_eq with mu_nue = mu_e - mu_hat (Kirchhoff); kappa* = kappa + j/c. In dilute,
warm matter the charged-current cross section is sigma_0 (1 + 3 g_A^2)/4 ((E + Q)/m_e)^2
(Bruenn, ApJS 58, 771), elastic scattering on nucleons E^2 n, the same for all species.
"""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import quad

from qkepipe.constants import (
    C_LIGHT,
    FINE_STRUCTURE,
    G_A,
    G_FERMI,
    HBAR_C,
    M_ELECTRON,
    M_U_GRAM,
    MEV_ERG,
    Q_NP,
    SIN2_THETA_W,
)
from qkepipe.matter import thermodynamics
from qkepipe.opacity import CONSTANTS, WEAK_MAGNETISM, equilibrium_occupation, rates
from qkepipe.phasespace import energy_density, energy_grid

COMPUTED = (
    "beta", "scattering_nucleons", "scattering_nuclei", "absorption_nuclei", "pair",
    "bremsstrahlung_hr98",
)  # fmt: skip


@pytest.fixture(scope="module")
def star():
    """Zones from 1e11 g cm^-3 outwards, completed by the matter room."""
    rho = np.geomspace(2e11, 1e8, 12)
    data = {
        "rho": ("r", rho),
        "temperature": ("r", np.linspace(7.0, 1.0, 12)),
        "ye": ("r", np.linspace(0.12, 0.48, 12)),
    }
    return thermodynamics(xr.Dataset(data, {"r": np.linspace(3e6, 1.5e7, 12)}))[0]


def dense():
    """Degenerate matter with a mean field, given as a snapshot would give it."""
    data = {
        "rho": 1e14,
        "temperature": 15.0,
        "ye": 0.1,
        "mu_e": 90.0,
        "mu_hat": 110.0,
        "x_n": 0.9,
        "x_p": 0.1,
        "delta_u": 25.0,
        "x_alpha": 0.0,
        "x_heavy": 0.0,
        "abar": 56.0,
        "zbar": 26.0,
    }
    return xr.Dataset({name: ("r", [value]) for name, value in data.items()}, {"r": [1e6]})


@pytest.mark.parametrize("weak_magnetism", WEAK_MAGNETISM)
@pytest.mark.parametrize("zones", ["star", "dense"])
def test_detailed_balance(star, zones, weak_magnetism):
    matter = star if zones == "star" else dense()
    energy = np.geomspace(0.5, 200.0, 40)
    out = rates(matter, energy, COMPUTED, weak_magnetism=weak_magnetism)
    f_eq = equilibrium_occupation(matter, energy)
    np.testing.assert_allclose(out["emissivity"], C_LIGHT * out["absorption"] * f_eq, rtol=1e-13)
    for name in ("emissivity", "absorption", "scattering", "scattering_transport"):
        assert np.all(np.isfinite(out[name]) & (out[name] >= 0.0))
        assert out[name].attrs["units"] == ("s-1" if name == "emissivity" else "cm-1")


def test_charged_current_lepton_side():
    """Independent of our route by kappa*: Bruenn's emissivity with the electron distribution.

    j_nue = c G eta_pn (E + Q')^2 sqrt(1 - m_e^2/(E + Q')^2) f_e-(E + Q'), eqs (C13)-(C20), and
    likewise for nuebar from positrons.
    """
    matter = dense().isel(r=0)
    t, mu_e, mu_hat = (float(matter[n]) for n in ("temperature", "mu_e", "mu_hat"))
    n_b = float(matter["rho"]) / M_U_GRAM
    energy = np.array([1.0, 10.0, 40.0, 120.0])
    out = rates(dense(), energy, ("beta",))["emissivity"].to_numpy()[..., 0]
    strength = (G_FERMI * HBAR_C) ** 2 * (1 + 3 * G_A**2) / np.pi
    q = Q_NP + 25.0
    x = (mu_hat - q) / t
    difference = n_b * (0.9 - 0.1)
    for k, e in enumerate(energy):
        electron, positron = e + q, e - q
        expected = C_LIGHT * strength * difference / np.expm1(x)
        expected *= electron * np.sqrt(electron**2 - M_ELECTRON**2)
        expected /= 1 + np.exp((electron - mu_e) / t)
        assert out[0, k] == pytest.approx(expected, rel=1e-11, abs=0)
        if positron > M_ELECTRON:
            expected = C_LIGHT * strength * difference / -np.expm1(-x)
            expected *= positron * np.sqrt(positron**2 - M_ELECTRON**2)
            expected /= 1 + np.exp((positron + mu_e) / t)
            assert out[1, k] == pytest.approx(expected, rel=1e-11, abs=0)
        else:
            assert out[1, k] == 0.0
    assert np.all(out[2:] == 0.0)


def test_dilute_cross_sections():
    """Free-nucleon limits at 15 MeV: no blocking, nothing degenerate."""
    data = {
        "rho": 1e6,
        "temperature": 1.0,
        "ye": 0.4,
        "mu_e": 0.0,
        "mu_hat": Q_NP + np.log(0.6 / 0.4),
        "x_n": 0.6,
        "x_p": 0.4,
    }
    matter = xr.Dataset({name: ("r", [value]) for name, value in data.items()})
    out = rates(matter, 15.0).isel(energy=0, r=0)
    n_b = 1e6 / M_U_GRAM
    sigma = (G_FERMI * HBAR_C) ** 2 / np.pi
    for species, n, lepton in (("nue", 0.6 * n_b, 15 + Q_NP), ("nuebar", 0.4 * n_b, 15 - Q_NP)):
        kappa = sigma * (1 + 3 * G_A**2) * n * lepton * np.sqrt(lepton**2 - M_ELECTRON**2)
        assert float(out["absorption"].sel(species=species)) == pytest.approx(
            kappa, rel=1e-5, abs=0
        )
    vector = 0.5 - 2 * SIN2_THETA_W
    chi0 = sigma * 225 * n_b * (0.6 * (0.25 + 0.75 * G_A**2) + 0.4 * (vector**2 + 0.75 * G_A**2))
    np.testing.assert_allclose(out["scattering"], chi0, rtol=1e-6)
    chi1 = sigma * 225 * n_b * (0.6 * (0.25 - 0.25 * G_A**2) + 0.4 * (vector**2 - 0.25 * G_A**2))
    np.testing.assert_allclose(out["scattering_transport"], chi0 - chi1 / 3, rtol=1e-6)


@pytest.mark.parametrize("polarised", [False, True])
def test_coherent_scattering_on_heavy_nuclei(polarised):
    """chi_tr by quadrature of dsigma/dOmega (Burrows et al. 2006), where ions are uncorrelated.

    Long waves without polarisation: chi_tr = (2/3)(sigma/4) A^2 W^2 n. chi0 = 3/2 chi_tr.
    """
    rho, mu_e, energy = 1e6, 5.0, [2.0, 60.0]
    base = dense()
    base["rho"][:], base["mu_e"][:] = rho, mu_e
    base["x_n"][:], base["x_p"][:], base["x_heavy"][:] = 0.0, 0.0, 1.0
    constants = replace(CONSTANTS["default"], electron_polarisation=polarised)
    out = rates(base, energy, ("scattering_nuclei",), constants).isel(species=0, r=0)
    n = rho / M_U_GRAM / 56
    weak = 1 - 2 * (26 / 56) * (1 - 2 * SIN2_THETA_W)
    momentum = np.sqrt(mu_e**2 - M_ELECTRON**2)
    for k, e in enumerate(energy):
        y = (e / 56) ** 2 * 0.56 ** (2 / 3)
        debye = np.pi * e**2 / (2 * FINE_STRUCTURE * momentum * mu_e)

        def cross_section(c, y=y, debye=debye):
            amplitude = weak * np.exp(-y * (1 - c) / 2)
            if polarised:
                amplitude += (26 / 56) * (1 + 4 * SIN2_THETA_W) / (1 + debye * (1 - c))
            return amplitude**2 * (1 + c) * (1 - c) / 8

        sigma = (G_FERMI * HBAR_C) ** 2 / np.pi * e**2 * 56**2 * n
        expected = sigma * quad(cross_section, -1, 1, epsrel=1e-10)[0]
        # Gauss-Legendre nodes against the peak of the polarisation term in forward direction
        tolerance = 1e-3 if polarised else 1e-9
        assert float(out["scattering_transport"][k]) == pytest.approx(expected, rel=tolerance)
        if not polarised and e < 3:
            assert expected == pytest.approx(sigma * weak**2 / 6, rel=2e-3, abs=0)
    np.testing.assert_allclose(out["scattering"], 1.5 * out["scattering_transport"], rtol=1e-14)


def test_correlated_ions_scatter_less():
    """Collapsing iron: neutrinos longer than the distance of ions are hardly scattered."""
    base = dense()
    base["rho"][:], base["temperature"][:], base["mu_e"][:] = 1e12, 1.5, 30.0
    base["x_n"][:], base["x_p"][:], base["x_heavy"][:] = 0.0, 0.0, 1.0
    radius = (3 * 56 * M_U_GRAM / (4 * np.pi * 1e12)) ** (1 / 3)
    long, short = 0.3 * HBAR_C / radius, 10 * HBAR_C / radius
    out = rates(base, [long, short], ("scattering_nuclei",)).isel(species=0, r=0)
    per_energy = out["scattering"].to_numpy() / np.array([long, short]) ** 2
    form_factor = np.exp(-((short / 56) ** 2) * 0.56 ** (2 / 3))
    assert per_energy[0] < 0.02 * per_energy[1] / form_factor


def test_blackbody_of_an_opaque_zone(star):
    """f_eq of nux integrates to 7 pi^2/240 T^4/(hbar c)^3; nue and nuebar have opposite mu."""
    energy = energy_grid(np.linspace(0.0, 300.0, 1201))
    f = equilibrium_occupation(star, energy)
    assert f.dims == ("species", "energy", "r")
    field = f.to_numpy()[2][:, None, :]
    angle = type("Isotropic", (), {"weights": np.ones(1), "centres": np.zeros(1)})
    t = star["temperature"].to_numpy()
    exact = 7 * np.pi**2 / 240 * t**4 / HBAR_C**3 * MEV_ERG
    np.testing.assert_allclose(energy_density(field, energy, angle), exact, rtol=2e-3)
    np.testing.assert_array_equal(f[2], f[3])
    logit = np.log(f / (1 - f)).isel(energy=20)
    mu_nue = (star["mu_e"] - star["mu_hat"]).to_numpy()
    np.testing.assert_allclose(logit[0] - logit[1], 2 * mu_nue / t, rtol=1e-9)


def test_bremsstrahlung_energy():
    """0.234 int x^2.4 e^(-1.1 x) dx = 0.5045: one neutrino carries half of the pair's energy.

    Energy lost by one flavour through neutrinos, from our emissivity (j is without blocking of
    the neutrino itself), against Q = 2.0778e30 zeta x_i rho14^2 T^5.5, zeta = 0.5.
    """
    matter = dense()
    t, rho14 = 15.0, 1.0
    half = quad(lambda x: 0.234 * x**2.4 * np.exp(-1.1 * x), 0, np.inf)[0]
    assert half == pytest.approx(0.5045, abs=1e-4)
    energy = energy_grid(np.linspace(0.0, 40 * t, 2001))
    j = rates(matter, energy, ("bremsstrahlung",))["emissivity"].to_numpy()[:, :, 0]
    loss = j[2] @ (energy.weights * energy.centres) * MEV_ERG
    pairs = 0.9**2 + 0.1**2 + 28 / 3 * 0.9 * 0.1
    q = 2.0778e30 * 0.5 * pairs * rho14**2 * t**5.5
    assert loss == pytest.approx(half * q, rel=1e-3, abs=0)
    np.testing.assert_array_equal(j[2], j[3])
    assert np.all(j[:2] == 0.0)


@pytest.mark.parametrize("kind, limit", [("point", 0.01), ("form_factors", 0.01)])
def test_weak_magnetism_limits(star, kind, limit):
    """Factor 1 at low energy; nuebar suppressed more than nue at high energy (Horowitz 2002)."""
    energy = np.array([0.5, 10.0, 60.0])
    plain = rates(star, energy, ("beta",))["absorption"]
    full = rates(star, energy, ("beta",), weak_magnetism=kind)["absorption"]
    ratio = (full / plain).to_numpy()[:2, :, 0]
    assert ratio[0, 0] == pytest.approx(1.0, abs=limit)
    assert ratio[1, 1] < ratio[0, 1]
    assert ratio[1, 2] < ratio[1, 1] < 1.0


def test_mean_field_moves_the_two_species_apart():
    """delta_u > 0 raises kappa of nue and lowers that of nuebar, at fixed mu_hat - delta_u."""
    with_field = dense()
    without = dense()
    without["delta_u"][:] = 0.0
    without["mu_hat"][:] = float(with_field["mu_hat"][0]) - 25.0

    def bare(matter):
        out = rates(matter, [60.0], ("beta",))
        return (out["absorption"] - out["emissivity"] / C_LIGHT).to_numpy()[:2, 0, 0]

    # nue + n -> p + e-(E + Q'): more phase space, less blocking; nuebar the other way round
    assert bare(with_field)[0] > 1.2 * bare(without)[0]
    assert bare(with_field)[1] < 0.8 * bare(without)[1]
