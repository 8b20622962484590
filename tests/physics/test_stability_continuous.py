"""Analysis of continuous angles: band edges, maxima, counts and collisional rows.

Numbers: the Gaussian ELN of test_stability_gaussian_eln (band edges by bisection of a
converged quadrature, maxima in both sectors); zeros of the analytic D of four energies; the
isotropic rows of the table of reference growth rates; Gauss-Legendre beams where they are
converged.
"""

import csv
import json
import math

import numpy as np
import pytest

from qkepipe.stability import analyse, growth_rate
from qkepipe.stability.analysis import gas_of, growing_roots
from qkepipe.stability.analytic import BRK, SYM, dispersion, integrals, newton
from qkepipe.stability.bands import fast_edges, fast_peaks
from qkepipe.stability.bins import parabolas
from qkepipe.stability.count import unstable_modes

NONE = np.zeros(1, dtype=complex)
NODE, WEIGHT = np.polynomial.legendre.leggauss(12)


def _gaussian(v, amount=0.9):
    def part(width):
        norm = width * math.sqrt(math.pi / 2) * math.erf(2 / (width * math.sqrt(2)))
        return np.exp(-((v - 1) ** 2) / (2 * width**2)) / norm

    return part(0.6) - amount * part(0.5)


def _integrated(function, edges):
    centre, half = 0.5 * (edges[1:] + edges[:-1]), 0.5 * np.diff(edges)
    return (function(centre[:, None] + half[:, None] * NODE) * WEIGHT).sum(axis=1) * half


def _relation(g, edges):
    centre, half = 0.5 * (edges[1:] + edges[:-1]), 0.5 * np.diff(edges)
    return centre, half, parabolas(edges, g)[None]


@pytest.mark.parametrize("kappa", [0.0, 1e-9, 1e-3, -0.05, 0.2, -1.0])
@pytest.mark.parametrize("w", [0.1 + 0.03j, -2.0 + 0.5j, 1e-3 + 0.2j])
def test_integrals_against_quadrature(kappa, w):
    """I_n and dI_n/dw of parabolas in bins, with a shift, by adaptive quadrature."""
    from scipy.integrate import quad

    edges = np.linspace(-1, 1, 7)
    centre, half, shape = _relation(_integrated(_gaussian, edges), edges)
    shift = np.array([0.02 + 0.01j])
    found = integrals(w, kappa, shift, centre, half, shape)

    def part(i, power, n):
        def value(v):
            x = (v - centre[i]) / half[i]
            g = shape[0, 0, i] + shape[0, 1, i] * x + shape[0, 2, i] * x * x
            return g * v**n / (w + shift[0] - kappa * v) ** power

        ends = edges[i], edges[i + 1]
        return complex(
            quad(lambda v: value(v).real, *ends, epsrel=1e-12)[0],
            quad(lambda v: value(v).imag, *ends, epsrel=1e-12)[0],
        )

    for n in range(3):
        for power, value, sign in ((1, found[n], 1), (2, found[3 + n], -1)):
            expected = sign * sum(part(i, power, n) for i in range(6))
            assert abs(value - expected) < 1e-10 * max(abs(expected), 1e-3)


@pytest.mark.parametrize("sector", [SYM, BRK])
def test_derivative_of_d(sector):
    """dD/dw by central difference."""
    edges = np.linspace(-1, 1, 13)
    relation = (-0.3, sector, NONE, *_relation(_integrated(_gaussian, edges), edges))
    w, h = 0.05 + 0.04j, 1e-6
    slope = (dispersion(w + h, *relation)[0] - dispersion(w - h, *relation)[0]) / (2 * h)
    assert dispersion(w, *relation)[1] == pytest.approx(slope, rel=1e-7)


def test_convergence_with_bins():
    """Third order or better to the 25-digit growth at kappa = -0.14."""
    errors = []
    for n in (8, 16, 32, 64):
        edges = np.linspace(-1, 1, n + 1)
        relation = _relation(_integrated(_gaussian, edges), edges)
        w = newton(0.05j, -0.14, SYM, NONE, *relation)
        errors.append(abs(w.imag / 0.0436394879449266 - 1))
    assert errors[1] < 1e-4
    assert errors[3] < errors[0] / 8**3
    assert errors[3] < 1e-6


