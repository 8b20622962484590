"""Occupations of largest entropy that have given moments on a phase-space grid.

Of all occupations f of fermions with the same sums m_k = sum_i w_i p_k(i) f_i over the states
i of a grid (w_i states, f_i of them occupied) the entropy

    -sum_i w_i [f_i ln f_i + (1 - f_i) ln(1 - f_i)]

is largest for f_i = 1/(1 + exp(-sum_k a_k p_k(i))) (Cernohorsky & Bludman 1994, ApJ 433, 250, for
directions; the same argument holds with energies). With number, radial number flux, energy and
radial energy flux the p_k are 1, mu, E and E mu. Without fluxes this is a Fermi-Dirac spectrum
of some temperature and degeneracy, and where f << 1 the distribution over angles of Minerbo (1978,
JQSRT 20, 541). The a_k make the convex function

    sum_i w_i ln[1 + exp(sum_k a_k p_k(i))] - sum_k a_k m_k

smallest, which Newton steps of length ln(1 + d)/d do from any start, d the largest change of an
exponent (Bach 2010, Electron. J. Stat. 4, 384, on functions of this kind).
"""

from __future__ import annotations

import math

import numpy as np

from qkepipe.jit import jit

__all__ = ["maximum_entropy"]

#: Largest error of a moment, relative to the sum of the absolute terms of it.
_ROUND_OFF = 1e-13
#: Error that is accepted if more steps do not help.
_ACCEPT = 1e-11
_STEPS = 300
#: Share of the number that counts as none.
_NOTHING = 1e-18


@jit
def _solve(matrix, vector):
    """Solve a symmetric positive system in place, by Cholesky; false where it is not positive."""
    n = vector.size
    for i in range(n):
        for j in range(i + 1):
            total = matrix[i, j]
            for k in range(j):
                total -= matrix[i, k] * matrix[j, k]
            if i == j:
                if not total > 0.0:
                    return False
                matrix[i, i] = math.sqrt(total)
            else:
                matrix[i, j] = total / matrix[j, j]
    for i in range(n):
        for k in range(i):
            vector[i] -= matrix[i, k] * vector[k]
        vector[i] /= matrix[i, i]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            vector[i] -= matrix[k, i] * vector[k]
        vector[i] /= matrix[i, i]
    return True


@jit
def _fill(a, x, y, f):
    """f = 1/(1 + exp(-(a_0 + a_1 y + a_2 x + a_3 x y)))."""
    for e in range(x.size):
        base, slope = a[0] + a[2] * x[e], a[1] + a[3] * x[e]
        for m in range(y.size):
            exponent = base + slope * y[m]
            if exponent > 0.0:
                f[e, m] = 1.0 / (1.0 + math.exp(-exponent))
            else:
                grown = math.exp(exponent)
                f[e, m] = grown / (1.0 + grown)


@jit
def _moments(f, x, y, w_x, w_y, target, gradient, hessian, size):
    """Moments minus ``target``, sums of absolute terms and second derivatives."""
    count = target.size
    gradient[:] = 0.0
    size[:] = 0.0
    hessian[:] = 0.0
    p = np.empty(4)
    p[0] = 1.0
    for e in range(x.size):
        p[2] = x[e]
        for m in range(y.size):
            p[1] = y[m]
            p[3] = x[e] * y[m]
            part = w_x[e] * w_y[m] * f[e, m]
            spread = part * (1.0 - f[e, m])
            for i in range(count):
                gradient[i] += part * p[i]
                size[i] += part * abs(p[i])
                for j in range(i + 1):
                    hessian[i, j] += spread * p[i] * p[j]
    for i in range(count):
        gradient[i] -= target[i]


@jit
def _reach(step, x, y, w_x, w_y, f):
    """Largest change of an exponent, of the states that count before or after the step."""
    reach = 0.0
    for e in range(x.size):
        base, slope = step[0] + step[2] * x[e], step[1] + step[3] * x[e]
        for m in range(y.size):
            change = abs(base + slope * y[m])
            if change > reach and w_x[e] * w_y[m] * f[e, m] * math.exp(change) > _NOTHING:
                reach = change
    return reach


