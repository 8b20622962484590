"""Radial profiles on the cells of a study, and the accretion shock."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.errors import Defect, QkepipeError
from qkepipe.schema import set_attributes
from qkepipe.snapshot.mesh import midpoint_edges
from qkepipe.units import KM_CM

__all__ = ["regrid", "shock_radius"]

#: Interpolated as power laws of r where both neighbours are positive.
_POWER_LAWS = (
    "rho", "temperature", "pressure", "nu_number_density", "nu_energy_density",
    "nu_number_density_fluid", "nu_energy_density_fluid",
    "emissivity", "absorption", "scattering", "scattering_transport",
)  # fmt: skip
#: Interpolated as flux over density.
_FLUXES = {
    "nu_number_flux": "nu_number_density",
    "nu_energy_flux": "nu_energy_density",
    "nu_number_flux_fluid": "nu_number_density_fluid",
    "nu_energy_flux_fluid": "nu_energy_density_fluid",
}
#: Distance [in ln r] over which the sides of a shock are compared, unless one zone is wider.
_REACH = 0.1
#: Smallest jump of the velocity: absolute [cm s^-1], and relative to the larger side.
_SPEED, _SLOWED = 1e8, 0.5
#: Smallest compression with velocity, and without; smallest fall of entropy or temperature.
_COMPRESSED, _STEP, _COOLER = 2.0, 4.0, 1.3
#: Without velocity: the density changes this much less (in ln rho) on both sides of the step.
_ISOLATED = 3.0


def _source(snapshot: xr.Dataset) -> str:
    return str(snapshot.attrs.get("source_file", "snapshot"))


def _require_radial(snapshot: xr.Dataset, what: str) -> None:
    others = [str(d) for d in snapshot["rho"].dims if d != "r"]
    if others or "r" not in snapshot["rho"].dims:
        raise QkepipeError(
            Defect(_source(snapshot), "rho",
                   f"{what} needs one radial profile, but it depends on {', '.join(others)}",
                   "dimension r only",
                   "one ray (option theta of the reader), or field: moments, which maps any cells")
        )  # fmt: skip


def regrid(snapshot: xr.Dataset, edges_cm) -> xr.Dataset:
    """Bring a radial snapshot to other cells.

    Parameters
    ----------
    snapshot : Dataset
        Kind ``snapshot`` over ``r`` alone (species and energy allowed).
    edges_cm : array_like, shape (n + 1,)
        Increasing edges of the new cells [cm].

    Returns
    -------
    Dataset
        The same variables at the midpoints of the new cells, with ``r`` and ``r_edge``:
        power laws of r for density, temperature, pressure, neutrino densities and rates
        (linear next to zeros), linear in r for ye, velocity, composition, potentials and
        F/n of fluxes. Heavy nuclei keep mass and charge: x_heavy/A and x_heavy Z/A are
        linear, zones without known nuclei count as none, and A, Z are NaN where no neighbour
        has any. Inside the half cells at both ends of the snapshot the values of the
        outermost zones hold. Values at old cell centres are unchanged.

    Raises
    ------
    QkepipeError
        If the edges reach outside the snapshot, do not increase, or the snapshot is not
        one-dimensional.
    """
    _require_radial(snapshot, "regridding")
    edges = np.asarray(edges_cm, dtype=float)
    r = snapshot["r"].values.astype(float)
    own = snapshot["r_edge"].values if "r_edge" in snapshot.variables else midpoint_edges(r)
    if edges.ndim != 1 or edges.size < 2 or not np.all(np.diff(edges) > 0.0):
        raise QkepipeError(Defect("grid", "r_edge", "edges do not increase", "increasing radii"))
    slack = 1e-9 * own[-1]
    if edges[0] < own[0] - slack or edges[-1] > own[-1] + slack:
        raise QkepipeError(
            Defect(_source(snapshot), "r",
                   f"the grid from {edges[0] / KM_CM:.6g} to {edges[-1] / KM_CM:.6g} km reaches "
                   f"outside the snapshot, {own[0] / KM_CM:.6g} to {own[-1] / KM_CM:.6g} km",
                   "a grid inside the snapshot", "grid.r_in_km and grid.r_out_km")
        )  # fmt: skip
    centres = 0.5 * (edges[1:] + edges[:-1])
    between = _Between(r, centres)
    out = {}
    for name, array in snapshot.data_vars.items():
        if "r" not in array.dims:
            if "r_edge" not in array.dims:
                out[name] = array
            continue
        dims = (*(d for d in array.dims if d != "r"), "r")
        values = array.transpose(*dims).values.astype(float)
        if name in _FLUXES and _FLUXES[name] in snapshot:
            density = snapshot[_FLUXES[name]].transpose(*dims).values
            new = between.flux(values, density)
        elif name in _POWER_LAWS:
            new = between.power_law(values)
        else:
            new = between.linear(values)
        out[name] = (dims, new, dict(array.attrs))
    if "x_heavy" in snapshot and "abar" in snapshot:
        _nuclei(snapshot, between, out)
    coords = {name: c for name, c in snapshot.coords.items() if not {"r", "r_edge"} & set(c.dims)}
    coords |= {"r": ("r", centres), "r_edge": ("r_edge", edges)}
    result = xr.Dataset(out, coords=coords, attrs=dict(snapshot.attrs))
    line = (
        f"interpolated from {r.size} zones to {centres.size} cells, "
        f"{edges[0]:.6g} to {edges[-1]:.6g} cm"
    )
    result.attrs["history"] = "\n".join(h for h in (result.attrs.get("history"), line) if h)
    result.attrs["r_edge_source"] = "grid"
    return set_attributes(result)


class _Between:
    """Interpolation along the last axis from radii ``r`` to ``new``; constant outside."""

    def __init__(self, r: np.ndarray, new: np.ndarray):
        if r.size == 1:
            self.left = self.right = np.zeros(new.size, dtype=int)
            self.weight = self.weight_log = np.zeros(new.size)
            return
        self.left = np.clip(np.searchsorted(r, new, side="right") - 1, 0, r.size - 2)
        self.right = self.left + 1
        low, high, new = r[self.left], r[self.right], np.clip(new, r[0], r[-1])
        self.weight = (new - low) / (high - low)
        self.weight_log = np.log(new / low) / np.log(high / low)

    def linear(self, values: np.ndarray) -> np.ndarray:
        a, b = values[..., self.left], values[..., self.right]
        return self._exact(a, b, (1.0 - self.weight) * a + self.weight * b)

    def power_law(self, values: np.ndarray) -> np.ndarray:
        a, b = values[..., self.left], values[..., self.right]
        positive = (a > 0.0) & (b > 0.0)
        log_a, log_b = (np.log(np.where(positive, x, 1.0)) for x in (a, b))
        smooth = np.exp((1.0 - self.weight_log) * log_a + self.weight_log * log_b)
        plain = (1.0 - self.weight) * a + self.weight * b
        return self._exact(a, b, np.where(positive, smooth, plain))

    def flux(self, flux: np.ndarray, density: np.ndarray) -> np.ndarray:
        speed = np.where(density > 0.0, flux / np.where(density > 0.0, density, 1.0), 0.0)
        return self.linear(speed) * self.power_law(density)

    def _exact(self, a, b, between):
        """Values of the ends as they are, NaN of an unused neighbour included."""
        return np.where(self.weight == 0.0, a, np.where(self.weight == 1.0, b, between))


def _nuclei(snapshot: xr.Dataset, between: _Between, out: dict) -> None:
    """Mean mass and charge number of heavy nuclei on the new cells."""
    dims = snapshot["abar"].dims
    x = snapshot["x_heavy"].values
    a = snapshot["abar"].values
    known = np.isfinite(a) & (a > 0.0) & (x > 0.0)
    number = np.where(known, x, 0.0) / np.where(known, a, 1.0)
    mass = between.linear(np.where(known, x, 0.0))
    new = between.linear(number)
    some = new > 0.0
    divisor = np.where(some, new, 1.0)
    attrs = dict(snapshot["abar"].attrs)
    out["abar"] = (dims, np.where(some, mass / divisor, np.nan), attrs)
    if "zbar" in snapshot:
        z = np.where(known, snapshot["zbar"].values, 0.0)
        charge = between.linear(number * z)
        attrs = dict(snapshot["zbar"].attrs)
        out["zbar"] = (dims, np.where(some, charge / divisor, np.nan), attrs)


def shock_radius(snapshot: xr.Dataset) -> float | None:
    """Radius [cm] of the accretion or explosion shock, None where there is none.

    With ``velocity_r``: matter is stopped where the velocity falls outwards, from v_in to
    v_out over a tenth in ln r (or one zone, where that is wider), by at least 1000 km/s and
    half of the larger speed, while the density falls by a factor 2 or more. The largest such
    jump is the shock. A settling flow, v ~ -r, changes by a tenth over this distance only.

    Without velocity: the density falls by at least 4 over the same distance, a strong shock,
    in a step that stands alone: in the neighbouring intervals of the same width ln rho
    changes at least three times less. The steep surface of a hydrostatic star has neighbours
    that are as steep. The entropy, or where it is not given the temperature, falls by at
    least 1.3.

    Parameters
    ----------
    snapshot : Dataset
        Kind ``snapshot`` over ``r`` alone.

    Returns
    -------
    float or None
        Where velocity, or ln rho, is halfway between both sides.

    Raises
    ------
    QkepipeError
        If the snapshot is not one-dimensional.
    """
    _require_radial(snapshot, "the shock")
    r = snapshot["r"].values.astype(float)
    log_r, log_rho = np.log(r), np.log(snapshot["rho"].values.astype(float))
    # the other side of every zone that has one
    outer = np.maximum(np.searchsorted(log_r, log_r + _REACH), np.arange(r.size) + 1)
    inner = np.flatnonzero(outer < r.size)
    outer = outer[inner]
    if inner.size == 0:
        return None
    fall = log_rho[inner] - log_rho[outer]
    if "velocity_r" in snapshot:
        profile = snapshot["velocity_r"].values.astype(float)
        jump = profile[inner] - profile[outer]
        speed = np.maximum(np.abs(profile[inner]), np.abs(profile[outer]))
        found = (jump > _SPEED) & (jump > _SLOWED * speed) & (fall > np.log(_COMPRESSED))
    else:
        profile, jump = log_rho, fall
        width = log_r[outer] - log_r[inner]
        before = np.interp(log_r[inner] - width, log_r, log_rho) - log_rho[inner]
        behind = log_rho[outer] - np.interp(log_r[outer] + width, log_r, log_rho)
        alone = np.maximum(np.abs(before), np.abs(behind)) * _ISOLATED < fall
        name = "entropy" if "entropy" in snapshot else "temperature"
        heat = snapshot[name].values.astype(float)
        found = (fall > np.log(_STEP)) & alone & (heat[inner] > _COOLER * heat[outer])
    if not found.any():
        return None
    k = int(np.argmax(np.where(found, jump, -np.inf)))
    part = slice(inner[k], outer[k] + 1)
    middle = 0.5 * (profile[inner[k]] + profile[outer[k]])
    return float(_crossing(r[part], profile[part], middle))


def _crossing(r: np.ndarray, falling: np.ndarray, value: float) -> float:
    """First radius where a profile falls to a value, linear between zones."""
    i = int(np.argmax(falling[1:] <= value))
    a, b = falling[i], falling[i + 1]
    return r[i] + (r[i + 1] - r[i]) * (a - value) / (a - b)
