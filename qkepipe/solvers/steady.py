"""The classical (no-mixing) steady radiation field, solved directly.

Every species and energy is one problem (:mod:`qkepipe.transport.implicit`); species with equal
rates and boundaries (nux and nuxbar without weak magnetism) are solved once.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

from qkepipe.errors import Defect, QkepipeError
from qkepipe.solvers.sphere import (
    Grid,
    equilibrium,
    field_dataset,
    grid_of,
    inflow,
    transport_rates,
)
from qkepipe.species import SPECIES
from qkepipe.transport import geometry
from qkepipe.transport.implicit import solve_steady

__all__ = ["steady_field"]

#: Energies that are solved between two reports of progress.
_PER_REPORT = 4


def steady_field(
    background: xr.Dataset,
    *,
    tolerance: float = 1e-10,
    accept: float = 1e-4,
    most: int = 120,
    progress: Callable[[float, float], None] | None = None,
) -> xr.Dataset:
    """Solve classical transport for its steady state.

    Parameters
    ----------
    background : Dataset
        Kind ``background``.
    tolerance : float
        Aim: largest last correction of the density of any cell, for every species and energy.
    accept : float
        Largest last correction of density and flux of a species, all energies together, with
        which a field is given out.
    most : int
        Largest number of corrections of one species and energy.
    progress : callable, optional
        Called with the fraction done and 0, as nothing moves in time.

    Returns
    -------
    Dataset
        Kind ``baseline``: ``f`` and the attributes ``residual`` (largest last correction of the
        density of a species), ``corrections`` (largest number) and ``unsettled`` (species and
        energies that stopped above ``tolerance``).

    Raises
    ------
    QkepipeError
        If a species does not settle within ``accept``: names species, energy and correction.
    """
    grid = grid_of(background)
    shape = geometry.sphere(grid.radius, grid.angle)
    rates = transport_rates(background)
    f_eq = equilibrium(background)
    inner = inflow(background, grid)
    n_energy, n_mu = inner.shape[1:]
    f = np.empty((4, n_energy, n_mu, grid.radius.centres.size))
    corrections = np.empty((4, n_energy), dtype=int)
    errors = np.empty((4, n_energy))
    for first in range(0, n_energy, _PER_REPORT):
        part = slice(first, min(first + _PER_REPORT, n_energy))
        inputs = [a[:, part] for a in (*rates, f_eq, inner)]
        alone, copies = _distinct(inputs)
        blocks = [np.ascontiguousarray(a[alone].reshape(-1, a.shape[-1])) for a in inputs]
        out = solve_steady(shape, *blocks, tolerance, most)
        for target, values in zip((f, corrections, errors), out, strict=True):
            target[:, part] = values.reshape(len(alone), -1, *values.shape[1:])[copies]
        if progress is not None:
            progress(part.stop / n_energy, 0.0)
    residual = _residual(f, errors, grid)
    if not residual.max() <= accept:
        s = int(np.argmax(residual))
        k = int(np.argmax(errors[s]))
        raise QkepipeError(
            Defect(
                "classical transport",
                f"{SPECIES[s]} at {grid.energy.centres[k]:.4g} MeV",
                f"the steady field does not settle: last correction {errors[s, k]:.2g} of the "
                f"density, {residual[s]:.2g} of all energies together",
                f"below {accept:g}",
                "more radial cells where the opacity changes, or a larger inner radius",
            )
        )
    # where nothing arrives the corrections leave round-off of either sign
    result = field_dataset(np.maximum(f, 0.0), background)
    result.attrs.update(
        scheme="classical",
        residual=float(residual.max()),
        corrections=int(corrections.max()),
        unsettled=int((errors > tolerance).sum()),
    )
    return result


def _distinct(inputs: list[np.ndarray]) -> tuple[list[int], list[int]]:
    """Species with inputs of their own, and for each species the index among them."""
    alone, copies = [], []
    for s in range(4):
        same = (k for k, t in enumerate(alone) if all(np.array_equal(a[s], a[t]) for a in inputs))
        copies.append(next(same, len(alone)))
        if copies[-1] == len(alone):
            alone.append(s)
    return alone, copies


def _residual(f: np.ndarray, errors: np.ndarray, grid: Grid) -> np.ndarray:
    """Largest relative correction of the density of each species, energies weighted, (4,)."""
    density = np.einsum("semr,e,m->ser", np.abs(f), grid.energy.weights, grid.angle.weights)
    total = density.sum(axis=1)
    share = (density * errors[..., None]).sum(axis=1)
    return (share / np.maximum(total, np.finfo(float).tiny)).max(axis=-1)
