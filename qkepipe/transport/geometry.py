"""Coefficients of the well-balanced finite-volume streaming operators.

Rays in the static metric ds^2 = -a^2 dt^2 + X^2 dr^2 + r^2 dOmega^2 keep E_inf = a E and
b = r sqrt(1 - mu^2)/a. With f a function of (r, mu, E_inf) the Boltzmann equation has no
energy derivative (c = 1; from the constants of motion, or Lindquist 1966, Ann. Phys. 37,
487, for the general equation),

    df/dt + (a^3/(X r^2)) d[(r^2/a^2) mu f]/dr + (1/X) d[(1 - mu^2)(a/r - a') f]/dmu = a C[f] .

Averaged over the cell (r_i, mu_j) with the measure X r^2/a^3 dr dmu,

    df_ij/dt = - mu_j (A_{i+1/2} f_{i+1/2,j} - A_{i-1/2} f_{i-1/2,j}) / V_i
               - g_i [b_{j+1/2} f_{i,j+1/2} - b_{j-1/2} f_{i,j-1/2}] / dmu_j + a_i C_ij ,

with A = r^2/a^2 at the faces, V_i = int X r^2/a^3 dr, b = 1 - mu^2 at the bin edges and
g_i = (A_{i+1/2} - A_{i-1/2}) / (2 V_i) in place of (a/r - a')/X; flat space is a = X = 1.
Because b_{j+1/2} - b_{j-1/2} = -2 mu_j dmu_j for bin midpoints, a uniform field is
stationary exactly on any grid, in any metric and for any approximation of V. Inside the
photon sphere (r = 3 G M/c^2) g is negative: rays bend inwards. The slab is the same operator
with A = 1, V = dr, g = 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from qkepipe.phasespace import AngleGrid, RadialGrid

__all__ = ["Geometry", "face_coefficients", "slab", "sphere"]


class Geometry(NamedTuple):
    """Coefficients of a spatial operator in (r, mu), lengths in cm; kernels take it whole.

    Attributes
    ----------
    out_rate, in_rate : ndarray (n_r,)
        A_{i+1/2}/V_i and A_{i-1/2}/V_i [cm^-1].
    turn_rate : ndarray (n_r,)
        g_i [cm^-1]; positive towards mu = 1.
    area : ndarray (n_r + 1,)
        A: face areas over 4 pi a^2 [cm^2].
    volume : ndarray (n_r,)
        V: cell volumes over 4 pi with the measure of E_inf [cm^3].
    face_up, face_down : ndarray (5, n_r)
        Coefficients of the five cells around each one: value at its outer (inner) face
        minus its average.
    mu, slope_mu : ndarray (n_mu,)
        Bin midpoints, and half a bin width over the distance of its neighbours' midpoints.
    edge_turn : ndarray (n_mu + 1,)
        b = 1 - mu^2 at the bin edges.
    dmu : ndarray (n_mu,)
        Bin widths.
    second_moment : float
        Discrete m2 = (1/2) sum dmu mu^2, to be used instead of 1/3.
    periodic : bool
        Whether the first and last cells are neighbours.
    """

    out_rate: np.ndarray
    in_rate: np.ndarray
    turn_rate: np.ndarray
    area: np.ndarray
    volume: np.ndarray
    face_up: np.ndarray
    face_down: np.ndarray
    mu: np.ndarray
    slope_mu: np.ndarray
    edge_turn: np.ndarray
    dmu: np.ndarray
    second_moment: float
    periodic: bool

    def loss_rate(self) -> np.ndarray:
        """Largest rate at which a cell loses particles by streaming [cm^-1], shape (n_r,)."""
        mu = self.mu[:, None]
        radial = np.where(mu > 0, mu * self.out_rate, -mu * self.in_rate)
        # the bin is left through its upper edge, inside the photon sphere through its lower one
        turning = np.where(
            self.turn_rate > 0.0,
            self.turn_rate * (self.edge_turn[1:] / self.dmu)[:, None],
            -self.turn_rate * (self.edge_turn[:-1] / self.dmu)[:, None],
        )
        return (radial + turning).max(axis=0)


def _half_slope(centres: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """Half width over the neighbours' distance; edge cells see a ghost of their own width."""
    padded = np.concatenate([[centres[0] - widths[0]], centres, [centres[-1] + widths[-1]]])
    return 0.5 * widths / (padded[2:] - padded[:-2])


