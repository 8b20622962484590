"""Cells of a stability map that are worth a closer look."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.diagnostics.boundaries import Boundary
from qkepipe.diagnostics.geometry import cell_radius
from qkepipe.diagnostics.kinds import fastest_growth
from qkepipe.diagnostics.regions import Region

__all__ = ["chosen_cells"]

#: Boundaries at which a cell is looked at, in this order.
_AT = {
    "neutrinosphere_nuebar": "at the nuebar sphere",
    "neutrinosphere_nue": "at the nue sphere",
    "gain_radius": "at the gain radius",
    "shock": "at the shock",
}
#: Regions whose fastest cell is looked at.
_FASTEST = {
    "whole_map": "fastest",
    "pre_shock": "fastest, pre-shock",
    "polar": "fastest, polar",
    "disc": "fastest, disc",
}


def chosen_cells(
    stability: xr.Dataset, found: list[Region], at: dict[str, Boundary], count: int = 4
) -> list[tuple[str, dict[str, int]]]:
    """Cells of largest growth, and cells at the boundaries of regions.

    Fast growth decides, of the dispersion relation where it was solved and estimated elsewhere;
    without any, the growth of the other kinds, and without that the largest |Phi_0|.

    Parameters
    ----------
    stability : Dataset
        Kind ``stability`` over any space.
    found : list of Region
    at : dict
        :func:`qkepipe.diagnostics.boundaries.boundaries`. At a boundary, the fastest of the
        cells (one in each direction) that are nearest to it.
    count : int
        At most so many cells.

    Returns
    -------
    list of (str, dict)
        Why it was chosen, and its index in every dimension; each cell once.
    """
    growth = stability["ffi_growth_estimate"]
    if not bool((growth > 0.0).any()):
        growth = fastest_growth(stability)
    if not bool((growth > 0.0).any()):
        growth = abs(stability["potential_phi0"])
    growth = growth.transpose(*stability["instability"].dims)
    masks = {r.name: r.cells for r in found if r.cells is not None}
    wanted = [(words, masks[n]) for n, words in _FASTEST.items() if n in masks]
    radius = cell_radius(stability)
    if radius.dims == ("r",):
        near = [(w, _nearest(radius, at[n])) for n, w in _AT.items() if n in at and at[n].known]
        wanted[1:1] = [(words, mask) for words, mask in near if mask is not None]
    chosen: dict[tuple, str] = {}
    for words, mask in wanted:
        inside = growth.where(mask).transpose(*growth.dims)
        if bool((inside > 0.0).any()) or words in _AT.values():
            where = inside.fillna(-np.inf).argmax(growth.dims)
            chosen.setdefault(tuple(int(where[d]) for d in growth.dims), words)
    cells = [
        (words, dict(zip(map(str, growth.dims), i, strict=True))) for i, words in chosen.items()
    ]
    return cells[:count]


def _nearest(radius: xr.DataArray, boundary: Boundary) -> xr.DataArray | None:
    """Cells over (directions, r) nearest to a boundary; None if it is not on the map."""
    inside = (boundary.radius >= radius.min()) & (boundary.radius <= radius.max())
    if not bool(inside.any()):
        return None
    distance = abs(radius - boundary.radius)
    return (distance == distance.min("r")) & inside
