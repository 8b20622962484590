"""Unitary steps of 2x2 Hermitian matrices, cell by cell, as rotations of flavour vectors.

A Hermitian matrix is stored as its components ee, xx, Re ex, Im ex; its vector is
P = (2 Re ex, -2 Im ex, ee - xx), so that f = (tr f + P.sigma)/2. With V the vector of H,

    U = exp(-i H s) = e^{-i s tr H/2} (u_0 - i u.sigma) ,
    u_0 = cos(|V| s/2) ,  u = (V/|V|) sin(|V| s/2) ,
    U f U+ :  P -> (u_0^2 - u^2) P + 2 u (u.P) + 2 u_0 u x P

(Rodrigues' rotation with Cayley-Klein parameters; the phase e^{-i s tr H/2} drops out). These
four numbers are how a step is stored.
"""

from __future__ import annotations

import math

from qkepipe.jit import inlined, jit
from qkepipe.oscillation.trigonometry import sine_cosine

__all__ = ["cayley", "conjugate", "exponential", "resolvent", "turn", "turn_rows"]


@jit
def exponential(h, step, u):
    """Write exp(-i H step) of ``h`` (4, n) into ``u`` (4, n)."""
    half = 0.5 * step
    for i in range(h.shape[1]):
        x = 2.0 * h[2, i]
        y = -2.0 * h[3, i]
        z = h[0, i] - h[1, i]
        size = math.sqrt(x * x + y * y + z * z)
        s, c = sine_cosine(half * size)
        ratio = s / size if size > 0.0 else 0.0
        u[0, i] = c
        u[1, i] = x * ratio
        u[2, i] = y * ratio
        u[3, i] = z * ratio


@jit
def resolvent(h, step, middle):
    """Write 1/(1 + i A), A = H step/2 without its trace, of ``h`` (4, n) into ``middle`` (4, n)."""
    quarter = 0.25 * step
    for i in range(h.shape[1]):
        x = 2.0 * quarter * h[2, i]
        y = -2.0 * quarter * h[3, i]
        z = quarter * (h[0, i] - h[1, i])
        norm = 1.0 / (1.0 + x * x + y * y + z * z)
        middle[0, i] = norm
        middle[1, i] = norm * x
        middle[2, i] = norm * y
        middle[3, i] = norm * z


@jit
def cayley(middle, u):
    """Write the Cayley transform (1 - i A)/(1 + i A) = 2/(1 + i A) - 1 into ``u``."""
    for i in range(u.shape[1]):
        u[0, i] = 2.0 * middle[0, i] - 1.0
        u[1, i] = 2.0 * middle[1, i]
        u[2, i] = 2.0 * middle[2, i]
        u[3, i] = 2.0 * middle[3, i]


@inlined
def _rotated(ee, xx, re, im, w, ux, uy, uz):
    """Components of U f U+."""
    px = 2.0 * re
    py = -2.0 * im
    pz = ee - xx
    trace = ee + xx
    along = 2.0 * (ux * px + uy * py + uz * pz)
    keep = w * w - (ux * ux + uy * uy + uz * uz)
    twice = 2.0 * w
    qx = keep * px + along * ux + twice * (uy * pz - uz * py)
    qy = keep * py + along * uy + twice * (uz * px - ux * pz)
    qz = keep * pz + along * uz + twice * (ux * py - uy * px)
    return 0.5 * (trace + qz), 0.5 * (trace - qz), 0.5 * qx, -0.5 * qy


@jit
def conjugate(f, u, out):
    """Write U f U+ into ``out`` (4, n), another array than ``f``.

    Where U is no rotation but |U|^2 = u_0^2 + u^2 times one, the vector is scaled by |U|^2 and
    the trace is not.
    """
    for i in range(f.shape[1]):
        out[0, i], out[1, i], out[2, i], out[3, i] = _rotated(
            f[0, i], f[1, i], f[2, i], f[3, i], u[0, i], u[1, i], u[2, i], u[3, i]
        )


@jit
def turn(f, u):
    """Replace ``f`` (4, n) by U f U+ with unitary U (4, m), which repeat along the cells."""
    m = u.shape[1]
    for lo in range(0, f.shape[1], m):
        ee, xx, re, im = f[0, lo : lo + m], f[1, lo : lo + m], f[2, lo : lo + m], f[3, lo : lo + m]
        for i in range(m):
            ee[i], xx[i], re[i], im[i] = _rotated(
                ee[i], xx[i], re[i], im[i], u[0, i], u[1, i], u[2, i], u[3, i]
            )


@jit
def turn_rows(f, u):
    """As :func:`turn`; each U (4, m) belongs to n/m cells in succession."""
    n = f.shape[1] // u.shape[1]
    for r in range(u.shape[1]):
        lo = r * n
        ee, xx, re, im = f[0, lo : lo + n], f[1, lo : lo + n], f[2, lo : lo + n], f[3, lo : lo + n]
        w, ux, uy, uz = u[0, r], u[1, r], u[2, r], u[3, r]
        for i in range(n):
            ee[i], xx[i], re[i], im[i] = _rotated(ee[i], xx[i], re[i], im[i], w, ux, uy, uz)
