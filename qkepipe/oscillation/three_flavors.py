"""Functions of 3x3 Hermitian matrices, cell by cell, in closed form: exponential and Cayley.

A Hermitian matrix is stored as its components ee, mumu, tautau, Re emu, Im emu, Re etau,
Im etau, Re mutau, Im mutau. By Cayley and Hamilton every function of a traceless A is
f_0 + f_1 A + f_2 A^2, with c_0 = det A and c_1 = tr(A^2)/2 (A^3 = c_1 A + c_0).

Exponential: with eigenvalues 2u, -u + w, -u - w and xi = sin(w)/w,

    f_j = h_j/(9u^2 - w^2) ,  u = sqrt(c_1/3) cos(theta/3) ,  w^2 = c_1 - 3 u^2 ,
    cos(theta) = c_0/(2 (c_1/3)^{3/2}) ,
    h_0 = (u^2 - w^2) e^{2iu} + e^{-iu} [8u^2 cos w + 2iu (3u^2 + w^2) xi] ,
    h_1 = 2u e^{2iu} - e^{-iu} [2u cos w - i (3u^2 - w^2) xi] ,
    h_2 = e^{2iu} - e^{-iu} [cos w + 3iu xi]

(Morningstar & Peardon 2004, PRD 69, 054501, eqs. 23-33). c_0 < 0 is reduced to c_0 > 0 by
f_j(-c_0) = (-1)^j f_j(c_0)^*; there 9u^2 - w^2 >= 2 c_1, so that equal eigenvalues (w = 0) do
no harm. For a pair split by far less than its distance to the third w^2 is taken from
tr [(A + u)(A - 2u)]^2/2 = 9u^2 w^2 + w^4. cos(theta/3) = C is the root of 4C^3 - 3C = cos(theta) in
[sqrt(3)/2, 1], found by Newton steps in plain arithmetic.

Cayley transform: 1/(1 + iA) = (1 + c_1 - iA - A^2)/(1 + c_1 - i c_0) (from A^3 = c_1 A + c_0).

A step is stored as Re U_11, Im U_11, Re U_12, ..., Im U_33: 18 numbers.
"""

from __future__ import annotations

import math

import numpy as np

from qkepipe.jit import inlined, jit
from qkepipe.oscillation.tile import LANES, MATRIX, STEP, load, store
from qkepipe.oscillation.trigonometry import sine_cosine

__all__ = [
    "cayley",
    "cayley_tile",
    "exponential",
    "resolvent",
    "resolvent_tile",
    "smallest_eigenvalue",
]

#: Below this c_1 the f_j, in which digits cancel, are taken from the series of the exponential.
_SMALL = 1e-6


@inlined
def _traceless(t, i, factor):
    """Components of ``factor`` (H - tr H/3) of lane ``i``."""
    third = (t[i] + t[LANES + i] + t[2 * LANES + i]) / 3.0
    return (
        factor * (t[i] - third),
        factor * (t[LANES + i] - third),
        factor * (t[2 * LANES + i] - third),
        factor * t[3 * LANES + i],
        factor * t[4 * LANES + i],
        factor * t[5 * LANES + i],
        factor * t[6 * LANES + i],
        factor * t[7 * LANES + i],
        factor * t[8 * LANES + i],
    )


@inlined
def _square(a):
    """Components of A^2."""
    d0, d1, d2, xr, xi, yr, yi, zr, zi = a
    x2 = xr * xr + xi * xi
    y2 = yr * yr + yi * yi
    z2 = zr * zr + zi * zi
    return (
        d0 * d0 + x2 + y2,
        d1 * d1 + x2 + z2,
        d2 * d2 + y2 + z2,
        # A_01 = A_00 A_01 + A_01 A_11 + A_02 A_21
        (d0 + d1) * xr + yr * zr + yi * zi,
        (d0 + d1) * xi + yi * zr - yr * zi,
        # A_00 A_02 + A_01 A_12 + A_02 A_22
        (d0 + d2) * yr + xr * zr - xi * zi,
        (d0 + d2) * yi + xr * zi + xi * zr,
        # A_10 A_02 + A_11 A_12 + A_12 A_22
        (d1 + d2) * zr + xr * yr + xi * yi,
        (d1 + d2) * zi + xr * yi - xi * yr,
    )


