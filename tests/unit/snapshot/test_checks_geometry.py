"""Radii, cells, energy groups and species are in order."""

import numpy as np
import pytest
from synthetic_snapshot import edit, only, put, snapshot


def test_descending_radius():
    data = snapshot().isel(r=slice(None, None, -1))
    assert "r[1] = " in only(data)
    assert "descending" in only(data)


def test_repeated_radius():
    data = edit(snapshot(), r=lambda v: np.where(np.arange(v.size) == 9, v[8], v))
    text = only(data)
    assert "r[9] = " in text
    assert "repeated value" in text


def test_unordered_radius():
    data = edit(snapshot(), r=lambda v: np.concatenate([v[:4], v[4:6][::-1], v[6:]]))
    assert "r[5] = " in only(data)
    assert "not monotonic" in only(data)


@pytest.mark.parametrize("value", [0.0, -4e5])
def test_radius_is_positive(value):
    text = only(edit(snapshot(), r=put(0, value)))
    assert f"r[0] = {value:.6g} cm: not positive" in text
    assert "ghost zones" in text


def test_centre_outside_its_cell():
    data = edit(snapshot(), r=lambda v: np.where(np.arange(v.size) == 12, 0.5 * (v[12] + v[13]), v))
    text = only(data)
    assert "r[12] = " in text
    assert "centre outside its cell" in text


def test_two_meshes_mixed():
    # edges of a mesh shifted by one zone
    assert "centre outside its cell (40 such zones)" in only(
        edit(snapshot(), r_edge=lambda v: v * v[1] / v[0] * 1.001)
    )


def test_number_of_edges():
    data = snapshot().isel(r_edge=slice(1, None))
    assert "r_edge: 40 edges for 40 centres; expected 41 edges" in only(data)


def test_descending_edges():
    assert "r_edge[1] = " in only(snapshot().isel(r_edge=slice(None, None, -1)))


def test_descending_energy_groups():
    data = snapshot().isel(energy=slice(None, None, -1))
    assert "energy[1] = " in only(data)
    assert "descending" in only(data)


def test_energy_outside_its_group():
    text = only(edit(snapshot(), energy=lambda v: np.where(np.arange(10) == 3, 14.5, v)))
    assert "energy[3] = 14.5 MeV: centre outside its cell; expected 9 to 14" in text


def test_unknown_species():
    data = snapshot().assign_coords(species=["e", "ebar", "x", "xbar"])
    assert "species: labels are e, ebar, x, xbar; expected nue, nuebar, nux, nuxbar" in only(data)
