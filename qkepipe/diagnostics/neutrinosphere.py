"""Where neutrinos decouple: the sphere of transport optical depth 2/3.

    tau(r) = int_r^inf (kappa* + chi_tr) X dr' = 2/3      (Bruenn 1985, ApJS 58, 771)

with the proper length X dr, per energy, or for the opacity averaged over the energy spectrum
of the local number flux. Matter outside the grid is taken as transparent.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.phasespace import RadialGrid
from qkepipe.solvers.sphere import Grid, grid_of

__all__ = [
    "DEPTH",
    "flux_averaged_opacity",
    "neutrinosphere_radius",
    "optical_depth",
    "sphere_of_depth",
    "transport_opacity",
]

#: Optical depth of the neutrinosphere.
DEPTH = 2.0 / 3.0


def transport_opacity(background: xr.Dataset) -> np.ndarray:
    """kappa* + chi_tr [cm^-1], shape (4, n_energy, n_r)."""
    total = background["absorption"] + background["scattering_transport"]
    return total.transpose("species", "energy", "r").values


def optical_depth(opacity: np.ndarray, radius: RadialGrid) -> np.ndarray:
    """Depth of every cell edge seen from outside, shape (..., n_r + 1).

    ``opacity(..., r)`` [cm^-1] is constant in each cell.
    """
    inwards = np.cumsum((opacity * radius.proper_widths)[..., ::-1], axis=-1)[..., ::-1]
    return np.concatenate([inwards, np.zeros((*opacity.shape[:-1], 1))], axis=-1)


def sphere_of_depth(opacity: np.ndarray, radius: RadialGrid, depth: float = DEPTH) -> np.ndarray:
    """Outermost radius [cm] at which the optical depth is ``depth``, shape (...,).

    NaN where the depth of the whole grid is smaller: the sphere, if any, lies inside the
    inner edge. NaN opacities give NaN.
    """
    tau = optical_depth(opacity, radius)
    flat = tau.reshape(-1, tau.shape[-1])
    out = np.full(flat.shape[0], np.nan)
    for i, row in enumerate(flat):
        if row[0] >= depth:
            # depth falls outwards and, constant where opacity vanishes, may have ties
            k = int(np.flatnonzero(row >= depth)[-1])
            share = (row[k] - depth) / (row[k] - row[k + 1])
            out[i] = radius.edges[k] + share * radius.widths[k]
    return out.reshape(tau.shape[:-1])


def flux_averaged_opacity(opacity: np.ndarray, f: np.ndarray, grid: Grid) -> np.ndarray:
    """Average over the spectrum of the number flux [cm^-1], shape (..., n_r).

    Parameters
    ----------
    opacity : ndarray (..., n_energy, n_r)
    f : ndarray (..., n_energy, n_mu, n_r)
    grid : Grid

    Returns
    -------
    ndarray
        Weights are the absolute flux of each group: deep inside, groups of one species
        can flow in opposite directions. NaN where no group flows.
    """
    flux = np.einsum("...emr,m->...er", f, grid.angle.weights * grid.angle.centres)
    weight = np.abs(flux) * grid.energy.weights[:, None]
    total = weight.sum(axis=-2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0.0, (weight * opacity).sum(axis=-2) / total, np.nan)


def neutrinosphere_radius(f: np.ndarray, background: xr.Dataset) -> tuple[np.ndarray, str]:
    """Flux-averaged transport sphere of each species.

    Parameters
    ----------
    f : ndarray (4, n_energy, n_mu, n_r)
    background : Dataset
        Kind ``background``.

    Returns
    -------
    radius : ndarray (4,)
        [cm]; NaN where it does not lie on the grid.
    status : str
        ``found``, or the species without one and the optical depth of the grid.
    """
    grid = grid_of(background)
    opacity = flux_averaged_opacity(transport_opacity(background), f, grid)
    found = sphere_of_depth(opacity, grid.radius)
    if np.isfinite(found).all():
        return found, "found"
    depth = optical_depth(opacity, grid.radius)[:, 0]
    names = background["species"].values
    parts = [
        f"{names[s]}: inside the inner edge (optical depth {depth[s]:.3g} there)"
        if np.isfinite(depth[s])
        else f"{names[s]}: no flux"
        for s in np.flatnonzero(~np.isfinite(found))
    ]
    return found, "; ".join(parts)