@inlined
def _determinant(a):
    d0, d1, d2, xr, xi, yr, yi, zr, zi = a
    # 2 Re(A_01 A_12 A_20)
    loop = 2.0 * ((xr * zr - xi * zi) * yr + (xr * zi + xi * zr) * yi)
    return (
        d0 * d1 * d2
        + loop
        - d0 * (zr * zr + zi * zi)
        - d1 * (yr * yr + yi * yi)
        - d2 * (xr * xr + xi * xi)
    )


@inlined
def _combine(a, b, f0r, f0i, f1r, f1i, f2r, f2i, t, i):
    """Write f_0 + f_1 A + f_2 B of Hermitian A, B into the step of lane ``i``."""
    t[STEP + 0 * LANES + i] = f0r + f1r * a[0] + f2r * b[0]
    t[STEP + 1 * LANES + i] = f0i + f1i * a[0] + f2i * b[0]
    t[STEP + 8 * LANES + i] = f0r + f1r * a[1] + f2r * b[1]
    t[STEP + 9 * LANES + i] = f0i + f1i * a[1] + f2i * b[1]
    t[STEP + 16 * LANES + i] = f0r + f1r * a[2] + f2r * b[2]
    t[STEP + 17 * LANES + i] = f0i + f1i * a[2] + f2i * b[2]
    # f_1 A + f_2 B = (f_1r A_r + f_2r B_r) + ..., above and below the diagonal
    rr, ri = f1r * a[3] + f2r * b[3], f1r * a[4] + f2r * b[4]
    ir, ii = f1i * a[3] + f2i * b[3], f1i * a[4] + f2i * b[4]
    t[STEP + 2 * LANES + i] = rr - ii
    t[STEP + 3 * LANES + i] = ir + ri
    t[STEP + 6 * LANES + i] = rr + ii
    t[STEP + 7 * LANES + i] = ir - ri
    rr, ri = f1r * a[5] + f2r * b[5], f1r * a[6] + f2r * b[6]
    ir, ii = f1i * a[5] + f2i * b[5], f1i * a[6] + f2i * b[6]
    t[STEP + 4 * LANES + i] = rr - ii
    t[STEP + 5 * LANES + i] = ir + ri
    t[STEP + 12 * LANES + i] = rr + ii
    t[STEP + 13 * LANES + i] = ir - ri
    rr, ri = f1r * a[7] + f2r * b[7], f1r * a[8] + f2r * b[8]
    ir, ii = f1i * a[7] + f2i * b[7], f1i * a[8] + f2i * b[8]
    t[STEP + 10 * LANES + i] = rr - ii
    t[STEP + 11 * LANES + i] = ir + ri
    t[STEP + 14 * LANES + i] = rr + ii
    t[STEP + 15 * LANES + i] = ir - ri


@inlined
def _third_angle(x):
    """cos(arccos(x)/3) of 0 <= x <= 1, by Newton steps on 4C^3 - 3C = x."""
    c = 0.8660254037844386 + 0.1339745962155614 * x
    for _ in range(3):
        square = c * c
        c -= (c * (4.0 * square - 3.0) - x) / (12.0 * square - 3.0)
    return c


@inlined
def _gap_square(a, b, u, u2):
    """w^2 of the eigenvalues -u +- w: from (A + u)(A - 2u), whose other eigenvalue is zero.

    c_1 - 3u^2 would lose w where it is small: its error is that of the square of A.
    """
    k0 = b[0] - u * a[0] - 2.0 * u2
    k1 = b[1] - u * a[1] - 2.0 * u2
    k2 = b[2] - u * a[2] - 2.0 * u2
    half = 0.5 * (k0 * k0 + k1 * k1 + k2 * k2)
    for j in range(3, 9):
        half += (b[j] - u * a[j]) * (b[j] - u * a[j])
    # half of the trace of the square is 9u^2 w^2 + w^4
    return 2.0 * half / (9.0 * u2 + math.sqrt(81.0 * u2 * u2 + 4.0 * half))


