"""Two-flavour self-interaction: moments, implicit midpoint, unitary rotation.

With f = (s + P.sigma)/2, that is P = (2 Re f_ex, -2 Im f_ex, f_ee - f_xx), and
g = conj(fbar), neutrinos and antineutrinos obey the same equation

    dP/ds = V x P ,   V(mu) = xi sqrt(2) G_F (D_0 - mu D_1) ,
    D_n = 4 pi/(2 pi hbar c)^3 int E^2 dE int (dmu/2) mu^n (P - P_g) ,   s = c t

(Sigl & Raffelt 1993, Nucl. Phys. B 406, 423; attenuation xi: Nagakura & Zaizen 2022,
PRL 129, 261101). V does not depend on energy, so the energy-integrated difference
Q(mu) = int dn_E (P - P_g) closes on itself. Its implicit midpoint rule conserves
D_0 = int (dmu/2) Q and every |Q(mu)|; the converged V then rotates all energies of both
sectors by a Cayley transform, which is orthogonal to round-off. What is not known before is the
middle of D_1. As a change dD_1 turns the middle of Q by -mu dD_1 x Q, to first order, that of
D_1 changes by D_2 x dD_1: Newton's iteration with this derivative gains the square of the angle
of a step each time, a plain one the angle (derived for this project). Vacuum and matter terms
are not part of this operator. In a static metric the equation is one in coordinate time:
the factor of proper time, and the local measure of D_n on a grid of energies at infinity,
are one factor per radius, a^-2 (docs/physics/transport.md).
"""

from __future__ import annotations

import numba
import numpy as np

from qkepipe.constants import SQRT2_GF
from qkepipe.jit import inlined, jit, jit_parallel, prange

__all__ = ["SelfInteraction"]

#: Radial cells per tile: fixed, so that results do not depend on the number of threads.
TILE = 64
#: Stop of the iteration: error of V c dt/2 that is left, relative to the largest of a tile.
TOLERANCE = 1e-14
MAX_ITERATIONS = 30


@jit
def _difference(f, j, lo, n, weights, row):
    """Q of direction ``j`` of cells lo..lo + n, written to ``row``."""
    for i in range(n):
        row[i] = 0.0
        row[TILE + i] = 0.0
        row[2 * TILE + i] = 0.0
    for sector in range(2):
        sign = 1.0 if sector == 0 else -1.0
        for e in range(f.shape[2]):
            w = sign * weights[e]
            ee = f[0, sector, e, j, lo : lo + n]
            xx = f[1, sector, e, j, lo : lo + n]
            re = f[2, sector, e, j, lo : lo + n]
            im = f[3, sector, e, j, lo : lo + n]
            for i in range(n):
                row[i] += (2.0 * w) * re[i]
                row[TILE + i] -= (2.0 * w) * im[i]
                row[2 * TILE + i] += w * (ee[i] - xx[i])


@jit
def _add_moments(row, m, w, n, moments):
    """Add Q of a direction to the moments 0, 1 and 2."""
    for i in range(n):
        moments[i] += w * row[i]
        moments[TILE + i] += w * row[TILE + i]
        moments[2 * TILE + i] += w * row[2 * TILE + i]
        moments[3 * TILE + i] += (w * m) * row[i]
        moments[4 * TILE + i] += (w * m) * row[TILE + i]
        moments[5 * TILE + i] += (w * m) * row[2 * TILE + i]
        moments[6 * TILE + i] += (w * m * m) * row[i]
        moments[7 * TILE + i] += (w * m * m) * row[TILE + i]
        moments[8 * TILE + i] += (w * m * m) * row[2 * TILE + i]


@inlined
def _midpoint(x, y, z, px, py, pz):
    """Midpoint of the Cayley rotation of p by w = (x, y, z): (p + w x p + w (w.p))/(1 + w.w)."""
    dot = x * px + y * py + z * pz
    norm = 1.0 / (1.0 + x * x + y * y + z * z)
    return (
        (px + (y * pz - z * py) + x * dot) * norm,
        (py + (z * px - x * pz) + y * dot) * norm,
        (pz + (x * py - y * px) + z * dot) * norm,
    )


@jit
def _add_midpoint(row, turn, m, w, n, moment):
    """Turn Q by half a step and add it to its first moment."""
    for i in range(n):
        x = turn[i] - m * turn[3 * TILE + i]
        y = turn[TILE + i] - m * turn[4 * TILE + i]
        z = turn[2 * TILE + i] - m * turn[5 * TILE + i]
        qx, qy, qz = _midpoint(x, y, z, row[i], row[TILE + i], row[2 * TILE + i])
        moment[i] += (w * m) * qx
        moment[TILE + i] += (w * m) * qy
        moment[2 * TILE + i] += (w * m) * qz


@jit
def _correct(turn, moment, scale, n):
    """Newton step of the first moment of ``turn``; the largest change."""
    worst = 0.0
    for i in range(n):
        x = scale[i] * moment[i] - turn[3 * TILE + i]
        y = scale[i] * moment[TILE + i] - turn[4 * TILE + i]
        z = scale[i] * moment[2 * TILE + i] - turn[5 * TILE + i]
        x, y, z = _midpoint(turn[6 * TILE + i], turn[7 * TILE + i], turn[8 * TILE + i], x, y, z)
        turn[3 * TILE + i] += x
        turn[4 * TILE + i] += y
        turn[5 * TILE + i] += z
        worst = max(worst, abs(x) + abs(y) + abs(z))
    return worst


