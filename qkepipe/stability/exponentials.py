"""Zeros of a sum of four real exponentials, all of them and no other.

A sum f of n exponentials has at most as many zeros as its coefficients, in the order of their
exponents, change sign (Laguerre's extension of Descartes' rule; Jameson 2006, Math. Gazette 90,
223). Times the inverse of its slowest term, f has the derivative of a sum of n - 1
exponentials; between the zeros of that it is monotone, so that its sign at those places finds
every zero. The zero of the last two terms is known in closed form.
"""

from __future__ import annotations

import math

from qkepipe.jit import jit

__all__ = ["ABSENT", "zeros_kernel"]

#: Logarithm of the coefficient of a term that is not there.
ABSENT = -1e300


@jit
def _value(sign, log, z, x):
    """f(x) over its largest term."""
    e0, e1, e2, e3 = log[0] + z[0] * x, log[1] + z[1] * x, log[2] + z[2] * x, log[3] + z[3] * x
    top = max(max(e0, e1), max(e2, e3))
    t0, t1 = sign[0] * math.exp(e0 - top), sign[1] * math.exp(e1 - top)
    t2, t3 = sign[2] * math.exp(e2 - top), sign[3] * math.exp(e3 - top)
    return (t0 + t1) + (t2 + t3)


@jit
def _log_ratio(sign, log, z, x):
    """ln of the positive over the negative terms of f(x), and its slope: nearly a line."""
    plus, minus, plus_slope, minus_slope = 0.0, 0.0, 0.0, 0.0
    top = max(max(log[0] + z[0] * x, log[1] + z[1] * x), max(log[2] + z[2] * x, log[3] + z[3] * x))
    for i in range(4):
        term = math.exp(log[i] + z[i] * x - top)
        if sign[i] > 0.0:
            plus += term
            plus_slope += z[i] * term
        else:
            minus += term
            minus_slope += z[i] * term
    if plus == 0.0 or minus == 0.0:
        return math.inf if minus == 0.0 else -math.inf, 0.0
    return math.log(plus / minus), plus_slope / plus - minus_slope / minus


@jit
def _zero(sign, log, z, a, b, rising):
    """Zero between ``a`` and ``b``, where the sign differs: Newton steps, else halves."""
    x, step = 0.5 * (a + b), b - a
    for _ in range(100):
        value, slope = _log_ratio(sign, log, z, x)
        if value == 0.0:
            break
        if (value > 0.0) == rising:
            b = x
        else:
            a = x
        before, step = step, value / slope if slope != 0.0 else math.inf
        # the error that a Newton step leaves is of the order of its square
        enough = 1e-8
        if not (a < x - step < b and abs(step) < 0.5 * abs(before)):
            step, enough = x - 0.5 * (a + b), 1e-15
        x -= step
        if abs(step) < enough:
            break
    return x


@jit
def _between(sign, log, z, one, two):
    """Zeros in (-1, 1) with a change of sign, at most one on each side of ``one`` and ``two``.

    ``one`` <= ``two`` are in [-1, 1]; returns how many zeros there are, and three numbers.
    """
    count, x0, x1, x2 = 0, 1.0, 1.0, 1.0
    a, last = -1.0, _value(sign, log, z, -1.0)
    for k in range(3):
        b = one if k == 0 else (two if k == 1 else 1.0)
        if not b > a:
            continue
        value = _value(sign, log, z, b)
        if last * value < 0.0:
            x = _zero(sign, log, z, a, b, value > 0.0)
            if count == 0:
                x0 = x
            elif count == 1:
                x1 = x
            else:
                x2 = x
            count += 1
        a, last = b, value
    return count, x0, x1, x2


@jit
def _derived(sign, log, z, base):
    """Terms of the derivative of f exp(-z_base x): signs and logarithms of coefficients."""
    d0, d1, d2, d3 = z[0] - base, z[1] - base, z[2] - base, z[3] - base
    return (
        (
            math.copysign(sign[0], sign[0] * d0), math.copysign(sign[1], sign[1] * d1),
            math.copysign(sign[2], sign[2] * d2), math.copysign(sign[3], sign[3] * d3),
        ),
        (
            log[0] + math.log(abs(d0)) if d0 != 0.0 else ABSENT,
            log[1] + math.log(abs(d1)) if d1 != 0.0 else ABSENT,
            log[2] + math.log(abs(d2)) if d2 != 0.0 else ABSENT,
            log[3] + math.log(abs(d3)) if d3 != 0.0 else ABSENT,
        ),
    )  # fmt: skip


@jit
def _later(a, b):
    """Two terms (exponent, logarithm, sign) in the order of their exponents."""
    return (b, a) if b[0] < a[0] else (a, b)


@jit
def _inside(x):
    return min(max(x, -1.0), 1.0)


@jit
def zeros_kernel(sign, log, z):
    """Zeros in (-1, 1) at which sum_i sign_i exp(log_i + z_i x) changes sign.

    Parameters
    ----------
    sign, log, z : tuple of 4 floats
        +1 or -1; logarithm of the coefficient, ``ABSENT`` for none; exponent.

    Returns
    -------
    count : int
        0 to 3.
    x0, x1, x2 : float
        The zeros, ascending; 1 beyond ``count``.
    """
    a, b = _later((z[0], log[0], sign[0]), (z[1], log[1], sign[1]))
    c, d = _later((z[2], log[2], sign[2]), (z[3], log[3], sign[3]))
    a, c = _later(a, c)
    b, d = _later(b, d)
    b, c = _later(b, c)
    z, log, sign = (a[0], b[0], c[0], d[0]), (a[1], b[1], c[1], d[1]), (a[2], b[2], c[2], d[2])
    # one change of sign, one zero at most: no derivative is needed
    if abs(sign[0] - sign[1]) + abs(sign[1] - sign[2]) + abs(sign[2] - sign[3]) <= 2.0:
        return _between(sign, log, z, -1.0, -1.0)
    sign1, log1 = _derived(sign, log, z, z[0])
    sign2, log2 = _derived(sign1, log1, z, z[1])
    turn = 1.0
    if sign2[2] != sign2[3] and z[2] != z[3]:
        turn = (log2[2] - log2[3]) / (z[3] - z[2])
    turn = _inside(turn)
    _, one, two, _ = _between(sign1, log1, z, turn, turn)
    return _between(sign, log, z, one, two)
