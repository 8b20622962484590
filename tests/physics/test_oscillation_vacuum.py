"""Vacuum oscillation and the effect of matter (MSW) against closed forms.

Vacuum: P_ab = |sum_i U_bi e^{-i m_i^2 L/2E} U*_ai|^2, for antineutrinos with U*; of two flavours
P_ee = 1 - sin^2 2theta sin^2(omega L/2). Constant density: the same with omega_m, sin 2theta_m,
omega_m^2 = (omega cos 2theta -+ lambda)^2 + (omega sin 2theta)^2 (Wolfenstein 1978, PRD 17, 2369;
Mikheyev & Smirnov 1985). Varying density: crossing probability of an exponential profile
(Petcov 1988, Phys. Lett. B 200, 373; Kuo & Pantaleone 1989, RMP 61, 937, recalled) and of a linear
one (Landau 1932, Zener 1932), mean survival after Parke (1986, PRL 57, 1275).
"""

import numpy as np
import pytest
from homogeneous_gas import cell, diagonal, evolve, isotropic, splitting, two_flavor_vacuum, vectors

from qkepipe.constants import C_LIGHT, HBAR_C, M_PROTON, M_U, M_U_GRAM, SQRT2_GF
from qkepipe.oscillation.vacuum import TwoFlavors, mixing_of, vacuum_hamiltonian
from qkepipe.solvers import run_homogeneous

THETA = np.radians(33.82)
#: nue and nuebar so few that they do not act on one another: 1e-30 of the unit density.
FEW = [1e-30]


def alone(vacuum, **options):
    return isotropic(vacuum, weights=FEW * vacuum.shape[1], **options)


@pytest.mark.parametrize("omega", [1.0, -1.0])
def test_two_flavors(omega):
    lengths = np.array([0.3, 1.0, 7.0, 100.0])
    f = diagonal(np.array([1.0, 1.0, 0.0, 0.0]).reshape(2, 2, 1, 1))
    states, _ = evolve(alone(two_flavor_vacuum(omega, THETA)), f, lengths)
    expected = 1 - np.sin(2 * THETA) ** 2 * np.sin(0.5 * lengths) ** 2
    np.testing.assert_allclose(
        states[:, 0, :, 0, 0], expected[:, None].repeat(2, 1), rtol=0, atol=1e-12
    )


@pytest.mark.parametrize("ordering", ["normal", "inverted"])
@pytest.mark.parametrize("start", [0, 1, 2])
def test_three_flavors(ordering, start):
    """All nine probabilities at 5 and 10 MeV; CP: those of antineutrinos differ."""
    mixing, energies = mixing_of(ordering, 3), np.array([5.0, 10.0])
    u = mixing.mixing_matrix()
    square = np.array([0.0, mixing.delta_m2_21, mixing.delta_m2_31]) * 1e-12
    occupations = np.zeros((3, 2, 2, 1))
    occupations[start] = 1.0
    lengths = np.array([1e5, 3e6, 2e7])
    operator = alone(vacuum_hamiltonian(energies, mixing))
    states, _ = evolve(operator, diagonal(occupations), lengths)
    for sector, matrix in enumerate((u, u.conj())):
        for i, length in enumerate(lengths):
            phase = np.exp(-1j * np.multiply.outer(length / (2 * energies * HBAR_C), square))
            amplitude = np.einsum("bi,ei,i->be", matrix, phase, matrix[start].conj())
            np.testing.assert_allclose(
                states[i, :3, sector, :, 0], np.abs(amplitude) ** 2, rtol=0, atol=2e-12
            )
    if start == 1:
        assert np.abs(states[1, :3, 0] - states[1, :3, 1]).max() > 1e-3


def test_resonance_of_the_public_code():
    """Emu's MSW test: inverted, resonant in antineutrinos, omega_m = 4 pi/cm; peers reach 2e-8.

    The matter of 1.34616e9 g/cm^3 is counted there in protons.
    """
    energy = 7.39e-5 * np.sin(2 * THETA) / (8 * np.pi * HBAR_C * 1e6)  # eV
    assert energy == pytest.approx(0.1378071, rel=1e-6)
    omega = 7.39e-5 / (2 * energy * HBAR_C * 1e6)
    n_e = 1.34616e9 / (M_U_GRAM * M_PROTON / M_U)
    potential = SQRT2_GF * n_e
    assert potential == pytest.approx(omega * np.cos(2 * THETA), rel=1e-5)
    times = np.linspace(0.05, 1.0, 20) / C_LIGHT
    f = np.array([1.0, 1.0, 0.0, 0.0]).reshape(4, 1, 1) * 1e-3
    edge = [0.0, energy * 1e-6 * 4 / 3]
    out = run_homogeneous(
        cell(f, energy_edge=edge), times, vacuum=TwoFlavors(-7.39e-5, THETA), electron_density=n_e
    )
    for sector, sign in ((0, -1.0), (1, 1.0)):
        matter = np.hypot(omega * np.cos(2 * THETA) - sign * potential, omega * np.sin(2 * THETA))
        mixing = (omega * np.sin(2 * THETA) / matter) ** 2
        expected = 1 - mixing * np.sin(0.5 * matter * times * C_LIGHT) ** 2
        found = out["survival_probability"].isel(sector=sector).values
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11)
        if sector == 1:
            assert matter == pytest.approx(4 * np.pi, rel=1e-5)
            assert found.min() == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize("omega", [1.0, -1.0])
