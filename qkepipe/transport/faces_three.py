"""Face values of three-flavour matrices in a window, as in :mod:`qkepipe.transport.streaming`."""

from __future__ import annotations

from qkepipe.jit import inlined, jit
from qkepipe.transport.limiter_three import matrix_factor_three
from qkepipe.transport.windows import HALO, ROW

__all__ = ["edge_flux_three", "row_faces_three"]


@inlined
def _matrix(t, s):
    """Components at place ``s`` of the rows of a tile."""
    return (
        t[s],
        t[s + ROW],
        t[s + 2 * ROW],
        t[s + 3 * ROW],
        t[s + 4 * ROW],
        t[s + 5 * ROW],
        t[s + 6 * ROW],
        t[s + 7 * ROW],
        t[s + 8 * ROW],
    )


@inlined
def _trace(t, s):
    return (t[s] + t[s + ROW]) + t[s + 2 * ROW]


@inlined
def _weighted(t, s, w0, w1, w2, w3, w4):
    return w0 * t[s] + w1 * t[s + 1] + w2 * t[s + 2] + w3 * t[s + 3] + w4 * t[s + 4]


@inlined
def _store(t, i, factor, f, theta, d):
    """Write ``factor`` (f + theta d)."""
    t[i] = factor * (f[0] + theta * d[0])
    t[i + ROW] = factor * (f[1] + theta * d[1])
    t[i + 2 * ROW] = factor * (f[2] + theta * d[2])
    t[i + 3 * ROW] = factor * (f[3] + theta * d[3])
    t[i + 4 * ROW] = factor * (f[4] + theta * d[4])
    t[i + 5 * ROW] = factor * (f[5] + theta * d[5])
    t[i + 6 * ROW] = factor * (f[6] + theta * d[6])
    t[i + 7 * ROW] = factor * (f[7] + theta * d[7])
    t[i + 8 * ROW] = factor * (f[8] + theta * d[8])


@jit
def row_faces_three(cells, a0, a1, a2, a3, a4, count, face):
    """Upwind states at radial faces; ``cells`` begins with the second lower neighbour."""
    for i in range(count):
        w0, w1, w2, w3, w4 = a0[i], a1[i], a2[i], a3[i], a4[i]
        f = _matrix(cells, i + 2)
        d = (
            _weighted(cells, i, w0, w1, w2, w3, w4),
            _weighted(cells, i + ROW, w0, w1, w2, w3, w4),
            _weighted(cells, i + 2 * ROW, w0, w1, w2, w3, w4),
            _weighted(cells, i + 3 * ROW, w0, w1, w2, w3, w4),
            _weighted(cells, i + 4 * ROW, w0, w1, w2, w3, w4),
            _weighted(cells, i + 5 * ROW, w0, w1, w2, w3, w4),
            _weighted(cells, i + 6 * ROW, w0, w1, w2, w3, w4),
            _weighted(cells, i + 7 * ROW, w0, w1, w2, w3, w4),
            _weighted(cells, i + 8 * ROW, w0, w1, w2, w3, w4),
        )
        trace = (f[0] + f[1]) + f[2]
        below, above = trace - _trace(cells, i + 1), _trace(cells, i + 3) - trace
        _store(face, i, 1.0, f, matrix_factor_three(f, d, below, above), d)


@jit
def edge_flux_three(before, here, after, slope, turn, count, edge):
    """Flux over g through an angular edge; rows in the direction of the motion."""
    for i in range(count):
        low = _matrix(before, HALO + i)
        f = _matrix(here, HALO + i)
        high = _matrix(after, HALO + i)
        d = (
            slope * (high[0] - low[0]),
            slope * (high[1] - low[1]),
            slope * (high[2] - low[2]),
            slope * (high[3] - low[3]),
            slope * (high[4] - low[4]),
            slope * (high[5] - low[5]),
            slope * (high[6] - low[6]),
            slope * (high[7] - low[7]),
            slope * (high[8] - low[8]),
        )
        trace = (f[0] + f[1]) + f[2]
        below = trace - ((low[0] + low[1]) + low[2])
        above = ((high[0] + high[1]) + high[2]) - trace
        _store(edge, i, turn, f, matrix_factor_three(f, d, below, above), d)