@pytest.mark.parametrize(
    ("sector", "expected"),
    [(SYM, [-0.383274, -0.0351437, 0.0011259, 0.072451]), (BRK, [0.045537, 0.155411])],
)
def test_band_edges(sector, expected):
    """Edges of the Gaussian ELN, and the count of modes on both sides of each."""
    edges = np.linspace(-1, 1, 97)
    relation = _relation(_integrated(_gaussian, edges), edges)
    found = fast_edges(sector, *relation)
    found = found[np.argsort(found[:, 0])]
    assert found[:, 0] == pytest.approx(expected, abs=2e-6)
    for kappa, side in found[:, :2]:
        inside, outside = (
            unstable_modes(1e-6, kappa + s * side * 2e-3, sector, NONE, *relation, 0.15)[0]
            for s in (1, -1)
        )
        assert inside == outside + 1


def test_maxima_of_both_sectors():
    """0.0436833 at -0.1455 (sym), 0.0098182 at 0.0805 (brk)."""
    edges = np.linspace(-1, 1, 33)
    g = _integrated(_gaussian, edges)
    mode = analyse(edges, np.stack([g, 0 * g])[:, None])
    assert mode.growth == pytest.approx(0.0436833, abs=2e-7)
    assert mode.kappa == pytest.approx(-0.1455, abs=5e-4)
    assert (mode.sector, mode.driver, mode.unstable_modes) == ("sym", "fast", 1)
    assert mode.converged
    _, w = fast_peaks(BRK, 0.054, *_relation(g, edges))
    assert w.imag.max() == pytest.approx(0.0098182, abs=5e-7)


