"""Mixing schemes conserve what they declare.

Any map f_e - f_x -> k(mu) (f_e - f_x), the same for neutrinos and antineutrinos, keeps the
flavour trace f_e + (nf - 1) f_x of every energy and direction, hence energy summed over
flavours, and 0 <= f <= 1 for 0 <= k <= 1. It keeps the net ELN - XLN, and with the traces
ELN and XLN each, if int dmu (1 - k) G = 0 (Nagakura, Johns & Zaizen 2023,
arXiv:2312.16285). The box state has no crossing left, so the map is idempotent, and the
relaxation of the box is an exact semigroup in time. Threshold equilibration by pairs keeps
the lepton number of each flavour in every energy group.
"""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qkepipe.mixing import LAWS, PRESCRIPTIONS, bgk_step, law_defects, threshold_step
from qkepipe.phasespace import angle_grid, energy_grid, geometric_energy_edges

ENERGY = energy_grid(geometric_energy_edges(8, 5.0, 100.0))
ANGLE = angle_grid(24)
SIGN = np.array([1.0, -1.0, -1.0, 1.0])


def random_states(seed, n=100, energy=ENERGY, angle=ANGLE):
    """Fermi-Dirac-like spectra times forward-peaked angular factors, four species."""
    rng = np.random.default_rng(seed)
    t = rng.uniform(3.0, 8.0, (4, 1, 1, n))
    eta = rng.uniform(-2.0, 3.0, (4, 1, 1, n))
    z = rng.uniform(0.0, 4.0, (4, 1, 1, n))
    e = energy.centres[None, :, None, None]
    mu = angle.centres[None, None, :, None]
    return np.ascontiguousarray(np.exp(z * (mu - 1.0)) / (1.0 + np.exp(e / t - eta)))


def step(f, prescription, flavors, mode, dt=3e-10):
    new = f.copy()
    state = bgk_step(
        new,
        ENERGY.weights,
        ANGLE.weights,
        ANGLE.centres,
        dt,
        prescription=prescription,
        flavors=flavors,
        mode=mode,
    )
    return new, state


def number(f):
    return np.einsum("semr,e,m->sr", f, ENERGY.weights, ANGLE.weights)


def trace(f, flavors):
    return f[:2] + (flavors - 1) * f[2:]


#: Prescriptions for four species; the pairwise one has a test of its own.
FOUR = {name: rule for name, rule in PRESCRIPTIONS.items() if rule.species == 4}
#: Those by direction, which a step of the relaxation applies.
DIRECTIONAL = {name: rule for name, rule in FOUR.items() if rule.axes == ("mu",)}


def cases(rules):
    return [
        (name, flavors, mode)
        for name, rule in rules.items()
        for flavors in rule.flavors
        for mode in rule.modes
    ]


#: Fewer energies and directions for many states; directions in pairs +-mu.
FEW = energy_grid(geometric_energy_edges(3, 5.0, 100.0))
NODES = angle_grid(12, power=1.0)


def edge_states(n, rng):
    """States at the edges of the domain of the prescriptions, ``n`` of each kind, by kind."""
    mu = NODES.centres[:, None]
    shape = (4, FEW.centres.size, mu.size, n)
    level = rng.uniform(0.05, 0.95, (4, FEW.centres.size, 1, n))
    f = level * np.exp(rng.uniform(0.0, 3.0, (4, 1, 1, n)) * (mu - 1.0))
    forward = np.where(mu > 0.0, 1.0, 0.0)
    kinds = {name: f.copy() for name in ("three species", "zero net number", "zero nodes")}
    kinds["three species"][3] = f[2]
    kinds["zero net number"][1], kinds["zero net number"][3] = f[0], f[2]
    nodes = rng.integers(0, mu.size, 3)
    for particle in (0, 2):
        kinds["zero nodes"][particle + 1][:, nodes] = kinds["zero nodes"][particle][:, nodes]
    kinds["no crossing"] = f * np.array([1.0, 0.0, 0.0, 1.0]).reshape(4, 1, 1, 1)
    mirrored = f.copy()
    mirrored[1] = f[0][:, ::-1]
    mirrored[3] = f[2]
    kinds["equal lobes"] = mirrored
    kinds["one direction"] = f * (np.arange(mu.size) == mu.size - 1)[:, None]
    kinds["flux factor near 1"] = level * np.exp(rng.uniform(40.0, 400.0, (4, 1, 1, n)) * (mu - 1))
    kinds["empty species"] = f * rng.integers(0, 2, (4, 1, 1, n))
    kinds["empty"] = np.zeros(shape)
    kinds["full"] = np.ones(shape)
    kinds["degenerate"] = rng.integers(0, 2, shape).astype(float)
    # a step at mu = 0 of either orientation, a_l on both sides of 0.8
    deep, shallow = rng.uniform(0.2, 1.0, n), rng.uniform(0.0, 1.0, n)
    step = np.zeros(shape)
    step[0] = deep * forward
    step[1] = deep * shallow * (1.0 - forward)
    step[:2, ..., ::3] = step[:2, :, ::-1, ::3]
    step[:2, ..., ::4] = step[1::-1, ..., ::4]
    kinds["step"] = step
    return {name: np.ascontiguousarray(state) for name, state in kinds.items()}


