"""Window and slope of the growth measurement."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qkepipe.diagnostics import measured_growth


@given(
    rate=st.floats(1e-3, 1e7),
    start=st.floats(1e-9, 1e-6),
    n=st.integers(200, 600),
)
def test_pure_exponential_is_exact(rate, start, n):
    t = np.linspace(0.0, 20.0 / rate, n)
    got, window = measured_growth(t, start * np.exp(rate * t), 10 * start, 1e6 * start)
    assert got == pytest.approx(rate, rel=1e-9)
    assert np.log(10) / rate <= window[0] < window[1] <= np.log(1e6) / rate


def test_decay_before_and_saturation_after_stay_out():
    t = np.linspace(0.0, 30.0, 600)
    a = 1e-3 * np.exp(-5.0 * t) + 1e-8 * np.exp(t)
    a = a / (1.0 + a)
    got, window = measured_growth(t, a, 1e-6, 1e-2)
    # the transient is above the lower level at first
    assert a[0] > 1e-6
    assert got == pytest.approx(1.0, rel=1e-2)
    assert window[0] > 4.0


def test_a_minority_of_outliers_does_not_matter():
    rng = np.random.default_rng(3)
    t = np.linspace(0.0, 20.0, 400)
    a = 1e-8 * np.exp(0.8 * t)
    a[rng.choice(400, 40, replace=False)] *= rng.uniform(0.3, 3.0, 40)
    got, _ = measured_growth(t, a, 1e-7, 1e-3)
    assert got == pytest.approx(0.8, rel=1e-2)


@pytest.mark.parametrize(
    "a",
    [
        np.full(50, 1e-9),
        np.full(50, 1.0),
        1e-9 * np.exp(np.linspace(0.0, 5.0, 50)),
        np.zeros(50),
        np.where(np.arange(50) < 25, 1e-9, 1.0),
    ],
    ids=["flat", "saturated", "never reaches", "zero", "one jump"],
)
def test_no_rate_without_a_resolved_rise(a):
    rate, window = measured_growth(np.arange(50.0), a, 1e-6, 1e-2)
    assert np.isnan(rate) and np.isnan(window).all()


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="levels"):
        measured_growth([0, 1], [1, 2], 1.0, 0.5)
    with pytest.raises(ValueError, match="shape"):
        measured_growth([0, 1], [1, 2, 3], 0.1, 0.5)
