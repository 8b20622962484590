"""Two-flavour self-interaction: moments, implicit midpoint, unitary rotation.

With f = (s + P.sigma)/2, that is P = (2 Re f_ex, -2 Im f_ex, f_ee - f_xx), and
g = conj(fbar), neutrinos and antineutrinos obey the same equation

    dP/ds = V x P ,   V(mu) = xi sqrt(2) G_F (D_0 - mu D_1) ,
    D_n = 4 pi/(2 pi hbar c)^3 int E^2 dE int (dmu/2) mu^n (P - P_g) ,   s = c t

(Sigl & Raffelt 1993, Nucl. Phys. B 406, 423; attenuation xi: Nagakura & Zaizen 2022,
PRL 129, 261101). V does not depend on energy, so the energy-integrated difference
Q(mu) = int dn_E (P - P_g) closes on itself. Its implicit midpoint rule conserves
D_0 = int (dmu/2) Q and every |Q(mu)|; the converged V then rotates all energies of both
sectors by a Cayley transform, which is orthogonal to round-off. Vacuum and matter terms
are not part of this operator. In a static metric the equation is one in coordinate time:
the factor of proper time, and the local measure of D_n on a grid of energies at infinity,
are one factor per radius, a^-2 (docs/physics/transport.md).
"""

from __future__ import annotations

import numpy as np

from qkepipe.constants import SQRT2_GF
from qkepipe.jit import jit, jit_parallel, prange

__all__ = ["SelfInteraction"]

#: Radial cells per tile: fixed, so that results do not depend on the number of threads.
TILE = 64
#: Stop of the fixed-point iteration: change of V c dt relative to its size.
TOLERANCE = 1e-11
MAX_ITERATIONS = 30


@jit
def _rotate_tile(f, lo, hi, weights, mu, wmu, strength, step, q, q_mid, d):
    """Rotate cells lo..hi of f[4, 2, n_energy, n_mu, n_r] in place.

    ``weights`` are the number weights of the groups [cm^-3], ``wmu`` = dmu/2,
    ``strength`` (n_r,) = xi sqrt(2) G_F times the factor of the metric [cm^2], ``q`` and
    ``q_mid`` (n_mu, 3, TILE) and ``d`` (8, TILE) work space.
    """
    n = hi - lo
    n_energy = f.shape[2]
    n_mu = f.shape[3]
    for j in range(n_mu):
        for k in range(3):
            for i in range(n):
                q[j, k, i] = 0.0
        for sector in range(2):
            sign = 1.0 if sector == 0 else -1.0
            for e in range(n_energy):
                w = sign * weights[e]
                ee = f[0, sector, e, j]
                xx = f[1, sector, e, j]
                re = f[2, sector, e, j]
                im = f[3, sector, e, j]
                for i in range(n):
                    q[j, 0, i] += w * 2.0 * re[lo + i]
                    q[j, 1, i] -= w * 2.0 * im[lo + i]
                    q[j, 2, i] += w * (ee[lo + i] - xx[lo + i])
        for k in range(3):
            for i in range(n):
                q_mid[j, k, i] = q[j, k, i]
    half = 0.5 * step
    for k in range(6):
        for i in range(n):
            d[k, i] = 0.0
    for iteration in range(MAX_ITERATIONS):
        worst = 0.0
        for k in range(3):
            for i in range(n):
                d[6, i] = 0.0
                d[7, i] = 0.0
            for j in range(n_mu):
                w0 = wmu[j]
                w1 = wmu[j] * mu[j]
                for i in range(n):
                    d[6, i] += w0 * q_mid[j, k, i]
                    d[7, i] += w1 * q_mid[j, k, i]
            for i in range(n):
                a = strength[lo + i] * half * d[6, i]
                b = strength[lo + i] * half * d[7, i]
                worst = max(worst, abs(a - d[k, i]) + abs(b - d[3 + k, i]))
                d[k, i] = a
                d[3 + k, i] = b
        if iteration > 0 and worst < TOLERANCE:
            break
        for j in range(n_mu):
            m = mu[j]
            for i in range(n):
                x = d[0, i] - m * d[3, i]
                y = d[1, i] - m * d[4, i]
                z = d[2, i] - m * d[5, i]
                px = q[j, 0, i]
                py = q[j, 1, i]
                pz = q[j, 2, i]
                # midpoint of the Cayley rotation: (p + w x p + w (w.p)) / (1 + w.w)
                dot = x * px + y * py + z * pz
                norm = 1.0 / (1.0 + x * x + y * y + z * z)
                q_mid[j, 0, i] = (px + (y * pz - z * py) + x * dot) * norm
                q_mid[j, 1, i] = (py + (z * px - x * pz) + y * dot) * norm
                q_mid[j, 2, i] = (pz + (x * py - y * px) + z * dot) * norm
    for sector in range(2):
        for e in range(n_energy):
            for j in range(n_mu):
                m = mu[j]
                ee = f[0, sector, e, j]
                xx = f[1, sector, e, j]
                re = f[2, sector, e, j]
                im = f[3, sector, e, j]
                for i in range(n):
                    x = d[0, i] - m * d[3, i]
                    y = d[1, i] - m * d[4, i]
                    z = d[2, i] - m * d[5, i]
                    trace = ee[lo + i] + xx[lo + i]
                    px = 2.0 * re[lo + i]
                    py = -2.0 * im[lo + i]
                    pz = ee[lo + i] - xx[lo + i]
                    dot = x * px + y * py + z * pz
                    norm = 2.0 / (1.0 + x * x + y * y + z * z)
                    qx = (px + (y * pz - z * py) + x * dot) * norm - px
                    qy = (py + (z * px - x * pz) + y * dot) * norm - py
                    qz = (pz + (x * py - y * px) + z * dot) * norm - pz
                    ee[lo + i] = 0.5 * (trace + qz)
                    xx[lo + i] = 0.5 * (trace - qz)
                    re[lo + i] = 0.5 * qx
                    im[lo + i] = -0.5 * qy