@pytest.mark.parametrize("potential", [0.3, 2.0, 40.0])
def test_constant_density(omega, potential):
    """Neutrinos in normal ordering see what antineutrinos see in inverted ordering."""
    lengths = np.linspace(0.5, 20.0, 7)
    f = diagonal(np.array([1.0, 1.0, 0.0, 0.0]).reshape(2, 2, 1, 1))
    operator = alone(two_flavor_vacuum(omega, 0.2), potential=potential)
    states, _ = evolve(operator, f, lengths)
    for sector, sign in ((0, 1.0), (1, -1.0)):
        matter = np.hypot(np.cos(0.4) - sign * np.sign(omega) * potential, np.sin(0.4))
        expected = 1 - (np.sin(0.4) / matter) ** 2 * np.sin(0.5 * matter * lengths) ** 2
        np.testing.assert_allclose(states[:, 0, sector, 0, 0], expected, rtol=0, atol=1e-11)


def along_mass_axis(f, theta):
    """Mean survival: the part of P along the vacuum axis, the rest averages out (Parke 1986)."""
    axis = np.array([np.sin(2 * theta), 0.0, -np.cos(2 * theta)])
    return 0.5 * (1.0 - np.cos(2 * theta) * (axis @ vectors(f)))


@pytest.mark.parametrize("scale_height", [0.3, 3.0, 10.0, 40.0])
def test_exponential_profile(scale_height):
    """From non-adiabatic (0.3) to adiabatic (40), theta = 0.15, omega = 1/cm.

    P_c = (e^{-pi gamma F/2} - e^{-pi gamma F/(2 sin^2)})/(1 - e^{-pi gamma F/(2 sin^2)}),
    F = 1 - tan^2 theta, gamma = omega sin^2 2theta/cos 2theta |dln lambda/ds|^-1: exact for a
    profile that starts at infinite density.
    """
    theta, start = 0.15, 1e3
    gamma = np.sin(2 * theta) ** 2 / np.cos(2 * theta) * scale_height
    whole = np.exp(-0.5 * np.pi * gamma * (1 - np.tan(theta) ** 2) / np.sin(theta) ** 2)
    crossing = (np.exp(-0.5 * np.pi * gamma * (1 - np.tan(theta) ** 2)) - whole) / (1 - whole)
    operator = alone(
        two_flavor_vacuum(1.0, theta), potential=lambda s: start * np.exp(-s / scale_height)
    )
    # neutrinos start in the matter eigenstate that is nearly nue
    axis = np.array([np.sin(2 * theta), 0.0, start - np.cos(2 * theta)])
    axis /= np.linalg.norm(axis)
    f = diagonal(np.array([1.0, 1.0, 0.0, 0.0]).reshape(2, 2, 1, 1))
    f[0, 0], f[1, 0] = 0.5 * (1 + axis[2]), 0.5 * (1 - axis[2])
    f[2, 0], f[3, 0] = 0.5 * axis[0], -0.5 * axis[1]
    states, _ = evolve(operator, f, [scale_height * np.log(start / 1e-6)], tolerance=1e-7)
    expected = 0.5 - (0.5 - crossing) * np.cos(2 * theta)
    found = along_mass_axis(states[-1, :, 0, 0, 0], theta)
    assert found == pytest.approx(expected, abs=2e-4)


@pytest.mark.parametrize("gamma", [0.2, 1.0])
def test_linear_crossing(gamma):
    """Landau-Zener: P_c = exp(-pi gamma/2), gamma = (omega sin 2theta)^2/|dlambda/ds|."""
    theta, reach = 0.3, 150.0
    slope = np.sin(2 * theta) ** 2 / gamma
    resonance = np.cos(2 * theta)
    operator = alone(
        two_flavor_vacuum(1.0, theta),
        potential=lambda s: resonance + reach - slope * s,
    )
    # from one matter eigenstate to the other: both are flavour states but for sin 2theta/reach
    tilt = np.arctan2(np.sin(2 * theta), reach)
    f = np.zeros((4, 2, 1, 1))
    f[0], f[1], f[2] = (
        0.5 * (1 + np.cos(tilt)), 0.5 * (1 - np.cos(tilt)), 0.5 * np.sin(tilt),
    )  # fmt: skip
    states, _ = evolve(operator, f, [2 * reach / slope], tolerance=1e-6)
    px, _, pz = vectors(states[-1, :, 0, 0, 0])
    # the eigenstate at the end is tilted the other way
    crossing = 0.5 * (1 + np.cos(tilt) * pz - np.sin(tilt) * px)
    assert crossing == pytest.approx(np.exp(-0.5 * np.pi * gamma), abs=1e-3)


def test_supernova_neutrino_is_converted():
    """Adiabatic resonance of 10 MeV at theta_13 in an exponential atmosphere of 300 km.

    Survival sin^2 theta_13 in the normal ordering, and cos^2 theta_13 of antineutrinos.
    """
    mixing = mixing_of("normal", 2)
    length = 3e7
    start = 300.0 * mixing.delta_m2 / splitting(1.0, 10.0)
    operator = alone(
        vacuum_hamiltonian([10.0], mixing), potential=lambda s: start * np.exp(-s / length)
    )
    f = diagonal(np.array([1.0, 1.0, 0.0, 0.0]).reshape(2, 2, 1, 1))
    states, _ = evolve(operator, f, [length * np.log(1e6)], tolerance=1e-5)
    sine = np.sin(mixing.theta) ** 2
    neutrino = along_mass_axis(states[-1, :, 0, 0, 0], mixing.theta)
    assert neutrino == pytest.approx(sine, abs=1e-3)
    antineutrino = along_mass_axis(states[-1, :, 1, 0, 0], mixing.theta)
    assert antineutrino == pytest.approx(1 - sine, abs=1e-3)
