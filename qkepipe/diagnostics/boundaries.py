"""Surfaces that divide a snapshot: shock, gain radius, neutrinospheres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from qkepipe.snapshot import shock_radius
from qkepipe.units import KM_CM

__all__ = ["Boundary", "boundaries"]

#: Share of the directions that must have a shock for the map to have one.
_MOST = 0.5


@dataclass(frozen=True)
class Boundary:
    """A surface around the centre.

    Attributes
    ----------
    radius : DataArray (directions) or None
        [cm], NaN in directions without it; None where it cannot be defined.
    words : str
        What it is and where, or why it cannot be defined.
    """

    radius: xr.DataArray | None
    words: str

    @property
    def known(self) -> bool:
        """Whether there is one."""
        return self.radius is not None


def boundaries(matter: xr.Dataset, field: xr.Dataset | None = None) -> dict[str, Boundary]:
    """Boundaries that data allow to define.

    Parameters
    ----------
    matter : Dataset
        Kind ``background``, or ``snapshot`` over any space: ``rho`` [g cm^-3] and, where known,
        ``velocity_r``; ``shock_radius`` [cm] in the attributes wins.
    field : Dataset, optional
        Diagnostics of a field on the study grid: ``neutrinosphere_radius(species)`` and
        ``gain_radius`` [cm].

    Returns
    -------
    dict
        ``shock``, ``gain_radius`` and ``neutrinosphere_<species>``.
    """
    found = {"shock": _shock(matter), "gain_radius": _gain(field)}
    if field is None or "neutrinosphere_radius" not in field:
        none = "needs opacities and a field on the study grid (field: transport or snapshot)"
        return found | {f"neutrinosphere_{s}": Boundary(None, none) for s in ("nue", "nuebar")}
    spheres = field["neutrinosphere_radius"]
    status = str(spheres.attrs.get("status", "not on the grid"))
    for species in map(str, spheres["species"].values):
        radius = float(spheres.sel(species=species))
        found[f"neutrinosphere_{species}"] = (
            _at(radius, "transport optical depth 2/3, flux-averaged")
            if np.isfinite(radius)
            else Boundary(None, _reason(status, species))
        )
    return found


def _at(radius: float, words: str) -> Boundary:
    return Boundary(xr.DataArray(radius), f"{words}, at {radius / KM_CM:.4g} km")


def _reason(status: str, species: str) -> str:
    """The part of a status that concerns one species."""
    parts = dict(p.split(": ", 1) for p in status.split("; ") if ": " in p)
    return parts.get(species, status)


def _gain(field: xr.Dataset | None) -> Boundary:
    if field is None or "gain_radius" not in field:
        return Boundary(
            None, "needs heating rates on the study grid (field: transport or snapshot)"
        )
    radius = float(field["gain_radius"])
    if not np.isfinite(radius):
        return Boundary(None, str(field["gain_radius"].attrs.get("status", "not on the grid")))
    return _at(radius, "outermost change from cooling to heating")


def _shock(matter: xr.Dataset) -> Boundary:
    if "shock_radius" in matter.attrs:
        return _at(float(matter.attrs["shock_radius"]), "shock of the snapshot")
    if "r" not in matter["rho"].dims:
        return Boundary(None, "no rays from the centre to look for a shock along")
    names = [n for n in ("rho", "velocity_r", "entropy", "temperature") if n in matter]
    profiles = matter[names]
    over = [d for d in ("phi", "theta") if d in matter["rho"].dims]
    if over:
        profiles = profiles.stack(ray=over).transpose("ray", "r", ...)
        rays = [profiles.isel(ray=i, drop=True) for i in range(profiles.sizes["ray"])]
    else:
        rays = [profiles]
    radii = [shock_radius(ray) for ray in rays]
    values = np.array([np.nan if radius is None else radius for radius in radii])
    count = int(np.isfinite(values).sum())
    if count < _MOST * values.size or count == 0:
        return Boundary(None, f"no shock found (in {count} of {values.size} directions)")
    if not over:
        return _at(float(values[0]), "shock of the snapshot")
    shape = [matter.sizes[d] for d in over]
    low, high = np.nanmin(values) / KM_CM, np.nanmax(values) / KM_CM
    return Boundary(
        xr.DataArray(values.reshape(shape), dims=over),
        f"shock, found in {count} of {values.size} directions at {low:.4g} to {high:.4g} km",
    )
