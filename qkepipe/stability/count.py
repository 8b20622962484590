"""Number of growing modes at one wavenumber, without a guess: the argument principle.

D(w) is analytic above the real axis and tends to 1 far from it, so the number of roots with
Im w > eps is the change of arg D over 2 pi along Im w = eps, closed by a half circle
(derived and checked for this project; the principle is textbook complex analysis). The line is
sampled where D changes: evenly over the band of phase velocities, geometrically towards 0 and
towards the light cone of every group; intervals are halved until the phase changes little,
both as seen from the values at the ends and as D'/D there predicts it: a change by 2 pi is
invisible to the values alone.
"""

from __future__ import annotations

import cmath
import math

import numpy as np

from qkepipe.jit import jit
from qkepipe.stability.analytic import dispersion

__all__ = ["unstable_modes"]

#: Largest change of phase [rad] between neighbours, and how many parts of eps are resolved.
PHASE = 0.7
FINEST = 0.01
EVEN, WIDE, ARC = 80, 48, 24
STACK = 64


@jit
def _line(eps, kappa, shift, size, radius):
    """Sorted real parts at which D is evaluated first."""
    octaves = int(math.log2(radius / eps)) + 2
    points = np.empty(EVEN + WIDE + 6 * octaves + 10 * shift.size + 2)
    points[0], points[1] = -radius, radius
    n = 2
    reach = 1.2 * abs(kappa)
    for j in range(shift.size):
        reach = max(reach, 1.2 * abs(kappa) + abs(shift[j].real))
    for i in range(EVEN):
        points[n] = -reach + 2.0 * reach * i / (EVEN - 1)
        n += 1
    # real roots outside of the light cone turn the phase by pi each: not two in one interval
    wide = 1.2 * (size + reach)
    for i in range(WIDE):
        points[n] = -wide + 2.0 * wide * i / (WIDE - 1)
        n += 1
    for centre in (-kappa, 0.0, kappa):
        away = eps
        for _ in range(octaves):
            for side in (-1.0, 1.0):
                points[n] = min(max(centre + side * away, -radius), radius)
                n += 1
            away *= 2.0
    for j in range(shift.size):
        for edge in (-1.0, 1.0):
            for offset in (-4.0, -1.0, 0.0, 1.0, 4.0):
                points[n] = edge * kappa - shift[j].real + offset * eps
                n += 1
    return np.sort(points[:n])


@jit
def unstable_modes(eps, kappa, sector, shift, centre, half, shape, size):
    """Number of modes with Im w > eps.

    Parameters
    ----------
    eps : float
        Positive; the cost rises with the logarithm of its smallness.
    kappa, sector, shift, centre, half, shape
        As for :func:`qkepipe.stability.analytic.dispersion`.
    size : float
        Sum of |g| over all groups and bins.

    Returns
    -------
    modes : int
    step : float
        Largest change of phase between neighbours [rad]; the number is sure where it is
        below 1.
    """
    radius = 30.0 * (size + abs(kappa))
    for j in range(shift.size):
        radius = max(radius, 30.0 * abs(shift[j]))
    points = _line(eps, kappa, shift, size, radius)
    right = np.empty(STACK, dtype=np.complex128)
    value_right = np.empty(STACK, dtype=np.complex128)
    rate_right = np.empty(STACK, dtype=np.complex128)
    turned = 0.0
    largest = 0.0
    left = complex(points[0], eps)
    value, slope = dispersion(left, kappa, sector, shift, centre, half, shape)
    rate = slope / value
    for k in range(1, points.size + ARC):
        if k < points.size:
            if points[k] == points[k - 1]:
                continue
            target = complex(points[k], eps)
        else:
            angle = math.pi * (k - points.size + 1) / ARC
            target = complex(radius * math.cos(angle), eps + radius * math.sin(angle))
        depth = 0
        while True:
            # the next target: the end of this piece, or the middle of what is left of it
            right[depth] = target
            value_right[depth], slope = dispersion(
                target, kappa, sector, shift, centre, half, shape
            )
            rate_right[depth] = slope / value_right[depth]
            depth += 1
            while depth > 0:
                way = right[depth - 1] - left
                step = cmath.phase(value_right[depth - 1] / value)
                change = max(
                    abs(step), abs((rate * way).imag), abs((rate_right[depth - 1] * way).imag)
                )
                if change > PHASE and abs(way) > FINEST * eps and depth < STACK:
                    break
                turned += step
                largest = max(largest, abs(step))
                depth -= 1
                left = right[depth]
                value, rate = value_right[depth], rate_right[depth]
            if depth == 0:
                break
            target = 0.5 * (left + right[depth - 1])
    return round(turned / (2.0 * math.pi)), largest
