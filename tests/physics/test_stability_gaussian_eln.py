"""The Gaussian ELN of widths 0.6 and 0.5 and asymmetry 0.9: published and computed numbers.

G = exp(-(v-1)^2/(2 0.6^2))/N(0.6) - 0.9 exp(-(v-1)^2/(2 0.5^2))/N(0.5) per dv: crossing at
0.646963, lobes 0.1237878 and 0.0237878, Phi = (0.1, -0.0183392), stable at kappa = 0, unstable
on both sides of it. With 32 midpoint bins the public code LiSA_FFC gives 0.0436989134 at its
k = kappa + Phi_1, printed as -0.16.
"""

import math

import numpy as np
import pytest

from qkepipe.stability import growth_rate
from qkepipe.stability.crossing import lobes
from qkepipe.stability.lsa import scan


def _gaussian(v):
    def part(width):
        norm = width * math.sqrt(math.pi / 2) * math.erf(2 / (width * math.sqrt(2)))
        return np.exp(-((v - 1) ** 2) / (2 * width**2)) / norm

    return part(0.6) - 0.9 * part(0.5)


@pytest.fixture
def nodes():
    """48 Gauss-Legendre nodes, converged: directions and signed strengths."""
    v, w = np.polynomial.legendre.leggauss(48)
    return v, w * _gaussian(v)


def _rate(v, g, kappa, sector):
    return growth_rate(v, np.abs(g), np.sign(g), kappa=kappa, sector=sector)[0]


def test_crossing_and_lobes():
    """On fine bins; G per d(mu)/2 is twice G per dv."""
    edge = np.linspace(-1, 1, 4001)
    mu = 0.5 * (edge[1:] + edge[:-1])
    positive, negative, crossing, where = lobes(2 * _gaussian(mu), 0.5 * np.diff(edge), mu)
    assert crossing == 1
    assert where == pytest.approx(0.646963, abs=1e-6)
    assert positive == pytest.approx(0.1237878, abs=2e-7)
    assert negative == pytest.approx(0.0237878, abs=2e-7)


def test_growth_at_one_wavenumber(nodes):
    """25-digit value at kappa = -0.14."""
    assert _rate(*nodes, -0.14, "sym") == pytest.approx(0.0436394879449266, rel=1e-11)


def test_convergence_with_nodes():
    """8, 16 and 32 Gauss-Legendre nodes."""
    for n, expected, tolerance in (
        (8, 0.043756, 1e-6), (16, 0.0436394, 1e-7), (32, 0.04363948794, 1e-10),
    ):  # fmt: skip
        v, w = np.polynomial.legendre.leggauss(n)
        assert _rate(v, w * _gaussian(v), -0.14, "sym") == pytest.approx(expected, abs=tolerance)


def test_maxima_of_both_sectors(nodes):
    """0.0436833 at -0.1455 (sym), 0.0098182 at 0.0805 (brk)."""
    mode = scan(*nodes)
    assert mode["sector"] == "sym"
    assert mode["growth"] == pytest.approx(0.0436833, abs=1e-7)
    assert mode["kappa"] == pytest.approx(-0.1455, abs=5e-4)
    kappa = np.linspace(0.075, 0.085, 21)
    brk = np.array([_rate(*nodes, k, "brk") for k in kappa])
    assert brk.max() == pytest.approx(0.0098182, abs=2e-7)
    assert kappa[brk.argmax()] == pytest.approx(0.0805, abs=6e-4)


@pytest.mark.parametrize(
    ("sector", "inside", "outside"),
    [("sym", (-0.37, -0.05, 0.01, 0.06), (-0.40, 0.0, 0.09)),
     ("brk", (0.06, 0.14), (0.0, 0.035, 0.17))],
)  # fmt: skip
def test_bands(nodes, sector, inside, outside):
    """Bands (-0.3833, -0.03514), (0.001126, 0.0724) and (0.045537, 0.1554)."""
    for kappa in inside:
        assert _rate(*nodes, kappa, sector) > 1e-4
    for kappa in outside:
        assert _rate(*nodes, kappa, sector) < 1e-10


def test_midpoint_bins_of_the_public_code():
    """32 midpoint bins at the laboratory wavenumber -0.16.

    The slope at this wavenumber is 0.011, so its printed rounding allows no closer comparison.
    """
    v = (np.arange(32) + 0.5) / 16 - 1
    g = _gaussian(v) / 16
    phi1 = np.sum(g * v)
    assert _rate(v, g, -0.16 - phi1, "sym") == pytest.approx(0.0436989134, rel=1e-5)
