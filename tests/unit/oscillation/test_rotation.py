"""The rotation operator: what it conserves per step, independence of tiles and energies."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qkepipe.constants import SQRT2_GF
from qkepipe.oscillation.rotation import SelfInteraction
from qkepipe.phasespace import angle_grid

ANGLE = angle_grid(8)
#: Two groups whose densities make the potential about 1 cm^-1.
WEIGHTS = np.array([0.4, 0.6]) / SQRT2_GF


def random_state(rng, n_r, n_energy=2):
    """Matrices with eigenvalues in [0, 1], components ee, xx, Re ex, Im ex."""
    shape = (2, n_energy, ANGLE.centres.size, n_r)
    low, high = np.sort(rng.uniform(0, 1, (2, *shape)), axis=0)
    z, phase = rng.uniform(-1, 1, shape), rng.uniform(0, 2 * np.pi, shape)
    across = 0.5 * (high - low) * np.sqrt(1 - z * z)
    diagonal = [0.5 * (low + high + s * (high - low) * z) for s in (1, -1)]
    return np.stack([*diagonal, across * np.cos(phase), across * np.sin(phase)])


def rotate(f, step, xi=1.0, steps=1, weights=WEIGHTS):
    operator = SelfInteraction(weights, ANGLE.centres, ANGLE.widths, f.shape[-1], xi, step)
    out = f.copy()
    for _ in range(steps):
        operator.apply(out)
    return out


def vectors(f):
    return np.stack([2 * f[2], -2 * f[3], f[0] - f[1]])


def net(f, power=0, weights=WEIGHTS):
    """D_n of all three components, per cell [cm^-3]."""
    p = vectors(f)
    w = 0.5 * ANGLE.widths * ANGLE.centres**power
    return np.einsum("kemr,e,m->kr", p[:, 0] - p[:, 1], weights, w)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.floats(1e-3, 1.0), st.floats(1e-6, 1.0))
def test_invariants(seed, step, xi):
    """Trace and |P| of every matrix, and D_0, in one step of any size up to 1/mu."""
    f = random_state(np.random.default_rng(seed), 5)
    out = rotate(f, step, xi)
    np.testing.assert_allclose(out[0] + out[1], f[0] + f[1], rtol=0, atol=1e-15)
    length = np.linalg.norm(vectors(f), axis=0)
    np.testing.assert_allclose(np.linalg.norm(vectors(out), axis=0), length, rtol=0, atol=1e-14)
    scale = np.sum(WEIGHTS)
    assert np.abs(net(out) - net(f)).max() < 1e-14 * scale


def test_invariants_over_many_steps():
    f = random_state(np.random.default_rng(1), 3)
    out = rotate(f, 0.3, steps=3000)
    length = np.linalg.norm(vectors(f), axis=0)
    assert np.abs(np.linalg.norm(vectors(out), axis=0) - length).max() < 1e-12
    assert np.abs(out[0] + out[1] - f[0] - f[1]).max() < 1e-12
    assert np.abs(net(out) - net(f)).max() < 1e-9 * np.sum(WEIGHTS)


def test_cells_do_not_know_one_another():
    """A cell alone and the same cell inside several tiles agree to the iteration's tolerance."""
    f = random_state(np.random.default_rng(2), 150)
    out = rotate(f, 0.4)
    for cell in (0, 63, 64, 128, 149):
        alone = rotate(np.ascontiguousarray(f[..., cell : cell + 1]), 0.4)
        np.testing.assert_allclose(alone[..., 0], out[..., cell], rtol=0, atol=1e-11)


def test_same_rotation_for_all_energies_and_both_sectors():
    f = random_state(np.random.default_rng(3), 4)
    f[:, :, 1] = 0.3 * f[:, :, 0]
    f[:, 1] = 0.8 * f[:, 0]
    out = rotate(f, 0.5)
    np.testing.assert_allclose(out[:, :, 1], 0.3 * out[:, :, 0], rtol=0, atol=1e-15)
    np.testing.assert_allclose(out[:, 1], 0.8 * out[:, 0], rtol=0, atol=1e-15)


def test_diagonal_state_is_stationary():
    f = random_state(np.random.default_rng(4), 4)
    f[2:] = 0.0
    out = rotate(f, 0.5, steps=10)
    np.testing.assert_allclose(out, f, rtol=0, atol=5e-15)
    np.testing.assert_array_equal(out[2:], 0.0)
    assert np.abs(net(out) - net(f)).max() < 1e-13 * np.sum(WEIGHTS)


def test_empty_state():
    f = np.zeros((4, 2, 2, 8, 3))
    out = rotate(f, 0.5)
    np.testing.assert_array_equal(out, 0.0)


@pytest.mark.parametrize("xi", [1e-4, 0.3])
def test_attenuation_is_a_change_of_time(xi):
    """rho(t; xi) = rho(xi t; 1): the Hamiltonian is the whole equation."""
    f = random_state(np.random.default_rng(5), 3)
    slow = rotate(f, 0.2 / xi, xi=xi, steps=20)
    fast = rotate(f, 0.2, steps=20)
    np.testing.assert_allclose(slow, fast, rtol=0, atol=1e-12)


def test_largest_turn_of_a_step():
    """|V| c dt of the fastest direction of the fastest cell, with the attenuation of each."""
    f = random_state(np.random.default_rng(5), 3)
    xi = np.array([0.1, 1.0, 0.3])
    operator = SelfInteraction(WEIGHTS, ANGLE.centres, ANGLE.widths, 3, xi, 0.7)
    mu = np.linspace(-1, 1, 201)[:, None, None]
    v = np.linalg.norm(net(f) - mu * net(f, power=1), axis=1)
    assert operator.turn(f) == pytest.approx(0.7 * SQRT2_GF * (xi * v).max(), rel=1e-12)
