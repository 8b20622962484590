"""Is a snapshot physically possible? One line per defect, for every reader alike.

:func:`snapshot_defects` is the door: it joins the schema check (names, dimensions, units,
ranges) with the checks of this package, so that one fault of a file gives one line: where
a cause is known (*looks like K*), the bare range of the schema is not repeated.

The checks run from the scales of the file to the fine physics. A variable with an error is
not used by the checks that follow, since what they would find is a consequence.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from qkepipe import schema
from qkepipe.errors import Defect
from qkepipe.snapshot.checks import (
    blank,
    composition,
    equilibrium,
    frames,
    geometry,
    matter,
    moments,
    order,
    potentials,
    ranges,
    rates,
    scales,
    size,
    spectrum,
)
from qkepipe.snapshot.checks.clip import clip_noise
from qkepipe.snapshot.checks.view import View

__all__ = ["CHECKS", "clip_noise", "physics_defects", "snapshot_defects"]

#: The checks in the order in which they run: ``name -> check(view)``.
CHECKS = {
    "blank": blank.check,
    "scales": scales.check,
    "geometry": geometry.check,
    "ranges": ranges.check,
    "order": order.check,
    "matter": matter.check,
    "composition": composition.check,
    "potentials": potentials.check,
    "moments": moments.check,
    "spectrum": spectrum.check,
    "equilibrium": equilibrium.check,
    "frames": frames.check,
    "rates": rates.check,
}


def _run(dataset: xr.Dataset, source: str) -> View:
    view = View(dataset, source)
    # faulty input may hold anything: NaN fails every comparison, which is what is meant
    with np.errstate(all="ignore"):
        for check in CHECKS.values():
            check(view)
    return view


def physics_defects(dataset: xr.Dataset, source: str = "dataset") -> list[Defect]:
    """Compare a canonical snapshot with physics.

    Parameters
    ----------
    dataset : Dataset
        Canonical snapshot, complete or not: a check whose variables are absent is skipped.
    source : str
        File name for the messages.

    Returns
    -------
    list of Defect
        Errors, warnings and notes; empty for a sound snapshot. Missing variables, units,
        NaN and values out of range are left to :func:`qkepipe.schema.defects`; use
        :func:`snapshot_defects` for both without repetition.
    """
    return _run(dataset, source).found


def snapshot_defects(dataset: xr.Dataset, source: str = "dataset") -> list[Defect]:
    """All that is wrong with a snapshot: schema and physics, one line per fault.

    Parameters
    ----------
    dataset : Dataset
    source : str
        File name for the messages.

    Returns
    -------
    list of Defect
        Schema lines first. A variable that a physics check explains has no range line; one
        without units takes the physics line as the hint of its units line.
    """
    large = size.too_large(dataset, source)
    if large is not None:
        # nothing else may load the values
        return [large]
    view = _run(dataset, source)
    found = schema.defects(
        dataset, "snapshot", source, explained=view.explained, derived=view.derived
    )
    hints = {name: line for name, line in view.scale_lines.items() if not view.has_units(name)}
    found = [
        replace(d, hint=f"a unit: {hints[d.field].problem}") if d.field in hints else d
        for d in found
    ]
    merged = list(hints.values())
    return found + [d for d in view.found if not any(d is m for m in merged)]
