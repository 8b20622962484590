"""Occupations of largest entropy: moments, known distributions, optimality, what is impossible."""

import numpy as np
import pytest

from qkepipe.phasespace import angle_grid, energy_grid, fermi_dirac, geometric_energy_edges
from qkepipe.solvers.maximum_entropy import maximum_entropy
from qkepipe.stability.minerbo import angular_distribution

ENERGY = energy_grid(geometric_energy_edges(20, 4.0, 250.0))
ANGLE = angle_grid(24)
POWERS = ((0, 0), (0, 1), (1, 0), (1, 1))


def moments(f, energy=ENERGY, angle=ANGLE):
    """Number, flux, energy, energy flux of f(cell, energy, mu)."""
    return np.stack(
        [
            np.einsum("cem,e,m->c", f, energy.weights * energy.centres**p,
                      angle.weights * angle.centres**q)
            for p, q in POWERS
        ],
        axis=1,
    )  # fmt: skip


def solve(given, energy=ENERGY, angle=ANGLE):
    return maximum_entropy(given, energy.centres, energy.weights, angle.centres, angle.weights)


def exponential(rng, cells):
    """Occupations of the family, from a beam of 1e-13 to a degenerate gas."""
    a = rng.uniform(-30, 4, cells)[:, None, None]
    b = rng.uniform(-3, 30, cells)[:, None, None]
    t = rng.uniform(3, 20, cells)[:, None, None]
    d = rng.uniform(-0.2, 0.2, cells)[:, None, None]
    mu, e = ANGLE.centres, ENERGY.centres[:, None]
    return fermi_dirac(e * (1.0 - d * mu), t, t * (a + b * (mu - 1.0)))


def test_family_is_found_again_from_its_moments():
    f = exponential(np.random.default_rng(1), 200)
    given = moments(f)
    found, error = solve(given)
    assert error.max() < 1e-12
    np.testing.assert_allclose(moments(found), given, rtol=1e-11, atol=1e-12 * given[:, :1].min())
    np.testing.assert_allclose(found, f, rtol=1e-7)
    assert found.min() >= 0.0 and found.max() <= 1.0


@pytest.mark.parametrize("degeneracy", [-3.0, 0.0, 8.0])
def test_isotropic_gas_is_fermi_dirac(degeneracy):
    f = np.repeat(fermi_dirac(ENERGY.centres, 12.0, 12.0 * degeneracy)[None, :, None], 24, axis=2)
    found, _ = solve(moments(f))
    np.testing.assert_allclose(found, f, rtol=1e-8, atol=1e-14)


@pytest.mark.parametrize("flux", [-0.4, 0.0, 0.3, 0.8])
def test_dilute_gas_has_the_distribution_of_minerbo(flux):
    """Independent closed form, without a grid; the sums of 400 bins differ by 1e-4."""
    angle = angle_grid(400, 1.0)
    one = np.array([1.0])
    found, _ = maximum_entropy([[1e-6, flux * 1e-6]], 10 * one, one, angle.centres, angle.weights)
    expected = angular_distribution([1e-6], [flux * 1e-6], angle.centres)[0]
    np.testing.assert_allclose(found[0, 0], expected, rtol=1e-3)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_entropy_is_the_largest(count):
    """Any change that keeps the moments lowers the entropy, to first and second order."""
    rng = np.random.default_rng(2)
    energy = energy_grid([0.0, 8.0, 20.0, 50.0]) if count > 2 else energy_grid([5.0, 10.0])
    angle = angle_grid(8)
    shape = (1, energy.centres.size, 8)
    f0 = rng.uniform(0.05, 0.9, shape)
    found, error = solve(moments(f0, energy, angle)[:, :count], energy, angle)
    assert error[0] < 1e-12
    w = (energy.weights[:, None] * angle.weights).ravel()
    rows = [w * np.outer(energy.centres**p, angle.centres**q).ravel() for p, q in POWERS[:count]]
    _, _, right = np.linalg.svd(np.array(rows) / np.abs(rows).max(axis=1, keepdims=True))

    def entropy(f):
        return -np.sum(w * (f * np.log(f) + (1 - f) * np.log(1 - f))) / w.sum()

    f = found.ravel()
    best = entropy(f)
    for direction in right[count:]:
        step = 1e-3 * direction * min(1.0, 0.5 * (np.minimum(f, 1 - f)).min() / 1e-3)
        up, down = entropy(f + step), entropy(f - step)
        assert up < best and down < best
        assert abs(up - down) < 1e-2 * (2 * best - up - down) + 1e-13


def test_energy_flux_can_be_left_out():
    """Without it the directions are those of all energies alike: f/(1-f) factorises."""
    f = exponential(np.random.default_rng(3), 5)
    found, _ = solve(moments(f)[:, :3])
    np.testing.assert_allclose(moments(found)[:, :3], moments(f)[:, :3], rtol=1e-11)
    logit = np.log(found) - np.log1p(-found)
    mixed = logit[:, 1:, 1:] - logit[:, :-1, 1:] - logit[:, 1:, :-1] + logit[:, :-1, :-1]
    np.testing.assert_allclose(mixed, 0.0, rtol=0, atol=1e-7)


def test_nothing_is_empty():
    found, error = solve(np.zeros((1, 4)))
    assert not found.any() and error[0] == 0.0


@pytest.mark.parametrize(
    "change",
    [
        [1.0, 0.0, 400.0, 0.0],  # mean energy above the groups
        [1.0, 0.9999, 20.0, 19.9],  # more forward than the last bin
        [1.0, 0.5, 20.0, 20.5],  # energy flux above the energy
        [1e40, 0.0, 2e41, 0.0],  # more than all states below
    ],
)
def test_impossible_moments(change):
    scale = 1.0 if change[0] > 1.0 else 1e30
    _, error = solve(scale * np.array([change]))
    assert np.isinf(error[0])
