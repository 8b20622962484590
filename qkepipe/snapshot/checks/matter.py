"""Artificial matter: the atmosphere of a grid code, the floor of a table."""

from __future__ import annotations

import numpy as np

from qkepipe.schema import quantity
from qkepipe.snapshot.checks.view import View

__all__ = ["check"]

#: Zones that must share the minimum density to be called an atmosphere.
_ATMOSPHERE_ZONES = 3
#: Zones that must share one Y_e above this density [g cm^-3] to be called a floor.
_FLOOR_ZONES, _FLOOR_DENSITY = 5, 1e10


def check(view: View) -> None:
    """Warn of an atmosphere; note a Y_e that repeats in dense matter."""
    matter = view.get_all("rho", "temperature", "ye")
    if matter is None or len({m.dims for m in matter}) > 1:
        return
    rho, temperature, ye = matter
    flat_rho, flat_t, flat_ye = (m.values.ravel() for m in matter)
    if not np.isfinite(flat_rho).any():
        return
    first = int(np.nanargmin(flat_rho))
    plateau = (rho == flat_rho[first]) & (temperature == flat_t[first]) & (ye == flat_ye[first])
    if int(plateau.sum()) >= _ATMOSPHERE_ZONES:
        view.report(
            "rho", plateau, rho, "atmosphere: minimum density with constant T and Y_e",
            hint="a mask by a declared density threshold", severity="warning", explains=False,
        )  # fmt: skip
    dense = flat_ye[(flat_rho > _FLOOR_DENSITY) & np.isfinite(flat_ye)]
    values, counts = np.unique(dense, return_counts=True)
    if values.size > 1 and counts.max() >= _FLOOR_ZONES:
        value = values[np.argmax(counts)]
        floor = (ye == value) & (rho > _FLOOR_DENSITY)
        view.report(
            "ye", floor, ye,
            f"one value above {quantity(_FLOOR_DENSITY, 'g cm-3')}: limit of an "
            "equation-of-state table?",
            severity="note", explains=False,
        )  # fmt: skip
