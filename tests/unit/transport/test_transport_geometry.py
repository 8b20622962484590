"""Coefficients of the streaming operator: volumes, well-balance, order of reconstruction."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qkepipe.phasespace import angle_grid, angle_grid_from_edges, radial_grid
from qkepipe.transport.geometry import face_coefficients, slab, sphere


def random_edges(rng, n, first=1.0):
    return first * np.cumsum(np.concatenate([[rng.uniform(1, 20)], rng.uniform(0.05, 1.0, n)]))


def test_sphere_volumes():
    edges = np.array([1.0, 2.0, 4.0])
    g = sphere(radial_grid(edges), angle_grid(4, 1.0))
    np.testing.assert_allclose(g.volume, [7 / 3, 56 / 3], rtol=1e-15)
    np.testing.assert_allclose(g.area, edges**2, rtol=1e-15)
    np.testing.assert_allclose(g.out_rate * g.volume, edges[1:] ** 2, rtol=1e-15)
    np.testing.assert_allclose(g.in_rate * g.volume, edges[:-1] ** 2, rtol=1e-15)
    assert not g.periodic


def test_turning_rate_approaches_one_over_r():
    g = sphere(radial_grid(np.linspace(10.0, 11.0, 101)), angle_grid(4))
    centres = np.linspace(10.005, 10.995, 100)
    np.testing.assert_allclose(g.turn_rate, 1 / centres, rtol=1e-6)


@given(st.integers(0, 10_000), st.integers(2, 30), st.integers(2, 30))
def test_well_balance_identity(seed, n_r, n_mu):
    """mu_j (A_+ - A_-)/V + g (b_+ - b_-)/dmu = 0 on any grid (the discrete form of section 2)."""
    rng = np.random.default_rng(seed)
    edges = np.sort(np.concatenate([[-1.0, 1.0], rng.uniform(-1, 1, n_mu - 1)]))
    g = sphere(radial_grid(random_edges(rng, n_r)), angle_grid_from_edges(edges))
    radial = g.mu[:, None] * (g.out_rate - g.in_rate)
    angular = g.turn_rate * (np.diff(g.edge_turn) / g.dmu)[:, None]
    # edges of random bins cancel to round-off divided by the width of the bin
    tolerance = 4e-16 / g.dmu.min() * g.turn_rate.max() + 1e-14 * g.out_rate.max()
    assert np.abs(radial + angular).max() < tolerance


def test_slab_does_not_turn():
    g = slab(radial_grid([0.0, 1.0, 3.0]), angle_grid(4), periodic=True)
    assert np.all(g.turn_rate == 0.0)
    np.testing.assert_array_equal(g.volume, [1.0, 2.0])
    assert g.periodic


def test_second_moment_is_the_discrete_one():
    angle = angle_grid(10)
    g = slab(radial_grid([0.0, 1.0]), angle)
    assert g.second_moment == pytest.approx(1 / 3 - np.sum(angle.widths**3) / 24, abs=1e-15)
    assert g.second_moment < 1 / 3


def test_loss_rate_is_the_largest_outflow():
    """Of a slab cell: max |mu|/dr; of the sphere: with the flux to the next bin in mu."""
    widths = np.array([1.0, 0.5, 2.0])
    g = slab(radial_grid(np.cumsum([0.0, *widths])), angle_grid(4, 1.0))
    np.testing.assert_allclose(g.loss_rate(), 0.75 / widths)
    g = sphere(radial_grid([1.0, 1.5, 2.5]), angle_grid(6))
    loss = []
    for i in range(2):
        by_bin = [
            max(m * g.out_rate[i], -m * g.in_rate[i]) + g.turn_rate[i] * b / d
            for m, b, d in zip(g.mu, g.edge_turn[1:], g.dmu, strict=True)
        ]
        loss.append(max(by_bin))
    np.testing.assert_allclose(g.loss_rate(), loss, rtol=1e-14)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.sampled_from([0, 2]))
def test_reconstruction_is_exact_for_quartic_polynomials(seed, power):
    """Face values from averages weighted with r^power, on stretched grids."""
    rng = np.random.default_rng(seed)
    edges = random_edges(rng, 12)
    coefficients = rng.uniform(-1, 1, 5)
    middle, scale = edges.mean(), np.ptp(edges)
    field = np.polynomial.Polynomial(coefficients)(np.polynomial.Polynomial([-middle, 1]) / scale)
    measure = np.polynomial.Polynomial([0, 1]) ** power
    total, volume = (field * measure).integ(), measure.integ()
    average = np.diff(total(edges)) / np.diff(volume(edges))
    up, down = face_coefficients(edges, power)
    inside = slice(2, -2)
    stencil = np.stack([average[k : k + 8] for k in range(5)])
    for face, target in ((up, edges[3:-2]), (down, edges[2:-3])):
        value = average[inside] + np.sum(face[:, inside] * stencil, axis=0)
        np.testing.assert_allclose(value, field(target), rtol=0, atol=1e-9)


def test_reconstruction_keeps_constants():
    up, down = face_coefficients(random_edges(np.random.default_rng(1), 20), 2)
    assert np.abs(up.sum(axis=0)).max() < 1e-13
    assert np.abs(down.sum(axis=0)).max() < 1e-13