class _Profile(NamedTuple):
    """Parabolas w(x) = middle + slope x + bend x^2 in each cell, x from -1 to 1."""

    middle: np.ndarray
    slope: np.ndarray
    bend: np.ndarray

    def padded(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Coefficients with two constant cells at either end."""
        low = self.middle[0] - self.slope[0] + self.bend[0]
        high = self.middle[-1] + self.slope[-1] + self.bend[-1]
        middle = np.concatenate([[low, low], self.middle, [high, high]])
        return middle, np.pad(self.slope, 2), np.pad(self.bend, 2)


def _profile(centre: np.ndarray, edge: np.ndarray) -> _Profile:
    """Through the values at the centres (n,) and edges (n + 1,) of cells."""
    up, down = edge[1:] - centre, edge[:-1] - centre
    return _Profile(centre, 0.5 * (up - down), 0.5 * (up + down))


def face_coefficients(
    edges: np.ndarray, power: int, weight: _Profile | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Reconstruction of face values from five cell averages.

    The polynomial of degree four in r with the given averages over five neighbouring
    cells, weighted with w r^power, is evaluated at the faces of the middle cell: fifth order
    (Shu 1998, ICASE report 97-65, section 2.1, for weighted averages). Beyond the ends of
    the grid ghost cells continue the widths of the edge cells, with the constant w of the edge.

    Parameters
    ----------
    edges : ndarray (n + 1,)
        [cm].
    power : int
        0 in the slab, 2 on the sphere.
    weight : _Profile, optional
        w of the cells; default: 1.

    Returns
    -------
    face_up, face_down : ndarray (5, n)
        Coefficients of the value at the outer and inner face minus the cell's average.
    """
    first, last = np.diff(edges)[[0, -1]]
    padded = np.concatenate(
        [edges[0] + first * np.array([-2.0, -1.0]), edges, edges[-1] + last * np.array([1.0, 2.0])]
    )
    n = edges.size - 1
    if weight is None:
        weight = _profile(np.ones(n), np.ones(n + 1))
    w0, w1, w2 = (values[:, None] for values in weight.padded())
    up, down = np.empty((5, n)), np.empty((5, n))
    nodes, weights = np.polynomial.legendre.leggauss(4)
    for i in range(n):
        local = padded[i : i + 6]
        middle, width = 0.5 * (local[2] + local[3]), local[3] - local[2]
        half = 0.5 * np.diff(local)
        points = 0.5 * (local[1:] + local[:-1])[:, None] + half[:, None] * nodes
        five = slice(i, i + 5)
        w = w0[five] + w1[five] * nodes + w2[five] * nodes**2
        measure = weights * np.abs(points) ** power * w
        x = (points - middle) / width
        # averages of the monomials over each cell, (cell, degree)
        averages = np.stack(
            [(measure * x**k).sum(axis=1) / measure.sum(axis=1) for k in range(5)], axis=1
        )
        for target, out in ((0.5, up), (-0.5, down)):
            out[:, i] = np.linalg.solve(averages.T, target ** np.arange(5))
            out[2, i] -= 1.0
    return up, down


def _build(area, volume, turn_rate, faces, angle: AngleGrid, periodic: bool):
    face_up, face_down = faces
    return Geometry(
        out_rate=area[1:] / volume,
        in_rate=area[:-1] / volume,
        turn_rate=turn_rate,
        area=area,
        volume=volume,
        face_up=face_up,
        face_down=face_down,
        mu=angle.centres,
        slope_mu=_half_slope(angle.centres, angle.widths),
        edge_turn=1.0 - angle.edges**2,
        dmu=angle.widths,
        second_moment=float(0.5 * np.sum(angle.widths * angle.centres**2)),
        periodic=periodic,
    )


def sphere(radius: RadialGrid, angle: AngleGrid) -> Geometry:
    """Spherical symmetry in the metric of ``radius``.

    X/a^3 is a parabola in each cell through its values at the centre and the edges; V is the
    exact integral of that, (r_{i+1/2}^3 - r_{i-1/2}^3)/3 in flat space.
    """
    area = radius.edges**2 / radius.lapse_edge**2
    weight = _profile(
        radius.radial_metric / radius.lapse**3, radius.radial_metric_edge / radius.lapse_edge**3
    )
    # averages of x and x^2 over the cell with the measure r^2, r = centre (1 + d x)
    d = 0.5 * radius.widths / radius.centres
    first, second = 2.0 * d / (3.0 + d**2), (5.0 + 3.0 * d**2) / (15.0 + 5.0 * d**2)
    mean = weight.middle + weight.slope * first + weight.bend * second
    volume = np.diff(radius.edges**3) / 3.0 * mean
    faces = face_coefficients(radius.edges, 2, weight)
    return _build(area, volume, np.diff(area) / (2.0 * volume), faces, angle, periodic=False)


def slab(radius: RadialGrid, angle: AngleGrid, periodic: bool = False) -> Geometry:
    """Plane-parallel slab of unit area; ``periodic`` makes it the local box."""
    area = np.ones(radius.edges.size)
    faces = face_coefficients(radius.edges, 0)
    return _build(area, radius.widths, np.zeros(radius.widths.size), faces, angle, periodic)
