"""Radius, cell edges, angles and energy groups: order and position."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.errors import Defect
from qkepipe.snapshot.checks.view import View
from qkepipe.species import SPECIES, SPECIES6

__all__ = ["check"]


def check(view: View) -> None:
    """Report radii and energies that do not increase, centres outside cells, unknown species."""
    for axis in ("r", "energy"):
        centres, edges = view.get(axis), view.get(f"{axis}_edge")
        good = True
        if centres is not None:
            good = _increasing(view, axis, centres, strict_zero=axis == "r")
        if edges is not None and good:
            good = _increasing(view, f"{axis}_edge", edges, strict_zero=False)
        if centres is not None and edges is not None and good:
            _inside(view, axis, centres, edges)
    _labels(view)


def _increasing(view: View, name: str, array: xr.DataArray, strict_zero: bool) -> bool:
    """Report an axis that is not positive, descends or repeats; true if it is sound."""
    values, dim = array.values, array.dims[0]
    # centres and edges stand or fall together
    partner = f"{name}_edge" if not name.endswith("_edge") else name
    limit = values <= 0.0 if strict_zero else values < 0.0
    if limit.any():
        view.report(
            name, xr.DataArray(limit, dims=dim), array, "not positive",
            f"{name} > 0" if strict_zero else f"{name} >= 0",
            "dropping the ghost zones (only a reader whose format defines them does so)"
            if name.startswith("r")
            else "",
            distrust=(partner,),
        )  # fmt: skip
        return False
    step = np.diff(values)
    if values.size < 2 or (step > 0.0).all() or not np.isfinite(values).all():
        return bool(np.isfinite(values).all())
    wrong = np.concatenate([[False], step <= 0.0])
    mask = xr.DataArray(wrong, dims=dim)
    if (step < 0.0).all():
        problem, hint = "descending", f"the order of {name} reversed together with all columns"
    elif (step[step <= 0.0] == 0.0).all():
        problem, hint = "repeated value", "a file without duplicate zones"
    else:
        problem, hint = "not monotonic", "the order of the rows"
    view.report(name, mask, array, problem, f"strictly increasing {name}", hint,
                distrust=(partner,))  # fmt: skip
    return False


def _inside(view: View, name: str, centres: xr.DataArray, edges: xr.DataArray) -> None:
    """Report a centre outside its cell, or another number of cells."""
    n, m = centres.size, edges.size
    if m != n + 1:
        view.report(
            f"{name}_edge", None, None, f"{m} edges for {n} centres", f"{n + 1} edges",
            distrust=(name,), explains=False,
        )  # fmt: skip
        return
    outside = (centres.values < edges.values[:-1]) | (centres.values > edges.values[1:])
    if outside.any():
        i = int(np.argmax(outside))
        view.report(
            name, xr.DataArray(outside, dims=centres.dims), centres, "centre outside its cell",
            f"{edges.values[i]:.6g} to {edges.values[i + 1]:.6g}",
            "centres and edges of the same mesh", distrust=(f"{name}_edge",), explains=False,
        )  # fmt: skip


def _labels(view: View) -> None:
    """Report species labels that are not those of the project."""
    dataset = view.dataset
    if "species" not in dataset.dims:
        return
    labels = (
        tuple(str(s) for s in dataset["species"].values) if "species" in dataset.variables else ()
    )
    if labels not in (SPECIES, SPECIES6):
        view.found.append(
            Defect(
                view.source, "species", f"labels are {', '.join(labels) or 'missing'}",
                ", ".join(SPECIES),
            )
        )  # fmt: skip
        view.distrust(*(str(n) for n, v in dataset.variables.items() if "species" in v.dims))
