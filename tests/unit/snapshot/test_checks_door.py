"""The door of the checks: schema and physics in one list, without repetition."""

import numpy as np
import pytest
from synthetic_snapshot import edit, lines, only, put, scale, snapshot

from qkepipe.constants import C_LIGHT, K_BOLTZMANN_MEV
from qkepipe.snapshot.analytic import post_bounce_model
from qkepipe.snapshot.checks import clip_noise, physics_defects, snapshot_defects


def test_sound_snapshot_has_no_line():
    assert lines(snapshot()) == []
    assert snapshot_defects(post_bounce_model(), "analytic") == []


def test_checks_leave_the_snapshot_alone():
    data = snapshot().copy(deep=True)
    snapshot_defects(data, "file.nc")
    assert data.identical(snapshot())


def test_missing_variables_are_named_together_with_what_is_there():
    text = only(snapshot()[["rho", "x_n"]])
    assert text.startswith("file.nc: temperature, ye: missing; this file has")
    assert "rho" in text.split("this file has")[1]


def test_two_defects_give_two_lines():
    data = edit(snapshot(), temperature=scale(1.0 / K_BOLTZMANN_MEV), ye=put(7, 1.5))
    found = lines(data)
    assert len(found) == 2
    assert any("looks like K" in line for line in found)
    assert any("ye[7] = 1.5: out of range" in line for line in found)


@pytest.mark.parametrize("name", ["rho", "temperature", "ye", "r"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_non_finite_value_is_one_line_with_its_zone(name, value):
    text = only(edit(snapshot(), **{name: put(5, value)}))
    assert f"file.nc: {name}[5] = {value}" in text
    assert "not a finite number" in text


@pytest.mark.parametrize("name", ["rho", "temperature"])
def test_one_negative_value_is_out_of_range(name):
    text = only(edit(snapshot(), **{name: scale(-1.0, 5)}))
    assert f"{name}[5] = -" in text
    assert "out of range" in text


def test_several_values_out_of_range_are_counted():
    assert "(3 such values)" in only(edit(snapshot(), ye=put(slice(4, 7), 1.2)))


def test_wrong_unit_is_one_line():
    data = edit(snapshot(), temperature=scale(1.0 / K_BOLTZMANN_MEV))
    data["temperature"].attrs["units"] = "K"
    assert "units are 'K'; expected 'MeV'" in only(data)


def test_missing_unit_takes_the_likely_unit_as_hint():
    data = edit(snapshot(), temperature=scale(1.0 / K_BOLTZMANN_MEV))
    del data["temperature"].attrs["units"]
    text = only(data)
    assert "temperature: no units attribute" in text
    assert "looks like K" in text


def test_missing_unit_alone_is_one_line():
    data = snapshot().copy(deep=True)
    del data["rho"].attrs["units"]
    assert "rho: no units attribute" in only(data)


def test_incomplete_snapshots_are_checked_as_far_as_they_go():
    assert physics_defects(snapshot()[["rho"]].drop_vars("r"), "file.nc") == []


def test_clip_leaves_a_sound_snapshot_alone():
    assert clip_noise(snapshot()) is snapshot()


def test_clip_removes_what_the_checks_tolerate_and_says_so():
    data = edit(snapshot(), nu_number_density=put((2, 39), -1.0), nu_number_flux=put((2, 39), 0.0))
    n = data["nu_number_density"].values
    data["nu_number_flux"].values[0, 39] = -1.0005 * C_LIGHT * n[0, 39]
    clipped = clip_noise(data)
    assert clipped["nu_number_density"].values[2, 39] == 0.0
    assert clipped["nu_number_flux"].values[0, 39] == -C_LIGHT * n[0, 39]
    assert "nu_number_density: 1 negative values" in clipped.attrs["history"]
    assert "nu_number_flux: 1 values" in clipped.attrs["history"]
    assert data["nu_number_density"].values[2, 39] == -1.0
    # nothing else changed
    same = clipped["nu_number_density"].values == n
    assert (~same).sum() == 1
    assert not [line for line in lines(clipped) if "clipped" in line]
