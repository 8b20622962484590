"""Relaxation under several instabilities at once, each with its own time and target.

    df/dt = -sum_i (f - f_a,i)/tau_a,i ,

one term per kind (fast, collisional, slow): the sum that the BGK model of Nagakura, Johns &
Zaizen (2023, arXiv:2312.16285) suggests; recalled as a construction, not an equation that was
verified in a paper. Targets and times are those of the start of the step. The equation is then
linear, with the solution (one line of algebra)

    f(dt) = f + (1 - exp(-dt sum_i 1/tau_i)) (fbar - f) ,   fbar = sum_i w_i f_a,i ,
    w_i = (1/tau_i)/sum_j (1/tau_j) .

As f_a,i has f_e - f_x -> k_i (f_e - f_x), fbar is the map with the mean of the k_i: a convex
combination of states between 0 and 1, for any step, which keeps every law that all of its
terms keep.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qkepipe.errors import Defect, QkepipeError
from qkepipe.jit import jit
from qkepipe.mixing.bgk import (
    C_TAU,
    check_arrays,
    check_directions,
    check_mode,
    growth_estimate,
)
from qkepipe.mixing.groups import group_factors
from qkepipe.mixing.kernels import eln_xln, lobes
from qkepipe.mixing.registry import get_prescription

__all__ = ["SeveralState", "Term", "several_step"]

#: Round-off by which a given factor may leave its bounds; what exceeds them is cut.
_ROUND_OFF = 1e-12


@dataclass(frozen=True)
class Term:
    """One instability of the sum.

    Attributes
    ----------
    prescription : str or array_like
        Target: a key of :data:`qkepipe.mixing.PRESCRIPTIONS` that relaxes or has a factor by
        sector or energy, or the factor k on f_e - f_x itself, within -1/(flavors - 1) and 1, of
        a shape that fits (sector: nu, nubar; energy; mu; r).
    rate : float or ndarray (n_r,), optional
        1/tau_a [s^-1]: the growth rate over c_tau, 0 where the instability is off, infinite to
        go to the target at once. Default: kappa sqrt(A B)/c_tau, for prescriptions of fast modes.
    """

    prescription: object
    rate: object = None


@dataclass(frozen=True)
class SeveralState:
    """What a step did; all of it refers to the start of the step.

    Attributes
    ----------
    negative, positive : ndarray (n_r,)
        Absolute integrals A, B of the lobes of ELN - XLN [cm^-3].
    rate : ndarray (n_term, n_r)
        1/tau_a [s^-1] of each term, 0 where it is off.
    weight : ndarray (n_term, n_r)
        Share of each term in the common target; sums to 1, or is 0 where all are off.
    k : ndarray (1 or 2, 1 or n_energy, n_mu, n_r)
        Factor of the common target on f_e - f_x; the first two axes have the length 1 where
        no term depends on sector or energy.
    fraction : ndarray (n_r,)
        Part of the way to the common target that was covered.
    """

    negative: np.ndarray
    positive: np.ndarray
    rate: np.ndarray
    weight: np.ndarray
    k: np.ndarray
    fraction: np.ndarray


@jit
def shares(rate, dt, weight, fraction):
    """Weight of each term and part of the way covered, from ``rate[term, r]``.

    Rates are taken relative to the fastest, so that their sum cannot overflow; infinite ones
    share the target among themselves.
    """
    for i in range(fraction.size):
        fastest = 0.0
        for t in range(rate.shape[0]):
            fastest = max(fastest, rate[t, i])
        total = 0.0
        for t in range(rate.shape[0]):
            if fastest == 0.0:
                weight[t, i] = 0.0
            elif fastest == math.inf:
                weight[t, i] = 1.0 if rate[t, i] == math.inf else 0.0
            else:
                weight[t, i] = rate[t, i] / fastest
            total += weight[t, i]
        if fastest == 0.0:
            fraction[i] = 0.0
            continue
        for t in range(rate.shape[0]):
            weight[t, i] /= total
        fraction[i] = 1.0 if fastest == math.inf else -math.expm1(-dt * fastest * total)


@jit
def apply_change(f, change, fraction, flavors):
    """Go the given fraction of the way to f_e - f_x -> (1 - change) (f_e - f_x), in place.

    The first two axes of ``change[sector, energy, mu, r]`` may have the length 1. The mean of
    several 1 - k is rounded, hence no k here: f would leave 0 and 1 where k exceeds 1 by one
    bit.
    """
    gain = 1.0 / flavors
    loss = (flavors - 1.0) * gain
    for j in range(f.shape[2]):
        for e in range(f.shape[1]):
            for sector in range(2):
                row = change[sector % change.shape[0], e % change.shape[1], j]
                electron = f[sector, e, j]
                heavy = f[2 + sector, e, j]
                for i in range(fraction.size):
                    moved = row[i] * fraction[i] * (electron[i] - heavy[i])
                    electron[i] -= loss * moved
                    heavy[i] += gain * moved


def _refuse(index, field, problem, expected):
    raise QkepipeError(Defect("mixing", f"terms[{index}].{field}", problem, expected))


def _rate(index, term, rule, fast):
    """1/tau_a of a term per radius, checked; ``rule`` is None of a factor given as an array."""
    if term.rate is None:
        if rule is None:
            _refuse(index, "rate", "missing", "1/tau in s^-1 with a factor given as an array")
        if "mu" not in rule.axes:
            _refuse(index, "rate", "missing", f"1/tau in s^-1, 0 where {rule.name} does not hold")
        return fast
    rate = np.asarray(term.rate, dtype=float)
    if rate.shape not in ((), fast.shape):
        _refuse(index, "rate", f"shape {rate.shape}", f"a number or shape {fast.shape}")
    wrong = np.flatnonzero(~(rate >= 0.0))
    if wrong.size:
        value = rate.flat[wrong[0]]
        _refuse(index, "rate", f"{value:g} s^-1 at r {wrong[0]}", "no negative value or NaN")
    return rate


def _given_change(index, factor, shape, flavors):
    """1 - k of a factor that was given, with four axes, checked."""
    k = np.asarray(factor)
    if k.dtype.kind not in "fiu":
        _refuse(index, "prescription", f"an object of type {k.dtype}", "a name or a factor k")
    k = k.astype(float)
    try:
        fits = np.broadcast_shapes(k.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        expected = f"one that fits {shape} (sector, energy, mu, r)"
        _refuse(index, "prescription", f"a factor of shape {k.shape}", expected)
    smallest = -1.0 / (flavors - 1)
    wrong = np.flatnonzero(~((k >= smallest - _ROUND_OFF) & (k <= 1.0 + _ROUND_OFF)))
    if wrong.size:
        expected = f"between {smallest:g} and 1"
        _refuse(index, "prescription", f"a factor of {k.flat[wrong[0]]:g}", expected)
    return np.maximum(1.0 - k, 0.0).reshape((1,) * (4 - k.ndim) + k.shape)


def _check(f, eweights, mweights, mu, dt, terms, flavors):
    check_arrays(f, eweights, mweights, mu)
    if not dt >= 0.0:
        raise QkepipeError(Defect("mixing", "dt", f"{dt:g} s", "no negative value or NaN"))
    if not isinstance(terms, Sequence) or not terms or not all(isinstance(t, Term) for t in terms):
        expected = "at least one Term(prescription, rate)"
        raise QkepipeError(Defect("mixing", "terms", "not a sequence of Term", expected))
    if flavors not in (2, 3):
        raise QkepipeError(Defect("mixing", "flavors", f"{flavors}", "2 or 3"))


def several_step(
    f, eweights, mweights, mu, dt, terms, *, flavors, c_tau=C_TAU, rtol=1e-12
) -> SeveralState:
    """Relax f under several instabilities during ``dt``, in place.

    Targets and rates are those of the start of the step, as in the mode ``exponential`` of
    :func:`qkepipe.mixing.bgk_step`, which a single term equals. A term without a target in a
    cell (k = 1 everywhere there: no crossing) is off there, whatever its rate.

    Parameters
    ----------
    f : ndarray (4, n_energy, n_mu, n_r), float64, C-contiguous
        Occupations of nue, nuebar, nux (one heavy flavour), nuxbar; changed in place.
    eweights : ndarray (n_energy,)
        Number weights of the energy groups [cm^-3].
    mweights, mu : ndarray (n_mu,)
        Quadrature in mu; weights sum to 1. ``mu`` is None for directions on the full sphere
        in any order, with prescriptions that need no mu.
    dt : float
        Time step [s]; may be infinite.
    terms : sequence of Term
        Which of them are on is in their rates.
    flavors : {2, 3}
        In two flavours nux is the partner of nue and equipartition means 1/2 each.
    c_tau : float
        tau_a times the growth estimate, for terms without a rate of their own.
    rtol : float
        A lobe below this fraction of both counts as no crossing.

    Returns
    -------
    SeveralState
        Weights and the common target of the step.

    Raises
    ------
    QkepipeError
        No terms, an unknown prescription or one that is only a map, rates or factors of the
        wrong shape or value, a negative step.
    ValueError
        Arrays of the wrong shape or kind.
    """
    _check(f, eweights, mweights, mu, dt, terms, flavors)
    n_r = f.shape[3]
    g = np.empty(f.shape[2:])
    negative, positive = np.empty((2, n_r))
    eln_xln(f, eweights, g)
    lobes(g, mweights, negative, positive)
    fast = growth_estimate(negative, positive) / c_tau
    changes = []
    rate = np.empty((len(terms), n_r))
    for index, term in enumerate(terms):
        rule = None
        if isinstance(term.prescription, str):
            rule = get_prescription(term.prescription, flavors)
        rate[index] = _rate(index, term, rule, fast)
        if rule is None:
            change = _given_change(index, term.prescription, (2, *f.shape[1:]), flavors)
        elif "mu" not in rule.axes:
            k = group_factors(f, eweights, mweights, rule, flavors, rtol).k
            change = (1.0 - k)[:, :, None, :]
        else:
            check_mode(rule, "exponential")
            if mu is None:
                check_directions(rule)
            k = np.empty_like(g)
            # without mu the weights stand in its place, of the right shape and not read
            cosine = mweights if mu is None else mu
            rule.kernel(g, mweights, cosine, negative, positive, rtol, float(flavors), k)
            change = (1.0 - k)[None, None]
        rate[index][~np.broadcast_to(np.any(change != 0.0, axis=(0, 1, 2)), n_r)] = 0.0
        changes.append(change)
    weight = np.empty_like(rate)
    fraction = np.empty(n_r)
    shares(rate, float(dt), weight, fraction)
    mean = np.zeros((1, 1, *g.shape))
    for share, change in zip(weight, changes, strict=True):
        mean = mean + share * change
    mean = np.ascontiguousarray(np.minimum(mean, flavors / (flavors - 1.0)))
    apply_change(f, mean, fraction, float(flavors))
    return SeveralState(negative, positive, rate, weight, 1.0 - mean, fraction)
