"""Directions at which moments are reconstructed, and how strongly peaked a beam they resolve."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from qkepipe.maximum_entropy import FLUX_MAX, flux_parameter

__all__ = ["DirectionGrid", "direction_grid", "sphere_quadrature"]

#: Error of the discrete flux factor up to which a distribution counts as resolved.
RESOLVED = 1e-12
#: Axes of beams that are tried on the sphere.
_TRIED = 100


@dataclass(frozen=True)
class DirectionGrid:
    """Quadrature in direction.

    Attributes
    ----------
    vectors : ndarray (n_direction, n_component)
        mu alone (one component), or unit vectors (three).
    weights : ndarray (n_direction,)
        Weights that sum to 1.
    limit : float
        Largest flux factor whose maximum-entropy distribution has its density and flux in
        the discrete sums within 1e-12, for any axis; measured when the grid is made.
    """

    vectors: np.ndarray
    weights: np.ndarray
    limit: float


def sphere_quadrature(n_polar: int, n_azimuth: int) -> tuple[np.ndarray, np.ndarray]:
    """Product rule on the full sphere: Gauss-Legendre in the cosine, uniform in the azimuth.

    Parameters
    ----------
    n_polar, n_azimuth : int
        Numbers of nodes.

    Returns
    -------
    vectors : ndarray (n_polar * n_azimuth, 3)
        Unit vectors; the azimuth varies fastest.
    weights : ndarray (n_polar * n_azimuth,)
        Weights that sum to 1.
    """
    cosine, weight = np.polynomial.legendre.leggauss(n_polar)
    azimuth = 2.0 * np.pi * (np.arange(n_azimuth) + 0.5) / n_azimuth
    sine = np.sqrt(1.0 - cosine * cosine)
    vectors = np.stack(
        [
            np.outer(sine, np.cos(azimuth)),
            np.outer(sine, np.sin(azimuth)),
            np.outer(cosine, np.ones(n_azimuth)),
        ],
        axis=-1,
    )
    return vectors.reshape(-1, 3), np.repeat(0.5 * weight / n_azimuth, n_azimuth)


def _axes(n_component: int) -> np.ndarray:
    if n_component == 1:
        return np.ones((1, 1))
    # a spiral: evenly spread, no symmetry of the grid
    step = np.arange(_TRIED) + 0.5
    cosine = 1.0 - 2.0 * step / _TRIED
    azimuth = np.pi * (1.0 + np.sqrt(5.0)) * step
    sine = np.sqrt(1.0 - cosine * cosine)
    return np.stack([sine * np.cos(azimuth), sine * np.sin(azimuth), cosine], axis=1)


def _flux_error(vectors, weights, axes, flux) -> float:
    """Largest error of the discrete flux factor of beams of flux factor ``flux``."""
    z = float(flux_parameter(flux))
    beams = weights[:, None] * np.exp(z * (vectors @ axes.T - 1.0))
    return float(np.abs(vectors.T @ beams / beams.sum(axis=0) - flux * axes.T).max())


@lru_cache(maxsize=16)
def direction_grid(n_mu: int, n_component: int) -> DirectionGrid:
    """Gauss-Legendre nodes in mu, or on the sphere with 2 ``n_mu`` azimuths each.

    Parameters
    ----------
    n_mu : int
        Nodes in the polar cosine, at least 4.
    n_component : {1, 3}
        Components of the flux.
    """
    if n_component == 1:
        mu, weights = np.polynomial.legendre.leggauss(n_mu)
        vectors, weights = np.ascontiguousarray(mu[:, None]), 0.5 * weights
    else:
        vectors, weights = sphere_quadrature(n_mu, 2 * n_mu)
    axes = _axes(n_component)
    low, high = 0.0, FLUX_MAX
    for _ in range(30):
        middle = 0.5 * (low + high)
        if _flux_error(vectors, weights, axes, middle) < RESOLVED:
            low = middle
        else:
            high = middle
    return DirectionGrid(vectors, weights, low)
