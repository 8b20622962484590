"""Where neutrinos decouple: spheres of optical depth 2/3, and the depth of the inner edge.

    tau(r) = int_r^inf k X dr',   k = kappa* + chi_tr                  transport
                                  k = sqrt(kappa* (kappa* + chi_tr))   effective

along the proper length X dr (Bruenn 1985, ApJS 58, 771, for the transport opacity; Rybicki &
Lightman 1979, Radiative Processes in Astrophysics, section 1.7, for the effective one: the
random walk of scatterings that ends in an absorption). Neutrinos stream freely outside the
first sphere and are in equilibrium with matter inside the second. Per energy group, or for
the opacity averaged over a spectrum of the local field. Matter outside the grid is taken as
transparent.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.phasespace import RadialGrid
from qkepipe.solvers.sphere import Grid, grid_of

__all__ = [
    "DEPTH",
    "OPACITIES",
    "WEIGHTINGS",
    "averaged_opacity",
    "effective_opacity",
    "inner_optical_depth",
    "neutrinosphere_radius",
    "optical_depth",
    "sphere_of_depth",
    "transport_opacity",
]

#: Optical depth of the neutrinosphere.
DEPTH = 2.0 / 3.0
#: Spectra that opacities are averaged over.
WEIGHTINGS = ("number_flux", "energy_density")


def transport_opacity(background: xr.Dataset) -> np.ndarray:
    """kappa* + chi_tr [cm^-1], shape (4, n_energy, n_r)."""
    total = background["absorption"] + background["scattering_transport"]
    return total.transpose("species", "energy", "r").values


def effective_opacity(background: xr.Dataset) -> np.ndarray:
    """sqrt(kappa* (kappa* + chi_tr)) [cm^-1], shape (4, n_energy, n_r)."""
    absorption = background["absorption"].transpose("species", "energy", "r").values
    return np.sqrt(absorption * transport_opacity(background))


#: Opacity by name.
OPACITIES = {"transport": transport_opacity, "effective": effective_opacity}


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


def averaged_opacity(
    opacity: np.ndarray, f: np.ndarray, grid: Grid, weighting: str = "number_flux"
) -> np.ndarray:
    """Average over a spectrum of the local field [cm^-1], shape (..., n_r).

    Parameters
    ----------
    opacity : ndarray (..., n_energy, n_r)
    f : ndarray (..., n_energy, n_mu, n_r)
    grid : Grid
    weighting : {"number_flux", "energy_density"}
        Number flux, in absolute value: deep inside, groups of one species can flow in opposite
        directions. Or energy density.

    Returns
    -------
    ndarray
        NaN where there is nothing to average over.
    """
    if weighting not in WEIGHTINGS:
        raise ValueError(f"weighting is {weighting!r}, expected one of {WEIGHTINGS}")
    if weighting == "number_flux":
        flux = np.einsum("...emr,m->...er", f, grid.angle.weights * grid.angle.centres)
        weight = np.abs(flux) * grid.energy.weights[:, None]
    else:
        mean = np.einsum("...emr,m->...er", f, grid.angle.weights)
        weight = mean * (grid.energy.weights * grid.energy.centres)[:, None]
    total = weight.sum(axis=-2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0.0, (weight * opacity).sum(axis=-2) / total, np.nan)


def neutrinosphere_radius(
    f: np.ndarray,
    background: xr.Dataset,
    opacity: str = "transport",
    weighting: str = "number_flux",
) -> tuple[np.ndarray, str]:
    """Sphere of each species.

    Parameters
    ----------
    f : ndarray (4, n_energy, n_mu, n_r)
    background : Dataset
        Kind ``background``.
    opacity : {"transport", "effective"}
    weighting : {"number_flux", "energy_density"}

    Returns
    -------
    radius : ndarray (4,)
        [cm]; NaN where it does not lie on the grid.
    status : str
        ``found``, or the species without one and the optical depth of the grid.
    """
    grid = grid_of(background)
    mean = averaged_opacity(OPACITIES[opacity](background), f, grid, weighting)
    found = sphere_of_depth(mean, grid.radius)
    if np.isfinite(found).all():
        return found, "found"
    depth = optical_depth(mean, grid.radius)[:, 0]
    names = background["species"].values
    parts = [
        f"{names[s]}: inside the inner edge (optical depth {depth[s]:.3g} there)"
        if np.isfinite(depth[s])
        else f"{names[s]}: no flux"
        for s in np.flatnonzero(~np.isfinite(found))
    ]
    return found, "; ".join(parts)


def inner_optical_depth(
    f: np.ndarray, background: xr.Dataset, opacity: str = "effective"
) -> np.ndarray:
    """Optical depth of the inner edge for the flux-averaged opacity, shape (4,).

    The inflow of a species can be that of equilibrium with matter where the effective depth is
    above about 1. NaN where some cell has no flux.

    Parameters
    ----------
    f : ndarray (4, n_energy, n_mu, n_r)
    background : Dataset
        Kind ``background``.
    opacity : {"transport", "effective"}
    """
    grid = grid_of(background)
    mean = averaged_opacity(OPACITIES[opacity](background), f, grid)
    return optical_depth(mean, grid.radius)[:, 0]
