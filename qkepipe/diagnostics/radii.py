"""Radii at which profiles are reported, and values there."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.diagnostics.gain import gain_radius
from qkepipe.diagnostics.heating import heating_and_cooling
from qkepipe.errors import Defect, QkepipeError
from qkepipe.phasespace import RadialGrid
from qkepipe.solvers.sphere import grid_of
from qkepipe.units import KM_CM

__all__ = ["at_radii", "default_profile_radii", "inside_grid", "shock_of"]


def shock_of(background: xr.Dataset) -> tuple[float, str]:
    """Outer limit of the gain region [cm] and what it is.

    The shock where the background knows it and it lies on the grid, otherwise the outer
    edge of the grid.
    """
    edge = float(background["r_edge"].values[-1])
    shock = background.attrs.get("shock_radius")
    if shock is None:
        return edge, "outer edge of the grid, no shock is known"
    if float(shock) > edge:
        return edge, "outer edge of the grid, the shock lies outside it"
    return float(shock), "shock"


def default_profile_radii(background: xr.Dataset) -> np.ndarray:
    """Radii [cm] for a study that names none; the outer edge is always the last.

    With a classical field ``f`` in the background that has a gain region: a place in the
    cooling layer (0.85 of the gain radius), the gain radius and the middle of the gain
    region. Otherwise thirds of the domain in log r. Inner ones are rounded to 1 km, so
    that all cases and resolutions of a snapshot share them.
    """
    grid = grid_of(background)
    first, last = grid.radius.edges[[0, -1]]
    inner = [first ** (2 / 3) * last ** (1 / 3), first ** (1 / 3) * last ** (2 / 3)]
    if "f" in background:
        f = background["f"].transpose("species", "energy", "mu", "r").values
        heating, cooling = heating_and_cooling(f, background)
        limit, _ = shock_of(background)
        gain, _ = gain_radius(heating - cooling, grid.radius, limit)
        if np.isfinite(gain):
            inner = [0.85 * gain, gain, 0.5 * (gain + limit)]
    rounded = np.unique(np.round(np.array(inner) / KM_CM) * KM_CM)
    return np.append(rounded[(rounded > first) & (rounded < last)], last)


def inside_grid(radii, radius: RadialGrid) -> np.ndarray:
    """Sorted radii [cm], without repetition.

    Raises
    ------
    QkepipeError
        If one of them lies outside the grid.
    """
    values = np.unique(np.asarray(radii, dtype=float))
    first, last = radius.edges[[0, -1]]
    outside = values[~((values >= first) & (values <= last))]
    if values.size == 0 or outside.size:
        raise QkepipeError(
            Defect(
                "summary",
                "profile_radii",
                "outside the grid: " + ", ".join(f"{v / KM_CM:g} km" for v in outside)
                if outside.size
                else "no radius",
                f"radii from {first / KM_CM:g} to {last / KM_CM:g} km",
            )
        )
    return values


def at_radii(values, centres, radii) -> np.ndarray:
    """Linear interpolation of ``values(..., r)`` between cell centres, shape (..., n).

    Within half a cell of the edges the value of the first or last cell holds.
    """
    values = np.asarray(values, dtype=float)
    if len(centres) == 1:
        return np.repeat(values, len(radii), axis=-1)
    k = np.clip(np.searchsorted(centres, radii) - 1, 0, len(centres) - 2)
    share = np.clip((radii - centres[k]) / (centres[k + 1] - centres[k]), 0.0, 1.0)
    low, high = values[..., k], values[..., k + 1]
    # a missing neighbour does not spoil a value that does not need it
    return np.where(share == 0.0, low, np.where(share == 1.0, high, low + share * (high - low)))
