"""Cuts through maps of two and three dimensions: where every cell is drawn."""

import numpy as np
import pytest
import xarray as xr

from qkepipe.report import FIGURES, SnapshotData, StudyData
from qkepipe.report.slices import slices

KM = 1e5
R_EDGE = np.array([10.0, 20.0, 40.0, 80.0]) * KM
R = 0.5 * (R_EDGE[1:] + R_EDGE[:-1])
THETA = np.radians([30.0, 90.0, 150.0])
PHI = np.radians([45.0, 135.0, 225.0, 315.0])
X = np.linspace(-90.0, 90.0, 10) * KM
KINDS = "unknown none resonance_candidate slow collisional collisional_resonance fast"


def a_map(**axes):
    """Map whose growth rate is the number of the cell, with kinds in turn."""
    shape = tuple(v.size for v in axes.values())
    number = np.arange(np.prod(shape), dtype=float).reshape(shape)
    data = xr.Dataset(
        {
            "instability": (tuple(axes), (number % 7 - 1).astype("int8")),
            "ffi_growth_estimate": (tuple(axes), 1e6 * number, {"units": "s-1"}),
        },
        coords=axes,
    )
    data["instability"].attrs.update(
        flag_values=np.arange(-1, 6, dtype="int8"), flag_meanings=KINDS
    )
    return data.assign_coords(r_edge=("r_edge", R_EDGE)) if "r" in axes else data


def cut(data):
    return slices(data, data["ffi_growth_estimate"])


def areas(patch):
    """Areas of the drawn quadrilaterals [km^2]."""
    x, y = patch.corners
    ax, ay = x[1:, 1:] - x[:-1, :-1], y[1:, 1:] - y[:-1, :-1]
    bx, by = x[1:, :-1] - x[:-1, 1:], y[1:, :-1] - y[:-1, 1:]
    return 0.5 * np.abs(ax * by - ay * bx)


def test_a_meridional_map_is_half_a_plane():
    (plane,) = cut(a_map(theta=THETA, r=R))
    (patch,) = plane.patches
    x, z = patch.corners
    assert x.min() >= -1e-12
    np.testing.assert_allclose([z.max(), z.min()], [80.0, -80.0])
    # three cells of 60 degrees, in parts of at most 5 degrees
    np.testing.assert_allclose(np.hypot(x, z), np.tile(R_EDGE / KM, (x.shape[0], 1)))
    # drawn as trapezia: sin(5 degrees)/2 (b^2 - a^2)
    expected = 0.5 * np.sin(np.radians(5.0)) * np.diff((R_EDGE / KM) ** 2)
    np.testing.assert_allclose(areas(patch), np.tile(expected, (36, 1)))


def test_a_map_of_the_sphere_is_cut_through_its_fastest_cell_and_the_equator():
    data = a_map(phi=PHI, theta=THETA, r=R)
    plane, equator = cut(data)
    right, left = plane.patches
    # the largest number is in the last azimuth, 315 degrees; opposite is 135 degrees
    assert (right.cells, left.cells) == ({"phi": 3}, {"phi": 1})
    assert right.corners[0].min() >= -1e-12 and left.corners[0].max() <= 1e-12
    np.testing.assert_array_equal(
        right.values(data["ffi_growth_estimate"]), data["ffi_growth_estimate"].isel(phi=3)
    )
    (patch,) = equator.patches
    assert patch.cells == {"theta": 1}
    x, y = patch.centres
    np.testing.assert_allclose(np.arctan2(y, x)[:, 0] % (2 * np.pi), PHI)


def test_cartesian_maps_are_cut_through_the_centre():
    data = a_map(z=X, y=X, x=X)
    meridional, equator = cut(data)
    assert meridional.axes == ("x", "z") and equator.axes == ("x", "y")
    (patch,) = meridional.patches
    assert patch.cells == {"y": 4}
    assert patch.values(data["instability"]).shape == (10, 10)
    np.testing.assert_allclose(patch.centres[0][0], X / KM)
    (plane,) = cut(a_map(z=X, y=X))
    assert plane.axes == ("y", "z")
    assert cut(a_map(r=R)) == []


@pytest.mark.parametrize(
    "axes",
    [
        {"theta": THETA, "r": R},
        {"phi": PHI, "theta": THETA, "r": R},
        {"phi": PHI, "r": R},
        {"z": X, "y": X, "x": X},
        {"y": X, "x": X},
        {"r": R},
    ],
    ids=lambda axes: "_".join(axes),
)
def test_the_figure_holds_the_cells_it_draws(axes):
    data = a_map(**axes)
    study = StudyData(config={}, snapshots={"s": SnapshotData("s", stability=data)})
    figure, table = FIGURES["stability_slices"].draw(study, "s")
    meshes = [m for axis in figure.axes for m in axis.collections if m.get_gid() is not None]
    assert meshes
    for mesh in meshes:
        assert mesh.get_rasterized()
        drawn, kept = np.asarray(mesh.get_array()), table[mesh.get_gid()].dropna().values
        parts = drawn.size // kept.size
        np.testing.assert_array_equal(np.repeat(kept.reshape(-1, drawn.shape[1]), parts, 0), drawn)
    for axis in figure.axes:
        if axis.get_xlabel():
            assert "[" in axis.get_xlabel()
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    here = np.unique(data["instability"])
    assert legend == [KINDS.split()[value + 1].replace("_", " ") for value in here]
