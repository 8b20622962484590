"""The table of instabilities by region: cells, volumes, growth rates."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.diagnostics.geometry import cell_radius, cell_volume, space_dims
from qkepipe.diagnostics.kinds import growth_variables, kinds_of
from qkepipe.diagnostics.regions import Region
from qkepipe.units import KM_CM

__all__ = ["REGION_COLUMNS", "place", "region_table"]

#: Columns of ``stability_regions.csv``.
REGION_COLUMNS = (
    "snapshot", "region", "entry", "name", "cells", "cell_fraction", "volume_fraction",
    "growth_rate", "efold_length_cm", "radius_cm", "position",
)  # fmt: skip
_UNITS = {
    "cells": "1", "cell_fraction": "1", "volume_fraction": "1", "growth_rate": "s-1",
    "efold_length_cm": "cm", "radius_cm": "cm",
}  # fmt: skip
_ANGLES = ("theta", "phi")


def region_table(name: str, stability: xr.Dataset, found: list[Region]) -> xr.Dataset:
    """Count every kind of instability, and find the largest growth rates, in every region.

    Parameters
    ----------
    name : str
        Of the snapshot.
    stability : Dataset
        Kind ``stability`` over any space.
    found : list of Region
        :func:`qkepipe.diagnostics.regions.regions`.

    Returns
    -------
    Dataset
        Over ``row`` with :data:`REGION_COLUMNS`. Rows of ``entry`` = ``kind``: cells whose most
        severe instability is ``name``. Of ``entry`` = ``growth``: cells in which the rate
        ``name`` is positive, its largest value [s^-1], the length c/rate of an e-fold at light
        speed [cm] and where that is. Fractions are of the region, NaN for a rate that was not
        evaluated in all of its cells. Missing numbers are NaN.
        Attributes ``definition_<region>``, and ``left_out``: one line for each region that
        cannot be defined.
    """
    dims = space_dims(stability)
    volume, radius = cell_volume(stability).values, cell_radius(stability)
    rows, definitions = [], {}
    for region in found:
        if region.cells is None:
            continue
        definitions[f"definition_{region.name}"] = region.definition
        # from here on the cells of the region in one row
        member = region.cells.transpose(*dims).values
        share = volume[member] / volume[member].sum()

        def row(entry, item, cells, region=region, share=share):
            return {
                "snapshot": name,
                "region": region.name,
                "entry": entry,
                "name": item,
                "cells": float(cells.sum()),
                "cell_fraction": float(cells.mean()),
                "volume_fraction": float(share[cells].sum()),
            }

        kind = stability["instability"].transpose(*dims).values[member]
        for words, value in kinds_of(stability).items():
            rows.append(row("kind", words, kind == value))
        for quantity in growth_variables(stability):
            rate = stability[quantity].transpose(*dims)
            inside = rate.values[member]
            rows.append(row("growth", quantity, inside > 0.0))
            if np.isnan(inside).any():
                # not evaluated everywhere: the share says nothing of the region
                rows[-1] |= {"cell_fraction": np.nan, "volume_fraction": np.nan}
            rows[-1] |= _largest(stability, rate.where(member), radius)
    return _dataset(rows).assign_attrs(
        **definitions,
        left_out="\n".join(f"{r.name}: {r.definition}" for r in found if r.cells is None),
    )


def place(stability: xr.Dataset, index: dict[str, int]) -> str:
    """Coordinates of a cell: ``r = 45.2 km; theta = 60 deg``, ``x, y, z = 10.4, 2.08, 6.25 km``."""
    parts = []
    dims = tuple(reversed(space_dims(stability)))
    values = {dim: float(stability[dim].values[index[dim]]) for dim in dims}
    if "r" not in dims:
        return f"{', '.join(dims)} = {', '.join(f'{v / KM_CM:.3g}' for v in values.values())} km"
    for dim, value in values.items():
        if dim in _ANGLES:
            parts.append(f"{dim} = {np.degrees(value):.4g} deg")
        else:
            parts.append(f"{dim} = {value / KM_CM:.4g} km")
    return "; ".join(parts)


def _largest(stability: xr.Dataset, rate: xr.DataArray, radius: xr.DataArray) -> dict:
    """Largest positive value of a rate, and where it is."""
    if not bool((rate > 0.0).any()):
        return {}
    at = {str(d): int(i) for d, i in rate.fillna(-np.inf).argmax(rate.dims).items()}
    value = float(rate.isel(at))
    return {
        "growth_rate": value,
        "efold_length_cm": C_LIGHT / value,
        "radius_cm": float(radius.isel({d: at[d] for d in radius.dims})),
        "position": place(stability, at),
    }


def _dataset(rows: list[dict]) -> xr.Dataset:
    columns = {}
    for column in REGION_COLUMNS:
        text = column not in _UNITS
        values = [row.get(column, "" if text else np.nan) for row in rows]
        attrs = {} if text else {"units": _UNITS[column]}
        columns[column] = ("row", np.array(values, dtype=str if text else float), attrs)
    return xr.Dataset(columns)
