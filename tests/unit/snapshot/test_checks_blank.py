"""Fields that were never filled."""

import numpy as np
import pytest
from synthetic_snapshot import edit, lines, only, put, scale, snapshot


@pytest.mark.parametrize("name", ["rho", "temperature", "ye"])
def test_zero_everywhere(name):
    assert f"{name}: variable present but empty" in only(edit(snapshot(), **{name: scale(0.0)}))


def test_memory_poison_everywhere():
    text = only(edit(snapshot(), rho=lambda v: np.full_like(v, 1.968e243)))
    assert "rho[0] = 1.968e+243 g cm-3: uninitialised data" in text
    assert "(40 such zones)" in text


def test_fill_value_in_one_zone_of_any_variable():
    assert "velocity_r[3] = 1e+99 cm s-1: uninitialised" in only(
        edit(snapshot(), velocity_r=put(3, 1e99))
    )


@pytest.mark.parametrize("name", ["rho", "temperature"])
def test_one_value_everywhere(name):
    text = only(edit(snapshot(), **{name: lambda v: np.full_like(v, 11.0)}))
    assert f"{name}[0] = 11" in text
    assert "the same value everywhere" in text


def test_one_value_everywhere_in_one_species():
    text = only(edit(snapshot(), nu_number_density=put(1, 1e33)))
    assert "nu_number_density[nuebar,0] = 1e+33 cm-3: uninitialised data" in text


def test_species_that_the_file_does_not_have():
    data = snapshot()[["rho", "temperature", "ye", "nu_number_density"]]
    text = only(edit(data, nu_number_density=scale(0.0, slice(2, 4))), "warning")
    assert "0 everywhere for nux, nuxbar" in text


def test_unset_composition_of_heavy_nuclei_is_no_defect():
    # x_alpha and x_heavy of the sound snapshot are 0 everywhere
    assert float(snapshot()["x_alpha"].max()) == 0.0
    assert lines(snapshot()) == []
