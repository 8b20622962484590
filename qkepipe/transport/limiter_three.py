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

It works on a flat tile with rows of fixed length (:mod:`qkepipe.transport.faces_three` fills it):
the compiler cannot see that more than a few rows of unknown length do not overlap, and would not
vectorise the loop.
"""

from __future__ import annotations

import math

from qkepipe.jit import inlined, jit

__all__ = ["CELL", "HIGH", "JUMP", "LANES", "LOW", "ROW", "THETA", "TILE_SIZE", "limit_tile"]

#: Cells of a tile, and the distance of the rows of their matrices, two more cells at either end.
LANES = 64
ROW = 72
#: Places of the first cell of these rows, of the jumps (9 rows each), of the traces of the lower
#: and upper neighbours and of the factor; length of a tile.
CELL = 2
JUMP = 9 * ROW
LOW = JUMP + 9 * LANES
HIGH = LOW + LANES
THETA = HIGH + LANES
TILE_SIZE = THETA + LANES


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
def _matrix(t, s, row, shift):
    """Components at place ``s`` of rows ``row`` apart, ``shift`` added to the diagonal."""
    return (
        t[s] + shift,
        t[s + row] + shift,
        t[s + 2 * row] + shift,
        t[s + 3 * row],
        t[s + 4 * row],
        t[s + 5 * row],
        t[s + 6 * row],
        t[s + 7 * row],
        t[s + 8 * row],
    )


@jit
def limit_tile(t, count, slack, smooth_change, tiny):
    """Limiter factor in [0, 1] of ``count`` cells of a tile.

    Parameters
    ----------
    t : ndarray (TILE_SIZE,)
        Matrices, jumps (face value minus average) and traces of the neighbours; the factor is
        written at ``THETA``.
    slack : float
        Eigenvalues of f +- theta d may be negative by this fraction of the trace of f.
    smooth_change : float
        Relative change of the trace per cell below which its extrema are not clipped.
    tiny : float
        Added to denominators.
    """
    for i in range(count):
        trace = (t[CELL + i] + t[CELL + ROW + i]) + t[CELL + 2 * ROW + i]
        f = _matrix(t, CELL + i, ROW, slack * trace)
        d = _matrix(t, JUMP + i, LANES, 0.0)
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
        below = trace - t[LOW + i]
        above = t[HIGH + i] - trace
        limited = min(abs(below), abs(above)) / size if below * above > 0.0 else 0.0
        smooth = 2.0 - max(abs(below), abs(above)) / (smooth_change * trace + tiny)
        limited = max(limited, min(1.0, smooth))
        t[THETA + i] = min(min(cone, determinant), limited)
