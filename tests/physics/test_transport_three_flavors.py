"""Streaming and collisions of 3x3 matrices: positive, and the same in every basis.

A limiter that treated components one by one would do neither (Zhang & Shu 2010 for the convex
cone). Expectations come from eigenvalues and from unitary turns by numpy.
"""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from three_flavor_states import (
    heavy_rotation,
    matrices,
    random_matrices,
    random_unitary,
    state,
    turned,
)

from qkepipe.jit import jit
from qkepipe.phasespace import angle_grid, radial_grid
from qkepipe.transport.geometry import slab, sphere
from qkepipe.transport.limiter import SLACK
from qkepipe.transport.limiter_three import matrix_factor_three
from qkepipe.transport.step import TransportOperator, stable_step

CELLS, N_MU, N_ENERGY = 70, 6, 2
SPHERE = sphere(radial_grid(np.linspace(2e6, 4e6, CELLS + 1)), angle_grid(N_MU))


@jit
def _factors(cell, jump, below, above, theta):
    for i in range(theta.size):
        theta[i] = matrix_factor_three(
            (cell[0, i], cell[1, i], cell[2, i], cell[3, i], cell[4, i], cell[5, i], cell[6, i],
             cell[7, i], cell[8, i]),
            (jump[0, i], jump[1, i], jump[2, i], jump[3, i], jump[4, i], jump[5, i], jump[6, i],
             jump[7, i], jump[8, i]),
            below[i], above[i],
        )  # fmt: skip


def factor(f, d, low=0.0, high=3.0):
    """Limiter factor of matrices ``f`` with jumps ``d``, between neighbours low f and high f."""
    theta = np.empty(len(f))
    _factors(state(f), state(d), (1.0 - low) * trace(f), (high - 1.0) * trace(f), theta)
    return theta


def lowest(m):
    return np.linalg.eigvalsh(m)[..., 0]


def trace(m):
    return np.trace(m, axis1=-2, axis2=-1).real


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.floats(0.5, 6.0), st.floats(1e-2, 3.0))
def test_limited_faces_are_positive_and_not_needlessly_flat(seed, decades, size):
    """Both face states have eigenvalues above -SLACK of their trace; a third of the way is used."""
    rng = np.random.default_rng(seed)
    f = random_matrices(rng, (100,), decades)
    d = size * (random_matrices(rng, (100,), decades) - random_matrices(rng, (100,), decades))
    theta = factor(f, d)
    assert ((theta >= 0.0) & (theta <= 1.0)).all()
    for sign in (1.0, -1.0):
        face = f + sign * theta[:, None, None] * d
        assert (lowest(face) >= -SLACK * trace(face) - 1e-9 * trace(f)).all()
    # the largest factor: |eigenvalues| of d relative to f, both with SLACK of their traces
    slack = SLACK * np.eye(3)
    half = np.linalg.inv(np.linalg.cholesky(f + slack * trace(f)[:, None, None]))
    largest = np.abs(np.linalg.eigvalsh(turned(d + slack * trace(d)[:, None, None], half)))
    largest = 1.0 / largest.max(axis=-1)
    largest = np.minimum(1.0, np.minimum(largest, trace(f) / np.abs(trace(d))))
    assert (theta > largest / 3.5).all()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_the_factor_does_not_depend_on_the_basis(seed):
    rng = np.random.default_rng(seed)
    f = random_matrices(rng, (100,), 3.0)
    d = random_matrices(rng, (100,), 3.0) - random_matrices(rng, (100,), 3.0)
    u = random_unitary(rng)
    np.testing.assert_allclose(factor(turned(f, u), turned(d, u)), factor(f, d), rtol=1e-9)


def test_a_pure_state_that_turns_is_not_flattened():
    """|psi> turns by 1 % from cell to cell: below the slack, the factor is 1."""
    psi = np.array([[1.0, 0.0, 0.0], [1.0, 0.01, 0.005j]])
    psi /= np.linalg.norm(psi, axis=1)[:, None]
    pure = psi[:, :, None] * psi[:, None, :].conj()
    f = np.repeat(pure[:1], 5, axis=0)
    d = np.repeat(pure[1:] - pure[:1], 5, axis=0)
    np.testing.assert_array_equal(factor(f, d, 1.0, 1.0), 1.0)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.floats(0.0, 6.0))
def test_a_jump_of_number_is_not_flattened(seed, decades):
    """d = p f, |p| < 1: that r is not 0 but round-off must not matter."""
    rng = np.random.default_rng(seed)
    f = random_matrices(rng, (100,), decades)
    d = rng.uniform(-0.9, 0.9, (100, 1, 1)) * f
    np.testing.assert_array_equal(factor(f, d), 1.0)


