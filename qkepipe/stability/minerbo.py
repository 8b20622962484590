"""Maximum-entropy angular distributions and the crossings of their ELN-XLN.

Of a species with number density n and radial flux factor F the distribution of largest
entropy (Minerbo 1978, JQSRT 20, 541) is, per d(mu)/2,

    G_i(mu) = n_i Z_i/sinh(Z_i) exp(Z_i mu) ,      coth Z_i - 1/Z_i = F_i .

Where heavy neutrinos and antineutrinos are alike, ELN-XLN has two terms and a crossing in
closed form (Richers 2022, PRD 106, 083005, uses the same closure; formulas below derived
for this project):

    mu_c = eta/(Zbar - Z) ,  eta = ln(n/nbar) + ln(Z/sinh Z) - ln(Zbar/sinh Zbar) ,

a crossing exactly if |mu_c| < 1. Four terms have up to three zeros, found by sampling and
bisection. Between zeros the integrals are exact.
"""

from __future__ import annotations

import math

import numpy as np

from qkepipe.jit import gufunc, jit

__all__ = ["angular_distribution", "flux_parameter", "moment_lobes"]

#: Largest flux factor: beyond it data are no distribution, or a beam.
FLUX_MAX = 0.999
#: Intervals in mu in which the zeros of four exponentials are looked for.
SAMPLES = 128


@jit
def flux_parameter_kernel(flux):
    """Z with coth Z - 1/Z = ``flux``, capped at |flux| = FLUX_MAX; Z has the sign of flux."""
    f = min(abs(flux), FLUX_MAX)
    z = f * (3.0 - f * f) / (1.0 - f * f)
    for _ in range(4):
        if z < 0.05:
            value = z / 3.0 - z**3 / 45.0 + 2.0 * z**5 / 945.0
            slope = 1.0 / 3.0 - z * z / 15.0 + 2.0 * z**4 / 189.0
        elif z > 30.0:
            value = 1.0 - 1.0 / z
            slope = 1.0 / (z * z)
        else:
            value = 1.0 / math.tanh(z) - 1.0 / z
            slope = 1.0 / (z * z) - 1.0 / math.sinh(z) ** 2
        z -= (value - f) / slope
    return math.copysign(z, flux)


@jit
def log_norm(z):
    """ln(Z/sinh Z), even in Z."""
    z = abs(z)
    if z < 1e-3:
        return -z * z / 6.0
    return math.log(2.0 * z) - z - math.log1p(-math.exp(-2.0 * z))


@jit
def distribution_kernel(n, z, mu):
    """Number density per d(mu)/2 at the direction ``mu``."""
    return n * math.exp(log_norm(z) + z * mu)


@jit
def integral_kernel(n, z, a, b):
    """int_a^b (dmu/2) of :func:`distribution_kernel`."""
    if abs(z) < 1e-6:
        return 0.5 * n * (b - a) * (1.0 + 0.5 * z * (a + b))
    edge = b if z > 0.0 else a
    # the exponential at the far edge, times a difference that does not cancel
    far = math.exp(log_norm(z) + z * edge)
    return 0.5 * n * far * -math.expm1(-abs(z) * (b - a)) / abs(z)


@jit
def _eln_xln(number, z, mu):
    return (
        distribution_kernel(number[0], z[0], mu)
        - distribution_kernel(number[1], z[1], mu)
        - distribution_kernel(number[2], z[2], mu)
        + distribution_kernel(number[3], z[3], mu)
    )


@jit
def _part(number, z, a, b):
    return (
        integral_kernel(number[0], z[0], a, b)
        - integral_kernel(number[1], z[1], a, b)
        - integral_kernel(number[2], z[2], a, b)
        + integral_kernel(number[3], z[3], a, b)
    )


@jit
def _bisect(number, z, a, b):
    """Zero of ELN-XLN between ``a`` and ``b``, where it has different signs."""
    low = _eln_xln(number, z, a)
    for _ in range(50):
        middle = 0.5 * (a + b)
        value = _eln_xln(number, z, middle)
        if (value > 0.0) == (low > 0.0):
            a = middle
        else:
            b = middle
    return 0.5 * (a + b)


@jit
def _zeros(number, flux, z, zeros):
    """Zeros of ELN-XLN inside (-1, 1), in order, written to ``zeros``; returns how many."""
    if number[2] == number[3] and flux[2] == flux[3]:
        if number[0] <= 0.0 or number[1] <= 0.0 or z[0] == z[1]:
            return 0
        eta = math.log(number[0] / number[1]) + log_norm(z[0]) - log_norm(z[1])
        zeros[0] = eta / (z[1] - z[0])
        return 1 if abs(zeros[0]) < 1.0 else 0
    step = 2.0 / SAMPLES
    values = np.zeros(SAMPLES + 1)
    for i in range(4):
        sign = 1.0 if i == 0 or i == 3 else -1.0
        # from the large end downwards, one product per sample
        forward = z[i] > 0.0
        value = sign * distribution_kernel(number[i], z[i], 1.0 if forward else -1.0)
        decay = math.exp(-abs(z[i]) * step)
        for k in range(SAMPLES + 1):
            values[SAMPLES - k if forward else k] += value
            value *= decay
    count = 0
    last = 0
    for k in range(1, SAMPLES + 1):
        if values[last] * values[k] < 0.0 and count < zeros.size:
            zeros[count] = _bisect(number, z, -1.0 + last * step, -1.0 + k * step)
            count += 1
        if values[k] != 0.0:
            # a zero on a sample counts with the next sign
            last = k
    return count


@gufunc(
    ["void(float64[:], float64[:], float64, float64[:], float64[:], float64[:], float64[:])"],
    "(s),(s),()->(),(),(),()",
)
def _moment_lobes(number, flux, tolerance, positive, negative, crossing, crossing_mu):
    z = np.empty(4)
    zeros = np.empty(3)
    for i in range(4):
        z[i] = flux_parameter_kernel(flux[i] / number[i]) if number[i] > 0.0 else 0.0
    count = _zeros(number, flux, z, zeros)
    plus = 0.0
    minus = 0.0
    before = 0.0
    best = -1.0
    where = np.nan
    for k in range(count + 1):
        a = -1.0 if k == 0 else zeros[k - 1]
        b = 1.0 if k == count else zeros[k]
        lobe = _part(number, z, a, b)
        if lobe > 0.0:
            plus += lobe
        else:
            minus -= lobe
        if k > 0 and before * lobe < 0.0 and min(abs(before), abs(lobe)) > best:
            best = min(abs(before), abs(lobe))
            where = a
        before = lobe
    found = best > 0.0 and min(plus, minus) > tolerance * (plus + minus)
    positive[0] = plus
    negative[0] = minus
    crossing[0] = 1.0 if found else 0.0
    crossing_mu[0] = where if found else np.nan


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


def moment_lobes(number, flux, tolerance=0.0):
    """Lobes and crossing of the ELN-XLN of maximum-entropy distributions.

    Parameters
    ----------
    number, flux : ndarray (..., 4)
        Number density of nue, nuebar, nux, nuxbar and radial number flux over c [cm^-3].
    tolerance : float
        The smaller lobe counts as a crossing above this fraction of both.

    Returns
    -------
    positive, negative : ndarray (...)
        Integrals of the positive part and, as absolute value, of the negative part [cm^-3].
    crossing : ndarray (...)
        1 where there is a crossing, otherwise 0.
    crossing_mu : ndarray (...)
        Where it is; of several, the one between the largest lobes. NaN without a crossing.
    """
    return _moment_lobes(number, flux, float(tolerance))
