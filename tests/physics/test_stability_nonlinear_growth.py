"""The nonlinear equations grow at the rate that the analysis of continuous angles predicts.

An integrator of its own (density matrices of several energies on Gauss-Legendre directions,
vacuum term, absorption and emission, self-interaction, spectral advection in a periodic box
of one wavelength; Runge-Kutta of order 8) starts from a small wave of random amplitudes at
k = kappa + Phi_1 of the mode found. Nothing is linearised and no bins enter:

    i (d_t + v d_z) rho = [H, rho] + i C,    H_ee - H_xx = -omega + int (1 - v v') (n - nbar),

and for antineutrinos -omega and minus the conjugate of the self-interaction. C relaxes the
diagonal to its initial value and damps the off-diagonal with half the sum of both rates.
"""

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from qkepipe.stability import analyse

CELLS = 4
EFOLDS = 22.0


def _evolve(v, g, sign, omega, gamma, k, duration):
    """Times and largest amplitude of the off-diagonal; arrays over beams."""
    n = v.size
    wave = np.zeros(CELLS) if k == 0.0 else k * np.array([0.0, 1.0, 0.0, -1.0])
    advect = -1j * v[:, None] * wave
    rng = np.random.default_rng(0)
    seed = 1e-15 * np.abs(g).sum() * rng.normal(size=n)
    z = np.arange(CELLS) * 2 * math.pi / CELLS
    # antineutrinos carry the conjugate wave
    s = seed[:, None] * np.exp(1j * sign[:, None] * z * (k != 0.0))
    nu = sign > 0.0

    def right(_, y):
        s = (y[: 2 * n * CELLS : 2] + 1j * y[1 : 2 * n * CELLS : 2]).reshape(n, CELLS)
        d = y[2 * n * CELLS :].reshape(n, CELLS)
        field = np.where(nu[:, None], s, -s.conj())
        charge = sign[:, None] * d
        m = field.sum(0) - v[:, None] * (v @ field)
        h = charge.sum(0) - v[:, None] * (v @ charge)
        m = np.where(nu[:, None], m, -m.conj())
        h = -omega[:, None] + sign[:, None] * h
        ds = -1j * (h * s - m * d) - gamma[:, None] * s
        dd = 4.0 * (m * s.conj()).imag + gamma[:, None] * (g[:, None] - d)
        ds += np.fft.ifft(advect * np.fft.fft(s))
        dd += np.fft.ifft(advect * np.fft.fft(d)).real
        out = np.empty_like(y)
        out[: 2 * n * CELLS : 2], out[1 : 2 * n * CELLS : 2] = ds.real.ravel(), ds.imag.ravel()
        out[2 * n * CELLS :] = dd.ravel()
        return out

    start = np.empty(3 * n * CELLS)
    start[: 2 * n * CELLS : 2], start[1 : 2 * n * CELLS : 2] = s.real.ravel(), s.imag.ravel()
    start[2 * n * CELLS :] = np.repeat(g, CELLS)
    times = np.linspace(0.0, duration, 61)
    y = solve_ivp(
        right, (0.0, duration), start, method="DOP853", t_eval=times, rtol=1e-8, atol=1e-22
    ).y
    s = y[: 2 * n * CELLS].reshape(n, CELLS, 2, times.size)
    amplitude = np.sqrt((s**2).sum(axis=(0, 1, 2)))
    assert amplitude[-1] < 1e-3 * np.abs(g).sum()
    return times, amplitude


def _gaussian(v, width, amount):
    norm = width * math.sqrt(math.pi / 2) * math.erf(2 / (width * math.sqrt(2)))
    return amount * np.exp(-((v - 1) ** 2) / (2 * width**2)) / norm


def _isotropic(amount):
    return lambda v: 0.5 * amount + 0.0 * v


CASES = {
    # distributions per dv of (nu, nubar) at every energy; omega; Gamma of nu and nubar
    "fast": (
        [[lambda v: _gaussian(v, 0.6, 1.0)], [lambda v: _gaussian(v, 0.5, 0.9)]],
        [0.0], [[0.0], [0.0]], "fast",
    ),
    "collisional": (
        [[_isotropic(0.6), _isotropic(0.4)], [_isotropic(0.45), _isotropic(0.5)]],
        [0.0, 0.0], [[0.02, 0.05], [0.004, 0.01]], "collisional",
    ),
    "slow": (
        [[_isotropic(0.6), _isotropic(0.4)], [_isotropic(0.4), _isotropic(0.4)]],
        [-0.2, -0.1], [[0.0, 0.0], [0.0, 0.0]], "slow",
    ),
    "mixed": (
        [[lambda v: _gaussian(v, 0.7, 0.6), lambda v: _gaussian(v, 0.6, 0.5)],
         [lambda v: _gaussian(v, 0.5, 0.4), lambda v: _gaussian(v, 0.4, 0.5)]],
        [0.004, 0.002], [[0.001, 0.002], [0.001, 0.001]], "fast",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_growth(name):
    """Within 1 %, in the last third of the run."""
    shapes, omega, gamma, driver = CASES[name]
    edges = np.linspace(-1, 1, 33)
    x, w = np.polynomial.legendre.leggauss(8)
    half = 0.5 * np.diff(edges)
    inside = 0.5 * (edges[1:] + edges[:-1])[:, None] + half[:, None] * x
    g = np.array([[(f(inside) * w).sum(axis=1) * half for f in row] for row in shapes])
    mode = analyse(edges, g, omega, gamma)
    assert (mode.sector, mode.driver, mode.converged) == ("sym", driver, True)
    v, w = np.polynomial.legendre.leggauss(24)
    n = len(omega)
    beams = np.concatenate([f(v) * w for row in shapes for f in row])
    sign = np.repeat([1.0, -1.0], 24 * n)
    directions = np.tile(v, 2 * n)
    k = mode.kappa + np.sum(sign * beams * directions)
    time, amplitude = _evolve(
        directions, beams, sign, np.tile(np.repeat(omega, 24), 2), np.repeat(gamma, 24),
        0.0 if abs(k) < 1e-6 else k, EFOLDS / mode.growth,
    )  # fmt: skip
    last = slice(41, None)
    rate = np.polyfit(time[last], np.log(amplitude[last]), 1)[0]
    assert rate == pytest.approx(mode.growth, rel=1e-2)
