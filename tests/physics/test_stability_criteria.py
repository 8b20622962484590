"""How many crossings each criterion from moments finds, and how often it is wrong.

Distributions are drawn, sampled and judged in plain numpy, with no code of the package; the
criteria see their moments alone. ``python tests/physics/test_stability_criteria.py`` measures
the table of docs/physics/stability.md with 20000 distributions of each kind.
"""

import sys

import numpy as np
import pytest
from scipy.optimize import brentq

from qkepipe.stability.criteria import crossing_tests
from qkepipe.stability.crossing import integrate, lobes
from qkepipe.stability.minerbo import moment_screen

#: Fine midpoint mesh of the oracle.
FINE = -1.0 + (np.arange(4000) + 0.5) / 2000.0
#: Smallest share of the smaller lobe that counts as a crossing.
DEPTH = 1e-6
CRITERIA = ("maximum entropy", "polynomial 3", "polynomial 2", "kappa = 0", "flux")


def _entropy_pair(rng):
    """nue and nuebar of largest entropy, aligned, of similar number."""
    out = []
    for n in (1.0, np.exp(rng.normal() * 0.3)):
        flux = rng.uniform(0.0, 0.85)
        z = brentq(lambda x, f=flux: 1 / np.tanh(x) - 1 / x - f, 1e-6, 50.0) if flux > 1e-4 else 0
        shape = np.exp(z * (FINE - 1.0))
        out.append(n * shape / shape.mean())
    return out


def _gaussians(rng):
    """nue and nuebar as sums of an isotropic part and two Gaussians in mu."""
    out = []
    for n in (1.0, np.exp(rng.normal() * 0.3)):
        shape = rng.uniform(0.0, 1.0) * np.ones_like(FINE)
        for _ in range(2):
            centre, width = rng.uniform(-1.0, 1.0), rng.uniform(0.1, 0.8)
            shape = shape + rng.uniform(0.0, 2.0) * np.exp(-((FINE - centre) ** 2) / (2 * width**2))
        out.append(n * shape / shape.mean())
    return out


def _beams(rng):
    """nue and nuebar of a shared background of largest entropy with steps (beams) on it."""
    edges = np.sort(rng.uniform(-1.0, 1.0, 3))
    background = np.exp(rng.uniform(0.0, 2.0) * FINE)
    out = []
    for n in (1.0, np.exp(rng.normal() * 0.3)):
        levels = rng.uniform(0.3, 1.0, 4)
        shape = background * levels[np.searchsorted(edges, FINE)]
        out.append(n * shape / shape.mean())
    return out


KINDS = {"maximum entropy": _entropy_pair, "Gaussians": _gaussians, "beams": _beams}


def _measure(kind, count, seed=0):
    """Truth and findings of each criterion, as arrays of bool over the distributions."""
    rng = np.random.default_rng(seed)
    depth = np.empty(count)
    number, flux = np.zeros((count, 4)), np.zeros((count, 4))
    moments = np.empty((count, 4))
    for i in range(count):
        nue, nuebar = KINDS[kind](rng)
        g = nue - nuebar
        plus, minus = np.maximum(g, 0.0).mean(), np.maximum(-g, 0.0).mean()
        depth[i] = min(plus, minus) / (plus + minus)
        number[i, :2] = nue.mean(), nuebar.mean()
        flux[i, :2] = (nue * FINE).mean(), (nuebar * FINE).mean()
        moments[i] = [(g * FINE**n).mean() for n in range(4)]
    closed = moment_screen(number, flux, DEPTH)
    total = number.sum(1)
    eln, net = number[:, 0] - number[:, 1], flux[:, 0] - flux[:, 1]
    # the map has the higher moments from the closure; given moments are exact
    found = {"closure": crossing_tests(eln, net, closed[4], closed[5], total),
             "exact": crossing_tests(*moments.T, total)}  # fmt: skip
    says = {("closure", "maximum entropy"): closed[2] == 1}
    for source, (by_flux, mode, degree) in found.items():
        says[source, "polynomial 3"] = degree > 0
        says[source, "polynomial 2"] = degree == 2
        says[source, "kappa = 0"] = mode == 1
        says[source, "flux"] = by_flux == 1
    return depth > DEPTH, says


def _rates(truth, says):
    """Efficiency, and share of the distributions without crossing that are flagged."""
    return says[truth].mean(), says[~truth].mean()


@pytest.mark.parametrize("kind", KINDS)
def test_exact_moments_never_invent_a_crossing(kind):
    """Every sufficient test, with true moments: no false positive; degree 3 finds the most."""
    truth, says = _measure(kind, 1500)
    found = {name: says["exact", name] for name in CRITERIA[1:]}
    assert 200 < truth.sum() < 1450
    for name, value in found.items():
        assert not (value & ~truth).any(), name
    assert not (found["flux"] & ~found["polynomial 2"]).any()
    assert not (found["kappa = 0"] & ~found["polynomial 2"]).any()
    assert not (found["polynomial 2"] & ~found["polynomial 3"]).any()
    # the flux test does not need the closure at all
    np.testing.assert_array_equal(found["flux"], says["closure", "flux"])


