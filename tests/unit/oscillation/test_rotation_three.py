"""The turning operator of three flavours: conserved per step, tiles, energies, exact solutions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from qkepipe.constants import SQRT2_GF
from qkepipe.oscillation.rotation_three import SelfInteractionThree
from qkepipe.oscillation.three_flavors import smallest_eigenvalue
from qkepipe.oscillation.vacuum import components
from qkepipe.phasespace import angle_grid

ANGLE = angle_grid(6)
#: Two groups whose densities make the potential about 1 cm^-1.
WEIGHTS = np.array([0.4, 0.6]) / SQRT2_GF


def random_matrices(rng, n_r):
    shape = (2, 2, ANGLE.centres.size, n_r, 3, 3)
    q = np.linalg.qr(rng.normal(size=shape) + 1j * rng.normal(size=shape))[0]
    levels = rng.uniform(0.0, 1.0, (*shape[:-2], 1, 3))
    return (q * levels) @ q.conj().swapaxes(-1, -2)


def state(m):
    return np.ascontiguousarray(components(m))


def matrices(f):
    out = np.zeros((*f.shape[1:], 3, 3), dtype=complex)
    for a in range(3):
        out[..., a, a] = f[a]
    for k, (a, b) in enumerate(((0, 1), (0, 2), (1, 2))):
        out[..., a, b] = f[3 + 2 * k] + 1j * f[4 + 2 * k]
        out[..., b, a] = out[..., a, b].conj()
    return out


def turn(f, step, xi=1.0, steps=1, scale=None):
    operator = SelfInteractionThree(
        WEIGHTS, ANGLE.centres, ANGLE.widths, f.shape[-1], xi, step, scale
    )
    out = f.copy()
    for _ in range(steps):
        operator.apply(out)
    return out


def net(f):
    """D_0 of all components, per cell [cm^-3]."""
    return np.einsum("kemr,e,m->kr", f[:, 0] - f[:, 1], WEIGHTS, 0.5 * ANGLE.widths)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.floats(1e-3, 0.5), st.floats(1e-6, 1.0))
def test_invariants(seed, step, xi):
    """Trace and eigenvalues of every matrix, and D_0, in one step of any size up to 1/(2 mu)."""
    f = state(random_matrices(np.random.default_rng(seed), 3))
    out = turn(f, step, xi)
    np.testing.assert_allclose(out[:3].sum(axis=0), f[:3].sum(axis=0), atol=1e-15)
    before, after = (np.linalg.eigvalsh(matrices(g)) for g in (f, out))
    np.testing.assert_allclose(after, before, atol=1e-14)
    assert np.abs(net(out) - net(f)).max() < 1e-14 * WEIGHTS.sum()


def test_against_runge_kutta_second_order():
    """Eighth-order Runge-Kutta of i df/ds = [H, f] by commutators of complex matrices."""
    m = random_matrices(np.random.default_rng(1), 1)
    length, w = 3.0, 0.5 * ANGLE.widths

    def rhs(_, y):
        g = y.reshape(m.shape)
        q = np.einsum("emrab,e->mrab", g[0] - g[1], WEIGHTS) * SQRT2_GF
        d0, d1 = (np.einsum("mrab,m->rab", q, w * ANGLE.centres**k) for k in (0, 1))
        h = d0 - ANGLE.centres[:, None, None, None] * d1
        return (-1j * (h @ g - g @ h)).ravel()

    end = solve_ivp(rhs, (0.0, length), m.ravel(), "DOP853", rtol=1e-11, atol=1e-12).y[:, -1]
    exact = state(end.reshape(m.shape))
    errors = [np.abs(turn(state(m), length / n, steps=n) - exact).max() for n in (50, 100, 200)]
    assert errors[-1] < 1e-4
    assert np.log2(np.divide(errors[:-1], errors[1:])) == pytest.approx(2.0, abs=0.1)


def test_cells_do_not_see_each_other():
    """150 cells, three tiles: each as if alone, with its own attenuation and factor."""
    rng = np.random.default_rng(2)
    f = state(random_matrices(rng, 150))
    xi, scale = rng.uniform(size=(2, 150))
    whole = turn(f, 0.3, xi, 3, scale)
    for i in (0, 63, 64, 149):
        alone = turn(np.ascontiguousarray(f[..., i : i + 1]), 0.3, xi[i] * scale[i], 3)
        np.testing.assert_allclose(whole[..., i : i + 1], alone, atol=1e-11)


def test_smallest_eigenvalue():
    rng = np.random.default_rng(3)
    m = random_matrices(rng, 4)
    np.testing.assert_allclose(
        smallest_eigenvalue(state(m)), np.linalg.eigvalsh(m)[..., 0], atol=1e-12
    )
    for levels in ([0, 0, 1], [1, 1, 1], [0, 1, 1], [0, 0, 0], [-1e-3, 0, 1]):
        diagonal = state(np.diag(np.array(levels, dtype=complex)))
        assert smallest_eigenvalue(diagonal) == pytest.approx(min(levels), abs=1e-7)
