"""Fast and mixed modes at k = 0, two and three flavours, against the dispersion relation.

A homogeneous gas grows at k = 0, that is kappa = -Phi_1 of the relation (stability, section 2).
Of three flavours the linear problem splits into the pairs e-mu, e-tau and mu-tau, each with the
difference of its occupations and half the sum of its absorption.
"""

import numpy as np
import pytest
from homogeneous_gas import UNIT, diagonal, evolve, growth, two_flavor_vacuum

from qkepipe.solvers.homogeneous_step import HomogeneousStep
from qkepipe.stability import growth_rate

MU = -1.0 + (np.arange(8) + 0.5) / 4.0
WMU = np.full(8, 0.125)
WEIGHTS = np.array([0.4, 0.6])


def root(nu, nubar, omega=0.0, gamma=0.0):
    """Growth at k = 0 of differences (energy, mu) of occupations."""
    g = WEIGHTS[:, None] * WMU * np.stack([nu, nubar])
    sign = np.array([1.0, -1.0])[:, None, None] * np.ones_like(g)
    v = np.broadcast_to(MU, g.shape)
    omega, gamma = (np.broadcast_to(x, g.shape).ravel() for x in (omega, gamma))
    phi1 = (sign * g * v).sum()
    found, _ = growth_rate(
        v.ravel(), g.ravel(), sign.ravel(), omega=omega, gamma=gamma, kappa=-phi1
    )
    return found


def crossed():
    """nue that go mostly forward, nuebar backward: (2, energy, mu)."""
    nu = 0.9 * np.exp(-((MU - 1.0) ** 2) / 4.0)
    nubar = np.exp(-((MU + 1.0) ** 2) / 0.1)
    return np.stack([np.stack([nu, 0.7 * nu]), np.stack([nubar, 0.7 * nubar])])


def operator_of(vacuum, **options):
    return HomogeneousStep(WEIGHTS * UNIT, MU, WMU, vacuum, **options)


def measured(operator, f, rate, pair=0, flavors=2):
    """Growth between 11 and 14 e-folds of the sum of moduli of one pair."""
    lengths = np.array([11.0, 14.0]) / rate
    states, _ = evolve(operator, f, lengths, tolerance=1e-9)
    re = flavors + 2 * pair
    amplitude = np.abs(states[:, re] + 1j * states[:, re + 1]).sum(axis=(1, 2, 3))
    return growth(lengths, amplitude)


def seeded(occupations, size=1e-10):
    f = diagonal(occupations)
    rng = np.random.default_rng(12)
    f[len(occupations) :] = size * rng.uniform(0.5, 1.0, f[len(occupations) :].shape)
    return f


def test_fast_mode():
    electron = crossed()
    rate = root(*electron)
    assert rate > 0.02
    f = seeded(np.stack([electron, np.zeros_like(electron)]))
    found = measured(operator_of(np.zeros((4, 2))), f, rate)
    assert found == pytest.approx(rate, rel=1e-4)


@pytest.mark.parametrize("ordering", [1.0, -1.0])
def test_fast_mode_with_vacuum_matter_and_damping(ordering):
    """Different omega and Gamma of both energies; nux is only absorbed, so that nothing else moves.

    The matter term shifts the frequency and not the growth.
    """
    electron = crossed()
    omega = ordering * np.array([0.02, 0.01])
    absorption = np.zeros((2, 2, 2))
    absorption[1] = [[4e-3, 2e-3], [8e-3, 1e-3]]
    rate = root(*electron, omega[:, None], 0.5 * absorption[1][:, :, None])
    assert rate != pytest.approx(root(*electron), rel=0.01)
    operator = operator_of(two_flavor_vacuum(omega), potential=5.0, absorption=absorption)
    f = seeded(np.stack([electron, np.zeros_like(electron)]))
    assert measured(operator, f, rate) == pytest.approx(rate, rel=1e-4)


