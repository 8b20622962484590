"""Difference between the classical field and given moments."""

import numpy as np
import pytest
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.diagnostics.given import moments_difference
from qkepipe.phasespace import angle_grid, energy_grid
from qkepipe.species import SPECIES

EDGES, ANGLE, R = np.array([0.0, 5.0, 20.0]), angle_grid(6), np.array([1e6, 2e6, 3e6])
#: Per group [cm^-3], with f = 1/2 inwards-free: only mu > 0 is filled.
WEIGHTS = energy_grid(EDGES).weights


@pytest.fixture
def field():
    f = np.zeros((4, 2, 6, 3))
    f[:, :, ANGLE.centres > 0] = 0.5
    data = xr.Dataset({"f": (("species", "energy", "mu", "r"), f)}, coords={"r": R})
    return data.assign_coords(
        species=list(SPECIES),
        energy_edge=("energy_edge", EDGES),
        mu_edge=("mu_edge", ANGLE.edges),
        r_edge=("r_edge", np.array([0.5e6, 1.5e6, 2.5e6, 3.5e6])),
    )


def given(by_energy, factor):
    """Moments of the field in closed form, divided by a factor per species."""
    forward = ANGLE.centres > 0
    share = 0.5 * np.sum(ANGLE.weights[forward])
    flux = 0.5 * C_LIGHT * np.sum((ANGLE.weights * ANGLE.centres)[forward])
    groups = WEIGHTS if by_energy else np.array([WEIGHTS.sum()])
    scale = np.broadcast_to(np.array(factor)[:, None, None] ** -1.0, (4, groups.size, 3))
    dims = ("species", "energy", "r")
    data = xr.Dataset(
        {
            "nu_number_density": (dims, scale * groups[:, None] * share),
            "nu_number_flux": (dims, scale * groups[:, None] * flux),
        },
        coords={"species": list(SPECIES)},
    )
    return data if by_energy else data.isel(energy=0)


@pytest.mark.parametrize("by_energy", [True, False])
def test_difference_is_the_ratio_minus_one(field, by_energy):
    factor = [1.0, 1.1, 0.8, 2.0]
    out = moments_difference(field, given(by_energy, factor))
    for name in ("number_density_difference", "number_flux_difference"):
        expected = np.repeat(np.array(factor)[:, None] - 1.0, 3, axis=1)
        np.testing.assert_allclose(out[name], expected, rtol=0, atol=1e-12)
    assert out.attrs["moments_difference_nuebar"] == pytest.approx(0.1)
    assert out.attrs["moments_difference_nux"] == pytest.approx(0.2)


def test_nothing_given_gives_nothing(field):
    assert len(moments_difference(field, xr.Dataset()).data_vars) == 0


def test_cells_without_neutrinos_are_missing(field):
    moments = given(True, [1.0] * 4)
    moments["nu_number_density"][:, :, 1] = 0.0
    out = moments_difference(field, moments)["number_density_difference"]
    assert np.isnan(out.isel(r=1)).all()
    assert np.isfinite(out.isel(r=[0, 2])).all()
