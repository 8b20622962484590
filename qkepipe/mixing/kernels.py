"""Kernels shared by all mixing schemes: lobes of ELN - XLN, relaxation, the flavour map.

Arrays are ``f[species, energy, mu, r]`` (species nue, nuebar, nux, nuxbar; r contiguous)
and ``g[mu, r]``, ``k[mu, r]``; nothing is checked or allocated here. The parallel twins
run over independent rows, so they give the same numbers for any number of threads.
"""

import math

from qkepipe.jit import jit, jit_parallel, prange

__all__ = [
    "BACKWARD_EULER",
    "C_TAU",
    "EXACT",
    "EXPONENTIAL",
    "MAP",
    "apply_map",
    "apply_map_parallel",
    "eln_xln",
    "eln_xln_parallel",
    "is_stable",
    "lobes",
    "relaxed_fraction",
    "uniform_factor",
]

#: Default of c_tau = tau_a times the growth estimate.
C_TAU = 2.0 * math.pi

#: Codes of the integrators of the relaxation equation.
MAP, EXPONENTIAL, EXACT, BACKWARD_EULER = 0, 1, 2, 3


@jit
def _eln_xln_row(f, eweights, j, row):
    n = row.size
    for i in range(n):
        row[i] = 0.0
    for e in range(f.shape[1]):
        w = eweights[e]
        nue = f[0, e, j]
        nuebar = f[1, e, j]
        nux = f[2, e, j]
        nuxbar = f[3, e, j]
        for i in range(n):
            row[i] += w * ((nue[i] - nuebar[i]) - (nux[i] - nuxbar[i]))


@jit
def eln_xln(f, eweights, g):
    """G(mu, r) = sum_E w_E [(nue - nuebar) - (nux - nuxbar)] [cm^-3], written to ``g``."""
    for j in range(g.shape[0]):
        _eln_xln_row(f, eweights, j, g[j])


@jit_parallel
def eln_xln_parallel(f, eweights, g):
    """:func:`eln_xln` with one thread per row in mu."""
    for j in prange(g.shape[0]):
        _eln_xln_row(f, eweights, j, g[j])


@jit
def lobes(g, mweights, negative, positive):
    """Absolute integrals over mu of the negative and positive part of G [cm^-3]."""
    negative[:] = 0.0
    positive[:] = 0.0
    for j in range(g.shape[0]):
        w = mweights[j]
        row = g[j]
        for i in range(row.size):
            value = w * row[i]
            positive[i] += max(value, 0.0)
            negative[i] += max(-value, 0.0)


@jit
def is_stable(negative, positive, rtol):
    """Whether one lobe is empty: at most ``rtol`` of the sum of both."""
    return min(negative, positive) <= rtol * (negative + positive)


@jit
def uniform_factor(negative, positive, rtol, value, k):
    """k = ``value`` in all directions at radii with a crossing, 1 elsewhere."""
    for j in range(k.shape[0]):
        row = k[j]
        for i in range(row.size):
            row[i] = 1.0 if is_stable(negative[i], positive[i], rtol) else value


@jit
def relaxed_fraction(negative, positive, rate, dt, rtol, mode, fraction):
    """Fraction of the way to the asymptotic state covered in ``dt``, per radius.

    ``rate`` [cm^3 s^-1] is per radius; tau = 1/(rate sqrt(negative positive)). The exact
    form follows the closing crossing of a box prescription: with x = dt/tau and r the ratio
    of the lobes the shallow lobe is left with 1/(1 + x + (1 - r) x^2/4). The others freeze
    tau and the target: exp(-x) is left, or 1/(1 + x) of it (backward Euler, f' = f - x (f' - f_a)).
    """
    for i in range(fraction.size):
        a = negative[i]
        b = positive[i]
        if is_stable(a, b, rtol):
            fraction[i] = 0.0
        elif mode == MAP:
            fraction[i] = 1.0
        else:
            x = dt * rate[i] * math.sqrt(a * b)
            if mode == EXPONENTIAL:
                fraction[i] = -math.expm1(-x)
            else:
                y = x
                if mode == EXACT:
                    y *= 1.0 + 0.25 * (1.0 - min(a, b) / max(a, b)) * x
                # a step without end, or one whose square overflows, is the map
                fraction[i] = y / (1.0 + y) if y < math.inf else 1.0


@jit
def _apply_map_row(f, k, fraction, flavors, j):
    n = fraction.size
    gain = 1.0 / flavors
    loss = (flavors - 1.0) * gain
    row = k[j]
    for e in range(f.shape[1]):
        for sector in range(2):
            electron = f[sector, e, j]
            heavy = f[2 + sector, e, j]
            for i in range(n):
                moved = (1.0 - row[i]) * fraction[i] * (electron[i] - heavy[i])
                electron[i] -= loss * moved
                heavy[i] += gain * moved


@jit
def apply_map(f, k, fraction, flavors):
    """Go the given fraction of the way to f_e - f_x -> k (f_e - f_x), in place.

    The trace f_e + (flavors - 1) f_x stays; where nothing happens (k = 1 or fraction = 0)
    f keeps every bit.
    """
    for j in range(k.shape[0]):
        _apply_map_row(f, k, fraction, flavors, j)


@jit_parallel
def apply_map_parallel(f, k, fraction, flavors):
    """:func:`apply_map` with one thread per row in mu."""
    for j in prange(k.shape[0]):
        _apply_map_row(f, k, fraction, flavors, j)
