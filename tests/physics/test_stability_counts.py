"""The argument principle: counts against eigenvalues, no spurious modes, nothing missed.

At kappa = 0 only moments of the groups enter and eigenvalues are exact for the same gas. With
several vacuum frequencies discrete directions have growing roots that do not exist.
"""

import numpy as np
import pytest

from qkepipe.stability import analyse, growth_rate
from qkepipe.stability.analysis import gas_of
from qkepipe.stability.bins import parabolas
from qkepipe.stability.count import unstable_modes
from qkepipe.stability.seeds import homogeneous_roots, moments_of_bins

NODE, WEIGHT = np.polynomial.legendre.leggauss(8)


def _relation(gas):
    return gas.shift, *gas.bins, parabolas(gas.edges, gas.strength), gas.size


def _maximum_entropy(edges, amount, z):
    """Integrals over bins of a distribution of density ``amount``."""
    half = 0.5 * np.diff(edges)
    v = 0.5 * (edges[1:] + edges[:-1])[:, None] + half[:, None] * NODE
    return amount * (0.5 * z / np.sinh(z) * np.exp(z * v) * WEIGHT).sum(axis=1) * half


@pytest.mark.parametrize("seed", range(40))
def test_count_at_kappa_zero(seed):
    """The number of eigenvalues above two heights, both sectors, random mixed gases."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 6))
    edges = np.linspace(-1, 1, 13)
    g = rng.normal(size=(2, n, 12)) * rng.uniform(0, 1) + rng.uniform(0, 2, (2, n, 1))
    omega = rng.normal() * 10 ** rng.uniform(-3, 0) * rng.uniform(0.2, 1, n)
    gamma = rng.uniform(0, 1, (2, n)) * 10 ** rng.uniform(-3, 0)
    gas = gas_of(edges, g / 12, omega, gamma)
    relation = _relation(gas)
    moments = moments_of_bins(*relation[1:4])
    for sector in (0, 1):
        roots = homogeneous_roots(moments, gas.shift, sector)[: (2 - sector) * gas.shift.size]
        for height in (1e-2, 1e-3):
            modes, step = unstable_modes(height, 0.0, sector, *relation)
            assert step < 1.0
            assert modes == np.sum(roots.imag > height)


@pytest.mark.parametrize("ordering", [1, -1])
def test_four_energies_have_no_forest(ordering):
    """omega from 2.5e-4 to 2e-3 of the potential, no angular crossing.

    24 directions have a root of Im w > 4e-3 at kappa = 3 where the analytic D has no zero above
    1e-4; the growth at the fastest mode is a zero of D on 3000 directions, and no other
    wavenumber has a faster one.
    """
    edges = np.linspace(-1, 1, 25)
    omega = ordering * np.array([2.5e-4, 5e-4, 1e-3, 2e-3])
    share = np.array([0.2, 0.3, 0.3, 0.2])
    g = np.stack([share[:, None] * _maximum_entropy(edges, a, 1.0) for a in (1.0, 0.7)])
    gas = gas_of(edges, g, omega)
    relation = _relation(gas)

    def beams(n):
        v, w = np.polynomial.legendre.leggauss(n)
        shape = w * 0.5 / np.sinh(1.0) * np.exp(v)
        strength = np.concatenate([s * a * shape for a in (1.0, 0.7) for s in share])
        sign = np.repeat([1.0, -1.0], 4 * n)
        return np.tile(v, 8), strength, sign, np.tile(np.repeat(omega, n), 2)

    discrete = max(growth_rate(*beams(24), kappa=3.0, sector=s)[0] for s in ("sym", "brk"))
    assert discrete > 4e-3
    for sector in (0, 1):
        assert unstable_modes(1e-4, 3.0, sector, *relation)[0] == 0
    mode = analyse(edges, g, omega)
    assert mode.driver == "slow"
    assert mode.sector == "sym"
    v, strength, sign, frequency = beams(3000)

    def value(w):
        term = sign * strength / (w - mode.kappa * v + sign * frequency)
        i0, i1, i2 = term.sum(), (term * v).sum(), (term * v * v).sum()
        return (1 + i0) * (1 - i2) + i1**2

    w = complex(mode.frequency, mode.growth)
    step = 1e-4 * mode.growth
    root = w - value(w) * 2 * step / (value(w + step) - value(w - step))
    assert root == pytest.approx(w, abs=5e-3 * mode.growth)
    for kappa in np.concatenate([np.linspace(-2, 2, 41), np.linspace(-0.3, 0.3, 31)]):
        for sector in (0, 1):
            faster, step = unstable_modes(1.03 * mode.growth, float(kappa), sector, *relation)
            assert (faster, step < 1.0) == (0, True)


@pytest.mark.parametrize("seed", range(8))
def test_no_faster_mode_at_other_wavenumbers(seed):
    """Random gases of three energies with and without crossing, all terms together."""
    rng = np.random.default_rng(seed)
    edges = np.linspace(-1, 1, 17)
    energy = np.array([8.0, 14.0, 25.0])
    share = rng.dirichlet(np.ones(3), 2)
    z = rng.uniform(0.1, 2.5, (2, 1)) * np.array([1.1, 1.0, 0.8])
    if seed % 2:
        z[1] = z[0]
    density = np.array([1.0, rng.uniform(0.6, 1.2)])
    g = np.array(
        [
            [_maximum_entropy(edges, density[i] * share[i, e], z[i, e]) for e in range(3)]
            for i in range(2)
        ]
    )
    omega = rng.choice([-1, 1]) * 10 ** rng.uniform(-4, -1) * 10 / energy
    gamma = 10 ** rng.uniform(-5, -2) * (energy / 10) ** 2 * np.array([[1.0], [0.5]])
    mode = analyse(edges, g, omega, gamma)
    relation = _relation(gas_of(edges, g, omega, gamma))
    height = max(1.03 * mode.growth, 1e-4)
    for kappa in np.concatenate([np.linspace(-1.5, 1.5, 25), np.linspace(-0.1, 0.1, 9)]):
        for sector in (0, 1):
            assert unstable_modes(height, float(kappa), sector, *relation)[0] == 0


@pytest.mark.parametrize("scale", [1e-8, 1e-10, 1e-12, 1e-13])
def test_gapless_root_far_below_the_potential(scale):
    """24 energies: growth_rate meets the root of h(y) = 0 although rates are 1e-13 of |g|."""
    from scipy.optimize import brentq

    energy = np.geomspace(3, 100, 24)
    thermal = [energy**3 * np.exp(-energy / t) for t in (5.0, 6.0)]
    nu, nubar = (s / s.sum() for s in thermal)
    g, gbar = 3 * nu - 0.1 * nubar, 2.5 * nubar - 0.1 * nu
    rate = scale * (energy / 10) ** 2

    def h(y):
        return np.sum(g / (y + rate)) - np.sum(gbar / (y + 0.3 * rate))

    y = brentq(h, 0.1 * scale, 100 * scale, xtol=1e-30, rtol=1e-14)
    growth, _ = growth_rate(
        np.zeros(48), np.concatenate([g, gbar]), np.repeat([1, -1], 24),
        gamma=np.concatenate([rate, 0.3 * rate]),
    )  # fmt: skip
    assert growth == pytest.approx(y, rel=1e-6 if scale > 1e-9 else 1e-9)
    # the same gas with continuous angles
    flat = np.ones(4) / 4
    both = np.stack([g, gbar])[..., None] * flat
    mode = analyse(np.linspace(-1, 1, 5), both, 0.0, np.stack([rate, 0.3 * rate]))
    assert mode.growth == pytest.approx(y, rel=1e-6)
