"""Radial cells: geometric base, refinement where the oscillation needs it, refusal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qkepipe.errors import QkepipeError
from qkepipe.phasespace import geometric_radial_edges
from qkepipe.solvers.cells import oscillation_edges


def test_base_is_geometric():
    edges = geometric_radial_edges(1e6, 1e8, 20)
    assert (edges[0], edges[-1]) == pytest.approx((1e6, 1e8), rel=1e-14)
    np.testing.assert_allclose(np.diff(np.log(edges)), np.log(100) / 20, rtol=1e-10)


def refine(unstable, xi=1e-4, per_length=1.0, max_cells=100_000, n=60):
    edges = geometric_radial_edges(3e6, 3e7, n)
    centres = 0.5 * (edges[1:] + edges[:-1])
    potential = 4.0 * (5e6 / centres) ** 4
    return (
        edges,
        potential,
        oscillation_edges(edges, potential, unstable(centres), xi, per_length, max_cells),
    )


def test_stable_background_keeps_the_base():
    edges, _, new = refine(lambda r: np.zeros(r.size, bool))
    np.testing.assert_array_equal(new, edges)


@settings(deadline=None, max_examples=15)
@given(st.floats(3.2e6, 6e6), st.floats(1.1, 1.6), st.floats(1e-5, 1e-4), st.floats(0.5, 1.5))
def test_refined_grid(first, ratio, xi, per_length):
    """Same ends; 1/(cells_per_length xi potential) resolved in every unstable base cell."""
    last = first * ratio
    edges, potential, new = refine(lambda r: (r > first) & (r < last), xi, per_length)
    assert new[0] == edges[0]
    assert new[-1] == edges[-1]
    widths = np.diff(new)
    assert np.all(widths > 0)
    assert new.size >= edges.size
    centres = 0.5 * (edges[1:] + edges[:-1])
    unstable = (centres > first) & (centres < last)
    for i in np.flatnonzero(unstable):
        inside = (new[:-1] >= edges[i]) & (new[1:] <= edges[i + 1])
        # one cell of the whole grid is added to round their number up: widths only shrink
        assert np.all(widths[inside] <= 1.0001 / (per_length * xi * potential[i]))


def test_widths_change_by_five_percent():
    """Promise of the function: neighbouring widths change by at most 5 %."""
    *_, new = refine(lambda r: (r > 4e6) & (r < 6e6))
    ratio = np.diff(new)[1:] / np.diff(new)[:-1]
    assert np.all(np.abs(np.log(ratio)) < np.log(1.06))


def test_refusal_names_the_largest_xi_that_fits():
    def everywhere(r):
        return np.ones(r.size, bool)

    with pytest.raises(QkepipeError) as caught:
        refine(everywhere, xi=1e-2, max_cells=2000)
    line = str(caught.value)
    assert "2000" in line
    fits = float(line.split("resolve_xi = ")[1].split(",")[0])
    *_, new = refine(everywhere, xi=0.95 * fits, max_cells=2000)
    assert 1000 < new.size - 1 <= 2000
