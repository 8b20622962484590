"""Number of growing modes at one wavenumber, without a guess: the argument principle.

D(w) is analytic above the real axis and tends to 1 far from it, so the number of roots with
Im w > eps is the change of arg D over 2 pi along Im w = eps, closed by a half circle
(derived and checked for this project; the principle is textbook complex analysis). The line is
sampled where D changes: evenly over the band of phase velocities, geometrically towards 0 and
towards the light cone of every group; intervals are halved until the phase changes little.
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
EVEN, ARC = 80, 24
STACK = 64


@jit
def _line(eps, kappa, shift, radius):
    """Sorted real parts at which D is evaluated first."""
    octaves = int(math.log2(radius / eps)) + 2
    points = np.empty(EVEN + 6 * octaves + 6 * shift.size + 2)
    points[0], points[1] = -radius, radius
    n = 2
    reach = 1.2 * abs(kappa)
    for j in range(shift.size):
        reach = max(reach, 1.2 * abs(kappa) + abs(shift[j].real))
    for i in range(EVEN):
        points[n] = -reach + 2.0 * reach * i / (EVEN - 1)
        n += 1
    for centre in (-kappa, 0.0, kappa):
        size = eps
        for _ in range(octaves):
            for side in (-1.0, 1.0):
                points[n] = min(max(centre + side * size, -radius), radius)
                n += 1
            size *= 2.0
    for j in range(shift.size):
        for edge in (-1.0, 1.0):
            for offset in (-eps, 0.0, eps):
                points[n] = edge * kappa - shift[j].real + offset
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
    points = _line(eps, kappa, shift, radius)
    right = np.empty(STACK, dtype=np.complex128)
    value_right = np.empty(STACK, dtype=np.complex128)
    turned = 0.0
    largest = 0.0
    left = complex(points[0], eps)
    value = dispersion(left, kappa, sector, shift, centre, half, shape)[0]
    for k in range(1, points.size + ARC):
        if k < points.size:
            if points[k] == points[k - 1]:
                continue
            target = complex(points[k], eps)
        else:
            angle = math.pi * (k - points.size + 1) / ARC
            target = complex(radius * math.cos(angle), eps + radius * math.sin(angle))
        right[0] = target
        value_right[0] = dispersion(target, kappa, sector, shift, centre, half, shape)[0]
        depth = 1
        while depth > 0:
            step = cmath.phase(value_right[depth - 1] / value)
            far = abs(right[depth - 1] - left)
            if abs(step) > PHASE and far > FINEST * eps and depth < STACK:
                middle = 0.5 * (left + right[depth - 1])
                right[depth] = middle
                value_right[depth] = dispersion(middle, kappa, sector, shift, centre, half, shape)[
                    0
                ]
                depth += 1
            else:
                turned += step
                largest = max(largest, abs(step))
                left = right[depth - 1]
                value = value_right[depth - 1]
                depth -= 1
    return round(turned / (2.0 * math.pi)), largest
