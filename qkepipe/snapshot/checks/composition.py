"""Composition: mass fractions that add up, and charge neutrality."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.snapshot.checks.view import View

__all__ = ["check"]

_FRACTIONS = ("x_n", "x_p", "x_alpha", "x_heavy")
#: abs(sum X - 1): above the first the numbers are no mass fractions, above the second
#: something is not listed (light clusters reach 0.105).
_WRONG, _INCOMPLETE = 0.15, 1e-3
#: Accepted abs(Y_e - sum Z_i Y_i), and the heavy fraction whose charge may be unknown.
_CHARGE, _TRACE = 0.02, 1e-3


def check(view: View) -> None:
    """Report the sum of mass fractions; where it is complete, the charge."""
    fractions = view.get_all(*_FRACTIONS)
    if fractions is None:
        return
    total = sum(fractions)
    off = abs(total - 1.0)
    name = " + ".join(_FRACTIONS)
    if (off > _WRONG).any():
        _sum(view, off > _WRONG, total, name)
        return
    part = off > _INCOMPLETE
    if part.any():
        worst = float(total.values.ravel()[int(np.nanargmax(off.values))])
        view.report(
            "x_n", part, None,
            f"composition incomplete: {name} differs from 1, worst {worst:.4g}",
            hint="listing light clusters; nothing is renormalised",
            severity="warning", explains=False,
        )  # fmt: skip
    _charge(view, fractions, off <= _INCOMPLETE)


def _sum(view: View, mask: xr.DataArray, total: xr.DataArray, name: str) -> None:
    view.report(
        "x_n", mask, None,
        f"number per baryon? {name} = {float(total.values[mask.values][0]):.4g}",
        f"mass fractions, sum 1 within {_WRONG:g}", "declaring per_baryon for the columns",
        distrust=_FRACTIONS, explains=False,
    )  # fmt: skip


def _charge(view: View, fractions: list[xr.DataArray], complete: xr.DataArray) -> None:
    """Warn where Y_e is not the charge of the listed nuclei (no muons)."""
    ye, nuclei = view.get("ye"), view.get_all("abar", "zbar")
    if ye is None:
        return
    _, protons, alphas, heavy = fractions
    if nuclei is None:
        ratio = xr.full_like(heavy, float("nan"))
    else:
        ratio = nuclei[1] / nuclei[0].where(nuclei[0] > 0.0)
    # a trace of heavy nuclei of unknown charge does not matter
    known = ratio.notnull() | (heavy < _TRACE)
    charge = protons + 0.5 * alphas + heavy * ratio.fillna(0.5)
    wrong = (abs(ye - charge) > _CHARGE) & complete & known
    if wrong.any():
        value = float(charge.values[wrong.values][0])
        view.report(
            "ye", wrong, ye, f"not the charge of the nuclei, {value:.4g} per baryon",
            f"equal within {_CHARGE:g}", "the columns of the composition",
            severity="warning", explains=False,
        )  # fmt: skip
