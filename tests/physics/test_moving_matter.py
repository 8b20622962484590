"""MSW conversion where matter moves, and where neutrinos are thrown back by a wall.

A direction mu sees lambda gamma (1 - mu V), with lambda of the rest frame of matter, V its velocity
over c along mu = 1 and gamma^-2 = 1 - V^2: the electron current contracted with the direction
(Grigoriev, Lobanov & Studenikin 2002, Phys. Lett. B 535, 187; recalled). Closed forms are those of
constant density.
"""

import numpy as np
import pytest
from homogeneous_gas import UNIT, cell, diagonal, evolve, splitting, two_flavor_vacuum, vectors

from qkepipe.constants import C_LIGHT, SQRT2_GF
from qkepipe.oscillation.vacuum import TwoFlavors
from qkepipe.solvers import run_homogeneous
from qkepipe.solvers.homogeneous_step import HomogeneousStep

MU = np.array([-1.0, -0.4, 0.0, 0.7, 1.0])
THETA, LAMBDA = 0.2, 0.9
#: Weights of all directions, and neutrinos so few that they do not act on one another.
EQUAL, FEW = np.full(5, 0.2), np.array([1e-30])


def seen(mu, velocity):
    """Potential of a direction in units of lambda."""
    return (1 - mu * velocity) / np.sqrt(1 - velocity**2)


def survival(omega, potential, lengths):
    """P_ee of neutrinos (antineutrinos: potential < 0) at constant density."""
    matter = np.hypot(omega * np.cos(2 * THETA) - potential, omega * np.sin(2 * THETA))
    return 1 - (omega * np.sin(2 * THETA) / matter) ** 2 * np.sin(0.5 * matter * lengths) ** 2


@pytest.mark.parametrize("omega", [1.0, -1.0])
@pytest.mark.parametrize("velocity", [0.3, -0.9])
def test_every_direction_has_its_own_potential(velocity, omega):
    lengths = np.linspace(0.5, 20.0, 7)
    f = diagonal(np.ones((2, 2, 1, 5)) * np.array([1.0, 0.0])[:, None, None, None])
    operator = HomogeneousStep(
        FEW, MU, EQUAL, two_flavor_vacuum(omega, THETA), potential=LAMBDA, matter_velocity=velocity
    )
    states, _ = evolve(operator, f, lengths)
    for sector, sign in ((0, 1.0), (1, -1.0)):
        expected = survival(omega, sign * LAMBDA * seen(MU, velocity), lengths[:, None])
        np.testing.assert_allclose(states[:, 0, sector, 0], expected, rtol=0, atol=1e-11)


def test_motion_moves_the_resonance():
    """Matter too dense for the resonance by 1/[gamma (1 - V)] is resonant for what it outruns."""
    velocity = 0.6
    resonant = np.cos(2 * THETA) / seen(1.0, velocity)
    f = np.zeros((4, 1, 2))
    f[:2] = 1e-3
    length = np.pi / np.sin(2 * THETA)
    edge = [0.0, 4e-3 / 3]
    gas = cell(f, energy_edge=edge, mu_edge=[-1.0, 0.0, 1.0])
    # centres of the two bins are mu = -1/2 and 1/2
    resonant *= seen(1.0, velocity) / seen(0.5, velocity)
    out = run_homogeneous(
        gas, [length / C_LIGHT], vacuum=TwoFlavors(splitting(1.0, 1e-3), THETA),
        electron_density=resonant / SQRT2_GF, matter_velocity=velocity,
    )  # fmt: skip
    assert out.attrs["matter_velocity"] == velocity
    found = out["f"].values[0, :2, 0] / 1e-3
    assert found[0, 1] == pytest.approx(0.0, abs=1e-10)
    # the opposite direction is above the resonance by a factor 13/7
    assert seen(-0.5, velocity) / seen(0.5, velocity) == pytest.approx(13 / 7)
    expected = survival(1.0, 13 / 7 * np.cos(2 * THETA), length)
    assert found[0, 0] == pytest.approx(expected, abs=1e-10)


def test_reflection_at_a_wall():
    """A beam against the flow that returns with it: mu -> -mu, the flavour vector is kept.

    P' = V x P with V = (sin 2theta, 0, lambda(mu) - cos 2theta) on both ways (omega = 1), so that
    the end is the product of two rotations.
    """
    velocity, there, back = 0.5, 3.7, 2.2
    f = diagonal(np.ones((2, 2, 1, 2)) * np.array([1.0, 0.0])[:, None, None, None])
    operator = HomogeneousStep(
        FEW, np.array([-1.0, 1.0]), np.array([0.5, 0.5]), two_flavor_vacuum(1.0, THETA),
        potential=LAMBDA, matter_velocity=velocity,
    )  # fmt: skip
    (wall,), _ = evolve(operator, f, [there])
    (end,), _ = evolve(operator, np.ascontiguousarray(wall[..., ::-1]), [back])

    def turned(p, mu, length):
        v = np.array([np.sin(2 * THETA), 0, LAMBDA * seen(mu, velocity) - np.cos(2 * THETA)])
        size = np.linalg.norm(v)
        axis, angle = v / size, size * length
        return (
            p * np.cos(angle)
            + np.cross(axis, p) * np.sin(angle)
            + axis * (axis @ p) * (1 - np.cos(angle))
        )

    expected = turned(turned(np.array([0.0, 0.0, 1.0]), -1.0, there), 1.0, back)
    np.testing.assert_allclose(vectors(end[:, 0, 0, 1]), expected, rtol=0, atol=1e-11)


def test_motion_of_matter_does_not_turn_lepton_number_into_anything():
    """Self-interaction with moving matter and no vacuum: the net number of each flavour stays.

    The matter term commutes with the diagonal of D_0 alone, direction by direction.
    """
    rng = np.random.default_rng(3)
    f = diagonal(rng.uniform(0, 0.5, (2, 2, 1, 5)))
    f[2:] = rng.uniform(-0.1, 0.1, (2, 2, 1, 5))
    operator = HomogeneousStep(
        np.array([UNIT]), MU, EQUAL, np.zeros((4, 1)), potential=3.0, matter_velocity=0.7
    )
    (end,), counts = evolve(operator, f, [100.0], tolerance=1e-5)
    assert counts.accepted > 50

    def net(state):
        return (state[:2, 0] - state[:2, 1]).mean(axis=(1, 2))

    np.testing.assert_allclose(net(end), net(f), rtol=0, atol=1e-12)
    assert np.abs(end - f).max() > 0.1
