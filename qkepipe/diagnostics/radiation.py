"""Moments of the radiation field that are reported: luminosities, energies, spectra.

All functions take ``f(..., energy, mu, r)``, occupations averaged over the cells of a
:class:`~qkepipe.solvers.sphere.Grid`, and use its quadrature, in which f is constant in a
cell of phase space. Definitions: Bruenn (1985, ApJS 58, 771, section II) for the moments.
Densities and energies are those of observers at rest in the static metric, E = E_inf/a; axes
of energy are E_inf. Luminosities are those of the flows through cell edges
(:func:`qkepipe.solvers.sphere.flows`): a number of neutrinos per coordinate time N(E_inf) is

    number luminosity   4 pi r^2 F_n = N/a            seen from infinity  N
    luminosity          4 pi r^2 F_E = E_inf N/a^2    seen from infinity  E_inf N

per local time, and what does not change on the way outside sources.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from qkepipe.constants import C_LIGHT, MEV_ERG, PHASE_SPACE
from qkepipe.phasespace import number_density, number_flux
from qkepipe.solvers.sphere import Grid

__all__ = [
    "Luminosity",
    "angular_distribution",
    "flux_factor",
    "flux_mean_energy",
    "luminosities",
    "mean_energy",
    "rms_energy",
    "spectrum",
]


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Quotient, NaN where the denominator vanishes."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator != 0.0, numerator / denominator, np.nan)


class Luminosity(NamedTuple):
    """One luminosity [erg s^-1] or number luminosity [s^-1].

    Attributes
    ----------
    edge : ndarray (..., n_r + 1)
        Local, through the cell edges.
    centre : ndarray (..., n_r)
        Local, at the centres of the cells, from the mean of what passes the two edges.
    infinity : ndarray (..., n_r)
        Seen from infinity: that mean.
    """

    edge: np.ndarray
    centre: np.ndarray
    infinity: np.ndarray


def luminosities(flows: np.ndarray, grid: Grid) -> tuple[Luminosity, Luminosity]:
    """Energy and number luminosity of flows (..., n_energy, n_r + 1) [s^-1] through the edges."""
    weights = (MEV_ERG * grid.energy.centres, np.ones(grid.energy.centres.size))
    found = []
    for weight, power in zip(weights, (2, 1), strict=True):
        total = np.einsum("...er,e->...r", flows, weight)
        mean = 0.5 * (total[..., 1:] + total[..., :-1])
        found.append(
            Luminosity(total / grid.radius.lapse_edge**power, mean / grid.radius.lapse**power, mean)
        )
    return found[0], found[1]


def mean_energy(f, grid: Grid) -> np.ndarray:
    """Energy over number density, local [MeV], shape (..., n_r); NaN where f vanishes.

    Parameters
    ----------
    f : ndarray (..., n_energy, n_mu, n_r)
    grid : Grid
    """
    energy = np.einsum(
        "...emr,e,m->...r", f, grid.energy.weights * grid.energy.centres, grid.angle.weights
    )
    return _ratio(energy, number_density(f, grid.energy, grid.angle)) / grid.lapse


def flux_mean_energy(flows: np.ndarray, grid: Grid) -> np.ndarray:
    """Luminosity over number luminosity, local [MeV], shape (..., n_r).

    The mean energy of the escaping neutrinos; times the lapse it is constant where nothing is
    emitted or absorbed. NaN where net flows nearly cancel: where the ratio is not among the
    energies of the groups it is no mean.

    Parameters
    ----------
    flows : ndarray (..., n_energy, n_r + 1)
        [s^-1], see :func:`luminosities`.
    grid : Grid
    """
    energy, number = luminosities(flows, grid)
    ratio = _ratio(energy.infinity, number.infinity) / MEV_ERG
    lowest, highest = grid.energy.centres[[0, -1]] * (1.0 + 1e-12 * np.array([-1.0, 1.0]))
    return np.where((ratio >= lowest) & (ratio <= highest), ratio, np.nan) / grid.lapse


def rms_energy(f, grid: Grid) -> np.ndarray:
    """sqrt(int E^4 f dE / int E^2 f dE), local [MeV], shape (..., n_r); NaN where f vanishes.

    The rms of the number spectrum. Some codes report sqrt(int E^5 f/int E^3 f) instead.
    """
    fourth = PHASE_SPACE * np.diff(grid.energy.edges**5) / 5.0
    square = np.einsum("...emr,e,m->...r", f, fourth, grid.angle.weights)
    return np.sqrt(_ratio(square, number_density(f, grid.energy, grid.angle))) / grid.lapse


def flux_factor(f, grid: Grid) -> np.ndarray:
    """Number flux over c times number density, shape (..., n_r)."""
    return _ratio(
        number_flux(f, grid.energy, grid.angle),
        C_LIGHT * number_density(f, grid.energy, grid.angle),
    )


def spectrum(f, grid: Grid) -> np.ndarray:
    """Local number density per energy at infinity [cm^-3 MeV^-1], shape (..., n_energy, n_r).

    Group averages.
    """
    per_energy = grid.energy.weights / np.diff(grid.energy.edges)
    return np.einsum("...emr,e,m->...er", f, per_energy, grid.angle.weights) / grid.lapse**3


def angular_distribution(f, grid: Grid) -> np.ndarray:
    """Energy-integrated number density per d(mu)/2 [cm^-3], shape (..., n_mu, n_r)."""
    return np.einsum("...emr,e->...mr", f, grid.energy.weights) / grid.lapse**3
