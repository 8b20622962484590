"""Moments against direct sums, and their behaviour in empty cells."""

import numpy as np
import pytest

from qkepipe.diagnostics import (
    angular_distribution,
    flux_factor,
    luminosities,
    mean_energy,
    rms_energy,
    spectrum,
)
from qkepipe.diagnostics.radii import at_radii
from qkepipe.solvers.sphere import flows, grid_of


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
    for weighting in ("number_density", "number_flux"):
        np.testing.assert_allclose(mean_energy(f, grid, weighting), grid.energy.centres[2])
    low, high = grid.energy.edges[2:4]
    expected = np.sqrt(0.6 * (high**5 - low**5) / (high**3 - low**3))
    np.testing.assert_allclose(rms_energy(f, grid), expected)


def test_unknown_weighting_is_refused(make_background, make_field):
    with pytest.raises(ValueError, match="weighting"):
        mean_energy(make_field(make_background()), grid_of(make_background()), "number")


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
