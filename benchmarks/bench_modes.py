"""Speed of the full analysis of a cell, beside a numpy scan of eigenvalues in the same run.

The baseline scans 73 wavenumbers within +-9 sigma_0 in both sectors with eigenvalues of
discrete beams: the angles alone for fast modes, 2 x groups x angles beams with vacuum and
damping terms for the rest (a few wavenumbers of it, scaled up). Absolute times depend on the
machine and its load, the ratio much less.

Usage: python benchmarks/bench_modes.py [cells]
"""

from __future__ import annotations

import sys
import time

import numpy as np

from qkepipe.stability.analysis import analyse, gas_of
from qkepipe.stability.dispersion import SECTORS, matrices

ANGLES, GROUPS, WAVENUMBERS = 24, 12, 73


def gases(cells: int):
    """Maximum-entropy gases: edges, g (cell, 2, group, mu), omega and gamma."""
    rng = np.random.default_rng(0)
    edges = np.linspace(-1.0, 1.0, ANGLES + 1)
    mu = 0.5 * (edges[1:] + edges[:-1])
    energy = np.geomspace(3.0, 80.0, GROUPS)
    z = rng.uniform(0.2, 2.5, (cells, 2, 1, 1)) * (energy / 15.0) ** -0.3
    z = np.swapaxes(z, 2, 3)
    spectrum = energy**3 * np.exp(-energy / np.array([4.0, 5.0])[:, None])
    spectrum /= spectrum.sum(axis=1, keepdims=True)
    level = rng.uniform(0.9, 1.1, (cells, 2, 1, 1)) * spectrum[None, :, :, None]
    g = level * z / np.sinh(z) * np.exp(z * mu) / ANGLES
    omega = 1e-4 * 10.0 / energy
    gamma = 1e-5 * (energy / 10.0) ** 2 * np.array([[1.0], [0.4]])
    return edges, g, omega, gamma


def scan(gas, wavenumbers: int) -> float:
    """Seconds of the eigenvalue scan in numpy, from a part of the wavenumbers."""
    mu = gas.bins[0]
    v = np.tile(mu, gas.shift.size)
    shift = np.repeat(gas.shift, mu.size)
    if not gas.shift.imag.any():
        shift = shift.real
    reach = 9.0 * gas.sigma0
    kappa = np.linspace(-reach, reach, wavenumbers)
    start = time.perf_counter()
    for sector in SECTORS:
        for k in kappa:
            np.linalg.eigvals(matrices(v, gas.strength.ravel(), k, sector, shift))
    return (time.perf_counter() - start) * WAVENUMBERS / wavenumbers


def main(cells: int = 20) -> None:
    """Print one line per kind of analysis."""
    edges, g, omega, gamma = gases(cells)
    rows = (
        (f"fast, {ANGLES} angles", (0.0, 0.0), WAVENUMBERS),
        (f"{GROUPS} groups x {ANGLES} angles, nu and nubar", (omega, gamma), 1),
    )
    print(f"{'analysis':42s} {'cells/s':>9s} {'numpy':>9s} {'ratio':>7s}")
    for name, terms, wavenumbers in rows:
        analyse(edges, g[0], *terms)
        start = time.perf_counter()
        for gas in g:
            analyse(edges, gas, *terms)
        own = (time.perf_counter() - start) / cells
        base = scan(gas_of(edges, g[0], *terms), wavenumbers)
        print(f"{name:42s} {1.0 / own:9.1f} {1.0 / base:9.3g} {base / own:7.1f}")


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:]))
