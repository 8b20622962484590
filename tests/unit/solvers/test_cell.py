"""A cell of a field, of occupations or of moments, starts every local solver."""

import numpy as np
import pytest
import xarray as xr

from qkepipe.constants import C_LIGHT, SQRT2_GF
from qkepipe.errors import QkepipeError
from qkepipe.phasespace import (
    angle_grid,
    energy_grid,
    geometric_energy_edges,
    number_density,
    number_flux,
)
from qkepipe.solvers import (
    cell_state,
    run_box,
    run_homogeneous,
    run_moment_box,
    run_spectral_box,
    run_two_beams,
)
from qkepipe.solvers.spectral import flavour_vectors
from qkepipe.species import SPECIES, SPECIES6

ENERGY, ANGLE = energy_grid(geometric_energy_edges(4, 8.0, 60.0)), angle_grid(8)
LAPSE = np.array([0.8, 0.85, 0.9])


def occupations():
    """f(species, energy, mu, r): nuebar forward of nue."""
    level = np.array([1.0, 1.2, 0.5, 0.5])[:, None, None, None] * [3e-3, 2e-3, 1e-3]
    z = np.array([0.3, 1.1, 1.3, 1.3])[:, None]
    shape = np.exp(z * (ANGLE.centres - 1.0))[:, None]
    return level * shape[..., None] * np.exp(-ENERGY.centres / 6.0)[:, None, None]


def of_angles(lapse=True):
    field = xr.Dataset(
        {
            "f": (("species", "energy", "mu", "r"), occupations()),
            "absorption": (("species", "energy", "r"), np.full((4, 4, 3), 1e-6)),
            "emissivity": (("species", "energy", "r"), np.full((4, 4, 3), 1e-3)),
        },
        coords={
            "species": list(SPECIES), "energy_edge": ENERGY.edges, "mu_edge": ANGLE.edges,
            "r": [3e6, 4e6, 5e6],
        },
    )  # fmt: skip
    return field.assign(lapse=("r", LAPSE)) if lapse else field


def of_moments(by_energy):
    """Number density and flux of the same field, at rest in flat space."""
    f = occupations()
    weight = (ENERGY.weights[:, None] * ANGLE.weights)[:, :, None]
    axis = 2 if by_energy else (1, 2)
    number = (weight * f).sum(axis=axis)
    flux = C_LIGHT * (weight * ANGLE.centres[:, None] * f).sum(axis=axis)
    dims = ("species", "energy", "r") if by_energy else ("species", "r")
    field = xr.Dataset(
        {"nu_number_density": (dims, number), "nu_number_flux": (dims, flux)},
        coords={"species": list(SPECIES), "r": [3e6, 4e6, 5e6]},
    )
    if by_energy:
        field = field.assign_coords(
            energy=("energy", ENERGY.centres), energy_edge=("energy_edge", ENERGY.edges)
        )
    return field


def test_a_cell_of_occupations():
    """Sums over groups, in the frame of a local observer: lapse^-3."""
    cell = cell_state(of_angles(), r=1)
    f = occupations()[..., 1]
    scale = LAPSE[1] ** -3
    expected = scale * np.einsum("e,sem->sm", ENERGY.weights, f)
    np.testing.assert_allclose(cell["density"], expected, rtol=1e-13)
    moments = f[..., None]
    np.testing.assert_allclose(
        cell["number"], scale * number_density(moments, ENERGY, ANGLE)[..., 0], rtol=1e-13
    )
    np.testing.assert_allclose(
        cell["flux"], scale * number_flux(moments, ENERGY, ANGLE)[..., 0] / C_LIGHT, rtol=1e-13
    )
    np.testing.assert_array_equal(cell["f"], f)
    total, part = cell["total"].values, cell["polarization"].values
    np.testing.assert_allclose(total * (1 + part) / 2, expected[:2], rtol=1e-13)
    np.testing.assert_allclose(total * (1 - part) / 2, expected[2:], rtol=1e-13)
    lepton = SQRT2_GF * (cell["number"].values @ [1, -1, -1, 1])
    assert float(cell["potential"].sum()) == pytest.approx(lepton, rel=1e-12)


