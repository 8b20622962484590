"""Collisions of a homogeneous gas: relaxation, and collisional instability to its end.

d_s f_aa = kappa_a (f_eq - f_aa), d_s f_ab = -(kappa_a + kappa_b)/2 f_ab (Sigl & Raffelt 1993 in
relaxation form). Growth rates are roots of the dispersion relation (stability, section
collisional); C1 was integrated for this project by two other methods to nine digits.
"""

import numpy as np
import pytest
from homogeneous_gas import UNIT, cell, diagonal, evolve, growth, isotropic

from qkepipe.constants import C_LIGHT
from qkepipe.solvers import run_homogeneous
from qkepipe.solvers.homogeneous_step import HomogeneousStep
from qkepipe.stability import growth_rate
from qkepipe.stability.collisional import BRANCHES, collisional_growth

NO_VACUUM = np.zeros((4, 1))

#: rho_ee, rho_xx, rhobar_ee, |rho_ex| of C1 at its times.
C1 = {
    400: (0.9999985324, 0.3000023117, 0.7999979267, 1.013579e-3),
    600: (0.998475148, 0.302405748, 0.797843283, 3.261484e-2),
    800: (0.881591713, 0.627203086, 0.544613875, 0.210100557),
    1000: (0.980171219, 0.778427004, 0.596312944, 6.628365e-2),
    2000: (0.999975582, 0.798927349, 0.795415904, 2.215788e-3),
    3000: (0.9999995575, 0.7990201887, 0.7999090909, 2.982117e-4),
}


def rates_of(*values):
    """(flavours, 2, 1) from nue, nuebar, nux, nuxbar."""
    return np.array(values, dtype=float).reshape(2, 2, 1)


def c1_operator(order):
    return isotropic(
        NO_VACUUM,
        absorption=rates_of(0.02, 0.004, 0.0, 0.0),
        equilibrium=rates_of(1.0, 0.8, 0.0, 0.0),
        order=order,
    )


@pytest.mark.parametrize(("order", "tolerance"), [(4, 1e-10), (2, 1e-8)])
def test_saturated_state(order, tolerance):
    """C1 from the seed through the saturation to its new equilibrium: x neutrinos are created."""
    f = diagonal(rates_of(1.0, 0.8, 0.3, 0.3)[..., None])
    f[2] = 1e-6
    states, _ = evolve(c1_operator(order), f, list(C1), tolerance=tolerance)
    aim = 2e-9 if order == 4 else 2e-5
    for state, expected in zip(states, C1.values(), strict=True):
        found = [state[0, 0, 0, 0], state[1, 0, 0, 0], state[0, 1, 0, 0]]
        np.testing.assert_allclose(found, expected[:3], rtol=0, atol=aim)
        coherence = np.hypot(state[2, 0, 0, 0], state[3, 0, 0, 0])
        assert coherence == pytest.approx(expected[3], rel=1e-6 if order == 4 else 1e-3)
    # pairs: rho_xx = rhobar_xx
    np.testing.assert_allclose(
        states[:, 1, 0], states[:, 1, 1], rtol=0, atol=1e-9 if order == 4 else 1e-6
    )


def test_growth_of_c1():
    """Its linear phase: 0.0173871, the eigenvalue for rho_ex and conj(rhobar_ex)."""
    matrix = np.array([[-0.5 - 0.01j, 0.5], [-0.7, 0.7 - 0.002j]])
    expected = np.linalg.eigvals(matrix).imag.max()
    assert expected == pytest.approx(0.0173871, abs=5e-8)
    f = diagonal(rates_of(1.0, 0.8, 0.3, 0.3)[..., None])
    f[2] = 1e-9
    lengths = np.array([500.0, 600.0])
    states, _ = evolve(c1_operator(4), f, lengths)
    coherence = np.hypot(states[:, 2, 0, 0, 0], states[:, 3, 0, 0, 0])
    assert growth(lengths, coherence) == pytest.approx(expected, rel=1e-6)


#: g, gbar, Gamma, Gammabar per energy, and the branch that grows.
CASES = {
    "plus": ([0.4, 0.6], [0.3, 0.5], [2e-3, 3e-3], [4e-4, 6e-4]),
    "minus": ([0.4, 0.6], [0.3, 0.5], [4e-4, 6e-4], [4e-3, 6e-3]),
    "resonance": ([0.4, 0.6], [0.399, 0.6], [0.02, 0.03], [0.004, 0.006]),
}


