"""What the stability map says: where the field is unstable, and how fast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from qkepipe.diagnostics.geometry import cell_radius, radial_shells
from qkepipe.report.labels import envelope
from qkepipe.report.labels import radius as labelled_radius
from qkepipe.stability.fast import fast_unstable
from qkepipe.units import KM_CM

__all__ = ["Instability", "Peak", "describe", "shells"]


@dataclass(frozen=True)
class Peak:
    """Largest value of a quantity and its radius [km]."""

    value: float
    radius_km: float


@dataclass(frozen=True)
class Instability:
    """Numbers of a stability map.

    ``shells`` are radius ranges [km] with at least one fast-unstable cell; peaks are None
    where the quantity is absent or nowhere positive.
    """

    cells: int
    fast_cells: int
    directions: int
    range_km: tuple[float, float]
    shells: list[tuple[float, float]]
    estimate: Peak | None
    lsa: Peak | None
    lsa_cells: int
    collisional: Peak | None
    slow_normal: Peak | None
    slow_inverted: Peak | None
    resonance_cells: int | None


def shells(stability: xr.Dataset) -> list[tuple[float, float]]:
    """Contiguous radius ranges [km] of fast-unstable cells (in any direction)."""
    mask = fast_unstable(stability)
    flags = envelope(mask)[0] > 0.0
    radius, _ = labelled_radius(stability)
    edges = _edges(stability)
    steps = np.diff(np.concatenate([[0], flags.astype(int), [0]]))
    ranges = zip(np.flatnonzero(steps == 1), np.flatnonzero(steps == -1), strict=True)
    if edges is None:
        return [(float(radius[a]), float(radius[b - 1])) for a, b in ranges]
    return [(float(edges[a]), float(edges[b])) for a, b in ranges]


def _edges(stability: xr.Dataset) -> np.ndarray | None:
    if "r" not in stability.dims:
        return radial_shells(stability)[0] / KM_CM
    if "r_edge" in stability.variables and stability["r_edge"].size == stability["r"].size + 1:
        return stability["r_edge"].values / KM_CM
    return None


def _peak(stability: xr.Dataset, name: str) -> Peak | None:
    if name not in stability:
        return None
    array = stability[name].fillna(-np.inf)
    value = float(array.max())
    if not np.isfinite(value) or value <= 0.0:
        return None
    radius = cell_radius(stability).broadcast_like(array).transpose(*array.dims)
    return Peak(value, float(radius.isel(array.argmax(array.dims))) / KM_CM)


def describe(stability: xr.Dataset) -> Instability:
    """Collect the numbers of a map."""
    mask = fast_unstable(stability)
    radius = cell_radius(stability).values / KM_CM
    lsa = stability.get("lsa_growth_rate")
    flag = stability.get("mnr_flag")
    return Instability(
        cells=int(mask.size),
        fast_cells=int(mask.sum()),
        directions=int(mask.size // stability.sizes.get("r", mask.size)),
        range_km=(float(radius.min()), float(radius.max())),
        shells=shells(stability),
        estimate=_peak(stability, "ffi_growth_estimate"),
        lsa=_peak(stability, "lsa_growth_rate"),
        lsa_cells=0 if lsa is None else int(lsa.notnull().sum()),
        collisional=_peak(stability, "cfi_growth_estimate"),
        slow_normal=_peak(stability, "slow_growth_normal"),
        slow_inverted=_peak(stability, "slow_growth_inverted"),
        resonance_cells=None if flag is None else int((flag > 0).sum()),
    )
