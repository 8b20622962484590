"""Edges of cells of which only the centres are known."""

from __future__ import annotations

import numpy as np

__all__ = ["midpoint_edges"]


def midpoint_edges(centres: np.ndarray) -> np.ndarray:
    """Edges halfway between centres; the outer two mirror their neighbours.

    Parameters
    ----------
    centres : ndarray, shape (n,)
        Increasing, not negative [cm].

    Returns
    -------
    ndarray, shape (n + 1,)
        The innermost edge is not below 0.
    """
    r = np.asarray(centres, dtype=float)
    if r.size < 2:
        return np.array([0.0, 2.0 * r[0]]) if r.size else np.zeros(1)
    inner = 0.5 * (r[1:] + r[:-1])
    first = max(2.0 * r[0] - inner[0], 0.0)
    return np.concatenate([[first], inner, [2.0 * r[-1] - inner[-1]]])
