"""Energy, angle and radius grids, their quadratures, and moments of f.

All sums use the weights defined here, so that lobes, moments, conservation laws and
diagnostics belong to the same discrete system.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from qkepipe.constants import C_LIGHT, MEV_ERG, PHASE_SPACE

__all__ = [
    "METRIC",
    "AngleGrid",
    "EnergyGrid",
    "RadialGrid",
    "angle_grid",
    "angle_grid_from_edges",
    "energy_density",
    "energy_flux",
    "energy_grid",
    "fermi_dirac",
    "geometric_energy_edges",
    "geometric_radial_edges",
    "number_density",
    "number_flux",
    "radial_grid",
    "split_energy_edges",
]


#: Names of the metric in datasets, in the order of the arguments of :func:`radial_grid`.
METRIC = ("lapse", "lapse_edge", "radial_metric", "radial_metric_edge")


@dataclass(frozen=True)
class EnergyGrid:
    """Energy groups (at infinity). ``edges`` (n+1), ``centres`` and ``weights`` (n).

    The centre is the number-weighted mean energy of a flat spectrum in the group,
    int E^3 dE / int E^2 dE, and ``weights`` = PHASE_SPACE * int E^2 dE [cm^-3]: number
    and energy density of a piecewise constant f are then exact.
    """

    edges: np.ndarray
    centres: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True)
class AngleGrid:
    """Bins in mu on [-1, 1]: ``edges`` (n+1), midpoints ``centres`` and ``widths`` (n)."""

    edges: np.ndarray
    centres: np.ndarray
    widths: np.ndarray

    @property
    def weights(self) -> np.ndarray:
        """Weights dmu/2, which sum to 1."""
        return 0.5 * self.widths


@dataclass(frozen=True)
class RadialGrid:
    """Radial cells [cm]: ``edges`` (n+1), ``centres`` and ``widths`` (n), and the metric on them.

    The metric is static and spherical, ds^2 = -a^2 c^2 dt^2 + X^2 dr^2 + r^2 dOmega^2, with
    the lapse a and the radial metric X at centres (``lapse``, ``radial_metric``, (n)) and at
    edges (``lapse_edge``, ``radial_metric_edge``, (n+1)); 1 in flat space. Energies of the
    phase space are those at infinity, E_inf = a E.
    """

    edges: np.ndarray
    centres: np.ndarray
    widths: np.ndarray
    lapse: np.ndarray
    lapse_edge: np.ndarray
    radial_metric: np.ndarray
    radial_metric_edge: np.ndarray

    @property
    def proper_widths(self) -> np.ndarray:
        """X dr of the cells [cm]: what a resting observer measures."""
        return self.radial_metric * self.widths

    @property
    def light_path(self) -> float:
        """c times the coordinate time of a radial ray through the grid, int X/a dr [cm]."""
        delay = self.radial_metric / self.lapse - 1.0
        return float(self.edges[-1] - self.edges[0] + np.sum(delay * self.widths))


def energy_grid(edges) -> EnergyGrid:
    """Build the groups from their edges [MeV]."""
    e = np.asarray(edges, dtype=float)
    number = (e[1:] ** 3 - e[:-1] ** 3) / 3.0
    energy = (e[1:] ** 4 - e[:-1] ** 4) / 4.0
    return EnergyGrid(e, energy / number, PHASE_SPACE * number)


def geometric_energy_edges(n: int, first: float, last: float) -> np.ndarray:
    """Edges [MeV]: one group from 0 to ``first``, then ``n - 1`` geometric ones to ``last``."""
    return np.concatenate([[0.0], np.geomspace(first, last, n)])


def split_energy_edges(edges: np.ndarray, parts: int) -> np.ndarray:
    """Edges [MeV] of a grid with every group in ``parts`` pieces; all given edges stay.

    Pieces are geometric, of a group that starts at 0 equally wide.
    """
    pieces = [
        np.geomspace(a, b, parts + 1)[1:-1] if a > 0.0 else np.linspace(a, b, parts + 1)[1:-1]
        for a, b in pairwise(edges)
    ]
    return np.sort(np.concatenate([edges, *pieces]))


def angle_grid(n: int, power: float = 1.5) -> AngleGrid:
    """Bins in mu, clustered towards +1.

    Parameters
    ----------
    n : int
        Number of bins (even).
    power : float
        1 gives uniform bins; the width near mu = 1 shrinks with larger power.
    """
    x = np.linspace(0.0, 1.0, n + 1)
    edges = 1.0 - 2.0 * (1.0 - x) ** power
    edges[0], edges[-1] = -1.0, 1.0
    return angle_grid_from_edges(edges)


def angle_grid_from_edges(edges) -> AngleGrid:
    """Bins in mu from their edges on [-1, 1]."""
    e = np.asarray(edges, dtype=float)
    return AngleGrid(e, 0.5 * (e[1:] + e[:-1]), np.diff(e))


def geometric_radial_edges(first: float, last: float, n: int) -> np.ndarray:
    """Edges [cm] of ``n`` radial cells, geometric in r; shape (n + 1,)."""
    return np.geomspace(first, last, n + 1)


def radial_grid(
    edges, lapse=None, lapse_edge=None, radial_metric=None, radial_metric_edge=None
) -> RadialGrid:
    """Build radial cells from their edges [cm]; centres are midpoints, the metric flat if absent.

    ``lapse`` and ``radial_metric`` (n) belong to the centres, the others (n + 1) to the edges.
    """
    e = np.asarray(edges, dtype=float)
    centres = 0.5 * (e[1:] + e[:-1])

    def given(values, like):
        return np.ones_like(like) if values is None else np.asarray(values, dtype=float)

    return RadialGrid(
        e,
        centres,
        np.diff(e),
        given(lapse, centres),
        given(lapse_edge, e),
        given(radial_metric, centres),
        given(radial_metric_edge, e),
    )


def number_density(f, energy: EnergyGrid, angle: AngleGrid, lapse=1.0) -> np.ndarray:
    """n [cm^-3] from f(..., energy, mu, r).

    ``lapse`` (n_r,): with E_inf = a E the local measure is E^2 dE = E_inf^2 dE_inf/a^3.
    """
    return np.einsum("...emr,e,m->...r", f, energy.weights, angle.weights) / lapse**3


def number_flux(f, energy: EnergyGrid, angle: AngleGrid, lapse=1.0) -> np.ndarray:
    """Radial number flux [cm^-2 s^-1] from f(..., energy, mu, r)."""
    w = C_LIGHT * angle.weights * angle.centres
    return np.einsum("...emr,e,m->...r", f, energy.weights, w) / lapse**3


def energy_density(f, energy: EnergyGrid, angle: AngleGrid, lapse=1.0) -> np.ndarray:
    """Energy density [erg cm^-3] from f(..., energy, mu, r)."""
    we = MEV_ERG * energy.weights * energy.centres
    return np.einsum("...emr,e,m->...r", f, we, angle.weights) / lapse**4


def energy_flux(f, energy: EnergyGrid, angle: AngleGrid, lapse=1.0) -> np.ndarray:
    """Radial energy flux [erg cm^-2 s^-1] from f(..., energy, mu, r)."""
    we = MEV_ERG * energy.weights * energy.centres
    w = C_LIGHT * angle.weights * angle.centres
    return np.einsum("...emr,e,m->...r", f, we, w) / lapse**4


def fermi_dirac(energy, temperature, chemical_potential) -> np.ndarray:
    """Occupation 1/(1 + exp((E - mu)/T)); all arguments in MeV, broadcast together."""
    x = (np.asarray(energy) - chemical_potential) / temperature
    return np.exp(-np.logaddexp(0.0, x))
