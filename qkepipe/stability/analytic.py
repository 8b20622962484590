"""Dispersion relation of distributions that are parabolas in angular bins, compiled.

For groups j (species and energy) of shift s omega + i Gamma

    I_n(w, kappa) = sum_j int G_j(v) v^n dv/(w + shift_j - kappa v)

is a sum over bins of centre m and half width d. With G = a + b x + c x^2, x = v - m,
Delta = w + shift - kappa m, r = d/Delta and q = kappa r,

    s_k = int x^k dx/(Delta - kappa x):    s_0 = 2 r (1 + q^2 P3),    s_1 = 2 d r q P3,
    s_2 = 2 d^2 r P3,    s_3 = 2 d^3 r q P5,    s_4 = 2 d^4 r P5,
    P3 = sum_k q^(2k)/(2k + 3) = (artanh(q)/q - 1)/q^2,    P5 = (P3 - 1/3)/q^2 ,

regular at kappa = 0, with derivatives from P3 and P5 too (derived and checked for this
project; in unbinned form Izaguirre, Raffelt & Tamborra 2017, PRL 118, 021101). The principal
branch of artanh is right wherever Im(w + shift) > 0: growing modes are exact.
"""

from __future__ import annotations

import math

import numpy as np

from qkepipe.jit import jit

__all__ = ["BRK", "SYM", "dispersion", "integrals", "newton"]

#: Sectors as kernels name them; positions in :data:`qkepipe.stability.dispersion.SECTORS`.
SYM, BRK = 0, 1
#: |q|^2 below which P3 and P5 are summed: the logarithm would lose more than two digits.
NEAR = 0.0625
#: Coefficients of P5.
LAST_TERM = 12
SERIES = tuple(1.0 / (2.0 * k + 5.0) for k in range(LAST_TERM + 1))
NEWTON_STEPS = 40


@jit
def _sums(q):
    """P3 and P5 of the module's docstring."""
    q2 = q * q
    size = q.real * q.real + q.imag * q.imag
    if size > NEAR:
        plus = size + 1.0 + 2.0 * q.real
        minus = size + 1.0 - 2.0 * q.real
        artanh = complex(0.25 * math.log(plus / minus), 0.5 * math.atan2(2.0 * q.imag, 1.0 - size))
        inverse = 1.0 / size
        one = complex(q.real * inverse, -q.imag * inverse)
        two = one * one
        p3 = (artanh * one - 1.0) * two
        return p3, (p3 - 1.0 / 3.0) * two
    # last term below round-off
    terms = LAST_TERM
    if size < 6e-3:
        terms = 7 if size > 3e-4 else (4 if size > 3e-6 else 2)
    p5 = SERIES[terms] + 0.0j
    for k in range(terms - 1, -1, -1):
        p5 = SERIES[k] + q2 * p5
    return 1.0 / 3.0 + q2 * p5, p5


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
        Coefficients of :func:`qkepipe.stability.bins.parabolas`, sign of the species included.

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
            delta = z - kappa * m
            inverse = 1.0 / (delta.real * delta.real + delta.imag * delta.imag)
            r = complex(d * delta.real * inverse, -d * delta.imag * inverse)
            q = kappa * r
            p3, p5 = _sums(q)
            q2 = q * q
            even, odd = 2.0 * r, 2.0 * d * r * q
            s0 = even * (1.0 + q2 * p3)
            s1 = odd * p3
            s2 = even * d * d * p3
            s3 = odd * d * d * p5
            s4 = even * d * d * d * d * p5
            pole = 1.0 - q2
            inverse = 1.0 / (pole.real * pole.real + pole.imag * pole.imag)
            pole = complex(pole.real * inverse, -pole.imag * inverse)
            slope = -2.0 * r * r
            t0 = slope * pole / d
            t1 = slope * q * (pole - p3)
            t2 = slope * d * (pole - 2.0 * p3)
            t3 = slope * d * d * q * (pole - 3.0 * p5)
            t4 = slope * d * d * d * (pole - 4.0 * p5)
            x0 = a * s0 + b * s1 + c * s2
            x1 = a * s1 + b * s2 + c * s3
            i0 += x0
            i1 += m * x0 + x1
            i2 += m * (m * x0 + 2.0 * x1) + a * s2 + b * s3 + c * s4
            y0 = a * t0 + b * t1 + c * t2
            y1 = a * t1 + b * t2 + c * t3
            d0 += y0
            d1 += m * y0 + y1
            d2 += m * (m * y0 + 2.0 * y1) + a * t2 + b * t3 + c * t4
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
def newton(w, kappa, sector, shift, centre, half, shape):
    """Growing root of D from a guess with Im w > 0.

    Steps that would leave the half plane of growth, where D is another function, go nine
    tenths of the way to the real axis.

    Returns
    -------
    complex
        The root; Im w = 0 marks that none was found.
    """
    stay = 1e-15 * (abs(w) + abs(kappa))
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
