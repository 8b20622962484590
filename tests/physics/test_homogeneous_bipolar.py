"""Slow (bipolar) conversion of a homogeneous gas: growth, the exact pendulum, two beams.

Isotropic gas of nue (1) and nuebar (alpha), P' = (omega B + mu D) x P, Pbar' = (-omega B + mu D) x
Pbar, D = P - Pbar (Hannestad, Raffelt, Sigl & Wong 2006, PRD 74, 105010). Growth and the period of
the pendulum were derived and checked for this project.
"""

import numpy as np
import pytest
from homogeneous_gas import (
    UNIT,
    cell,
    diagonal,
    evolve,
    growth,
    isotropic,
    splitting,
    two_flavor_vacuum,
    vectors,
)
from scipy.special import ellipk

from qkepipe.constants import C_LIGHT
from qkepipe.oscillation.vacuum import TwoFlavors, vacuum_hamiltonian
from qkepipe.solvers import run_homogeneous
from qkepipe.solvers.homogeneous_step import HomogeneousStep
from qkepipe.stability import growth_rate
from qkepipe.stability.slow import slow_growth


def electron_gas(alpha):
    return diagonal(np.array([1.0, alpha, 0.0, 0.0]).reshape(2, 2, 1, 1))


@pytest.mark.parametrize(
    ("omega", "mu", "alpha", "expected"),
    [(1.0, 10.0, 0.8, 4.0), (1.0, 3.0, 0.9, 2.1627528754)],
)
def test_growth(omega, mu, alpha, expected):
    """(1/2) sqrt(4 omega mu (1 + alpha) - 4 omega^2 - mu^2 (1 - alpha)^2), inverted ordering."""
    assert slow_growth(mu, alpha * mu, -omega) == pytest.approx(expected, rel=1e-9)
    operator = isotropic(two_flavor_vacuum(-omega), weights=[mu * UNIT])
    f = electron_gas(alpha)
    f[2] = 1e-10
    lengths = np.array([10.0, 14.0]) / expected
    states, _ = evolve(operator, f, lengths)
    coherence = np.hypot(states[:, 2, 0, 0, 0], states[:, 3, 0, 0, 0])
    assert growth(lengths, coherence) == pytest.approx(expected, rel=1e-6)


def test_stable_outside_of_the_window():
    """(0.5, 40, 0.7): mu/omega = 80 is above 2/(1 - sqrt alpha)^2 = 74.7."""
    operator = isotropic(two_flavor_vacuum(-0.5), weights=[40.0 * UNIT])
    f = electron_gas(0.7)
    f[2] = 1e-6
    states, _ = evolve(operator, f, np.linspace(0.1, 10.0, 20), tolerance=1e-8)
    assert np.abs(states[:, 2:]).max() < 1e-5


@pytest.mark.parametrize(
    ("ordering", "period", "lowest"), [(-1.0, 5.4511909, -0.900021), (1.0, 1.3711408, None)]
)
@pytest.mark.parametrize("order", [2, 4])
def test_full_period(ordering, period, lowest, order):
    """alpha = 1, omega = 1, mu = 10, theta = 0.01: an exact pendulum.

    Q = P + Pbar - (omega/mu) B, kappa^2 = omega mu |Q|, cos phi_0 = -B.Q/|Q|,
    T = 4 K(sin^2(phi_0/2))/kappa; P_3(T) = 1, P_3(T/2) = 0.99920011, least P_3 at 0.2504 T.
    """
    theta, mu = 0.01, 10.0
    b = ordering * np.array([np.sin(2 * theta), 0.0, -np.cos(2 * theta)])
    q = np.array([0.0, 0.0, 2.0]) - b / mu
    size = np.linalg.norm(q)
    kappa = np.sqrt(mu * size)
    closed = 4 * ellipk(0.5 * (1 + b @ q / size)) / kappa
    assert closed == pytest.approx(period, rel=5e-8)
    operator = isotropic(two_flavor_vacuum(ordering, theta), weights=[mu * UNIT], order=order)
    lengths = closed * np.array([0.2504, 0.5, 0.7496, 1.0])
    tolerance = 1e-12 if order == 4 else 1e-9
    states, _ = evolve(operator, electron_gas(1.0), lengths, tolerance=tolerance)
    p = vectors(states.swapaxes(0, 1))[2, :, 0, 0, 0]
    aim = 1e-8 if order == 4 else 1e-5
    assert p[3] == pytest.approx(1.0, abs=aim)
    assert p[1] == pytest.approx(0.99920011, abs=max(aim, 6e-9))
    if lowest is not None:
        np.testing.assert_allclose(p[[0, 2]], lowest, rtol=0, atol=1e-5)


