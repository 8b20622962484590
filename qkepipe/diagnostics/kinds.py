"""Kinds of instability in a set of cells, and the growth rates of a map."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.diagnostics.geometry import cell_volume, radial_shells, space_dims

__all__ = ["fastest_growth", "growth_variables", "kinds_of", "radial_fractions"]


def kinds_of(stability: xr.Dataset) -> dict[str, int]:
    """Kinds that the map can hold: meaning -> value of ``instability``, the least severe first.

    As the attributes ``flag_values`` and ``flag_meanings`` name them; values without a meaning
    are named ``kind_<value>``.
    """
    array = stability["instability"]
    values = [int(v) for v in np.atleast_1d(array.attrs.get("flag_values", []))]
    meanings = str(array.attrs.get("flag_meanings", "")).split()
    if len(values) != len(meanings):
        values, meanings = [], []
    named = dict(zip(values, meanings, strict=True))
    for value in np.unique(array.values):
        named.setdefault(int(value), f"kind_{int(value)}")
    return {named[value]: value for value in sorted(named)}


def growth_variables(stability: xr.Dataset) -> list[str]:
    """Names of the growth rates of the map [s^-1], in its order."""
    return [
        str(name)
        for name, array in stability.data_vars.items()
        if "growth" in str(name) and array.attrs.get("units") == "s-1"
    ]


def fastest_growth(stability: xr.Dataset) -> xr.DataArray:
    """Largest growth rate of every cell over all kinds [s^-1], 0 where nothing grows.

    Where the dispersion relation of fast modes was solved, its rate replaces the estimate.
    The slow rates of both mass orderings count.
    """
    names = growth_variables(stability)
    best = xr.zeros_like(stability["instability"], dtype=float).drop_attrs()
    for name in names:
        rate = stability[name]
        if name == "ffi_growth_estimate" and "lsa_growth_rate" in names:
            rate = rate.where(stability["lsa_growth_rate"].isnull())
        best = np.maximum(best, rate.fillna(0.0))
    return best.transpose(*stability["instability"].dims)


def radial_fractions(stability: xr.Dataset) -> xr.Dataset:
    """Share of the volume of every shell that each kind takes.

    Parameters
    ----------
    stability : Dataset
        Kind ``stability`` over any space.

    Returns
    -------
    Dataset
        ``fraction(kind, shell)`` [1], NaN in shells without a cell, and ``edge(shell_edge)``
        [cm].
    """
    edges, shell = radial_shells(stability)
    volume = cell_volume(stability)
    where = shell.broadcast_like(volume).transpose(*space_dims(stability)).values.ravel()
    kind = stability["instability"].transpose(*space_dims(stability)).values.ravel()
    weights, count = volume.values.ravel(), edges.size - 1
    total = np.bincount(where, weights, count)
    names = kinds_of(stability)
    parts = [np.bincount(where, weights * (kind == value), count) for value in names.values()]
    share = np.array(parts) / np.where(total > 0.0, total, np.nan)
    return xr.Dataset(
        {"fraction": (("kind", "shell"), share), "edge": ("shell_edge", edges, {"units": "cm"})},
        coords={"kind": list(names)},
    )
