"""Crossings of the ELN-XLN of maximum-entropy distributions along one axis.

Where heavy neutrinos and antineutrinos are alike, ELN-XLN has two terms and a crossing in
closed form (Richers 2022, PRD 106, 083005, uses the same closure; formulas below derived
for this project):

    mu_c = eta/(Zbar - Z) ,  eta = ln(n/nbar) + ln(Z/sinh Z) - ln(Zbar/sinh Zbar) ,

a crossing exactly if |mu_c| < 1. Four terms have up to three zeros
(:mod:`qkepipe.stability.exponentials`). Between zeros the integrals are exact.
"""

from __future__ import annotations

import math

import numpy as np

from qkepipe.jit import gufunc, jit
from qkepipe.maximum_entropy import (
    FLUX_MAX,
    angular_distribution,
    flux_parameter,
    higher_moments,
    parameters,
    part_kernel,
)
from qkepipe.stability.exponentials import ABSENT, zeros_kernel

__all__ = ["FLUX_MAX", "angular_distribution", "flux_parameter", "moment_lobes", "moment_screen"]


@jit
def _part(number, z, norm, a, b):
    return (
        part_kernel(number[0], z[0], norm[0], a, b)
        - part_kernel(number[1], z[1], norm[1], a, b)
        - part_kernel(number[2], z[2], norm[2], a, b)
        + part_kernel(number[3], z[3], norm[3], a, b)
    )


@jit
def _two_terms(number, z, norm, tolerance):
    """Lobes, crossing and its cosine of nue - nuebar in closed form."""
    net = number[0] - number[1]
    plus, minus = max(net, 0.0), max(-net, 0.0)
    if number[0] <= 0.0 or number[1] <= 0.0 or z[0] == z[1]:
        return plus, minus, 0.0, np.nan
    where = (math.log(number[0] / number[1]) + norm[0] - norm[1]) / (z[1] - z[0])
    if not abs(where) < 1.0:
        return plus, minus, 0.0, np.nan
    # the smaller lobe is that of the scarcer species, on the side to which it leans more
    a, b = (where, 1.0) if (net > 0.0) == (z[1] > z[0]) else (-1.0, where)
    small = abs(
        part_kernel(number[0], z[0], norm[0], a, b) - part_kernel(number[1], z[1], norm[1], a, b)
    )
    plus += small
    minus += small
    found = small > tolerance * (plus + minus)
    return plus, minus, 1.0 if found else 0.0, where if found else np.nan


@jit
def _log(number, norm):
    return math.log(number) + norm if number > 0.0 else ABSENT


@jit
def _four_terms(number, z, norm, tolerance):
    """Lobes, crossing and its cosine of four exponentials."""
    coefficients = (
        _log(number[0], norm[0]), _log(number[1], norm[1]),
        _log(number[2], norm[2]), _log(number[3], norm[3]),
    )  # fmt: skip
    count, first, second, third = zeros_kernel((1.0, -1.0, -1.0, 1.0), coefficients, z)
    plus, minus = 0.0, 0.0
    before, best = 0.0, 0.0
    where = np.nan
    begin = -1.0
    for k in range(count + 1):
        end = first if k == 0 else (second if k == 1 else third)
        if k == count:
            end = 1.0
        lobe = _part(number, z, norm, begin, end)
        plus += max(lobe, 0.0)
        minus += max(-lobe, 0.0)
        if before * lobe < 0.0 and min(abs(before), abs(lobe)) > best:
            best = min(abs(before), abs(lobe))
            where = begin
        before, begin = lobe, end
    found = best > 0.0 and min(plus, minus) > tolerance * (plus + minus)
    return plus, minus, 1.0 if found else 0.0, where if found else np.nan


@gufunc(
    ["void(float64[:], float64[:], float64, float64[:], float64[:], float64[:], float64[:], "
     "float64[:], float64[:])"],
    "(s),(s),()->(),(),(),(),(),()",
)  # fmt: skip
def _moment_screen(number, flux, tolerance, positive, negative, crossing, where, second, third):
    z, norm = parameters(number, flux)
    two, three = higher_moments(z[0])
    two_bar, three_bar = higher_moments(z[1])
    second[0] = number[0] * two - number[1] * two_bar
    third[0] = number[0] * three - number[1] * three_bar
    if number[2] == number[3] and flux[2] == flux[3]:
        positive[0], negative[0], crossing[0], where[0] = _two_terms(number, z, norm, tolerance)
        return
    two, three = higher_moments(z[2])
    two_bar, three_bar = higher_moments(z[3])
    second[0] -= number[2] * two - number[3] * two_bar
    third[0] -= number[2] * three - number[3] * three_bar
    positive[0], negative[0], crossing[0], where[0] = _four_terms(number, z, norm, tolerance)


def moment_screen(number, flux, tolerance=0.0):
    """Lobes, crossing and higher moments of ELN-XLN of maximum-entropy distributions.

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
    second, third : ndarray (...)
        int (dmu/2) mu^n G for n = 2 and 3 [cm^-3].
    """
    with np.errstate(all="ignore"):
        return _moment_screen(number, flux, float(tolerance))


def moment_lobes(number, flux, tolerance=0.0):
    """First four results of :func:`moment_screen`."""
    return moment_screen(number, flux, tolerance)[:4]
