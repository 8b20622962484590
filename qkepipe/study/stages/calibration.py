"""Mixing prescriptions against local boxes of quantum kinetics in cells of a map."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import xarray as xr

from qkepipe.diagnostics.calibration import SCORES, box_spread, scores_of
from qkepipe.diagnostics.geometry import cell_radius
from qkepipe.diagnostics.region_table import place
from qkepipe.errors import QkepipeError
from qkepipe.mixing import PRESCRIPTIONS
from qkepipe.solvers.local import LocalRun, local_boxes
from qkepipe.stability.modes import choose_cells, distributions

__all__ = ["CALIBRATION_COLUMNS", "SEEDS", "run", "table_of"]

#: Random seeds of the boxes of a cell: their mean is the reference, their difference its spread.
SEEDS = (1, 2)

#: Columns of ``calibration.csv``.
CALIBRATION_COLUMNS = (
    "snapshot", "place", "radius_cm", "efold_length_cm", "box_nue", "box_nuebar", "box_spread",
    "prescription", "statement", *SCORES,
)  # fmt: skip
_TEXT = ("snapshot", "place", "prescription", "statement")

Boxes = Callable[[np.ndarray, Sequence[LocalRun]], list[xr.Dataset | QkepipeError]]


def run(
    config,
    snapshot: xr.Dataset,
    stability: xr.Dataset,
    baseline: xr.Dataset | None = None,
    boxes: Boxes = local_boxes,
) -> xr.Dataset:
    """Evolve the distributions of some fast-unstable cells and score every prescription.

    Parameters
    ----------
    config : Config
    snapshot, stability : Dataset
    baseline : Dataset, optional
        Field that the map was made from, where that is not the snapshot.
    boxes : callable
        In place of :func:`qkepipe.solvers.local.local_boxes`, for example one that works in
        parallel.

    Returns
    -------
    Dataset
        Over ``cell``: ``survival_box(cell, mu)``, the mean of one box for each of
        :data:`SEEDS`, ``survival_seed(cell, seed, mu)``, ``box_spread`` (see
        :func:`qkepipe.diagnostics.calibration.box_spread`), ``box_survival(cell, sector)``,
        means of nue and nuebar; ``neutrino_share(cell, mu)``, the share of all neutrinos in
        each direction; ``survival_probability(cell, prescription, mu)``,
        ``statement(cell, prescription)`` and ``score(cell, prescription, quantity)`` of
        :mod:`qkepipe.diagnostics.calibration`; ``valid(prescription)``, where a rule may be
        used; ``place``, ``radius`` [cm], ``growth_rate`` [cm^-1] of the box.
        Attributes: ``cells`` of the map, its ``unstable_cells`` and the ``chosen_cells`` of
        them, ``crossing_tolerance`` of the map, ``deepest_crossing``, the largest ratio of the
        shallow to the deep lobe in it (NaN where unknown), and ``left_out``: cells whose box
        could not be run, with the reason.
    """
    field = snapshot if baseline is None else baseline
    estimate = stability["ffi_growth_estimate"]
    wanted = config.calibration.cells
    cells = choose_cells(estimate, estimate.size if wanted == "all" else wanted, "even")
    # a swap asks for more than a cell can tell
    names = [
        n for n, rule in PRESCRIPTIONS.items() if 2 in rule.flavors and "mask" not in rule.needs
    ]
    attrs = {
        "snapshot": str(snapshot.attrs.get("snapshot", "snapshot")),
        "cells": estimate.size,
        "unstable_cells": int((estimate > 0.0).sum()),
        "crossing_tolerance": float(stability.attrs["crossing_tolerance"]),
        "deepest_crossing": _deepest_crossing(stability),
    }
    count = attrs["chosen_cells"] = len(next(iter(cells.values())))
    if count == 0:
        return xr.Dataset(attrs={**attrs, "left_out": ""})
    edges, density, energy = distributions(field, cells)
    energy = np.where(np.isfinite(energy), energy, 1.0)
    at = [{dim: int(indices[i]) for dim, indices in cells.items()} for i in range(count)]
    places = [place(stability, index) for index in at]
    runs = [
        LocalRun(density[i].sum(axis=1), seed, places[i]) for i in range(count) for seed in SEEDS
    ]
    found = boxes(edges, runs)
    radius = cell_radius(stability)
    scored, left_out = [], []
    for i, where in enumerate(places):
        of_cell = found[i * len(SEEDS) : (i + 1) * len(SEEDS)]
        errors = [box for box in of_cell if isinstance(box, QkepipeError)]
        if errors:
            left_out.append(f"{where}: {errors[0].defects[0].problem}")
            continue
        survival = np.array([box["survival_probability"].values for box in of_cell])
        scored.append(
            _cell(density[i], energy[i], edges, survival, names).assign(
                place=where,
                radius=((), float(radius.isel({d: at[i][d] for d in radius.dims})),
                        {"units": "cm"}),
                growth_rate=((), float(of_cell[0].attrs["growth_rate"]), {"units": "cm-1"}),
            )
        )  # fmt: skip
    attrs["left_out"] = "; ".join(left_out)
    if not scored:
        return xr.Dataset(attrs=attrs)
    out = xr.concat(scored, "cell", combine_attrs="override")
    out["valid"] = ("prescription", [PRESCRIPTIONS[name].valid for name in names])
    return out.assign_attrs(attrs)


def _cell(density, energy, edges, survival, names) -> xr.Dataset:
    """Scores of a cell against the mean of its boxes, survival(seed, mu)."""
    weights = 0.5 * np.diff(edges)
    reference = survival.mean(axis=0)
    number = density.sum(axis=1) * weights
    total = number[:2].sum(axis=1)
    kept = np.divide(number[:2] @ reference, total, out=np.ones(2), where=total > 0.0)
    return (
        scores_of(density, energy, edges, reference, names)
        .assign(
            survival_box=("mu", reference, {"units": "1"}),
            survival_seed=(("seed", "mu"), survival, {"units": "1"}),
            box_spread=((), box_spread(density, weights, survival), {"units": "1"}),
            box_survival=("sector", kept, {"units": "1"}),
            neutrino_share=("mu", number.sum(axis=0) / number.sum(), {"units": "1"}),
        )
        .assign_coords(seed=list(SEEDS), sector=["nue", "nuebar"], mu_edge=("mu_edge", edges))
    )


def _deepest_crossing(stability: xr.Dataset) -> float:
    """Largest ratio of the lobes of ELN-XLN in a map."""
    lobes = np.array([stability[f"eln_xln_{n}"].values.ravel() for n in ("negative", "positive")])
    shallow, deep = lobes.min(axis=0), lobes.max(axis=0)
    known = deep > 0.0
    return float((shallow[known] / deep[known]).max()) if known.any() else float("nan")


def table_of(calibration: xr.Dataset) -> xr.Dataset:
    """Rows of ``calibration.csv``: one for each cell and prescription.

    Scores are missing (NaN) where ``statement`` is ``no``.
    """
    rows = []
    for i in range(calibration.sizes.get("cell", 0)):
        cell = calibration.isel(cell=i)
        box = (
            calibration.attrs["snapshot"], str(cell["place"].values), float(cell["radius"]),
            1.0 / float(cell["growth_rate"]), *map(float, cell["box_survival"].values),
            float(cell["box_spread"]),
        )  # fmt: skip
        for name in map(str, cell["prescription"].values):
            own = cell.sel(prescription=name)
            says = "yes" if int(own["statement"]) else "no"
            scores = [float(own["score"].sel(quantity=q)) for q in SCORES]
            rows.append((*box, name, says, *scores))
    columns = list(zip(*rows, strict=True)) or [()] * len(CALIBRATION_COLUMNS)
    return xr.Dataset(
        {
            name: ("row", np.array(column, dtype=str if name in _TEXT else float))
            for name, column in zip(CALIBRATION_COLUMNS, columns, strict=True)
        }
    )
