"""Sine and cosine in plain arithmetic, so that loops over cells stay in vector registers.

A call of the library function per cell would keep the compiler from working on several cells
at once.
"""

from __future__ import annotations

import math

from qkepipe.jit import jit

__all__ = ["sine_cosine"]

#: pi/2 in three parts; the product of the first two with an integer below 2^20 is exact.
_HALF_PI = (1.57079632673412561417e00, 6.07710050630396597660e-11, 2.02226624879595063154e-21)
_PER_TURN = 2.0 / math.pi


@jit
def sine_cosine(x):
    """Sine and cosine of ``x``, to 2e-16 where |x| < 1e6.

    Reduction to |r| <= pi/4 (Cody & Waite 1980) and the polynomials of fdlibm (Sun
    Microsystems 1993, ``k_sin.c`` and ``k_cos.c``; recalled, tested against numpy).
    """
    k = math.floor(x * _PER_TURN + 0.5)
    r = ((x - k * _HALF_PI[0]) - k * _HALF_PI[1]) - k * _HALF_PI[2]
    z = r * r
    s = 1.58969099521155010221e-10
    s = -2.50507602534068634195e-08 + z * s
    s = 2.75573137070700676789e-06 + z * s
    s = -1.98412698298579493134e-04 + z * s
    s = 8.33333333332248946124e-03 + z * s
    s = -1.66666666666666324348e-01 + z * s
    s = r + r * z * s
    c = -1.13596475577881948265e-11
    c = 2.08757232129817482790e-09 + z * c
    c = -2.75573143513906633035e-07 + z * c
    c = 2.48015872894767294178e-05 + z * c
    c = -1.38888888888741095749e-03 + z * c
    c = 4.16666666666666019037e-02 + z * c
    c = (1.0 - 0.5 * z) + z * z * c
    # quarter turn 0..3
    q = k - 4.0 * math.floor(0.25 * k)
    odd = q == 1.0 or q == 3.0
    sine = c if odd else s
    cosine = s if odd else c
    sine = -sine if q >= 2.0 else sine
    cosine = -cosine if (q == 1.0 or q == 2.0) else cosine
    return sine, cosine
