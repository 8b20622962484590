"""Whether the directions of a box resolve its crossing of ELN."""

from __future__ import annotations

import warnings

import numpy as np

__all__ = ["warn_of_few_directions"]

#: Directions that a lobe needs, fewest directions that stand for a continuous distribution and not
#: for beams, and the share of the larger lobe below which a lobe is noise.
_NEEDED, _BEAMS, _NOISE = 3, 8, 1e-6


def warn_of_few_directions(g: np.ndarray) -> None:
    """Warn where a lobe of ``g`` (n_mu,), the ELN of each direction, is too narrow for the grid.

    With three or more directions in the narrower lobe the largest growth rate of Gaussian, linear
    and step-like ELN at midpoints is within 6 % of its limit, with one up to 30 % off (measured).
    """
    lobes = np.stack([np.maximum(g, 0.0), np.maximum(-g, 0.0)])
    sums = lobes.sum(axis=1)
    if g.size < _BEAMS or sums.min() <= _NOISE * sums.max():
        return
    narrow = int((lobes > 0.0).sum(axis=1).min())
    if narrow < _NEEDED:
        needed = int(np.ceil(_NEEDED * g.size / narrow))
        warnings.warn(
            f"box: {narrow} of {g.size} directions hold one side of the crossing, {_NEEDED} "
            f"resolve it; try {needed} directions",
            stacklevel=3,
        )
