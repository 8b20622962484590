"""Apply prescriptions whose factor depends on the energy group or differs between nu and nubar.

    f_e - f_x -> k[sector, energy] (f_e - f_x)    in all directions alike,

with k from the angle-integrated densities of each group. The trace f_e + (nf - 1) f_x of every
energy and direction stays; what else does is up to k. Any set of directions will do, on the
full sphere too, as only their weights are used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qkepipe.errors import Defect, QkepipeError
from qkepipe.jit import jit
from qkepipe.mixing.registry import get_prescription

__all__ = ["GroupState", "group_factors", "group_step"]


@dataclass(frozen=True)
class GroupState:
    """What a step found and applied.

    Attributes
    ----------
    k : ndarray (2, n_energy, n_r)
        Factor on f_e - f_x of neutrinos and antineutrinos; 1 where nothing is converted. The
        survival probability is (1 + (flavors - 1) k)/flavors.
    difference, number : ndarray (2, n_energy, n_r)
        Angle-integrated n_e - n_x and n_e + n_x of the groups before the step [cm^-3].
    """

    k: np.ndarray
    difference: np.ndarray
    number: np.ndarray


@jit
def _densities(f, eweights, mweights, difference, number):
    difference[:] = 0.0
    number[:] = 0.0
    for sector in range(2):
        for e in range(f.shape[1]):
            for j in range(f.shape[2]):
                w = eweights[e] * mweights[j]
                for i in range(f.shape[3]):
                    electron = f[sector, e, j, i]
                    heavy = f[2 + sector, e, j, i]
                    difference[sector, e, i] += w * (electron - heavy)
                    number[sector, e, i] += w * (electron + heavy)


@jit
def _apply(f, k, flavors):
    gain = 1.0 / flavors
    loss = (flavors - 1.0) * gain
    for sector in range(2):
        for e in range(f.shape[1]):
            row = k[sector, e]
            for j in range(f.shape[2]):
                electron = f[sector, e, j]
                heavy = f[2 + sector, e, j]
                for i in range(row.size):
                    moved = (1.0 - row[i]) * (electron[i] - heavy[i])
                    electron[i] -= loss * moved
                    heavy[i] += gain * moved


def group_factors(f, eweights, mweights, rule, flavors, rtol) -> GroupState:
    """Factors of a prescription by sector or energy, f unchanged; as :func:`group_step`."""
    shape = (2, f.shape[1], f.shape[3])
    state = GroupState(np.ones(shape), np.empty(shape), np.empty(shape))
    _densities(f, eweights, mweights, state.difference, state.number)
    if not np.all(np.isfinite(state.number)):
        raise QkepipeError(Defect("field", "f", "values that are not finite", "finite values"))
    rule.kernel(state.difference, state.number, rtol, float(flavors), state.k)
    return state


def group_step(f, eweights, mweights, *, flavors, prescription, rtol=1e-12) -> GroupState:
    """Take f to its asymptotic state, in place, in every cell: select the cells yourself.

    Parameters
    ----------
    f : ndarray (4, n_energy, n_mu, n_r), float64, C-contiguous
        Occupations of nue, nuebar, nux (one heavy flavour), nuxbar, not negative; changed in
        place.
    eweights : ndarray (n_energy,)
        Number weights of the energy groups [cm^-3], in ascending energy.
    mweights : ndarray (n_mu,)
        Weights of the directions, which sum to 1.
    flavors : {2, 3}
        One of those of the prescription.
    prescription : str
        Key of :data:`qkepipe.mixing.PRESCRIPTIONS` with ``axes`` other than ``mu``.
    rtol : float
        What concerns a smaller share of all particles counts as nothing.

    Returns
    -------
    GroupState

    Raises
    ------
    QkepipeError
        Unknown prescription, one by direction, a number of flavours that is wrong for it, or
        values that are not finite.
    ValueError
        Arrays of the wrong shape or kind.
    """
    rule = get_prescription(prescription, flavors)
    if "mu" in rule.axes:
        raise QkepipeError(
            Defect(
                "mixing",
                "prescription",
                f"{rule.name} has a factor by direction",
                "a prescription by sector or energy",
                "bgk_step, or pairwise_step for six species",
            )
        )
    if f.ndim != 4 or f.shape[0] != 4 or f.dtype != np.float64 or not f.flags.c_contiguous:
        raise ValueError(
            "f must be a C-contiguous float64 array (4, n_energy, n_mu, n_r), "
            f"not {f.dtype} {f.shape}"
        )
    if (eweights.shape, mweights.shape) != (f.shape[1:2], f.shape[2:3]):
        raise ValueError("weights do not fit the energy and mu axes of f")
    state = group_factors(f, eweights, mweights, rule, flavors, rtol)
    _apply(f, state.k, float(flavors))
    return state
