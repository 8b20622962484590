"""Unitary steps of 2x2 and 3x3 matrices: against matrix functions, what they keep, refusals."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from qkepipe.errors import QkepipeError
from qkepipe.oscillation import unitary
from qkepipe.oscillation.trigonometry import sine_cosine
from qkepipe.oscillation.vacuum import components


def matrices(rows):
    """Hermitian matrices (n, flavours, flavours) of components."""
    flavors = math.isqrt(rows.shape[0])
    out = np.zeros((rows.shape[1], flavors, flavors), dtype=complex)
    k = flavors
    for a in range(flavors):
        out[:, a, a] = rows[a]
        for b in range(a + 1, flavors):
            out[:, a, b] = rows[k] + 1j * rows[k + 1]
            out[:, b, a] = out[:, a, b].conj()
            k += 2
    return out


def random_rows(rng, flavors, n=40):
    return rng.normal(size=(flavors * flavors, n))


def exact(f, h, step):
    """U f U+ of matrices with the exponential of scipy."""
    u = np.array([expm(-1j * step * one) for one in h])
    return u @ f @ u.conj().swapaxes(1, 2)


def test_sine_and_cosine():
    x = np.random.default_rng(0).uniform(-1e5, 1e5, 2000)
    found = np.array([sine_cosine(v) for v in np.append(x, [0.0, 1e-300, np.pi])])
    reference = np.append(x, [0.0, 1e-300, np.pi])
    np.testing.assert_allclose(found[:, 0], np.sin(reference), rtol=0, atol=2.3e-16)
    np.testing.assert_allclose(found[:, 1], np.cos(reference), rtol=0, atol=2.3e-16)


@pytest.mark.parametrize("flavors", [2, 3])
@pytest.mark.parametrize("scale", [0.0, 1e-20, 1e-8, 3e-4, 1e-3, 0.1, 1.0, 5.0])
def test_against_the_matrix_exponential(flavors, scale):
    rng = np.random.default_rng(3)
    f, h = random_rows(rng, flavors), scale * random_rows(rng, flavors)
    found = matrices(unitary.unitary_step(f, h, 0.8))
    np.testing.assert_allclose(found, exact(matrices(f), matrices(h), 0.8), rtol=0, atol=1e-13)


@pytest.mark.parametrize("flavors", [2, 3])
@pytest.mark.parametrize("size", [1e-12, 1e-7, 3e-4, 1e-3])
def test_small_angles_are_relatively_exact(flavors, size):
    """What a pure state turns into by -i s [H, f] and its next two orders."""
    rng = np.random.default_rng(13)
    rows = random_rows(rng, flavors, 20)
    f = np.zeros_like(rows)
    f[0] = 1.0
    found = matrices(unitary.unitary_step(f, size * rows, 1.0))[:, 0, 1:]
    h, start = size * matrices(rows), matrices(f)
    first = -1j * (h @ start - start @ h)
    second = -0.5j * (h @ first - first @ h)
    third = -1j / 3 * (h @ second - second @ h)
    expected = (first + second + third)[:, 0, 1:]
    accuracy = 1e-12 + 100.0 * size**3
    np.testing.assert_allclose(found, expected, rtol=0, atol=accuracy * np.abs(expected).max())


@pytest.mark.parametrize("gap", [0.0, 1e-15, 1e-12, 1e-8, 1e-4])
@pytest.mark.parametrize("pair", [(1.0, 1.0, -2.0), (-1.0, -1.0, 2.0), (1.0, 1.0, 1.0)])
def test_nearly_equal_eigenvalues(gap, pair):
    """Two or three equal eigenvalues, split by ``gap``, in a random basis."""
    rng = np.random.default_rng(5)
    basis, _ = np.linalg.qr(rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3)))
    h = (basis * (np.array(pair) + gap * np.array([0.0, 1.0, 0.5]))) @ basis.conj().T
    rows = components(h)[:, None]
    f = random_rows(rng, 3, 1)
    found = matrices(unitary.unitary_step(f, rows, 1.3))
    np.testing.assert_allclose(found, exact(matrices(f), matrices(rows), 1.3), rtol=0, atol=1e-13)


@pytest.mark.parametrize("large", [1e3, 1e5, -1e5])
def test_small_splitting_beside_a_large_one(large):
    """A dense medium: lambda >> everything else, and the mu-tau block must still turn right.

    Eigenvalues from the characteristic polynomial alone would be wrong by 1e-8 lambda.
    """
    rng = np.random.default_rng(6)
    f, h = random_rows(rng, 3), random_rows(rng, 3)
    h[0] += large
    levels, basis = np.linalg.eigh(matrices(h))
    u = (basis * np.exp(-1j * levels)[:, None, :]) @ basis.conj().swapaxes(1, 2)
    found = matrices(unitary.unitary_step(f, h, 1.0))
    expected = u @ matrices(f) @ u.conj().swapaxes(1, 2)
    np.testing.assert_allclose(found, expected, rtol=0, atol=3e-15 * abs(large) + 1e-13)
    np.testing.assert_allclose(
        found[:, 1:, 1:], expected[:, 1:, 1:], rtol=0, atol=1e-12 * abs(large) / 1e3
    )


def test_diagonal_hamiltonians():
    """Vanishing determinant and zero elements: the phases of the off-diagonal elements."""
    h = np.zeros((9, 2))
    h[0], h[1] = [1.0, 2.0], [-1.0, 0.0]
    f = random_rows(np.random.default_rng(1), 3, 2)
    found = matrices(unitary.unitary_step(f, h, 0.4))
    phase = np.exp(-0.4j * h[:3].T)
    expected = phase[:, :, None] * matrices(f) * phase.conj()[:, None, :]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("flavors", [2, 3])
def test_cayley_transform(flavors):
    """(1 - iA)/(1 + iA), and its middle 1/(1 + iA) up to the trace of the result."""
    rng = np.random.default_rng(7)
    f, h = random_rows(rng, flavors, 100), random_rows(rng, flavors, 100)
    u, middle = np.empty((2, unitary.STEP_ROWS[flavors**2], 100))
    work = np.empty(unitary.TILE_SIZE)
    unitary.resolvent(h, 0.6, middle, work)
    unitary.cayley(middle, u, work)
    out, half = np.empty_like(f), np.empty_like(f)
    unitary.conjugate(f, u, out, work)
    unitary.conjugate(f, middle, half, work)
    a = 0.3 * matrices(h)
    one = np.eye(flavors)
    a -= np.trace(a, axis1=1, axis2=2)[:, None, None] / flavors * one
    inverse = np.linalg.inv(one + 1j * a)
    whole = (one - 1j * a) @ inverse
    expected = whole @ matrices(f) @ whole.conj().swapaxes(1, 2)
    np.testing.assert_allclose(matrices(out), expected, rtol=0, atol=1e-13)
    expected = inverse @ matrices(f) @ inverse.conj().swapaxes(1, 2)
    difference = matrices(half) - expected
    difference -= np.trace(difference, axis1=1, axis2=2)[:, None, None] / flavors * one
    np.testing.assert_allclose(difference, 0.0, rtol=0, atol=1e-13)


@pytest.mark.parametrize("flavors", [2, 3])
@pytest.mark.parametrize("repeat", [1, 7, 32, 100])
def test_shared_steps(flavors, repeat):
    """In place, with steps of a direction for all rows or of a row for all its directions."""
    rng = np.random.default_rng(9)
    rows, work = 5, np.empty(unitary.TILE_SIZE)
    f = random_rows(rng, flavors, rows * repeat)
    for turn, n, spread in (
        (unitary.turn, repeat, lambda u: np.tile(u, rows)),
        (unitary.turn_rows, rows, lambda u: np.repeat(u, repeat, axis=1)),
    ):
        u = np.empty((unitary.STEP_ROWS[flavors**2], n))
        unitary.exponential(random_rows(rng, flavors, n), 0.6, u, work)
        expected, found = np.empty_like(f), f.copy()
        unitary.conjugate(f, spread(u), expected, work)
        turn(found, u, work)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([2, 3]), st.floats(0.01, 100.0))
def test_trace_and_eigenvalues_stay(seed, flavors, step):
    rng = np.random.default_rng(seed)
    f, h = random_rows(rng, flavors), random_rows(rng, flavors)
    before = np.linalg.eigvalsh(matrices(f))
    after = np.linalg.eigvalsh(matrices(unitary.unitary_step(f, h, step)))
    np.testing.assert_allclose(after, before, rtol=0, atol=3e-14)


def test_shape_is_kept():
    h = np.random.default_rng(2).normal(size=(9, 2, 3, 5))
    assert unitary.unitary_step(np.ones((9, 2, 3, 5)), h, 1.0).shape == (9, 2, 3, 5)


@pytest.mark.parametrize(
    ("f", "h", "step", "field"),
    [
        (np.ones((3, 2)), np.ones((3, 2)), 1.0, "f: has shape"),
        (np.ones((16, 2)), np.ones((16, 2)), 1.0, "f: has shape"),
        (np.ones((4, 2)), np.ones((4, 3)), 1.0, "h: has shape"),
        (np.ones((4, 2)), np.full((4, 2), np.nan), 1.0, "h: values"),
        (np.full((9, 1), np.inf), np.ones((9, 1)), 1.0, "f: values"),
        (np.ones((9, 1)), np.ones((9, 1)), np.nan, "step: values"),
    ],
)
def test_refusals(f, h, step, field):
    with pytest.raises(QkepipeError, match=field) as found:
        unitary.unitary_step(f, h, step)
    assert len(found.value.defects) == 1
