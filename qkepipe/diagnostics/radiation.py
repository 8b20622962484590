"""Moments of the radiation field that are reported: luminosities, energies, spectra.

All functions take ``f(..., energy, mu, r)``, occupations averaged over the cells of a
:class:`~qkepipe.solvers.sphere.Grid`, and use its quadrature, in which f is constant in a
cell of phase space. Definitions: Bruenn (1985, ApJS 58, 771, section II) for the moments;
local quantities of the static, flat background.
"""

from __future__ import annotations

import numpy as np

from qkepipe.constants import C_LIGHT, PHASE_SPACE
from qkepipe.phasespace import RadialGrid, energy_flux, number_density, number_flux
from qkepipe.solvers.sphere import Grid

__all__ = [
    "WEIGHTINGS",
    "angular_distribution",
    "flux_factor",
    "luminosity",
    "mean_energy",
    "number_luminosity",
    "outer_face",
    "rms_energy",
    "shell_area",
    "spectrum",
]

#: What a mean energy can be weighted with.
WEIGHTINGS = ("number_density", "number_flux")


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Quotient, NaN where the denominator vanishes."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator != 0.0, numerator / denominator, np.nan)


def shell_area(radius: RadialGrid) -> np.ndarray:
    """Mean of 4 pi r^2 over each cell [cm^2], shape (n_r,).

    With the volume average F of a flux in a cell, shell_area F is the average of the
    luminosity over the cell's width: constant to round-off where nothing is emitted.
    """
    return 4.0 * np.pi * np.diff(radius.edges**3) / (3.0 * radius.widths)


def luminosity(f, grid: Grid) -> np.ndarray:
    """Energy per time through the sphere of each cell [erg s^-1], shape (..., n_r)."""
    return shell_area(grid.radius) * energy_flux(f, grid.energy, grid.angle)


def number_luminosity(f, grid: Grid) -> np.ndarray:
    """Number per time through the sphere of each cell [s^-1], shape (..., n_r)."""
    return shell_area(grid.radius) * number_flux(f, grid.energy, grid.angle)


def outer_face(values: np.ndarray, radius: RadialGrid) -> np.ndarray:
    """Replace the luminosity of the last cell by that through the outermost face.

    The solvers let neutrinos out with zero gradient: the flux through the last face is
    that of the last cell, which is therefore too low by about dr/r as an average of the cell.

    Parameters
    ----------
    values : ndarray (..., n_r)
        Luminosity or number luminosity.
    radius : RadialGrid
    """
    out = np.array(values)
    out[..., -1] *= 4.0 * np.pi * radius.edges[-1] ** 2 / shell_area(radius)[-1]
    return out


def mean_energy(f, grid: Grid, weighting: str = "number_density") -> np.ndarray:
    """Mean energy [MeV], shape (..., n_r); NaN where there is nothing to average.

    Parameters
    ----------
    f : ndarray (..., n_energy, n_mu, n_r)
    grid : Grid
    weighting : {"number_density", "number_flux"}
        Energy over number density, or energy over number flux. Far out they agree; in
        the diffusion region the second is that of the escaping neutrinos, and meaningless
        where the net flux is close to zero.
    """
    if weighting not in WEIGHTINGS:
        raise ValueError(f"weighting is {weighting!r}, expected one of {WEIGHTINGS}")
    direction = np.ones_like(grid.angle.centres)
    if weighting == "number_flux":
        direction = grid.angle.centres
    number = np.einsum("...emr,e,m->...r", f, grid.energy.weights, grid.angle.weights * direction)
    energy = np.einsum(
        "...emr,e,m->...r",
        f,
        grid.energy.weights * grid.energy.centres,
        grid.angle.weights * direction,
    )
    return _ratio(energy, number)


def rms_energy(f, grid: Grid) -> np.ndarray:
    """sqrt(int E^4 f dE / int E^2 f dE) [MeV], shape (..., n_r); NaN where f vanishes.

    The rms of the number spectrum. Some codes report sqrt(int E^5 f/int E^3 f) instead.
    """
    fourth = PHASE_SPACE * np.diff(grid.energy.edges**5) / 5.0
    square = np.einsum("...emr,e,m->...r", f, fourth, grid.angle.weights)
    return np.sqrt(_ratio(square, number_density(f, grid.energy, grid.angle)))


def flux_factor(f, grid: Grid) -> np.ndarray:
    """Number flux over c times number density, shape (..., n_r)."""
    return _ratio(
        number_flux(f, grid.energy, grid.angle),
        C_LIGHT * number_density(f, grid.energy, grid.angle),
    )


def spectrum(f, grid: Grid) -> np.ndarray:
    """Number density per energy [cm^-3 MeV^-1], group averages, shape (..., n_energy, n_r)."""
    per_energy = grid.energy.weights / np.diff(grid.energy.edges)
    return np.einsum("...emr,e,m->...er", f, per_energy, grid.angle.weights)


def angular_distribution(f, grid: Grid) -> np.ndarray:
    """Energy-integrated number density per d(mu)/2 [cm^-3], shape (..., n_mu, n_r)."""
    return np.einsum("...emr,e->...mr", f, grid.energy.weights)
