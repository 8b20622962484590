"""Angular distributions inside bins: parabolas that keep what the bins hold.

Discrete directions give a dispersion relation poles on the real axis where a continuous
distribution has a branch cut, and with several vacuum frequencies they give growing roots
that do not exist. Here G(v) is a parabola in every bin instead, for which the dispersion
relation is known in closed form (:mod:`qkepipe.stability.analytic`). The parabola

* holds the number of its bin exactly, so Phi_0 is that of the data,
* has edge values shared with its neighbours (G is continuous: a jump would be a logarithmic
  singularity of the dispersion relation), of fourth order where the data are smooth
  (piecewise parabolic interpolation: Colella & Woodward 1984, J. Comput. Phys. 54, 174,
  their limiter replaced by the next one),
* never changes sign where the bins do not: an edge between bins of one sign keeps it and is
  at most three times their averages, unless the bin contains a crossing. A parabola of
  average 1 is positive with edges (0, 0), (0, 3), (3, 0) and (3, 3), hence, as positive
  functions form a convex set, with all edges between (derived and checked for this project).

The growth of a Gaussian ELN on 16 uniform bins is then 2e-5 off; with lines of centred slope
in the bins it is 9e-4, with constants 1.4e-2 and with lines between the centres 2.1e-2.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

__all__ = ["edge_weights", "parabolas"]


@lru_cache(maxsize=16)
def _edge_weights(edges: tuple[float, ...]) -> np.ndarray:
    v = np.array(edges)
    n = v.size - 1
    width = min(n, 4)
    out = np.zeros((n + 1, n))
    for i in range(n + 1):
        first = min(max(i - width // 2, 0), n - width)
        here = slice(first, first + width)
        # averages of x^p over the bins determine the polynomial; its value at x = 0 is wanted
        scale = v[first + width] - v[first]
        x = (v[first : first + width + 1] - v[i]) / scale
        power = np.arange(1, width + 1)
        mean = np.diff(x[:, None] ** power, axis=0) / (power * np.diff(x)[:, None])
        out[i, here] = np.linalg.inv(mean)[0]
    return out


def edge_weights(edges) -> np.ndarray:
    """Matrix from bin averages to edge values, exact for cubic polynomials.

    Parameters
    ----------
    edges : array_like (n + 1,)

    Returns
    -------
    ndarray (n + 1, n)
        Four bins around an edge have weight, fewer where there are fewer.
    """
    return _edge_weights(tuple(np.asarray(edges, dtype=float).tolist()))


def _limited(value, mean):
    """Edge values (..., n + 1) with which parabolas have no sign change that bins have not."""
    # beyond the first and the last bin the distribution goes on with the bin's own sign
    around = np.concatenate([mean[..., :1], mean, mean[..., -1:]], axis=-1)
    left, right = around[..., :-1], around[..., 1:]
    crossed = left * right < 0.0
    # the bin of the smaller average contains the zero: one of its edges may be high
    smaller = np.abs(left) < np.abs(right)
    beside = (crossed[..., :-1] & ~smaller[..., :-1]) | (crossed[..., 1:] & smaller[..., 1:])
    most = np.where(beside, np.inf, 3.0 * np.abs(mean))
    most = np.concatenate([most[..., :1], most, most[..., -1:]], axis=-1)
    sign = np.sign(left + right)
    kept = sign * np.clip(sign * value, 0.0, np.minimum(most[..., :-1], most[..., 1:]))
    # an edge beside an empty bin is empty, else the parabola of the empty bin would not be
    kept = np.where((left == 0.0) | (right == 0.0), 0.0, kept)
    # at a crossing: a bin whose other edge is high has its zero inside, not beyond this edge
    padded = np.concatenate([kept[..., :1], kept, kept[..., -1:]], axis=-1)
    low = np.concatenate([~crossed[..., :1], ~crossed, ~crossed[..., -1:]], axis=-1)
    reach_left = np.where(
        low[..., :-2] & (np.abs(padded[..., :-2]) > 3.0 * np.abs(left)), 0.0, 3.0 * left
    )
    reach_right = np.where(
        low[..., 2:] & (np.abs(padded[..., 2:]) > 3.0 * np.abs(right)), 0.0, 3.0 * right
    )
    between = np.clip(
        value, np.minimum(reach_left, reach_right), np.maximum(reach_left, reach_right)
    )
    return np.where(crossed, between, kept)


def parabolas(edges, g) -> np.ndarray:
    """Coefficients of G = a + b x + c x^2, x = (v - centre)/half width, in every bin.

    Parameters
    ----------
    edges : array_like (n + 1,)
        Increasing edges in v within [-1, 1].
    g : ndarray (..., n)
        Integral of G over each bin.

    Returns
    -------
    ndarray (..., 3, n)
    """
    edges = np.asarray(edges, dtype=float)
    half = 0.5 * np.diff(edges)
    mean = np.asarray(g, dtype=float) / (2.0 * half)
    value = mean @ edge_weights(edges).T
    value = _limited(value, mean)
    rise = 0.5 * (value[..., 1:] - value[..., :-1])
    bend = 1.5 * (0.5 * (value[..., 1:] + value[..., :-1]) - mean)
    return np.stack([mean - bend / 3.0, rise, bend], axis=-2)
