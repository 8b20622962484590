"""Local box: throughput over the yardstick, and the error of a growth rate over its cost.

    python benchmarks/bench_box.py [--threads N]

Part 1, rates on 1024 cells (throughput problem of the code comparison, alpha = 0.9): one step of
rotation and streaming on all eight numbers per point; a step counts as two stages. Part 2, the
Gaussian mode k = -0.1227 mu against the eigenvalue of the discrete system: error and CPU seconds
for several cell sizes. A speed without its error is not a result.
"""

import argparse
import os
import time

import numpy as np


def gaussian(v, width):
    """Angular shape (unnormalised) of the code-comparison problem."""
    return np.exp(-((v - 1) ** 2) / (2 * width**2))


def densities(n_angle, heavy=0.0):
    """Densities per d(mu)/2 for which int dv (nu - nubar) = 0.1 mu, and their ELN per bin."""
    from qkepipe.constants import SQRT2_GF

    v = -1 + (np.arange(n_angle) + 0.5) * 2 / n_angle
    nu, nubar = gaussian(v, 0.6), gaussian(v, 0.53)
    nu, nubar = nu / nu.sum(), 0.9 * nubar / nubar.sum()
    density = np.zeros((4, n_angle))
    # int dmu/2 n = sum n/n_angle
    density[0], density[1] = nu * n_angle / SQRT2_GF, nubar * n_angle / SQRT2_GF
    density += heavy * density.max()
    return v, nu - nubar, density


def throughput():
    """Rates for the three numbers of angles."""
    from yardstick import ANGLES, CELLS, cpu_rate, yardstick

    from qkepipe.oscillation.rotation import SelfInteraction
    from qkepipe.phasespace import angle_grid, radial_grid
    from qkepipe.transport.geometry import slab
    from qkepipe.transport.step import TransportOperator

    for n_angle in ANGLES:
        unit = yardstick(n_angle)
        _, _, density = densities(n_angle)
        scale = density.max()
        geometry = slab(
            radial_grid(np.arange(CELLS + 1.0)), angle_grid(n_angle, 1.0), periodic=True
        )
        zero = np.zeros((4, 1, CELLS))
        operator = TransportOperator(
            geometry, zero, zero, zero, zero, np.zeros((4, 2, 1, n_angle)), 0.4
        )
        rotation = SelfInteraction(np.array([scale]), geometry.mu, geometry.dmu, CELLS, 1.0, 0.4)
        f = np.zeros((4, 2, 1, n_angle, CELLS))
        f[:2] = (density / scale).reshape(2, 2, 1, n_angle, 1)
        z = np.arange(CELLS) - CELLS / 2
        f[2] = 0.5e-6 * f[0] * np.exp(-(z**2) / 50)

        def step(f=f, operator=operator, rotation=rotation):
            rotation.apply(f)
            operator.advance(f)

        rate = 2 * cpu_rate(step, CELLS * n_angle)
        print(
            f"Nv = {n_angle:3d}: {rate:.3g} cells x angles x stages per CPU second, "
            f"yardstick {unit:.3g}, ratio {rate / unit:.2f}"
        )


def accuracy():
    """Growth of one mode: error against cost."""
    from qkepipe.constants import C_LIGHT
    from qkepipe.solvers import run_box

    n_angle, length, mode = 32, 256.0, -5
    v, g, density = densities(n_angle, heavy=0.3)
    phi0, phi1 = g.sum(), (g * v).sum()
    matrix = np.diag(2 * np.pi * mode / length * v + phi0 - v * phi1)
    exact = np.linalg.eigvals(matrix - (1 - np.outer(v, v)) * g[None, :]).imag.max()
    print(f"mode {mode}: growth of the discrete system {exact:.7f} mu")
    for cells in (64, 128, 256):
        start = time.process_time()
        box = run_box(
            density,
            np.linspace(-1, 1, n_angle + 1),
            length=length,
            cells=cells,
            duration=600.0,
            wavenumber=mode,
            samples=120,
        )
        seconds = time.process_time() - start
        t = box["time_sample"].to_numpy() * C_LIGHT
        late = t > 400
        growth = np.polyfit(t[late], np.log(box["mode_amplitude"].to_numpy()[late]), 1)[0]
        print(
            f"  {cells:4d} cells, {box.attrs['n_steps']:5d} steps: error "
            f"{growth / exact - 1:+.2e}, {seconds:.2f} CPU s"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    os.environ["NUMBA_NUM_THREADS"] = str(parser.parse_args().threads)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    throughput()
    accuracy()


if __name__ == "__main__":
    main()
