"""The grid of the solves, and the classical run on it.

Every solve of a snapshot runs on one grid: the base grid, refined where the field is
fast-unstable so that the oscillation attenuated by ``grid.resolve_xi`` is resolved. The
classical run on this grid is the reference of all comparisons, so that differences between
runs are physics, not discretisation.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.phasespace import RadialGrid
from qkepipe.schema import set_attributes
from qkepipe.solvers.cells import band_wavenumber, oscillation_edges
from qkepipe.solvers.sphere import grid_of, run_sphere
from qkepipe.solvers.steady import steady_field
from qkepipe.study.stages.background import energy_edges, on_edges
from qkepipe.study.stages.summary import summary_of
from qkepipe.units import KM_CM

__all__ = ["run"]

#: Duration of the classical run: it starts from a steady state and has to show that it stays.
_CLASSICAL_CROSSINGS = 0.2


def run(
    config, case, snapshot: xr.Dataset, background: xr.Dataset, baseline: xr.Dataset,
    stability: xr.Dataset, progress=None,
) -> tuple[xr.Dataset, xr.Dataset, xr.Dataset]:  # fmt: skip
    """Make the solve grid, rebuild the background on it and run the classical case.

    Parameters
    ----------
    config : Config
    case : Case
        The classical case of one resolution.
    snapshot, background, baseline, stability : Dataset
        Outputs of the stages before; ``background`` and ``baseline`` on the base grid.
    progress : callable, optional

    Returns
    -------
    background, solution, summary : Dataset
        On the solve grid.

    Raises
    ------
    QkepipeError
        If ``grid.resolve_xi`` needs more than ``grid.max_cells`` cells.
    """
    base_r = background["r_edge"].values
    n_mu = background.sizes["mu"]
    if case.resolution != 1.0:
        n_r = max(8, round(case.resolution * background.sizes["r"]))
        base_r = np.interp(np.linspace(0, 1, n_r + 1), np.linspace(0, 1, base_r.size), base_r)
        n_mu = 2 * max(2, round(0.5 * case.resolution * n_mu))
    inner = config.solve.r_in_km
    if inner is not None:
        base_r = _from_radius(base_r, inner * KM_CM)
    radius = grid_of(background).radius
    edges = solve_edges(config, base_r, case.resolution, stability, radius)
    fine = on_edges(config, snapshot, edges, n_mu, energy_edges(config, snapshot))
    if inner is not None:
        fine["inflow"] = _entering(baseline, fine)
        fine = set_attributes(fine)
    field = steady_field(fine, tolerance=config.solve.tolerance, progress=_part(progress, 0.0, 0.5))
    fine = fine.merge(field[["f"]])
    solution = run_sphere(
        fine,
        "classical",
        initial=field["f"].values,
        crossings=_CLASSICAL_CROSSINGS,
        average_from=0.0,
        cfl=config.solve.cfl,
        samples=config.solve.samples,
        progress=_part(progress, 0.5, 0.5),
    )
    solution.attrs["residual"] = field.attrs["residual"]
    return fine, solution, summary_of(config, case, solution, fine)


def solve_edges(
    config, edges, resolution: float, stability: xr.Dataset, radius: RadialGrid
) -> np.ndarray:
    """Radial edges [cm] of the solve grid; ``radius`` is the base grid with its metric."""
    centres = 0.5 * (edges[1:] + edges[:-1])
    wavenumber = band_wavenumber(
        stability["potential_phi1"].values, stability["ffi_growth_estimate"].values
    )
    # per coordinate radius
    wavenumber = wavenumber * radius.radial_metric
    unstable = stability["ffi_crossing"].values > 0
    at = stability["r"].values
    return oscillation_edges(
        edges,
        np.interp(centres, at, wavenumber),
        np.interp(centres, at, unstable.astype(float)) > 0.0,
        config.grid.resolve_xi,
        config.grid.cells_per_length * resolution,
        config.grid.max_cells,
    )


def _from_radius(edges: np.ndarray, inner: float) -> np.ndarray:
    """Edges that start at ``inner`` [cm]; a cell cut to less than half joins the next one."""
    rest = edges[edges > inner]
    if rest.size > 1 and rest[0] - inner < 0.5 * (rest[1] - rest[0]):
        rest = rest[1:]
    return np.concatenate([[inner], rest])


def _entering(baseline: xr.Dataset, fine: xr.Dataset) -> tuple:
    """Classical field at the inner edge of the new grid, linear in r and mu."""
    old, new = grid_of(baseline), grid_of(fine)
    f = baseline["f"].transpose("species", "energy", "mu", "r").values
    at = _interpolate(f, old.radius.centres, new.radius.edges[:1], axis=3)[..., 0]
    if old.angle.centres.size != new.angle.centres.size:
        at = _interpolate(at, old.angle.centres, new.angle.centres, axis=2)
    return ("species", "energy", "mu"), at


def _interpolate(values: np.ndarray, x: np.ndarray, x_new: np.ndarray, axis: int) -> np.ndarray:
    return np.apply_along_axis(lambda y: np.interp(x_new, x, y), axis, values)


def _part(progress, start: float, share: float):
    """Progress of one part of a stage."""
    if progress is None:
        return None
    return lambda fraction, seconds: progress(start + share * fraction, seconds)
