"""The closed crossing test of maximum-entropy moments agrees with sampled distributions.

For aligned moments of two species ELN-XLN changes sign exactly where |eta| < |Zbar - Z|.
Fast growth exists at some wavenumber exactly where it does (Morinaga 2022), and the growth
estimate sqrt(I+ I-) is within a factor two of the largest growth for crossings that are not
shallow.
"""

import numpy as np

from qkepipe.stability.lsa import scan
from qkepipe.stability.minerbo import angular_distribution, moment_lobes


def test_closed_form_against_sampling():
    """2000 random pairs, without exception beyond the resolution of the samples."""
    rng = np.random.default_rng(3)
    mu = np.cos(np.linspace(0, np.pi, 4001))
    number = np.zeros((2000, 4))
    number[:, :2] = rng.uniform(0.5, 1.5, (2000, 2))
    flux = number * rng.uniform(-0.3, 0.9, (2000, 4))
    _, _, crossing, where = moment_lobes(number, flux)
    g = angular_distribution(number, flux, mu)
    eln = g[:, 0] - g[:, 1]
    sampled = (eln.max(axis=1) > 0) & (eln.min(axis=1) < 0)
    near_edge = np.abs(np.nan_to_num(where)) > 1 - 1e-6
    np.testing.assert_array_equal((crossing == 1)[~near_edge], sampled[~near_edge])
    assert 200 < sampled.sum() < 1800


def test_crossing_means_growth():
    """No growth without a crossing; with one, growth near the estimate."""
    rng = np.random.default_rng(8)
    mu, w = np.polynomial.legendre.leggauss(32)
    ratios = []
    for _ in range(40):
        number = np.r_[rng.uniform(0.7, 1.3, 2), 0.0, 0.0]
        flux = number * rng.uniform(0.0, 0.7, 4)
        positive, negative, crossing, _ = moment_lobes(number, flux)
        g = angular_distribution(number, flux, mu)
        mode = scan(mu, 0.5 * w * (g[0] - g[1]))
        if not crossing:
            assert mode["growth"] == 0.0
        elif min(positive, negative) > 0.03 * max(positive, negative):
            ratios.append(mode["growth"] / np.sqrt(positive * negative))
    assert len(ratios) > 8
    assert min(ratios) > 0.5
    assert max(ratios) < 1.5
    assert 1.0 < np.median(ratios) < 1.3
