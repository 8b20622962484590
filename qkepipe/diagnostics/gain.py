"""Gain radius and the net heating between it and the shock.

The gain radius is where net heating turns from negative to positive outwards, the
outermost such place behind the shock (Bethe & Wilson 1985, ApJ 295, 14).
"""

from __future__ import annotations

import numpy as np

from qkepipe.phasespace import RadialGrid

__all__ = ["gain_radius", "net_heating_between"]


def gain_radius(
    net_heating: np.ndarray, radius: RadialGrid, shock: float | None = None
) -> tuple[float, str]:
    """Find the gain radius.

    Parameters
    ----------
    net_heating : ndarray (n_r,)
        Heating minus cooling of each cell; only its sign and zero matter.
    radius : RadialGrid
    shock : float, optional
        Shock radius [cm]; default: the outer edge of the grid.

    Returns
    -------
    radius : float
        [cm], linear between cell centres; NaN where there is none.
    status : str
        ``found``, or why there is none.
    """
    limit = radius.edges[-1] if shock is None else shock
    # cells without any exchange carry no sign
    cells = np.flatnonzero((radius.centres < limit) & (net_heating != 0.0))
    q, r = net_heating[cells], radius.centres[cells]
    if q.size == 0:
        return np.nan, "no exchange of energy with matter inside the shock"
    turns = np.flatnonzero((q[:-1] < 0.0) & (q[1:] > 0.0))
    if turns.size == 0:
        if q[0] > 0.0:
            return np.nan, "inside the inner edge of the grid, if any"
        return np.nan, "no gain region: matter cools everywhere inside the shock"
    k = turns[-1]
    return float(r[k] + (r[k + 1] - r[k]) * q[k] / (q[k] - q[k + 1])), "found"


def net_heating_between(
    net_heating: np.ndarray, rho: np.ndarray, radius: RadialGrid, low: float, high: float
) -> float:
    """Volume integral of rho times the net heating between two radii [erg s^-1].

    Local energy per coordinate time: int q rho 4 pi r^2 X a dr.

    Parameters
    ----------
    net_heating : ndarray (n_r,)
        [erg g^-1 s^-1], constant in each cell.
    rho : ndarray (n_r,)
        [g cm^-3].
    radius : RadialGrid
    low, high : float
        [cm]; cells are cut there, and nothing lies beyond the edges of the grid. NaN
        gives NaN.
    """
    cut = np.clip(radius.edges, low, high)
    volume = 4.0 * np.pi / 3.0 * np.diff(cut**3)
    return float(np.sum(net_heating * rho * volume * radius.radial_metric * radius.lapse))
