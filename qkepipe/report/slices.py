"""Plane cuts through a stability map of two or three dimensions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from qkepipe.diagnostics.geometry import cell_edges, space_dims
from qkepipe.units import KM_CM

__all__ = ["Patch", "Slice", "slices"]

#: Longest part of an arc that is drawn straight [rad].
_ARC = np.radians(5.0)


@dataclass(frozen=True)
class Patch:
    """Cells of one sheet of a cut.

    Attributes
    ----------
    cells : dict
        Index of every dimension that the cut fixes.
    dims : tuple of str
        The two others, in the order of the arrays below.
    parts : int
        Parts that a cell is drawn in along the first dimension, so that arcs are round.
    corners : tuple of ndarray (parts n + 1, m + 1)
        Horizontal and vertical coordinates of the corners of these parts [km].
    centres : tuple of ndarray (n, m)
        The same of their centres [km].
    """

    cells: dict[str, int]
    dims: tuple[str, str]
    parts: int
    corners: tuple[np.ndarray, np.ndarray]
    centres: tuple[np.ndarray, np.ndarray]

    def values(self, array: xr.DataArray) -> np.ndarray:
        """Values of a variable of the map on the cells, shape (n, m)."""
        return array.isel(self.cells).transpose(*self.dims).values.astype(float)


@dataclass(frozen=True)
class Slice:
    """A cut: its name, the names of its horizontal and vertical axis, and its sheets."""

    title: str
    axes: tuple[str, str]
    patches: list[Patch]


def slices(stability: xr.Dataset, growth: xr.DataArray) -> list[Slice]:
    """Cuts of a map: the meridional plane of its fastest cell, and the equator.

    Parameters
    ----------
    stability : Dataset
        Over (theta, r), (phi, r), (phi, theta, r), or two or three of (z, y, x).
    growth : DataArray
        Growth rate of every cell, which picks the azimuth.

    Returns
    -------
    list of Slice
        Empty for a map over one dimension.
    """
    dims = space_dims(stability)
    if len(dims) < 2:
        return []
    if "r" not in dims:
        return _cartesian(stability, dims)
    cuts = []
    if "theta" in dims:
        cuts.append(_meridional(stability, growth))
    if "phi" in dims:
        cuts.append(_equatorial(stability))
    return cuts


def _meridional(stability: xr.Dataset, growth: xr.DataArray) -> Slice:
    if "phi" not in stability.dims:
        return Slice("meridional", ("x", "z"), [_sheet(stability, {}, 1.0)])
    phi = stability["phi"].values.astype(float)
    best = int(growth.max([d for d in growth.dims if d != "phi"]).values.argmax())
    other = int(np.cos(phi - phi[best]).argmin())
    sheets = [_sheet(stability, {"phi": best}, 1.0)]
    if np.cos(phi[other] - phi[best]) < 0.0:
        sheets.append(_sheet(stability, {"phi": other}, -1.0))
    return Slice(f"φ = {np.degrees(phi[best]):.3g}°", ("s", "z"), sheets)


def _sheet(stability: xr.Dataset, cells: dict, side: float) -> Patch:
    """Half a meridional plane, to the right or left of the axis."""

    def place(theta, r):
        return side * r * np.sin(theta) / KM_CM, r * np.cos(theta) / KM_CM

    return _patch(stability, cells, ("theta", "r"), place)


def _equatorial(stability: xr.Dataset) -> Slice:
    cells = {}
    if "theta" in stability.dims:
        cells["theta"] = int(np.abs(stability["theta"].values - 0.5 * np.pi).argmin())

    def place(phi, r):
        return r * np.cos(phi) / KM_CM, r * np.sin(phi) / KM_CM

    return Slice("equator", ("x", "y"), [_patch(stability, cells, ("phi", "r"), place)])


def _cartesian(stability: xr.Dataset, dims: tuple[str, ...]) -> list[Slice]:
    def place(up, along):
        return along / KM_CM, up / KM_CM

    cuts = []
    for normal, across, up in (("y", "x", "z"), ("x", "y", "z"), ("z", "x", "y")):
        # the meridional plane along y only where there is none along x
        if not {across, up} <= set(dims) or (normal == "x" and "x" in dims):
            continue
        cells = {normal: int(np.abs(stability[normal].values).argmin())} if normal in dims else {}
        title = "equator" if normal == "z" else "meridional"
        cuts.append(Slice(title, (across, up), [_patch(stability, cells, (up, across), place)]))
    return cuts


def _patch(stability: xr.Dataset, cells: dict, dims: tuple[str, str], place) -> Patch:
    first, second = (cell_edges(stability, d) for d in dims)
    parts = 1
    if dims[1] == "r":
        parts = int(np.ceil(np.abs(np.diff(first)).max() / _ARC - 1e-9))
        whole = np.arange(first.size)
        first = np.interp(np.arange(parts * (first.size - 1) + 1) / parts, whole, first)
    edges = np.meshgrid(first, second, indexing="ij")
    centres = np.meshgrid(*(stability[d].values.astype(float) for d in dims), indexing="ij")
    return Patch(cells, dims, parts, place(*edges), place(*centres))
