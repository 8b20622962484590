"""Choice of the gain radius, and the cut of cells in the integral."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qkepipe.diagnostics import gain_radius, net_heating_between
from qkepipe.phasespace import radial_grid

GRID = radial_grid(np.linspace(1.0, 11.0, 11))


def test_outermost_turn_inside_the_shock_counts():
    q = np.array([-1.0, 1.0, -1.0, -1.0, 1.0, 1.0, -1.0, 1.0, 1.0, 1.0])
    # 7.5 to 8.5 is the outermost turn; a shock at 7 leaves that between 4.5 and 5.5
    assert gain_radius(q, GRID) == (8.0, "found")
    assert gain_radius(q, GRID, 7.0) == (5.0, "found")


def test_cells_without_exchange_carry_no_sign():
    q = np.array([-1.0, -1.0, 0.0, 0.0, 1.0, 1.0, -1.0, 0.0, 0.0, 0.0])
    assert gain_radius(q, GRID) == (4.0, "found")


@pytest.mark.parametrize(
    "q, text",
    [
        (np.ones(10), "inside the inner edge"),
        (-np.ones(10), "no gain region"),
        (np.zeros(10), "no exchange"),
    ],
)
def test_no_gain_radius(q, text):
    value, status = gain_radius(q, GRID)
    assert np.isnan(value) and text in status


@given(low=st.floats(0.0, 12.0), width=st.floats(0.0, 12.0), q=st.floats(-1e3, 1e3))
def test_integral_of_a_constant_is_the_volume(low, width, q):
    got = net_heating_between(np.full(10, q), np.full(10, 2.0), GRID, low, low + width)
    a, b = np.clip([low, low + width], 1.0, 11.0)
    assert got == pytest.approx(2.0 * q * 4.0 * np.pi / 3.0 * (b**3 - a**3), rel=1e-11, abs=1e-9)


def test_integral_of_a_top_hat():
    q = np.where((GRID.centres > 3.0) & (GRID.centres < 6.0), 5.0, 0.0)
    got = net_heating_between(q, np.ones(10), GRID, 1.0, 11.0)
    assert got == pytest.approx(5.0 * 4.0 * np.pi / 3.0 * (6.0**3 - 3.0**3), rel=1e-13)


def test_missing_limit_gives_missing_integral():
    assert np.isnan(net_heating_between(np.ones(10), np.ones(10), GRID, np.nan, 11.0))
