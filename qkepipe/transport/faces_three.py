"""Face values of three-flavour matrices: reconstruction and limiter, one tile of cells at a time.

The arithmetic of :mod:`qkepipe.transport.streaming` for nine components with the factor of
:mod:`qkepipe.transport.limiter_three`; what is between cells and faces never leaves the tile.
"""

from __future__ import annotations

from qkepipe.jit import jit
from qkepipe.transport.limiter_three import CELL, HIGH, JUMP, LANES, LOW, ROW, THETA, limit_tile

__all__ = ["edge_flux_three", "row_faces_three"]


@jit
def _traces(t, count, shift, target):
    """Write the traces of the cells ``shift`` further on to ``target``."""
    s = CELL + shift
    for i in range(count):
        t[target + i] = (t[s + i] + t[s + ROW + i]) + t[s + 2 * ROW + i]


@jit
def _scaled(t, k, count, factor, out):
    """Write ``factor`` times the limited face values of component ``k`` to ``out``."""
    cell = t[CELL + k * ROW : CELL + k * ROW + count]
    jump = t[JUMP + k * LANES : JUMP + k * LANES + count]
    theta = t[THETA : THETA + count]
    for i in range(count):
        out[i] = factor * (cell[i] + theta[i] * jump[i])


@jit
def _ghost(row, g, forward, periodic, entering):
    """Value beyond the ends of a row: of the other end, what enters, or nothing."""
    n = row.size
    if periodic:
        return row[g % n]
    if g < 0:
        return entering if forward else row[0]
    return row[n - 1] if forward else 0.0


@jit
def row_faces_three(row, entering, forward, periodic, face_of, face, limits, t):
    """Upwind states at the radial faces of one direction, written to ``face`` (9, n).

    ``row`` (9, n) are the cells, ``entering`` (9,) the state at the inner face, ``face_of`` (5, n)
    the coefficients of the faces, ``limits`` slack, smooth change and tiny number of the limiter,
    ``t`` a tile.
    """
    n = row.shape[1]
    for first in range(0, n, LANES):
        count = min(LANES, n - first)
        a = max(first - 2, 0)
        b = min(first + count + 2, n)
        for k in range(9):
            start = CELL + k * ROW - first
            cells = row[k, a:b]
            line = t[start + a : start + b]
            for i in range(b - a):
                line[i] = cells[i]
            for g in range(first - 2, a):
                t[start + g] = _ghost(row[k], g, forward, periodic, entering[k])
            for g in range(b, first + count + 2):
                t[start + g] = _ghost(row[k], g, forward, periodic, entering[k])
            a0 = face_of[0, first : first + count]
            a1 = face_of[1, first : first + count]
            a2 = face_of[2, first : first + count]
            a3 = face_of[3, first : first + count]
            a4 = face_of[4, first : first + count]
            line = t[k * ROW : k * ROW + count + 4]
            jump = t[JUMP + k * LANES : JUMP + k * LANES + count]
            for i in range(count):
                jump[i] = (
                    a0[i] * line[i]
                    + a1[i] * line[i + 1]
                    + a2[i] * line[i + 2]
                    + a3[i] * line[i + 3]
                    + a4[i] * line[i + 4]
                )
        _traces(t, count, -1, LOW)
        _traces(t, count, 1, HIGH)
        limit_tile(t, count, limits[0], limits[1], limits[2])
        for k in range(9):
            _scaled(t, k, count, 1.0, face[k, first : first + count])


@jit
def edge_flux_three(below, row, above, slope, turn, flat, flux, limits, t):
    """``turn`` times the upwind states at one edge in mu, written to ``flux`` (9, n).

    ``below``, ``row`` and ``above`` (9, n) are directions, ``slope`` times the difference of their
    neighbours is the jump; ``flat`` leaves it out. ``limits`` and ``t`` as for the radial faces.
    """
    n = row.shape[1]
    for first in range(0, n, LANES):
        count = min(LANES, n - first)
        for k in range(9):
            cells = row[k, first : first + count]
            low = below[k, first : first + count]
            high = above[k, first : first + count]
            middle = t[CELL + k * ROW : CELL + k * ROW + count]
            jump = t[JUMP + k * LANES : JUMP + k * LANES + count]
            for i in range(count):
                middle[i] = cells[i]
                jump[i] = slope * (high[i] - low[i])
        if flat:
            t[THETA : THETA + count] = 0.0
        else:
            for i in range(count):
                at = first + i
                t[LOW + i] = (below[0, at] + below[1, at]) + below[2, at]
                t[HIGH + i] = (above[0, at] + above[1, at]) + above[2, at]
            limit_tile(t, count, limits[0], limits[1], limits[2])
        for k in range(9):
            _scaled(t, k, count, turn, flux[k, first : first + count])
