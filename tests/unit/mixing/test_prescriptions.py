"""Factors k of the registered prescriptions at the edges of their domain."""

import math

import numpy as np
import pytest

from qkepipe.mixing import PRESCRIPTIONS
from qkepipe.mixing.power_half import find_crossings, log_width

MU = np.array([-0.75, -0.25, 0.25, 0.75])
WEIGHT = np.full(4, 0.25)


def factors(name, g, rtol=1e-12, python=False):
    g = np.asarray(g, dtype=float).reshape(4, -1)
    negative = np.maximum(-g, 0.0).T @ WEIGHT
    positive = np.maximum(g, 0.0).T @ WEIGHT
    k = np.full(g.shape, np.nan)
    kernel = PRESCRIPTIONS[name].kernel
    (kernel.py_func if python else kernel)(g, WEIGHT, MU, negative, positive, rtol, k)
    return k[:, 0] if k.shape[1] == 1 else k


@pytest.mark.parametrize("python", [False, True])
@pytest.mark.parametrize("name", PRESCRIPTIONS)
@pytest.mark.parametrize(
    "g", [[0, 0, 0, 0], [1, 2, 3, 4], [-1, -2, -3, -4], [1, 2, 3, -1e-13], [0, 0, 1, 0]]
)
def test_no_crossing_no_conversion(name, g, python):
    assert np.array_equal(factors(name, g, python=python), np.ones(4))


def test_rtol_is_the_noise_level():
    g = [1, 2, 3, -1e-4]
    assert factors("box", g)[3] == 0.0
    assert np.array_equal(factors("box", g, rtol=1e-3), np.ones(4))


@pytest.mark.parametrize("python", [False, True])
def test_box_lobes(python):
    k = factors("box", [-2, -1, 1, 1], python=python)
    np.testing.assert_allclose(k, [1 / 3, 1 / 3, 0, 0], rtol=1e-15)


def test_box_puts_zero_nodes_on_the_deep_side():
    np.testing.assert_allclose(factors("box", [2, 2, 0, -1]), [0.75, 0.75, 0.75, 0.0])


@pytest.mark.parametrize("name", ["box", "power_half", "equipartition"])
def test_no_net_lepton_number_is_equipartition(name):
    np.testing.assert_allclose(factors(name, [-1, -1, 1, 1]), 0.0, atol=1e-15)


@pytest.mark.parametrize("python", [False, True])
def test_power_half_closes_the_balance_and_is_smooth(python):
    g = np.array([-1.0, 1.0, 2.0, 3.0])
    k = factors("power_half", g, python=python)
    assert k[0] == 0.0
    assert np.all(np.diff(k) > 0.0)
    assert (WEIGHT * k) @ g == pytest.approx(WEIGHT @ g, rel=1e-15)


def test_power_half_near_zero_net_number():
    """Ratio of the lobes above the limit: uniform h, still conserving."""
    g = np.array([-1.0, -1.0, 1.0, 1.0 + 1e-11])
    k = factors("power_half", g)
    assert WEIGHT @ (k * g) == pytest.approx(WEIGHT @ g, rel=1e-4, abs=1e-16)
    assert np.all(k >= 0.0)


@pytest.mark.parametrize(
    "g, expected",
    [
        ([1, 1, 1, 1], []),
        ([1, 1, -1, -1], [0.0]),
        ([3, 1, -1, -1], [0.0]),
        ([3, -1, -1, -1], [-0.375]),
        ([1, 0, -1, -1], [-0.25]),
        ([1, 0, 0, -1], [0.0]),
        ([1, 0, 1, 1], []),
        ([0, 0, 1, -1], [0.5]),
        ([1, -1, 1, -1], [-0.5, 0.0, 0.5]),
    ],
)
def test_crossings(g, expected):
    found = np.empty(4)
    for find in (find_crossings, find_crossings.py_func):
        count = find(np.array(g, dtype=float), MU, found)
        np.testing.assert_allclose(found[:count], expected, atol=1e-15)


@pytest.mark.parametrize("ratio", [1e-6, 0.1, 0.5, 0.8, 0.999, 1 - 1e-9])
def test_width_solves_its_equation(ratio):
    x, w = np.polynomial.legendre.leggauss(400)
    distance, weight = 0.5 * (x + 1.0), 0.5 * w
    s = log_width(distance, weight, ratio)
    h = 1.0 / np.sqrt(1.0 + (distance * math.exp(-s)) ** 2)
    assert weight @ h == pytest.approx(ratio, rel=1e-13)
