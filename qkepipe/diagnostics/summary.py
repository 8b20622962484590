"""The small file of a run: everything that comparison, figures and report read."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.diagnostics import radiation
from qkepipe.diagnostics.conservation import steady_balance
from qkepipe.diagnostics.gain import gain_radius, net_heating_between
from qkepipe.diagnostics.heating import heating_and_cooling, ye_dot
from qkepipe.diagnostics.neutrinosphere import neutrinosphere_radius
from qkepipe.diagnostics.radii import at_radii, default_profile_radii, inside_grid, shock_of
from qkepipe.errors import Defect, QkepipeError
from qkepipe.phasespace import METRIC, number_density
from qkepipe.schema import check, set_attributes
from qkepipe.solvers.sphere import Grid, flows, grid_of

__all__ = ["field_quantities", "luminosity_fields", "summarise"]

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
    _radiation(out, f, grid, flows(f, background))
    _profiles(out, f, grid, radii)
    _matter(out, f, background, second, grid)
    for name in ("steadiness", "number_flux_rms", "number_flux_out", "coherence_max"):
        if name in solution:
            out[name] = solution[name].variable
    if "coherence" in solution:
        out["coherence"] = ("r", solution["coherence"].max("sector").values)
    out.attrs.update(solution.attrs)
    for name in ("shock_radius", "rates_source", "gravity", "lapse_source"):
        if name in background.attrs:
            out.attrs[name] = background.attrs[name]
    balance = steady_balance(f, background)
    out.attrs.update(
        heavy_flavours=TWICE if second is None else SPECTATOR,
        steady_number_balance_error=balance["number"],
        steady_energy_balance_error=balance["energy"],
    )
    return check(set_attributes(out), "summary", "summary")


def field_quantities(field: xr.DataArray, background: xr.Dataset) -> xr.Dataset:
    """What :func:`summarise` says of a field alone, without a run that it is the average of.

    Parameters
    ----------
    field : DataArray
        ``f`` over (species, energy, mu, r); ``nux`` counts twice in sums over species.
    background : Dataset
        Kind ``background`` on the same grid.

    Returns
    -------
    Dataset
        Luminosities, energies, heating, ``ye_dot``, gain and neutrinosphere radii.
    """
    grid = grid_of(background)
    f = field.transpose(*_FIELD).values
    out = xr.Dataset(coords={n: background[n].variable for n in ("r", "r_edge", "species")})
    _radiation(out, f, grid, flows(f, background))
    _matter(out, f, background, None, grid)
    return set_attributes(out)


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


def luminosity_fields(through: np.ndarray, grid: Grid) -> dict[str, tuple]:
    """Luminosities of :func:`qkepipe.solvers.sphere.flows`: (dimensions, values, attributes)."""
    out = {}
    both = radiation.luminosities(through, grid)
    for name, values in zip(("luminosity", "number_luminosity"), both, strict=True):
        out[name] = (("species", "r"), values.centre, {"frame": "local"})
        out[f"{name}_edge"] = (("species", "r_edge"), values.edge, {"frame": "local"})
        out[f"{name}_infinity"] = (("species", "r"), values.infinity, {"frame": "infinity"})
    return out


def _radiation(out: xr.Dataset, f: np.ndarray, grid: Grid, through: np.ndarray) -> None:
    over = ("species", "r")
    for name, variable in luminosity_fields(through, grid).items():
        out[name] = variable
    mean = radiation.mean_energy(f, grid)
    out["mean_energy"] = (over, mean, {"weighting": "number_density", "frame": "local"})
    out["mean_energy_infinity"] = (
        over,
        mean * grid.lapse,
        {"weighting": "number_density", "frame": "infinity"},
    )
    out["rms_energy"] = (
        over,
        radiation.rms_energy(f, grid),
        {"definition": "sqrt(int E^4 f dE / int E^2 f dE)"},
    )
    out["number_density"] = (over, number_density(f, grid.energy, grid.angle, grid.lapse))
    out["flux_factor"] = (over, radiation.flux_factor(f, grid))


def _profiles(out: xr.Dataset, f: np.ndarray, grid: Grid, radii) -> None:
    centres = grid.radius.centres
    for name, axis in (("angular_distribution", "mu"), ("spectrum", "energy")):
        values = at_radii(getattr(radiation, name)(f, grid), centres, radii)
        out[name] = (("profile_radius", "species", axis), np.moveaxis(values, -1, 0))


def _matter(out: xr.Dataset, f, background: xr.Dataset, second, grid: Grid) -> None:
    heating, cooling = heating_and_cooling(f, background, second)
    net = heating - cooling
    out["heating_rate"] = ("r", heating)
    out["cooling_rate"] = ("r", cooling)
    out["net_heating_rate"] = ("r", net)
    out["ye_dot"] = ("r", ye_dot(f, background))
    rho = background["rho"].values
    out["rho"] = ("r", rho)
    out["temperature"] = ("r", background["temperature"].values)
    spheres, status = neutrinosphere_radius(f, background)
    out["neutrinosphere_radius"] = (
        "species",
        spheres,
        {"status": status, "definition": "transport optical depth 2/3, flux averaged"},
    )
    limit, what = shock_of(background)
    gain, status = gain_radius(net, grid.radius, limit)
    out["gain_radius"] = ((), gain, {"status": status})
    out["net_heating_gain_region"] = (
        (),
        net_heating_between(net, rho, grid.radius, gain, limit),
        {"status": status, "outer_limit": what},
    )
