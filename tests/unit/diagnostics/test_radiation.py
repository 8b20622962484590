"""Moments against direct sums, and their behaviour in empty cells."""

import numpy as np

from qkepipe.diagnostics import (
    angular_distribution,
    flux_factor,
    flux_mean_energy,
    luminosities,
    mean_energy,
    rms_energy,
    spectrum,
)
from qkepipe.diagnostics.radii import at_radii
from qkepipe.phasespace import angle_grid, energy_grid, radial_grid
from qkepipe.solvers.sphere import Grid, flows, grid_of


def test_luminosity_is_the_sum_over_phase_space(make_background, make_field):
    """Of a smooth field; the first faces see another inflow, the last ones the outflow."""
    background = make_background()
    grid = grid_of(background)
    f = make_field(background)
    outward = 4.0 * np.pi * 2.99792458e10 * grid.angle.weights * grid.angle.centres
    number = np.einsum("semr,e,m->ser", f, grid.energy.weights, outward) * grid.radius.centres**2
    energy = 1.602176634e-6 * grid.energy.centres
    found = luminosities(flows(f, background), grid)
    for got, group in zip(found, (energy, np.ones_like(energy)), strict=True):
        direct = np.einsum("ser,e->sr", number, group)
        np.testing.assert_allclose(got.centre[:, 3:-3], direct[:, 3:-3], rtol=5e-3)
        np.testing.assert_array_equal(got.centre, 0.5 * (got.edge[:, 1:] + got.edge[:, :-1]))
        np.testing.assert_array_equal(got.infinity, got.centre)


def test_one_group_has_its_own_energy(make_background, make_field):
    grid = grid_of(make_background())
    f = make_field(make_background())
    f[:, np.arange(6) != 2] = 0.0
    through = flows(f, make_background())
    through[:, np.arange(6) != 2] = 0.0
    for mean in (mean_energy(f, grid), flux_mean_energy(through, grid)):
        np.testing.assert_allclose(mean, grid.energy.centres[2])
    low, high = grid.energy.edges[2:4]
    expected = np.sqrt(0.6 * (high**5 - low**5) / (high**3 - low**3))
    np.testing.assert_allclose(rms_energy(f, grid), expected)


def test_mean_energy_of_a_flux_in_curved_space():
    """Through edges 3 groups with a lapse of 0.8: sum of E N over sum of N, E = E_inf/a."""
    grid = Grid(
        energy_grid(np.array([0.0, 4.0, 12.0, 30.0])),
        angle_grid(4),
        radial_grid(np.array([1e6, 2e6]), np.array([0.8]), np.array([0.7, 0.9])),
    )
    e = grid.energy.centres
    flow = np.array([[3.0, 5.0], [2.0, 2.0], [-1.0, 1.0]])
    number = flow.mean(axis=1)
    expected = (number * e).sum() / number.sum() / 0.8
    np.testing.assert_allclose(flux_mean_energy(flow, grid), expected, rtol=1e-14)
    # nearly no net number, but net energy: there is no such mean
    opposite = np.array([[1.0, 1.0], [0.0, 0.0], [-0.99, -0.99]])
    assert np.isnan(flux_mean_energy(opposite, grid)).all()
    assert np.isnan(flux_mean_energy(0.0 * flow, grid)).all()


def test_empty_cells_have_no_mean(make_background, make_field):
    grid = grid_of(make_background())
    f = make_field(make_background())
    f[0, :, :, 3] = 0.0
    for values in (mean_energy(f, grid), rms_energy(f, grid), flux_factor(f, grid)):
        assert np.isnan(values[0, 3])
        assert np.isfinite(np.delete(values[0], 3)).all()


def test_shapes_of_distributions(make_background, make_field):
    grid = grid_of(make_background())
    f = make_field(make_background())
    assert spectrum(f, grid).shape == (4, 6, 60)
    assert angular_distribution(f, grid).shape == (4, 8, 60)


def test_interpolation_is_linear_inside_and_constant_outside():
    centres = np.array([1.0, 2.0, 4.0])
    values = np.array([[10.0, 20.0, 40.0], [1.0, np.nan, 3.0]])
    got = at_radii(values, centres, np.array([0.5, 1.0, 1.5, 3.0, 4.0, 5.0]))
    np.testing.assert_array_equal(got[0], [10.0, 10.0, 15.0, 30.0, 40.0, 40.0])
    np.testing.assert_array_equal(got[1], [1.0, 1.0, np.nan, np.nan, 3.0, 3.0])
