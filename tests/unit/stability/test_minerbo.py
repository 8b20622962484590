"""Maximum-entropy reconstruction: parameter, normalisation, integrals and crossings."""

import numpy as np
import pytest

from qkepipe.maximum_entropy import higher_moments, log_norm, part_kernel
from qkepipe.stability.minerbo import (
    angular_distribution,
    flux_parameter,
    moment_lobes,
    moment_screen,
)


def test_flux_parameter_inverts_the_langevin_function():
    """Round trip over all ranges of the series and of the asymptote."""
    z = np.r_[np.geomspace(1e-6, 900.0, 200), 0.0499, 0.0501, 29.9, 30.1]
    flux = 1.0 / np.tanh(np.where(z > 0.02, z, 1.0)) - 1.0 / z
    flux = np.where(z > 0.02, flux, z / 3 - z**3 / 45 + 2 * z**5 / 945)
    for sign in (1.0, -1.0):
        np.testing.assert_allclose(flux_parameter(sign * flux), sign * z, rtol=2e-11)


def test_flux_parameter_is_capped():
    """Flux factors of one and above give a narrow beam, not an error."""
    assert flux_parameter(1.3) == flux_parameter(0.999) == pytest.approx(1000.0)
    assert flux_parameter(0.0) == 0.0


@pytest.mark.parametrize("flux", [-0.7, -1e-5, 0.0, 1e-3, 0.4, 0.9])
def test_moments_are_reproduced(flux):
    """Zeroth and first moment of the reconstruction, by quadrature."""
    mu, w = np.polynomial.legendre.leggauss(64)
    g = angular_distribution(np.array([2.5]), np.array([2.5 * flux]), mu)[0]
    assert np.sum(0.5 * w * g) == pytest.approx(2.5, rel=1e-12)
    assert np.sum(0.5 * w * mu * g) == pytest.approx(2.5 * flux, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("z", [-40.0, -2.0, -1e-7, 0.0, 1e-7, 1e-5, 3.0, 50.0])
def test_integral_between_angles(z):
    """Closed integral against quadrature."""
    x, w = np.polynomial.legendre.leggauss(40)
    a, b = -0.3, 0.8
    mu = 0.5 * (a + b) + 0.5 * (b - a) * x
    norm = 1.0 if abs(z) < 1e-4 else abs(z) / np.sinh(abs(z))
    expected = 0.25 * (b - a) * np.sum(w * 1.7 * norm * np.exp(z * mu))
    assert part_kernel(1.7, z, log_norm(z), a, b) == pytest.approx(expected, rel=1e-9)


def _sampled(number, flux, n=20001):
    mu = np.linspace(-1, 1, n)
    nue, nuebar, nux, nuxbar = angular_distribution(number, flux, mu)
    g = (nue - nuebar) - (nux - nuxbar)
    step = 0.5 * (mu[1] - mu[0])
    middle = 0.5 * (g[1:] + g[:-1])
    change = np.flatnonzero(g[1:] * g[:-1] < 0)
    return (
        np.maximum(middle, 0).sum() * step,
        np.maximum(-middle, 0).sum() * step,
        mu[change],
    )


@pytest.mark.parametrize("alike", [True, False])
def test_lobes_and_crossings_against_sampling(alike):
    """Closed form (nux = nuxbar) and sampled zeros agree with a fine mesh."""
    rng = np.random.default_rng(7)
    seen = 0
    for _ in range(60):
        number = rng.uniform(0.3, 1.5, 4)
        flux = number * rng.uniform(-0.2, 0.8, 4)
        if alike:
            number[3], flux[3] = number[2], flux[2]
        positive, negative, crossing, where = moment_lobes(number, flux)
        plus, minus, zeros = _sampled(number, flux)
        np.testing.assert_allclose([positive, negative], [plus, minus], rtol=0, atol=2e-7)
        assert bool(crossing) == (zeros.size > 0)
        if zeros.size:
            seen += 1
            assert np.abs(zeros - where).min() < 2e-4
        else:
            assert np.isnan(where)
    assert seen > 10


def test_tolerance_hides_a_shallow_crossing():
    """A lobe below the tolerance is kept as a number but is no crossing."""
    number, flux = np.array([1.0, 0.9, 0.0, 0.0]), np.array([0.1, 0.19, 0.0, 0.0])
    positive, negative, crossing, _ = moment_lobes(number, flux)
    share = min(positive, negative) / (positive + negative)
    assert crossing == 1.0
    again = moment_lobes(number, flux, 1.01 * share)
    assert again[:2] == (positive, negative)
    assert again[2] == 0.0 and np.isnan(again[3])


def test_no_neutrinos():
    """An empty cell has no lobes and no crossing."""
    positive, negative, crossing, where = moment_lobes(np.zeros(4), np.zeros(4))
    assert (positive, negative, crossing) == (0.0, 0.0, 0.0)
    assert np.isnan(where)


@pytest.mark.parametrize("z", [0.0, 1e-4, 0.0499, 0.0501, 0.7, -3.0, 40.0])
def test_higher_moments(z):
    """Mean of mu^2 and mu^3 by quadrature."""
    mu, w = np.polynomial.legendre.leggauss(128)
    weight = w * np.exp(z * mu - abs(z))
    weight /= weight.sum()
    expected = (weight @ mu**2, weight @ mu**3)
    np.testing.assert_allclose(higher_moments(z), expected, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("alike", [True, False])
def test_higher_moments_of_the_lepton_number(alike):
    """Second and third moment of ELN-XLN against quadrature of the distributions."""
    rng = np.random.default_rng(5)
    mu, w = np.polynomial.legendre.leggauss(96)
    number = rng.uniform(0.2, 1.0, (200, 4))
    flux = number * rng.uniform(-0.3, 0.9, (200, 4))
    if alike:
        number[:, 3], flux[:, 3] = number[:, 2], flux[:, 2]
    nue, nuebar, nux, nuxbar = np.moveaxis(angular_distribution(number, flux, mu), 1, 0)
    g = (nue - nuebar) - (nux - nuxbar)
    found = moment_screen(number, flux)[4:]
    for n, values in zip((2, 3), found, strict=True):
        np.testing.assert_allclose(values, 0.5 * g @ (w * mu**n), rtol=0, atol=1e-10)