@jit
def _exponential_tile(t, count, step):
    for i in range(count):
        a = _traceless(t, i, -step)
        b = _square(a)
        c1 = 0.5 * (b[0] + b[1] + b[2])
        c0 = _determinant(a)
        small = c1 < _SMALL
        third = 1.0 if small else c1 / 3.0
        root = math.sqrt(third)
        long = root * _third_angle(min(abs(c0) / (2.0 * third * root), 1.0))
        u2 = long * long
        mirrored = -1.0 if c0 < 0.0 else 1.0
        w2 = _gap_square(a, b, mirrored * long, u2)
        w = math.sqrt(w2)
        su, cu = sine_cosine(long)
        sw, cw = sine_cosine(w)
        xi = sw / w if w > 0.0 else 1.0
        # e^{2iu} and the square brackets of the h_j
        c2, s2 = cu * cu - su * su, 2.0 * su * cu
        p0, q0 = 8.0 * u2 * cw, 2.0 * long * (3.0 * u2 + w2) * xi
        p1, q1 = 2.0 * long * cw, -(3.0 * u2 - w2) * xi
        p2, q2 = cw, 3.0 * long * xi
        norm = 1.0 / (9.0 * u2 - w2)
        f0r = ((u2 - w2) * c2 + (cu * p0 + su * q0)) * norm
        f0i = ((u2 - w2) * s2 + (cu * q0 - su * p0)) * norm
        f1r = (2.0 * long * c2 - (cu * p1 + su * q1)) * norm
        f1i = (2.0 * long * s2 - (cu * q1 - su * p1)) * norm
        f2r = (c2 - (cu * p2 + su * q2)) * norm
        f2i = (s2 - (cu * q2 - su * p2)) * norm
        _combine(
            a,
            b,
            1.0 if small else f0r,
            -c0 / 6.0 if small else mirrored * f0i,
            c0 / 24.0 if small else mirrored * f1r,
            1.0 - c1 / 6.0 + c1 * c1 / 120.0 if small else f1i,
            -0.5 + c1 / 24.0 if small else f2r,
            c0 / 120.0 if small else mirrored * f2i,
            t,
            i,
        )


@jit
def resolvent_tile(t, count, half):
    """Step 1/(1 + iA), A = ``half`` H without its trace, of the matrices H of a tile."""
    for i in range(count):
        a = _traceless(t, i, half)
        b = _square(a)
        c1 = 1.0 + 0.5 * (b[0] + b[1] + b[2])
        c0 = _determinant(a)
        norm = 1.0 / (c1 * c1 + c0 * c0)
        # 1/(1 + c_1 - i c_0)
        gr, gi = c1 * norm, c0 * norm
        _combine(a, b, c1 * gr, c1 * gi, gi, -gr, -gr, -gi, t, i)


@inlined
def _column(t, i, a):
    """Column ``a`` of the step of lane ``i``: real and imaginary parts of three elements."""
    s = STEP + 2 * a * LANES + i
    return (
        t[s], t[s + LANES], t[s + 6 * LANES], t[s + 7 * LANES], t[s + 12 * LANES],
        t[s + 13 * LANES],
    )  # fmt: skip


@inlined
def _overlap(x, y):
    """Real part of the product of two columns."""
    return (x[0] * y[0] + x[1] * y[1]) + (x[2] * y[2] + x[3] * y[3]) + (x[4] * y[4] + x[5] * y[5])


@inlined
def _twist(x, y):
    """Imaginary part of the conjugate of column ``x`` times column ``y``."""
    return (x[0] * y[1] - x[1] * y[0]) + (x[2] * y[3] - x[3] * y[2]) + (x[4] * y[5] - x[5] * y[4])


@inlined
def _correct(t, s, xr, xi, yr, yi, zr, zi, g):
    """Add a row of U times the Hermitian G to that row, (x, y, z), at place ``s``."""
    g0, g1, g2, ar, ai, br, bi, cr, ci = g
    # G_10 = a*, G_20 = b*, G_21 = c*
    t[s] = xr + (xr * g0 + (yr * ar + yi * ai) + (zr * br + zi * bi))
    t[s + LANES] = xi + (xi * g0 + (yi * ar - yr * ai) + (zi * br - zr * bi))
    t[s + 2 * LANES] = yr + ((xr * ar - xi * ai) + yr * g1 + (zr * cr + zi * ci))
    t[s + 3 * LANES] = yi + ((xr * ai + xi * ar) + yi * g1 + (zi * cr - zr * ci))
    t[s + 4 * LANES] = zr + ((xr * br - xi * bi) + (yr * cr - yi * ci) + zr * g2)
    t[s + 5 * LANES] = zi + ((xr * bi + xi * br) + (yr * ci + yi * cr) + zi * g2)


