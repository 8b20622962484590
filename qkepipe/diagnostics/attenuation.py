"""What a run with an attenuated Hamiltonian can decide.

With the Hamiltonian multiplied by xi, growth rates, band widths and potentials all scale
with xi, so the e-folds that a mode gains while gradients carry it through its unstable band
fall from N_e to xi N_e: the run overstates the suppression by gradients (docs: stability,
section 8; the direction of the effect is that of Zaizen & Nagakura 2026, arXiv:2604.13617).
A seed of amplitude a needs ln(1/a) e-folds. The runs hold the self-interaction only
(:mod:`qkepipe.oscillation.rotation`), so that the gradient of matter does not act in them:
what limits a run is xi N_e with the gradient of Phi_0 alone. A cell where the star, with
matter and xi = 1, gives a mode enough e-folds but the run does not is *not decidable at this
xi*: no conversion there says nothing about the star.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.solvers.sphere import grid_of
from qkepipe.stability.fast import fast_unstable
from qkepipe.stability.gradient import efolds
from qkepipe.units import KM_CM

__all__ = ["Decidability", "cells_per_length", "decidability", "run_efolds"]


@dataclass(frozen=True)
class Decidability:
    """Fast-unstable cells of one run by what gradients allow.

    Parameters
    ----------
    xi : float
    needed : float
        ln(1/seed amplitude).
    unstable, decidable, undecidable, suppressed : int
        Cells: all; enough e-folds in the star and in the run; in the star but not in the run;
        not in the star.
    median_efolds : float
        Median of N_e at xi = 1 over the unstable cells.
    undecidable_km : tuple of float or None
        Innermost and outermost undecidable radius.
    run_efolds : float
        Median of xi N_e of the unstable cells with the gradient of Phi_0 alone.
    path_efolds : float
        xi times the integral of growth rate over c times the proper length through the
        unstable cells, the largest over directions: what a seed gains that moves outward
        with light speed.
    """

    xi: float
    needed: float
    unstable: int
    decidable: int
    undecidable: int
    suppressed: int
    median_efolds: float
    undecidable_km: tuple[float, float] | None
    run_efolds: float
    path_efolds: float


def decidability(stability: xr.Dataset, xi: float, seed: float) -> Decidability | None:
    """Sort the fast-unstable cells of a map for a run with attenuation ``xi``.

    Parameters
    ----------
    stability : Dataset
        Map of the classical field at xi = 1.
    xi : float
    seed : float
        Amplitude of the seed.

    Returns
    -------
    Decidability or None
        None without fast-unstable cells or without ``gradient_efolds``.
    """
    mask = fast_unstable(stability)
    if "gradient_efolds" not in stability or not bool(mask.any()):
        return None
    needed = math.log(1.0 / seed)
    star = stability["gradient_efolds"].where(mask)
    own = run_efolds(stability, xi)
    suppressed = star < needed
    decidable = mask & ~suppressed & (own >= needed)
    undecidable = mask & ~suppressed & ~decidable
    at = undecidable.any([d for d in undecidable.dims if d != "r"]).values
    radius = stability["r"].values / KM_CM
    span = (float(radius[at].min()), float(radius[at].max())) if at.any() else None
    return Decidability(
        xi=xi,
        needed=needed,
        unstable=int(mask.sum()),
        decidable=int(decidable.sum()),
        undecidable=int(undecidable.sum()),
        suppressed=int((mask & suppressed).sum()),
        median_efolds=float(star.median()),
        undecidable_km=span,
        run_efolds=float(own.where(mask).median()),
        path_efolds=xi * _path_efolds(stability, mask),
    )


def run_efolds(stability: xr.Dataset, xi: float) -> xr.DataArray:
    """E-folds that gradients allow in a run with attenuation ``xi``, which has no matter term."""
    return xi * efolds(
        stability["ffi_growth_estimate"], stability["potential_phi0"], _stretch(stability)
    )


def _stretch(stability: xr.Dataset) -> xr.DataArray | float:
    """Proper length per dr."""
    return stability.get("radial_metric", 1.0)


def _path_efolds(stability: xr.Dataset, mask: xr.DataArray) -> float:
    growth = stability["ffi_growth_estimate"].where(mask, 0.0)
    r = stability["r"].values
    if "r_edge" in stability.variables and stability["r_edge"].size == r.size + 1:
        width = np.diff(stability["r_edge"].values)
    else:
        width = np.gradient(r)
    along = (growth * xr.DataArray(width, dims="r") * _stretch(stability)).sum("r") / C_LIGHT
    return float(along.max())


def cells_per_length(stability: xr.Dataset, summary: xr.Dataset) -> float | None:
    """Fewest cells per attenuated oscillation length 1/(xi mu) where the field is unstable.

    mu is the larger of |Phi_0| and |Phi_1| of the map, the cell width that of the run.
    None where nothing is unstable or the map has directions.
    """
    mask = fast_unstable(stability)
    if mask.dims != ("r",) or not bool(mask.any()):
        return None
    potential = np.maximum(
        np.abs(stability["potential_phi0"].values), np.abs(stability["potential_phi1"].values)
    )
    at = stability["r"].values
    r = summary["r"].values
    inside = np.interp(r, at, mask.values.astype(float)) > 0.0
    if not inside.any():
        return None
    width = grid_of(summary).radius.proper_widths
    inverse = float(summary.attrs["xi"]) * np.interp(r, at, potential) * width
    largest = float(inverse[inside].max())
    return 1.0 / largest if largest > 0.0 else None
