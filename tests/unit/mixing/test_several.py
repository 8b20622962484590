"""The step under several instabilities: single terms, weights, shapes, edges, refusals."""

import numpy as np
import pytest

from qkepipe.errors import QkepipeError
from qkepipe.mixing import PRESCRIPTIONS, Term, bgk_step, group_step, several, several_step

NO_TERMS = "mixing: terms: not a sequence of Term; expected at least one Term(prescription, rate)"
RELAXING = [name for name, rule in PRESCRIPTIONS.items() if "exponential" in rule.modes]


@pytest.fixture
def args(random_field):
    """Factory of f and the weights of a state, some of whose cells have a crossing."""

    def make(seed=1, **sizes):
        f, energy, angle = random_field(seed, **sizes)
        return f, energy.weights, angle.weights, angle.centres

    return make


@pytest.mark.parametrize("name", RELAXING)
@pytest.mark.parametrize("flavors", [2, 3])
def test_one_term_is_the_exponential_relaxation(name, flavors, args):
    f, *rest = args()
    alone = f.copy()
    state = bgk_step(alone, *rest, 1e-10, flavors=flavors, prescription=name, mode="exponential")
    found = several_step(f, *rest, 1e-10, [Term(name)], flavors=flavors)
    np.testing.assert_allclose(f, alone, rtol=1e-15)
    np.testing.assert_allclose(found.fraction, state.fraction, rtol=1e-14)
    np.testing.assert_allclose(found.k[0, 0], state.k, rtol=0, atol=1e-15)
    unstable = state.fraction > 0.0
    assert 0 < unstable.sum() < unstable.size
    np.testing.assert_allclose(
        found.rate[0], np.where(unstable, 1.0 / state.relaxation_time, 0.0), rtol=1e-14
    )
    assert np.array_equal(found.weight[0], unstable.astype(float))


def test_two_equal_terms_are_one_of_twice_the_rate(args):
    f, *rest = args()
    twice = f.copy()
    rate = np.random.default_rng(2).uniform(1e9, 1e10, f.shape[3])
    several_step(f, *rest, 1e-10, [Term("box", rate), Term("box", rate)], flavors=3)
    several_step(twice, *rest, 1e-10, [Term("box", 2.0 * rate)], flavors=3)
    assert np.array_equal(f, twice)


def test_a_factor_stands_for_its_prescription(args):
    f, *rest = args()
    named = f.copy()
    k = bgk_step(f.copy(), *rest, 0.0, flavors=2, prescription="power_half", mode="map").k
    rate = np.full(f.shape[3], 3e9)
    several_step(named, *rest, 1e-10, (Term("power_half", rate),), flavors=2)
    several_step(f, *rest, 1e-10, (Term(k, 3e9),), flavors=2)
    assert np.array_equal(f, named)


@pytest.mark.parametrize(
    "shape", [(), (20,), (16, 1), (16, 20), (6, 1, 1), (2, 1, 1, 1), (2, 6, 1, 20), (2, 6, 16, 20)]
)
def test_factors_of_any_shape_that_fits(shape, args):
    """Against the sum of the two changes written out, with a box beside the factor."""
    f, *rest = args()
    before = f.copy()
    k = np.random.default_rng(3).uniform(-0.5, 0.9, shape)
    box = bgk_step(f.copy(), *rest, 0.0, flavors=3, mode="map")
    found = several_step(f, *rest, 1e-10, [Term("box", 2e9), Term(k, 6e9)], flavors=3)
    on = box.fraction > 0.0
    sectors, energies = ((1,) * (4 - k.ndim) + k.shape)[:2]
    assert found.k.shape == (sectors, energies, 16, 20)
    weight = np.where(on, 0.25, 0.0)
    mean = weight * box.k + (1.0 - weight) * k
    expected = np.broadcast_to(mean, found.k.shape)
    np.testing.assert_allclose(found.k, expected, rtol=0, atol=1e-15)
    part = -np.expm1(-1e-10 * np.where(on, 8e9, 6e9))
    np.testing.assert_allclose(found.fraction, part, rtol=1e-14)
    moved = part * (1.0 - mean) * (before[:2] - before[2:])
    np.testing.assert_allclose(f[:2], before[:2] - 2 / 3 * moved, rtol=1e-13)
    np.testing.assert_allclose(f[2:], before[2:] + 1 / 3 * moved, rtol=1e-13)


