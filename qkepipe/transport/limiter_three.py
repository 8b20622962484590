"""Limiter factor of three-flavour matrices: one for all nine components.

As for two flavours (:mod:`qkepipe.transport.limiter`), the jump d from the average f of a cell
to its face is scaled by one theta, so that f + theta d and f - theta d are positive matrices to a
slack and the factor does not depend on the basis in flavour space. A Hermitian 3x3 matrix is
positive if the sums of its principal minors

    e_1 = tr f ,   e_2 = [(tr f)^2 - tr f^2]/2 ,   e_3 = det f

are not negative (signs of the characteristic polynomial). They are asked of f + eps tr(f) 1: the
eigenvalues of a face state are at least -eps of its trace, the slack that two flavours have. With

    f + theta d = (1 + theta p) (f + s r) ,   p = tr d/tr f ,   s = theta/(1 + theta p) ,
    det(f +- s r) = d_0 +- d_1 s + d_2 s^2 +- d_3 s^3

the determinant is not negative where |d_1| s + (max(-d_2, 0) + s_2 |d_3|) s^2 <= d_0, with s_2 =
sqrt(-e_2(f)/e_2(r)) (derived for this project): a bound that is tight where a state turns, d_1 =
d_3 = 0, or changes in number only, r = 0. Such an s is at most s_2: up to there no eigenvalue of
f +- s r has changed its sign, and at s_2 the e_2 of both have the sum 0, so that both determinants
would be 0. So e_2 needs no condition of its own.
"""

from __future__ import annotations

import math

from qkepipe.jit import inlined
from qkepipe.transport.limiter import SLACK, TINY, trace_factor

__all__ = ["matrix_factor_three"]

#: Least 1/(s p)^2: theta = s/(1 + s |p|) is at its limit 1/|p| to the root of it.
ROUND_OFF = 1e-12


@inlined
def _minors(a):
    """Principal 2x2 minors and the other elements of the adjugate: it has no trace with them."""
    d0, d1, d2, xr, xi, yr, yi, zr, zi = a
    return (
        d1 * d2 - (zr * zr + zi * zi),
        d0 * d2 - (yr * yr + yi * yi),
        d0 * d1 - (xr * xr + xi * xi),
        # adj_01 = f_02 f_21 - f_01 f_22
        (yr * zr + yi * zi) - xr * d2,
        (yi * zr - yr * zi) - xi * d2,
        # adj_02 = f_01 f_12 - f_02 f_11
        (xr * zr - xi * zi) - yr * d1,
        (xr * zi + xi * zr) - yi * d1,
        # adj_12 = f_02 f_10 - f_00 f_12
        (yr * xr + yi * xi) - d0 * zr,
        (yi * xr - yr * xi) - d0 * zi,
    )


@inlined
def _product(a, b):
    """tr(a b) of Hermitian matrices."""
    return (a[0] * b[0] + a[1] * b[1] + a[2] * b[2]) + 2.0 * (
        (a[3] * b[3] + a[4] * b[4]) + (a[5] * b[5] + a[6] * b[6]) + (a[7] * b[7] + a[8] * b[8])
    )


@inlined
def _shifted(a, by):
    """The matrix plus ``by`` times one."""
    return (a[0] + by, a[1] + by, a[2] + by, a[3], a[4], a[5], a[6], a[7], a[8])


@inlined
def _less(a, by, b):
    """The matrix ``a`` minus ``by`` times ``b``."""
    return (
        a[0] - by * b[0],
        a[1] - by * b[1],
        a[2] - by * b[2],
        a[3] - by * b[3],
        a[4] - by * b[4],
        a[5] - by * b[5],
        a[6] - by * b[6],
        a[7] - by * b[7],
        a[8] - by * b[8],
    )


@inlined
def _determinant(a, m):
    """Determinant of ``a`` with its adjugate ``m``, by the first row."""
    return a[0] * m[0] + ((a[3] * m[3] + a[4] * m[4]) + (a[5] * m[5] + a[6] * m[6]))


@inlined
def matrix_factor_three(cell, jump, below, above):
    """Common factor in [0, 1] of a three-flavour matrix.

    Parameters
    ----------
    cell, jump : tuple of 9 floats
        Cell average, and reconstructed face value minus it.
    below, above : float
        Trace of the average minus that of the lower neighbour, and that of the upper one minus it.
    """
    trace = (cell[0] + cell[1]) + cell[2]
    change = (jump[0] + jump[1]) + jump[2]
    f = _shifted(cell, SLACK * trace)
    d = _shifted(jump, SLACK * change)
    of_cell = _minors(f)
    # f + theta d = (1 + theta p) (f + s r), s = theta/(1 + theta p): r has no trace
    p = change / (max(trace, 0.0) + TINY)
    r = _less(d, p, f)
    of_rest = _minors(r)
    e_2 = max((of_cell[0] + of_cell[1]) + of_cell[2], 0.0)
    size = max(-((of_rest[0] + of_rest[1]) + of_rest[2]), 0.0)
    # where a jump is one of number, r is round-off of p f: such an r must not limit
    reach = math.sqrt(e_2 / (size + ROUND_OFF * p * (p * e_2) + TINY))
    # det(f + s r) has tr(adj(f) r) and tr(f adj(r))
    e = max(_determinant(f, of_cell), 0.0)
    linear = abs(_product(of_cell, r))
    square = max(-_product(f, of_rest), 0.0) + reach * abs(_determinant(r, of_rest))
    root = linear + math.sqrt(linear * linear + 4.0 * e * square)
    # s = 2 e/root, and the smaller of the two theta that belong to s and -s
    positive = (2.0 * e + TINY) / (root + 2.0 * e * abs(p) + TINY)
    return min(1.0, min(positive, trace_factor(trace, below, above, change)))
