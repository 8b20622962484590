"""Zeros of sums of exponentials, against polynomials and against fine sampling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qkepipe.stability.exponentials import ABSENT, zeros_kernel


def zeros(coefficients, z):
    """Zeros of sum c_i exp(z_i x)."""
    c = np.asarray(coefficients, dtype=float)
    with np.errstate(divide="ignore"):
        log = np.where(c == 0.0, ABSENT, np.log(np.abs(c)))
    sign = tuple(np.where(c < 0.0, -1.0, 1.0))
    count, *x = zeros_kernel(sign, tuple(map(float, log)), tuple(map(float, z)))
    assert all(value == 1.0 for value in x[count:])
    return x[:count]


@pytest.mark.parametrize(
    "wanted",
    [(), (0.3,), (-0.999,), (-0.5, 0.5), (0.1, 0.1001), (-0.9, 0.0, 0.9), (0.2, 0.21, 0.22)],
)
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 0, 3, 1)])
def test_polynomials_in_an_exponential(wanted, order):
    """With exponents 0, 1, 2, 3 the zeros are those of a cubic in exp(x)."""
    roots = np.exp(np.array(wanted))
    # further roots are negative: no zero on the real line
    cubic = np.poly(np.concatenate([roots, [-1.0, -2.5, -0.3][: 3 - len(roots)]]))[::-1]
    found = zeros(cubic[list(order)], np.arange(4.0)[list(order)])
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-9)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.floats(-50.0, 50.0), min_size=4, max_size=4),
    st.lists(st.floats(-3.0, 3.0), min_size=4, max_size=4),
)
def test_every_change_of_sign_of_a_fine_sample_is_found(z, level):
    """Whatever the exponents, the signs between the zeros are those of the sum."""
    z, coefficients = np.array(z), np.exp(level) * np.array([1.0, -1.0, -1.0, 1.0])
    x = np.linspace(-1.0, 1.0, 4001)
    exponent = np.multiply.outer(x, z)
    top = exponent.max(axis=1, keepdims=True)
    value = np.exp(exponent - top) @ coefficients
    clear = np.abs(value) > 1e-12
    expected = np.flatnonzero(np.diff(np.sign(value[clear])))
    found = zeros(coefficients, z)
    edges = x[clear]
    for k in expected:
        assert any(edges[k] - 1e-9 <= zero <= edges[k + 1] + 1e-9 for zero in found)
    # what is found beyond that lies between two samples, or where the sum vanishes to round-off
    assert len(found) >= len(expected)
    for zero in found:
        size = np.exp(z * zero - (z * zero).max())
        assert abs(size @ coefficients) < 1e-10 * np.abs(size * coefficients).sum() + 1e-12


def test_missing_terms_and_equal_exponents():
    """Terms without coefficient do not count, equal ones add up or cancel."""
    assert zeros([1.0, 0.0, 0.0, 0.0], [3.0, 1.0, 2.0, 0.0]) == []
    assert zeros([1.0, -2.0, 0.0, 0.0], [1.0, 0.0, 5.0, -5.0]) == pytest.approx([np.log(2.0)])
    assert zeros([1.0, -1.0, -1.0, 1.0], [1.0, 1.0, 2.0, 2.0]) == []
    assert zeros([1.0, -1.0, -1.0, 1.0], [0.0, 0.0, 0.0, 0.0]) == []
    # e^x - 2 with the constant in two parts
    assert zeros([1.0, -1.5, -0.5, 0.0], [1.0, 0.0, 0.0, 9.0]) == pytest.approx([np.log(2.0)])


def test_far_exponents_do_not_overflow():
    """Beams of flux factor 0.999."""
    found = zeros([1.0, -1.0, -1e-3, 1e-3], [1000.0, 900.0, 500.0, -1000.0])
    assert found and np.isfinite(found).all()
