"""Errors of a grid from sequences whose error is known."""

import numpy as np
import pytest

from qkepipe.diagnostics import GRID_AXES, GRID_COLUMNS, grid_errors, to_csv
from qkepipe.diagnostics.resolution import grid_error_at

KEY = ("luminosity", "nue", 1e7)


def table_of(sequence, value=1.0, key=KEY):
    """Table of one value; ``sequence`` of the radial grid, the other axes are converged."""
    same = {2.0: {key: value}}
    radial = {x: {key: v} for x, v in sequence.items()}
    return grid_errors("model", {key: value}, {"r": radial, "mu": same, "energy": same})


@pytest.mark.parametrize("order", [0.6, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("others", [(2.0, 4.0), (0.5, 2.0), (0.6, 3.0)])
def test_a_power_law_gives_the_true_error(order, others):
    """v = 3 - 0.2 x^-p: the base grid (x = 1) is off by 0.2."""
    table = table_of({x: 3.0 - 0.2 * x**-order for x in others}, 2.8)
    assert table["error_r"].item() == pytest.approx(0.2 / 2.8, rel=1e-6)
    assert table["order_r"].item() == pytest.approx(order, rel=1e-6)
    assert table["error"].item() == pytest.approx(0.2 / 2.8, rel=1e-6)


@pytest.mark.parametrize(
    "sequence, largest",
    [
        # one finer grid
        ({2.0: 1.1}, 0.1),
        # the differences change sign
        ({2.0: 1.1, 4.0: 0.95}, 0.1),
        ({0.5: 1.5, 2.0: 1.1}, 0.1),
        # order 0.4
        ({x: 2.0 - x**-0.4 for x in (2.0, 4.0)}, 1.0 - 4.0**-0.4),
        # differences that grow
        ({2.0: 1.1, 4.0: 1.4}, 0.4),
    ],
)
def test_without_an_order_it_is_the_largest_difference_to_a_finer_grid(sequence, largest):
    table = table_of(sequence)
    assert table["error_r"].item() == pytest.approx(largest, rel=1e-12)
    assert np.isnan(table["order_r"]).all()


def test_the_three_axes_add_in_squares():
    others = {axis: {2.0: {KEY: 1.0 + e}} for axis, e in zip(GRID_AXES, (0.02, 0.03, 0.06),
                                                             strict=True)}  # fmt: skip
    table = grid_errors("model", {KEY: 1.0}, others)
    assert table["error"].item() == pytest.approx(0.07, rel=1e-12)


def test_what_is_missing_on_one_grid_has_no_error():
    for sequence, value in (({2.0: np.nan}, 1.0), ({2.0: 1.0}, np.nan), ({2.0: 1.0}, 0.0)):
        table = table_of(sequence, value)
        assert np.isnan(table["error"]).all()
        assert np.isnan(grid_error_at(table, *KEY))


def test_errors_between_radii_are_linear():
    keys = [("ye_dot", "all", r) for r in (1e7, 2e7)]
    values = dict.fromkeys(keys, 1.0)
    fine = {keys[0]: 1.01, keys[1]: 1.03}
    table = grid_errors("model", values, {axis: {2.0: fine} for axis in GRID_AXES})
    for radius, error in ((5e6, 0.01), (1e7, 0.01), (1.5e7, 0.02), (3e7, 0.03)):
        found = grid_error_at(table, "ye_dot", "all", radius)
        assert found == pytest.approx(error * np.sqrt(3.0), rel=1e-12)
    assert np.isnan(grid_error_at(table, "gain_radius", "all", None))


def test_the_table_as_text(tmp_path):
    to_csv(table_of({2.0: 1.1}), tmp_path / "resolution.csv", GRID_COLUMNS)
    first, row = (tmp_path / "resolution.csv").read_text().splitlines()
    assert first == ",".join(GRID_COLUMNS)
    assert row.startswith("model,luminosity,nue,10000000.0,1.0,0.10000000000000009,0.0,0.0,")
    # no order was observed
    assert row.endswith(",,,,erg s-1")
