"""Mixing prescriptions against local boxes of quantum kinetics in cells of a map."""

from __future__ import annotations

import logging

import numpy as np
import xarray as xr

from qkepipe.diagnostics.calibration import SCORES, scores_of
from qkepipe.diagnostics.geometry import cell_radius
from qkepipe.diagnostics.region_table import place
from qkepipe.errors import QkepipeError
from qkepipe.mixing import PRESCRIPTIONS
from qkepipe.solvers.local import local_box
from qkepipe.stability.modes import choose_cells, distributions

__all__ = ["CALIBRATION_COLUMNS", "run", "table_of"]

logger = logging.getLogger("qkepipe")

#: Columns of ``calibration.csv``.
CALIBRATION_COLUMNS = ("snapshot", "place", "radius_cm", "prescription", *SCORES)


def run(config, snapshot: xr.Dataset, stability: xr.Dataset, baseline=None) -> xr.Dataset:
    """Evolve the distributions of some fast-unstable cells and score every prescription.

    Parameters
    ----------
    config : Config
    snapshot, stability : Dataset
    baseline : Dataset, optional
        Field that the map was made from, where that is not the snapshot.

    Returns
    -------
    Dataset
        Over ``cell``: ``survival_box(cell, mu)``, ``survival_probability(cell, prescription,
        mu)`` and ``score(cell, prescription, quantity)`` of
        :mod:`qkepipe.diagnostics.calibration`; ``place``, ``radius`` [cm], ``growth_rate``
        [cm^-1] of the box. Cells whose box could not be run are in the attribute ``left_out``.
    """
    field = snapshot if baseline is None else baseline
    cells = choose_cells(stability["ffi_growth_estimate"], config.calibration.cells, "even")
    # a swap asks for more than a cell can tell
    names = [
        n for n, rule in PRESCRIPTIONS.items() if 2 in rule.flavors and "mask" not in rule.needs
    ]
    count = len(next(iter(cells.values())))
    found, left_out = [], []
    if count:
        edges, density, energy = distributions(field, cells)
        energy = np.where(np.isfinite(energy), energy, 1.0)
    for i in range(count):
        index = {dim: int(indices[i]) for dim, indices in cells.items()}
        where = place(stability, index)
        try:
            box = local_box(edges, density[i].sum(axis=1))
        except QkepipeError as error:
            left_out.append(f"{where}: {error.defects[0].problem}")
            continue
        reference = box["survival_probability"].values
        scores = scores_of(density[i], energy[i], edges, reference, names)
        radius = cell_radius(stability)
        found.append(
            scores.assign(
                survival_box=("mu", reference, {"units": "1"}),
                place=where,
                radius=((), float(radius.isel({d: index[d] for d in radius.dims})),
                        {"units": "cm"}),
                growth_rate=((), box.attrs["growth_rate"], {"units": "cm-1"}),
            )
        )  # fmt: skip
        logger.info("local box %d of %d: %s", i + 1, count, where)
    attrs = {
        "snapshot": str(snapshot.attrs.get("snapshot", "snapshot")),
        "left_out": "; ".join(left_out),
    }
    if not found:
        return xr.Dataset(attrs=attrs)
    return xr.concat(found, "cell", combine_attrs="override").assign_attrs(attrs)


def table_of(calibration: xr.Dataset) -> xr.Dataset:
    """Rows of ``calibration.csv``: one for each cell and prescription."""
    rows = []
    for i in range(calibration.sizes.get("cell", 0)):
        cell = calibration.isel(cell=i)
        for name in map(str, cell["prescription"].values):
            score = cell["score"].sel(prescription=name)
            rows.append((
                calibration.attrs["snapshot"], str(cell["place"].values), float(cell["radius"]),
                name, *(float(score.sel(quantity=q)) for q in SCORES),
            ))  # fmt: skip
    columns = list(zip(*rows, strict=True)) or [()] * len(CALIBRATION_COLUMNS)
    text = ("snapshot", "place", "prescription")
    return xr.Dataset(
        {
            name: ("row", np.array(column, dtype=str if name in text else float))
            for name, column in zip(CALIBRATION_COLUMNS, columns, strict=True)
        }
    )
