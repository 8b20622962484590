"""All diagnostics of one radiation field on its background."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.diagnostics import radiation
from qkepipe.diagnostics.conservation import steady_balance
from qkepipe.diagnostics.gain import gain_radius, net_heating_between
from qkepipe.diagnostics.heating import heating_and_cooling, ye_dot, ye_dot_processes
from qkepipe.diagnostics.neutrinosphere import (
    DEPTH,
    OPACITIES,
    inner_optical_depth,
    neutrinosphere_radius,
    sphere_of_depth,
)
from qkepipe.diagnostics.radii import shock_of
from qkepipe.phasespace import number_density
from qkepipe.solvers.sphere import Grid, flows, grid_of

__all__ = ["diagnose"]

_OVER = ("species", "r")
#: Names of the sphere and of the depth of the inner edge for each opacity.
_DECOUPLING = {
    "transport": ("neutrinosphere_radius", "inner_optical_depth"),
    "effective": ("effective_sphere_radius", "inner_effective_optical_depth"),
}


def diagnose(
    f: np.ndarray,
    background: xr.Dataset,
    spectator: np.ndarray | None = None,
    moving: bool = False,
    through: np.ndarray | None = None,
) -> xr.Dataset:
    """Moments, exchange with matter, decoupling and balance.

    Parameters
    ----------
    f : ndarray (4, n_energy, n_mu, n_r)
    background : Dataset
        Kind ``background`` on the same grid.
    spectator : ndarray (4, n_energy, n_mu, n_r), optional
        Field of the second heavy flavour in sums over species; default: ``f``.
    moving : bool
        Whether the field is that of a fluid moving with ``velocity_r``: of the balance alone,
        the exchange with matter is that of matter at rest with this field.
    through : ndarray (4, n_energy, n_r + 1), optional
        Neutrinos per time through the cell edges of a field that is no solution of transport;
        default: as the transport operator counts them (:func:`qkepipe.solvers.sphere.flows`).

    Returns
    -------
    Dataset
        Variables of kind ``summary`` that need nothing but the field; attributes
        ``steady_number_balance_error`` and ``steady_energy_balance_error``.
    """
    grid = grid_of(background)
    fields = {
        **_radiation(f, grid, flows(f, background) if through is None else through),
        **_exchange(f, background, spectator, grid),
        **_decoupling(f, background, grid),
    }
    balance = steady_balance(f, background, moving)
    attributes = {f"steady_{name}_balance_error": value for name, value in balance.items()}
    return xr.Dataset(fields, attrs=attributes)


def _radiation(f: np.ndarray, grid: Grid, through: np.ndarray) -> dict[str, tuple]:
    out = {}
    both = radiation.luminosities(through, grid)
    for name, values in zip(("luminosity", "number_luminosity"), both, strict=True):
        out[name] = (_OVER, values.centre, {"frame": "local"})
        out[f"{name}_edge"] = (("species", "r_edge"), values.edge, {"frame": "local"})
        out[f"{name}_infinity"] = (_OVER, values.infinity, {"frame": "infinity"})
    mean = radiation.mean_energy(f, grid)
    density = {"weighting": "number_density"}
    out["mean_energy"] = (_OVER, mean, {**density, "frame": "local"})
    out["mean_energy_infinity"] = (_OVER, mean * grid.lapse, {**density, "frame": "infinity"})
    out["mean_energy_flux"] = (
        _OVER,
        radiation.flux_mean_energy(through, grid),
        {"weighting": "number_flux", "frame": "local"},
    )
    out["rms_energy"] = (
        _OVER,
        radiation.rms_energy(f, grid),
        {"definition": "sqrt(int E^4 f dE / int E^2 f dE)", "frame": "local"},
    )
    out["number_density"] = (_OVER, number_density(f, grid.energy, grid.angle, grid.lapse))
    out["flux_factor"] = (_OVER, radiation.flux_factor(f, grid))
    return out


def _exchange(f: np.ndarray, background: xr.Dataset, spectator, grid: Grid) -> dict[str, tuple]:
    heating, cooling = heating_and_cooling(f, background, spectator)
    net, rho = heating - cooling, background["rho"].values
    limit, what = shock_of(background)
    gain, status = gain_radius(net, grid.radius, limit)
    inside = net_heating_between(net, rho, grid.radius, gain, limit)
    below = net_heating_between(net, rho, grid.radius, grid.radius.edges[0], gain)
    return {
        "heating_rate": ("r", heating),
        "cooling_rate": ("r", cooling),
        "net_heating_rate": ("r", net),
        "ye_dot": ("r", ye_dot(f, background), {"processes": ye_dot_processes(background)}),
        "rho": ("r", rho),
        "temperature": ("r", background["temperature"].values),
        "gain_radius": ((), gain, {"status": status}),
        "net_heating_gain_region": ((), inside, {"status": status, "outer_limit": what}),
        "net_cooling_below_gain": ((), -below, {"status": status}),
    }


def _decoupling(f: np.ndarray, background: xr.Dataset, grid: Grid) -> dict[str, tuple]:
    out = {}
    for opacity, (sphere, depth) in _DECOUPLING.items():
        words = {"definition": f"{opacity} optical depth {DEPTH:.3g}"}
        for suffix, weighting in (("", "number_flux"), ("_energy_density", "energy_density")):
            found, status = neutrinosphere_radius(f, background, opacity, weighting)
            attributes = {**words, "weighting": weighting, "status": status}
            out[sphere + suffix] = ("species", found, attributes)
        groups = sphere_of_depth(OPACITIES[opacity](background), grid.radius)
        out[f"{sphere}_group"] = (("species", "energy"), groups, words)
        inner = inner_optical_depth(f, background, opacity)
        out[depth] = ("species", inner, {"weighting": "number_flux"})
    return out
