"""Steady balance of number and energy: what flows through spheres against what matter makes.

In a steady state d(4 pi r^2 a F_n)/dr = 4 pi r^2 X a S_n and d(4 pi r^2 a^2 F_E)/dr =
4 pi r^2 X a^2 S_E, with the source S = int (j - c kappa* f) over the local phase space of both
flavours of a sector: mixing moves particles between nue and nux but makes none. In energies
at infinity both say that the number of each group changes between the edges of a cell by
what the cell makes per coordinate time. The flows are those of the transport operator, so
that the monitor shows unsteadiness, of averages also the nonlinearity of the limiter.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT, MEV_ERG
from qkepipe.diagnostics.heating import mean_occupation
from qkepipe.solvers.sphere import Grid, equilibrium, flows, grid_of, transport_rates
from qkepipe.species import FLAVOR_PAIRS
from qkepipe.transport.geometry import sphere
from qkepipe.transport.moving import moving_source

__all__ = ["steady_balance"]


def steady_balance(f: np.ndarray, background: xr.Dataset, moving: bool = False) -> dict[str, float]:
    """Largest violation of the steady balance on the grid.

    Parameters
    ----------
    f : ndarray (4, n_energy, n_mu, n_r)
        Steady or time-averaged field.
    background : Dataset
        Kind ``background``.
    moving : bool
        Whether the field is that of a fluid moving with ``velocity_r``; what that adds to the
        collisions (:mod:`qkepipe.transport.moving`) is then a source as well.

    Returns
    -------
    dict
        ``number`` and ``energy``: the larger value of neutrinos and antineutrinos of
        max |L(edge) - L(first edge) - sum of sources between| / max |L|, seen from infinity.
    """
    grid = grid_of(background)
    order = ("species", "energy", "r")
    absorption = background["absorption"].transpose(*order).values
    emission = background["emissivity"].transpose(*order).values
    rate = emission - C_LIGHT * absorption * mean_occupation(f, grid.angle)
    volume = 4.0 * np.pi * sphere(grid.radius, grid.angle).volume
    rate = rate * grid.lapse
    if moving:
        rate = rate + _of_motion(f, background, grid)
    made = grid.energy.weights[:, None] * rate * volume
    through = flows(f, background)
    out = {}
    for name, energy in (
        ("number", np.ones(grid.energy.centres.size)),
        ("energy", MEV_ERG * grid.energy.centres),
    ):
        worst = 0.0
        for pair in FLAVOR_PAIRS:
            flow = np.einsum("ser,e->r", through[list(pair)], energy)
            source = np.einsum("ser,e->r", made[list(pair)], energy)
            miss = flow[1:] - flow[0] - np.cumsum(source)
            scale = np.abs(flow).max()
            if scale > 0.0:
                worst = max(worst, float(np.abs(miss).max() / scale))
        out[name] = worst
    return out


def _of_motion(f: np.ndarray, background: xr.Dataset, grid: Grid) -> np.ndarray:
    """Mean over directions of what the motion of the fluid adds to df/dt [s^-1], (4, e, r)."""
    beta = background["velocity_r"].values / C_LIGHT
    absorption, _, chi_tr = transport_rates(background)
    f_eq = equilibrium(background)
    added = [
        moving_source(f[s], beta, absorption[s], chi_tr[s], f_eq[s], grid.energy, grid.angle)
        for s in range(len(f))
    ]
    return C_LIGHT * mean_occupation(np.stack(added), grid.angle)