@jit
def _turn_row(f, sector, e, j, lo, n, m, turn, out):
    """Cayley rotation of one energy and direction of cells lo..lo + n, in place."""
    ee = f[0, sector, e, j, lo : lo + n]
    xx = f[1, sector, e, j, lo : lo + n]
    re = f[2, sector, e, j, lo : lo + n]
    im = f[3, sector, e, j, lo : lo + n]
    for i in range(n):
        x = turn[i] - m * turn[3 * TILE + i]
        y = turn[TILE + i] - m * turn[4 * TILE + i]
        z = turn[2 * TILE + i] - m * turn[5 * TILE + i]
        trace = ee[i] + xx[i]
        px = 2.0 * re[i]
        py = -2.0 * im[i]
        pz = ee[i] - xx[i]
        dot = x * px + y * py + z * pz
        norm = 2.0 / (1.0 + x * x + y * y + z * z)
        qx = (px + (y * pz - z * py) + x * dot) * norm - px
        qy = (py + (z * px - x * pz) + y * dot) * norm - py
        qz = (pz + (x * py - y * px) + z * dot) * norm - pz
        out[i] = 0.5 * (trace + qz)
        out[TILE + i] = 0.5 * (trace - qz)
        out[2 * TILE + i] = 0.5 * qx
        out[3 * TILE + i] = -0.5 * qy
    # the compiler cannot see that the four rows do not overlap: first all, then back
    for i in range(n):
        ee[i] = out[i]
    for i in range(n):
        xx[i] = out[TILE + i]
    for i in range(n):
        re[i] = out[2 * TILE + i]
    for i in range(n):
        im[i] = out[3 * TILE + i]


@jit
def _rotate_tile(f, lo, n, weights, mu, wmu, scale, q, turn, work):
    """Rotate cells lo..lo + n of f[4, 2, n_energy, n_mu, n_r] in place.

    ``weights`` are the number weights of the groups [cm^-3], ``wmu`` = dmu/2,
    ``scale`` (n_r,) = xi sqrt(2) G_F c dt/2 times the factor of the metric [cm^3], ``q``
    (n_mu, 3 TILE), ``turn`` (9 TILE,) and ``work`` (4 TILE,) work space.
    """
    n_mu = f.shape[3]
    turn[:] = 0.0
    for j in range(n_mu):
        _difference(f, j, lo, n, weights, q[j])
        _add_moments(q[j], mu[j], wmu[j], n, turn)
    size = 0.0
    for k in range(9):
        for i in range(n):
            turn[k * TILE + i] *= scale[i]
            size = max(size, abs(turn[k * TILE + i]))
    change = 0.0
    for _ in range(MAX_ITERATIONS):
        work[:] = 0.0
        for j in range(n_mu):
            _add_midpoint(q[j], turn, mu[j], wmu[j], n, work)
        before = change
        change = _correct(turn, work, scale, n)
        # changes fall by one factor from round to round: what is left is about change^2/before
        if change * change <= TOLERANCE * size * before:
            break
    for sector in range(2):
        for e in range(f.shape[2]):
            for j in range(n_mu):
                _turn_row(f, sector, e, j, lo, n, mu[j], turn, work)


@jit_parallel
def _rotate(f, weights, mu, wmu, scale, q, turn, work):
    n = f.shape[4]
    for tile in prange((n + TILE - 1) // TILE):
        lo = tile * TILE
        t = numba.get_thread_id()
        _rotate_tile(
            f,
            lo,
            min(TILE, n - lo),
            weights,
            mu,
            wmu,
            scale[lo : lo + TILE],
            q[t],
            turn[t],
            work[t],
        )


class SelfInteraction:
    """Rotation of a two-flavour state by the attenuated self-interaction.

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
            np.empty((threads, len(mu), 3 * TILE)),
            np.empty((threads, 9 * TILE)),
            np.empty((threads, 4 * TILE)),
        )

    def turn(self, f: np.ndarray) -> float:
        """Largest angle |V| c dt by which a step turns vectors of ``f`` [rad].

        The iteration of a step contracts up to 3; beyond, it may stop before it converged, and
        D_0 changes.
        """
        weights, mu, wmu, half = self._arguments[:4]
        p = np.stack([2.0 * f[2], -2.0 * f[3], f[0] - f[1]])
        q = np.einsum("kemr,e,m->kmr", p[:, 0] - p[:, 1], weights, wmu)
        d0, d1 = q.sum(axis=1), np.einsum("kmr,m->kr", q, mu)
        # |D_0 - mu D_1| is convex in mu: largest at an end
        size = np.linalg.norm([d0 - d1, d0 + d1], axis=1).max(axis=0)
        return float((2.0 * half * size).max())

    def apply(self, f: np.ndarray) -> None:
        """Rotate ``f[4, 2, n_energy, n_mu, n_r]`` in place by one step."""
        _rotate(f, *self._arguments)