def test_maximum_entropy_is_exact_for_its_own_distributions():
    """Every crossing of aligned maximum-entropy pairs, and none besides."""
    truth, says = _measure("maximum entropy", 1500, seed=1)
    wrong = says["closure", "maximum entropy"] != truth
    # lobes at the tolerance may fall to either side of it on the mesh of the oracle
    assert wrong.sum() <= 2
    for name in CRITERIA[1:]:
        assert not (says["closure", name] & ~truth).any(), name


#: Efficiency and false positives in per cent of the table, 20000 distributions of each kind
TABLE = {
    "maximum entropy": {
        "maximum entropy": (100.00, 0.00), "polynomial 3": (91.79, 0.00),
        "polynomial 2": (87.45, 0.00), "kappa = 0": (82.17, 0.00), "flux": (69.03, 0.00),
    },
    "Gaussians": {
        "maximum entropy": (83.49, 12.58), "polynomial 3": (74.79, 1.55),
        "polynomial 2": (69.69, 0.06), "kappa = 0": (65.08, 0.00), "flux": (50.94, 0.00),
    },
    "beams": {
        "maximum entropy": (68.37, 17.02), "polynomial 3": (56.84, 4.79),
        "polynomial 2": (50.77, 2.01), "kappa = 0": (45.34, 0.78), "flux": (31.54, 0.00),
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_table_of_the_documentation(kind):
    """Rates of a new, smaller sample lie within four standard errors of the table."""
    count = 1500
    truth, says = _measure(kind, count, seed=2)
    for name in CRITERIA:
        efficiency, false = _rates(truth, says["closure", name])
        for measured, per_cent, trials in (
            (efficiency, TABLE[kind][name][0], truth.sum()),
            (false, TABLE[kind][name][1], (~truth).sum()),
        ):
            expected = per_cent / 100.0
            error = np.sqrt(max(expected * (1.0 - expected), 1.0 / trials) / trials)
            assert abs(measured - expected) < 4.0 * error + 5e-4, (name, measured, per_cent)


def test_angles_find_every_crossing_deeper_than_the_tolerance():
    """10000 random distributions on bins, four species and three groups, judged in numpy."""
    rng = np.random.default_rng(11)
    cells, groups, bins = 10000, 3, 24
    mu = -1.0 + (np.arange(bins) + 0.5) * 2.0 / bins
    weights = np.full(bins, 1.0 / bins)
    level = np.exp(0.4 * rng.normal(size=(cells, 4, groups, 1)))
    slope = rng.uniform(-0.5, 3.0, (cells, 4, groups, 1))
    bump = rng.uniform(0.0, 0.6, (cells, 4, groups, 1))
    centre = rng.uniform(-1.0, 1.0, (cells, 4, groups, 1))
    f = 0.1 * level * (np.exp(slope * (mu - 1.0)) + bump * np.exp(-(((mu - centre) / 0.2) ** 2)))
    energy_weights = np.array([1.0, 2.0, 0.5])
    for tolerance in (1e-6, 1e-3, 3e-2):
        g, _, _ = integrate(f, energy_weights, weights, mu)
        plus, _, crossing, where = lobes(g, weights, mu, tolerance)
        by_hand = np.zeros((cells, bins))
        for s, sign in enumerate((1, -1, -1, 1)):
            for e in range(groups):
                by_hand += sign * energy_weights[e] * f[:, s, e]
        up = np.where(by_hand > 0, by_hand, 0.0).mean(-1)
        down = np.where(by_hand < 0, -by_hand, 0.0).mean(-1)
        share = np.minimum(up, down) / (up + down)
        # beside the tolerance itself, where round-off decides
        clear = abs(share / tolerance - 1.0) > 1e-9
        np.testing.assert_array_equal((crossing == 1)[clear], (share > tolerance)[clear])
        np.testing.assert_allclose(plus, up, rtol=1e-11, atol=1e-13)
        assert (np.isfinite(where) == (crossing == 1)).all()
    assert 0.3 < (share > 1e-6).mean() < 0.999


if __name__ == "__main__":
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 20000
    for kind in KINDS:
        truth, says = _measure(kind, size, seed=12345)
        print(f"{kind}: {size} distributions, {truth.sum()} with a crossing")
        for source, name in says:
            efficiency, false = _rates(truth, says[source, name])
            print(f"  {source:8s} {name:16s} {100 * efficiency:7.2f} {100 * false:7.2f}")