@pytest.mark.parametrize(
    "name, flavors", [("slow_empirical", 2), ("equipartition_above", 3), ("swap_below", 2)]
)
def test_outcomes_by_group_are_terms_too(name, flavors, args):
    f, ew, mw, mu = args()
    # ELN-XLN changes its sign over energy, near both ends of the spectrum
    group = np.einsum("emr,e,m->er", f[0], ew, mw)
    excess = 0.1 * np.array([0.1, -0.3, 0.25, 0.25, -0.3, 0.1])[:, None] * group.min(axis=0)
    f[1] = f[0] * (1.0 - excess / group)[:, None, :]
    f[2:] = 0.3 * f[0]
    mapped, given = f.copy(), f.copy()
    k = group_step(mapped, ew, mw, flavors=flavors, prescription=name).k
    assert np.any(k != 1.0)
    rate = np.where(np.arange(f.shape[3]) % 2, np.inf, 0.0)
    several_step(f, ew, mw, mu, 1e-10, [Term(name, rate)], flavors=flavors)
    expected = np.where(np.isinf(rate), mapped, given)
    np.testing.assert_allclose(f, expected, rtol=1e-14)
    several_step(given, ew, mw, mu, 1e-10, [Term(k[:, :, None, :], rate)], flavors=flavors)
    np.testing.assert_array_equal(f, given)


def test_nothing_on_keeps_every_bit(args):
    f, *rest = args()
    before = f.copy()
    for dt in (0.0, 1.0, np.inf):
        found = several_step(f, *rest, dt, [Term("box", 0.0), Term(0.5, 0.0)], flavors=3)
        assert np.array_equal(f, before)
        assert not found.weight.any() and not found.fraction.any()
    several_step(f, *rest, 0.0, [Term("box"), Term(0.5, 1e9)], flavors=3)
    assert np.array_equal(f, before)


def test_a_term_without_a_target_is_off(args):
    """No crossing: the box does not hold back the other term."""
    f, *rest = args()
    alone = f.copy()
    found = several_step(f, *rest, 1e-10, [Term("box", np.inf), Term(0.5, 1e9)], flavors=3)
    several_step(alone, *rest, 1e-10, [Term(0.5, 1e9)], flavors=3)
    stable = found.rate[0] == 0.0
    assert 0 < stable.sum() < stable.size
    assert np.array_equal(f[..., stable], alone[..., stable])
    assert np.all(found.rate[1] == 1e9)