@jit
def _unitary_tile(t, count):
    """U -> U + U (1 - U+ U)/2, which squares the distance from a unitary matrix.

    The errors of f_j and of A^2 are independent: without this the eigenvalues of f drift by
    1e-15 in every step.
    """
    for i in range(count):
        x, y, z = _column(t, i, 0), _column(t, i, 1), _column(t, i, 2)
        g0 = 0.5 - 0.5 * _overlap(x, x)
        g1 = 0.5 - 0.5 * _overlap(y, y)
        g2 = 0.5 - 0.5 * _overlap(z, z)
        ar, ai = -0.5 * _overlap(x, y), -0.5 * _twist(x, y)
        br, bi = -0.5 * _overlap(x, z), -0.5 * _twist(x, z)
        cr, ci = -0.5 * _overlap(y, z), -0.5 * _twist(y, z)
        g = (g0, g1, g2, ar, ai, br, bi, cr, ci)
        _correct(t, STEP + i, x[0], x[1], y[0], y[1], z[0], z[1], g)
        _correct(t, STEP + 6 * LANES + i, x[2], x[3], y[2], y[3], z[2], z[3], g)
        _correct(t, STEP + 12 * LANES + i, x[4], x[5], y[4], y[5], z[4], z[5], g)


@jit
def cayley_tile(t, count):
    """Replace the steps 1/(1 + iA) of a tile by 2/(1 + iA) - 1, unitary to round-off."""
    for k in range(18):
        one = 1.0 if k % 8 == 0 else 0.0
        for i in range(count):
            t[STEP + k * LANES + i] = 2.0 * t[STEP + k * LANES + i] - one
    _unitary_tile(t, count)


@jit
def exponential(h, step, u, work):
    """Write exp(-i H step), H without its trace, of ``h`` (9, n) into ``u`` (18, n)."""
    for lo in range(0, h.shape[1], LANES):
        count = min(LANES, h.shape[1] - lo)
        load(h, lo, count, work, MATRIX)
        _exponential_tile(work, count, step)
        _unitary_tile(work, count)
        store(work, STEP, u, lo, count)


@jit
def resolvent(h, step, middle, work):
    """Write 1/(1 + i A) of ``h`` (9, n) into ``middle`` (18, n), A = H step/2 without its trace."""
    for lo in range(0, h.shape[1], LANES):
        count = min(LANES, h.shape[1] - lo)
        load(h, lo, count, work, MATRIX)
        resolvent_tile(work, count, 0.5 * step)
        store(work, STEP, middle, lo, count)


@jit
def cayley(middle, u, work):
    """Write the Cayley transform (1 - i A)/(1 + i A) = 2/(1 + i A) - 1 into ``u`` (18, n)."""
    for lo in range(0, u.shape[1], LANES):
        count = min(LANES, u.shape[1] - lo)
        load(middle, lo, count, work, STEP)
        cayley_tile(work, count)
        store(work, STEP, u, lo, count)


def smallest_eigenvalue(f: np.ndarray) -> np.ndarray:
    """Smallest eigenvalue of matrices (9, ...), to about 1e-8 of their size where two are equal.

    m + 2 sqrt(p) cos(theta/3 + 2 pi/3) with m = tr f/3, A = f - m, p = tr A^2/6 and
    cos(theta) = det A/(2 p^{3/2}) (Smith 1961, Commun. ACM 4, 168).
    """
    mean = f[:3].mean(axis=0)
    d0, d1, d2 = f[:3] - mean
    x, y, z = (f[k] + 1j * f[k + 1] for k in (3, 5, 7))
    x2, y2, z2 = (np.abs(v) ** 2 for v in (x, y, z))
    p = ((d0**2 + d1**2 + d2**2) + 2.0 * (x2 + y2 + z2)) / 6.0
    loop = 2.0 * (x * z * y.conj()).real
    determinant = d0 * d1 * d2 + loop - d0 * z2 - d1 * y2 - d2 * x2
    scale = 2.0 * p**1.5
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = np.where(scale > 0.0, determinant / scale, 1.0)
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    return mean + 2.0 * np.sqrt(p) * np.cos((angle + 2.0 * np.pi) / 3.0)
