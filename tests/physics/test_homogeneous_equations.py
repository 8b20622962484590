"""A homogeneous run against a direct integration of the equations of motion as they are printed.

Complex matrices of neutrinos rho and antineutrinos rhobar, neither conjugated (after Sigl & Raffelt
1993, Nucl. Phys. B 406, 423):

    i d_s rho = [H_vac + H_mat + H_nu, rho] + collisions
    i d_s rhobar = [H_vac^* - H_mat - H_nu^*, rhobar] + collisions
    H_mat(mu) = lambda gamma (1 - mu V)
    H_nu(mu) = sqrt(2) G_F sum (1 - mu mu') (rho - rhobar^*)

by an eighth-order Runge-Kutta method: of the code under test only the PMNS matrix is used.
"""

import numpy as np
import pytest
from homogeneous_gas import UNIT, evolve
from scipy.integrate import solve_ivp

from qkepipe.constants import HBAR_C
from qkepipe.oscillation.vacuum import TwoFlavors, components, mixing_of, vacuum_hamiltonian
from qkepipe.solvers.homogeneous_step import HomogeneousStep

ENERGY = np.array([8.0, 20.0])
WEIGHTS = np.array([0.7, 0.5])
MU = np.array([-0.8, -0.1, 0.6, 0.95])
WMU = np.array([0.3, 0.3, 0.25, 0.15])
#: Units in which omega is about 0.3 where sqrt(2) G_F n is 1.
FASTER = 4e4
LENGTH = 8.0


def density(s):
    """lambda(s) [1/cm]."""
    return 1.5 * np.exp(-s / 5.0)


def direct(rho, rhobar, mass, absorption, goal, xi, velocity):
    """Matrices (energy, mu, n, n) at the end; ``mass`` = U M^2 U+ in units of the vacuum term."""
    flavors = rho.shape[-1]
    electron = np.zeros((flavors, flavors))
    electron[0, 0] = 1.0
    vacuum = FASTER * 1e-12 * mass / (2 * HBAR_C * ENERGY[:, None, None])
    current = (1 - velocity * MU) / np.sqrt(1 - velocity**2)
    source = np.einsum("sae,ab->seab", absorption * goal, np.eye(flavors))
    # (sector, energy, a, b): the mean of the absorption of a and b
    by_energy = absorption.swapaxes(1, 2)
    damping = 0.5 * (by_energy[..., :, None] + by_energy[..., None, :])

    def commutator(h, r):
        return -1j * (h @ r - r @ h)

    def rhs(s, y):
        r, b = y.reshape(2, *rho.shape)
        net = np.einsum("e,m,emab->mab", WEIGHTS, WMU, r - b.conj())
        d0, d1 = net.sum(axis=0), np.einsum("m,mab->ab", MU, net)
        self_term = (d0 - MU[:, None, None] * d1)[None]
        matter = density(s) * current[:, None, None] * electron
        v = vacuum[:, None]
        out = np.empty((2, *rho.shape), dtype=complex)
        out[0] = xi * commutator(v + matter + self_term, r)
        out[1] = xi * commutator(v.conj() - matter - self_term.conj(), b)
        for k, state in enumerate((r, b)):
            out[k] += source[k][:, None] - damping[k][:, None] * state
        return out.ravel()

    start = np.stack([rho, rhobar]).astype(complex).ravel()
    end = solve_ivp(rhs, (0.0, LENGTH), start, "DOP853", rtol=1e-12, atol=1e-13)
    return end.y[:, -1].reshape(2, *rho.shape)


def random_matrices(rng, flavors):
    """Positive matrices (energy, mu, n, n) below one."""
    a = rng.normal(size=(2, 4, flavors, flavors)) + 1j * rng.normal(size=(2, 4, flavors, flavors))
    q, _ = np.linalg.qr(a)
    return (q * rng.uniform(size=(2, 4, 1, flavors))) @ q.conj().swapaxes(-1, -2)


@pytest.mark.parametrize("xi, velocity", [(1.0, 0.0), (0.3, 0.0), (1.0, -0.6)])
@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize(
    "mixing",
    [TwoFlavors(-2.5e-3, 0.4), mixing_of("normal", 3), mixing_of("inverted", 3)],
    ids=["two", "three-normal", "three-inverted"],
)
def test_against_runge_kutta(mixing, order, xi, velocity):
    """All terms, far from equilibrium; matter that moves and thins out; CP violation."""
    mass = mixing.mass_matrix()
    flavors = len(mass)
    rng = np.random.default_rng(20)
    rho, rhobar = random_matrices(rng, flavors), random_matrices(rng, flavors)
    absorption = rng.uniform(0.0, 0.2, (2, flavors, 2))
    goal = rng.uniform(0.0, 1.0, (2, flavors, 2))
    expected = direct(rho, rhobar, mass, absorption, goal, xi, velocity)
    f = np.stack([components(rho), components(rhobar.conj())], axis=1)
    operator = HomogeneousStep(
        WEIGHTS * UNIT, MU, WMU, FASTER * vacuum_hamiltonian(ENERGY, mixing), density,
        absorption.swapaxes(0, 1), goal.swapaxes(0, 1), xi, order, velocity,
    )  # fmt: skip
    (end,), _ = evolve(operator, f, [LENGTH], tolerance=1e-11 if order == 4 else 1e-8)
    aim = 1e-10 if order == 4 else 1e-6
    np.testing.assert_allclose(end[:, 0], components(expected[0]), rtol=0, atol=aim)
    np.testing.assert_allclose(end[:, 1], components(expected[1].conj()), rtol=0, atol=aim)
    assert np.abs(end - f).max() > 0.3
