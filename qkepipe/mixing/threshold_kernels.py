"""Kernels of the threshold rules: one energy group at a time, in place.

``f[species, energy, mu, r]`` with nue, nuebar, nux, nuxbar, so that the heavy flavour of
sector s is species 2 + s. Only cells with ``acts[r]`` change.
"""

from __future__ import annotations

import math

import numpy as np

from qkepipe.jit import jit, jit_parallel, prange
from qkepipe.mixing.threshold_rules import PAIR, QUASI_EQUIPARTITION, TOTAL

__all__ = ["equilibrate", "equilibrate_parallel", "forward_excess"]

#: Difference of two densities, relative to their sum, that counts as none.
ROUND_OFF = 1e-13

_PAIR, _QUASI, _TOTAL = PAIR.code, QUASI_EQUIPARTITION.code, TOTAL.code


@jit
def pair_fraction(first, second):
    """1 - k of the two sectors from their differences n_e - n_x."""
    if first * second <= 0.0:
        return 0.0, 0.0
    move = min(abs(first), abs(second))
    return move / abs(first), move / abs(second)


@jit
def quasi_move(nue, nuebar, nux, nuxbar, flavors):
    """Number D that both sectors lose; negative: gain. See :mod:`qkepipe.mixing.threshold`."""
    gain = 1.0 / (flavors - 1.0)
    total = nue + nuebar + gain * (nux + nuxbar)
    if total <= 0.0:
        return 0.0
    # relative to the sum: products of densities can underflow, those of fractions do not
    q = (nue / total) * (nuebar / total) - (nux / total) * (nuxbar / total)
    # S - sqrt(S^2 - ...) would cancel for small q
    return 2.0 * total * q / (1.0 + math.sqrt(1.0 - 4.0 * (1.0 - gain * gain) * q))


@jit
def room(electron, heavy, others, move):
    """Most that a direction can lose (move > 0) or gain with 0 <= f <= 1 in both flavours."""
    if move > 0.0:
        return max(0.0, min(electron, others * (1.0 - heavy)))
    return max(0.0, min(others * heavy, 1.0 - electron))


@jit
def _mix(f, mweights, acts, flavors, pair, e):
    """Exchange the flavours direction by direction with one factor per sector."""
    n_mu, n = f.shape[2], f.shape[3]
    gain = 1.0 / flavors
    loss = (flavors - 1.0) * gain
    difference = np.zeros((2, n))
    both = np.zeros((2, n))
    for sector in range(2):
        total = difference[sector]
        scale = both[sector]
        for j in range(n_mu):
            electron = f[sector, e, j]
            heavy = f[2 + sector, e, j]
            for i in range(n):
                total[i] += mweights[j] * (electron[i] - heavy[i])
                scale[i] += mweights[j] * (electron[i] + heavy[i])
        for i in range(n):
            # equal numbers with other directions: the sign of round-off must not decide
            if abs(total[i]) <= ROUND_OFF * scale[i]:
                total[i] = 0.0
    for i in range(n):
        if not acts[i]:
            difference[0, i] = 0.0
            difference[1, i] = 0.0
        elif pair:
            difference[0, i], difference[1, i] = pair_fraction(difference[0, i], difference[1, i])
        else:
            difference[0, i] = 1.0
            difference[1, i] = 1.0
    for sector in range(2):
        fraction = difference[sector]
        for j in range(n_mu):
            electron = f[sector, e, j]
            heavy = f[2 + sector, e, j]
            for i in range(n):
                moved = fraction[i] * (electron[i] - heavy[i])
                electron[i] -= loss * moved
                heavy[i] += gain * moved


@jit
def _quasi(f, mweights, acts, flavors, e):
    """Move D from the donors, capped by what both sectors can give and take."""
    n_mu, n = f.shape[2], f.shape[3]
    others = flavors - 1.0
    gain = 1.0 / others
    density = np.zeros((4, n))
    for s in range(4):
        sums = density[s]
        for j in range(n_mu):
            row = f[s, e, j]
            for i in range(n):
                sums[i] += mweights[j] * row[i]
    nue, nuebar, nux, nuxbar = density[0], density[1], density[2], density[3]
    move = np.zeros(n)
    for i in range(n):
        if acts[i]:
            move[i] = quasi_move(nue[i], nuebar[i], nux[i], nuxbar[i], flavors)
    share = np.zeros((2, n))
    for sector in range(2):
        capacity = share[sector]
        for j in range(n_mu):
            electron = f[sector, e, j]
            heavy = f[2 + sector, e, j]
            for i in range(n):
                capacity[i] += mweights[j] * room(electron[i], heavy[i], others, move[i])
    for i in range(n):
        number = min(abs(move[i]), share[0, i], share[1, i])
        signed = math.copysign(number, move[i])
        for sector in range(2):
            share[sector, i] = signed / share[sector, i] if number > 0.0 else 0.0
    for sector in range(2):
        part = share[sector]
        for j in range(n_mu):
            electron = f[sector, e, j]
            heavy = f[2 + sector, e, j]
            for i in range(n):
                moved = part[i] * room(electron[i], heavy[i], others, move[i])
                electron[i] -= moved
                heavy[i] += gain * moved


@jit
def _total(f, acts, flavors, e):
    """Mean over flavours, neutrinos and antineutrinos in every direction."""
    others = flavors - 1.0
    for j in range(f.shape[2]):
        nue, nuebar, nux, nuxbar = f[0, e, j], f[1, e, j], f[2, e, j], f[3, e, j]
        for i in range(f.shape[3]):
            if acts[i]:
                both = nue[i] + nuebar[i] + others * (nux[i] + nuxbar[i])
                mean = both / (2.0 * flavors)
                nue[i] = mean
                nuebar[i] = mean
                nux[i] = mean
                nuxbar[i] = mean


@jit
def _group(f, mweights, acts, flavors, rule, e):
    if rule == _QUASI:
        _quasi(f, mweights, acts, flavors, e)
    elif rule == _TOTAL:
        _total(f, acts, flavors, e)
    else:
        _mix(f, mweights, acts, flavors, rule == _PAIR, e)


@jit
def equilibrate(f, mweights, acts, flavors, rule):
    """Apply the rule with this code to all groups."""
    for e in range(f.shape[1]):
        _group(f, mweights, acts, flavors, rule, e)


@jit_parallel
def equilibrate_parallel(f, mweights, acts, flavors, rule):
    """Apply the rule with this code to all groups, which are independent."""
    for e in prange(f.shape[1]):
        _group(f, mweights, acts, flavors, rule, e)


@jit
def forward_excess(f, eweights, mweights, mu, flux_factor):
    """Number flux minus ``flux_factor`` times the number of one species, shape (n_r,)."""
    excess = np.zeros(f.shape[2])
    for e in range(f.shape[0]):
        for j in range(f.shape[1]):
            weight = eweights[e] * mweights[j] * (mu[j] - flux_factor)
            row = f[e, j]
            for i in range(row.size):
                excess[i] += weight * row[i]
    return excess
