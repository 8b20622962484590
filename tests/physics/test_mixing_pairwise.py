"""Pairwise relaxation of three flavours: limits, conservation and an independent integration.

d f_a/dt = sum_b (1 - eta_ab) (f_b - f_a)/tau_ab with the two-flavour box of each pair (after Liu,
Nagakura, Zaizen, Johns & Yamada 2025, arXiv:2503.18145, construction recalled). With mu = tau,
f_e - f_x falls in the shallow lobe at 2 (1/2) + 1/2 = 3/2 of 1/tau where the three-flavour box has
1/tau: the same orbit at 1.5 times the speed. A pair alone is the two-flavour box.
"""

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from qkepipe.constants import SQRT2_GF_RATE
from qkepipe.mixing import bgk_step
from qkepipe.mixing.pairwise import PAIRS, pairwise_step
from qkepipe.phasespace import angle_grid, energy_grid, geometric_energy_edges

ENERGY = energy_grid(geometric_energy_edges(3, 5.0, 100.0))
ANGLE = angle_grid(12, power=1.0)


def random_states(seed, n):
    """Fermi-Dirac-like spectra times forward-peaked angular factors, six species."""
    rng = np.random.default_rng(seed)
    t = rng.uniform(3.0, 8.0, (6, 1, 1, n))
    eta = rng.uniform(-2.0, 3.0, (6, 1, 1, n))
    z = rng.uniform(0.0, 4.0, (6, 1, 1, n))
    e = ENERGY.centres[None, :, None, None]
    mu = ANGLE.centres[None, None, :, None]
    return np.ascontiguousarray(np.exp(z * (mu - 1.0)) / (1.0 + np.exp(e / t - eta)))


def relaxed(f, dt=math.inf, **options):
    new = f.copy()
    state = pairwise_step(new, ENERGY.weights, ANGLE.weights, dt, **options)
    return new, state


def lepton(f, eweights=ENERGY.weights):
    """L[flavour, mu, r]."""
    n = np.einsum("semr,e->smr", f, eweights)
    return n[::2] - n[1::2]


def pair_lobes(f):
    """Shallow and deep lobes of the pairs, (3, r) each."""
    number = lepton(f)
    g = np.array([number[a] - number[b] for a, b in PAIRS])
    positive, negative = (np.einsum("pmr,m->pr", np.maximum(s * g, 0.0), ANGLE.weights)
                          for s in (1, -1))  # fmt: skip
    return np.minimum(positive, negative), np.maximum(positive, negative)


def defects(old, new):
    """Largest relative change of lepton numbers, traces and energy, and breach of 0 <= f <= 1."""
    density = np.einsum("semr,e,m->r", old, ENERGY.weights, ANGLE.weights)
    density = np.where(density > 0.0, density, 1.0)
    change = np.einsum("amr,m->ar", lepton(new) - lepton(old), ANGLE.weights) / density
    trace, before = (f.reshape(3, 2, *f.shape[1:]).sum(axis=0) for f in (new, old))
    weight = ENERGY.weights * ENERGY.centres
    energy, start = (np.einsum("semr,e,m->sr", f, weight, ANGLE.weights) for f in (trace, before))
    return {
        "lepton": np.abs(change).max(),
        "trace": np.abs(trace - before).max(),
        "energy": np.max(np.abs(energy - start) / np.where(start > 0.0, start, 1.0)),
        "positivity": max(0.0, -new.min(), new.max() - 1.0),
    }


def edge_states(n, rng):
    """States at the edges of the domain, by kind."""
    shape = (6, 3, 12, n)
    f = random_states(20, n)
    uniform = rng.uniform(0.0, 1.0, shape)
    sparse = np.where(rng.uniform(size=shape) < 0.7, 0.0, uniform)
    nearly = f.copy()
    change = 10.0 ** rng.uniform(-15.0, -1.0, n) * rng.uniform(-1.0, 1.0, (2, 3, 12, n))
    nearly[4:] = np.clip(f[2:4] * (1.0 + change), 0.0, 1.0)
    grazing = 10.0 ** rng.uniform(-13.0, -1.0, n) * uniform
    grazing[0] += 0.5 * (np.arange(12) > 2)[:, None]
    grazing[2] += 0.3 * (np.arange(12) > 4)[:, None]
    mirrored = f.copy()
    mirrored[::2] = f[1::2, :, ::-1]
    kinds = {
        "uniform": uniform,
        "sparse": sparse,
        "degenerate": np.round(sparse),
        "mu nearly tau": nearly,
        "grazing": np.minimum(grazing, 1.0),
        "equal lobes": mirrored,
        "tiny": 1e-200 * f,
    }
    return {name: np.ascontiguousarray(state) for name, state in kinds.items()}


