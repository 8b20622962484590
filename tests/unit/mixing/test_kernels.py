"""Lobes, relaxed fraction and the map, compiled and as plain Python."""

import numpy as np
import pytest

from qkepipe.mixing import kernels

SIGN = np.array([1.0, -1.0, -1.0, 1.0])


@pytest.fixture(params=["compiled", "python"])
def run(request):
    """Return the compiled kernel or its Python function."""
    return (lambda k: k) if request.param == "compiled" else (lambda k: k.py_func)


def test_eln_xln_and_lobes_match_plain_sums(run, random_field):
    f, energy, angle = random_field(1, n_energy=3, n_mu=6, n_r=4)
    g = np.empty((6, 4))
    run(kernels.eln_xln)(f, energy.weights, g)
    expected = np.einsum("s,semr,e->mr", SIGN, f, energy.weights)
    np.testing.assert_allclose(g, expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())
    negative, positive = np.empty((2, 4))
    run(kernels.lobes)(g, angle.weights, negative, positive)
    np.testing.assert_allclose(positive, angle.weights @ np.maximum(g, 0.0), rtol=1e-13)
    np.testing.assert_allclose(negative, angle.weights @ np.maximum(-g, 0.0), rtol=1e-13)


def test_parallel_twins_give_the_same_bits(random_field):
    f, energy, _ = random_field(2)
    serial, parallel = np.empty((2, 16, 20))
    kernels.eln_xln(f, energy.weights, serial)
    kernels.eln_xln_parallel(f, energy.weights, parallel)
    assert np.array_equal(serial, parallel)
    rng = np.random.default_rng(3)
    k, fraction = rng.uniform(0, 1, (16, 20)), rng.uniform(0, 1, 20)
    other = f.copy()
    kernels.apply_map(f, k, fraction, 3.0)
    kernels.apply_map_parallel(other, k, fraction, 3.0)
    assert np.array_equal(f, other)


@pytest.mark.parametrize(
    "negative, positive, mode, expected",
    [
        (1.0, 0.0, kernels.MAP, 0.0),
        (0.0, 0.0, kernels.EXACT, 0.0),
        (1.0, 1e-13, kernels.EXPONENTIAL, 0.0),
        (1.0, 2.0, kernels.MAP, 1.0),
        (1.0, 1.0, kernels.EXPONENTIAL, -np.expm1(-0.3)),
        (1.0, 1.0, kernels.EXACT, 1.0 - 1.0 / 1.3),
        (1.0, 0.0, kernels.BACKWARD_EULER, 0.0),
        (1.0, 1.0, kernels.BACKWARD_EULER, 0.3 / 1.3),
        (4.0, 1.0, kernels.BACKWARD_EULER, 0.6 / 1.6),
    ],
)
def test_relaxed_fraction(run, negative, positive, mode, expected):
    out = np.empty(1)
    run(kernels.relaxed_fraction)(
        np.array([negative]), np.array([positive]), np.array([0.3]), 1.0, 1e-12, mode, out
    )
    assert out[0] == pytest.approx(expected, rel=1e-15)


def test_relaxed_fraction_keeps_small_steps():
    out = np.empty(1)
    one = np.ones(1)
    for mode in (kernels.EXPONENTIAL, kernels.EXACT, kernels.BACKWARD_EULER):
        kernels.relaxed_fraction(one, one, one, 1e-18, 1e-12, mode, out)
        assert out[0] == pytest.approx(1e-18, rel=1e-12)


@pytest.mark.parametrize("dt", [1e200, np.inf])
def test_relaxed_fraction_of_a_step_without_end_is_the_map(dt):
    out = np.empty(1)
    for mode in (kernels.EXPONENTIAL, kernels.EXACT, kernels.BACKWARD_EULER):
        kernels.relaxed_fraction(np.ones(1), np.full(1, 2.0), np.ones(1), dt, 1e-12, mode, out)
        assert out[0] == 1.0


def test_map_is_the_published_two_by_two_form(run, random_field):
    """f_e' = eta f_e + (1 - eta) f_x, f_x' = (1 - eta)/2 f_e + (1 + eta)/2 f_x."""
    f, _, _ = random_field(4, n_energy=2, n_mu=3, n_r=2)
    k = np.random.default_rng(5).uniform(0.0, 1.0, (3, 2))
    eta = (1.0 + 2.0 * k) / 3.0
    e, x = f[:2].copy(), f[2:].copy()
    run(kernels.apply_map)(f, k, np.ones(2), 3.0)
    np.testing.assert_allclose(f[:2], eta * e + (1 - eta) * x, rtol=1e-14)
    np.testing.assert_allclose(f[2:], (1 - eta) / 2 * e + (1 + eta) / 2 * x, rtol=1e-14)


def test_nothing_to_do_keeps_every_bit(random_field):
    f, _, _ = random_field(6)
    before = f.copy()
    kernels.apply_map(f, np.ones((16, 20)), np.ones(20), 3.0)
    kernels.apply_map(f, np.zeros((16, 20)), np.zeros(20), 3.0)
    assert np.array_equal(f, before)
