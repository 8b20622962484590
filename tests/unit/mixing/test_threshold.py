"""Threshold equilibration: where, how much, refusals."""

from types import SimpleNamespace

import numpy as np
import pytest

from qkepipe.diagnostics import flux_factor
from qkepipe.errors import QkepipeError
from qkepipe.mixing import (
    THRESHOLD_LAWS,
    THRESHOLD_RULES,
    get_threshold_rule,
    is_forward,
    threshold_step,
)
from qkepipe.mixing.threshold_kernels import pair_fraction, quasi_move

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


@pytest.mark.parametrize(
    "rule, before, flavors, after",
    [
        ("full", (1.0, 0.6, 0.1, 0.3), 3, (0.4, 0.4, 0.4, 0.4)),
        ("total", (1.0, 0.6, 0.1, 0.3), 3, (0.4, 0.4, 0.4, 0.4)),
        ("total", (1.0, 0.6, 0.1, 0.3), 2, (0.5, 0.5, 0.5, 0.5)),
        # D = q/S = 0.575/2.75
        ("quasi_equipartition", (1.0, 0.8, 0.45, 0.5), 2, np.array([174, 130, 145, 156]) / 220),
        # conversion backwards: D = -0.6/(0.9 + sqrt(1.71)) = -0.2717798
        (
            "quasi_equipartition",
            (0.1, 0.2, 0.4, 0.8),
            3,
            (0.3717798, 0.4717798, 0.2641101, 0.6641101),
        ),
        # D would be 0.345; nux has room for 0.1
        ("quasi_equipartition", (1.0, 1.0, 0.9, 0.0), 2, (0.9, 0.9, 1.0, 0.1)),
        ("quasi_equipartition", (0.0, 0.0, 0.0, 0.0), 3, (0.0, 0.0, 0.0, 0.0)),
    ],
)
def test_other_rules(rule, before, flavors, after):
    f = densities(before)
    threshold_step(f, ONE, ONE, 2.0, flavors=flavors, rule=rule)
    np.testing.assert_allclose(f.ravel(), after, rtol=0, atol=5e-8)


def test_quasi_equipartition_of_the_worked_example():
    """D = 2 q/(S + sqrt(S^2 - 3 q)) with S = 2.275, q = 0.575."""
    f = densities((1.0, 0.8, 0.45, 0.5))
    threshold_step(f, ONE, ONE, 2.0, flavors=3, rule="quasi_equipartition")
    move = 1.15 / (2.275 + np.sqrt(2.275**2 - 3 * 0.575))
    assert move == pytest.approx(0.2782761, abs=5e-8)
    expected = (1 - move, 0.8 - move, 0.45 + move / 2, 0.5 + move / 2)
    np.testing.assert_allclose(f.ravel(), expected, rtol=1e-14)
    assert quasi_move.py_func(1.0, 0.8, 0.45, 0.5, 3.0) == pytest.approx(move, rel=1e-14)


def test_equal_numbers_do_not_move():
    """Other directions, equal numbers to round-off: the pair rule leaves them."""
    f = np.zeros((4, 1, 10, 1))
    f[:2, 0, :3], f[2:, 0, 3:6] = 0.1, 0.1
    before = f.copy()
    for weights in (np.full(10, 0.1), np.linspace(0.05, 0.15, 10)):
        threshold_step(f, weights, ONE, 2.0, flavors=3)
        assert np.array_equal(f, before) == (weights[0] == 0.1)


@pytest.mark.parametrize("rule", THRESHOLD_RULES)
def test_only_below_the_threshold_and_where_told(rule, random_field):
    f, _, angle = random_field(1)
    before = f.copy()
    rho = np.geomspace(1e13, 1e8, 20)
    also = np.arange(20) % 2 == 0
    for where, expected in ((also, (rho < 1e10) & also), (None, rho < 1e10)):
        f[:] = before
        acts = threshold_step(f, angle.weights, rho, 1e10, flavors=3, rule=rule, where=where)
        assert np.array_equal(acts, expected)
        assert np.array_equal(f[..., ~acts], before[..., ~acts])
        assert not np.array_equal(f, before)