def check_asymptotic(f):
    new, state = relaxed(f)
    found = defects(f, new)
    assert found["positivity"] == 0.0
    assert all(found[law] < 1e-13 for law in ("lepton", "trace", "energy")), found
    assert np.all(np.isfinite(new))
    shallow, deep = pair_lobes(new)
    density = np.einsum("semr,e,m->r", f, ENERGY.weights, ANGLE.weights)
    assert np.all(shallow <= 1e-12 * (shallow + deep) + 1e-14 * density)
    again, second = relaxed(new)
    assert np.array_equal(again, new) and not second.open.any()
    assert state.matrix.min() >= 0.0
    for axis in (0, 1):
        np.testing.assert_allclose(state.matrix.sum(axis=axis), 1.0, rtol=0.0, atol=1e-13)
    return new, state


def test_many_random_states_conserve_and_lose_every_crossing():
    """10^4 states: each lepton number, traces, energy, 0 <= f <= 1; idempotent to the bit."""
    f = random_states(1, 10_000)
    new, state = check_asymptotic(f)
    several = state.open.sum(axis=0) > 1
    assert several.sum() > 2000
    assert np.abs(new - f)[..., several].max() > 0.1


@pytest.mark.parametrize("kind", edge_states(1, np.random.default_rng(0)))
def test_edges(kind):
    f = edge_states(300, np.random.default_rng(2))[kind]
    _, state = check_asymptotic(f)
    assert state.open.any()
    for dt in (3e-10, 1e-6):
        new, _ = relaxed(f, dt)
        found = defects(f, new)
        assert found["positivity"] == 0.0 and max(found.values()) < 1e-13, found


def test_nothing_moves_without_a_crossing():
    """No crossing, G = 0, equal flavours, one direction, empty and full, zero time: every bit."""
    f = random_states(3, 50)
    zero = f.copy()
    zero[1::2] = zero[::2]
    same = np.ascontiguousarray(f[[0, 1, 0, 1, 0, 1]])
    ordered = f * np.array([1.0, 0.0, 0.0, 0.5, 0.0, 1.0]).reshape(6, 1, 1, 1)
    ordered[5] = ordered[3] + 0.1
    one = f * (np.arange(12) == 11)[:, None]
    for still in (zero, same, ordered, one, np.zeros_like(f), np.ones_like(f)):
        for dt in (1e-9, math.inf):
            new, state = relaxed(np.ascontiguousarray(still), dt)
            assert np.array_equal(new, still)
            assert not state.open.any() and not state.steps.any()
    for dt, factor in ((0.0, 1.0), (math.inf, 0.0)):
        new, state = relaxed(f, dt, rate_factor=factor)
        assert np.array_equal(new, f) and state.open.any()


def box(f, flavors, dt=None):
    new = f.copy()
    bgk_step(
        new, ENERGY.weights, ANGLE.weights, ANGLE.centres, 0.0 if dt is None else dt,
        flavors=flavors, mode="map" if dt is None else "exact",
    )  # fmt: skip
    return new


def test_equal_mu_and_tau_are_the_three_flavour_box():
    """The same end, and the state at t is the closed solution of the box at 1.5 t.

    1e-9 is a thousand times the error per step (docs/physics/mixing.md, section 7).
    """
    f = random_states(4, 500)
    f[4:] = f[2:4]
    new, state = relaxed(f)
    assert (state.open.sum(axis=0) == 2).sum() > 100
    np.testing.assert_allclose(new[:4], box(f[:4], 3), rtol=0.0, atol=1e-9)
    for dt in (1e-11, 1e-10, 1e-9, 1e-8, 1e-6):
        new, _ = relaxed(f, dt)
        np.testing.assert_allclose(new[:4], box(f[:4], 3, 1.5 * dt), rtol=0.0, atol=1e-9)
        assert np.array_equal(new[4:], new[2:4])


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("dt", [None, 1e-10, 1e-8])
def test_one_crossing_pair_is_the_two_flavour_box(pair, dt):
    """A spectator whose G with both is of one sign: the closed solution, to round-off."""
    four = random_states(5, 500)[:4] * 0.3
    (spectator,) = {0, 1, 2} - set(pair)
    f = np.empty((6, *four.shape[1:]))
    for flavour, source in ((pair[0], 0), (pair[1], 1)):
        f[2 * flavour : 2 * flavour + 2] = four[2 * source : 2 * source + 2]
    f[2 * spectator], f[2 * spectator + 1] = 0.9, 0.05
    new, state = relaxed(f, math.inf if dt is None else dt)
    assert state.open.any(axis=0).sum() > 100
    assert not state.open[[p for p in range(3) if PAIRS[p] != pair]].any()
    expected = f.copy()
    mixed = box(np.ascontiguousarray(four), 2, dt)
    for flavour, source in ((pair[0], 0), (pair[1], 1)):
        expected[2 * flavour : 2 * flavour + 2] = mixed[2 * source : 2 * source + 2]
    np.testing.assert_allclose(new, expected, rtol=1e-13, atol=1e-15)


