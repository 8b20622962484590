"""Factors k of the registered prescriptions at the edges of their domain."""

import math

import numpy as np
import pytest

from qkepipe.mixing import PRESCRIPTIONS
from qkepipe.mixing.continuous import find_crossings, log_width, profile
from qkepipe.phasespace import angle_grid

#: Continuous prescriptions with the code of their profile.
CONTINUOUS = {"power_half": 0, "power_quarter": 1, "exponential": 2}

MU = np.array([-0.75, -0.25, 0.25, 0.75])
WEIGHT = np.full(4, 0.25)
#: Those with one k per direction.
DIRECTIONAL = [
    name for name, rule in PRESCRIPTIONS.items() if rule.species == 4 and rule.axes == ("mu",)
]


def factors(name, g, rtol=1e-12, python=False, flavors=2.0, mu=MU):
    g = np.asarray(g, dtype=float).reshape(mu.size, -1)
    weight = np.full(mu.size, 1.0 / mu.size)
    negative = np.maximum(-g, 0.0).T @ weight
    positive = np.maximum(g, 0.0).T @ weight
    k = np.full(g.shape, np.nan)
    kernel = PRESCRIPTIONS[name].kernel
    (kernel.py_func if python else kernel)(g, weight, mu, negative, positive, rtol, flavors, k)
    return k[:, 0] if k.shape[1] == 1 else k


@pytest.mark.parametrize("python", [False, True])
@pytest.mark.parametrize("name", DIRECTIONAL)
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


@pytest.mark.parametrize("name", ["box", *CONTINUOUS, "equipartition", "bd21"])
def test_no_net_lepton_number_is_equipartition(name):
    np.testing.assert_allclose(factors(name, [-1, -1, 1, 1]), 0.0, rtol=0, atol=1e-15)


@pytest.mark.parametrize("python", [False, True])
@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_states_close_the_balance_and_are_smooth(name, python):
    g = np.array([-1.0, 1.0, 2.0, 3.0])
    k = factors(name, g, python=python)
    assert k[0] == 0.0
    assert np.all(np.diff(k) > 0.0)
    assert (WEIGHT * k) @ g == pytest.approx(WEIGHT @ g, rel=1e-15)


@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_states_near_zero_net_number(name):
    """Ratio of the lobes above the limit: uniform h, still conserving."""
    g = np.array([-1.0, -1.0, 1.0, 1.0 + 1e-11])
    k = factors(name, g)
    assert WEIGHT @ (k * g) == pytest.approx(WEIGHT @ g, rel=1e-4, abs=1e-16)
    assert np.all(k >= 0.0)


@pytest.mark.parametrize("name", CONTINUOUS)
@pytest.mark.parametrize("shallow", [1e-13, 1e-30, 1e-100, 1e-300])
def test_continuous_states_of_a_vanishing_lobe(name, shallow):
    """With a tolerance of zero any depth counts: finite, and nothing moves in the deep lobe."""
    k = factors(name, [-shallow, 1.0, 2.0, 3.0], rtol=0.0)
    assert k[0] == 0.0
    np.testing.assert_allclose(k[1:], 1.0, rtol=0.0, atol=1e-12)


@pytest.mark.parametrize("python", [False, True])
@pytest.mark.parametrize("name", CONTINUOUS)
def test_lobes_too_unequal_for_any_width_give_the_box(name, python):
    g = [-1e-120, 1e-8, 1e-1, 1e-37]
    assert np.array_equal(factors(name, g, rtol=0.0, python=python), [0.0, 1.0, 1.0, 1.0])