@pytest.mark.parametrize("rule", THRESHOLD_RULES)
def test_groups_are_independent(rule, random_field):
    f, _, angle = random_field(4)
    one = np.ascontiguousarray(f[:, 2:3])
    for part in (f, one):
        threshold_step(part, angle.weights, np.zeros(20), 1.0, flavors=3, rule=rule)
    assert np.array_equal(f[:, 2:3], one)


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


@pytest.mark.parametrize("name", THRESHOLD_RULES)
def test_rules_are_complete(name):
    rule = THRESHOLD_RULES[name]
    assert rule.name == name
    assert rule.doc and rule.source and rule.valid
    assert set(rule.conserves) <= set(THRESHOLD_LAWS)
    assert get_threshold_rule(name) is rule
    assert [r.name for r in THRESHOLD_RULES.values() if r.code == rule.code] == [name]


def test_flux_factor_is_the_mean_over_all_groups(random_field):
    """Above and below that of the diagnostics; a beam has that of its direction."""
    f, energy, angle = random_field(5)
    weights = energy.weights, angle.weights, angle.centres
    grid = SimpleNamespace(energy=energy, angle=angle)
    factor = flux_factor(f, grid)[1]
    for value in np.quantile(factor, (0.2, 0.5, 0.8)) + 1e-9:
        assert np.array_equal(is_forward(f[1], *weights, value), factor > value)
    beams = np.zeros((2, 16, 1))
    beams[0, 3], beams[1, 14] = 0.3, 0.1
    w, (a, b) = np.array([2.0, 5.0]), angle.weights[[3, 14]] * (0.3, 0.1)
    mean = (w * (a, b) @ angle.centres[[3, 14]]) / (w @ (a, b))
    assert is_forward(beams, w, angle.weights, angle.centres, mean - 1e-12)[0]
    assert not is_forward(beams, w, angle.weights, angle.centres, mean + 1e-12)[0]


def test_no_neutrinos_have_no_flux_factor(random_field):
    f, energy, angle = random_field(6)
    weights = energy.weights, angle.weights, angle.centres
    f[1, ..., :5] = 0.0
    for value in (-1.0, 0.0, 0.5):
        assert not is_forward(f[1], *weights, value)[:5].any()
    assert is_forward(f[1], *weights, -1.0)[5:].all()


@pytest.mark.parametrize("value", [1.0, -1.1, np.nan, np.inf])
def test_impossible_flux_factors_are_refused(value, random_field):
    f, energy, angle = random_field(7)
    with pytest.raises(QkepipeError, match="flux_factor: .*; expected -1 to 1, without 1"):
        is_forward(f[1], energy.weights, angle.weights, angle.centres, value)
    with pytest.raises(ValueError, match="weights"):
        is_forward(f[1], energy.weights[1:], angle.weights, angle.centres, 0.0)


def test_refusals(random_field):
    f, _, angle = random_field(3)
    rho = np.ones(20)
    with pytest.raises(QkepipeError, match="unknown threshold rule 'pairs'.*did you mean 'pair'"):
        threshold_step(f, angle.weights, rho, 1.0, flavors=3, rule="pairs")
    with pytest.raises(QkepipeError, match="did you mean 'quasi_equipartition'"):
        threshold_step(f, angle.weights, rho, 1.0, flavors=3, rule="quasi-equipartition")
    with pytest.raises(QkepipeError, match="2 or 3"):
        threshold_step(f, angle.weights, rho, 1.0, flavors=1)
    with pytest.raises(ValueError, match="rho"):
        threshold_step(f, angle.weights, rho[1:], 1.0, flavors=3)
    with pytest.raises(ValueError, match="shape"):
        threshold_step(f, angle.weights, rho, 1.0, flavors=3, where=np.ones(19, dtype=bool))
    with pytest.raises(ValueError, match="C-contiguous"):
        threshold_step(f[..., ::2], angle.weights, rho[::2], 1.0, flavors=3)
