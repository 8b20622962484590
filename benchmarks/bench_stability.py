"""Speed of the stability screens per cell, beside a numpy baseline of the same run.

The baselines do the same job in vectorised numpy: energy integration and lobes; sampling of
maximum-entropy distributions in 128 directions; eigenvalues of the isotropic collisional
problem. The last rows are whole maps, of grey moments and of moments in 12 groups with rates,
beside the numpy baselines of their lobes and collisional modes together. Absolute times
depend on the machine and its load, the ratio much less.

Usage: python benchmarks/bench_stability.py [cells]
"""

from __future__ import annotations

import sys
import time

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.phasespace import angle_grid, energy_grid, geometric_energy_edges
from qkepipe.species import SPECIES
from qkepipe.stability import screen
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


def snapshot(cells, groups, rng):
    """Moments of ``groups`` energies (None: grey) along a ray, with matter and absorption."""
    energy = np.geomspace(3.0, 100.0, groups or 1)
    r = np.linspace(1e6, 3e7, cells)
    temperature = np.array([5.0, 6.0, 7.0, 7.0])[:, None]
    spectrum = energy**3 * np.exp(-energy / temperature)
    spectrum /= spectrum.sum(1, keepdims=True)
    level = 1e33 * np.array([1.0, 1.0, 0.6, 0.6])[:, None] * rng.uniform(0.7, 1.0, (4, cells))
    factor = np.array([0.6, 0.7, 0.8, 0.8])[:, None] * r / r[-1]
    level[3] = level[2]
    n = spectrum[:, :, None] * level[:, None]
    dims = ("species", "energy", "r")
    rho = 1e13 * (r / r[0]) ** -3
    strength = 1e-6 * np.array([1.0, 0.5, 0.02, 0.02])[:, None, None]
    data = xr.Dataset(
        {
            "nu_number_density": (dims, n),
            "nu_number_flux": (dims, C_LIGHT * factor[:, None] * n),
            "rho": ("r", rho),
            "ye": ("r", np.full(cells, 0.2)),
            "absorption": (dims, strength * (energy[:, None] / 10.0) ** 2 * rho / 1e11),
        },
        coords={"species": list(SPECIES), "energy": energy, "r": r},
    )
    return data.isel(energy=0, drop=True).drop_vars("absorption") if groups is None else data


def whole(data):
    """The map without dispersion relation."""
    screen(data, data, lsa_cells=0)


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
    whole_rows = []
    for name, groups in (("whole map, grey moments", None), ("whole map, 12 groups, rates", 12)):
        data = snapshot(25 * cells, groups, rng)
        n_map = data["nu_number_density"].sel(species=list(SPECIES))
        density = n_map.values if groups is None else n_map.values.sum(1)
        current = data["nu_number_flux"].values / C_LIGHT
        current = current if groups is None else current.sum(1)
        base = seconds(moments_numpy, density.T[:cells], current.T[:cells], x, 0.5 * w) / cells
        if groups is not None:
            a = data["absorption"].values[:, :, few]
            d = 6.4e-33 * n_map.values[:, :, few]
            pairs = ((d[0] - d[2]).T, (d[1] - d[3]).T, (a[0] + a[2]).T / 2, (a[1] + a[3]).T / 2)
            base += seconds(collisional_numpy, *pairs) / pairs[0].shape[0]
        whole_rows.append((name, 25 * cells, seconds(whole, data), 1, base))
    rows += whole_rows
    print(f"{'screen':42s} {'us/cell':>9s} {'numpy':>9s} {'ratio':>7s}")
    for name, n, own, n_base, base in rows:
        own, base = 1e6 * own / n, 1e6 * base / n_base
        print(f"{name:42s} {own:9.2f} {base:9.2f} {base / own:7.1f}")
    node = np.polynomial.legendre.leggauss(24)
    beams = 0.5 * node[1] * (np.exp(node[0]) / np.sinh(1.0) - 1.0)
    print(f"{'dispersion relation, 24 beams':42s} {1e6 * seconds(scan, node[0], beams):9.0f}")


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:]))
