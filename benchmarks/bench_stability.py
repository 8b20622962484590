"""Speed of the stability screens per cell, beside a numpy baseline of the same run.

The baselines do the same job in vectorised numpy: energy integration and lobes; sampling of
maximum-entropy distributions in 128 directions; eigenvalues of the isotropic collisional
problem. Absolute times depend on the machine and its load, the ratio much less.

Usage: python benchmarks/bench_stability.py [cells]
"""

from __future__ import annotations

import sys
import time

import numpy as np

from qkepipe.phasespace import angle_grid, energy_grid, geometric_energy_edges
from qkepipe.stability.collisional import collisional_growth
from qkepipe.stability.crossing import integrate, lobes
from qkepipe.stability.lsa import scan
from qkepipe.stability.minerbo import angular_distribution, flux_parameter, moment_lobes

REPEATS = 3


def seconds(function, *arguments) -> float:
    """Best of some runs, after one that compiles."""
    function(*arguments)
    best = np.inf
    for _ in range(REPEATS):
        start = time.perf_counter()
        function(*arguments)
        best = min(best, time.perf_counter() - start)
    return best


def split(g, weights):
    """Lobes in numpy."""
    return np.maximum(g, 0.0) @ weights, np.maximum(-g, 0.0) @ weights


def angles_numpy(f, energy, angle):
    """Energy integration and lobes in numpy."""
    g = np.einsum("csem,e,s->cm", f, energy.weights, [1.0, -1.0, -1.0, 1.0], optimize=True)
    return split(g, angle.weights)


def angles(f, energy, angle):
    """The same with the kernels of the screen, spectra and fluxes included."""
    g, _, _ = integrate(f, energy.weights, angle.weights, angle.centres)
    return lobes(g, angle.weights, angle.centres, 1e-6)


def moments_numpy(number, flux, mu, weights):
    """Sampled maximum-entropy lobes in numpy (Z from the kernels)."""
    g = angular_distribution(number, flux, mu)
    return split((g[:, 0] - g[:, 1]) - (g[:, 2] - g[:, 3]), weights)


def collisional_numpy(g, gbar, gamma, gammabar):
    """Eigenvalues of all isotropic modes, stacked over cells."""
    strength = np.concatenate([g, -gbar], axis=1)
    rates = np.concatenate([gamma, gammabar], axis=1)
    eye = np.eye(rates.shape[1])
    matrix = -1j * rates[:, :, None] * eye - strength[:, None, :] + 0j
    return np.linalg.eigvals(matrix).imag.max(axis=1)


def main(cells: int = 4000) -> None:
    """Print one line per screen."""
    rng = np.random.default_rng(0)
    energy = energy_grid(geometric_energy_edges(20, 3.0, 120.0))
    angle = angle_grid(24)
    z = flux_parameter(rng.uniform(0.0, 0.7, (cells, 4)))
    level = rng.uniform(0.5, 1.0, (cells, 4))
    f = (
        level[:, :, None, None]
        * np.exp(-energy.centres / 6.0)[None, None, :, None]
        * np.exp(z[:, :, None, None] * (angle.centres - 1.0))
    )
    number = rng.uniform(0.5, 1.0, (cells, 4))
    number[:, 3] = number[:, 2]
    flux = number * rng.uniform(0.0, 0.7, (cells, 4))
    flux[:, 3] = flux[:, 2]
    unequal = number * np.array([1.0, 1.0, 1.0, 1.01])
    x, w = np.polynomial.legendre.leggauss(128)
    spectrum = energy.centres**3 * np.exp(-energy.centres / 5.0)
    spectrum /= spectrum.sum()
    g = rng.uniform(0.5, 1.0, (cells, 1)) * spectrum
    gbar = rng.uniform(0.5, 1.0, (cells, 1)) * np.roll(spectrum, 1)
    rate = np.broadcast_to((energy.centres / 10.0) ** 2, (cells, 20))
    few = slice(0, max(1, cells // 40))
    rows = [
        ("angles, 20 energies x 24 directions", cells, seconds(angles, f, energy, angle),
         cells, seconds(angles_numpy, f, energy, angle)),
        ("moments, nux = nuxbar", cells, seconds(moment_lobes, number, flux, 1e-6),
         cells, seconds(moments_numpy, number, flux, x, 0.5 * w)),
        ("moments, nux and nuxbar differ", cells, seconds(moment_lobes, unequal, flux, 1e-6),
         cells, seconds(moments_numpy, unequal, flux, x, 0.5 * w)),
    ]  # fmt: skip
    for name, scale in (("far from resonance", 1e-8), ("strongly damped", 1e-3)):
        slow = (g[few], gbar[few], scale * rate[few], 0.6 * scale * rate[few])
        rows.append(
            (f"collisional, 20 energies, {name}", cells,
             seconds(collisional_growth, g, gbar, scale * rate, 0.6 * scale * rate),
             slow[0].shape[0], seconds(collisional_numpy, *slow))
        )  # fmt: skip
    print(f"{'screen':42s} {'us/cell':>9s} {'numpy':>9s} {'ratio':>7s}")
    for name, n, own, n_base, base in rows:
        own, base = 1e6 * own / n, 1e6 * base / n_base
        print(f"{name:42s} {own:9.2f} {base:9.2f} {base / own:7.1f}")
    node = np.polynomial.legendre.leggauss(24)
    beams = 0.5 * node[1] * (np.exp(node[0]) / np.sinh(1.0) - 1.0)
    print(f"{'dispersion relation, 24 beams':42s} {1e6 * seconds(scan, node[0], beams):9.0f}")


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:]))