def test_the_averaged_rule_of_three_flavours_over_converts():
    """The trap: eta = 1/3 for a pair alone is G -> (2 eta - 1) G = -G/3; here it ends at 0."""
    f = np.ascontiguousarray(random_states(5, 500) * 0.3)
    f[4], f[5] = 0.9, 0.05
    new, state = relaxed(f)
    moved = state.open[0]
    before, after = (lepton(x)[0, :, moved] - lepton(x)[1, :, moved] for x in (f, new))
    lesser = np.where(state.negative[0] < state.positive[0], -1.0, 1.0)[moved][:, None]
    inside = lesser * before > 0.0
    assert inside.sum() > 100
    ratio = after[inside] / before[inside]
    assert np.abs(ratio).max() < 1e-3 and np.median(np.abs(ratio)) < 1e-12
    assert np.abs(ratio + 1.0 / 3.0).min() > 0.3


def rate_of_change(f, eweights, mweights):
    """Right side of the equations of f[6, energy, mu], plain numpy, kappa = 1."""
    number = np.einsum("sem,e->sm", f, eweights)
    number = number[::2] - number[1::2]
    out = np.zeros_like(f)
    for a, b in PAIRS:
        g = number[a] - number[b]
        below, above = mweights @ np.maximum(-g, 0.0), mweights @ np.maximum(g, 0.0)
        if min(below, above) <= 0.0:
            continue
        r = min(below, above) / max(below, above)
        shallow = (g < 0.0) == (below < above)
        rate = math.sqrt(below * above) / (2.0 * math.pi)
        exchange = np.where(shallow, 0.5, 0.5 * r) * rate
        for sector in range(2):
            change = exchange * (f[2 * b + sector] - f[2 * a + sector])
            out[2 * a + sector] += change
            out[2 * b + sector] -= change
    return out


@pytest.mark.parametrize("time", [1.0, 10.0, 200.0])
def test_finite_time_against_an_independent_integration(time):
    """DOP853 (rtol 1e-12) of all f. 1e-8: kinks where a direction changes the lobe limit both."""
    rng = np.random.default_rng(6)
    _, w = np.polynomial.legendre.leggauss(8)
    w, eweights = w / 2, np.array([1.0, 2.0])
    f = rng.uniform(0.0, 1.0, (6, 2, 8, 5))
    new = f.copy()
    state = pairwise_step(new, eweights, w, time / SQRT2_GF_RATE)
    assert np.all(state.open.sum(axis=0) > 1)
    for i in range(f.shape[3]):
        reference = solve_ivp(
            lambda t, y: rate_of_change(y.reshape(6, 2, 8), eweights, w).ravel(),
            (0.0, time), f[..., i].ravel(), method="DOP853", rtol=1e-12, atol=1e-14,
        )  # fmt: skip
        found = reference.y[:, -1].reshape(6, 2, 8)
        np.testing.assert_allclose(new[..., i], found, rtol=1e-8, atol=1e-8)
        assert np.abs(found - f[..., i]).max() > 0.02


def test_error_follows_the_accuracy():
    """Error per step down by a hundred: the whole error falls by more than ten."""
    f = random_states(7, 300)
    best, _ = relaxed(f, 1e-9, accuracy=1e-14)
    errors = [np.abs(relaxed(f, 1e-9, accuracy=a)[0] - best).max() for a in (1e-7, 1e-9, 1e-11)]
    assert errors[2] < 1e-8
    assert errors[0] > 10.0 * errors[1] > 100.0 * errors[2]


def test_two_steps_are_one_longer_step():
    f = random_states(8, 100)
    one, _ = relaxed(f, 2e-9)
    half, _ = relaxed(f, 1e-9)
    np.testing.assert_allclose(relaxed(half, 1e-9)[0], one, rtol=0.0, atol=1e-8)
    assert np.abs(half - one).max() > 1e-3


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("dt", [1e-9, math.inf])
def test_flavours_are_interchangeable(order, dt):
    """Renaming the flavours before or after is the same, as is nu <-> nubar."""
    f = random_states(9, 100)
    index = [2 * a + s for a in order for s in range(2)]
    plain, _ = relaxed(f, dt)
    turned, _ = relaxed(np.ascontiguousarray(f[index]), dt)
    np.testing.assert_allclose(turned, plain[index], rtol=0.0, atol=1e-8)
    mirror = [1, 0, 3, 2, 5, 4]
    other, _ = relaxed(np.ascontiguousarray(f[mirror]), dt)
    np.testing.assert_allclose(other, plain[mirror], rtol=0.0, atol=1e-8)