def operator(geometry, rng, flavour_blind=True, inner=None):
    n_r = geometry.volume.size
    absorption = rng.uniform(0.0, 2e-6, (4, N_ENERGY, n_r))
    absorption[:2] *= 3.0
    scattering = rng.uniform(0.0, 2e-6, (N_ENERGY, n_r)) + np.zeros((4, 1, 1))
    if not flavour_blind:
        scattering[:2] *= 1.5
    if inner is None:
        inner = state(random_matrices(rng, (2, N_ENERGY, N_MU)))
    return TransportOperator(
        geometry, absorption, scattering, 0.8 * scattering, rng.uniform(0, 1, absorption.shape),
        inner, stable_step(geometry, absorption + scattering, 0.5),
    )  # fmt: skip


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10_000))
def test_matrices_stay_positive(seed):
    """Random, discontinuous states at the largest step."""
    rng = np.random.default_rng(seed)
    step = operator(SPHERE, rng)
    f = state(random_matrices(rng, (2, N_ENERGY, N_MU, CELLS)))
    for _ in range(10):
        step.advance(f)
        m = matrices(f)
        assert (lowest(m) / trace(m)).min() > -1e-12


def test_vacuum_next_to_matter_stays_positive():
    g = slab(radial_grid(np.arange(13.0)), angle_grid(2, 1.0), periodic=True)
    zero = np.zeros((4, 1, 12))
    step = TransportOperator(
        g, zero, zero, zero, zero, np.zeros((9, 2, 1, 2)), stable_step(g, zero, 0.45)
    )
    f = np.zeros((9, 2, 1, 2, 12))
    f[0, ..., 6:9] = 1.0
    for _ in range(5):
        step.advance(f)
        assert f[:3].min() >= -1e-12


def test_a_turn_of_mu_and_tau_commutes_with_streaming_and_collisions():
    rng = np.random.default_rng(0)
    inner = state(random_matrices(rng, (2, N_ENERGY, N_MU)))
    f = state(random_matrices(rng, (2, N_ENERGY, N_MU, CELLS)))
    u = heavy_rotation(rng)
    other = state(turned(matrices(f), u))
    plain = operator(SPHERE, np.random.default_rng(1), False, inner)
    turning = operator(SPHERE, np.random.default_rng(1), False, state(turned(matrices(inner), u)))
    for _ in range(10):
        plain.advance(f)
        turning.advance(other)
    np.testing.assert_allclose(matrices(other), turned(matrices(f), u), atol=1e-11)


def test_off_diagonals_are_damped_by_the_mean_rate():
    """Uniform absorption alone: e-mu decays with the mean rate, mu-tau with that of x."""
    g = slab(radial_grid(np.linspace(0.0, 1.0, 9)), angle_grid(N_MU), periodic=True)
    rates = np.array([0.3, 0.5, 0.02, 0.04])[:, None, None] * np.ones((4, 1, 8))
    zero = np.zeros_like(rates)
    step = TransportOperator(g, rates, zero, zero, zero, np.zeros((9, 2, 1, N_MU)), 0.05)
    m = random_matrices(np.random.default_rng(3), ())
    f = np.ascontiguousarray(
        np.broadcast_to(state(m)[:, None, None, None, None], (9, 2, 1, N_MU, 8))
    )
    step.advance(f)
    for sector in range(2):
        rate = rates[[sector, 2 + sector, 2 + sector], 0, 0]
        decay = np.exp(-0.05 * 0.5 * (rate[:, None] + rate))
        np.testing.assert_allclose(matrices(f[:, sector, 0, 0, 0]), decay * m, rtol=1e-13)


def test_particle_budget_of_every_flavour():
    rng = np.random.default_rng(5)
    step = operator(SPHERE, rng)
    f = state(random_matrices(rng, (2, N_ENERGY, N_MU, CELLS)))
    for _ in range(10):
        number = np.einsum("csemr,m,r->sec", f[:3], 0.5 * SPHERE.dmu, SPHERE.volume)
        before, after, inflow, collisions = np.moveaxis(step.advance(f), -1, 0)
        np.testing.assert_allclose(before, number, rtol=1e-13)
        assert np.abs((after - before - inflow - collisions) / before).max() < 1e-13
        assert np.abs(inflow).min() > 0 < np.abs(collisions).min()


def test_periodic_slab_conserves_every_component():
    g = slab(radial_grid(np.linspace(0, 1, 33)), angle_grid(8), periodic=True)
    zero = np.zeros((4, 1, 32))
    step = TransportOperator(
        g, zero, zero, zero, zero, np.zeros((9, 2, 1, 8)), stable_step(g, zero, 0.5)
    )
    f = state(random_matrices(np.random.default_rng(4), (2, 1, 8, 32)))
    before = f.sum(axis=-1)
    for _ in range(50):
        step.advance(f)
    np.testing.assert_allclose(f.sum(axis=-1), before, atol=1e-12)
