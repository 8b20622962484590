"""The classical (no-mixing) steady radiation field, solved directly.

Every species and energy is one problem (:mod:`qkepipe.transport.implicit`); species with equal
rates and boundaries (nux and nuxbar without weak magnetism) are solved once. In a moving fluid
(:mod:`qkepipe.transport.moving`) energies couple weakly: the terms of order v/c are taken from the
field before, until it no longer changes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.errors import Defect, QkepipeError
from qkepipe.phasespace import number_density
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
from qkepipe.transport.moving import moving_source

__all__ = ["steady_field"]

#: Energies that are solved between two reports of progress.
_PER_REPORT = 4
#: Rounds in which the field follows the motion of the fluid, and change of the density of a
#: species in the last one.
_ROUNDS, _FOLLOWED = 12, 1e-6


def steady_field(
    background: xr.Dataset,
    *,
    moving: bool = False,
    tolerance: float = 1e-10,
    accept: float = 1e-3,
    most: int = 120,
    progress: Callable[[float, float], None] | None = None,
) -> xr.Dataset:
    """Solve classical transport for its steady state.

    Parameters
    ----------
    background : Dataset
        Kind ``background``.
    moving : bool
        Whether the fluid moves with ``velocity_r`` of the background, to first order in v/c, or
        is at rest.
    tolerance : float
        Aim: largest last correction of the density of any cell, for every species and energy.
    accept : float
        Largest last correction of the density of a species, all energies together, with which a
        field is given out (at least ``tolerance``). Energies far beyond the spectrum, where the
        source changes by orders of magnitude from cell to cell, need not settle: of their
        fields the one with the smallest last correction is given out.
    most : int
        Largest number of corrections of one species and energy.
    progress : callable, optional
        Called with the fraction done and 0, as nothing moves in time.

    Returns
    -------
    Dataset
        Kind ``baseline``: ``f`` and the attributes ``residual`` (largest last correction of the
        density of a species), ``corrections`` (largest number), ``unsettled`` (species and
        energies that stopped above ``tolerance``) and ``fluid``.

    Raises
    ------
    QkepipeError
        If a species does not settle within ``accept``: names species, energy and correction.
    """
    grid = grid_of(background)
    shape = geometry.sphere(grid.radius, grid.angle)
    inputs = [*transport_rates(background), equilibrium(background), inflow(background, grid)]
    alone, copies = _distinct(inputs)
    inputs = [a[alone] for a in inputs]
    n_energy = inputs[0].shape[1]
    f = np.empty((len(alone), *inputs[4].shape[1:], grid.radius.centres.size))
    corrections = np.zeros(f.shape[:2], dtype=int)
    errors = np.empty((*f.shape[:2], f.shape[-1]))

    def solve(part, more=None, start=None):
        blocks = [np.ascontiguousarray(a[:, part].reshape(-1, a.shape[-1])) for a in inputs]
        extra = [None if a is None else a[:, part].reshape(-1, *a.shape[2:]) for a in (more, start)]
        found = solve_steady(shape, *blocks, tolerance, most, *extra)
        for target, values in zip((f, corrections, errors), found, strict=True):
            target[:, part] = values.reshape(len(alone), -1, *values.shape[1:])

    share = 0.5 if moving else 1.0
    for first in range(0, n_energy, _PER_REPORT):
        part = slice(first, min(first + _PER_REPORT, n_energy))
        solve(part)
        if progress is not None:
            progress(share * part.stop / n_energy, 0.0)
    if moving:
        beta = background["velocity_r"].values / C_LIGHT
        _follow(f, beta, inputs, grid, lambda more: solve(slice(0, n_energy), more, f.copy()))
        if progress is not None:
            progress(1.0, 0.0)
    f, corrections, errors = f[copies], corrections[copies], errors[copies]
    residual = _residual(f, errors, grid)
    if not residual.max() <= max(accept, tolerance):
        s = int(np.argmax(residual))
        worst = errors[s].max(axis=-1)
        k = int(np.argmax(worst))
        raise QkepipeError(
            Defect(
                "classical transport",
                f"{SPECIES[s]} at {grid.energy.centres[k]:.4g} MeV",
                f"the steady field does not settle: last correction {worst[k]:.2g} of the "
                f"density, {residual[s]:.2g} of all energies together",
                f"below {accept:g}",
                "more radial cells where the opacity changes, or a larger inner radius",
            )
        )
    # where nothing arrives the corrections leave round-off of either sign
    result = field_dataset(np.maximum(f, 0.0), background)
    result.attrs.update(
        scheme="classical",
        fluid="moving, first order in v/c" if moving else "at rest",
        residual=float(residual.max()),
        corrections=int(corrections.max()),
        unsettled=int((errors.max(axis=-1) > tolerance).sum()),
    )
    return result


def _follow(f: np.ndarray, beta: np.ndarray, inputs, grid: Grid, solve) -> None:
    """Let the field f(species, energy, mu, r) follow the fluid; ``solve`` renews it in place."""
    absorption, _, chi_tr, f_eq, _ = inputs
    density = number_density(f, grid.energy, grid.angle)
    for _ in range(_ROUNDS):
        solve(
            np.stack(
                [
                    moving_source(
                        f[s], beta, absorption[s], chi_tr[s], f_eq[s], grid.energy, grid.angle
                    )
                    for s in range(len(f))
                ]
            )
        )
        before, density = density, number_density(f, grid.energy, grid.angle)
        change = np.abs(density / before - 1.0)
        if change.max() < _FOLLOWED:
            return
    s, i = np.unravel_index(int(np.argmax(change)), change.shape)
    raise QkepipeError(
        Defect(
            "classical transport",
            f"cell [{i}]",
            f"the field does not follow the fluid (v/c = {beta[i]:.3g}): the density still "
            f"changes by {change[s, i]:.2g}",
            f"below {_FOLLOWED:g}",
            "a larger grid.r_in_km, or background.fluid: rest",
        )
    )


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
    share = (density * errors).sum(axis=1)
    return (share / np.maximum(total, np.finfo(float).tiny)).max(axis=-1)
