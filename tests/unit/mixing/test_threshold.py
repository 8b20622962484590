"""Threshold equilibration: where, how much, refusals."""

import numpy as np
import pytest

from qkepipe.errors import QkepipeError
from qkepipe.mixing import THRESHOLD_RULES, threshold_step
from qkepipe.mixing.threshold_kernels import pair_fraction

ONE = np.ones(1)


def densities(values):
    """One group, one direction, one radius."""
    return np.array(values, dtype=float).reshape(4, 1, 1, 1)


@pytest.mark.parametrize(
    "before, flavors, after",
    [
        # nuebar - nuxbar is the smaller difference: its sector reaches equipartition
        ((1.0, 0.6, 0.1, 0.3), 3, (0.8, 0.4, 0.2, 0.4)),
        ((1.0, 0.6, 0.1, 0.3), 2, (0.85, 0.45, 0.25, 0.45)),
        # opposite signs: nothing can move in both sectors
        ((1.0, 0.2, 0.5, 0.3), 3, (1.0, 0.2, 0.5, 0.3)),
        ((1.0, 0.3, 0.3, 0.3), 3, (1.0, 0.3, 0.3, 0.3)),
        # more heavy than electron flavour: conversion backwards
        ((0.1, 0.2, 0.4, 0.8), 3, (0.3, 0.4, 0.3, 0.7)),
    ],
)
def test_pair_rule(before, flavors, after):
    f = densities(before)
    threshold_step(f, ONE, ONE, 2.0, flavors=flavors)
    np.testing.assert_allclose(f.ravel(), after, rtol=1e-14)


def test_full_rule_is_equipartition():
    f = densities((1.0, 0.6, 0.1, 0.3))
    threshold_step(f, ONE, ONE, 2.0, flavors=3, rule="full")
    np.testing.assert_allclose(f.ravel(), (0.4, 0.4, 0.4, 0.4), rtol=1e-14)


def test_only_below_the_threshold(random_field):
    f, _, angle = random_field(1)
    before = f.copy()
    rho = np.geomspace(1e13, 1e8, 20)
    where = threshold_step(f, angle.weights, rho, 1e10, flavors=3)
    assert np.array_equal(where, rho < 1e10)
    assert np.array_equal(f[..., ~where], before[..., ~where])
    assert not np.array_equal(f[..., where], before[..., where])


@pytest.mark.parametrize("rule", THRESHOLD_RULES)
def test_parallel_gives_the_same_bits(rule, random_field):
    f, _, angle = random_field(2)
    other = f.copy()
    rho = np.ones(20)
    threshold_step(f, angle.weights, rho, 2.0, flavors=2, rule=rule)
    threshold_step(other, angle.weights, rho, 2.0, flavors=2, rule=rule, parallel=True)
    assert np.array_equal(f, other)


def test_python_function_of_the_rule():
    assert pair_fraction.py_func(0.9, 0.3) == pytest.approx((1 / 3, 1.0))
    assert pair_fraction.py_func(0.9, -0.3) == (0.0, 0.0)


def test_refusals(random_field):
    f, _, angle = random_field(3)
    rho = np.ones(20)
    with pytest.raises(QkepipeError, match="unknown threshold rule 'pairs'.*did you mean 'pair'"):
        threshold_step(f, angle.weights, rho, 1.0, flavors=3, rule="pairs")
    with pytest.raises(QkepipeError, match="2 or 3"):
        threshold_step(f, angle.weights, rho, 1.0, flavors=1)
    with pytest.raises(ValueError, match="rho"):
        threshold_step(f, angle.weights, rho[1:], 1.0, flavors=3)
    with pytest.raises(ValueError, match="C-contiguous"):
        threshold_step(f[..., ::2], angle.weights, rho[::2], 1.0, flavors=3)