def test_two_beams_of_the_public_code():
    """Emu: nue along +z and nuebar along -z, 50 MeV, 2g = omega: growth omega = 1122.740 s^-1.

    Peers assert 2 % and reach 1.3e-4. Mixing angle 1e-6 degrees, inverted ordering.
    """
    mixing = TwoFlavors(-7.39e-5, np.radians(1e-6))
    omega = 7.39e-5 / splitting(1.0, 50.0)
    assert omega * C_LIGHT == pytest.approx(1122.740, rel=2e-6)
    f = np.zeros((4, 2, 1, 2))
    f[0, 0, 0, 1] = f[0, 1, 0, 0] = 1.0
    operator = HomogeneousStep(
        np.array([omega * UNIT]), np.array([-1.0, 1.0]), np.array([0.5, 0.5]),
        vacuum_hamiltonian([50.0], mixing),
    )  # fmt: skip
    lengths = np.array([7.5, 9.0, 10.5]) / omega
    states, _ = evolve(operator, f, lengths)
    mixed = states[:, 2, 0, 0, 1] + 1j * states[:, 3, 0, 0, 1]
    # the mixing angle adds a constant to the growing mode
    rate = np.log(np.abs(np.diff(mixed)[1] / np.diff(mixed)[0])) / (1.5 / omega)
    assert rate / omega == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize("g", [0.3, 0.5, 1.5])
def test_two_beams_with_vacuum(g):
    """growth^2 = 4 g^2 - (V - 2 g)^2 at k = 0: nue forward, nuebar backward, V = |omega| = 1."""
    operator = HomogeneousStep(
        np.array([g * UNIT]), np.array([-1.0, 1.0]), np.array([0.5, 0.5]),
        two_flavor_vacuum(-1.0),
    )  # fmt: skip
    f = np.zeros((4, 2, 1, 2))
    f[0, 0, 0, 1] = f[0, 1, 0, 0] = 2.0
    f[2, 0, 0, 1] = f[2, 1, 0, 0] = 1e-10
    expected = np.sqrt(4 * g**2 - (1 - 2 * g) ** 2)
    lengths = np.array([10.0, 13.0]) / expected
    states, _ = evolve(operator, f, lengths)
    coherence = np.hypot(states[:, 2, 0, 0, 1], states[:, 3, 0, 0, 1])
    assert growth(lengths, coherence) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("ordering", ["normal", "inverted"])
def test_slow_growth_of_a_spectrum(ordering):
    """Five energies and four directions, measured mixing at 5 to 40 MeV, against the roots.

    The gas is isotropic: its dipole mode is unstable in the normal ordering, its isotropic mode
    in the inverted one (stability, section slow).
    """
    energy_edge = np.array([2.0, 8.0, 14.0, 20.0, 30.0, 40.0])
    energy = 0.75 * np.diff(energy_edge**4) / np.diff(energy_edge**3)
    omega = 2.5e-3 / splitting(1.0, energy) * (1 if ordering == "normal" else -1)
    shape = energy_edge[1:] ** 3 - energy_edge[:-1] ** 3
    spectrum = np.exp(-energy / 4.0)
    mu_edge = np.linspace(-1.0, 1.0, 5)
    mu = 0.5 * (mu_edge[1:] + mu_edge[:-1])
    # potential of nue about 25 omega
    strength = 25.0 * np.abs(omega[1]) / np.sum(spectrum * shape)
    f = np.zeros((4, 2, 5, 4))
    f[0, 0], f[0, 1] = spectrum[:, None], 0.7 * spectrum[:, None]
    f[2] = 1e-9 * f[0] * (1.0 + 0.5 * mu)
    operator = HomogeneousStep(
        strength * shape * UNIT, mu, np.full(4, 0.25), two_flavor_vacuum(omega)
    )
    g = strength * shape[:, None] * f[0] * 0.25
    rate, _ = growth_rate(
        np.tile(mu, 10), g.ravel(), np.repeat([1, -1], 20), omega=np.tile(np.repeat(omega, 4), 2)
    )
    assert rate > 0.5 * np.abs(omega[1])
    lengths = np.array([11.0, 14.0]) / rate
    states, _ = evolve(operator, f, lengths, tolerance=1e-9)
    total = np.abs(states[:, 2] + 1j * states[:, 3]).sum(axis=(1, 2, 3))
    assert growth(lengths, total) == pytest.approx(rate, rel=1e-4)


def test_door_has_the_same_growth():
    """mu = 1 from occupations 0.1 and 0.08 of a group, omega = 0.1, inverted, times in s."""
    gas = cell(np.array([0.1, 0.08, 0.0, 0.0]).reshape(4, 1, 1))
    gas["energy_edge"] = gas["energy_edge"] * 10 ** (1 / 3)
    centre = 0.75 * float(gas["energy_edge"][1])
    rate = float(slow_growth(1.0, 0.8, -0.1))
    times = np.array([10.0, 14.0]) / rate / C_LIGHT
    out = run_homogeneous(
        gas, times, vacuum=TwoFlavors(-splitting(0.1, centre), 0.0), seed_amplitude=1e-10,
        tolerance=1e-10,
    )  # fmt: skip
    coherence = out["coherence"].sel(sector="nu").values
    assert growth(times * C_LIGHT, coherence) == pytest.approx(rate, rel=1e-6)
    assert out.attrs["square_change"] < 1e-12
