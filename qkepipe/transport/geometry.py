"""Coefficients of the well-balanced finite-volume streaming operators.

On the sphere, for f averaged over the cell (r_i, mu_j),

    df_ij/dt = - mu_j (A_{i+1/2} f_{i+1/2,j} - A_{i-1/2} f_{i-1/2,j}) / V_i
               - g_i [b_{j+1/2} f_{i,j+1/2} - b_{j-1/2} f_{i,j-1/2}] / dmu_j ,

with A = r^2 at the faces, V_i = (r_{i+1/2}^3 - r_{i-1/2}^3)/3, b = 1 - mu^2 at the bin
edges and g_i = (A_{i+1/2} - A_{i-1/2}) / (2 V_i) in place of 1/r. Because
b_{j+1/2} - b_{j-1/2} = -2 mu_j dmu_j for bin midpoints, a uniform field is stationary
exactly on any grid. The slab is the same operator with A = 1, V = dr, g = 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qkepipe.phasespace import AngleGrid, RadialGrid

__all__ = ["Geometry", "slab", "sphere"]


@dataclass(frozen=True)
class Geometry:
    """Coefficients of a spatial operator in (r, mu), lengths in cm.

    Attributes
    ----------
    out_rate, in_rate : ndarray (n_r,)
        A_{i+1/2}/V_i and A_{i-1/2}/V_i [cm^-1].
    turn_rate : ndarray (n_r,)
        g_i [cm^-1].
    area : ndarray (n_r + 1,)
        Face areas over 4 pi [cm^2].
    volume : ndarray (n_r,)
        Cell volumes over 4 pi [cm^3].
    slope_r : ndarray (n_r,)
        Half a cell width over the distance of its neighbours' centres.
    mu, slope_mu : ndarray (n_mu,)
        Bin midpoints and the same ratio in mu.
    edge_turn : ndarray (n_mu + 1,)
        b = 1 - mu^2 at the bin edges.
    dmu : ndarray (n_mu,)
        Bin widths.
    periodic : bool
        Whether the first and last cells are neighbours.
    """

    out_rate: np.ndarray
    in_rate: np.ndarray
    turn_rate: np.ndarray
    area: np.ndarray
    volume: np.ndarray
    slope_r: np.ndarray
    mu: np.ndarray
    slope_mu: np.ndarray
    edge_turn: np.ndarray
    dmu: np.ndarray
    periodic: bool

    @property
    def second_moment(self) -> float:
        """Discrete m2 = (1/2) sum dmu mu^2, to be used instead of 1/3."""
        return float(0.5 * np.sum(self.dmu * self.mu**2))

    def loss_rate(self) -> np.ndarray:
        """Largest rate at which a cell loses particles by streaming [cm^-1], shape (n_r,)."""
        mu = self.mu[:, None]
        radial = np.where(mu > 0, mu * self.out_rate, -mu * self.in_rate)
        turning = self.turn_rate * (self.edge_turn[1:] / self.dmu)[:, None]
        return (radial + turning).max(axis=0)


def _half_slope(centres: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """Half width over the neighbours' distance; edge cells see a ghost of their own width."""
    padded = np.concatenate([[centres[0] - widths[0]], centres, [centres[-1] + widths[-1]]])
    return 0.5 * widths / (padded[2:] - padded[:-2])


def _build(area, volume, turn_rate, radius: RadialGrid, angle: AngleGrid, periodic: bool):
    return Geometry(
        out_rate=area[1:] / volume,
        in_rate=area[:-1] / volume,
        turn_rate=turn_rate,
        area=area,
        volume=volume,
        slope_r=_half_slope(radius.centres, radius.widths),
        mu=angle.centres,
        slope_mu=_half_slope(angle.centres, angle.widths),
        edge_turn=1.0 - angle.edges**2,
        dmu=angle.widths,
        periodic=periodic,
    )


def sphere(radius: RadialGrid, angle: AngleGrid) -> Geometry:
    """Spherical symmetry, flat space."""
    area = radius.edges**2
    volume = np.diff(radius.edges**3) / 3.0
    return _build(area, volume, np.diff(area) / (2.0 * volume), radius, angle, periodic=False)


def slab(radius: RadialGrid, angle: AngleGrid, periodic: bool = False) -> Geometry:
    """Plane-parallel slab of unit area; ``periodic`` makes it the local box."""
    area = np.ones(radius.edges.size)
    return _build(area, radius.widths, np.zeros(radius.widths.size), radius, angle, periodic)
