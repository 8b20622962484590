"""Three-flavour self-interaction of a run in radius: moments, implicit midpoint, unitary turn.

The equations and the isospectral midpoint rule are those of :mod:`qkepipe.oscillation.mean_field`,
of any number of flavours; here cells of different radius, each with its own attenuation, are
advanced side by side in tiles. For antineutrinos the stored matrix is conj(fbar), so that one
U(mu) of a cell turns all energies of both sectors. Vacuum and matter terms are not part of this
operator; the factor of the metric is that of :mod:`qkepipe.oscillation.rotation`.
"""

from __future__ import annotations

import numba
import numpy as np

from qkepipe.constants import SQRT2_GF
from qkepipe.jit import inlined, jit, jit_parallel, prange
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
def _add(t, start, n, w, moment):
    """Add ``w`` times the matrices at ``start`` of a tile to ``moment`` (9 LANES,)."""
    for k in range(9):
        row = t[start + k * LANES : start + k * LANES + n]
        out = moment[k * LANES : k * LANES + n]
        for i in range(n):
            out[i] += w * row[i]


@jit
def _half_angle(turn, m, n, t):
    """Write A = H s/2 of the direction ``m`` as the matrix of a tile."""
    for k in range(9):
        zeroth = turn[0, k * LANES : k * LANES + n]
        first = turn[1, k * LANES : k * LANES + n]
        out = t[MATRIX + k * LANES : MATRIX + k * LANES + n]
        for i in range(n):
            out[i] = zeroth[i] - m * first[i]


@jit
def _midpoint(t, n, matrix):
    """Result (1 + iA)^-1 f (1 - iA)^-1 of ``matrix`` f (9 LANES,), A being that of the tile."""
    resolvent_tile(t, n, 1.0)
    for k in range(9):
        row = matrix[k * LANES : k * LANES + n]
        out = t[MATRIX + k * LANES : MATRIX + k * LANES + n]
        for i in range(n):
            out[i] = row[i]
    conjugate_tile(t, n)


@inlined
def _matrix(t, i):
    """Diagonal and off-diagonal elements of lane ``i``."""
    return (
        (t[i], t[LANES + i], t[2 * LANES + i]),
        (
            complex(t[3 * LANES + i], t[4 * LANES + i]),
            complex(t[5 * LANES + i], t[6 * LANES + i]),
            complex(t[7 * LANES + i], t[8 * LANES + i]),
        ),
    )


@jit
def _add_commutator(x, y, sign, n, out):
    """Add -i ``sign`` [x, y] of Hermitian matrices (9 LANES,) to ``out``."""
    for i in range(n):
        (d0, d1, d2), (f01, f02, f12) = _matrix(x, i)
        (e0, e1, e2), (g01, g02, g12) = _matrix(y, i)
        a = 2.0 * (f01 * g01.conjugate()).imag
        b = 2.0 * (f02 * g02.conjugate()).imag
        c = 2.0 * (f12 * g12.conjugate()).imag
        u = (d0 - d1) * g01 - (e0 - e1) * f01 + f02 * g12.conjugate() - g02 * f12.conjugate()
        v = (d0 - d2) * g02 - (e0 - e2) * f02 + f01 * g12 - g01 * f12
        w = (d1 - d2) * g12 - (e1 - e2) * f12 + f01.conjugate() * g02 - g01.conjugate() * f02
        out[i] += sign * (a + b)
        out[LANES + i] += sign * (c - a)
        out[2 * LANES + i] -= sign * (b + c)
        out[3 * LANES + i] += sign * u.imag
        out[4 * LANES + i] -= sign * u.real
        out[5 * LANES + i] += sign * v.imag
        out[6 * LANES + i] -= sign * v.real
        out[7 * LANES + i] += sign * w.imag
        out[8 * LANES + i] -= sign * w.real


