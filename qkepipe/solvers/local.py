"""Late state of fast conversion in a local box around one cell: what prescriptions predict.

The box is periodic and homogeneous but for a seed of random phases; vacuum and matter terms and
collisions are left out, which are slower than fast conversion by orders of magnitude. Its size,
resolution and duration follow the fastest mode of the dispersion relation.

All flavour vectors of a direction start from one angle and turn alike, so that one vector of length
1 stands for all of them (:mod:`qkepipe.solvers.spectral`). Where flavour waves cascade to the grid
the means of the late state are still right (docs/physics/boxes.md), which is all that is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from qkepipe.constants import SQRT2_GF
from qkepipe.errors import Defect, QkepipeError
from qkepipe.solvers.seeds import seed_profile
from qkepipe.solvers.spectral import flavour_vectors
from qkepipe.solvers.trajectory import trajectory
from qkepipe.species import SPECIES
from qkepipe.stability import analyse

__all__ = ["LocalRun", "local_box", "local_boxes"]

#: Largest width of a cell in units of 1/potential: unstable waves are not much shorter than that.
_WIDTH = 1.0
#: Fewest cells: random phases are smoothed over some of them.
_FEWEST = 32
#: Modulus of the seed, and states in the mean, half an e-fold or more apart.
_SEED, _STATES = 1e-3, 20
#: Error of the run relative to the coherence. With 0.1 steps are as long as cells allow, and
#: flavour vectors of a slowly growing box became twice as long.
_TOLERANCE = 0.01
#: Largest length of a flavour vector, 1 but for what Fourier interpolation makes of structure on
#: the grid: up to 1.11 in boxes that agree with finer steps.
_LENGTH = 1.25


@dataclass(frozen=True)
class LocalRun:
    """Angular distributions (4, n_mu) of a cell [cm^-3], random seed, and name in the log."""

    density: np.ndarray
    random_seed: int
    label: str


def local_boxes(edges: np.ndarray, runs: Sequence[LocalRun]) -> list[xr.Dataset | QkepipeError]:
    """Evolve several boxes, one after the other.

    Parameters
    ----------
    edges : ndarray (n_mu + 1,)
    runs : sequence of LocalRun

    Returns
    -------
    list of Dataset or QkepipeError
        Of :func:`local_box`, or why there is none.
    """
    found: list[xr.Dataset | QkepipeError] = []
    for run in runs:
        try:
            found.append(local_box(edges, run.density, random_seed=run.random_seed))
        except QkepipeError as error:
            found.append(error)
    return found


def local_box(
    edges: np.ndarray,
    density: np.ndarray,
    *,
    waves: int = 24,
    cells_per_wave: int = 16,
    efolds: float = 60.0,
    most_cells: int = 4096,
    random_seed: int = 1,
) -> xr.Dataset:
    """Evolve the angular distributions of a cell to their late state.

    Parameters
    ----------
    edges : ndarray (n_mu + 1,)
        Edges of the angular bins, from -1 to 1.
    density : ndarray (4, n_mu)
        Number density per d(mu)/2 [cm^-3] of nue, nuebar, nux, nuxbar.
    waves : int
        Wavelengths of the fastest mode in the box.
    cells_per_wave : int
        Cells in one of them, at least: their number is a power of two, and no cell is wider than
        1/potential.
    efolds : float
        Duration in e-folds of the fastest mode; the second half enters the mean.
    most_cells : int
        Largest number of cells.
    random_seed : int

    Returns
    -------
    Dataset over ``mu``
        ``survival_probability`` of the late state, (1 + k)/2 with k the mean factor on
        f_e - f_x, one for all energies and both sectors as the self-interaction turns them
        alike; ``density`` and ``density_late`` (species, mu) [cm^-3]. Attributes:
        ``growth_rate`` and ``wavenumber`` of the fastest mode [cm^-1], ``length`` [cm],
        ``cells``, ``duration`` [cm].

    Raises
    ------
    QkepipeError
        If nothing grows, the box needs more cells than allowed, or is not resolved.
    """
    density = np.asarray(density, dtype=float)
    half = 0.5 * np.diff(edges)
    g = SQRT2_GF * half * (density[:2] - density[2:])
    mode = analyse(edges, g[:, None, :])
    if not mode.growth > 0.0:
        raise QkepipeError(
            Defect("local box", "density", "no fast mode grows", "a crossing of ELN-XLN")
        )
    eln = g[0] - g[1]
    wavenumber = mode.kappa + float(eln @ (0.5 * (edges[1:] + edges[:-1])))
    scale = max(abs(wavenumber), mode.growth)
    length = 2.0 * np.pi * waves / scale
    widest = min(2.0 * np.pi / (scale * cells_per_wave), _WIDTH / float(np.abs(eln).sum()))
    cells = 2 ** int(np.ceil(np.log2(max(_FEWEST, length / widest * (1.0 - 1e-12)))))
    if cells > most_cells:
        raise QkepipeError(
            Defect("local box", "cells", f"{cells} cells for {waves} wavelengths",
                   f"at most {most_cells}", "fewer wavelengths")
        )  # fmt: skip
    duration = efolds / mode.growth
    centre = 0.5 * (edges[1:] + edges[:-1])
    z = (np.arange(cells) + 0.5) * (length / cells)
    start = flavour_vectors(_SEED * seed_profile("noise", z, random_seed), centre.size)
    late = np.linspace(0.5 * duration, duration, _STATES + 1)[1:]
    kept = np.zeros(centre.size)
    for state in trajectory(start, centre, eln, length=length, times=late, tolerance=_TOLERANCE):
        size = float(np.sqrt(np.sum(state.vectors**2, axis=1).max()))
        if size > _LENGTH:
            raise QkepipeError(
                Defect("local box", "density", f"flavour vectors grow to a length of {size:.2f}",
                       "a late state that the grid resolves", "more cells per wave")
            )  # fmt: skip
        kept += state.vectors[:, 2].mean(axis=0) / _STATES
    survival = 0.5 * (1.0 + kept)
    mixed = np.concatenate([survival * density[:2] + (1.0 - survival) * density[2:],
                            survival * density[2:] + (1.0 - survival) * density[:2]])  # fmt: skip
    return xr.Dataset(
        {
            "survival_probability": ("mu", survival, {"units": "1"}),
            "density": (("species", "mu"), density, {"units": "cm-3"}),
            "density_late": (("species", "mu"), mixed, {"units": "cm-3"}),
        },
        coords={
            "mu": ("mu", centre, {"units": "1"}),
            "mu_edge": ("mu_edge", np.asarray(edges)),
            "species": list(SPECIES),
        },
        attrs={
            "growth_rate": mode.growth, "wavenumber": wavenumber, "length": length,
            "cells": cells, "duration": duration,
        },
    )  # fmt: skip
