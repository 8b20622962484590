"""Uncertainty of a row of the comparison: from the grid, from neighbouring runs, from its average.

Four parts, all absolute and in the units of the value; each is NaN where the study has
nothing to take it from:

``uncertainty_xi``
    For quantum kinetics: |difference| to the case with the next smaller xi on the same
    resolution, for the smallest xi to the next larger one; of the largest xi, the best
    run, it is the difference of the last two. An estimate of the distance to xi = 1 only
    if the sequence converges (:mod:`qkepipe.diagnostics.convergence`).
``uncertainty_resolution``
    |difference| to the same case on the next finer resolution, for the finest to the next
    coarser one.
``uncertainty_time``
    Luminosities and survival probabilities: half of the change of the number flux between
    the halves of the time average, the standard error of a mean of two independent halves;
    of heating rates the same with the larger change of nue and nuebar. A lower bound: two
    halves agree by chance now and then, and slower changes are not seen.

``uncertainty_grid``
    Of runs at resolution 1: relative error of the classical field on the base grid, from the
    resolution study (:mod:`qkepipe.diagnostics.resolution`), times |value|. An upper estimate
    in r, as the grid of the runs is the base grid with refined parts. It is an error of the
    *value*. In the change against the classical run it cancels as far as it is common to both
    and to the flavours that mix; how much the change depends on cells and bins, only
    ``uncertainty_resolution`` shows.
    Survival probabilities, quotients on one grid, have none.

Two combinations, roots of the sum of squares of the parts that exist:

``uncertainty``
    Of the value: all parts. Grid and resolution overlap in r and mu, which errs on the safe
    side. NaN where no part but the average exists, as its fluctuation alone is no error bar;
    of quantum kinetics also where no neighbouring run exists, as attenuation is its largest
    unknown.
``uncertainty_change``
    Of the difference to the classical run: all parts but the grid. NaN where no neighbouring
    run exists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import xarray as xr

from qkepipe.diagnostics.radii import at_radii

__all__ = ["PARTS", "CaseValues", "of_change", "of_value", "parts"]

PARTS = ("uncertainty_xi", "uncertainty_resolution", "uncertainty_time", "uncertainty_grid")
_FROM_RUNS = PARTS[:2]

_FLUXES = ("luminosity", "number_luminosity", "survival_probability")
_ALL_RESOLUTIONS = re.compile(r"_res[0-9]+(p[0-9]+)?$")


@dataclass(frozen=True)
class CaseValues:
    """Values of one case by (quantity, species, radius), and what identifies it."""

    name: str
    kind: str
    xi: float
    resolution: float
    summary: xr.Dataset
    values: dict

    @property
    def stem(self) -> str:
        """Name of the case without its resolution."""
        return _ALL_RESOLUTIONS.sub("", self.name)


def parts(
    case: CaseValues, cases: list[CaseValues], key: tuple, grid_error: float
) -> dict[str, float]:
    """The parts of the uncertainty of one value.

    Parameters
    ----------
    case : CaseValues
    cases : list of CaseValues
        All cases of the snapshot.
    key : tuple
        (quantity, species, radius or None).
    grid_error : float
        Relative error of the quantity on the base grid; NaN where it is not known.
    """
    same_resolution = [c for c in cases if c.kind == "qke" and c.resolution == case.resolution]
    same_case = [c for c in cases if c.stem == case.stem]
    return {
        "uncertainty_xi": _to_next(case, same_resolution, key, lambda c: -c.xi)
        if case.kind == "qke"
        else np.nan,
        "uncertainty_resolution": _to_next(case, same_case, key, lambda c: c.resolution),
        "uncertainty_time": _of_average(case, key),
        "uncertainty_grid": grid_error * abs(case.values[key])
        if case.resolution == 1.0
        else np.nan,
    }


def of_value(pieces: dict[str, float], kind: str) -> float:
    """Uncertainty of the value of a row of a kind of run."""
    needed = _FROM_RUNS if kind == "qke" else (*_FROM_RUNS, "uncertainty_grid")
    return _combined(pieces, PARTS, needed)


def of_change(pieces: dict[str, float]) -> float:
    """Uncertainty of value minus classical value, of which the error of the grid is not part."""
    return _combined(pieces, PARTS[:3], _FROM_RUNS)


def _combined(pieces: dict[str, float], names: tuple[str, ...], needed: tuple[str, ...]) -> float:
    """Root of the sum of squares of the finite parts; NaN if none of those needed is finite."""
    if not any(np.isfinite(pieces[n]) for n in needed):
        return np.nan
    return float(np.hypot.reduce([pieces[n] for n in names if np.isfinite(pieces[n])]))


def _to_next(case: CaseValues, others: list[CaseValues], key: tuple, parameter) -> float:
    """|difference| to the neighbour next above in the parameter, else next below."""
    larger = [c for c in others if parameter(c) > parameter(case)]
    smaller = [c for c in others if parameter(c) < parameter(case)]
    if larger:
        neighbour = min(larger, key=parameter)
    elif smaller:
        neighbour = max(smaller, key=parameter)
    else:
        return np.nan
    return abs(case.values[key] - neighbour.values[key])


def _of_average(case: CaseValues, key: tuple) -> float:
    quantity, species, radius = key
    change = case.summary["steadiness"]
    if quantity in _FLUXES and species in change["species"].values:
        profile = change.sel(species=species).values
    elif quantity == "heating_rate":
        profile = change.sel(species=["nue", "nuebar"]).max("species").values
    else:
        return np.nan
    local = at_radii(profile, case.summary["r"].values, np.array([radius]))[0]
    return 0.5 * float(local) * abs(case.values[key])
