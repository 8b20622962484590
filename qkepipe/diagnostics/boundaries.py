"""Surfaces that divide a snapshot: shock, gain radius, neutrinospheres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from qkepipe.diagnostics.ray_spheres import ray_spheres
from qkepipe.snapshot import shock_radius
from qkepipe.units import KM_CM

__all__ = ["Boundary", "boundaries"]

#: Share of the directions that must have a surface for the map to have one.
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
        ``velocity_r``; ``shock_radius`` [cm] in the attributes wins. Without ``field`` its own
        opacities and moments (:func:`qkepipe.diagnostics.ray_spheres.ray_spheres`).
    field : Dataset, optional
        Diagnostics of a field on the study grid: ``neutrinosphere_radius(species)`` and
        ``gain_radius`` [cm].

    Returns
    -------
    dict
        ``shock``, ``gain_radius`` and ``neutrinosphere_<species>``.
    """
    spheres = _of_rays(matter) if field is None else _of_field(field)
    return {"shock": _shock(matter), "gain_radius": _gain(field), **spheres}


def _of_field(field: xr.Dataset) -> dict[str, Boundary]:
    """Spheres of a field on the study grid."""
    spheres, found = field["neutrinosphere_radius"], {}
    status = str(spheres.attrs.get("status", "not on the grid"))
    for species in map(str, spheres["species"].values):
        radius = float(spheres.sel(species=species))
        found[f"neutrinosphere_{species}"] = (
            _at(radius, "transport optical depth 2/3, flux-averaged")
            if np.isfinite(radius)
            else Boundary(None, _reason(status, species))
        )
    return found


def _of_rays(matter: xr.Dataset) -> dict[str, Boundary]:
    """Spheres along the rays of a snapshot, where it has opacities."""
    spheres = ray_spheres(matter)
    if spheres is None:
        none = "needs opacities by energy, and number and energy densities of neutrinos"
        return {f"neutrinosphere_{s}": Boundary(None, none) for s in ("nue", "nuebar")}
    words = "transport optical depth 2/3 at the mean energy of the field"
    return {
        f"neutrinosphere_{species}": _of_directions(
            spheres.sel(species=species, drop=True), words, "the rays are nowhere that deep"
        )
        for species in map(str, spheres["species"].values)
    }


def _at(radius: float, words: str) -> Boundary:
    return Boundary(xr.DataArray(radius), f"{words}, at {radius / KM_CM:.4g} km")


def _of_directions(radius: xr.DataArray, words: str, otherwise: str) -> Boundary:
    """Surface that most directions have to have."""
    count, size = int(radius.notnull().sum()), radius.size
    if count == 0 or count < _MOST * size:
        return Boundary(None, f"{otherwise} (found in {count} of {size} directions)")
    if size == 1:
        return _at(radius.item(), words)
    low, high = float(radius.min()) / KM_CM, float(radius.max()) / KM_CM
    return Boundary(
        radius, f"{words}, found in {count} of {size} directions at {low:.4g} to {high:.4g} km"
    )


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
    shape = [matter.sizes[d] for d in over]
    surface = xr.DataArray(values.reshape(shape), dims=over)
    return _of_directions(surface, "shock of the snapshot", "no shock")
