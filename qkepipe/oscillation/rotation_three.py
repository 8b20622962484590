"""Three-flavour self-interaction of a run in radius: moments, implicit midpoint, unitary turn.

The equations and the isospectral midpoint rule are those of :mod:`qkepipe.oscillation.mean_field`,
of any number of flavours; here cells of different radius, each with its own attenuation, are
advanced side by side in tiles. For antineutrinos the stored matrix is conj(fbar), so that one
U(mu) of a cell turns all energies of both sectors. Vacuum and matter terms are not part of this
operator; the factor of the metric is that of :mod:`qkepipe.oscillation.rotation`.
"""

from __future__ import annotations

import numpy as np

from qkepipe.constants import SQRT2_GF
from qkepipe.jit import jit, jit_parallel, prange
from qkepipe.oscillation.rotation import MAX_ITERATIONS, TOLERANCE
from qkepipe.oscillation.three_flavors import (
    cayley_tile,
    resolvent_tile,
    smallest_eigenvalue,
)
from qkepipe.oscillation.three_flavors_turn import conjugate_tile, turn_tile
from qkepipe.oscillation.tile import LANES, MATRIX, RESULT, TILE_SIZE

__all__ = ["SelfInteractionThree"]

#: Length of the nine rows of a tile.
_ROWS = 9 * LANES


@jit
def _difference(f, lo, n, weights, j, q):
    """Write int dn_E (f - conj(fbar)) of direction ``j`` into ``q`` (9 LANES,)."""
    for k in range(9):
        out = q[k * LANES : k * LANES + n]
        out[:] = 0.0
        for sector in range(2):
            sign = 1.0 if sector == 0 else -1.0
            for e in range(weights.size):
                w = sign * weights[e]
                row = f[k, sector, e, j, lo : lo + n]
                for i in range(n):
                    out[i] += w * row[i]


@jit
def _add_moments(t, start, n, w0, w1, d0, d1):
    """Add the matrices at ``start`` of a tile to the moments ``d0`` and ``d1`` (9 LANES,)."""
    for k in range(9):
        row = t[start + k * LANES : start + k * LANES + n]
        zeroth = d0[k * LANES : k * LANES + n]
        first = d1[k * LANES : k * LANES + n]
        for i in range(n):
            zeroth[i] += w0 * row[i]
            first[i] += w1 * row[i]


@jit
def _half_angle(d0, d1, m, scale, n, t):
    """Write A = H s/2 of the direction ``m`` as the matrix of a tile."""
    for k in range(9):
        zeroth = d0[k * LANES : k * LANES + n]
        first = d1[k * LANES : k * LANES + n]
        out = t[MATRIX + k * LANES : MATRIX + k * LANES + n]
        for i in range(n):
            out[i] = scale[i] * (zeroth[i] - m * first[i])


@jit
def _turn_tile_of_cells(f, lo, hi, weights, mu, wmu, scale, q, d, t):
    """Turn cells lo..hi of f[9, 2, n_energy, n_mu, n_r] in place.

    ``scale`` (hi - lo,) = xi sqrt(2) G_F c dt/2 times the factor of the metric [cm^3], ``q``
    (n_mu, 9 LANES), ``d`` (4, 9 LANES) and the tile ``t`` work space.
    """
    n = hi - lo
    n_energy = f.shape[2]
    n_mu = mu.size
    d0, d1, new0, new1 = d[0], d[1], d[2], d[3]
    d0[:] = 0.0
    d1[:] = 0.0
    for j in range(n_mu):
        _difference(f, lo, n, weights, j, q[j])
        _add_moments(q[j], 0, n, wmu[j], wmu[j] * mu[j], d0, d1)
    for _ in range(MAX_ITERATIONS):
        new0[:] = 0.0
        new1[:] = 0.0
        for j in range(n_mu):
            _half_angle(d0, d1, mu[j], scale, n, t)
            resolvent_tile(t, n, 1.0)
            start = q[j]
            for k in range(9):
                for i in range(n):
                    t[MATRIX + k * LANES + i] = start[k * LANES + i]
            conjugate_tile(t, n)
            _add_moments(t, RESULT, n, wmu[j], wmu[j] * mu[j], new0, new1)
        worst = 0.0
        for k in range(9):
            for i in range(n):
                at = k * LANES + i
                change = abs(new0[at] - d0[at]) + abs(new1[at] - d1[at])
                worst = max(worst, scale[i] * change)
                d0[at] = new0[at]
                d1[at] = new1[at]
        if worst < TOLERANCE:
            break
    for j in range(n_mu):
        _half_angle(d0, d1, mu[j], scale, n, t)
        resolvent_tile(t, n, 1.0)
        cayley_tile(t, n)
        for sector in range(2):
            for e in range(n_energy):
                for k in range(9):
                    row = f[k, sector, e, j, lo:hi]
                    for i in range(n):
                        t[MATRIX + k * LANES + i] = row[i]
                turn_tile(t, n)
                for k in range(9):
                    row = f[k, sector, e, j, lo:hi]
                    for i in range(n):
                        row[i] = t[RESULT + k * LANES + i]


@jit_parallel
def _rotate(f, weights, mu, wmu, scale, q, d, t):
    n = f.shape[4]
    # tiles of fixed length: results do not depend on the number of threads
    tiles = (n + LANES - 1) // LANES
    for tile in prange(tiles):
        lo = tile * LANES
        hi = min(lo + LANES, n)
        _turn_tile_of_cells(f, lo, hi, weights, mu, wmu, scale[lo:hi], q[tile], d[tile], t[tile])


class SelfInteractionThree:
    """Turning of a three-flavour state by the attenuated self-interaction.

    Parameters
    ----------
    weights : ndarray (n_energy,)
        Number weights of the energy groups [cm^-3].
    mu, dmu : ndarray (n_mu,)
        Midpoints and widths of the angular bins.
    n_r : int
        Number of cells.
    xi : float or ndarray (n_r,)
        Attenuation, 0 <= xi <= 1.
    step : float
        c dt [cm].
    scale : ndarray (n_r,), optional
        Factor on the Hamiltonian of each cell; default: 1.
    """

    def __init__(self, weights, mu, dmu, n_r: int, xi: float, step: float, scale=None):
        tiles = (n_r + LANES - 1) // LANES
        factor = np.asarray(xi) * SQRT2_GF * np.ones(n_r) * (1.0 if scale is None else scale)
        self._arguments = (
            np.ascontiguousarray(weights),
            np.ascontiguousarray(mu),
            0.5 * np.asarray(dmu),
            0.5 * step * factor,
            np.empty((tiles, len(mu), _ROWS)),
            np.empty((tiles, 4, _ROWS)),
            np.empty((tiles, TILE_SIZE)),
        )

    def turn(self, f: np.ndarray) -> float:
        """Largest difference of eigenvalues of H c dt [rad], the |V| c dt of two flavours."""
        weights, mu, wmu, scale = self._arguments[:4]
        q = np.einsum("kemr,e,m->kmr", f[:, 0] - f[:, 1], weights, wmu)
        d0, d1 = q.sum(axis=1), np.einsum("kmr,m->kr", q, mu)
        # a convex function of mu: largest at an end
        ends = [2.0 * scale * (d0 - d1), 2.0 * scale * (d0 + d1)]
        return max(float((-smallest_eigenvalue(-h) - smallest_eigenvalue(h)).max()) for h in ends)

    def apply(self, f: np.ndarray) -> None:
        """Turn ``f[9, 2, n_energy, n_mu, n_r]`` in place by one step."""
        _rotate(f, *self._arguments)
