"""Maximum-entropy crossings of fluxes in any directions, against sampling of the sphere."""

import numpy as np
import pytest
from scipy.special import i0e

from qkepipe.maximum_entropy import flux_parameter
from qkepipe.stability.minerbo import moment_screen
from qkepipe.stability.misaligned import _log_bessel, eln_axis, vector_screen


def _fibonacci(count):
    """Directions of a Fibonacci sphere, all of the same weight."""
    k = np.arange(count) + 0.5
    c = 1.0 - 2.0 * k / count
    azimuth = np.pi * (1.0 + np.sqrt(5.0)) * k
    s = np.sqrt(1.0 - c * c)
    return np.stack([s * np.cos(azimuth), s * np.sin(azimuth), c])


def _random(rng, cells, largest=0.9, alike=True):
    """Densities, and flux factor vectors in independent directions."""
    number = rng.uniform(0.5, 1.0, (cells, 4))
    factor = rng.uniform(0.0, largest, (cells, 4, 1))
    direction = rng.normal(size=(cells, 4, 3)) + np.array([0.0, 0.0, 1.5])
    direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
    vector = factor * direction
    if alike:
        number[:, 3], vector[:, 3] = number[:, 2], vector[:, 2]
    return number, number[..., None] * vector


def _sampled(number, flux, directions):
    """ELN-XLN in each direction per solid angle/4 pi, in plain numpy."""
    factor = np.linalg.norm(flux, axis=-1) / number
    z = flux_parameter(factor)
    vector = flux / np.linalg.norm(flux, axis=-1, keepdims=True) * z[..., None]
    level = np.log(number * z / np.sinh(z))
    g = np.exp(level[..., None] + vector @ directions)
    return (g[:, 0] - g[:, 1]) - (g[:, 2] - g[:, 3])


def test_closed_form_against_sampling():
    """500 misaligned pairs in 4000 directions: every crossing, its lobes and its cone."""
    rng = np.random.default_rng(3)
    number, flux = _random(rng, 500)
    directions = _fibonacci(4000)
    g = _sampled(number, flux, directions)
    plus, minus, crossing, where, _, _ = vector_screen(number, *np.moveaxis(flux, -1, 0), 0.0)
    lobes = np.maximum(g, 0).mean(-1), np.maximum(-g, 0).mean(-1)
    scale = number[:, :2].sum(-1)
    np.testing.assert_allclose(plus / scale, lobes[0] / scale, rtol=0, atol=2e-3)
    np.testing.assert_allclose(minus / scale, lobes[1] / scale, rtol=0, atol=2e-3)
    seen = (g > 0).any(-1) & (g < 0).any(-1)
    # sampling may miss a lobe smaller than its spacing, the closed form misses none
    assert not (seen & (crossing == 0)).any()
    hidden = (crossing == 1) & ~seen
    assert (np.minimum(plus, minus)[hidden] < 1e-3 * scale[hidden]).all()
    assert 100 < seen.sum() < 490 and hidden.sum() < 25
    z = flux_parameter(np.linalg.norm(flux, axis=-1) / number)
    vector = flux / np.linalg.norm(flux, axis=-1, keepdims=True) * z[..., None]
    axis = vector[:, 1] - vector[:, 0]
    axis /= np.linalg.norm(axis, axis=-1, keepdims=True)
    side = np.einsum("ci,id->cd", axis, directions) - where[:, None]
    for cell in np.flatnonzero(seen):
        clear = abs(side[cell]) > 1e-9
        assert (np.sign(g[cell][clear]) == -np.sign(side[cell][clear])).all()


