"""Neutrinospheres along the radial rays of a snapshot that brings its own opacities.

The angles of such a field are unknown and often its spectrum too, so the opacity is that at
the mean energy of the local field; the study grid has the average over the spectrum instead
(:mod:`qkepipe.diagnostics.neutrinosphere`). Space is flat.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import MEV_ERG
from qkepipe.diagnostics.geometry import cell_edges
from qkepipe.diagnostics.neutrinosphere import sphere_of_depth
from qkepipe.phasespace import radial_grid

__all__ = ["ray_spheres"]

_NEEDED = ("absorption", "nu_number_density", "nu_energy_density")


def ray_spheres(snapshot: xr.Dataset) -> xr.DataArray | None:
    """Radius of transport optical depth 2/3 of every species and direction.

    Parameters
    ----------
    snapshot : Dataset
        ``absorption(species, energy, [phi], [theta], r)`` and, where known,
        ``scattering_transport`` or ``scattering`` [cm^-1]; ``nu_number_density`` [cm^-3] and
        ``nu_energy_density`` [erg cm^-3] over (species, [energy], space).

    Returns
    -------
    DataArray (species, [phi], [theta]) or None
        [cm], NaN where the ray is nowhere that deep or has no neutrinos; None without the data.
    """
    if any(n not in snapshot for n in _NEEDED):
        return None
    opacity = snapshot["absorption"].drop_attrs()
    if not {"energy", "r", "species"} <= set(opacity.dims):
        return None
    scattering = next((n for n in ("scattering_transport", "scattering") if n in snapshot), None)
    if scattering is not None:
        opacity = opacity + snapshot[scattering].drop_attrs()
    number, energy = (snapshot[n].drop_attrs() for n in _NEEDED[1:])
    number, energy = (a.sum("energy") if "energy" in a.dims else a for a in (number, energy))
    mean = energy / number.where(number > 0.0) / MEV_ERG
    opacity, mean = xr.align(opacity, mean, join="inner", exclude=["energy"])
    directions = [d for d in ("phi", "theta") if d in mean.dims]
    dims = ["species", *directions, "r"]
    local = _at_energy(
        opacity.transpose(*dims, "energy").values,
        snapshot["energy"].values,
        mean.transpose(*dims).values,
    )
    radii = sphere_of_depth(local, radial_grid(cell_edges(snapshot, "r")))
    return xr.DataArray(radii, dims=dims[:-1], coords={"species": mean["species"]})


def _at_energy(opacity: np.ndarray, centres: np.ndarray, energy: np.ndarray) -> np.ndarray:
    """Opacity(..., group) at an energy(...) between the centres of groups, linear."""
    if centres.size == 1:
        return np.where(np.isfinite(energy), opacity[..., 0], np.nan)
    low = np.clip(np.searchsorted(centres, energy) - 1, 0, centres.size - 2)
    share = np.clip((energy - centres[low]) / (centres[low + 1] - centres[low]), 0.0, 1.0)
    at = [np.take_along_axis(opacity, i[..., None], -1)[..., 0] for i in (low, low + 1)]
    return (1.0 - share) * at[0] + share * at[1]
