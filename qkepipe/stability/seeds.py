"""Where growing roots of the dispersion relation are looked for.

Three sources, none of them with discrete directions:

* the bands of fast modes of the gas summed over groups (:mod:`qkepipe.stability.bands`);
* all roots at kappa = 0, where only angular moments of the groups enter: eigenvalues of
  (w + shift_j) A_j = -K_j sum_i A_i with K = ((m_0, -m_1), (m_1, -m_2)) in sym for the
  moments A of order 0 and 1 and K = -(m_0 - m_2)/2 in brk. They hold collisional modes of
  both branches and slow modes of both orderings. Gapless roots, of the order of the shifts,
  drown in round-off where these are far below |g|; they are the eigenvalues of the limit
  |g| to infinity, in which sum_i A_i = 0;
* real roots of the summed gas outside of the light cone, at all wavenumbers: weak damping or
  vacuum terms make them grow or decay slowly.

(Derived and checked for this project.)
"""

from __future__ import annotations

import numpy as np

from qkepipe.stability.analytic import BRK, SYM
from qkepipe.stability.bands import real_roots

__all__ = ["collective_roots", "homogeneous_roots", "moments_of_bins"]

#: Samples along each branch of real roots.
SAMPLES = 32


def moments_of_bins(centre, half, shape) -> np.ndarray:
    """int G v^n dv of every group for n = 0, 1, 2: ndarray (3, group)."""
    a, b, c = shape[:, 0], shape[:, 1], shape[:, 2]
    zeroth = 2.0 * half * (a + c / 3.0)
    first = 2.0 * half**2 * b / 3.0
    second = 2.0 * half**3 * (a / 3.0 + c / 5.0)
    return np.stack(
        [
            zeroth.sum(-1),
            (centre * zeroth + first).sum(-1),
            (centre**2 * zeroth + 2.0 * centre * first + second).sum(-1),
        ]
    )


def _null(vectors) -> np.ndarray:
    """Orthonormal basis of what is orthogonal to the columns of ``vectors``."""
    return np.linalg.qr(vectors, mode="complete")[0][:, np.linalg.matrix_rank(vectors) :]


def homogeneous_roots(moments, shift, sector) -> np.ndarray:
    """Roots at kappa = 0, those of the limit of large |g| appended.

    Parameters
    ----------
    moments : ndarray (3, group)
    shift : complex ndarray (group,)
        All different.
    sector : int

    Returns
    -------
    complex ndarray
        Guesses of w.
    """
    m0, m1, m2 = moments
    n = shift.size
    if sector == SYM:
        # A = (A_0 of all groups, A_1 of all groups)
        column = np.stack([np.concatenate([m0, m1]), -np.concatenate([m1, m2])], axis=1)
        row = np.repeat(np.eye(2), n, axis=0)
        pole = np.concatenate([shift, shift])
    else:
        column, row, pole = -0.5 * (m0 - m2)[:, None], np.ones((n, 1)), shift
    roots = np.linalg.eigvals(-np.diag(pole) - column @ row.T)
    left, right = _null(column), _null(row)
    if left.shape != right.shape or left.shape[1] == 0:
        return roots
    overlap = left.T @ right
    if np.linalg.cond(overlap) > 1e12:
        return roots
    gapless = np.linalg.eigvals(np.linalg.solve(overlap, left.T @ (-pole[:, None] * right)))
    return np.concatenate([roots, gapless])


def collective_roots(centre, half, shape, sector):
    """Real roots of the summed gas: kappa and w along each branch.

    Parameters
    ----------
    centre, half : ndarray (bin,)
    shape : ndarray (1, 3, bin)
    sector : int

    Yields
    ------
    kappa, w : ndarray
    """
    for sign in (1.0,) if sector == BRK else (1.0, -1.0):
        x, w, slope = np.empty((3, SAMPLES))
        real_roots(sector, sign, centre, half, shape, x, w, slope)
        there = np.isfinite(w)
        yield (x * w)[there], w[there]