@pytest.mark.parametrize("branch", CASES)
def test_growth_of_the_branches(branch):
    """Two energies in equilibrium with matter: growth of the seed against both root finders."""
    g, gbar, gamma, gammabar = (np.array(v) for v in CASES[branch])
    expected, _ = growth_rate(
        np.zeros(4), np.concatenate([g, gbar]), [1, 1, -1, -1],
        gamma=np.concatenate([gamma, gammabar]),
    )  # fmt: skip
    screened, kind = collisional_growth(g, gbar, gamma, gammabar)
    assert BRANCHES[int(kind)] == branch
    assert screened == pytest.approx(expected, rel=1e-2)
    occupations = np.zeros((2, 2, 2, 1))
    occupations[0, 0, :, 0], occupations[0, 1, :, 0] = 1.0, gbar / g
    f = diagonal(occupations)
    # nue absorbed with 2 Gamma: Gamma is half of the sum over flavours
    absorption = np.zeros((2, 2, 2))
    absorption[0] = 2.0 * np.stack([gamma, gammabar])
    operator = isotropic(
        np.zeros((4, 2)), weights=g * UNIT, absorption=absorption, equilibrium=occupations[..., 0]
    )
    f[2] = 1e-9 * f[0]
    lengths = np.array([10.0, 13.0]) / expected
    states, _ = evolve(operator, f, lengths, tolerance=1e-9)
    coherence = np.abs(states[:, 2] + 1j * states[:, 3]).sum(axis=(1, 2, 3))
    assert growth(lengths, coherence) == pytest.approx(expected, rel=1e-5)


def test_dipole_mode():
    """An isotropic gas of nuebar in excess: the dipole mode of the plus branch in two directions.

    v = +-1/sqrt(3) with equal weights have the moments of isotropy.
    """
    g, gbar, gamma, gammabar = 1.0, 0.8, 2e-2, 4e-3
    v = np.array([-1.0, 1.0]) / np.sqrt(3.0)
    beams = (np.tile(v, 2), 0.5 * np.repeat([g, gbar], 2), np.repeat([1, -1], 2))
    damping = np.repeat([gamma, gammabar], 2)
    expected = growth_rate(*beams, gamma=damping, sector="brk")[0]
    f = diagonal(rates_of(1.0, gbar, 0.0, 0.0)[..., None].repeat(2, -1))
    # odd in the direction: without the isotropic mode
    f[2] = 1e-9 * f[0] * np.array([-1.0, 1.0])
    operator = HomogeneousStep(
        np.array([UNIT]), v, np.array([0.5, 0.5]), NO_VACUUM,
        absorption=rates_of(2 * gamma, 2 * gammabar, 0.0, 0.0),
        equilibrium=rates_of(1.0, gbar, 0.0, 0.0),
    )  # fmt: skip
    lengths = np.array([8.0, 10.0]) / expected
    states, _ = evolve(operator, f, lengths, tolerance=1e-9)
    odd = np.abs(
        (states[:, 2] + 1j * states[:, 3])[..., 1] - (states[:, 2] + 1j * states[:, 3])[..., 0]
    )
    assert growth(lengths, odd[:, 0, 0]) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("xi", [1e-12, 1.0])
def test_relaxation(xi):
    """Emu's case, kappa = 5e-4/cm, three flavours, 50 MeV; peers assert 1 %.

    f = f_eq + (f_0 - f_eq) e^{-kappa s}, off-diagonal e^{-(kappa_a + kappa_b) s/2}: exact,
    also with the Hamiltonian on where f - g vanishes.
    """
    kappa = np.array([[5e-4, 5e-4], [1e-4, 1e-4], [2e-5, 2e-5]])[..., None]
    goal = np.array([0.3, 0.1, 0.2])[:, None, None] * np.ones((3, 2, 1))
    rng = np.random.default_rng(4)
    one = 0.1 * rng.uniform(size=9)
    f = np.repeat(one[:, None, None, None], 2, axis=1)
    operator = HomogeneousStep(
        np.array([UNIT]), np.zeros(1), np.ones(1), np.zeros((9, 1)),
        absorption=kappa, equilibrium=goal, xi=xi,
    )  # fmt: skip
    lengths = np.array([100.0, 3000.0, 1e5])
    states, _ = evolve(operator, f, lengths)
    decay = np.exp(-np.multiply.outer(lengths, kappa[:, 0, 0]))
    expected = goal[:, 0, 0] + (one[:3] - goal[:, 0, 0]) * decay
    for sector in range(2):
        np.testing.assert_allclose(states[:, :3, sector, 0, 0], expected, rtol=0, atol=1e-12)
        pairs = [(0, 1), (0, 2), (1, 2)]
        for k, (a, b) in enumerate(pairs):
            for part in (3 + 2 * k, 4 + 2 * k):
                np.testing.assert_allclose(
                    states[:, part, sector, 0, 0],
                    one[part] * np.sqrt(decay[:, a] * decay[:, b]),
                    rtol=0,
                    atol=1e-12,
                )


def test_rates_of_a_cell():
    """Emissivity in s^-1 and absorption in cm^-1 of the door: the same relaxation."""
    kappa = np.array([2.0, 1.0, 0.5, 0.0]).reshape(4, 1)
    goal = np.array([0.9, 0.4, 0.2, 0.0]).reshape(4, 1)
    start = np.array([0.1, 0.2, 0.3, 0.4]).reshape(4, 1, 1)
    gas = cell(start, absorption=kappa, equilibrium=goal)
    times = np.array([0.5, 2.0])
    out = run_homogeneous(gas, times / C_LIGHT, vacuum=None)
    expected = goal + (start[:, 0] - goal) * np.exp(-kappa * times)
    np.testing.assert_allclose(out["f"].values[:, :, 0, 0], expected.T, rtol=0, atol=1e-12)
