"""Set-ups that several problems share: the golden box, and gases without angles.

The golden box has the angular distributions of the code comparison of Richers et al. (2022,
PRD 106, 043011): G = g(v; 0.6), Gbar = 0.9 g(v; 0.53) with Gaussians g around v = 1, lengths and
times in 1/mu = 1 cm.
"""

from __future__ import annotations

import math
import warnings

import numpy as np
import xarray as xr

from qkepipe.constants import HBAR_C, PHASE_SPACE, SQRT2_GF
from qkepipe.solvers.spectral import flavour_vectors, run_spectral_box
from qkepipe.species import SPECIES

__all__ = ["flowing_gas", "gas", "gaussian_densities", "golden_run", "packet", "splitting"]


def _gaussian(v: np.ndarray, width: float) -> np.ndarray:
    norm = width * math.sqrt(math.pi / 2) * math.erf(math.sqrt(2) / width)
    return np.exp(-((v - 1) ** 2) / (2 * width**2)) / norm


def gaussian_densities(n_v: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Densities per d(mu)/2 [cm^-3] of nue and nuebar, midpoints and weights dmu/2 of the bins."""
    v = -1 + (np.arange(n_v) + 0.5) * 2 / n_v
    density = 2 * np.stack([_gaussian(v, 0.6), 0.9 * _gaussian(v, 0.53)]) / SQRT2_GF
    return density, v, np.full(n_v, 1 / n_v)


def packet(z: np.ndarray) -> np.ndarray:
    """Seed of the problem P2."""
    return 1e-6 * np.exp(-(z**2) / 50)


def golden_run(seed, cells: int, times, n_v: int = 32, length: float = 256.0, **options):
    """Golden box with the seed e(z) of both sectors (:func:`run_spectral_box`)."""
    density, v, weight = gaussian_densities(n_v)
    z = (np.arange(cells) - cells / 2 + 0.5) * length / cells
    vectors = flavour_vectors(seed(z), n_v)
    with warnings.catch_warnings():
        # that a box is unresolved is what some of these figures show
        warnings.simplefilter("ignore", UserWarning)
        return run_spectral_box(
            vectors, vectors, density, v, weight, length=length, times=times, **options
        )


def gas(occupations, potential: float = 1.0) -> xr.Dataset:
    """Isotropic gas of one energy for ``run_homogeneous``.

    Parameters
    ----------
    occupations : sequence of 4 float
        nue, nuebar, nux, nuxbar.
    potential : float
        sqrt(2) G_F n at an occupation of 1 [cm^-1].
    """
    edge = (3.0 * potential / SQRT2_GF / PHASE_SPACE) ** (1.0 / 3.0)
    return xr.Dataset(
        {"f": (("species", "energy", "mu"), np.reshape(occupations, (4, 1, 1)).astype(float))},
        coords={
            "species": list(SPECIES),
            "energy_edge": ("energy_edge", [0.0, edge]),
            "mu_edge": ("mu_edge", [-1.0, 1.0]),
        },
    )


def flowing_gas(ratio: float, directions: int, potential: float) -> xr.Dataset:
    """Gas of nue and ``ratio`` times as many nuebar, both of flux factor 0.3.

    Parameters
    ----------
    ratio : float
    directions : int
        Bins of equal width.
    potential : float
        sqrt(2) G_F n_nue [cm^-1].
    """
    edges = np.linspace(-1.0, 1.0, directions + 1)
    shape = 0.5 * (1.0 + 3.0 * 0.3 * 0.5 * (edges[1:] + edges[:-1]))
    f = np.zeros((4, 1, directions))
    f[0], f[1] = shape, ratio * shape
    # half of the states are occupied
    field = gas([0.0] * 4, potential=2.0 * potential).drop_dims(["mu", "mu_edge"])
    return field.assign_coords(mu_edge=("mu_edge", edges)).assign(
        f=(("species", "energy", "mu"), f)
    )


def splitting(omega: float, field: xr.Dataset) -> float:
    """dm^2 [eV^2] with dm^2/(2 E) = omega [cm^-1] at the energy of a gas."""
    low, high = field["energy_edge"].values
    centre = 0.75 * (high**4 - low**4) / (high**3 - low**3)
    return omega * 2.0 * HBAR_C * centre * 1e12
