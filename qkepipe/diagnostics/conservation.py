"""Steady balance of number and energy: what flows through spheres against what matter makes.

In a steady state d(4 pi r^2 F)/dr = 4 pi r^2 S with the source S = int (j - c kappa* f)
over the phase space of both flavours of a sector: mixing moves particles between nue and
nux but makes none. The monitor is independent of the solver's own budget, since it uses
the averaged field and centred fluxes; besides unsteadiness it contains the difference
between fluxes of cells and of faces, which vanishes with the cell width and is largest
where the rates jump.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT, MEV_ERG
from qkepipe.diagnostics.heating import mean_occupation
from qkepipe.diagnostics.radiation import luminosity, number_luminosity, outer_face
from qkepipe.solvers.sphere import grid_of
from qkepipe.species import FLAVOR_PAIRS

__all__ = ["steady_balance"]


def steady_balance(f: np.ndarray, background: xr.Dataset) -> dict[str, float]:
    """Largest violation of the steady balance on the grid.

    Parameters
    ----------
    f : ndarray (4, n_energy, n_mu, n_r)
        Steady or time-averaged field.
    background : Dataset
        Kind ``background``.

    Returns
    -------
    dict
        ``number`` and ``energy``: the larger value of neutrinos and antineutrinos of
        max |L(r) - L(first cell) - int S dV| / max |L|.
    """
    grid = grid_of(background)
    order = ("species", "energy", "r")
    absorption = background["absorption"].transpose(*order).values
    emission = background["emissivity"].transpose(*order).values
    rate = emission - C_LIGHT * absorption * mean_occupation(f, grid.angle)
    edges, centres = grid.radius.edges, grid.radius.centres
    reached = 4.0 * np.pi / 3.0 * (centres**3 - edges[:-1] ** 3)
    whole = 4.0 * np.pi / 3.0 * np.diff(edges**3)
    reached[-1] = whole[-1]
    out = {}
    for name, weights, flow in (
        ("number", grid.energy.weights, number_luminosity(f, grid)),
        ("energy", MEV_ERG * grid.energy.weights * grid.energy.centres, luminosity(f, grid)),
    ):
        source = np.einsum("ser,e->sr", rate, weights)
        flow = outer_face(flow, grid.radius)
        worst = 0.0
        for pair in FLAVOR_PAIRS:
            total = flow[list(pair)].sum(axis=0)
            made = source[list(pair)].sum(axis=0)
            to_centre = np.cumsum(made * whole) - made * (whole - reached)
            miss = (total - total[0]) - (to_centre - to_centre[0])
            scale = np.abs(total).max()
            if scale > 0.0:
                worst = max(worst, float(np.abs(miss).max() / scale))
        out[name] = worst
    return out
