"""Given rates against detailed balance, j = c kappa* f_FD (nue and nuebar, dense matter).

The ratio R = j/(c kappa* f_FD) of emissivity and stimulated-corrected absorption is 1. It
shows the three usual conventions: emission per steradian (4 pi or its inverse, at every
energy), absorption without stimulated correction (1/(1 - f_FD), seen where f_FD is not
small), emission per MeV (one over the width of the group).
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.phasespace import fermi_dirac
from qkepipe.snapshot.checks.view import View

__all__ = ["check"]

#: Matter [g cm^-3] whose rates of nue and nuebar obey detailed balance.
_DENSE = 1e12
#: Occupations: dilute below, degenerate between.
_DILUTE, _DEGENERATE = 0.01, (0.2, 0.99)
_FAINTEST = 1e-30
#: A ratio fits a convention within this factor.
_FIT = 1.2
_NAMES = ("emissivity", "absorption")


def check(view: View) -> None:
    """Report rates of another convention."""
    points = _points(view)
    if points is None:
        return
    ratio, f, width = points
    dilute = f < _DILUTE
    expected = "j/(c kappa f_FD) = 1 (stimulated-corrected absorption)"
    if dilute.any():
        found = _convention(ratio[dilute], None if width is None else width[dilute])
        if found is None:
            _unbalanced(view, ratio[dilute], expected)
            return
        if found:
            _refuse(view, "emissivity", _median(ratio[dilute]), found, expected,
                    "declaring the emission per steradian or angle-integrated, per group or per "
                    "MeV")  # fmt: skip
            return
    _stimulated(view, ratio, f, expected)


def _convention(ratio: np.ndarray, width: np.ndarray | None) -> str | None:
    """Name the convention whose factor brings the ratios nearest to 1.

    Empty for the project's own; None where no convention fits.
    """
    candidates = [
        (1.0, ""),
        (0.25 / np.pi, "per steradian? This is 4 pi"),
        (4.0 * np.pi, "per steradian? This is 1/(4 pi)"),
    ]
    if width is not None:
        candidates += [
            (width, "per MeV? The ratio follows 1/dE"),
            (1.0 / width, "per MeV? The ratio follows dE"),
        ]
    distance = [float(np.median(abs(np.log(ratio * factor)))) for factor, _ in candidates]
    best = int(np.argmin(distance))
    return candidates[best][1] if distance[best] < np.log(_FIT) else None


def _stimulated(view: View, ratio: np.ndarray, f: np.ndarray, expected: str) -> None:
    """Report absorption without stimulated correction, from states that are not dilute."""
    degenerate = (f > _DEGENERATE[0]) & (f < _DEGENERATE[1])
    if not degenerate.any():
        return
    ratio, f = ratio[degenerate], f[degenerate]
    corrected = np.median(abs(np.log(ratio * (1.0 - f))))
    if corrected < min(np.log(_FIT), np.median(abs(np.log(ratio)))):
        _refuse(view, "absorption", _median(ratio), "bare absorption?", expected,
                "declaring the absorption as bare (without stimulated correction)")  # fmt: skip
    elif np.median(abs(np.log(ratio))) > np.log(_FIT):
        _unbalanced(view, ratio, expected)


def _unbalanced(view: View, ratio: np.ndarray, expected: str) -> None:
    view.report(
        "emissivity", None, None,
        f"no detailed balance: j/(c kappa f_FD) is {_median(ratio):.4g} (median)", expected,
        "the convention of the rates", severity="warning", explains=False,
    )  # fmt: skip


def _refuse(view: View, name: str, ratio: float, problem: str, expected: str, hint: str) -> None:
    view.report(
        name, None, None, f"{problem} (median j/(c kappa f_FD) = {ratio:.4g})", expected, hint,
        distrust=_NAMES, explains=False,
    )  # fmt: skip


def _points(view: View):
    """Ratio, occupation and group width [MeV] of every usable (species, group, zone)."""
    given = view.get_all(*_NAMES, "rho", "temperature", "mu_e", "energy")
    mu_hat = view.mu_hat()
    if given is None or mu_hat is None:
        return None
    j, kappa, rho, t, mu_e, energy = given
    edges = view.get("energy_edge")
    known = edges is not None and edges.size == energy.size + 1
    width = xr.DataArray(np.diff(edges.values), dims="energy") if known else None
    columns: list[list[np.ndarray]] = [[], [], []]
    for species, sign in (("nue", 1.0), ("nuebar", -1.0)):
        emission, absorption = view.species(j, species), view.species(kappa, species)
        if emission is None or absorption is None or "energy" not in emission.dims:
            continue
        dense = (rho > _DENSE) & (t > 0.0)
        f = xr.apply_ufunc(fermi_dirac, energy, t.where(dense, 1.0), sign * (mu_e - mu_hat))
        good = (emission > 0.0) & (absorption > 0.0) & (f > _FAINTEST) & dense
        ratio = (emission / (C_LIGHT * absorption * f)).where(good)
        mask = good.values & np.isfinite(ratio.values)
        columns[0].append(ratio.values[mask])
        columns[1].append(f.transpose(*ratio.dims).values[mask])
        if width is not None:
            columns[2].append(width.broadcast_like(ratio).transpose(*ratio.dims).values[mask])
    if not columns[0] or sum(c.size for c in columns[0]) == 0:
        return None
    joined = [np.concatenate(c) if c else None for c in columns]
    return tuple(joined)


def _median(values: np.ndarray) -> float:
    return float(np.exp(np.median(np.log(values))))
