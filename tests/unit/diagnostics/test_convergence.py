"""Verdicts on sequences in xi."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qkepipe.diagnostics import compare, xi_convergence, xi_sequence

XI = [1e-4, 2e-4, 4e-4]


@pytest.mark.parametrize(
    "values, status",
    [
        ([0.80, 0.72, 0.70], "converged"),
        ([0.70, 0.71, 0.72], "converged"),
        ([0.80, 0.70, 0.60], "not converged"),
        ([1.00, 0.99, 0.70], "not converged"),
        ([0.70, 0.70, 0.76], "not converged"),
    ],
)
def test_three_values(values, status):
    assert xi_convergence(XI, values).status == status


def test_two_values_decide_nothing():
    result = xi_convergence(XI[:2], [0.7, 0.7])
    assert result.status == "not decidable" and "3 are needed" in result.reason
    assert result.change == 0.0


def test_missing_values_do_not_count():
    assert xi_convergence(XI, [0.7, np.nan, 0.7]).status == "not decidable"


def test_no_effect_is_not_stability():
    values = [1.001, 1.0, 0.999]
    assert xi_convergence(XI, values).status == "converged"
    result = xi_convergence(XI, values, baseline=1.0)
    assert result.status == "not decidable" and "stability" in result.reason


def test_changing_blind_region_decides_nothing():
    values = [0.72, 0.71, 0.70]
    assert xi_convergence(XI, values, blind=[3, 3, 3]).status == "converged"
    assert xi_convergence(XI, values, blind=[9, 5, 3]).status == "not decidable"


def test_order_of_input_does_not_matter():
    result = xi_convergence([4e-4, 1e-4, 2e-4], [0.70, 0.80, 0.72])
    np.testing.assert_array_equal(result.xi, XI)
    np.testing.assert_array_equal(result.values, [0.80, 0.72, 0.70])
    assert result.change == pytest.approx(-0.02 / 0.70)


def test_same_xi_twice_is_refused():
    with pytest.raises(ValueError, match="same xi"):
        xi_convergence([1e-4, 1e-4, 2e-4], [1.0, 2.0, 3.0])


@given(
    p=st.floats(0.3, 3.0),
    limit=st.floats(0.2, 1.0),
    size=st.floats(0.01, 0.5),
    ratio=st.floats(1.5, 4.0),
    stretch=st.floats(1.0, 2.0),
)
def test_richardson_finds_order_and_limit_of_a_power_law(p, limit, size, ratio, stretch):
    x = 1e-4 * np.array([1.0, ratio, ratio**2 * stretch])
    v = limit + size * ((x / x[0]) ** -p - (1.0 / x[0]) ** -p)
    result = xi_convergence(x, v, tolerance=1e3)
    assert result.order == pytest.approx(p, rel=1e-5)
    assert result.limit == pytest.approx(limit, rel=1e-5)


def test_no_extrapolation_of_growing_or_alternating_changes():
    for values in ([0.8, 0.7, 0.8], [0.9, 0.8, 0.6]):
        result = xi_convergence(XI, values, tolerance=10.0)
        assert result.status == "converged"
        assert np.isnan(result.order) and np.isnan(result.limit)


def test_no_limit_of_a_sequence_that_is_not_converged():
    result = xi_convergence(XI, [0.9, 0.7, 0.6])
    assert result.order == pytest.approx(1.0) and np.isnan(result.limit)


def test_slow_drift_shows_as_a_distant_limit():
    result = xi_convergence(XI, [0.700, 0.690, 0.681])
    assert result.status == "converged" and result.limit < 0.64


def test_sequence_of_a_table(make_summary):
    cases = {("m", "classical"): make_summary("classical")}
    for xi, effect in zip(XI, (0.2, 0.28, 0.29), strict=True):
        cases["m", f"qke_xi{xi:g}"] = make_summary("qke", effect, xi)
    table = compare(cases)
    edge = float(cases["m", "classical"]["r_edge"][-1])
    result = xi_sequence(table, "m", "survival_probability", "nue", edge)
    np.testing.assert_allclose(result.values, [0.8, 0.72, 0.71], rtol=1e-12)
    assert result.status == "converged"
    scalar = xi_sequence(table, "m", "gain_radius", "all")
    assert scalar.values.size == 3
    blind = xi_sequence(
        table, "m", "survival_probability", "nue", edge, blind=dict(zip(XI, (3, 2, 1), strict=True))
    )
    assert blind.status == "not decidable"
    assert xi_sequence(table, "other", "gain_radius", "all").status == "not decidable"
