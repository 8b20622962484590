"""Chemical potentials: with rest masses or without, and not exchanged.

What a snapshot declares (attribute ``rest_mass`` of the variable, set by readers whose format or
column map says so) must agree with the values; what it does not declare, the values must show.

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
_DECLARE = "the attribute rest_mass = included, once they are"


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
    """Report chemical potentials of another convention, or of none that can be told."""
    _nucleons(view)
    _electrons(view)


def _nucleons(view: View) -> None:
    mu_hat = view.mu_hat()
    if mu_hat is None:
        return
    whole = "mu_hat" in view.dataset.variables
    name = "mu_hat" if whole else "mu_n - mu_p"
    parts = ("mu_n", "mu_p", "mu_hat")
    declared = _declared(view, *(parts[2:] if whole else parts[:2]))
    given = view.get_all("rho", "temperature", "x_n", "x_p")
    offset = turned = np.nan
    if given is not None:
        rho, t, x_n, x_p = given
        delta_u = view.get("delta_u")
        zones = (rho < _DILUTE) & (t > _HOT) & (x_n > _PRESENT) & (x_p > _PRESENT)
        thermal = t * np.log(x_n.where(zones) / x_p.where(zones))
        thermal = thermal + (0.0 if delta_u is None else delta_u)
        if zones.any():
            offset = float((mu_hat - thermal).median())
            turned = float((-mu_hat - thermal).median())
    if not np.isfinite(offset):
        if not declared:
            _unknown(view, name, mu_hat, parts)
        return
    text = f"mu_n - mu_p - T ln(n_n/n_p) is {offset:.4g} MeV in dilute hot matter"
    expected = f"{Q_NP:.4g} MeV (chemical potentials with rest masses)"
    if abs(offset - Q_NP) < _NEAR_NUCLEON:
        return
    if abs(offset) < _NEAR_NUCLEON:
        _mark(view, name, zones, mu_hat, f"without rest masses? {text}", expected,
              f"adding m_n - m_p = {Q_NP:.4f} MeV in the reader's options", parts)  # fmt: skip
    elif abs(turned - Q_NP) < _NEAR_NUCLEON:
        _mark(view, name, zones, mu_hat, f"mu_n and mu_p exchanged? {text}", expected,
              "the column map", parts)  # fmt: skip
    elif declared:
        _mark(view, name, zones, mu_hat, text, expected, "", parts, "warning")
    else:
        _mark(view, name, zones, mu_hat, f"with or without rest masses? {text}", expected,
              _DECLARE, parts)  # fmt: skip


def _declared(view: View, *names: str) -> bool:
    """Whether the reader or the file says that these potentials include rest masses."""
    return all(view.dataset[name].attrs.get("rest_mass") == "included" for name in names)


def _unknown(view: View, name: str, values, distrust) -> None:
    """Neither declared nor to be seen from the values."""
    everywhere = xr.ones_like(values, dtype=bool)
    _mark(
        view, name, everywhere, values,
        "with or without rest masses? Not declared, and no zone is hot and dilute enough to tell",
        "chemical potentials with rest masses", _DECLARE, distrust,
    )  # fmt: skip


def _mark(view, name, zones, values, problem, expected, hint, distrust, severity="error") -> None:
    view.report(
        name, zones, values, problem, expected, hint, severity, units="MeV", distrust=distrust,
        explains=False,
    )  # fmt: skip
    view.distrust(*distrust)


def _electrons(view: View) -> None:
    mu_e = view.get("mu_e")
    if mu_e is None:
        return
    declared = _declared(view, "mu_e")
    given = view.get_all("rho", "temperature", "ye")
    offset = np.nan
    if given is not None:
        rho, t, ye = given
        mass = float(view.attrs.get("baryon_mass", M_U_GRAM))
        ideal = xr.zeros_like(rho) + relativistic_electron_potential(
            (rho * ye / mass), t.where(t > _HOT)
        )
        zones = (ideal < _MU_E_MAX) & (ideal >= 0.0)
        if zones.any():
            offset = float((mu_e - ideal).where(zones).median())
    if not np.isfinite(offset):
        if not declared:
            _unknown(view, "mu_e", mu_e, ("mu_e",))
        return
    if abs(offset) < _NEAR_ELECTRON:
        return
    text = f"differs from a relativistic electron gas by {offset:.4g} MeV (median)"
    expected = f"0 within {_NEAR_ELECTRON:g} MeV (electron rest mass included)"
    if abs(offset + M_ELECTRON) < _NEAR_ELECTRON:
        _mark(view, "mu_e", zones, mu_e, f"without rest mass? It {text}", expected,
              f"adding {M_ELECTRON:.4f} MeV in the reader's options", ("mu_e",))  # fmt: skip
    elif declared:
        _mark(view, "mu_e", zones, mu_e, text, expected, "", ("mu_e",), "warning")
    else:
        _mark(view, "mu_e", zones, mu_e, f"with or without rest mass? It {text}", expected,
              _DECLARE, ("mu_e",))  # fmt: skip