@pytest.mark.parametrize("by_energy", [False, True])
def test_a_cell_of_moments_has_them(by_energy):
    """Distributions of largest entropy, whatever the field was; groups have theirs."""
    field = of_moments(by_energy)
    cell = cell_state(field, r=2)
    there = field.isel(r=2)
    if by_energy:
        groups = (cell["f"].values * ENERGY.weights[:, None]) @ (0.5 * np.diff(cell["mu_edge"]))
        np.testing.assert_allclose(groups, there["nu_number_density"], rtol=2e-4)
        there = there.sum("energy")
    else:
        assert "f" not in cell
    np.testing.assert_allclose(cell["number"], there["nu_number_density"], rtol=2e-4)
    np.testing.assert_allclose(cell["flux"], there["nu_number_flux"] / C_LIGHT, rtol=5e-3)


def test_every_solver_starts_from_it():
    """The lepton number of its first sample is that of the cell."""
    cell = cell_state(of_angles(), r=0)
    number = cell["number"].values
    lepton, total = number @ [1, -1, -1, 1], number.sum()
    size = 1.0 / (SQRT2_GF * total)
    box = run_box(
        cell["density"].values, cell["mu_edge"].values, length=10 * size, cells=32,
        duration=size, samples=2,
    )  # fmt: skip
    moments = run_moment_box(
        number, cell["flux"].values, closure="trace_minerbo", length=10 * size, cells=32,
        duration=size, samples=2,
    )  # fmt: skip
    weight = 0.5 * np.diff(cell["mu_edge"])
    vectors = flavour_vectors(np.full(32, 1e-6), weight.size)
    nu, nubar = (vectors * share for share in cell["polarization"].values)
    spectral = run_spectral_box(
        nu, nubar, cell["total"].values, cell["mu"].values, weight, length=10 * size,
        times=[0.0, size],
    )  # fmt: skip
    for run in (box, moments, spectral):
        assert float(run["lepton_number"][0]) == pytest.approx(lepton, abs=1e-9 * total)
    gas = run_homogeneous(cell, [0.0, 1e-9], vacuum=None)
    np.testing.assert_allclose(gas["number_density"][0], number, rtol=1e-12)
    assert float(gas["lepton_number"][0]) == pytest.approx(lepton, abs=1e-9 * total)
    beams = run_two_beams(cell["potential"].values, length=10 * size, cells=80, duration=size)
    assert np.isfinite(beams["coherence"]).all()


def test_six_species_become_four():
    f = occupations()[[0, 1, 2, 3, 2, 3]]
    f[2] *= 1.5
    f[4] *= 0.5
    field = of_angles().drop_vars(["f", "absorption", "emissivity", "species"])
    field = field.assign_coords(species=list(SPECIES6))
    field["f"] = (("species", "energy", "mu", "r"), f)
    np.testing.assert_allclose(
        cell_state(field, r=1)["density"], cell_state(of_angles(), r=1)["density"], rtol=1e-13
    )


def test_a_bad_cell_elsewhere_does_no_harm():
    field = of_angles()
    field["f"][..., 0] = np.nan
    xr.testing.assert_identical(cell_state(field, r=1), cell_state(of_angles(), r=1))


def broken(value):
    field = of_angles()
    field["f"][..., 1] = value
    return field


@pytest.mark.parametrize(
    "field, index, line",
    [
        (of_angles(), {"r": 3}, "cell: r: no cell 3; expected 0 to 2"),
        (of_angles(), {"r": -1}, "cell: r: no cell -1; expected 0 to 2"),
        (of_angles(), {"r": 4e6}, "cell: r: no cell 4000000.0; expected 0 to 2"),
        (of_angles(), {}, "cell: r: no cell given; expected r=0 to 2"),
        (of_angles(), {"r": 1, "theta": 0}, "cell: theta: no axis of the field; expected r"),
        (broken(np.nan), {"r": 1}, "cell: f: not finite at r = 1; expected a cell with a field"),
        (broken(0.0), {"r": 1}, "cell: density: no neutrinos at r = 1"),
        (of_angles().drop_vars("f"), {"r": 1}, "cell: f: missing; expected f, or nu_number"),
    ],
)
def test_bad_cells_are_one_line(field, index, line):
    with pytest.raises(QkepipeError) as caught:
        cell_state(field, **index)
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)
