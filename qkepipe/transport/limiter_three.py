"""Limiter factor of three-flavour matrices: one for all nine components.

As for two flavours (:mod:`qkepipe.transport.streaming`), the jump d from the average f of a cell
to its face is scaled by one theta, so that f + theta d and f - theta d are positive matrices to a
slack and the factor does not depend on the basis in flavour space. A Hermitian 3x3 matrix is
positive if the sums of its principal minors

    e_1 = tr f ,   e_2 = [(tr f)^2 - tr f^2]/2 ,   e_3 = det f

are not negative (signs of the characteristic polynomial). They are asked of f + eps tr(f) 1: the
eigenvalues of face states are at least -eps tr(f), the slack that two flavours have. e_1 and e_2
give the linear and the quadratic condition of two flavours. With

    det(f +- theta d) = d_0 +- d_1 theta + d_2 theta^2 +- d_3 theta^3

the determinant is not negative where |d_1| theta + (max(-d_2, 0) + theta_2 |d_3|) theta^2 <= d_0,
theta_2 <= 1 being what the other two conditions leave (derived for this project): a bound that is
tight where a state turns, d_1 = d_3 = 0.

Rows of cells are copied into a flat tile with rows of fixed length first: the compiler cannot see
that more than a few rows of unknown length do not overlap, and would not vectorise the loop.
"""

from __future__ import annotations

import math

from qkepipe.jit import inlined, jit

__all__ = ["LIMITER_SIZE", "limiter_factor_three"]

#: Cells of a tile.
LANES = 64
#: Places of the cell's matrix, of the jump (9 rows each), of the traces of the neighbours and of
#: the factor in the tile, and its length.
_CELL, _JUMP, _LOW, _HIGH, _THETA = 0, 9 * LANES, 18 * LANES, 19 * LANES, 20 * LANES
LIMITER_SIZE = 21 * LANES


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
def _matrix(t, start, i, shift):
    """Components of lane ``i``, ``shift`` added to the diagonal."""
    s = start + i
    return (
        t[s] + shift,
        t[s + LANES] + shift,
        t[s + 2 * LANES] + shift,
        t[s + 3 * LANES],
        t[s + 4 * LANES],
        t[s + 5 * LANES],
        t[s + 6 * LANES],
        t[s + 7 * LANES],
        t[s + 8 * LANES],
    )


@jit
def _factor_tile(t, count, slack, smooth_change, tiny):
    for i in range(count):
        trace = (t[i] + t[LANES + i]) + t[2 * LANES + i]
        f = _matrix(t, _CELL, i, slack * trace)
        d = _matrix(t, _JUMP, i, 0.0)
        jump = (d[0] + d[1]) + d[2]
        size = abs(jump) + tiny
        of_cell = _minors(f)
        of_jump = _minors(d)
        # e_2(f +- theta d) = a +- 2 b theta + c theta^2
        a = max((of_cell[0] + of_cell[1]) + of_cell[2], 0.0)
        c = (of_jump[0] + of_jump[1]) + of_jump[2]
        b = 0.5 * ((f[0] + f[1] + f[2]) * jump - _product(f, d))
        cone = (a + tiny) / (abs(b) + math.sqrt(max(b * b - a * c, 0.0)) + tiny)
        # round-off can leave the trace of an empty direction below zero
        cone = min(min(cone, 1.0), max(trace, 0.0) / size)
        # det(f) = tr(f adj f)/3, and det(f + theta d) has tr(adj(f) d) and tr(f adj(d))
        e = max(_product(f, of_cell) / 3.0, 0.0)
        linear = abs(_product(of_cell, d))
        square = max(-_product(f, of_jump), 0.0) + cone * (abs(_product(d, of_jump)) / 3.0)
        root = linear + math.sqrt(linear * linear + 4.0 * e * square)
        determinant = (2.0 * e + tiny) / (root + tiny)
        below = trace - t[_LOW + i]
        above = t[_HIGH + i] - trace
        limited = min(abs(below), abs(above)) / size if below * above > 0.0 else 0.0
        smooth = 2.0 - max(abs(below), abs(above)) / (smooth_change * trace + tiny)
        limited = max(limited, min(1.0, smooth))
        t[_THETA + i] = min(min(cone, determinant), limited)


@jit
def _load_trace(rows, at, count, t, start):
    first = rows[0, at : at + count]
    second = rows[1, at : at + count]
    third = rows[2, at : at + count]
    out = t[start : start + count]
    for i in range(count):
        out[i] = (first[i] + second[i]) + third[i]


@jit
def limiter_factor_three(
    lo, mid, hi, lo0, mid0, hi0, jump, theta, slack, smooth_change, tiny, tile
):
    """Limiter factor in [0, 1] of one row of cells, written to ``theta``.

    Parameters
    ----------
    lo, mid, hi : ndarray (9, >= n)
        Lower neighbours, cells and upper neighbours; cell ``i`` is at ``mid[:, mid0 + i]``
        and likewise for the neighbours.
    jump : ndarray (9, >= n)
        Reconstructed face value minus cell average.
    theta : ndarray (n,)
    slack : float
        Eigenvalues of f +- theta d may be negative by this fraction of the trace of f.
    smooth_change : float
        Relative change of the trace per cell below which its extrema are not clipped.
    tiny : float
        Added to denominators.
    tile : ndarray (LIMITER_SIZE,)
        Work space.
    """
    n = theta.size
    for first in range(0, n, LANES):
        count = min(LANES, n - first)
        for k in range(9):
            cell = mid[k, mid0 + first : mid0 + first + count]
            step = jump[k, first : first + count]
            place = k * LANES
            for i in range(count):
                tile[_CELL + place + i] = cell[i]
                tile[_JUMP + place + i] = step[i]
        _load_trace(lo, lo0 + first, count, tile, _LOW)
        _load_trace(hi, hi0 + first, count, tile, _HIGH)
        _factor_tile(tile, count, slack, smooth_change, tiny)
        out = theta[first : first + count]
        for i in range(count):
            out[i] = tile[_THETA + i]
