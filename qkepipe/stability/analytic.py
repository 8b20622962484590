"""Dispersion relation of distributions that are parabolas in angular bins, compiled.

For groups j (species and energy) of shift s omega + i Gamma

    I_n(w, kappa) = sum_j int G_j(v) v^n dv/(w + shift_j - kappa v)

is a sum over bins of centre m and half width d. With G = a + b x + c x^2, x = (v - m)/d in
[-1, 1], Delta = w + shift - kappa m, r = d/Delta and q = kappa r, bins contribute

    d int x^k dx/(Delta - kappa d x) = 2 r S_k,
    S_0 = 1 + q^2 P3,    S_1 = q P3,    S_2 = P3,    S_3 = q P5,    S_4 = P5,
    P3 = sum_k q^(2k)/(2k + 3) = (artanh(q)/q - 1)/q^2,    P5 = (P3 - 1/3)/q^2 ,

regular at kappa = 0, and to d/dw of it -2 r^2 T_k/d with T_0 = 1/(1 - q^2) = T,
T_1 = q (T - P3), T_2 = T - 2 P3, T_3 = q (T - 3 P5), T_4 = T - 4 P5 (derived and checked for this
project; in unbinned form Izaguirre, Raffelt & Tamborra 2017, PRL 118, 021101). The principal
branch of artanh is right wherever Im(w + shift) > 0: growing modes are exact.
"""

from __future__ import annotations

import math

from qkepipe.jit import jit

__all__ = ["BRK", "SYM", "dispersion", "integrals", "newton"]

#: Sectors as kernels name them; positions in :data:`qkepipe.stability.dispersion.SECTORS`.
SYM, BRK = 0, 1
#: |q|^2 below which P3 and P5 are summed. The closed form loses digits of P5, which enters
#: with the cube of the width.
NEAR = 0.01
NEWTON_STEPS = 40


@jit
def _sums(q, q2):
    """P3 and P5 of the module's docstring."""
    size = q.real * q.real + q.imag * q.imag
    if size > NEAR:
        # differences first: q is close to 1 where w/kappa is close to an edge of a bin
        up, down, square = 1.0 + q.real, 1.0 - q.real, q.imag * q.imag
        artanh = complex(
            0.25 * math.log((up * up + square) / (down * down + square)),
            0.5 * math.atan2(2.0 * q.imag, up * down - square),
        )
        inverse = 1.0 / size
        one = complex(q.real * inverse, -q.imag * inverse)
        two = one * one
        p3 = (artanh * one - 1.0) * two
        return p3, (p3 - 1.0 / 3.0) * two
    # last term below round-off
    p5 = complex(1.0 / 11.0 + q2.real / 13.0, q2.imag / 13.0)
    if size > 1e-5:
        p5 = complex(1.0 / 17.0 + q2.real / 19.0, q2.imag / 19.0)
        p5 = 1.0 / 11.0 + q2 * (1.0 / 13.0 + q2 * (1.0 / 15.0 + q2 * p5))
    p5 = 0.2 + q2 * (1.0 / 7.0 + q2 * (1.0 / 9.0 + q2 * p5))
    return 1.0 / 3.0 + q2 * p5, p5


@jit
def _combine(a, b, c, x, y, second, third):
    """Real and imaginary part of a (x + i y) + b second + c third."""
    return (
        a * x + b * second.real + c * third.real,
        a * y + b * second.imag + c * third.imag,
    )


