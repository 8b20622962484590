"""Self-interaction of a homogeneous gas against exact and independent solutions.

dP/ds = V x P, V(mu) = sqrt(2) G_F (D_0 - mu D_1), for neutrinos P and stored antineutrinos P_g
alike (Sigl & Raffelt 1993); D_n moments of P - P_g per d(mu)/2.
"""

import itertools

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from qkepipe.constants import HBAR_C, SQRT2_GF
from qkepipe.oscillation.rotation import SelfInteraction
from qkepipe.phasespace import angle_grid, energy_grid, fermi_dirac

ANGLE = angle_grid(6)
DENSITY = 1.0 / SQRT2_GF  # potential 1 cm^-1


def to_state(p, trace):
    """State of vectors p[3, sector, mu] with the given trace, one energy and one cell."""
    f = np.stack([0.5 * (trace + p[2]), 0.5 * (trace - p[2]), 0.5 * p[0], -0.5 * p[1]])
    return np.ascontiguousarray(f[:, :, None, :, None])


def to_vectors(f):
    return np.stack([2 * f[2], -2 * f[3], f[0] - f[1]])[:, :, 0, :, 0]


def run(p, length, steps):
    n_mu = p.shape[2]
    grid = angle_grid(n_mu) if n_mu != 1 else None
    mu, dmu = (grid.centres, grid.widths) if grid else (np.zeros(1), np.full(1, 2.0))
    operator = SelfInteraction(np.array([DENSITY]), mu, dmu, 1, 1.0, length / steps)
    f = to_state(p, 2.0)
    for _ in range(steps):
        operator.apply(f)
    return to_vectors(f)


def random_vectors(seed):
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (3, 2, 6))


def exact(p, length):
    """Independent: eighth-order Runge-Kutta of the 36 coupled equations."""
    w = 0.5 * ANGLE.widths

    def rhs(_, y):
        q = y.reshape(3, 2, 6)
        net = q[:, 0] - q[:, 1]
        d0, d1 = net @ w, net @ (w * ANGLE.centres)
        v = d0[:, None] - ANGLE.centres * d1[:, None]
        return np.cross(v[:, None, :], q, axis=0).ravel()

    out = solve_ivp(rhs, (0, length), p.ravel(), "DOP853", rtol=1e-12, atol=1e-13)
    return out.y[:, -1].reshape(3, 2, 6)


@pytest.mark.parametrize("seed", [0, 1])
def test_against_runge_kutta_second_order(seed):
    p = random_vectors(seed)
    reference = exact(p, 10.0)
    errors = [np.abs(run(p, 10.0, n) - reference).max() for n in (100, 200, 400)]
    assert errors[-1] < 2e-4
    for coarse, fine in itertools.pairwise(errors):
        assert np.log2(coarse / fine) == pytest.approx(2.0, abs=0.05)


def test_precession_of_an_isotropic_gas():
    """Without flux every vector turns about D_0, which is fixed, by |D_0| per length.

    One step of the implicit midpoint rule turns by exactly 2 atan(|D_0| h/2).
    """
    p = np.array([[0.3, 0.1], [0.2, -0.4], [0.5, 0.1]]).reshape(3, 2, 1)
    d = p[:, 0, 0] - p[:, 1, 0]
    size = np.linalg.norm(d)
    step, steps = 0.2, 50
    out = run(p, step * steps, steps)
    angle = steps * 2 * np.arctan(0.5 * size * step)
    axis = d / size
    for sector in range(2):
        v = p[:, sector, 0]
        expected = v * np.cos(angle) + np.cross(axis, v) * np.sin(angle)
        expected += axis * (axis @ v) * (1 - np.cos(angle))
        np.testing.assert_allclose(out[:, sector, 0], expected, rtol=0, atol=1e-10)


def test_conjugation_symmetry():
    """Exchanging neutrinos and antineutrinos conjugates every matrix, at all times."""
    p = random_vectors(3)
    swapped = p[:, ::-1] * np.array([1.0, -1.0, 1.0])[:, None, None]
    out, other = run(p, 20.0, 200), run(swapped, 20.0, 200)
    np.testing.assert_allclose(
        other, out[:, ::-1] * np.array([1.0, -1.0, 1.0])[:, None, None], rtol=0, atol=1e-11
    )


def test_axial_symmetry():
    """A common rotation about the flavour axis commutes with the evolution."""
    p = random_vectors(4)
    c, s = np.cos(0.7), np.sin(0.7)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])

    def turned(v):
        return np.einsum("ij,jsm->ism", turn, v)

    np.testing.assert_allclose(
        run(turned(p), 20.0, 200), turned(run(p, 20.0, 200)), rtol=0, atol=1e-11
    )


def test_equal_gases_do_not_rotate():
    """nu and stored nubar with the same vectors: no net potential."""
    p = random_vectors(5)
    p[:, 1] = p[:, 0]
    np.testing.assert_allclose(run(p, 10.0, 10), p, rtol=0, atol=1e-15)


def test_units_of_the_potential():
    """A thermal gas of nue, tilted by a small angle, precesses with sqrt(2) G_F (n - 0).

    n = 3 zeta(3)/(4 pi^2) (T/hbar c)^3 for mu = 0: the vector keeps its direction, so a probe of
    antineutrinos much fewer than it turns by the potential times the length.
    """
    t = 5.0
    energy = energy_grid(np.linspace(0.0, 200.0, 801))
    density = 3 * 1.2020569031595942 / (4 * np.pi**2) * (t / HBAR_C) ** 3
    length = 0.3 / (SQRT2_GF * density)
    f = np.zeros((4, 2, 800, 1, 1))
    f[0, 0, :, 0, 0] = fermi_dirac(energy.centres, t, 0.0)
    probe = 1e-9 * f[0, 0]
    f[0, 1], f[1, 1], f[2, 1] = 0.5 * probe, 0.5 * probe, 0.5 * probe
    operator = SelfInteraction(energy.weights, np.zeros(1), np.full(1, 2.0), 1, 1.0, length / 100)
    for _ in range(100):
        operator.apply(f)
    x, y = 2 * f[2, 1].sum(), -2 * f[3, 1].sum()
    assert np.arctan2(y, x) == pytest.approx(0.3, rel=1e-3)
