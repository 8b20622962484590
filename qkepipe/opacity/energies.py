"""Energies at which rates are asked for: one axis of coordinates, local energies per zone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from qkepipe.errors import Defect, QkepipeError
from qkepipe.phasespace import EnergyGrid

__all__ = ["Energies", "local_energies"]


@dataclass(frozen=True)
class Energies:
    """``coordinate`` (e,), the caller's energies, and ``local`` (e, z), both [MeV]."""

    coordinate: np.ndarray
    local: np.ndarray


def local_energies(energy, rho: xr.DataArray) -> Energies:
    """Local energies of every zone of ``rho``.

    Parameters
    ----------
    energy : array_like, EnergyGrid or DataArray
        [MeV]. Numbers, or the centres of a grid, hold in every zone. A DataArray over
        (energy, and any dimensions of ``rho``) holds local energies, which in general
        relativity differ from zone to zone; its coordinate ``energy`` names them.
    rho : DataArray
        The zones.

    Returns
    -------
    Energies

    Raises
    ------
    QkepipeError
        For an empty, negative or not finite energy, an axis that the zones do not have, or a
        DataArray without the coordinate ``energy``.
    """
    if isinstance(energy, xr.DataArray):
        return _of_array(energy, rho)
    if isinstance(energy, EnergyGrid):
        energy = energy.centres
    values = np.atleast_1d(np.asarray(energy, dtype=float)).copy()
    _check(values, values.ndim == 1)
    return Energies(values, np.repeat(values[:, None], rho.size, axis=1))


def _of_array(energy: xr.DataArray, rho: xr.DataArray) -> Energies:
    if "energy" not in energy.coords or energy.dims.count("energy") != 1:
        raise QkepipeError(
            Defect("rates", "energy", f"dimensions ({', '.join(map(str, energy.dims))})",
                   "a dimension energy with its coordinate")
        )  # fmt: skip
    strange = [str(d) for d in energy.dims if d != "energy" and d not in rho.dims]
    if strange:
        raise QkepipeError(
            Defect("rates", "energy", f"has dimensions {', '.join(strange)}",
                   "energy and dimensions of the matter: " + ", ".join(map(str, rho.dims)))
        )  # fmt: skip
    shape = {"energy": energy.sizes["energy"], **rho.sizes}
    for name in energy.dims[1:]:
        if energy.sizes[name] != shape[name]:
            raise QkepipeError(
                Defect("rates", "energy", f"{energy.sizes[name]} points along {name}",
                       f"{shape[name]}, as the matter")
            )  # fmt: skip
    full = energy.variable.set_dims(shape).transpose(*shape)
    local = np.array(full.values, dtype=float).reshape(shape["energy"], -1)
    coordinate = np.array(energy["energy"].values, dtype=float)
    _check(coordinate)
    _check(local)
    return Energies(coordinate, local)


def _check(values: np.ndarray, one_axis: bool = True) -> None:
    good = np.isfinite(values) & (values > 0.0)
    if one_axis and values.size and good.all():
        return
    shown = values if values.size < 20 else values[~good][:5]
    raise QkepipeError(
        Defect("rates", "energy", f"energies are {shown}", "positive, finite values in MeV")
    )