@jit
def _correct(turn, moments, change, scale, n):
    """Newton step of the moments 0 and 1 of ``turn``; the largest change.

    To first order a change of A turns the middle by -i [dA, Q]: the missing changes follow from
    the moments 0 to 2.
    """
    for power in range(2):
        for k in range(9):
            for i in range(n):
                at = k * LANES + i
                moments[power, at] = scale[i] * moments[power, at] - turn[power, at]
                change[power, at] = moments[power, at]
    for power in range(2):
        _add_commutator(moments[0], turn[power], 1.0, n, change[power])
        _add_commutator(moments[1], turn[power + 1], -1.0, n, change[power])
    largest = 0.0
    for power in range(2):
        for k in range(9):
            for i in range(n):
                at = k * LANES + i
                turn[power, at] += change[power, at]
                largest = max(largest, abs(change[power, at]))
    return largest


@jit
def _turn_tile_of_cells(f, lo, n, weights, mu, wmu, scale, q, turn, moments, moves, t):
    """Turn cells lo..lo + n of f[9, 2, n_energy, n_mu, n_r] in place.

    ``scale`` (n,) = xi sqrt(2) G_F c dt/2 times the factor of the metric [cm^3], ``q``
    (n_mu, 9 LANES), ``turn`` (3, 9 LANES), ``moments`` and ``moves`` (2, 9 LANES) and the
    tile ``t`` work space.
    """
    n_energy = f.shape[2]
    n_mu = mu.size
    turn[:] = 0.0
    for j in range(n_mu):
        _difference(f, lo, n, weights, j, q[j])
        for power in range(3):
            _add(q[j], 0, n, wmu[j] * mu[j] ** power, turn[power])
    size = 0.0
    for power in range(3):
        for k in range(9):
            for i in range(n):
                turn[power, k * LANES + i] *= scale[i]
                size = max(size, abs(turn[power, k * LANES + i]))
    change = 0.0
    for _ in range(MAX_ITERATIONS):
        moments[:] = 0.0
        for j in range(n_mu):
            _half_angle(turn, mu[j], n, t)
            _midpoint(t, n, q[j])
            for power in range(2):
                _add(t, RESULT, n, wmu[j] * mu[j] ** power, moments[power])
        before = change
        change = _correct(turn, moments, moves, scale, n)
        if change * change <= TOLERANCE * size * before:
            break
    for j in range(n_mu):
        _half_angle(turn, mu[j], n, t)
        resolvent_tile(t, n, 1.0)
        cayley_tile(t, n)
        for sector in range(2):
            for e in range(n_energy):
                for k in range(9):
                    row = f[k, sector, e, j, lo : lo + n]
                    for i in range(n):
                        t[MATRIX + k * LANES + i] = row[i]
                turn_tile(t, n)
                for k in range(9):
                    row = f[k, sector, e, j, lo : lo + n]
                    for i in range(n):
                        row[i] = t[RESULT + k * LANES + i]


@jit_parallel
def _rotate(f, weights, mu, wmu, scale, q, turn, moments, moves, work):
    n = f.shape[4]
    # tiles of fixed length: results do not depend on the number of threads
    for tile in prange((n + LANES - 1) // LANES):
        lo = tile * LANES
        hi = min(lo + LANES, n)
        t = numba.get_thread_id()
        _turn_tile_of_cells(
            f,
            lo,
            hi - lo,
            weights,
            mu,
            wmu,
            scale[lo:hi],
            q[t],
            turn[t],
            moments[t],
            moves[t],
            work[t],
        )


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
        threads = numba.get_num_threads()
        factor = np.asarray(xi) * SQRT2_GF * np.ones(n_r) * (1.0 if scale is None else scale)
        self._arguments = (
            np.ascontiguousarray(weights),
            np.ascontiguousarray(mu),
            0.5 * np.asarray(dmu),
            0.5 * step * factor,
            np.empty((threads, len(mu), _ROWS)),
            np.empty((threads, 3, _ROWS)),
            np.empty((threads, 2, _ROWS)),
            np.empty((threads, 2, _ROWS)),
            np.empty((threads, TILE_SIZE)),
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
