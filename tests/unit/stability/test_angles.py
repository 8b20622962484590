"""Angular distribution of one cell, against closed forms."""

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT, HBAR_C
from qkepipe.stability.angles import eln_xln

SPECIES = ["nue", "nuebar", "nux", "nuxbar"]
E_EDGE = np.array([5.0, 15.0])
#: States per volume of one group, int E^2 dE/(2 pi^2 (hbar c)^3) [cm^-3].
STATES = np.diff(E_EDGE**3)[0] / (6.0 * np.pi**2 * HBAR_C**3)
U = 0.5


def two_beams(nue, nuebar):
    """Neutrinos at mu = 1/2 and antineutrinos at -1/2, in the second of two cells."""
    f = np.zeros((4, 1, 2, 2))
    f[0, 0, 1, 1], f[1, 0, 0, 1] = nue, nuebar
    return xr.Dataset(
        {"f": (("species", "energy", "mu", "r"), f)},
        coords={
            "species": SPECIES, "energy": [10.0], "mu": [-U, U], "r": [1e6, 2e6],
            "energy_edge": E_EDGE, "mu_edge": [-1.0, 0.0, 1.0],
        },
    )  # fmt: skip


def test_distribution_of_bins():
    g = eln_xln(two_beams(1e-3, 8e-4), {"r": 1})
    np.testing.assert_allclose(g, STATES * np.array([-8e-4, 1e-3]), rtol=1e-12)
    np.testing.assert_allclose(g["mu"], [-U, U])


def test_distribution_of_moments_has_their_density_and_flux():
    """One cell of many in (theta, r); of largest entropy: n Z/sinh(Z) exp(Z mu)."""
    number, z = np.array([3e32, 2e32, 1e32, 1e32]), np.array([1.0, 2.0, 3.0, 3.0])
    flux = number * (1.0 / np.tanh(z) - 1.0 / z) * C_LIGHT
    dims = ("species", "theta", "r")
    shape = np.ones((1, 2, 3))
    field = xr.Dataset(
        {
            "nu_number_density": (dims, number[:, None, None] * shape),
            "nu_number_flux": (dims, flux[:, None, None] * shape),
        },
        coords={"species": SPECIES, "theta": [1.0, 2.0], "r": [1e6, 2e6, 3e6]},
    )
    g = eln_xln(field, {"theta": 1, "r": 2})
    mu = g["mu"].values
    expected = sum(
        s * n * k / np.sinh(k) * np.exp(k * mu)
        for s, n, k in zip((1, -1, -1, 1), number, z, strict=True)
    )
    np.testing.assert_allclose(g, expected, rtol=1e-9)