@pytest.fixture(scope="module")
def many_states():
    """More than 10^4 states: random ones, and all kinds of edges."""
    edges = edge_states(300, np.random.default_rng(8))
    states = np.concatenate([random_states(9, 8000, FEW, NODES), *edges.values()], axis=3)
    assert states.shape[3] > 10_000
    return states


@pytest.mark.parametrize("name, flavors, mode", cases(FOUR))
def test_declared_laws_and_no_others(name, flavors, mode, many_states):
    """A law that a prescription does not declare is one that it breaks."""
    rule = PRESCRIPTIONS[name]
    defects = law_defects(
        many_states, FEW.centres, FEW.weights, NODES.weights, NODES.centres, name,
        flavors=flavors, mode=mode, dt=3e-10, laws=LAWS,
    )  # fmt: skip
    worst = {law: defect.max() for law, defect in defects.items()}
    assert {law for law in LAWS if worst[law] < 1e-14} == set(rule.conserves), worst
    assert worst["positivity"] == 0.0
    assert all(worst[law] > 1e-2 for law in set(LAWS) - set(rule.conserves))


@pytest.mark.parametrize("name", DIRECTIONAL)
def test_edges_by_kind(name):
    """Where there is no crossing nothing moves by a bit; equal lobes end in equipartition."""
    flavors = PRESCRIPTIONS[name].flavors[-1]
    kinds = edge_states(20, np.random.default_rng(10))
    for kind, f in kinds.items():
        new = f.copy()
        state = bgk_step(
            new, FEW.weights, NODES.weights, NODES.centres, 0.0,
            flavors=flavors, prescription=name, mode="map",
        )  # fmt: skip
        assert np.all(np.isfinite(new)) and np.all(np.isfinite(state.k)), kind
        if kind in ("no crossing", "zero net number", "one direction", "empty", "full"):
            assert np.array_equal(new, f), kind
            assert np.all(state.fraction == 0.0), kind
        if kind == "equal lobes" and name not in ("none", "swap", "bd21"):
            np.testing.assert_allclose(state.k, 0.0, rtol=0, atol=1e-9)
        if kind == "equal lobes" and name == "swap":
            # the one case in which the swap keeps the net lepton number
            n, m = ([1, -1, -1, 1] @ np.einsum("semr,e,m->sr", x, FEW.weights, NODES.weights)
                    for x in (f, new))  # fmt: skip
            scale = np.einsum("semr,e,m->r", f, FEW.weights, NODES.weights)
            assert np.max(np.abs(m - n) / scale) < 1e-14
            assert np.abs(new - f).max() > 0.1


