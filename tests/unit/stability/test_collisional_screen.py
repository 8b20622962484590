"""The collisional kernel of the map: spectra and opacities in, isotropic and dipole mode out."""

import numpy as np
import pytest

from qkepipe.constants import SQRT2_GF
from qkepipe.stability import growth_rate
from qkepipe.stability.collisional import collisional_growth, collisional_screen


def _fastest(strength, damping):
    """Fastest growth of sum_k strength_k/(y + damping_k) = -i, from numpy eigenvalues."""
    matrix = -np.diag(damping) + 1j * np.outer(np.ones(damping.size), strength)
    return np.linalg.eigvals(matrix).real.max()


def _gas(rng, groups=12):
    """Densities [cm^-3], absorption and scattering [cm^-1] from weak to strong damping."""
    energy = np.geomspace(3.0, 100.0, groups)
    spectra = [energy**3 * np.exp(-energy / t) for t in rng.uniform(3.0, 8.0, 4)]
    n = np.array([s / s.sum() for s in spectra]) * rng.uniform(0.3, 1.5, 4)[:, None] * 1e33
    n[3] = n[2] = n[2] * rng.integers(0, 2)
    if rng.random() < 0.4:
        n[1] *= n[0].sum() / n[1].sum() * (1.0 + rng.normal() * 10 ** rng.uniform(-6, -1))
    scale = 10.0 ** rng.uniform(-6.0, 1.0)
    strength = rng.uniform(0.0, 2.0, 4) * np.array([1.0, 1.0, 0.05, 0.05])
    absorption = scale * strength[:, None] * (energy / 20.0) ** 2
    scattering = scale * rng.choice([0.0, 1.0]) * np.ones((4, 1)) * (energy / 20.0) ** 2
    return n, absorption, scattering


@pytest.mark.parametrize("seed", range(4))
def test_larger_of_isotropic_and_dipole(seed):
    """12 groups against the eigenvalues of both modes; the dipole wins somewhere."""
    rng = np.random.default_rng(100 + seed)
    dipoles = 0
    for _ in range(150):
        n, absorption, scattering = _gas(rng)
        strength = SQRT2_GF * np.r_[n[0] - n[2], -(n[1] - n[3])]
        gamma = 0.5 * np.r_[absorption[0] + absorption[2], absorption[1] + absorption[3]]
        damped = gamma + 0.5 * np.r_[scattering[0] + scattering[2], scattering[1] + scattering[3]]
        expected = max(_fastest(strength, gamma), _fastest(-strength / 3.0, damped), 0.0)
        growth, branch, sector = collisional_screen(n, absorption, scattering)
        scale = gamma.max()
        assert growth == pytest.approx(expected, rel=1e-3, abs=1e-5 * scale)
        assert (growth > 0.0) == (branch > 0)
        isotropic = _fastest(strength, gamma)
        if sector == 1:
            assert growth > isotropic - 1e-5 * scale
            dipoles += isotropic < 0.9 * expected
    assert dipoles > 0


def test_dipole_grows_where_the_isotropic_mode_does_not():
    """One energy, closed form A/3 - i gamma +- sqrt(A^2/9 - alpha^2 - (2/3) i G alpha)."""
    g, gbar, gamma, gammabar = 1.0, 0.2, 0.5, 2.0
    a, total = 0.5 * (g - gbar), 0.5 * (g + gbar)
    mean, alpha = 0.5 * (gamma + gammabar), 0.5 * (gamma - gammabar)
    root = np.sqrt(complex(a * a / 9 - alpha**2, -2.0 / 3.0 * total * alpha))
    dipole = max((a / 3 - 1j * mean + s * root).imag for s in (1, -1))
    # the brk mode of an isotropic gas at kappa = 0, and the general solver with all angles
    v, w = np.polynomial.legendre.leggauss(16)
    exact, _ = growth_rate(
        np.tile(v, 2), np.r_[0.5 * w * g, 0.5 * w * gbar], np.repeat([1, -1], 16),
        gamma=np.repeat([gamma, gammabar], 16), sector="brk",
    )  # fmt: skip
    n = np.array([[g], [gbar], [0.0], [0.0]]) / SQRT2_GF
    absorption = np.array([[2 * gamma], [2 * gammabar], [0.0], [0.0]])
    assert exact == pytest.approx(dipole, rel=1e-9)
    for factor in (1.0, 3.0, 10.0):
        growth, _, sector = collisional_screen(factor * n, absorption, 0.0 * absorption)
        strength = factor * np.array([g, -gbar])
        rates = np.array([gamma, gammabar])
        one, two = _fastest(strength, rates), _fastest(-strength / 3, rates)
        assert growth == pytest.approx(max(one, two, 0.0), rel=1e-6)
        assert sector == (two > max(one, 0.0))


def test_scattering_damps_the_dipole_alone():
    """g = 1, gbar = 0.8, rates 1e-2 and 1e-3: isotropic growth whatever the scattering is."""
    n = np.array([[1.0], [0.8], [0.0], [0.0]]) / SQRT2_GF
    absorption = np.array([[2e-2], [2e-3], [0.0], [0.0]])
    free = collisional_screen(n, absorption, np.zeros((4, 1)))
    damped = collisional_screen(n, absorption, np.full((4, 1), 1e-2))
    assert free[0] == damped[0] == pytest.approx(0.032404, rel=1e-4)
    assert free[2] == damped[2] == 0


def test_negative_noise_counts_as_nothing():
    """A group below zero is an empty group."""
    rng = np.random.default_rng(1)
    n, absorption, scattering = _gas(rng)
    n[0, 11] = 0.0
    noisy = n.copy()
    noisy[0, 11] = -1e20
    expected = collisional_screen(n, absorption, scattering)
    assert collisional_screen(noisy, absorption, scattering) == expected


def test_empty_groups_do_not_decide_the_method():
    """The rate of a group without neutrinos has no influence."""
    g = np.array([1.0, 0.5, 0.0])
    gbar = np.array([0.7, 0.6, 0.0])
    rate = np.array([1e-5, 3e-5, 1e3])
    whole = collisional_growth(g, gbar, rate, 0.3 * rate)
    part = collisional_growth(g[:2], gbar[:2], rate[:2], 0.3 * rate[:2])
    assert whole == part