@jit_parallel
def _rotate(f, weights, mu, wmu, strength, step, q, q_mid, d):
    n = f.shape[4]
    tiles = (n + TILE - 1) // TILE
    for tile in prange(tiles):
        lo = tile * TILE
        hi = min(lo + TILE, n)
        _rotate_tile(f, lo, hi, weights, mu, wmu, strength, step, q[tile], q_mid[tile], d[tile])


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
        tiles = (n_r + TILE - 1) // TILE
        self._arguments = (
            np.ascontiguousarray(weights),
            np.ascontiguousarray(mu),
            0.5 * np.asarray(dmu),
            np.asarray(xi) * SQRT2_GF * np.ones(n_r) * (1.0 if scale is None else scale),
            step,
            np.empty((tiles, len(mu), 3, TILE)),
            np.empty((tiles, len(mu), 3, TILE)),
            np.empty((tiles, 8, TILE)),
        )

    def turn(self, f: np.ndarray) -> float:
        """Largest angle |V| c dt by which a step turns vectors of ``f`` [rad].

        The iteration of a step contracts up to 2; beyond, it may stop before it converged, and
        D_0 changes.
        """
        weights, mu, wmu, strength, step = self._arguments[:5]
        p = np.stack([2.0 * f[2], -2.0 * f[3], f[0] - f[1]])
        q = np.einsum("kemr,e,m->kmr", p[:, 0] - p[:, 1], weights, wmu)
        d0, d1 = q.sum(axis=1), np.einsum("kmr,m->kr", q, mu)
        # |D_0 - mu D_1| is convex in mu: largest at an end
        size = np.linalg.norm([d0 - d1, d0 + d1], axis=1).max(axis=0)
        return float((strength * step * size).max())

    def apply(self, f: np.ndarray) -> None:
        """Rotate ``f[4, 2, n_energy, n_mu, n_r]`` in place by one step."""
        _rotate(f, *self._arguments)
