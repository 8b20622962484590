"""Scores of mixing prescriptions against local boxes, in words and as a table."""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from qkepipe.report.data import SnapshotData
from qkepipe.report.text import number

__all__ = ["calibration_sentences", "coverage", "score_rows"]

#: Scores of the table in the report, and their words.
SHOWN = {
    "angle": "mean |ΔP|",
    "number_nue": "number of νe",
    "number_nuebar": "number of ν̄e",
    "energy_nue": "energy of νe",
    "energy_nuebar": "energy of ν̄e",
    "lepton_number": "lepton number",
}


def coverage(found: xr.Dataset) -> str:
    """In how many cells prescriptions are scored, and why not in more."""
    unstable = int(found.attrs["unstable_cells"])
    if unstable == 0:
        text = (
            f"There is no fast-unstable cell among {int(found.attrs['cells'])}: no crossing of "
            f"ELN-XLN is deeper than the tolerance {found.attrs['crossing_tolerance']:g} "
            "(stability.crossing_tolerance)"
        )
        deepest = float(found.attrs["deepest_crossing"])
        if math.isfinite(deepest):
            text += f"; the deepest has a ratio of the lobes of {deepest:.2g}"
        return f"{text}. No prescription is scored."
    text = (
        f"Scored in {found.sizes.get('cell', 0)} of {int(found.attrs['chosen_cells'])} chosen "
        f"cells; {unstable} are fast-unstable."
    )
    left_out = found.attrs.get("left_out", "")
    return f"{text} No box could be run at {left_out}." if left_out else text


def calibration_sentences(data: SnapshotData) -> list[str]:
    """Coverage, and how well the boxes themselves are known."""
    found = data.calibration
    if found is None:
        return []
    lines = [coverage(found)]
    if "cell" in found.dims:
        spread = found["box_spread"].values
        lines.append(
            "Two boxes of the same cell that differ in their random phases differ by a mean |ΔP| "
            f"of {number(float(spread.mean()), 2)}, at most {number(float(spread.max()), 2)}: "
            "smaller scores say nothing."
        )
    return lines


def score_rows(data: SnapshotData) -> list[dict]:
    """One row per prescription: mean and worst absolute score over the cells it speaks of."""
    found = data.calibration
    if found is None or "cell" not in found.dims:
        return []
    rows = []
    for name in map(str, found["prescription"].values):
        own = found.sel(prescription=name)
        says = own["statement"].values.astype(bool)
        scores = []
        for quantity in SHOWN:
            values = np.abs(own["score"].sel(quantity=quantity).values[says])
            scores.append(
                f"{values.mean():.3f} ({values.max():.3f})" if says.any() else "no statement"
            )
        rows.append({
            "name": name, "cells": f"{says.sum()} of {says.size}", "scores": scores,
            "valid": str(own["valid"].values),
        })  # fmt: skip
    return rows
