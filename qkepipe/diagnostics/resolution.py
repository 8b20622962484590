"""Discretisation error of the classical field, from the same field on other grids.

The numbers of radial cells, angular bins and energy groups are changed one at a time. Three
grids that differ in one of them give values v(x), x the number relative to the base grid. Where
they follow

    v = v_inf + C x^-p     with an order p >= 1/2

(Richardson; Roache 1994, J. Fluids Eng. 116, 405), the error of the base grid (x = 1) is |C|.
Otherwise (differences change sign, or hardly shrink) it is the largest difference of a finer
grid to the base grid, and the order is missing: of first-order errors such a difference to a
grid twice as fine shows one half. The total is the root of the sum of squares of the three. All
errors are relative to |value|.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from qkepipe.diagnostics.convergence import power_law
from qkepipe.diagnostics.quantities import QUANTITIES, row_order

__all__ = ["GRID_AXES", "GRID_COLUMNS", "grid_error_at", "grid_errors"]

#: Axes of the phase space, as columns name them.
GRID_AXES = ("r", "mu", "energy")
#: Columns of ``resolution.csv``, in this order.
GRID_COLUMNS = (
    "snapshot",
    "quantity",
    "species",
    "radius_cm",
    "value",
    *(f"error_{axis}" for axis in GRID_AXES),
    "error",
    *(f"order_{axis}" for axis in GRID_AXES),
    "units",
)
_TEXT = ("snapshot", "quantity", "species", "units")
#: Smaller orders leave the limit to guesswork.
_SMALLEST_ORDER = 0.5


def grid_errors(
    snapshot: str,
    values: Mapping[tuple, float],
    others: Mapping[str, Mapping[float, Mapping[tuple, float]]],
) -> xr.Dataset:
    """Table of errors of one classical field.

    Parameters
    ----------
    snapshot : str
        Name of the snapshot.
    values : mapping
        Values on the base grid, :func:`qkepipe.diagnostics.quantities.values_at`.
    others : mapping
        For each axis of :data:`GRID_AXES`, by the number of cells relative to the base grid: the
        values there. At least one finer grid for each axis.

    Returns
    -------
    Dataset
        Over ``row``: :data:`GRID_COLUMNS`. Errors are relative to ``value``; missing where the
        value is 0 or missing on one of the grids. Survival probabilities, which a classical
        field does not have, are left out.
    """
    rows = []
    for key in sorted(values, key=row_order):
        if key[0] == "survival_probability":
            continue
        row = {
            "snapshot": snapshot,
            "quantity": key[0],
            "species": key[1],
            "radius_cm": np.nan if key[2] is None else key[2],
            "value": values[key],
            "units": QUANTITIES[key[0]],
        }
        for axis in GRID_AXES:
            sequence = {1.0: values[key]} | {x: v[key] for x, v in others[axis].items()}
            row[f"error_{axis}"], row[f"order_{axis}"] = _relative_error(sequence)
        row["error"] = float(np.hypot.reduce([row[f"error_{axis}"] for axis in GRID_AXES]))
        rows.append(row)
    units = {"radius_cm": "cm"}
    return xr.Dataset(
        {
            name: (
                "row",
                np.array([row[name] for row in rows], dtype=str if name in _TEXT else float),
                {} if name in ("value", *_TEXT) else {"units": units.get(name, "1")},
            )
            for name in GRID_COLUMNS
        },
        attrs={"errors": "relative to the value, of the base grid"},
    )


def _relative_error(sequence: dict[float, float]) -> tuple[float, float]:
    """Error of the value at x = 1 over its size, and the order (NaN if none is observed)."""
    x = np.array(sorted(sequence))
    v = np.array([sequence[key] for key in x])
    value = sequence[1.0]
    if not np.isfinite(v).all() or value == 0.0:
        return np.nan, np.nan
    order, amplitude = power_law(x, v) if x.size == 3 else (np.nan, np.nan)
    if order >= _SMALLEST_ORDER:
        return abs(amplitude / value), order
    return float(np.abs(v[x > 1.0] - value).max() / abs(value)), np.nan


def grid_error_at(table: xr.Dataset, quantity: str, species: str, radius: float | None) -> float:
    """Relative error of one quantity; linear between the radii of the table, constant outside.

    Parameters
    ----------
    table : Dataset
        From :func:`grid_errors`.
    quantity, species : str
    radius : float or None
        [cm]; None for quantities without a radius.

    Returns
    -------
    float
        NaN where the table has none.
    """
    rows = (table["quantity"].values == quantity) & (table["species"].values == species)
    error, at = table["error"].values[rows], table["radius_cm"].values[rows]
    if radius is None:
        return float(error[0]) if error.size else np.nan
    known = np.isfinite(error)
    return float(np.interp(radius, at[known], error[known])) if known.any() else np.nan
