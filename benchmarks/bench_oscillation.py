"""Unitary steps and homogeneous runs: cost per cell of two and three flavours, error over cost.

    python benchmarks/bench_oscillation.py

Part 1, nanoseconds per matrix of the exponential, the Cayley transform and U f U+, and their
ratio between three and two flavours. Part 2, one step with all terms on 20 energies and 32
angles, over the yardstick. Part 3, collisional problem C1 to t = 3000: error against CPU seconds
for both orders. A speed without its error is not a result.
"""

import time

import numpy as np


def kernels():
    """Cost per cell of the parts, 1024 cells."""
    from yardstick import cpu_rate

    from qkepipe.oscillation import unitary

    cells, work = 1024, np.empty(unitary.TILE_SIZE)
    rng = np.random.default_rng(0)
    cost = {}
    for components, rows in unitary.STEP_ROWS.items():
        h, f = rng.normal(size=(2, components, cells))
        u, middle = np.empty((2, rows, cells))
        parts = {
            "exponential": (unitary.exponential, (h, 0.7, u, work)),
            "1/(1 + iA)": (unitary.resolvent, (h, 0.7, middle, work)),
            "Cayley of it": (unitary.cayley, (middle, u, work)),
            "U f U+": (unitary.turn, (f, u, work)),
        }
        for name, (kernel, arguments) in parts.items():
            rate = cpu_rate(lambda k=kernel, a=arguments: k(*a), cells)
            cost.setdefault(name, []).append(1e9 / rate)
    for name, (two, three) in cost.items():
        print(
            f"{name:12s} {two:6.2f} ns two flavours, {three:6.2f} ns three, ratio {three / two:.1f}"
        )
    two, three = (cost["exponential"][i] + cost["U f U+"][i] for i in range(2))
    print(f"exp(-iHs) f exp(iHs): ratio {three / two:.1f}")


def whole_step():
    """One step of second order with collisions, vacuum, matter and self-interaction."""
    from yardstick import cpu_rate, yardstick

    from qkepipe.constants import SQRT2_GF
    from qkepipe.oscillation.vacuum import mixing_of, vacuum_hamiltonian
    from qkepipe.phasespace import angle_grid
    from qkepipe.solvers.homogeneous_step import HomogeneousStep

    n_energy, n_mu = 20, 32
    angle, rng = angle_grid(n_mu), np.random.default_rng(0)
    cells, unit = 2 * n_energy * n_mu, yardstick(n_mu)
    cost = []
    for flavors in (2, 3):
        vacuum = vacuum_hamiltonian(np.linspace(5, 60, n_energy), mixing_of("normal", flavors))
        operator = HomogeneousStep(
            np.full(n_energy, 1.0 / n_energy / SQRT2_GF), angle.centres, angle.weights, vacuum,
            1.0, np.full((flavors, 2, n_energy), 1e-6), np.full((flavors, 2, n_energy), 0.5),
            order=2,
        )  # fmt: skip
        f = np.zeros((flavors**2, 2, n_energy, n_mu))
        f[0], f[flavors:] = rng.uniform(0.5, 1.0, (2, n_energy, n_mu)), 1e-3
        rate = cpu_rate(lambda o=operator, f=f: o.advance(f, 0.0, 0.1), cells)
        cost.append(1.0 / rate)
        print(
            f"step, {flavors} flavours: {1e9 / rate:.1f} ns per matrix, {rate:.3g} per CPU second, "
            f"{rate / unit:.2f} x yardstick"
        )
    print(f"step, three over two flavours: {cost[1] / cost[0]:.1f}")


def accuracy():
    """C1 from the seed to its end, against the reference of the catalogue."""
    from qkepipe.constants import SQRT2_GF
    from qkepipe.solvers.adaptive import StepCounts, adaptive_steps
    from qkepipe.solvers.homogeneous_step import HomogeneousStep

    reference = np.array([0.881591713, 0.627203086, 0.544613875])
    for order in (2, 4):
        for tolerance in (1e-5, 1e-7, 1e-9):
            operator = HomogeneousStep(
                np.array([1.0 / SQRT2_GF]), np.zeros(1), np.ones(1), np.zeros((4, 1)),
                absorption=np.array([[0.02, 0.004], [0.0, 0.0]])[..., None],
                equilibrium=np.array([[1.0, 0.8], [0.0, 0.0]])[..., None], order=order,
            )  # fmt: skip
            f = np.zeros((4, 2, 1, 1))
            f[0, :, 0, 0], f[1], f[2] = [1.0, 0.8], 0.3, 1e-6
            counts, start = StepCounts(), time.process_time()
            states = [
                s.copy() for s in adaptive_steps(operator, f, [800.0, 3000.0], tolerance, counts)
            ]
            seconds = time.process_time() - start
            found = states[0][[0, 1, 0], [0, 0, 1], 0, 0]
            print(
                f"C1, order {order}, tolerance {tolerance:.0e}: {counts.accepted:7d} steps, "
                f"{seconds:.3f} CPU s, error at t = 800 {np.abs(found - reference).max():.1e}"
            )


if __name__ == "__main__":
    kernels()
    whole_step()
    accuracy()