def test_eigenvector_keeps_its_shape():
    """Seeded with the eigenvector of the discrete system: rate and shape from the start.

    f_ex = (f_ee - f_xx) Q, of antineutrinos the stored conj(fbar)_ex alike; a wrong conjugation or
    sign of omega mixes other modes in.
    """
    electron = crossed()
    omega = np.array([0.02, 0.01])
    g = (WEIGHTS[:, None] * WMU * electron).ravel()
    sign = np.repeat([1.0, -1.0], 16)
    v = np.tile(MU, 4)
    s_omega = sign * np.tile(np.repeat(omega, 8), 2)
    phi1 = (sign * g * v).sum()
    matrix = np.diag(-phi1 * v - s_omega) - (1.0 - np.outer(v, v)) * sign * g
    roots, vectors = np.linalg.eig(matrix)
    best = roots.imag.argmax()
    mode = vectors[:, best].reshape(2, 2, 8)
    f = diagonal(np.stack([electron, np.zeros_like(electron)]))
    seed = 1e-9 * electron * mode
    f[2], f[3] = seed.real, seed.imag
    lengths = np.array([1.0, 5.0, 10.0]) / roots[best].imag
    operator = operator_of(two_flavor_vacuum(omega), potential=3.0)
    states, _ = evolve(operator, f, lengths, tolerance=1e-11)
    frequency = roots[best] + 3.0 + (sign * g).sum()
    for state, length in zip(states, lengths, strict=True):
        expected = seed * np.exp(-1j * frequency * length)
        found = state[2] + 1j * state[3]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-7 * np.abs(expected).max())


def test_attenuated_growth():
    electron = crossed()
    rate = root(*electron)
    f = seeded(np.stack([electron, np.zeros_like(electron)]))
    found = measured(operator_of(np.zeros((4, 2)), xi=1e-3), f, 1e-3 * rate)
    assert found == pytest.approx(1e-3 * rate, rel=1e-4)


@pytest.mark.parametrize("pair", [0, 1, 2])
def test_pairs_of_three_flavors(pair):
    """mu and tau differ: e-mu, e-tau and mu-tau grow at rates of their own."""
    occupations = np.zeros((3, 2, 2, 8))
    occupations[0] = crossed()
    occupations[1] = 0.35 * crossed()[..., ::-1]
    rates = [root(*(occupations[a] - occupations[b])) for a, b in ((0, 1), (0, 2), (1, 2))]
    assert min(rates) > 0.01
    assert min(np.abs(np.diff(np.sort(rates)))) > 0.003
    f = diagonal(occupations)
    f[3 + 2 * pair] = seeded(occupations[:2])[2]
    found = measured(operator_of(np.zeros((9, 2))), f, rates[pair], pair, 3)
    assert found == pytest.approx(rates[pair], rel=1e-4)


def test_collisional_growth_of_three_flavors():
    """Isotropic gas, rates that differ between e, mu and tau: e-mu and e-tau grow at once."""
    goal = np.array([[1.0, 0.8], [0.3, 0.3], [0.1, 0.1]])
    absorption = np.array([[0.02, 0.004], [0.003, 0.001], [0.0, 0.0]])
    operator = HomogeneousStep(
        np.array([UNIT]), np.zeros(1), np.ones(1), np.zeros((9, 1)),
        absorption=absorption[..., None], equilibrium=goal[..., None],
    )  # fmt: skip
    f = diagonal(goal[..., None, None])
    f[3], f[5] = 1e-9, 1e-9
    for pair, heavy in ((0, 1), (1, 2)):
        rate, _ = growth_rate(
            [0.0, 0.0], goal[0] - goal[heavy], [1, -1],
            gamma=0.5 * (absorption[0] + absorption[heavy]),
        )  # fmt: skip
        lengths = np.array([8.0, 10.0]) / rate
        states, _ = evolve(operator, f, lengths, tolerance=1e-9)
        amplitude = np.hypot(states[:, 3 + 2 * pair, 0], states[:, 4 + 2 * pair, 0])
        assert growth(lengths, amplitude[:, 0, 0]) == pytest.approx(rate, rel=1e-4)


def test_equal_heavy_flavors_act_as_one():
    """mu = tau: e turns into (mu + tau)/sqrt 2 alone, a gas of two flavours, and far."""
    electron = crossed()
    heavy = 0.1 * np.ones_like(electron)
    two = seeded(np.stack([electron, heavy]), 1e-4)
    two[3] = 0.0
    three = diagonal(np.stack([electron, heavy, heavy]))
    three[3] = three[5] = two[2] / np.sqrt(2.0)
    (pair,), _ = evolve(operator_of(np.zeros((4, 2))), two, [250.0], step=0.1)
    (end,), _ = evolve(operator_of(np.zeros((9, 2))), three, [250.0], step=0.1)
    assert np.abs(pair[0] - electron).max() > 0.05
    np.testing.assert_allclose(end[0], pair[0], rtol=0, atol=1e-5)
    np.testing.assert_allclose(end[1], 0.5 * (pair[1] + heavy), rtol=0, atol=1e-5)
    np.testing.assert_allclose(end[1], end[2], rtol=0, atol=1e-11)