def test_swap_exchanges_the_flavours():
    """nf = 2: all of f; nf = 3: nue takes nux and gives half of itself to each heavy flavour."""
    f = random_states(11)
    for flavors in (2, 3):
        new, state = step(f, "swap", flavors, "map")
        moved = state.fraction > 0
        np.testing.assert_allclose(new[:2][..., moved], f[2:][..., moved], rtol=1e-12, atol=1e-16)
        heavy = (f[:2] + (flavors - 2) * f[2:]) / (flavors - 1)
        np.testing.assert_allclose(new[2:][..., moved], heavy[..., moved], rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("name", ["box", "power_half", "power_quarter", "exponential"])
@pytest.mark.parametrize("flavors", [2, 3])
def test_map_removes_the_crossing_and_is_idempotent(name, flavors):
    f = random_states(2)
    once, first = step(f, name, flavors, "map")
    g = np.einsum("s,semr,e->mr", SIGN, once, ENERGY.weights)
    lobes = ANGLE.weights @ np.maximum(g, 0), ANGLE.weights @ np.maximum(-g, 0)
    residual = np.minimum(*lobes)[first.fraction > 0]
    assert np.max(residual / (first.negative + first.positive)[first.fraction > 0]) < 1e-14
    twice, second = step(once, name, flavors, "map")
    assert np.array_equal(twice, once)
    assert np.all(second.fraction == 0.0)


def test_two_and_three_flavours_share_the_lobes_but_not_the_limits():
    """The same k: G of the mixed state is the same, the share of nue is 1/2 or 1/3."""
    f = random_states(3)
    f[2:] = 0.0
    two, state = step(f, "equipartition", 2, "map")
    three, _ = step(f, "equipartition", 3, "map")
    unstable = state.fraction > 0
    np.testing.assert_allclose(two[0][..., unstable], f[0][..., unstable] / 2, rtol=1e-14)
    np.testing.assert_allclose(three[0][..., unstable], f[0][..., unstable] / 3, rtol=1e-14)


@pytest.mark.parametrize("flavors", [2, 3])
def test_exact_relaxation_is_a_semigroup(flavors):
    f = random_states(4)
    one, _ = step(f, "box", flavors, "exact", dt=1e-9)
    many = f
    for _ in range(10):
        many, _ = step(many, "box", flavors, "exact", dt=1e-10)
    np.testing.assert_allclose(many, one, rtol=1e-13)


def test_exact_relaxation_ends_in_the_map():
    f = random_states(5)
    late, _ = step(f, "box", 3, "exact", dt=1e9)
    mapped, _ = step(f, "box", 3, "map")
    np.testing.assert_allclose(late, mapped, rtol=1e-13)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    values=st.lists(st.floats(0.0, 1.0), min_size=48, max_size=48),
    log_dt=st.floats(-14.0, 0.0),
    case=st.sampled_from(cases(DIRECTIONAL)),
)
def test_occupations_stay_between_zero_and_one(values, log_dt, case):
    """Any occupations whatever: 0 <= f <= 1 and finite after any step."""
    name, flavors, mode = case
    f = np.array(values).reshape(4, 3, 4, 1)
    mu = np.array([-0.75, -0.25, 0.25, 0.75])
    bgk_step(
        f,
        np.full(3, 1e33),
        np.full(4, 0.25),
        mu,
        10.0**log_dt,
        prescription=name,
        flavors=flavors,
        mode=mode,
    )
    assert np.all(np.isfinite(f))
    assert f.min() >= 0.0 and f.max() <= 1.0


@pytest.mark.parametrize("flavors", [2, 3])
def test_threshold_pairs_conserve_in_every_group(flavors):
    f = random_states(6)
    new = f.copy()
    threshold_step(new, ANGLE.weights, np.ones(f.shape[3]), 2.0, flavors=flavors)
    assert not np.array_equal(new, f)
    assert new.min() >= 0.0 and new.max() <= 1.0
    np.testing.assert_allclose(trace(new, flavors), trace(f, flavors), rtol=1e-14)
    before, after = (np.einsum("semr,m->ser", x, ANGLE.weights) for x in (f, new))
    scale = before.sum(axis=0)
    assert np.max(np.abs((after - before)[0] - (after - before)[1]) / scale) < 1e-15
    assert np.max(np.abs((after - before)[2] - (after - before)[3]) / scale) < 1e-15
    # one sector of each group is in equipartition, or the groups cannot pair
    left = np.abs(after[:2] - after[2:]) / scale
    opposite = (before[0] - before[2]) * (before[1] - before[3]) <= 0.0
    assert np.all((left.min(axis=0) < 1e-15) | opposite)
    assert 0 < opposite.sum() < opposite.size


def test_threshold_full_does_not_conserve_lepton_number():
    f = random_states(7)
    n = number(f)
    threshold_step(f, ANGLE.weights, np.ones(f.shape[3]), 2.0, flavors=3, rule="full")
    change = (number(f) - n) @ np.ones(n.shape[1])
    # -(2/3) of the net ELN - XLN is lost
    assert change[0] - change[1] == pytest.approx(-2 / 3 * (SIGN @ n).sum(), rel=1e-12)
