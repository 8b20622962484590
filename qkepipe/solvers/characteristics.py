"""Flavour turned along characteristics: the steps of the periodic box, of second or fourth order.

With s = t - t_m along the characteristic z + v s of a direction, dP/ds = H(s) x P with

    H = J_0 - v J_1,    J_n(z, t) = sum_v g v^n P,    g = G - Gbar .

The rotation over a step h, centred on (z, t_m), is the exponential of (Magnus 1954, Commun. Pure
Appl. Math. 7, 649; Iserles & Norsett 1999, Phil. Trans. A 357, 983), up to h^5,

    W = h H + (h^3/24) D^2 H - (h^3/12) H x DH,    D = d_t + v d_z ,

and that from the start of the step to its middle, up to h^4, with a = h/2,

    W_- = a H - (a^2/2) DH + (a^3/6) D^2 H - (a^3/12) H x DH .

The moments obey d_t J_n = -d_z J_(n+1) + J_0 x J_n - J_1 x J_(n+1), so J_0..J_3 and their first
two derivatives in z give DH and D^2 H, polynomials in v with 7 coefficients. Nothing else depends
on the direction: the coupling costs moments and one polynomial per direction. The middle of the
step follows from W_-, W_- from the moments in the middle: they are predicted by extrapolating
their distance from those of the streamed, not yet turned state and corrected once.

Rotations keep every |P|. The lepton number int dz J_0z is kept to the order of the scheme only;
what the steps of a call gained is given back at its end by turning all vectors of a cell by

    W_l = lambda (J_0 + v J_1) x z,    lambda = -gain / int dz (|J_0|^2 + |J_1|^2)_xy

(projection onto an invariant: Hairer, Lubich & Wanner 2006, Geometric Numerical Integration,
IV.4). The gain is summed from the increments, so that it is accurate relative to the coherence
however small that is, and lambda is of the size of the error of the scheme.
"""

from __future__ import annotations

from qkepipe.jit import inlined, jit
from qkepipe.solvers.fourier import ANGLES, HALF, LANES, ROW, forward, inverse, stream

__all__ = ["MOMENTS", "START", "advance"]

#: Numbers per cell of J_0..J_3.
MOMENTS = 12
#: Lanes of a sum over directions.
LANE = ANGLES // 4
#: Corrections of the first step, which has nothing to extrapolate.
START = 3


@inlined
def _moments(row, weight, t):
    """Add g v^n P of one block to the sums t[LANE (3 n + component) + lane] of a cell.

    ``weight`` (4, ANGLES): g v^n. Each sum has lanes of its own, every eighth direction, which
    keeps the order of additions that :func:`_fold` completes.
    """
    # a number that the compiler does not know: it unrolls short loops before it can vectorise
    for n in range(4):
        x, y, z = 3 * n * LANE, (3 * n + 1) * LANE, (3 * n + 2) * LANE
        for i in range(weight.shape[1] // 4):
            w0 = weight[n, i]
            w1 = weight[n, LANE + i]
            w2 = weight[n, 2 * LANE + i]
            w3 = weight[n, 3 * LANE + i]
            t[x + i] += (w0 * row[i] + w1 * row[LANE + i]) + (
                w2 * row[2 * LANE + i] + w3 * row[3 * LANE + i]
            )
            t[y + i] += (w0 * row[LANES + i] + w1 * row[LANES + LANE + i]) + (
                w2 * row[LANES + 2 * LANE + i] + w3 * row[LANES + 3 * LANE + i]
            )
            t[z + i] += (w0 * row[ANGLES + i] + w1 * row[ANGLES + LANE + i]) + (
                w2 * row[LANES + ANGLES + i] + w3 * row[LANES + ANGLES + LANE + i]
            )


@inlined
def _fold(t, j):
    """Add the lanes of :func:`_moments` to the moments; clears them."""
    for k in range(MOMENTS):
        a = k * LANE
        j[k] += ((t[a] + t[a + 1]) + (t[a + 2] + t[a + 3])) + (
            (t[a + 4] + t[a + 5]) + (t[a + 6] + t[a + 7])
        )
        for i in range(LANE):
            t[a + i] = 0.0


@inlined
def _rotate(row, v, w, g, gain):
    """Rotate one block of a cell by twice the polynomial w in v: orthogonal to round-off.

    Cayley form of the rotation by 2|w|: the vector tan|w| w/|w|, its factor tan(x)/x = 1 + x^2/3
    + 2 x^4/15 + 17 x^6/315. ``gain`` (HALF,) collects the change of sum g P_z.
    """
    x0, y0, z0, x1, y1, z1, x2, y2, z2, x3, y3, z3 = w
    for half in range(2):
        o = half * HALF
        oz = ANGLES + half * LANES
        for i in range(HALF):
            u = v[o + i]
            x = x0 + u * (x1 + u * (x2 + u * x3))
            y = y0 + u * (y1 + u * (y2 + u * y3))
            z = z0 + u * (z1 + u * (z2 + u * z3))
            square = x * x + y * y + z * z
            scale = 1.0 + square * (1.0 / 3.0 + square * (2.0 / 15.0 + square * (17.0 / 315.0)))
            x *= scale
            y *= scale
            z *= scale
            px = row[o + i]
            py = row[LANES + o + i]
            pz = row[oz + i]
            norm = 2.0 / (1.0 + square * scale * scale)
            # p + 2/(1 + w.w) w x (p + w x p)
            cx = px + (y * pz - z * py)
            cy = py + (z * px - x * pz)
            cz = pz + (x * py - y * px)
            row[o + i] = px + norm * (y * cz - z * cy)
            row[LANES + o + i] = py + norm * (z * cx - x * cz)
            change = norm * (x * cy - y * cx)
            row[oz + i] = pz + change
            gain[i] += g[o + i] * change


@jit
def _cross(a, b):
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@jit
def _sum(a, b):
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]


