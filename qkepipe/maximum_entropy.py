"""Maximum-entropy angular distributions.

Of a species with number density n and flux factor F the distribution of largest entropy
(Minerbo 1978, JQSRT 20, 541) is, per d(mu)/2 with mu along the flux,

    G_i(mu) = n_i Z_i/sinh(Z_i) exp(Z_i mu) ,      coth Z_i - 1/Z_i = F_i .
"""

from __future__ import annotations

import math

import numpy as np

from qkepipe.jit import jit

__all__ = [
    "FLUX_MAX",
    "angular_distribution",
    "flux_parameter",
    "flux_parameter_kernel",
    "higher_moments",
    "log_norm",
    "parameters",
    "part_kernel",
]

#: Largest flux factor: beyond it data are no distribution, or a beam.
FLUX_MAX = 0.999
#: Taylor coefficients of coth Z - 1/Z: of Z, Z^3, ...
_LANGEVIN = (1 / 3, -1 / 45, 2 / 945, -1 / 4725, 2 / 93555, -1382 / 638512875)


@jit
def flux_parameter_kernel(flux):
    """Z with coth Z - 1/Z = ``flux``, capped at |flux| = FLUX_MAX; Z has the sign of flux.

    Rational start (Kroeger 2015, J. Non-Newton. Fluid Mech. 223, 77; within 0.2 %), then
    two Halley steps.
    """
    f = min(abs(flux), FLUX_MAX)
    f2 = f * f
    z = f * (3.0 - f2 * (6.0 + f2 * (1.0 - 2.0 * f2)) / 5.0) / (1.0 - f2)
    for _ in range(2):
        if z < 0.05:
            z2 = z * z
            value = z * (1.0 / 3.0 - z2 * (1.0 / 45.0 - z2 * 2.0 / 945.0))
            slope = 1.0 / 3.0 - z2 * (1.0 / 15.0 - z2 * 2.0 / 189.0)
            z -= (value - f) / slope
        else:
            decay = math.exp(-2.0 * z)
            inverse = 1.0 / z
            value = (1.0 + decay) / (1.0 - decay) - inverse
            slope = 1.0 - value * value - 2.0 * value * inverse
            bend = 2.0 * (value * inverse * inverse - slope * (value + inverse))
            miss = value - f
            z -= 2.0 * miss * slope / (2.0 * slope * slope - miss * bend)
    return math.copysign(z, flux)


@jit
def log_norm(z):
    """ln(Z/sinh Z), even in Z."""
    z = abs(z)
    if z < 1e-3:
        return -z * z / 6.0
    return math.log(2.0 * z) - z - math.log1p(-math.exp(-2.0 * z))


@jit
def higher_moments(z):
    """Second and third moment of mu of the normalised distribution of parameter Z.

    From the recurrence of int mu^n exp(Z mu) by parts; a series for the third at small Z.
    """
    if abs(z) < 0.2:
        x = z * z
        slope = _LANGEVIN[4] + x * _LANGEVIN[5]
        for k in (3, 2, 1):
            slope = _LANGEVIN[k] + x * slope
        # slope = (mean/z - 1/3)/z^2
        return 1.0 / 3.0 - 2.0 * x * slope, z * (1.0 / 3.0 + (x + 6.0) * slope)
    mean = 1.0 / math.tanh(z) - 1.0 / z
    second = 1.0 - 2.0 * mean / z
    return second, mean + (1.0 - 3.0 * second) / z


@jit
def part_kernel(n, z, norm, a, b):
    """int_a^b (dmu/2) n exp(norm + z mu); ``norm`` = :func:`log_norm` of z."""
    if abs(z) < 1e-6:
        return 0.5 * n * (b - a) * (1.0 + 0.5 * z * (a + b))
    edge = b if z > 0.0 else a
    # the exponential at the far edge, times a difference that does not cancel
    return 0.5 * n * math.exp(norm + z * edge) * -math.expm1(-abs(z) * (b - a)) / abs(z)


@jit
def parameters(number, flux):
    """Z of the four species and ln(Z/sinh Z), as tuples; Z = 0 where there are none."""
    z0 = flux_parameter_kernel(flux[0] / number[0]) if number[0] > 0.0 else 0.0
    z1 = flux_parameter_kernel(flux[1] / number[1]) if number[1] > 0.0 else 0.0
    z2 = flux_parameter_kernel(flux[2] / number[2]) if number[2] > 0.0 else 0.0
    z3 = z2
    if number[2] != number[3] or flux[2] != flux[3]:
        z3 = flux_parameter_kernel(flux[3] / number[3]) if number[3] > 0.0 else 0.0
    return (z0, z1, z2, z3), (log_norm(z0), log_norm(z1), log_norm(z2), log_norm(z3))


def flux_parameter(flux) -> np.ndarray:
    """Z of flux factors F = (number flux)/(c n), by :func:`flux_parameter_kernel`.

    Parameters
    ----------
    flux : array_like (...)
        Flux factors; capped at |F| = 0.999.

    Returns
    -------
    ndarray (...)
        coth Z - 1/Z = F, to round-off.
    """
    flat = np.ravel(np.asarray(flux, dtype=float))
    return np.array([flux_parameter_kernel(f) for f in flat]).reshape(np.shape(flux))


def angular_distribution(number, flux, mu) -> np.ndarray:
    """Maximum-entropy distribution of one or more species.

    Parameters
    ----------
    number, flux : array_like (...)
        Number density, and number flux over c [cm^-3].
    mu : array_like (n_mu,)
        Direction cosines.

    Returns
    -------
    ndarray (..., n_mu)
        Number density per d(mu)/2 [cm^-3].
    """
    number = np.asarray(number, dtype=float)
    ratio = np.divide(flux, number, out=np.zeros_like(number), where=number > 0.0)
    z = flux_parameter(ratio)
    size = np.abs(z)
    with np.errstate(divide="ignore", invalid="ignore"):
        norm = np.where(
            size < 1e-3,
            -size * size / 6.0,
            np.log(2.0 * size) - size - np.log1p(-np.exp(-2.0 * size)),
        )
    return number[..., None] * np.exp(norm[..., None] + np.multiply.outer(z, mu))
