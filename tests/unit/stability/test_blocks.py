"""Blocks of a grid give the map of the whole grid."""

import numpy as np
import pytest
import xarray as xr

from qkepipe.snapshot.remnant import remnant_model
from qkepipe.stability import screen
from qkepipe.stability.blocks import block_shape, blocks, screen_block, space_of, used
from qkepipe.stability.summary import MapSummary


@pytest.mark.parametrize("shape", [(5, 7, 4), (3, 20, 1), (20, 20, 20), (1, 1, 30)])
def test_blocks_cover_every_cell_once(shape):
    sizes = {"z": 11, "y": 20, "x": 30}
    seen = np.zeros(tuple(sizes.values()), dtype=int)
    for block in blocks(sizes, dict(zip(sizes, shape, strict=True))):
        own = tuple(block.own.values())
        seen[own] += 1
        index = np.arange(seen.size).reshape(seen.shape)
        rim = index[tuple(block.rim.values())]
        np.testing.assert_array_equal(rim[tuple(block.inner.values())], index[own])
    assert (seen == 1).all()


def test_shape_follows_size_and_chunks():
    data = used(remnant_model(48, chunk=8))
    per_cell = data.nbytes / 48**3
    assert block_shape(data, 1e12) == {"z": 48, "y": 48, "x": 48}
    assert block_shape(data, 18**3 * per_cell) == {"z": 16, "y": 16, "x": 16}
    assert block_shape(data, 1.0) == {"z": 1, "y": 1, "x": 1}


@pytest.mark.parametrize("cartesian", [True, False])
def test_map_by_blocks_is_the_map_of_the_whole(cartesian):
    """Resonances and gradients at the seams included."""
    if cartesian:
        data = used(remnant_model(20, chunk=8))
    else:
        # the same numbers on spherical axes: what they mean does not matter here
        data = used(remnant_model(20, chunk=8)).rename(
            z="phi", y="theta", x="r", nu_number_flux_x="nu_number_flux",
            nu_number_flux_y="nu_number_flux_theta", nu_number_flux_z="nu_number_flux_phi",
        )  # fmt: skip
        data = data.assign_coords(
            phi=np.linspace(0, 6, 20), theta=np.linspace(0.1, 3, 20), r=np.linspace(1e6, 1e7, 20)
        )
    # the core is left without a judgement
    data["nu_number_density"] = data["nu_number_density"].where(data["rho"] < 3e12)
    whole = screen(data.compute(), data.compute(), lsa_cells=0)
    assert 0 < whole.attrs["cells_unknown"] < 8000
    if cartesian:
        assert (whole["mnr_flag"] == 1).any()
    sizes = space_of(data)
    counted = dict.fromkeys(("cells_unknown", "flux_factors_capped"), 0)
    summary, one = MapSummary(), MapSummary()
    if cartesian:
        one.add(whole)
    for block in blocks(sizes, dict(zip(sizes, (7, 20, 9), strict=True))):
        part, _ = screen_block(data, block)
        expected = whole.isel(block.own)
        for name in whole.data_vars:
            np.testing.assert_allclose(
                part[name].values, expected[name].values, rtol=1e-10, err_msg=name
            )
        for name in counted:
            counted[name] += part.attrs[name]
        if cartesian:
            summary.add(part)
    assert counted == {name: whole.attrs[name] for name in counted}
    if cartesian:
        assert summary.lines() == one.lines()


def test_lazy_map_of_vectors_equals_the_eager_one():
    """Dask blocks of Cartesian data, flux vectors and gradients along three axes."""
    data = used(remnant_model(12, chunk=5))
    lazy = screen(data, data, lsa_cells=0)
    assert all(v.chunks is not None for v in lazy.data_vars.values())
    xr.testing.assert_allclose(lazy.compute(), screen(data.compute(), data.compute(), lsa_cells=0))
