"""Inversion of closures: flux factor of a given Eddington factor.

A closure of two-moment transport is a relation chi(f) between Eddington factor and flux
factor f = abs(F)/(c n), monotonic from 1/3 at f = 0 to 1 at f = 1:

- ``minerbo``: chi = 1/3 + f^2 (6 - 2 f + 6 f^2)/15, the maximum-entropy closure of Minerbo
  (1978, JQSRT 20, 541) in the polynomial form of Cernohorsky & Bludman (1994, ApJ 433, 250);
- ``levermore``: chi = (3 + 4 f^2)/(5 + 2 sqrt(4 - 3 f^2)), Levermore (1984, JQSRT 31, 149).
"""

from __future__ import annotations

import numpy as np

__all__ = ["CHI_NOISE", "CLOSURES", "flux_factor"]

#: An Eddington factor below 1/3 by less than this is rounding.
CHI_NOISE = 1e-6


def _minerbo(f):
    return 1.0 / 3.0 + f**2 * (6.0 - 2.0 * f + 6.0 * f**2) / 15.0


def _levermore(f):
    return (3.0 + 4.0 * f**2) / (5.0 + 2.0 * np.sqrt(4.0 - 3.0 * f**2))


#: ``{name: chi(f)}``.
CLOSURES = {"minerbo": _minerbo, "levermore": _levermore}


def flux_factor(chi, closure: str) -> np.ndarray:
    """Flux factor of an Eddington factor.

    Parameters
    ----------
    chi : ndarray
        Eddington factor; values below 1/3 give 0, above 1 give 1.
    closure : str
        Key of :data:`CLOSURES`.

    Returns
    -------
    ndarray
        f in [0, 1], by bisection.
    """
    chi = np.asarray(chi, dtype=float)
    low, high = np.zeros(chi.shape), np.ones(chi.shape)
    for _ in range(54):
        middle = 0.5 * (low + high)
        below = CLOSURES[closure](middle) < chi
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.where(chi <= 1.0 / 3.0, 0.0, np.where(chi >= 1.0, 1.0, 0.5 * (low + high)))
