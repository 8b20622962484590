"""Volumes and places of cells against those of balls, cones and boxes."""

import numpy as np
import pytest
import xarray as xr

from qkepipe.diagnostics.geometry import (
    cell_edges,
    cell_radius,
    cell_volume,
    polar_angle,
    radial_shells,
)

R_EDGE = np.array([0.0, 1e6, 3e6, 1e7])
R = 0.5 * (R_EDGE[1:] + R_EDGE[:-1])
BALL = 4.0 * np.pi / 3.0 * 1e21


def a_map(**axes):
    shape = [v.size for v in axes.values()]
    return xr.Dataset({"instability": (tuple(axes), np.zeros(shape))}, coords=dict(axes))


def spherical(theta=None, phi=None):
    axes = {"r": R}
    if theta is not None:
        axes = {"theta": theta, **axes}
    if phi is not None:
        axes = {"phi": phi, **axes}
    return a_map(**axes).assign_coords(r_edge=("r_edge", R_EDGE))


@pytest.mark.parametrize("theta", [None, 5])
@pytest.mark.parametrize("phi", [None, 4])
def test_cells_fill_the_ball(theta, phi):
    polar = None if theta is None else (np.arange(theta) + 0.5) * np.pi / theta
    azimuth = None if phi is None else (np.arange(phi) + 0.5) * 2.0 * np.pi / phi
    volume = cell_volume(spherical(polar, azimuth))
    assert float(volume.sum()) == pytest.approx(BALL, rel=1e-12)
    shells = volume.sum([d for d in volume.dims if d != "r"])
    np.testing.assert_allclose(shells, 4.0 * np.pi / 3.0 * np.diff(R_EDGE**3), rtol=1e-12)


def test_a_cone_has_the_share_of_its_solid_angle():
    volume = cell_volume(
        spherical(np.radians([15.0, 60.0, 120.0, 165.0])).assign_coords(
            theta_edge=("theta_edge", np.radians([0.0, 30.0, 90.0, 150.0, 180.0]))
        )
    )
    share = volume.isel(theta=0).sum() / volume.sum()
    assert float(share) == pytest.approx(0.5 * (1.0 - np.cos(np.radians(30.0))), rel=1e-12)


def test_the_radial_metric_stretches_volumes():
    flat = spherical()
    curved = flat.assign(radial_metric=("r", [2.0, 1.5, 1.0]))
    np.testing.assert_allclose(cell_volume(curved) / cell_volume(flat), [2.0, 1.5, 1.0])


def test_boxes_radii_and_angles_of_cartesian_maps():
    x, y, z = np.array([-3.0, 0.0, 4.0]), np.array([0.0, 1.0]), np.array([-2.0, 0.0, 3.0])
    data = a_map(z=z, y=y, x=x)
    volume = cell_volume(data)
    assert volume.dims == ("z", "y", "x")
    # midpoints, and as far beyond the outer centres
    assert float(volume.sum()) == pytest.approx(10.5 * 2.0 * 7.5)
    assert float(cell_radius(data).sel(x=4.0, y=0.0, z=3.0)) == pytest.approx(5.0)
    angle = polar_angle(data)
    assert float(angle.sel(x=4.0, y=0.0, z=3.0)) == pytest.approx(np.arctan2(4.0, 3.0))
    assert float(angle.sel(x=0.0, y=0.0, z=-2.0)) == pytest.approx(np.pi)
    assert float(angle.sel(x=0.0, y=0.0, z=0.0)) == pytest.approx(0.5 * np.pi)


def test_edges_are_midpoints_within_the_range_of_the_axis():
    data = spherical(np.array([0.2, 1.0, 3.0]))
    np.testing.assert_allclose(cell_edges(data, "theta"), [0.0, 0.6, 2.0, np.pi])
    assert polar_angle(spherical()) is None


def test_shells_of_a_cartesian_map_hold_every_cell_and_none_is_empty():
    x = np.linspace(-7.5, 7.5, 16)
    data = a_map(z=x, y=x, x=x)
    edges, shell = radial_shells(data)
    radius = cell_radius(data).values
    low, high = edges[shell.values], edges[shell.values + 1]
    assert np.all((radius >= low - 1e-12) & (radius <= high + 1e-12))
    assert np.unique(shell).size == edges.size - 1


def test_shells_of_a_spherical_map_are_its_radial_cells():
    edges, shell = radial_shells(spherical(np.array([1.0, 2.0])))
    np.testing.assert_array_equal(edges, R_EDGE)
    np.testing.assert_array_equal(shell, [0, 1, 2])
