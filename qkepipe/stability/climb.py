"""Largest growth of a root over the wavenumber: uphill by Newton's method, then golden section."""

from __future__ import annotations

import math

from qkepipe.jit import jit
from qkepipe.stability.analytic import newton

__all__ = ["climb", "refine"]

#: Steps of a climb, and of the golden section at its end.
CLIMB, REFINE = 40, 24


@jit
def climb(kappa, w, step, sector, shift, centre, half, shape):
    """Bracket of a local maximum of the growth over kappa, uphill from a root.

    Parameters
    ----------
    kappa : float
    w : complex
        Growing root at ``kappa``.
    step : float
        First step in kappa, positive.

    Returns
    -------
    low, high : float
        Wavenumbers on both sides of the maximum.
    kappa : float
    w : complex
        Best point so far.
    """
    above = newton(w, kappa + step, sector, shift, centre, half, shape)
    below = newton(w, kappa - step, sector, shift, centre, half, shape)
    low, high = kappa - step, kappa + step
    if max(above.imag, below.imag) > w.imag:
        if above.imag < below.imag:
            step = -step
            above = below
        before, w_before = kappa, w
        kappa, w = kappa + step, above
        low = high = kappa
        for _ in range(CLIMB):
            ahead = 1.6 * step
            guess = w + ahead / step * (w - w_before)
            if guess.imag <= 0.0:
                guess = w
            after = newton(guess, kappa + ahead, sector, shift, centre, half, shape)
            if after.imag == 0.0:
                after = newton(w, kappa + ahead, sector, shift, centre, half, shape)
            low, high = before, kappa + ahead
            if after.imag <= w.imag:
                break
            before, w_before = kappa, w
            step = ahead
            kappa, w = kappa + step, after
        if low > high:
            low, high = high, low
    return low, high, kappa, w


@jit
def refine(low, high, kappa, w, sector, shift, centre, half, shape):
    """Largest growth between two wavenumbers by golden section, from a root between them."""
    share = 0.5 * (math.sqrt(5.0) - 1.0)
    a, b = high - share * (high - low), low + share * (high - low)
    w_a = newton(w, a, sector, shift, centre, half, shape)
    w_b = newton(w, b, sector, shift, centre, half, shape)
    for _ in range(REFINE):
        for point, root in ((a, w_a), (b, w_b)):
            if root.imag > w.imag:
                kappa, w = point, root
        if max(w_a.imag, w_b.imag) == 0.0:
            break
        if w_a.imag > w_b.imag:
            high, b, w_b = b, a, w_a
            a = high - share * (high - low)
            w_a = newton(w_a, a, sector, shift, centre, half, shape)
        else:
            low, a, w_a = a, b, w_b
            b = low + share * (high - low)
            w_b = newton(w_b, b, sector, shift, centre, half, shape)
    return kappa, w