def test_lobes_by_fine_quadrature():
    """Caps of beams up to a flux factor of 0.99, to 1e-7 of a product quadrature."""
    rng = np.random.default_rng(8)
    number, flux = _random(rng, 40, largest=0.99)
    plus, minus, crossing, where, _, _ = vector_screen(number, *np.moveaxis(flux, -1, 0), 0.0)
    polar, weights = np.polynomial.legendre.leggauss(400)
    azimuth = 2.0 * np.pi * np.arange(300) / 300
    z = flux_parameter(np.linalg.norm(flux, axis=-1) / number)
    vector = flux / np.linalg.norm(flux, axis=-1, keepdims=True) * z[..., None]
    tested = 0
    for cell in np.flatnonzero(crossing):
        axis = vector[cell, 1] - vector[cell, 0]
        axis /= np.linalg.norm(axis)
        one = np.cross(axis, [0.3, -0.5, 0.8])
        one /= np.linalg.norm(one)
        two = np.cross(axis, one)
        total = {}
        for name, a, b in (("fore", where[cell], 1.0), ("aft", -1.0, where[cell])):
            c = 0.5 * (a + b) + 0.5 * (b - a) * polar
            s = np.sqrt(1 - c * c)[:, None]
            v = (
                c[:, None, None] * axis
                + (s * np.cos(azimuth))[..., None] * one
                + (s * np.sin(azimuth))[..., None] * two
            )
            g = sum(
                sign * number[cell, i] * z[cell, i] / np.sinh(z[cell, i])
                * np.exp(v @ vector[cell, i])
                for i, sign in ((0, 1.0), (1, -1.0))
            )  # fmt: skip
            total[name] = 0.25 * (b - a) * weights @ g.mean(-1)
        # nuebar win forward of the cone
        np.testing.assert_allclose(minus[cell], -total["fore"], rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(plus[cell], total["aft"], rtol=1e-6, atol=1e-9)
        tested += 1
    assert tested > 10


def test_four_terms_against_sampling():
    """nux and nuxbar differ: lobes within 1 % of the density, no deep crossing missed."""
    rng = np.random.default_rng(4)
    number, flux = _random(rng, 300, alike=False)
    g = _sampled(number, flux, _fibonacci(6000))
    plus, minus, crossing, where, _, _ = vector_screen(number, *np.moveaxis(flux, -1, 0), 1e-3)
    lobes = np.maximum(g, 0).mean(-1), np.maximum(-g, 0).mean(-1)
    np.testing.assert_allclose(plus, lobes[0], rtol=0, atol=1e-2)
    np.testing.assert_allclose(minus, lobes[1], rtol=0, atol=1e-2)
    ratio = np.minimum(*lobes) / (lobes[0] + lobes[1])
    assert (crossing[ratio > 3e-3] == 1).all() and (crossing[ratio < 3e-4] == 0).all()
    assert (np.isfinite(where) == (crossing == 1)).all()


@pytest.mark.parametrize("alike", [True, False])
def test_parallel_fluxes_are_the_aligned_case(alike):
    """Fluxes along one oblique axis: lobes and moments as along mu."""
    rng = np.random.default_rng(6)
    number = rng.uniform(0.5, 1.0, (200, 4))
    flux = number * rng.uniform(0.0, 0.8, (200, 4))
    if alike:
        number[:, 3], flux[:, 3] = number[:, 2], flux[:, 2]
    axis = np.array([2.0, -1.0, 2.0]) / 3.0
    aligned = moment_screen(number, flux, 1e-4)
    vector = vector_screen(number, *(flux * a for a in axis), 1e-4)
    loose = {"atol": 1e-9 if alike else 3e-3}
    np.testing.assert_allclose(vector[0], aligned[0], **loose)
    np.testing.assert_allclose(vector[1], aligned[1], **loose)
    eln = (flux[:, 0] - flux[:, 1]) - (flux[:, 2] - flux[:, 3])
    np.testing.assert_allclose(vector[4], aligned[4], rtol=0, atol=1e-12)
    np.testing.assert_allclose(vector[5], np.sign(eln) * aligned[5], rtol=0, atol=1e-10)
    if alike:
        np.testing.assert_array_equal(vector[2], aligned[2])
        # the axis is that of Zvec_bar - Zvec
        cross = aligned[2] == 1
        z = flux_parameter(flux[cross, :2] / number[cross, :2])
        np.testing.assert_allclose(
            vector[3][cross], np.sign(z[:, 1] - z[:, 0]) * aligned[3][cross], rtol=0, atol=1e-9
        )


def test_projected_moments_against_sampling():
    """Second and third moment along the ELN-XLN flux, and the flux along it."""
    rng = np.random.default_rng(7)
    number, flux = _random(rng, 50, alike=False)
    directions = _fibonacci(40000)
    g = _sampled(number, flux, directions)
    eln = (flux[:, 0] - flux[:, 1]) - (flux[:, 2] - flux[:, 3])
    length = np.linalg.norm(eln, axis=-1)
    cosine = (eln / length[:, None]) @ directions
    found = vector_screen(number, *np.moveaxis(flux, -1, 0))
    np.testing.assert_allclose(found[4], (g * cosine**2).mean(-1), rtol=0, atol=1e-4)
    np.testing.assert_allclose(found[5], (g * cosine**3).mean(-1), rtol=0, atol=1e-4)
    along = eln_axis(*np.moveaxis(flux, -1, 0))
    np.testing.assert_allclose(
        (along[:, 0] - along[:, 1]) - (along[:, 2] - along[:, 3]), length, rtol=1e-12
    )


def test_bessel_function():
    """ln I_0 against scipy, across the change of series."""
    x = np.r_[0.0, np.geomspace(1e-3, 2000.0, 200), 14.999, 15.001]
    expected = np.log(i0e(x)) + x
    np.testing.assert_allclose([_log_bessel(v) for v in x], expected, rtol=1e-12, atol=1e-12)


def test_no_flux_and_no_neutrinos():
    """Isotropic or empty cells have no crossing."""
    number = np.array([[1.0, 0.8, 0.5, 0.5], [0.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.2, 0.3]])
    zero = np.zeros((3, 4))
    plus, minus, crossing, where, _, _ = vector_screen(number, zero, zero, zero)
    assert (crossing == 0).all() and np.isnan(where).all()
    np.testing.assert_allclose(plus, [0.2, 0.0, 1.1])
    assert (minus == 0).all()
