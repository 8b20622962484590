"""U f U+ of 3x3 Hermitian matrices, cell by cell (:mod:`qkepipe.oscillation.three_flavors`)."""

from __future__ import annotations

from qkepipe.jit import inlined, jit
from qkepipe.oscillation.tile import (
    LANES,
    MATRIX,
    RESULT,
    STEP,
    load,
    load_periodic,
    load_rows,
    store,
)

__all__ = ["conjugate", "conjugate_tile", "turn", "turn_rows", "turn_tile"]


@inlined
def _row(t, i, k):
    """Row ``k`` of U f: real and imaginary parts of three elements."""
    s = STEP + 6 * k * LANES + i
    ar, ai, br, bi = t[s], t[s + LANES], t[s + 2 * LANES], t[s + 3 * LANES]
    cr, ci = t[s + 4 * LANES], t[s + 5 * LANES]
    d0, d1, d2 = t[i], t[LANES + i], t[2 * LANES + i]
    xr, xi, yr = t[3 * LANES + i], t[4 * LANES + i], t[5 * LANES + i]
    yi, zr, zi = t[6 * LANES + i], t[7 * LANES + i], t[8 * LANES + i]
    return (
        # f_10 = x*, f_20 = y*
        ar * d0 + (br * xr + bi * xi) + (cr * yr + ci * yi),
        ai * d0 + (bi * xr - br * xi) + (ci * yr - cr * yi),
        # f_01 = x, f_21 = z*
        (ar * xr - ai * xi) + br * d1 + (cr * zr + ci * zi),
        (ar * xi + ai * xr) + bi * d1 + (ci * zr - cr * zi),
        # f_02 = y, f_12 = z
        (ar * yr - ai * yi) + (br * zr - bi * zi) + cr * d2,
        (ar * yi + ai * yr) + (br * zi + bi * zr) + ci * d2,
    )


@inlined
def _along(m, t, i, k):
    """Real part of row m times the conjugate of row ``k`` of U."""
    s = STEP + 6 * k * LANES + i
    return (
        (m[0] * t[s] + m[1] * t[s + LANES])
        + (m[2] * t[s + 2 * LANES] + m[3] * t[s + 3 * LANES])
        + (m[4] * t[s + 4 * LANES] + m[5] * t[s + 5 * LANES])
    )


@inlined
def _across(m, t, i, k):
    """Imaginary part of row m times the conjugate of row ``k`` of U."""
    s = STEP + 6 * k * LANES + i
    return (
        (m[1] * t[s] - m[0] * t[s + LANES])
        + (m[3] * t[s + 2 * LANES] - m[2] * t[s + 3 * LANES])
        + (m[5] * t[s + 4 * LANES] - m[4] * t[s + 5 * LANES])
    )


@inlined
def _off_diagonal(m0, m1, t, i):
    """Write all elements but the diagonal."""
    r = RESULT + i
    t[r + 3 * LANES] = _along(m0, t, i, 1)
    t[r + 4 * LANES] = _across(m0, t, i, 1)
    t[r + 5 * LANES] = _along(m0, t, i, 2)
    t[r + 6 * LANES] = _across(m0, t, i, 2)
    t[r + 7 * LANES] = _along(m1, t, i, 2)
    t[r + 8 * LANES] = _across(m1, t, i, 2)


@jit
def conjugate_tile(t, count):
    """Result U f U+ of the matrices f and the steps U of a tile."""
    for i in range(count):
        m0 = _row(t, i, 0)
        m1 = _row(t, i, 1)
        m2 = _row(t, i, 2)
        t[RESULT + i] = _along(m0, t, i, 0)
        t[RESULT + LANES + i] = _along(m1, t, i, 1)
        t[RESULT + 2 * LANES + i] = _along(m2, t, i, 2)
        _off_diagonal(m0, m1, t, i)


@jit
def turn_tile(t, count):
    """As :func:`conjugate_tile` for unitary U: the last element is what the trace leaves."""
    for i in range(count):
        trace = (t[i] + t[LANES + i]) + t[2 * LANES + i]
        m0 = _row(t, i, 0)
        m1 = _row(t, i, 1)
        first = _along(m0, t, i, 0)
        second = _along(m1, t, i, 1)
        t[RESULT + i] = first
        t[RESULT + LANES + i] = second
        t[RESULT + 2 * LANES + i] = trace - (first + second)
        _off_diagonal(m0, m1, t, i)


@jit
def conjugate(f, u, out, work):
    """Write U f U+ of ``f`` (9, n) into ``out`` (9, n); U (18, n) may be any matrix."""
    for lo in range(0, f.shape[1], LANES):
        count = min(LANES, f.shape[1] - lo)
        load(f, lo, count, work, MATRIX)
        load(u, lo, count, work, STEP)
        conjugate_tile(work, count)
        store(work, RESULT, out, lo, count)


@jit
def turn(f, u, work):
    """Replace ``f`` (9, n) by U f U+ with unitary U (18, m), which repeat along the cells."""
    for lo in range(0, f.shape[1], LANES):
        count = min(LANES, f.shape[1] - lo)
        load(f, lo, count, work, MATRIX)
        load_periodic(u, lo, count, work, STEP)
        turn_tile(work, count)
        store(work, RESULT, f, lo, count)


@jit
def turn_rows(f, u, work):
    """As :func:`turn`; each U (18, m) belongs to n/m cells in succession."""
    repeat = f.shape[1] // u.shape[1]
    for lo in range(0, f.shape[1], LANES):
        count = min(LANES, f.shape[1] - lo)
        load(f, lo, count, work, MATRIX)
        load_rows(u, repeat, lo, count, work, STEP)
        turn_tile(work, count)
        store(work, RESULT, f, lo, count)