@pytest.mark.parametrize("n_mu", [2, 16, 25, 64])
@pytest.mark.parametrize("excess", [0.0, 1e-13, -1e-13, 1e-9, 1e-6])
def test_crossing_at_an_edge_of_a_bin(n_mu, excess):
    """nue ~ 1 + v and as many nuebar ~ 1 - v: 0.6896290 mu at lab k = +0.9076977 mu, per beam.

    The fiducial set-up of Richers et al. 2021 (arXiv:2101.02745), here with the crossing exactly
    or nearly at the edge that even numbers of bins have at v = 0.
    """
    edges = np.linspace(-1.0, 1.0, n_mu + 1)
    centre, weight = 0.5 * (edges[1:] + edges[:-1]), 0.5 * np.diff(edges)
    g = np.array([(1.0 + centre) * weight, (1.0 + excess) * (1.0 - centre) * weight])
    mode = analyse(edges, g[:, None, :])
    assert mode.sector == "sym" and mode.converged
    assert mode.growth == pytest.approx(0.6896290, abs=1e-6)
    # the wavenumber shifted by the flux of ELN, 2/3
    assert abs(mode.kappa) + 2.0 / 3.0 == pytest.approx(0.9076977, abs=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_shallow_crossings_far_from_zero(seed):
    """One or two bins of 24 have the other sign: growth ~ sigma_0 up to 200 sigma_0 from zero.

    Bins as beams are stable there, 600 Gauss-Legendre directions are not.
    """
    rng = np.random.default_rng(seed)
    edges = np.linspace(-1, 1, 25)
    centre = 0.5 * (edges[1:] + edges[:-1])
    z = rng.uniform(0.2, 3, 2)
    norm = z / np.sinh(z)
    ratio = norm[0] / norm[1] * np.exp((z[0] - z[1]) * centre)
    level = ratio.min() * 1.01 if seed % 2 else ratio.max() * 0.99

    def eln(v):
        return norm[0] * np.exp(z[0] * v) - level * norm[1] * np.exp(z[1] * v)

    g = _integrated(eln, edges)
    assert min(np.sum(g > 0), np.sum(g < 0)) <= 2
    mode = analyse(edges, np.stack([g, 0 * g])[:, None])
    assert mode.converged
    sigma0 = math.sqrt(g[g > 0].sum() * -g[g < 0].sum())
    assert abs(mode.kappa) > 10 * sigma0
    v, w = np.polynomial.legendre.leggauss(600)
    growth, _ = growth_rate(v, w * eln(v), np.ones(600), kappa=mode.kappa, sector=mode.sector)
    assert mode.growth == pytest.approx(growth, rel=1e-2)


@pytest.mark.parametrize("seed", range(6))
def test_random_maximum_entropy_pairs(seed):
    """No wavenumber of a fine grid of converged beams grows faster than the mode found."""
    rng = np.random.default_rng(seed)
    z = rng.uniform(0, 3, 2)
    n = rng.uniform(0.9, 1.1, 2)

    def eln(v):
        return sum(
            s * n[i] * z[i] / np.sinh(z[i]) * np.exp(z[i] * v) for i, s in ((0, 0.5), (1, -0.5))
        )

    edges = np.linspace(-1, 1, 33)
    g = _integrated(eln, edges)
    mode = analyse(edges, np.stack([g, 0 * g])[:, None])
    v, w = np.polynomial.legendre.leggauss(48)
    beams = w * eln(v)
    sigma0 = math.sqrt(max(beams[beams > 0].sum() * -beams[beams < 0].sum(), 0.0))
    if sigma0 == 0.0:
        assert mode.growth == 0.0
        return
    assert mode.converged
    rates = [
        growth_rate(v, beams, np.ones(48), kappa=k, sector=s)[0]
        for k in np.linspace(-9, 9, 145) * sigma0
        for s in ("sym", "brk")
    ]
    assert mode.growth >= max(rates) * (1 - 1e-3)
    there, _ = growth_rate(v, beams, np.ones(48), kappa=mode.kappa, sector=mode.sector)
    assert mode.growth == pytest.approx(there, rel=2e-3)


def test_isotropic_rows(shared):
    """Collisional and slow rows of isotropic gases: growth, sector and count."""
    folder = shared / "reference"
    beams = json.loads((folder / "growth_rates_beams.json").read_text())
    with open(folder / "growth_rates.csv", newline="") as file:
        rows = {r["id"]: r for r in csv.DictReader(file)}
    edges = np.linspace(-1, 1, 5)
    for name in ("E1p", "E3p", "E4p", "E7i", "F2", "G1p", "G2p", "G5b", "H1", "H3", "H6"):
        groups = {}
        b = {key: np.array(value, dtype=float) for key, value in beams[name].items()}
        for s, g, o, rate in zip(b["sign"], b["g"], b["omega"], b["gamma"], strict=True):
            groups[s, o, rate] = groups.get((s, o, rate), 0.0) + g
        n = len(groups)
        g, omega, gamma = np.zeros((2, n, 4)), np.zeros(n), np.zeros((2, n))
        for i, ((s, o, rate), value) in enumerate(groups.items()):
            row = 0 if s > 0 else 1
            g[row, i], omega[i], gamma[row, i] = value / 4, o, rate
        mode = analyse(edges, g, omega, gamma)
        expected = max(float(rows[name]["growth"]), 0.0)
        assert mode.growth == pytest.approx(expected, rel=1e-9), name
        assert mode.converged
        driver = {"G": "slow"}.get(name[0], "collisional") if expected > 0.0 else "none"
        assert mode.driver == driver, name


def test_roots_at_every_wavenumber_are_roots():
    """Roots of a mixed gas solve D, and discrete beams agree where growth is fast."""
    edges = np.linspace(-1, 1, 33)
    eln = [_integrated(lambda v, a=a: _gaussian(v, a), edges) for a in (0.8, 1.0)]
    g = np.stack([np.stack(eln), np.zeros((2, 32))])
    omega, gamma = np.array([2e-4, 1e-4]), np.array([[1e-4, 2e-4], [0.0, 0.0]])
    roots = growing_roots(gas_of(edges, g, omega, gamma))
    assert roots
    sector, kappa, w = roots[0]
    v, weight = np.polynomial.legendre.leggauss(48)
    beams = {
        "v": np.tile(v, 2),
        "g": np.concatenate([weight * _gaussian(v, a) for a in (0.8, 1.0)]),
        "sign": np.ones(96),
        "omega": np.repeat(omega, 48),
        "gamma": np.repeat(gamma[0], 48),
    }
    growth, _ = growth_rate(**beams, kappa=kappa, sector=("sym", "brk")[sector])
    assert w.imag == pytest.approx(growth, rel=1e-4)
