"""Parabolas in bins keep the data, are continuous, and invent no crossing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qkepipe.errors import QkepipeError
from qkepipe.stability import analyse
from qkepipe.stability.bins import edge_weights, parabolas


def _edges(rng, n):
    return np.concatenate([[-1.0], -1.0 + 2.0 * np.cumsum(rng.dirichlet(np.full(n, 3.0)))])


@pytest.mark.parametrize("n", [4, 7, 24])
def test_edges_of_cubic_polynomials(n):
    """Averages of a cubic give its value at every edge."""
    edges = _edges(np.random.default_rng(n), n)
    p = np.polynomial.Polynomial([0.3, -1.0, 2.0, 0.7])
    mean = np.diff(p.integ()(edges)) / np.diff(edges)
    assert edge_weights(edges) @ mean == pytest.approx(p(edges), abs=1e-10)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 24), spread=st.floats(0.1, 3.0))
@settings(max_examples=200, deadline=None)
def test_numbers_continuity_and_signs(seed, n, spread):
    """Any data: contents kept, no jump at edges, as many sign changes as the bins have."""
    rng = np.random.default_rng(seed)
    edges = _edges(rng, n)
    mean = np.exp(spread * rng.normal(size=n)) * rng.choice([-1.0, 1.0], n)
    a, b, c = parabolas(edges, mean * np.diff(edges))
    assert a + c / 3 == pytest.approx(mean, rel=1e-12)
    assert (a + b + c)[:-1] == pytest.approx((a - b + c)[1:], abs=1e-12 * np.abs(mean).max())
    x = np.linspace(-1, 1, 201)
    value = a[:, None] + b[:, None] * x + c[:, None] * x**2
    value[np.abs(value) < 1e-9 * np.abs(mean)[:, None]] = 0.0
    sign = np.sign(value.ravel())
    sign = sign[sign != 0.0]
    assert np.sum(np.diff(sign) != 0) == np.sum(np.diff(np.sign(mean)) != 0)


def test_empty_bins_stay_empty():
    """Nothing leaks into bins without neutrinos."""
    a, b, c = parabolas(np.linspace(-1, 1, 6), [0.0, 0.0, 1.0, 2.0, 0.0])
    for empty in (0, 1, 4):
        assert (a[empty], b[empty], c[empty]) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"edges": [-1.0, 1.0, 0.5]}, "edges"),
        ({"edges": [-1.5, 0.0, 1.0]}, "edges"),
        ({"g": np.ones((2, 2))}, "g"),
        ({"g": np.full((2, 1, 2), np.nan)}, "g"),
        ({"omega": [0.1, 0.2]}, "omega, gamma"),
        ({"gamma": -1.0}, "gamma"),
    ],
)
def test_refusals(change, field):
    """Each bad argument gives one defect that names it."""
    good = {"edges": [-1.0, 0.0, 1.0], "g": np.ones((2, 1, 2))}
    with pytest.raises(QkepipeError) as error:
        analyse(**{**good, **change})
    assert error.value.defects[0].field == field


def test_no_go():
    """One sign of s g: nothing grows, whatever the other terms."""
    g = np.array([[[1.0, 2.0]], [[-0.5, 0.0]]])
    mode = analyse([-1.0, 0.0, 1.0], g, 0.3, 0.1)
    assert (mode.growth, mode.driver, mode.unstable_modes) == (0.0, "none", 0)