def test_profiles_differ_in_reach():
    """At equal number of converted particles the slower profile reaches farther."""
    k = np.array([factors(name, [-1.0, 2.0, 2.0, 2.0]) for name in CONTINUOUS])
    power_half, power_quarter, exponential = k
    assert power_quarter[-1] < power_half[-1] < exponential[-1]
    assert power_quarter[1] > power_half[1] > exponential[1]


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
        np.testing.assert_allclose(found[:count], expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("form", CONTINUOUS.values(), ids=CONTINUOUS)
@pytest.mark.parametrize("ratio", [1e-6, 0.1, 0.5, 0.8, 0.999, 1 - 1e-9])
def test_width_solves_its_equation(ratio, form):
    x, w = np.polynomial.legendre.leggauss(400)
    distance, weight = 0.5 * (x + 1.0), 0.5 * w
    s = log_width(distance, weight, ratio, form)
    h = [profile(form, d * math.exp(-s))[0] for d in distance]
    assert weight @ h == pytest.approx(ratio, rel=1e-13)


@pytest.mark.parametrize("form", CONTINUOUS.values(), ids=CONTINUOUS)
def test_slope_of_the_profile(form):
    for x in (0.01, 0.5, 1.0, 3.0):
        for run in (profile, profile.py_func):
            step = 1e-4
            up, down = (run(form, x * math.exp(sign * step))[0] for sign in (-1, 1))
            assert run(form, x)[1] == pytest.approx((up - down) / (2 * step), rel=1e-6)
            assert run(form, 0.0) == (1.0, 0.0)


@pytest.mark.parametrize("python", [False, True])
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("turn", [1, -1])
def test_bd21_is_a_line_on_the_deep_side(python, sign, turn):
    """a_l = 0.2; also for a negative deep lobe and a backward one."""
    k = factors("bd21", sign * np.array([-0.8, -0.8, 1.0, 1.0])[::turn], python=python)
    np.testing.assert_allclose(k[::turn], [0, 0, 0.1375, 0.2125], rtol=1e-14)


@pytest.mark.parametrize(
    "g",
    [
        [-0.19, -0.19, 1.0, 1.0],  # a_l = 0.81: P would exceed 1
        [-1.0, 1.0, 1.0, 1.0],  # crossing away from mu = 0
        [-1.0, 1.0, -1.0, 1.5],  # several crossings
        [0.0, 0.0, -0.5, 1.0],  # flux factor near 1
    ],
)
def test_bd21_makes_no_statement_outside_its_range(g):
    for python in (False, True):
        for turned in (g, g[::-1], np.negative(g)):
            assert np.array_equal(factors("bd21", turned, python=python), np.ones(4))


@pytest.mark.parametrize(
    "g, expected",
    [
        ([-1.0, 0.0, 2.0], [0.0, 0.25, 0.5]),
        ([-1.0, 1.0, 1.0], [0.0, 0.25, 0.5]),
        ([-0.5, -0.5, 2.0], [0.0, 0.0, 0.5]),
        ([0.0, -1.0, 2.0], [0.0, 0.0, 0.5]),
    ],
)
def test_bd21_gives_the_node_at_zero_to_the_lobe_of_its_sign(g, expected):
    k = factors("bd21", g, mu=np.array([-2 / 3, 0.0, 2 / 3]))
    np.testing.assert_allclose(k, expected, rtol=1e-14)


@pytest.mark.parametrize("python", [False, True])
@pytest.mark.parametrize("edge", [-0.08, -0.02, 0.02, 0.1])
def test_bd21_finds_a_step_inside_the_bin_of_zero(edge, python):
    """Bins of unequal width, none with an edge at 0: means of a step at ``edge`` over them."""
    angle = angle_grid(12)
    assert angle.edges[4] < -0.08 and angle.edges[5] > 0.1
    behind = np.clip((edge - angle.edges[:-1]) / np.diff(angle.edges), 0.0, 1.0)
    g = (1.0 - behind) - 0.9 * behind
    weights = angle.weights
    lobes = [np.atleast_1d(weights @ np.maximum(s * g, 0.0)) for s in (-1.0, 1.0)]
    k = np.full((12, 1), np.nan)
    kernel = PRESCRIPTIONS["bd21"].kernel
    kernel = kernel.py_func if python else kernel
    kernel(g[:, None], weights, angle.centres, *lobes, 1e-12, 2.0, k)
    deep = g > 0 if lobes[1] >= lobes[0] else g < 0
    a = 1.0 - min(lobes)[0] / max(lobes)[0]
    line = a * (0.5 + 0.75 * (1.0 if lobes[1] >= lobes[0] else -1.0) * angle.centres)
    np.testing.assert_allclose(k[:, 0], np.where(deep, line, 0.0), rtol=1e-13)


@pytest.mark.parametrize("python", [False, True])
@pytest.mark.parametrize("flavors, k", [(2.0, -1.0), (3.0, -0.5)])
def test_swap(flavors, k, python):
    """Survival 0 for either number of flavours."""
    found = factors("swap", [-1.0, 1.0, 2.0, 3.0], flavors=flavors, python=python)
    assert np.array_equal(found, np.full(4, k))