def test_infinite_rates_share_the_target(args):
    f, *rest = args()
    rates = [Term(0.2, np.inf), Term(0.6, np.inf), Term(-0.5, 1e300)]
    for dt in (0.0, 1e-10, np.inf):
        new = f.copy()
        found = several_step(new, *rest, dt, rates, flavors=3)
        assert np.all(found.weight == np.array([[0.5], [0.5], [0.0]]))
        assert np.all(found.fraction == 1.0)
        np.testing.assert_allclose(new[:2] - new[2:], 0.4 * (f[:2] - f[2:]), rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("rate", [1e308, 1e-310])
def test_rates_of_any_size(rate, args):
    f, *rest = args()
    terms = [Term(0.2, rate), Term(0.6, rate), Term(0.7, 2 * rate if rate < 1 else rate)]
    found = several_step(f, *rest, np.inf, terms, flavors=3)
    assert np.all(np.isfinite(f)) and np.all(found.fraction == 1.0)
    np.testing.assert_allclose(found.weight.sum(axis=0), 1.0, rtol=1e-15)


def test_full_sphere(args):
    f, ew, mw, mu = args()
    sphere = f.copy()
    several_step(f, ew, mw, mu, 1e-10, [Term("box"), Term("equipartition")], flavors=3)
    several_step(sphere, ew, mw, None, 1e-10, [Term("box"), Term("equipartition")], flavors=3)
    assert np.array_equal(f, sphere)
    with pytest.raises(QkepipeError, match="power_half needs the cosine mu"):
        several_step(f, ew, mw, None, 1e-10, [Term("power_half")], flavors=3)


@pytest.mark.parametrize("kind", ["compiled", "python"])
def test_kernels(kind):
    run = (lambda k: k) if kind == "compiled" else (lambda k: k.py_func)
    rate = np.array([[0.0, 1.0, np.inf, 3.0], [0.0, 3.0, 5.0, 0.0]])
    weight, fraction = np.empty((2, 4)), np.empty(4)
    run(several.shares)(rate, 0.5, weight, fraction)
    assert np.array_equal(weight, [[0.0, 0.25, 1.0, 1.0], [0.0, 0.75, 0.0, 0.0]])
    np.testing.assert_allclose(fraction, [0.0, -np.expm1(-2.0), 1.0, -np.expm1(-1.5)], rtol=1e-15)
    f = np.array([0.8, 0.2, 0.4, 0.6]).reshape(4, 1, 1, 1)
    change = np.array([0.5, 1.0]).reshape(2, 1, 1, 1)
    run(several.apply_change)(f, change, np.array([0.5]), 2.0)
    np.testing.assert_allclose(f.ravel(), [0.75, 0.3, 0.45, 0.5], rtol=1e-15)


@pytest.mark.parametrize(
    "terms, line",
    [
        ([], NO_TERMS),
        (Term("box"), NO_TERMS),
        (["box"], NO_TERMS),
        ([Term("bd21")],
         "mixing: mode: 'exponential' is not defined for bd21; expected one of map"),
        ([Term("box"), Term("box", -1.0)],
         "mixing: terms[1].rate: -1 s^-1 at r 0; expected no negative value or NaN"),
        ([Term("box", np.where(np.arange(20) == 7, np.nan, 1.0))],
         "mixing: terms[0].rate: nan s^-1 at r 7; expected no negative value or NaN"),
        ([Term("box", np.ones(19))],
         "mixing: terms[0].rate: shape (19,); expected a number or shape (20,)"),
        ([Term("slow_empirical")],
         "mixing: terms[0].rate: missing; expected 1/tau in s^-1, 0 where slow_empirical does not "
         "hold"),
        ([Term(0.5)], "mixing: terms[0].rate: missing; expected 1/tau in s^-1 with a factor given "
                      "as an array"),
        ([Term(np.ones((3, 1, 1)), 1.0)],
         "mixing: terms[0].prescription: a factor of shape (3, 1, 1); expected one that fits "
         "(2, 6, 16, 20) (sector, energy, mu, r)"),
        ([Term(np.ones((1, 2, 6, 16, 20)), 1.0)],
         "mixing: terms[0].prescription: a factor of shape (1, 2, 6, 16, 20); expected one that "
         "fits (2, 6, 16, 20) (sector, energy, mu, r)"),
        ([Term(np.array([-1.1]), 1.0)],
         "mixing: terms[0].prescription: a factor of -1.1; expected between -1 and 1"),
        ([Term(np.array([np.nan]), 1.0)],
         "mixing: terms[0].prescription: a factor of nan; expected between -1 and 1"),
        ([Term(None, 1.0)],
         "mixing: terms[0].prescription: an object of type object; expected a name or a factor k"),
    ],
)  # fmt: skip
def test_terms_are_refused_in_one_line(terms, line, args):
    f, *rest = args()
    before = f.copy()
    with pytest.raises(QkepipeError) as caught:
        several_step(f, *rest, 1.0, terms, flavors=2)
    assert str(caught.value) == line
    assert np.array_equal(f, before)


def test_other_refusals(args):
    f, *rest = args()
    with pytest.raises(QkepipeError, match="unknown prescription 'bx'.*did you mean 'box'"):
        several_step(f, *rest, 1.0, [Term("bx")], flavors=2)
    with pytest.raises(QkepipeError, match="pairwise acts on six species"):
        several_step(f, *rest, 1.0, [Term("pairwise")], flavors=3)
    for dt in (-1.0, np.nan):
        with pytest.raises(QkepipeError, match="dt: .* s; expected no negative value or NaN"):
            several_step(f, *rest, dt, [Term("box")], flavors=2)
    with pytest.raises(QkepipeError, match="flavors: 4; expected 2 or 3"):
        several_step(f, *rest, 1.0, [Term(0.5, 1.0)], flavors=4)
    with pytest.raises(ValueError, match="C-contiguous"):
        several_step(f[..., ::2], *rest, 1.0, [Term("box")], flavors=2)
