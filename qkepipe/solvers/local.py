"""Late state of fast conversion in a local box around one cell: what prescriptions predict.

The box is periodic and homogeneous but for a seed of random phases; vacuum and matter terms and
collisions are left out, which are slower than fast conversion by orders of magnitude. Its size,
resolution and duration follow the fastest mode of the dispersion relation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from qkepipe.constants import SQRT2_GF
from qkepipe.errors import Defect, QkepipeError
from qkepipe.solvers.box import run_box
from qkepipe.stability import analyse

__all__ = ["LocalRun", "local_box", "local_boxes"]

#: Largest angle by which the self-interaction turns a flavour vector in a step.
_TURN = 0.5
#: Fewest cells: random phases are smoothed over some of them.
_FEWEST = 32
#: Courant number of the runs.
_CFL = 0.45


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
    most_cells: int = 4000,
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
        Cells in one of them; more where the self-interaction asks for shorter steps.
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
        If nothing grows, or the box needs more cells than allowed.
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
    longest = min(2.0 * np.pi / (scale * cells_per_wave), _TURN / (_CFL * float(np.abs(eln).sum())))
    cells = max(_FEWEST, int(np.ceil(length / longest)))
    if cells > most_cells:
        raise QkepipeError(
            Defect("local box", "cells", f"{cells} cells for {waves} wavelengths",
                   f"at most {most_cells}", "fewer wavelengths")
        )  # fmt: skip
    duration = efolds / mode.growth
    box = run_box(
        density, edges, length=length, cells=cells, duration=duration, wavenumber=None,
        random_seed=random_seed, seed_amplitude=1e-3, samples=100, average_from=0.5, cfl=_CFL,
    )  # fmt: skip
    late = box["density_mean"].mean("z").values
    before, after = density[:2] - density[2:], late[:2] - late[2:]
    size = np.abs(before).sum(axis=0)
    kept = np.divide(
        (np.sign(before) * after).sum(axis=0), size, out=np.ones_like(size), where=size > 0.0
    )
    species = box["species"]
    return xr.Dataset(
        {
            "survival_probability": ("mu", 0.5 * (1.0 + kept), {"units": "1"}),
            "density": (("species", "mu"), density, {"units": "cm-3"}),
            "density_late": (("species", "mu"), late, {"units": "cm-3"}),
        },
        coords={"mu": box["mu"], "mu_edge": ("mu_edge", np.asarray(edges)), "species": species},
        attrs={
            "growth_rate": mode.growth, "wavenumber": wavenumber, "length": length,
            "cells": cells, "duration": duration,
        },
    )  # fmt: skip
