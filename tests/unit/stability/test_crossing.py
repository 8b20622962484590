"""Lobes and crossings on angular bins."""

import numpy as np
import pytest

from qkepipe.stability.crossing import integrate, lobes

MU = np.linspace(-0.75, 0.75, 4)
WEIGHTS = np.full(4, 0.25)


def test_integrals_over_energy_and_angle():
    """ELN-XLN, spectra and fluxes with their weights."""
    f = np.zeros((4, 2, 4))
    f[:, 0, 3] = [1.0, 2.0, 4.0, 8.0]
    f[0, 1, 0] = 0.5
    g, spectrum, flux = integrate(f, np.array([10.0, 2.0]), WEIGHTS, MU)
    np.testing.assert_allclose(g, [1.0, 0.0, 0.0, (1 - 2 - 4 + 8) * 10.0])
    np.testing.assert_allclose(spectrum, [[2.5, 0.25], [5.0, 0.0], [10.0, 0.0], [20.0, 0.0]])
    np.testing.assert_allclose(flux, 0.75 * np.array([2.5 - 0.25, 5.0, 10.0, 20.0]))


@pytest.mark.parametrize(
    ("g", "where"),
    [
        ([1.0, 1.0, -1.0, -1.0], 0.0),
        ([3.0, 1.0, -3.0, -1.0], -0.25 + 0.5 * 0.25),
        ([1.0, 0.0, -1.0, -1.0], -0.25),
        ([1.0, 0.0, 0.0, -1.0], 0.0),
        ([-1.0, 1.0, 2.0, -2.5], 0.25 + 0.5 * 2.0 / 4.5),
        ([-5.0, 4.0, 2.0, -2.5], -0.75 + 0.5 * 5.0 / 9.0),
    ],
)
def test_crossing_angle(g, where):
    """Linear interpolation, zeros on bins, and the deepest of several."""
    positive, negative, crossing, mu_c = lobes(np.array(g), WEIGHTS, MU)
    assert positive == pytest.approx(0.25 * sum(x for x in g if x > 0))
    assert negative == pytest.approx(-0.25 * sum(x for x in g if x < 0))
    assert crossing == 1.0
    assert mu_c == pytest.approx(where, abs=1e-14)


@pytest.mark.parametrize("g", [[1, 1, 1, 1], [0, -1, 0, -2], [0, 0, 0, 0]])
def test_single_sign_has_no_crossing(g):
    """Zeros alone are no crossing."""
    _, _, crossing, mu_c = lobes(np.array(g, dtype=float), WEIGHTS, MU)
    assert crossing == 0.0
    assert np.isnan(mu_c)


def test_tolerance():
    """The smaller lobe counts relative to both."""
    g = np.array([1.0, 1.0, 1.0, -1e-4])
    share = 1e-4 / (3.0 + 1e-4)
    assert lobes(g, WEIGHTS, MU, 0.99 * share)[2] == 1.0
    assert lobes(g, WEIGHTS, MU, 1.01 * share)[2] == 0.0
