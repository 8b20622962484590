"""Crossings of the ELN-XLN angular distribution given on angular bins.

A change of sign of the energy-integrated G(mu) = (nue - nuebar) - (nux - nuxbar) is
necessary and sufficient for fast flavour instability at some wavenumber (Morinaga 2022,
PRD 105, L101301).
"""

from __future__ import annotations

import math

import numpy as np

from qkepipe.jit import gufunc

__all__ = ["higher", "integrate", "lobes"]


@gufunc(
    [
        "void(float64[:,:,:], float64[:], float64[:], float64[:], "
        "float64[:], float64[:,:], float64[:])"
    ],
    "(s,e,m),(e),(m),(m)->(m),(s,e),(s)",
)
def _integrate(f, energy_weights, mu_weights, mu, g, spectrum, flux):
    sign = (1.0, -1.0, -1.0, 1.0)
    g[:] = 0.0
    for s in range(4):
        total = 0.0
        for e in range(energy_weights.size):
            number = 0.0
            current = 0.0
            for j in range(mu.size):
                value = energy_weights[e] * f[s, e, j]
                g[j] += sign[s] * value
                number += mu_weights[j] * value
                current += mu_weights[j] * mu[j] * value
            spectrum[s, e] = number
            total += current
        flux[s] = total


@gufunc(
    ["void(float64[:], float64[:], float64[:], float64, "
     "float64[:], float64[:], float64[:], float64[:])"],
    "(m),(m),(m),()->(),(),(),()",
)  # fmt: skip
def _lobes(g, weights, mu, tolerance, positive, negative, crossing, crossing_mu):
    plus = 0.0
    minus = 0.0
    last = -1  # the last bin with G != 0, and the lobe that it ends
    lobe = 0.0
    before = 0.0
    where = np.nan
    candidate = np.nan  # the crossing into the present lobe, kept if its lobes are the largest
    best = 0.0
    for j in range(g.size):
        value = g[j]
        if value == 0.0:
            continue
        part = weights[j] * value
        if part > 0.0:
            plus += part
        else:
            minus -= part
        if last >= 0 and g[last] * value < 0.0:
            if min(abs(before), abs(lobe)) > best:
                best = min(abs(before), abs(lobe))
                where = candidate
            before = lobe
            lobe = 0.0
            if j == last + 1:
                share = g[last] / (g[last] - value)
                candidate = mu[last] + share * (mu[j] - mu[last])
            else:
                # bins of G = 0 in between: the middle of them
                candidate = 0.5 * (mu[last + 1] + mu[j - 1])
        lobe += part
        last = j
    if min(abs(before), abs(lobe)) > best:
        where = candidate
    found = not math.isnan(where) and min(plus, minus) > tolerance * (plus + minus)
    positive[0] = plus
    negative[0] = minus
    crossing[0] = 1.0 if found else 0.0
    crossing_mu[0] = where if found else np.nan


@gufunc(["void(float64[:], float64[:], float64[:], float64[:], float64[:])"], "(m),(m),(m)->(),()")
def _higher(g, weights, mu, second, third):
    second[0] = 0.0
    third[0] = 0.0
    for j in range(g.size):
        part = weights[j] * g[j] * mu[j] * mu[j]
        second[0] += part
        third[0] += part * mu[j]


def higher(g, weights, mu):
    """Moments of mu^2 and mu^3 of ELN-XLN on angular bins [cm^-3]; arguments as :func:`lobes`."""
    return _higher(g, weights, mu)


def integrate(f, energy_weights, mu_weights, mu):
    """ELN-XLN, spectra and fluxes in one pass over the occupations.

    Parameters
    ----------
    f : ndarray (..., 4, n_energy, n_mu)
        Occupations of nue, nuebar, nux, nuxbar.
    energy_weights : ndarray (n_energy,)
        Number weights [cm^-3].
    mu_weights, mu : ndarray (n_mu,)
        Quadrature weights dmu/2, which sum to 1, and directions.

    Returns
    -------
    g : ndarray (..., n_mu)
        (nue - nuebar) - (nux - nuxbar), summed over energy, per d(mu)/2 [cm^-3].
    spectrum : ndarray (..., 4, n_energy)
        Number density per group [cm^-3].
    flux : ndarray (..., 4)
        Radial number flux over c [cm^-3].
    """
    return _integrate(f, energy_weights, mu_weights, mu)


def lobes(g, weights, mu, tolerance=0.0):
    """Lobes and crossing of ELN-XLN on angular bins.

    Parameters
    ----------
    g : ndarray (..., n_mu)
        ELN-XLN per d(mu)/2 [cm^-3].
    weights, mu : ndarray (n_mu,)
        Quadrature weights dmu/2, which sum to 1, and directions.
    tolerance : float
        The smaller lobe counts as a crossing above this fraction of both: 1e-6 for smooth
        data, up to 1e-3 for the noise of a simulation.

    Returns
    -------
    positive, negative : ndarray (...)
        Integrals of the positive part and, as absolute value, of the negative part [cm^-3].
    crossing : ndarray (...)
        1 where there is a crossing, otherwise 0.
    crossing_mu : ndarray (...)
        Linear interpolation of the change of sign; of several, the one whose smaller
        neighbouring lobe is largest. NaN without a crossing.
    """
    return _lobes(g, weights, mu, float(tolerance))
