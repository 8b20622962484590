"""The shell of ``test_sphere_onset``: nue and nuebar stream outward from 50 km into nothing."""

import numpy as np
import xarray as xr

from qkepipe.phasespace import angle_grid, energy_grid
from qkepipe.solvers.steady import steady_field
from qkepipe.species import SPECIES


def make_shell(cells):
    """Background and its classical field f[species, energy, mu, r]."""
    energy, angle = energy_grid(np.array([5.0, 15.0])), angle_grid(24)
    edges = np.linspace(50e5, 60e5, cells + 1)
    outward = np.where(angle.centres > 0.0, 1.0, 0.0)
    shape = np.stack([outward, 2.0 * angle.centres * outward, 0.0 * outward, 0.0 * outward])
    shape *= 6.6e32 / (energy.weights[0] * (shape[0] @ angle.weights))
    over, zero = ("species", "energy", "r"), np.zeros((4, 1, cells))
    background = xr.Dataset(
        {
            "rho": ("r", np.full(cells, 1e10)),
            "ye": ("r", np.full(cells, 0.3)),
            "inflow": (("species", "energy", "mu"), shape[:, None]),
            **dict.fromkeys(
                ("absorption", "emissivity", "scattering", "scattering_transport"), (over, zero)
            ),
        },
        coords={
            "species": list(SPECIES),
            "energy": energy.centres, "energy_edge": ("energy_edge", energy.edges),
            "mu": angle.centres, "mu_edge": ("mu_edge", angle.edges),
            "r": 0.5 * (edges[1:] + edges[:-1]), "r_edge": ("r_edge", edges),
        },
    )  # fmt: skip
    field = steady_field(background)["f"].transpose("species", "energy", "mu", "r").values
    return background, field
