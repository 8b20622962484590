"""The small file of a run: everything that comparison, figures and report read."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.diagnostics import radiation
from qkepipe.diagnostics.field import diagnose
from qkepipe.diagnostics.radii import at_radii, default_profile_radii, inside_grid
from qkepipe.errors import Defect, QkepipeError
from qkepipe.phasespace import METRIC
from qkepipe.schema import check, set_attributes
from qkepipe.solvers.sphere import grid_of

__all__ = ["SPECTATOR", "TWICE", "summarise"]

_FIELD = ("species", "energy", "mu", "r")
_GRID = ("r", "r_edge", "energy", "energy_edge", "mu", "mu_edge")

#: Values of the attribute ``heavy_flavours``: what sums over species contain.
TWICE = "nux counts twice"
SPECTATOR = "nux counts once, the second heavy flavour is classical"


def summarise(
    solution: xr.Dataset,
    background: xr.Dataset,
    profile_radii=None,
    spectator: xr.DataArray | None = None,
) -> xr.Dataset:
    """Reduce a solution to its summary.

    Parameters
    ----------
    solution : Dataset
        Kind ``solution``.
    background : Dataset
        Kind ``background`` on the same grid.
    profile_radii : array_like, optional
        Where spectra and angular distributions are kept [cm]; default:
        :func:`~qkepipe.diagnostics.radii.default_profile_radii`.
    spectator : DataArray, optional
        Classical field ``f``. With it the heavy flavours of the sums over species
        (heating, cooling, gain radius) are the mixed one and a classical one, as in a
        two-flavour run; without it ``nux`` counts twice.

    Returns
    -------
    Dataset
        Kind ``summary``. Attributes: all those of the solution; ``shock_radius``,
        ``rates_source``, ``gravity`` and ``lapse_source`` of the background;
        ``heavy_flavours``; ``steady_number_balance_error`` and
        ``steady_energy_balance_error``.

    Raises
    ------
    QkepipeError
        If the grids of solution, background and spectator differ, or a profile radius
        lies outside them.
    """
    for name, field in (("background", background), ("spectator", spectator)):
        if field is not None:
            _same_grid(solution, field, name)
    grid = grid_of(solution)
    f = solution["f"].transpose(*_FIELD).values
    second = None if spectator is None else spectator.transpose(*_FIELD).values
    if profile_radii is None:
        profile_radii = default_profile_radii(background)
    radii = inside_grid(profile_radii, grid.radius)
    out = xr.Dataset(coords={n: solution[n].variable for n in (*_GRID, "species", "time_sample")})
    out = out.assign_coords(profile_radius=("profile_radius", radii))
    out = out.assign({n: solution[n].variable for n in METRIC if n in solution})
    found = diagnose(f, background, second)
    out = out.assign({n: v.variable for n, v in found.data_vars.items()})
    for name, axis in (("angular_distribution", "mu"), ("spectrum", "energy")):
        values = at_radii(getattr(radiation, name)(f, grid), grid.radius.centres, radii)
        out[name] = (("profile_radius", "species", axis), np.moveaxis(values, -1, 0))
    for name in ("steadiness", "number_flux_rms", "number_flux_out", "coherence_max"):
        if name in solution:
            out[name] = solution[name].variable
    if "coherence" in solution:
        out["coherence"] = ("r", solution["coherence"].max("sector").values)
    out.attrs.update(solution.attrs)
    for name in ("shock_radius", "rates_source", "gravity", "lapse_source"):
        if name in background.attrs:
            out.attrs[name] = background.attrs[name]
    out.attrs.update(found.attrs, heavy_flavours=TWICE if second is None else SPECTATOR)
    return check(set_attributes(out), "summary", "summary")


def _same_grid(solution: xr.Dataset, other, name: str) -> None:
    for coordinate in ("r", "energy", "mu"):
        if coordinate not in other.coords:
            continue
        mine, theirs = solution[coordinate].values, other[coordinate].values
        if mine.shape != theirs.shape or not np.allclose(mine, theirs, rtol=1e-12, atol=0.0):
            raise QkepipeError(
                Defect(
                    "summary",
                    f"{coordinate} of the {name}",
                    f"{theirs.size} values that differ from those of the solution",
                    f"the {mine.size} values of the solution",
                )
            )
