"""Units and logarithms that do not fit are recognised by their values."""

import numpy as np
import pytest
from synthetic_snapshot import edit, only, scale, snapshot

from qkepipe.constants import K_BOLTZMANN_MEV


def test_temperature_in_kelvin():
    text = only(edit(snapshot(), temperature=scale(1.0 / K_BOLTZMANN_MEV)))
    assert "temperature[0] = 1.74068e+11 MeV: looks like K;" in text
    assert "try unit K" in text


def test_temperature_in_gigakelvin():
    # 20 MeV at the centre: 232 GK
    text = only(edit(snapshot(), temperature=scale(20.0 / 15.0 / K_BOLTZMANN_MEV / 1e9)))
    assert "looks like GK;" in text


def test_temperature_too_low_for_dense_matter():
    text = only(edit(snapshot(), temperature=scale(1e-3)))
    assert "temperature[0] = 0.015 MeV: too cold for this density" in text


def test_logarithm_of_density():
    text = only(edit(snapshot(), rho=np.log10))
    assert "rho[0] = 14.301 g cm-3: looks like log10(rho)" in text
    assert "log10" in text.split("try")[1]


def test_logarithm_of_a_density_below_one():
    text = only(edit(snapshot(), rho=lambda v: np.log10(v / 6.17583e17)))
    assert "looks like log10(rho)" in text


def test_geometric_density_and_radius_are_one_line():
    data = edit(
        snapshot(), rho=scale(1.0 / 6.17583e17), r=scale(1.0 / 1.476625e5),
        r_edge=scale(1.0 / 1.476625e5),
    )  # fmt: skip
    text = only(data)
    assert "looks like geometric units" in text
    for factor in ("6.17583e+17 g cm-3", "147662.5 cm", "4.925491e-06 s"):
        assert factor in text


@pytest.mark.parametrize("names", [("r",), ("r", "r_edge")])
def test_radius_in_kilometres(names):
    text = only(edit(snapshot(), **dict.fromkeys(names, scale(1e-5))))
    assert "largest radius: looks like km" in text


def test_radius_too_large_for_nuclear_matter():
    text = only(edit(snapshot(), r=scale(1e5), r_edge=scale(1e5)))
    assert "radius too large for rho" in text