@jit
def integrals(w, kappa, shift, centre, half, shape):
    """I_0, I_1, I_2 and their derivatives in w.

    Parameters
    ----------
    w : complex
    kappa : float
    shift : complex ndarray (group,)
    centre, half : ndarray (bin,)
    shape : ndarray (group, 3, bin)
        Of :func:`qkepipe.stability.bins.parabolas`, with the sign of the species.

    Returns
    -------
    tuple of six complex
    """
    i0, i1, i2 = 0.0j, 0.0j, 0.0j
    d0, d1, d2 = 0.0j, 0.0j, 0.0j
    for j in range(shift.size):
        z = w + shift[j]
        for i in range(centre.size):
            a, b, c = shape[j, 0, i], shape[j, 1, i], shape[j, 2, i]
            if a == 0.0 and b == 0.0 and c == 0.0:
                continue
            m, d = centre[i], half[i]
            x = z.real - kappa * m
            scale = d / (x * x + z.imag * z.imag)
            r = complex(scale * x, -scale * z.imag)
            q = complex(kappa * r.real, kappa * r.imag)
            q2 = q * q
            p3, p5 = _sums(q, q2)
            s0, s1, s3 = q2 * p3, q * p3, q * p5
            # sums of real times complex in real arithmetic, at a third of the cost
            u0, v0 = _combine(a, b, c, 1.0 + s0.real, s0.imag, s1, p3)
            u1, v1 = _combine(a, b, c, s1.real, s1.imag, p3, s3)
            u2, v2 = _combine(a, b, c, p3.real, p3.imag, s3, p5)
            mm, md, dd = m * m, 2.0 * m * d, d * d
            twice = complex(2.0 * r.real, 2.0 * r.imag)
            i0 += twice * complex(u0, v0)
            i1 += twice * complex(m * u0 + d * u1, m * v0 + d * v1)
            i2 += twice * complex(mm * u0 + md * u1 + dd * u2, mm * v0 + md * v1 + dd * v2)
            x, y = (1.0 - q.real) * (1.0 + q.real) + q.imag * q.imag, q2.imag
            scale = 1.0 / (x * x + y * y)
            pole = complex(scale * x, scale * y)
            qp = q * pole
            t1 = complex(qp.real - s1.real, qp.imag - s1.imag)
            t2 = complex(pole.real - 2.0 * p3.real, pole.imag - 2.0 * p3.imag)
            t3 = complex(qp.real - 3.0 * s3.real, qp.imag - 3.0 * s3.imag)
            t4 = complex(pole.real - 4.0 * p5.real, pole.imag - 4.0 * p5.imag)
            u0, v0 = _combine(a, b, c, pole.real, pole.imag, t1, t2)
            u1, v1 = _combine(a, b, c, t1.real, t1.imag, t2, t3)
            u2, v2 = _combine(a, b, c, t2.real, t2.imag, t3, t4)
            slope = twice * r
            slope = complex(-slope.real / d, -slope.imag / d)
            d0 += slope * complex(u0, v0)
            d1 += slope * complex(m * u0 + d * u1, m * v0 + d * v1)
            d2 += slope * complex(mm * u0 + md * u1 + dd * u2, mm * v0 + md * v1 + dd * v2)
    return i0, i1, i2, d0, d1, d2


@jit
def dispersion(w, kappa, sector, shift, centre, half, shape):
    """D(w, kappa) of a sector and dD/dw; arguments as in :func:`integrals`."""
    i0, i1, i2, d0, d1, d2 = integrals(w, kappa, shift, centre, half, shape)
    if sector == SYM:
        return (
            (1.0 + i0) * (1.0 - i2) + i1 * i1,
            d0 * (1.0 - i2) - (1.0 + i0) * d2 + 2.0 * i1 * d1,
        )
    return 1.0 - 0.5 * (i0 - i2), -0.5 * (d0 - d2)


@jit
def newton(w, kappa, sector, shift, centre, half, shape, floor=0.0):
    """Growing root of D from a guess with Im w > 0.

    Steps that would leave the half plane of growth, where D is another function, go nine
    tenths of the way to the real axis; below ``floor`` the search is given up.

    Returns
    -------
    complex
        The root; Im w = 0 marks that none was found.
    """
    stay = max(floor, 1e-15 * (abs(w) + abs(kappa)))
    for _ in range(NEWTON_STEPS):
        value, derivative = dispersion(w, kappa, sector, shift, centre, half, shape)
        step = value / derivative
        size = abs(step)
        if not math.isfinite(size):
            return complex(w.real, 0.0)
        if size > 0.5 * (abs(w) + abs(kappa)):
            step *= 0.5 * (abs(w) + abs(kappa)) / size
        after = w - step
        if after.imag < 0.1 * w.imag:
            after = complex(after.real, 0.1 * w.imag)
        elif size < 1e-9 * after.imag or size < 1e-15 * abs(after):
            # the next step would be of the order of the square of this one
            return after
        w = after
        if w.imag < stay:
            break
    return complex(w.real, 0.0)
