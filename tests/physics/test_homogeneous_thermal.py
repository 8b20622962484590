"""A gas with computed rates ends as Fermi and Dirac say, in all groups of all species.

Temperature, chemical potential and number of groups are those of the public code Emu (test of
Fermi-Dirac occupations, peers assert 1 %). The distribution written here is the expectation;
the rates come from matrix elements of emission or absorption and their detailed balance.
"""

import numpy as np
import pytest
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.opacity import rates
from qkepipe.phasespace import energy_grid, geometric_energy_edges
from qkepipe.solvers import run_homogeneous
from qkepipe.species import SPECIES

T, MU_NUE = 5.02464, -1.640496
#: Groups with centres from 1 MeV, to 280.5 MeV.
EDGES = geometric_energy_edges(18, 4 / 3, 280.5)
PROCESSES = ("beta", "scattering_nucleons", "pair", "bremsstrahlung_hr98")


@pytest.fixture(scope="module")
def weak():
    matter = xr.Dataset(
        {
            "rho": ("r", [1e11]), "temperature": ("r", [T]), "mu_e": ("r", [10.0]),
            "mu_hat": ("r", [10.0 - MU_NUE]), "x_n": ("r", [0.8]), "x_p": ("r", [0.2]),
        }
    )  # fmt: skip
    return rates(matter, energy_grid(EDGES), PROCESSES).isel(r=0)


@pytest.mark.parametrize("start", ["empty", "full", "random"])
@pytest.mark.parametrize("flavors", [2, 3])
def test_equilibrium_is_fermi_dirac(weak, start, flavors):
    """To 1e-10 of every occupation, from 0.9 down to 1e-22.

    The self-interaction is all but off: it does nothing to flavour states but shorten the steps.
    """
    shape = (4, 18, 2)
    f = {"empty": np.zeros(shape), "full": np.ones(shape)}.get(
        start, np.random.default_rng(1).uniform(size=shape)
    )
    gas = xr.Dataset(
        {"f": (("species", "energy", "mu"), f)},
        coords={"species": list(SPECIES), "energy_edge": EDGES, "mu_edge": [-1.0, 0.0, 1.0]},
    ).assign({name: weak[name].drop_vars("energy") for name in ("absorption", "emissivity")})
    slowest = float(weak["absorption"].min())
    # from 1 to 1e-10 of the smallest occupation takes 74 e-folds
    times = [90.0 / slowest / C_LIGHT]
    out = run_homogeneous(gas, times, flavors=flavors, vacuum=None, order=2, xi=1e-20)
    energy = energy_grid(EDGES).centres
    potential = {"nue": MU_NUE, "nuebar": -MU_NUE}
    for name in out["species"].values:
        expected = 1 / (1 + np.exp((energy - potential.get(str(name), 0.0)) / T))
        found = out["f"].sel(species=name).isel(time_sample=0)
        for mu in (0, 1):
            np.testing.assert_allclose(found.isel(mu=mu), expected, rtol=1e-10)
