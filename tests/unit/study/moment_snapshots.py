"""Small snapshots with moments over several dimensions, with a known unstable region.

Spheres in the centre, free streaming outside: n falls as r^-2 and the flux factor rises. The
antineutrinos are the more forward peaked; there are fewer of them everywhere but within
45 degrees of the axis, where their ratio to the neutrinos lets ELN-XLN change sign.
"""

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT, M_U_GRAM, MEV_ERG
from qkepipe.schema import set_attributes

SPECIES = ["nue", "nuebar", "nux", "nuxbar"]
KM = 1e5
EDGE = np.geomspace(30.0, 300.0, 25) * KM
R = np.sqrt(EDGE[1:] * EDGE[:-1])
MEAN_ENERGY = np.array([11.0, 14.0, 17.0, 17.0])


def spherical(n_theta=8, n_phi=0):
    """Over (theta, r), or (phi, theta, r)."""
    dims, axes = ("theta", "r"), {}
    if n_phi:
        dims = ("phi", *dims)
        axes["phi"] = (np.arange(n_phi) + 0.5) * 2.0 * np.pi / n_phi
    theta_edge = np.linspace(0.0, np.pi, n_theta + 1)
    axes |= {"theta": 0.5 * (theta_edge[1:] + theta_edge[:-1]), "r": R}
    grids = np.meshgrid(*axes.values(), indexing="ij")
    data = fields(dims, grids[-1], grids[-2])
    return data.assign_coords(
        **axes, r_edge=("r_edge", EDGE), theta_edge=("theta_edge", theta_edge)
    )


def fields(dims, r, theta):
    """Matter and moments at radii [cm] and polar angles [rad]."""
    polar = np.abs(np.cos(theta)) > np.cos(np.radians(45.0))
    ratio = np.where(polar, 0.97, 0.5)
    number = np.stack([np.ones_like(r), ratio, 0.4 * np.ones_like(r), 0.4 * np.ones_like(r)])
    number = number * 1e33 * (r / R[0]) ** -2.0
    factor = 1.0 - np.array([0.9, 0.8, 0.7, 0.7]).reshape(4, *[1] * r.ndim) * R[0] / r
    energy = number * MEAN_ENERGY.reshape(4, *[1] * r.ndim) * MEV_ERG
    over = ("species", *dims)
    return xr.Dataset(
        {
            "rho": (dims, 3e11 * (r / R[0]) ** -3.0),
            "temperature": (dims, 4.0 * (r / R[0]) ** -0.8),
            "ye": (dims, np.full(r.shape, 0.15)),
            "nu_number_density": (over, number),
            "nu_number_flux": (over, C_LIGHT * factor * number),
            "nu_energy_density": (over, energy),
            "nu_energy_flux": (over, C_LIGHT * factor * energy),
        },
        coords={"species": SPECIES},
        attrs={"baryon_mass": M_U_GRAM, "frame": "lab", "simulation": "synthetic remnant"},
    )


def polar_share():
    """Share of solid angle within 45 degrees of the axis."""
    return 1.0 - np.cos(np.radians(45.0))


def write(data, path):
    """Write a snapshot in the project's own format."""
    set_attributes(data).to_netcdf(path)
    return path
