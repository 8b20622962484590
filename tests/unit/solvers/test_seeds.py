"""Seeds turn flavour vectors by small angles and keep their length."""

import numpy as np
import pytest

from qkepipe.solvers.seeds import SEEDS, seed_profile, seed_state


def diagonal(rng, n_r=12):
    return rng.uniform(0, 1, (2, 2, 3, 4, n_r))


def test_turn_keeps_trace_and_length():
    rng = np.random.default_rng(0)
    f, profile = diagonal(rng), rng.normal(size=12) + 1j * rng.normal(size=12)
    out = seed_state(f, 0.1, profile)
    assert out.shape == (4, 2, 3, 4, 12)
    np.testing.assert_allclose(out[0] + out[1], f[0] + f[1], rtol=1e-14)
    length = np.sqrt((out[0] - out[1]) ** 2 + 4 * (out[2] ** 2 + out[3] ** 2))
    np.testing.assert_allclose(length, np.abs(f[0] - f[1]), rtol=1e-12)


def test_angle_and_phase():
    f = np.zeros((2, 2, 1, 1, 2))
    f[0] = 1.0
    out = seed_state(f, 1e-3, np.array([1.0, 1j]))
    np.testing.assert_allclose(out[2, 0, 0, 0], [0.5 * np.sin(1e-3), 0.0], rtol=0, atol=1e-18)
    np.testing.assert_allclose(out[3, 0, 0, 0], [0.0, 0.5 * np.sin(1e-3)], rtol=0, atol=1e-18)


def test_noise_is_reproducible_and_of_order_one():
    r = np.linspace(1.0, 2.0, 4000)
    profile = seed_profile("noise", r, 7)
    np.testing.assert_array_equal(profile, seed_profile("noise", r, 7))
    assert not np.array_equal(profile, seed_profile("noise", r, 8))
    assert np.sqrt(np.mean(np.abs(profile) ** 2)) == pytest.approx(1.0, abs=0.1)
    # smoothed: neighbours are correlated
    assert np.abs(np.vdot(profile[1:], profile[:-1])) / np.vdot(profile, profile).real > 0.9


def test_wave():
    r = np.linspace(1.0, 2.0, 200)
    profile = seed_profile("wave", r, 0, np.full(200, 30.0))
    np.testing.assert_allclose(np.abs(profile), 1.0, rtol=1e-14)
    steps = np.diff(np.unwrap(np.angle(profile)))
    np.testing.assert_allclose(steps, 30.0 * (r[1] - r[0]), rtol=1e-6)
    assert set(SEEDS) == {"noise", "wave"}
