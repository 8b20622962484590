"""Threshold rules: conservation laws per energy group, the end state, the cap of the donor rule.

Groups are independent, so every law a rule declares holds group by group, and those it does not
declare are broken. ``quasi_equipartition`` ends where n_nue n_nuebar = n_nux n_nuxbar (Wang &
Burrows, arXiv:2511.20767); the number that moves is compared with the root of that condition by
bisection between the ends where a density vanishes. The cap cannot bind where
f_e + (nf - 1) f_x <= 1 in every direction, and where it binds one sector is exhausted.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qkepipe.mixing import THRESHOLD_LAWS, THRESHOLD_RULES, threshold_step
from qkepipe.phasespace import angle_grid

N_ENERGY = 2
ANGLE = angle_grid(12, power=1.0)
QUASI = "quasi_equipartition"


def forward(rng, level, n):
    """Occupations of four species with own levels and own slopes in mu."""
    slope = rng.uniform(0.0, 5.0, (4, N_ENERGY, 1, n))
    return level * np.exp(slope * (ANGLE.centres[:, None] - 1.0))


def states(n, rng):
    """``n`` states of each kind, by kind; the first three are smooth."""
    own = (4, N_ENERGY, 1, n)
    shape = (4, N_ENERGY, ANGLE.centres.size, n)
    # a random energy of Fermi-Dirac spectra with own temperatures and degeneracies
    argument = rng.uniform(0.0, 60.0, (1, N_ENERGY, 1, n)) / rng.uniform(3.0, 8.0, own)
    kinds = {
        "dilute": forward(rng, 10.0 ** rng.uniform(-6.0, -0.6, own), n),
        "thermal": forward(rng, 1.0 / (1.0 + np.exp(argument - rng.uniform(-2.0, 3.0, own))), n),
        "dense": forward(rng, 1.0 - rng.uniform(0.0, 1.0, own) ** 2, n),
        "any": rng.uniform(0.0, 1.0, shape),
        "degenerate": rng.integers(0, 2, shape).astype(float),
        "empty": np.zeros(shape),
        "full": np.ones(shape),
    }
    kinds["empty species"] = forward(rng, rng.uniform(0.0, 1.0, own), n) * rng.integers(0, 2, own)
    direction = rng.integers(0, ANGLE.centres.size, n)
    one = np.arange(ANGLE.centres.size)[:, None] == direction
    kinds["one direction"] = rng.uniform(0.0, 1.0, own) * one
    return {name: np.ascontiguousarray(f) for name, f in kinds.items()}


KINDS = states(1500, np.random.default_rng(31))
MANY = np.concatenate([*KINDS.values()], axis=3)
# 4 species in 2 groups each: 27 000 states
assert N_ENERGY * MANY.shape[3] > 20_000


def apply(f, rule, flavors, **options):
    new = f.copy()
    n = f.shape[3]
    threshold_step(new, ANGLE.weights, np.zeros(n), 1.0, flavors=flavors, rule=rule, **options)
    return new


def number(f):
    """Angular means, shape (4, n_energy, n_r)."""
    return np.einsum("semr,m->ser", f, ANGLE.weights)


def ratio(change, scale):
    return np.abs(change) / np.where(scale > 0.0, scale, 1.0)


def defects(before, after, flavors):
    """Worst defect of each law over groups and states."""
    others = flavors - 1
    old, new = (f[:2] + others * f[2:] for f in (before, after))
    n, m = number(before), number(after)
    sectors = n[:2] + others * n[2:], m[:2] + others * m[2:]
    change, all_species = m - n, n.sum(axis=0)
    worst = {
        "trace": ratio(new - old, old),
        # the energy of a group is that of its particles
        "energy": ratio(sectors[1] - sectors[0], sectors[0]),
        "eln": ratio(change[0] - change[1], all_species),
        "xln": ratio(change[2] - change[3], all_species),
        "positivity": np.maximum(np.maximum(-after, after - 1.0), 0.0),
        "total": ratio(new.sum(axis=0) - old.sum(axis=0), old.sum(axis=0)),
    }
    return {law: float(defect.max()) for law, defect in worst.items()}


@pytest.mark.parametrize("flavors", [2, 3])
@pytest.mark.parametrize("rule", THRESHOLD_RULES)
def test_declared_laws_and_no_others(rule, flavors):
    """In every group; a law that a rule does not declare is one that it breaks."""
    new = apply(MANY, rule, flavors)
    assert np.all(np.isfinite(new))
    worst = defects(MANY, new, flavors)
    assert set(worst) == set(THRESHOLD_LAWS)
    declared = set(THRESHOLD_RULES[rule].conserves)
    assert {law for law, defect in worst.items() if defect < 1e-14} == declared, worst
    assert worst["positivity"] == 0.0
    assert all(worst[law] > 1e-2 for law in set(worst) - declared)
    # and the rules do something
    assert np.abs(new - MANY).max() > 0.1


@pytest.mark.parametrize("flavors", [2, 3])
@pytest.mark.parametrize("rule", THRESHOLD_RULES)
def test_idempotent(rule, flavors):
    """Also where the cap binds: the exhausted sector has nothing left to move."""
    once = apply(MANY, rule, flavors)
    np.testing.assert_allclose(apply(once, rule, flavors), once, rtol=0, atol=4e-15)


@pytest.mark.parametrize("flavors", [2, 3])
@pytest.mark.parametrize("rule", THRESHOLD_RULES)
def test_empty_and_full_states_stay(rule, flavors):
    for kind in ("empty", "full"):
        np.testing.assert_array_equal(apply(KINDS[kind], rule, flavors), KINDS[kind])


@settings(max_examples=80, deadline=None)
@given(
    values=st.lists(st.floats(0.0, 1.0), min_size=8, max_size=8),
    rule=st.sampled_from(list(THRESHOLD_RULES)),
    flavors=st.sampled_from([2, 3]),
)
def test_any_occupations_stay_between_zero_and_one(values, rule, flavors):
    """Down to the smallest numbers there are."""
    f = np.array(values).reshape(4, 1, 2, 1)
    threshold_step(f, np.full(2, 0.5), np.zeros(1), 1.0, flavors=flavors, rule=rule)
    assert np.all(np.isfinite(f))
    assert f.min() >= 0.0 and f.max() <= 1.0


# --- quasi-equipartition ---------------------------------------------------------------------


def bisected(n, flavors):
    """Root of the condition between the ends at which a density vanishes."""
    nue, nuebar, nux, nuxbar = n
    others = flavors - 1
    low, high = -others * np.minimum(nux, nuxbar), np.minimum(nue, nuebar)
    for _ in range(200):
        middle = 0.5 * (low + high)
        left = (nue - middle) * (nuebar - middle)
        above = left > (nux + middle / others) * (nuxbar + middle / others)
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return 0.5 * (low + high)


@pytest.mark.parametrize("flavors", [2, 3])
def test_moves_the_root_or_exhausts_a_sector(flavors):
    """In both sectors the same number, with the sign of the root and never more."""
    others = flavors - 1
    capped = {}
    for kind, f in KINDS.items():
        new = apply(f, QUASI, flavors)
        n, m = number(f), number(new)
        total = n.sum(axis=0)
        moved, root = n[0] - m[0], bisected(n, flavors)
        near = 1e-14 * np.where(total > 0.0, total, 1.0)
        assert np.all(np.abs(n[1] - m[1] - moved) <= near), kind
        assert np.all(moved * root >= -(near**2)) and np.all(np.abs(moved) <= np.abs(root) + near)
        bound = np.abs(moved) < np.abs(root) - 10 * near
        capped[kind] = bound.mean()
        # not bound: the condition holds
        residual = ratio(m[0] * m[1] - m[2] * m[3], total**2)
        assert residual[~bound].max() < 1e-14, kind
        # bound: all directions of one sector are at an end
        electron, heavy = new[:2], new[2:]
        left = np.where(
            root[:, None] > 0.0,
            np.minimum(electron, others * (1.0 - heavy)),
            np.minimum(others * heavy, 1.0 - electron),
        )
        exhausted = (left.max(axis=2) < 1e-14).any(axis=0)
        assert exhausted[bound].all(), kind
    assert capped["dilute"] == capped["any"] == 0.0
    assert capped["thermal"] < 1e-3
    assert 0.0 < capped["dense"] < 0.01
    assert 0.0 < capped["degenerate"] < 0.05


@pytest.mark.parametrize("flavors", [2, 3])
def test_cap_cannot_bind_below_a_trace_of_one(flavors):
    """There it is the donor rule: the same fraction of the donors in all directions."""
    f = KINDS["dense"] / flavors
    assert (f[:2] + (flavors - 1) * f[2:]).max() <= 1.0
    new, n = apply(f, QUASI, flavors), number(f)
    root = bisected(n, flavors)
    assert (root > 0.0).mean() > 0.2 and (root < 0.0).mean() > 0.2
    lost = f[:2] * (np.maximum(root, 0.0) / n[:2])[:, :, None]
    gained = f[2:] * (np.maximum(-root, 0.0) / n[2:])[:, :, None]
    expected = f[:2] - lost + gained
    np.testing.assert_allclose(new[:2], expected, rtol=0, atol=1e-14)


def test_plain_rules_of_momentum_are_not_valid():
    """Why the donors are capped: f > 1, or a share of the exchange outside 0 to 1."""
    f, flavors = KINDS["dense"], 3
    n = number(f)
    root = bisected(n, flavors)
    heavy = f[2:] + f[:2] * (np.maximum(root, 0.0) / n[:2])[:, :, None] / 2
    electron = f[:2] + f[2:] * (np.maximum(-root, 0.0) / n[2:])[:, :, None]
    overfull = (np.maximum(heavy, electron) > 1.0).any(axis=(0, 2))
    assert overfull.mean() > 0.1
    share = root / (n[:2] - n[2:])
    outside = ((share < 0.0) | (share > 1.0)).any(axis=0)
    assert 0.7 < outside.mean() < 0.9


@pytest.mark.parametrize("flavors", [2, 3])
def test_dilute_fields_have_no_scale(flavors):
    """A power of two less changes no bit, down to where products of densities underflow."""
    f = KINDS["dilute"] / flavors
    small = 2.0**-700
    new = apply(f, QUASI, flavors)
    assert np.abs(new - f).max() > 1e-2
    np.testing.assert_array_equal(apply(f * small, QUASI, flavors), new * small)