@jit
def _one(x, y, w_x, w_y, target, a, f):
    """Solve for the multipliers ``a`` (start, result); the error of the worst moment."""
    count = target.size
    gradient, size = np.empty(count), np.empty(count)
    hessian = np.empty((count, count))
    step = np.zeros(4)
    best = np.inf
    for _ in range(_STEPS):
        _fill(a, x, y, f)
        _moments(f, x, y, w_x, w_y, target, gradient, hessian, size)
        error = 0.0
        for i in range(count):
            error = max(error, abs(gradient[i]) / max(size[i], 1e-300))
        if not error > _ROUND_OFF:
            return error
        if error < _ACCEPT and error >= best:
            return error
        best = min(best, error)
        for i in range(count):
            gradient[i] = -gradient[i]
        if not _solve(hessian, gradient):
            return np.inf
        step[:count] = gradient
        reach = _reach(step, x, y, w_x, w_y, f)
        length = math.log1p(reach) / reach if reach > 0.0 else 1.0
        for i in range(count):
            a[i] += length * step[i]
    return best if best < _ACCEPT else np.inf


@jit
def maximum_entropy_kernel(energy, w_energy, mu, w_mu, given, f, error):
    """:func:`maximum_entropy` of every cell; ``f`` (cell, energy, mu) and ``error`` are written.

    Exponents are counted from the means of energy and direction, so that the moments are
    nearly independent.
    """
    count = given.shape[1]
    a = np.zeros(4)
    target = np.empty(count)
    x, y = np.zeros(energy.size), np.empty(mu.size)
    w_x = np.empty(energy.size)
    for cell in range(given.shape[0]):
        number = given[cell, 0]
        if number == 0.0:
            f[cell] = 0.0
            error[cell] = 0.0
            continue
        factor = given[cell, 1] / number
        target[:] = 0.0
        target[0] = 1.0
        if count > 2:
            mean = given[cell, 2] / number
            for e in range(energy.size):
                x[e] = energy[e] / mean - 1.0
        if count > 3:
            target[3] = given[cell, 3] / given[cell, 2] - factor
        for e in range(energy.size):
            w_x[e] = w_energy[e] / number
        for m in range(mu.size):
            y[m] = mu[m] - factor
        # start: exp(-3 E/<E>) of a dilute gas, and Z of coth Z - 1/Z = F to 5 % (Cohen 1991)
        a[0] = 0.0
        a[1] = factor * (3.0 - factor**2) / max(1.0 - factor**2, 1e-3)
        a[2] = -3.0 if count > 2 else 0.0
        a[3] = 0.0
        total = 0.0
        for e in range(energy.size):
            for m in range(mu.size):
                total += w_x[e] * w_mu[m] * math.exp(a[1] * y[m] + a[2] * x[e])
        a[0] = -math.log(total)
        error[cell] = _one(x, y, w_x, w_mu, target, a, f[cell])


def maximum_entropy(given, energy, energy_weights, mu, mu_weights) -> tuple[np.ndarray, np.ndarray]:
    """Occupations of largest entropy with given moments.

    Parameters
    ----------
    given : ndarray (cell, 2 to 4)
        Number, radial number flux over c, energy and radial energy flux over c of every cell, in
        the units of the weights and energies: number and flux alone for a single energy.
    energy, energy_weights : ndarray (n_energy,)
        Energies and number of states of the groups.
    mu, mu_weights : ndarray (n_mu,)
        Increasing direction cosines, and weights that sum to 1.

    Returns
    -------
    f : ndarray (cell, n_energy, n_mu)
        Between 0 and 1.
    error : ndarray (cell,)
        Largest error of a moment, relative to the sum of its absolute terms; infinite where no
        occupation between 0 and 1 has these moments.
    """
    given = np.ascontiguousarray(given, dtype=float)
    f = np.zeros((len(given), len(energy), len(mu)))
    error = np.empty(len(given))
    arrays = (
        np.ascontiguousarray(a, dtype=float) for a in (energy, energy_weights, mu, mu_weights)
    )
    maximum_entropy_kernel(*arrays, given, f, error)
    return f, error
