"""The grid error of the classical field: a table of the largest errors, and a sentence."""

from __future__ import annotations

import numpy as np
import xarray as xr
from markupsafe import Markup

from qkepipe.diagnostics import ALL, GRID_AXES
from qkepipe.report.labels import QUANTITIES
from qkepipe.report.text import MISSING, SPECIES_HTML, join, number, share
from qkepipe.units import KM_CM

__all__ = ["AXES", "grid_error_rows", "grid_error_sentence"]

#: Columns of the table: axis and its number.
AXES = {
    "r": Markup("N<sub>r</sub>"),
    "mu": Markup("N<sub>μ</sub>"),
    "energy": Markup("N<sub>E</sub>"),
}


def grid_error_rows(table: xr.Dataset | None) -> list[dict]:
    """One row per quantity: largest error from each axis and in total, and where the total is."""
    if table is None:
        return []
    rows = []
    for quantity in dict.fromkeys(table["quantity"].values):
        here = table["quantity"].values == quantity
        cells = [_largest(table[f"error_{axis}"].values[here]) for axis in GRID_AXES]
        cells.append(_largest(table["error"].values[here]))
        rows.append(
            {
                "words": QUANTITIES[quantity][0],
                "cells": [_text(value) for value in cells],
                "where": _where(table.isel(row=np.flatnonzero(here))),
            }
        )
    return rows


def _where(rows: xr.Dataset) -> Markup:
    """Species and radius of the largest error, as far as the quantity has them."""
    error = rows["error"].values
    if not np.isfinite(error).any():
        return Markup("")
    worst = rows.isel(row=int(np.nanargmax(error)))
    species, radius = str(worst["species"].values), float(worst["radius_cm"]) / KM_CM
    parts = [] if species == ALL else [SPECIES_HTML[species]]
    if np.isfinite(radius):
        parts.append(Markup("{} km").format(number(radius)))
    return Markup(", ").join(parts)


def _largest(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.max()) if known.size else np.nan


def _text(error: float) -> Markup:
    return Markup(MISSING) if np.isnan(error) else share(100.0 * error)


def grid_error_sentence(table: xr.Dataset | None) -> Markup | None:
    """How well the grid resolves the classical field, and which axis limits it."""
    if table is None:
        return None
    said = []
    for quantity in ("luminosity", "mean_energy", "net_heating_gain_region"):
        here = table["quantity"].values == quantity
        error = _largest(table["error"].values[here])
        if not np.isnan(error):
            said.append(Markup("{} {}").format(QUANTITIES[quantity][0], share(100.0 * error)))
    here = table["quantity"].values == "luminosity"
    worst = {axis: _largest(table[f"error_{axis}"].values[here]) for axis in GRID_AXES}
    known = {axis: error for axis, error in worst.items() if not np.isnan(error)}
    text = Markup("Classical values carry an error of the grid, up to: {}").format(join(said))
    if known:
        text += Markup("; {} contributes most").format(AXES[max(known, key=known.get)])
    return text + Markup(
        ". In the changes it cancels as far as it is common to both runs and to the flavours "
        "that mix."
    )
