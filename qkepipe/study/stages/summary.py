"""Summary of one case: the diagnostics of its solution and what identifies it."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.diagnostics import summarise
from qkepipe.units import KM_CM

__all__ = ["summary_of"]

_SERIES = ("tracked_coherence",)


def summary_of(config, case, solution: xr.Dataset, background: xr.Dataset) -> xr.Dataset:
    """Summarise a solution on the grid of the reference.

    Parameters
    ----------
    config : Config
    case : Case
    solution, background : Dataset
        ``background`` holds the classical field ``f`` of the same grid.

    Returns
    -------
    Dataset
        Kind ``summary``.
    """
    radii = config.report.profile_radii_km
    summary = summarise(
        solution,
        background,
        profile_radii=np.array(radii) * KM_CM if radii else None,
        spectator=None if case.options.get("flavors") == 3 else background["f"],
    )
    for name in _SERIES:
        if name in solution:
            summary[name] = solution[name]
    summary.attrs.update(
        case=case.name, kind=case.kind, scheme=case.scheme, resolution=float(case.resolution)
    )
    return summary