@jit
def _less(a, b):
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


@jit
def _minus(a):
    return -a[0], -a[1], -a[2]


@jit
def _product(a, da, b, db):
    """Derivative of a x b."""
    return _sum(_cross(da, b), _cross(a, db))


@jit
def _vector(row, at):
    return row[at], row[at + 1], row[at + 2]


@jit
def _jets(j, d):
    """Coefficients in v of DH (three) and D^2 H (four) of a cell, from :func:`_slopes`."""
    j0, j1, j2, j3 = _vector(j, 0), _vector(j, 3), _vector(j, 6), _vector(j, 9)
    z0, z1, z2, z3 = _vector(d, 0), _vector(d, 3), _vector(d, LANES), _vector(d, LANES + 3)
    zz0, zz1 = _vector(d, 6), _vector(d, 9)
    zz2, zz3 = _vector(d, LANES + 6), _vector(d, LANES + 9)
    t0 = _minus(z1)
    t1 = _less(_less(_cross(j0, j1), _cross(j1, j2)), z2)
    t2 = _less(_less(_cross(j0, j2), _cross(j1, j3)), z3)
    tz1 = _less(_less(_product(j0, z0, j1, z1), _product(j1, z1, j2, z2)), zz2)
    tz2 = _less(_less(_product(j0, z0, j2, z2), _product(j1, z1, j3, z3)), zz3)
    tt1 = _less(_less(_product(j0, t0, j1, t1), _product(j1, t1, j2, t2)), tz2)
    # J_0tt = -J_1tz, J_0tz = -J_1zz
    first = (t0, _less(z0, t1), t0)
    twice = _sum(zz1, zz1)
    second = (
        _minus(tz1),
        _minus(_sum(twice, tt1)),
        _less(zz0, _sum(tz1, tz1)),
        _minus(zz1),
    )
    return first, second


@jit
def _exponent(j, first, second, c0, c1, c2, c3):
    """Coefficients in v of c0 H + c1 DH + c2 D^2 H + c3 H x DH, flat."""
    j0, j1 = _vector(j, 0), _vector(j, 3)
    a0, a1, a2 = first
    b0, b1, b2, b3 = second
    k0 = _cross(j0, a0)
    k1 = _less(_cross(j0, a1), _cross(j1, a0))
    k2 = _less(_cross(j0, a2), _cross(j1, a1))
    k3 = _minus(_cross(j1, a2))
    return (
        c0 * j0[0] + c1 * a0[0] + c2 * b0[0] + c3 * k0[0],
        c0 * j0[1] + c1 * a0[1] + c2 * b0[1] + c3 * k0[1],
        c0 * j0[2] + c1 * a0[2] + c2 * b0[2] + c3 * k0[2],
        -c0 * j1[0] + c1 * a1[0] + c2 * b1[0] + c3 * k1[0],
        -c0 * j1[1] + c1 * a1[1] + c2 * b1[1] + c3 * k1[1],
        -c0 * j1[2] + c1 * a1[2] + c2 * b1[2] + c3 * k1[2],
        c1 * a2[0] + c2 * b2[0] + c3 * k2[0],
        c1 * a2[1] + c2 * b2[1] + c3 * k2[1],
        c1 * a2[2] + c2 * b2[2] + c3 * k2[2],
        c2 * b3[0] + c3 * k3[0],
        c2 * b3[1] + c3 * k3[1],
        c2 * b3[2] + c3 * k3[2],
    )


