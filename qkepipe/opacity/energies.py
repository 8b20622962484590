"""Energies at which rates are asked for: one axis of coordinates, local energies per zone.

Group averages: a piecewise constant occupation makes j - c kappa* f, integrated over a group,
the same expression with int E^2 j dE/int E^2 dE and likewise for kappa* and chi. The integrals
are Gauss-Legendre sums inside each group. Eight nodes give emission to 1e-4 of the zone above
1.5 MeV on groups up to 60 MeV, and to 2 % at 0.6 MeV, where the threshold of nuebar lies inside a
group ten times as wide; pairs have no threshold and need four (3 % in the coldest zones).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from qkepipe.errors import Defect, QkepipeError
from qkepipe.phasespace import EnergyGrid, energy_grid

__all__ = ["Energies", "local_energies"]


@dataclass(frozen=True)
class Energies:
    """``coordinate`` (e,) of the caller, ``local`` (e, z) and group ``edges`` (e + 1, z) [MeV].

    ``edges`` is None where energies are not those of groups.
    """

    coordinate: np.ndarray
    local: np.ndarray
    edges: np.ndarray | None = None

    def nodes(self, count: int) -> np.ndarray:
        """Energies inside the groups, (e * count, z) [MeV]."""
        x, _ = np.polynomial.legendre.leggauss(count)
        low, high = self.edges[:-1, None], self.edges[1:, None]
        inside = low + 0.5 * (high - low) * (x[:, None] + 1.0)
        return inside.reshape(-1, self.edges.shape[1])

    def average(self, values: np.ndarray, count: int) -> np.ndarray:
        """Averages over the groups with weight E^2, (s, e, z), of (s, e * count, z)."""
        _, w = np.polynomial.legendre.leggauss(count)
        shape = (self.local.shape[0], count, self.local.shape[1])
        weights = w[:, None] * self.nodes(count).reshape(shape) ** 2
        weights /= weights.sum(axis=1, keepdims=True)
        return np.einsum("sgnz,gnz->sgz", values.reshape(-1, *shape), weights)


def local_energies(energy, rho: xr.DataArray) -> Energies:
    """Local energies of every zone of ``rho``.

    Parameters
    ----------
    energy : array_like, EnergyGrid or DataArray
        [MeV]. Numbers, or the groups of a grid, hold in every zone. A DataArray over
        (energy, and any dimensions of ``rho``) holds local energies, which in general
        relativity differ from zone to zone; its coordinate ``energy`` names them. A DataArray
        over ``energy_edge`` instead holds the local edges of groups, its coordinate the
        caller's edges; the energies are then the centres of the groups.
    rho : DataArray
        The zones.

    Returns
    -------
    Energies

    Raises
    ------
    QkepipeError
        For an empty, negative or not finite energy, edges that do not increase, an axis that
        the zones do not have, or a DataArray without its coordinate.
    """
    if isinstance(energy, xr.DataArray):
        if "energy_edge" in energy.dims:
            return _of_groups(*_of_array(energy, "energy_edge", rho))
        coordinate, local = _of_array(energy, "energy", rho)
        _check_positive(coordinate)
        _check_positive(local)
        return Energies(coordinate, local)
    grid = isinstance(energy, EnergyGrid)
    values = np.atleast_1d(np.asarray(energy.edges if grid else energy, dtype=float)).copy()
    if grid:
        return _of_groups(values, np.repeat(values[:, None], rho.size, axis=1))
    _check_positive(values, values.ndim == 1)
    return Energies(values, np.repeat(values[:, None], rho.size, axis=1))


def _of_groups(coordinate: np.ndarray, edges: np.ndarray) -> Energies:
    for values in (coordinate, edges):
        good = np.all(np.isfinite(values)) and np.all(values[0] >= 0.0)
        if len(values) < 2 or not good or np.any(np.diff(values, axis=0) <= 0.0):
            raise QkepipeError(
                Defect("rates", "energy_edge", f"edges are {values[:20]}",
                       "at least two finite values in MeV that increase from 0 or more")
            )  # fmt: skip
    return Energies(energy_grid(coordinate).centres, energy_grid(edges).centres, edges)


def _of_array(energy: xr.DataArray, axis: str, rho: xr.DataArray):
    """Coordinate of the axis, and values over (axis, zones)."""
    if axis not in energy.coords or axis not in energy.dims:
        raise QkepipeError(
            Defect("rates", "energy", f"dimensions ({', '.join(map(str, energy.dims))})",
                   "a dimension energy or energy_edge with its coordinate")
        )  # fmt: skip
    strange = [str(d) for d in energy.dims if d != axis and d not in rho.dims]
    if strange:
        raise QkepipeError(
            Defect("rates", "energy", f"has dimensions {', '.join(strange)}",
                   f"{axis} and dimensions of the matter: " + ", ".join(map(str, rho.dims)))
        )  # fmt: skip
    shape = {axis: energy.sizes[axis], **rho.sizes}
    for name in energy.dims:
        if energy.sizes[name] != shape[name]:
            raise QkepipeError(
                Defect("rates", "energy", f"{energy.sizes[name]} points along {name}",
                       f"{shape[name]}, as the matter")
            )  # fmt: skip
    full = energy.variable.set_dims(shape).transpose(*shape)
    local = np.array(full.values, dtype=float).reshape(shape[axis], -1)
    return np.array(energy[axis].values, dtype=float), local


def _check_positive(values: np.ndarray, one_axis: bool = True) -> None:
    good = np.isfinite(values) & (values > 0.0)
    if one_axis and values.size and good.all():
        return
    shown = values if values.size < 20 else values[~good][:5]
    raise QkepipeError(
        Defect("rates", "energy", f"energies are {shown}", "positive, finite values in MeV")
    )
