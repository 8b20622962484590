"""Schemes of flavour mixing scored against quantum kinetics of the same study.

The reference is the quantum-kinetic run of the largest xi on the same snapshot and grid. A score
is what a scheme misses it by, in parts of the classical value:

    score = (value - value of the reference)/|classical value| ,

so that scores of different schemes and of the classical run itself (``none`` of the conversion)
are on one scale, also where the reference passes through zero. For survival probabilities,
whose classical value is 1, it is the plain difference; ``ratio`` is value over reference - 1,
the measure of Nagakura, Johns & Zaizen (2023, arXiv:2312.16285), who state that relaxation to
the box state keeps angle-averaged survival probabilities within 20 % of quantum kinetics.

An attenuated reference is itself uncertain: ``uncertainty`` is that of the change of the
reference, mainly the difference to the next smaller xi (:mod:`qkepipe.diagnostics.uncertainty`),
in the unit of the score. Scores below it say nothing.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

__all__ = ["PUBLISHED_BOUND", "SCORE_COLUMNS", "global_scores"]

#: Error of angle-averaged survival probabilities that relaxation is published to keep.
PUBLISHED_BOUND = 0.2

#: Columns of ``scores.csv``, in this order.
SCORE_COLUMNS = (
    "snapshot", "case", "kind", "scheme", "resolution", "quantity", "species", "radius_cm",
    "reference", "xi", "classical", "value_reference", "value", "score", "ratio", "uncertainty",
    "units",
)  # fmt: skip
_TEXT = ("snapshot", "case", "kind", "scheme", "quantity", "species", "reference", "units")


def global_scores(comparison: xr.Dataset) -> xr.Dataset:
    """Score every scheme of a study against quantum kinetics.

    Parameters
    ----------
    comparison : Dataset
        Of :func:`qkepipe.diagnostics.compare`.

    Returns
    -------
    Dataset
        Over ``row``, the columns of :data:`SCORE_COLUMNS`: one row per snapshot, case other than
        quantum kinetics, quantity, species and radius; ``score``, ``ratio`` and ``uncertainty``
        are NaN where they are not defined. No rows without a quantum-kinetic run on the same grid.
    """
    names = ("snapshot", "case", "kind", "scheme", "quantity", "species", "units")
    texts = {name: comparison[name].values.astype(str) for name in names}
    numbers = {
        name: comparison[name].values.astype(float)
        for name in ("resolution", "xi", "radius_cm", "baseline", "value", "uncertainty_change")
    }
    rows = []
    for snapshot in dict.fromkeys(texts["snapshot"]):
        here = texts["snapshot"] == snapshot
        for resolution in np.unique(numbers["resolution"][here]):
            rows += _of_grid(texts, numbers, here & (numbers["resolution"] == resolution))
    columns = list(zip(*rows, strict=True)) or [()] * len(SCORE_COLUMNS)
    return xr.Dataset(
        {
            name: ("row", np.array(column, dtype=str if name in _TEXT else float))
            for name, column in zip(SCORE_COLUMNS, columns, strict=True)
        }
    )


def _of_grid(texts: dict, numbers: dict, here: np.ndarray) -> list[tuple]:
    """Rows of one snapshot and resolution."""
    runs = here & (texts["kind"] == "qke")
    if not runs.any():
        return []
    xi = numbers["xi"][runs].max()
    best = np.flatnonzero(runs & (numbers["xi"] == xi))
    reference = {_key(texts, numbers, i): i for i in best}
    rows = []
    for i in np.flatnonzero(here & (texts["kind"] != "qke")):
        j = reference.get(_key(texts, numbers, i))
        if j is None:
            continue
        value, target = numbers["value"][i], numbers["value"][j]
        scale = abs(numbers["baseline"][i])
        rows.append(
            (
                *(texts[n][i] for n in ("snapshot", "case", "kind", "scheme")),
                numbers["resolution"][i], texts["quantity"][i], texts["species"][i],
                numbers["radius_cm"][i], texts["case"][j], xi, numbers["baseline"][i],
                target, value, _quotient(value - target, scale),
                _quotient(value - target, target),
                _quotient(numbers["uncertainty_change"][j], scale), texts["units"][i],
            )
        )  # fmt: skip
    return rows


def _key(texts: dict, numbers: dict, i: int) -> tuple:
    radius = numbers["radius_cm"][i]
    # NaN, of quantities without a radius, equals nothing
    return texts["quantity"][i], texts["species"][i], None if np.isnan(radius) else float(radius)


def _quotient(above: float, below: float) -> float:
    return float(above / below) if below != 0.0 and np.isfinite(above / below) else np.nan