@jit
def _slopes(j, d, wavenumber, root, place):
    """First and second derivative in z of the moments j[n_z, MOMENTS].

    Twelve real series are six lanes, J_0 and J_1 in the real half; d[n_z, ROW] returns the
    first derivatives in lanes 0..5 and the second in lanes 6..11. A real factor k or k^2 needs
    no unpacking. ``wavenumber`` (2, n_z): k and k^2 over n_z.
    """
    n = j.shape[0]
    for z in range(n):
        for i in range(6):
            d[z, i] = j[z, i]
            d[z, LANES + i] = j[z, 6 + i]
    forward(d, root, 6)
    for a in range(n):
        row = d[place[a]]
        k = wavenumber[0, a]
        kk = wavenumber[1, a]
        for i in range(6):
            r = row[i]
            s = row[LANES + i]
            row[i] = -k * s
            row[LANES + i] = k * r
            row[6 + i] = -kk * r
            row[LANES + 6 + i] = -kk * s
    inverse(d, root, 12)


@jit
def _couple(x, j, q, change, d, v, weight, h, order, finish, row, t, gain):
    """Correct the moments in the middle of the step; with ``finish``, turn the state."""
    # half of the exponents
    a = 0.5 * h
    null = (0.0, 0.0, 0.0)
    first = (null, null, null)
    second = (null, null, null, null)
    for z in range(x.shape[1]):
        if order == 4:
            first, second = _jets(j[z], d[z])
        back = _exponent(j[z], first, second, a / 2.0, -(a**2) / 4.0, a**3 / 12.0, -(a**3) / 24.0)
        for b in range(weight.shape[0]):
            for i in range(ROW):
                row[i] = x[b, z, i]
            _rotate(row, v[b], back, weight[b, 0], gain[0])
            _moments(row, weight[b], t)
        for i in range(MOMENTS):
            j[z, i] = 0.0
        _fold(t, j[z])
        if finish:
            for i in range(MOMENTS):
                change[1, z, i] = change[0, z, i]
                change[0, z, i] = j[z, i] - q[z, i]
            full = _exponent(j[z], first, second, a, 0.0, a**3 / 6.0, -(a**3) / 3.0)
            _turn_cell(x, z, v, full, weight, gain)


@jit
def _turn_cell(x, z, v, w, weight, gain):
    """Rotate all blocks of a cell; those without weight gain nothing."""
    for b in range(weight.shape[0]):
        _rotate(x[b, z], v[b], w, weight[b, 0], gain[1])
    for b in range(weight.shape[0], x.shape[0]):
        _rotate(x[b, z], v[b], w, weight[0, 0], gain[0])


@jit
def _collect(x, weight, t, j):
    """Add the moments of one block x[n_z, ROW] in all cells."""
    for z in range(x.shape[0]):
        _moments(x[z], weight, t)
        _fold(t, j[z])


@jit
def _give_back(x, v, weight, t, j, gain):
    """Turn all vectors to or from the axis, so that the lepton number is what it was."""
    j[:] = 0.0
    for b in range(weight.shape[0]):
        _collect(x[b], weight[b], t, j)
    size = 0.0
    for z in range(x.shape[1]):
        size += j[z, 0] ** 2 + j[z, 1] ** 2 + j[z, 3] ** 2 + j[z, 4] ** 2
    # the second time for what is quadratic in the first
    for _ in range(2):
        gained = 0.0
        for i in range(HALF):
            gained += gain[1, i]
        # nothing is gained without coherence
        k = -0.5 * gained / size if size > 0.0 else 0.0
        for z in range(x.shape[1]):
            w = (k * j[z, 1], -k * j[z, 0], 0.0, k * j[z, 4], -k * j[z, 3], 0.0, *(6 * (0.0,)))
            _turn_cell(x, z, v, w, weight, gain)


@jit
def advance(
    x, steps, h, order, fresh, phase, root, place, wavenumber, v, weight, change, gain, work
):
    """Steps of length h from the middle of a streaming step to the middle of a later one.

    ``x`` (n_block, n_z, ROW) is the state streamed by h/2 after the last turn; every step turns
    it, and all but the last stream it by h. ``weight`` (n_active, 4, ANGLES): g v^n; the other
    blocks are turned with them. ``change`` (2, n_z, MOMENTS), the last changes of
    the moments by half a turn, and ``gain`` (2, HALF) are carried from call to call. ``work``:
    moments q and j, derivatives, one row, sums over directions.
    """
    q, j, d, row, t = work
    for step in range(steps):
        start = fresh and step == 0
        q[:] = 0.0
        for b in range(x.shape[0]):
            if step > 0:
                stream(x[b], phase[b], root, place)
            if b < weight.shape[0]:
                _collect(x[b], weight[b], t, q)
        for z in range(x.shape[1]):
            for i in range(MOMENTS):
                guess = 0.0 if start else 2.0 * change[0, z, i] - change[1, z, i]
                j[z, i] = q[z, i] + guess
        corrections = START if start else 1
        for correction in range(corrections):
            if order == 4:
                _slopes(j, d, wavenumber, root, place)
            finish = correction == corrections - 1
            _couple(x, j, q, change, d, v, weight, h, order, finish, row, t, gain)
        if start:
            change[1] = change[0]
    _give_back(x, v, weight, t, j, gain)
