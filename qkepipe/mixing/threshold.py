"""Flavour equilibration below a density threshold, from angle-integrated densities.

Where rho < rho_c each energy group is equilibrated at once; no crossing is asked for. With
n_s the density of species s in the group, the rule ``pair`` moves the same number in both
sectors,

    n_nue - D,  n_nuebar - D,  n_nux + D/(nf-1),  n_nuxbar + D/(nf-1) ,
    d1 = (nf-1)/nf (n_nue - n_nux),   d2 = (nf-1)/nf (n_nuebar - n_nuxbar) ,
    D = 0 if d1 d2 <= 0, else the one of smaller magnitude ,

so that one sector reaches equipartition and the lepton number of each flavour stays: the
scheme of Ehring, Abbar, Janka, Raffelt & Tamborra (2023, arXiv:2301.11938; 2305.11207), as
reconstructed from the stated conservation laws. ``full`` is equipartition in both sectors,
which conserves the traces only.

Momentum follows the *mixing rule*: the particles that move are exchanged between the two
flavours direction by direction, f_e - f_x -> k (f_e - f_x) with one k per group and sector,

    k = 1 - D/d1 (neutrinos),   k = 1 - D/d2 (antineutrinos),   0 <= k <= 1 ,

a convex combination, which keeps 0 <= f <= 1. The alternative donor rule (the fraction
D/n_nue of nue changes flavour whatever nux does) can push f_x above 1 in forward
directions and is not offered.
"""

from __future__ import annotations

import numpy as np

from qkepipe.errors import Defect, QkepipeError, nearest
from qkepipe.jit import jit, jit_parallel, prange

__all__ = ["THRESHOLD_RULES", "threshold_step"]

PAIR, FULL = 0, 1

#: Rules by name.
THRESHOLD_RULES = {"pair": PAIR, "full": FULL}


@jit
def _pair_fraction(first, second):
    """1 - k of the two sectors from their differences n_e - n_x."""
    if first * second <= 0.0:
        return 0.0, 0.0
    move = min(abs(first), abs(second))
    return move / abs(first), move / abs(second)


@jit
def _equilibrate_group(f, mweights, rho, rho_c, flavors, rule, e):
    n_mu, n = f.shape[2], f.shape[3]
    gain = 1.0 / flavors
    loss = (flavors - 1.0) * gain
    difference = np.zeros((2, n))
    for sector in range(2):
        total = difference[sector]
        for j in range(n_mu):
            electron = f[sector, e, j]
            heavy = f[2 + sector, e, j]
            for i in range(n):
                total[i] += mweights[j] * (electron[i] - heavy[i])
    for i in range(n):
        if rho[i] >= rho_c:
            difference[0, i] = 0.0
            difference[1, i] = 0.0
        elif rule == PAIR:
            difference[0, i], difference[1, i] = _pair_fraction(difference[0, i], difference[1, i])
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
def _equilibrate(f, mweights, rho, rho_c, flavors, rule):
    for e in range(f.shape[1]):
        _equilibrate_group(f, mweights, rho, rho_c, flavors, rule, e)


@jit_parallel
def _equilibrate_parallel(f, mweights, rho, rho_c, flavors, rule):
    for e in prange(f.shape[1]):
        _equilibrate_group(f, mweights, rho, rho_c, flavors, rule, e)


def threshold_step(f, mweights, rho, rho_c, *, flavors, rule="pair", parallel=False) -> np.ndarray:
    """Equilibrate flavours where rho < rho_c, in place.

    Parameters
    ----------
    f : ndarray (4, n_energy, n_mu, n_r), float64, C-contiguous
        Occupations of nue, nuebar, nux (one heavy flavour), nuxbar; changed in place.
    mweights : ndarray (n_mu,)
        Angular weights that sum to 1.
    rho : ndarray (n_r,)
        Density [g cm^-3].
    rho_c : float
        Threshold [g cm^-3].
    flavors : {2, 3}
        Two flavours: equipartition means 1/2 each.
    rule : {"pair", "full"}
        Key of :data:`THRESHOLD_RULES`.
    parallel : bool
        Run over energy groups with the threads of numba.

    Returns
    -------
    ndarray of bool (n_r,)
        Where the rule was applied.

    Raises
    ------
    QkepipeError
        Unknown rule, flavors other than 2 and 3.
    ValueError
        Arrays of the wrong shape or kind.
    """
    if rule not in THRESHOLD_RULES:
        raise QkepipeError(
            Defect(
                "mixing",
                "rule",
                f"unknown threshold rule {rule!r}",
                "one of " + ", ".join(THRESHOLD_RULES),
                nearest(rule, THRESHOLD_RULES),
            )
        )
    if flavors not in (2, 3):
        raise QkepipeError(Defect("mixing", "flavors", f"{flavors}", "2 or 3"))
    if f.ndim != 4 or f.shape[0] != 4 or f.dtype != np.float64 or not f.flags.c_contiguous:
        raise ValueError("f must be a C-contiguous float64 array (4, n_energy, n_mu, n_r)")
    rho = np.ascontiguousarray(rho, dtype=float)
    if rho.shape != (f.shape[3],) or mweights.shape != (f.shape[2],):
        raise ValueError("rho and mweights do not fit the r and mu axes of f")
    run = _equilibrate_parallel if parallel else _equilibrate
    run(f, mweights, rho, float(rho_c), float(flavors), THRESHOLD_RULES[rule])
    return rho < rho_c
