"""Chemical potentials: with rest masses or without, and not exchanged.

Two states where theory fixes them. In dilute hot nucleon gas (Maxwell-Boltzmann),

    mu_n - mu_p = T ln(n_n/n_p) + (m_n - m_p) + (U_n - U_p) .

Electrons above 1 MeV: n_e = [mu^3 + (pi^2 T^2 - 3/2 m_e^2) mu]/(3 pi^2 (hbar c)^3), the
relativistic Fermi gas with pairs to second order in m_e (Bludman & van Riper 1978, ApJ
224, 631), with mu counted from zero energy.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import HBAR_C, M_ELECTRON, M_U_GRAM, Q_NP
from qkepipe.snapshot.checks.view import View

__all__ = ["check", "relativistic_electron_potential"]

#: Zones of the tests: density of the nucleon gas [g cm^-3], temperature [MeV], fraction.
_DILUTE, _HOT, _PRESENT = 1e11, 1.0, 1e-2
#: Electrons up to this chemical potential [MeV]: rounding and baryon mass matter above.
_MU_E_MAX = 10.0
#: Accepted distance [MeV] from the value of a convention, nucleons and electrons.
_NEAR_NUCLEON, _NEAR_ELECTRON = 0.4, 0.15


def relativistic_electron_potential(density, temperature) -> np.ndarray:
    """mu_e [MeV] of a relativistic electron-positron gas, see the module's header.

    Parameters
    ----------
    density : ndarray
        Net electron density [cm^-3].
    temperature : ndarray
        [MeV], above 0.5 m_e; same shape.

    Returns
    -------
    ndarray
        The real root of mu^3 + 3 b mu = 3 pi^2 (hbar c)^3 n, b = (pi^2 T^2 - 3/2 m_e^2)/3.
    """
    b = (np.pi**2 * temperature**2 - 1.5 * M_ELECTRON**2) / 3.0
    half = 1.5 * np.pi**2 * HBAR_C**3 * density
    return 2.0 * np.sqrt(b) * np.sinh(np.arcsinh(half / b**1.5) / 3.0)


def check(view: View) -> None:
    """Report chemical potentials of another convention."""
    _nucleons(view)
    _electrons(view)


def _nucleons(view: View) -> None:
    given = view.get_all("rho", "temperature", "x_n", "x_p")
    mu_hat = view.mu_hat()
    if given is None or mu_hat is None:
        return
    rho, t, x_n, x_p = given
    delta_u = view.get("delta_u")
    zones = (rho < _DILUTE) & (t > _HOT) & (x_n > _PRESENT) & (x_p > _PRESENT)
    if not zones.any():
        return
    thermal = t * np.log(x_n.where(zones) / x_p.where(zones))
    thermal = thermal + (0.0 if delta_u is None else delta_u)
    offset = float((mu_hat - thermal).median())
    turned = float((-mu_hat - thermal).median())
    name = "mu_hat" if "mu_hat" in view.dataset.variables else "mu_n - mu_p"
    parts = ("mu_n", "mu_p", "mu_hat")
    text = f"mu_n - mu_p - T ln(n_n/n_p) is {offset:.4g} MeV in dilute hot matter"
    expected = f"{Q_NP:.4g} MeV (chemical potentials with rest masses)"
    if abs(offset - Q_NP) < _NEAR_NUCLEON or not np.isfinite(offset):
        return
    if abs(offset) < _NEAR_NUCLEON:
        _mark(view, name, zones, f"without rest masses? {text}", expected,
              f"adding m_n - m_p = {Q_NP:.4f} MeV in the reader's options", parts)  # fmt: skip
    elif abs(turned - Q_NP) < _NEAR_NUCLEON:
        _mark(view, name, zones, f"mu_n and mu_p exchanged? {text}", expected,
              "the column map", parts)  # fmt: skip
    else:
        _mark(view, name, zones, text, expected, "", parts, "warning")


def _mark(view, name, zones, problem, expected, hint, distrust, severity="error") -> None:
    view.report(
        name, zones, None, problem, expected, hint, severity, distrust=distrust, explains=False
    )
    view.distrust(*distrust)


def _electrons(view: View) -> None:
    given = view.get_all("rho", "temperature", "ye", "mu_e")
    if given is None:
        return
    rho, t, ye, mu_e = given
    mass = float(view.attrs.get("baryon_mass", M_U_GRAM))
    ideal = xr.zeros_like(rho) + relativistic_electron_potential(
        (rho * ye / mass), t.where(t > _HOT)
    )
    zones = (ideal < _MU_E_MAX) & (ideal >= 0.0)
    if not zones.any():
        return
    offset = float((mu_e - ideal).where(zones).median())
    if not np.isfinite(offset) or abs(offset) < _NEAR_ELECTRON:
        return
    text = f"differs from a relativistic electron gas by {offset:.4g} MeV (median)"
    expected = f"0 within {_NEAR_ELECTRON:g} MeV (electron rest mass included)"
    if abs(offset + M_ELECTRON) < _NEAR_ELECTRON:
        _mark(view, "mu_e", zones, f"without rest mass? It {text}", expected,
              f"adding {M_ELECTRON:.4f} MeV in the reader's options", ("mu_e",))  # fmt: skip
    else:
        _mark(view, "mu_e", zones, text, expected, "", ("mu_e",), "warning")
