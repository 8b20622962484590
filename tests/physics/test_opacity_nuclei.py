"""Electron capture on heavy nuclei of Bruenn, ApJS 58, 771 (1985), appendix C.

Emission and absorption as printed there balance each other at mu_nue = mu_e - mu_hat, whatever
the level: the energy Q' = mu_hat + 3 MeV of the transition cancels. The shells are full at
Z = 28 protons in 1f7/2 and closed at N = 40 neutrons in 1f5/2.
"""

import numpy as np
import pytest
import xarray as xr

from qkepipe.constants import C_LIGHT, M_U_GRAM
from qkepipe.opacity import WeakConstants, rates

C = WeakConstants()
T, MU_E, MU_HAT = 1.2, 13.0, 8.0
ENERGY = np.array([1.0, 5.0, 10.0, 25.0])


def collapse(abar=56.0, zbar=26.0, **changed):
    values = {"rho": 1e11, "temperature": T, "mu_e": MU_E, "mu_hat": MU_HAT, "x_heavy": 0.9}
    values |= {"abar": abar, "zbar": zbar} | changed
    return xr.Dataset({name: ("r", [value]) for name, value in values.items()})


def strength(abar=56.0, protons=6.0, holes=6.0):
    """S of the capture [cm^-1] for A = 56, Z = 26, N = 30."""
    eps = ENERGY + MU_HAT + 3.0
    nuclei = 0.9 * 1e11 / M_U_GRAM / abar
    return C.g2 * C.g_a**2 * 2 / 7 * protons * holes * nuclei * eps * np.sqrt(eps**2 - C.m_e**2)


def test_emission_and_absorption_as_printed():
    out = rates(collapse(), ENERGY, "absorption_nuclei").isel(r=0)
    eps = ENERGY + MU_HAT + 3.0
    f_e = 1 / (1 + np.exp((eps - MU_E) / T))
    nue = out.sel(species="nue")
    np.testing.assert_allclose(nue["emissivity"], C_LIGHT * strength() * f_e, rtol=1e-12)
    bare = strength() * (1 - f_e) * np.exp((MU_HAT - (MU_HAT + 3.0)) / T)
    np.testing.assert_allclose(nue["absorption"] - nue["emissivity"] / C_LIGHT, bare, rtol=1e-9)
    rest = out.sel(species=["nuebar", "nux", "nuxbar"])
    assert float(abs(rest.to_dataarray()).max()) == 0.0


@pytest.mark.parametrize(
    "abar, zbar, protons, holes",
    [
        (70.0, 30.0, 8.0, 0.0),
        (66.0, 28.0, 8.0, 2.0),
        (40.0, 20.0, 0.0, 6.0),
        (50.0, 23.0, 3.0, 6.0),
    ],
)
def test_shells(abar, zbar, protons, holes):
    out = rates(collapse(abar, zbar), ENERGY, "absorption_nuclei")
    full = rates(collapse(), ENERGY, "absorption_nuclei")["absorption"]
    expected = full * (protons * holes / 36 * 56 / abar)
    np.testing.assert_allclose(out["absorption"], expected, rtol=1e-12)


def test_blocked_electrons_and_threshold():
    """Without electrons only absorption remains; below m_e there is no state for the electron."""
    out = rates(collapse(mu_e=-50.0), ENERGY, "absorption_nuclei").sel(species="nue").isel(r=0)
    np.testing.assert_allclose(out["absorption"], strength() * np.exp(-3 / T), rtol=1e-12)
    below = rates(collapse(mu_hat=-12.0), ENERGY, "absorption_nuclei").sel(species="nue").isel(r=0)
    np.testing.assert_array_equal(below["absorption"] > 0.0, C.m_e < ENERGY - 9.0)


@pytest.mark.parametrize("missing", [np.nan, 0.0])
def test_no_nuclei(missing):
    """Where a snapshot has no nuclei, mass and charge may be missing."""
    out = rates(collapse(missing, missing, x_heavy=0.0), ENERGY, "absorption_nuclei")
    assert float(abs(out.to_dataarray()).max()) == 0.0
