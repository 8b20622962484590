"""Throughput of one step of the sphere: streaming and collisions, rotation, both.

    python benchmarks/bench_streaming.py [--threads N] [--n-mu N ...]

A point-step is one (r, mu, energy) of neutrinos and antineutrinos; the transport step has two
stages. Columns: nanoseconds of CPU time per point-step and sector; point-steps per second, and
over the yardstick (``yardstick.py``) at the same number of angles, in the same process; share of
the floating-point peak and of the copy bandwidth of one core, both measured here. Operations are
those of the source (a division or a root is one), bytes those of all passes over arrays of the
size of the state: what a cache saves is not deducted, so that more than the bandwidth of memory
means that the caches are used.

With ``--threads`` more than 1 the last column is wall time of one thread over that of N.
Below, three flavours (9 components) over two (4).
"""

import argparse
import os
import time

#: Rounds of Newton's iteration in the state below, which turns by 0.1 rad per step.
ITERATIONS = 4
#: Operations per point-step and sector of four components (of two: occupations).
#: Streaming, per stage: faces 36 + 8, angular edges 8 + 12, two limiters of 46, rate 30.
#: Collisions: moments 56, updates 48. Rotation: difference 7, turn 55; and moments 18 and 45 per
#: round for both sectors and all energies.
OPERATIONS = {("transport", 4): 2 * 186 + 104, ("transport", 2): 2 * 84 + 52, ("rotation", 4): 62}
SHARED = {("rotation", 4): (18 + 45 * ITERATIONS) / 2}
#: Passes over one component: streaming 2 + 3, collisions 3 + 2 (first), 1 + 3 + 1/2 (second);
#: rotation 3.
BYTES = {("transport", 4): 14.5 * 32, ("transport", 2): 15 * 16, ("rotation", 4): 3 * 32}


def peaks():
    """Floating-point peak [1/s] and copy bandwidth [B/s] of one core, as CPU time has it."""
    import numba
    import numpy as np
    from yardstick import cpu_rate

    @numba.njit(fastmath={"contract"}, error_model="numpy")
    def multiply_add(x, times):
        for _ in range(times):
            for i in range(x.size):
                a = x[i]
                for _ in range(32):
                    a = a * 0.999 + 0.001
                x[i] = a

    x = np.ones(512)
    flops = cpu_rate(lambda: multiply_add(x, 100), 2 * 32 * 100 * x.size)
    source, target = np.ones((2, 16_000_000))
    copied = cpu_rate(lambda: np.copyto(target, source), 16 * source.size)
    return flops, copied


def wall_seconds(call, repeat=20):
    """Wall time of one call, the best of many."""
    best = float("inf")
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


def measure(n_mu, threads, machine, n_r=1024, n_energy=4):
    """Print one line per operator."""
    import numba
    import numpy as np
    from yardstick import cpu_rate, yardstick

    from qkepipe.constants import SQRT2_GF
    from qkepipe.oscillation.rotation import SelfInteraction
    from qkepipe.oscillation.rotation_three import SelfInteractionThree
    from qkepipe.phasespace import angle_grid, radial_grid
    from qkepipe.transport.geometry import sphere
    from qkepipe.transport.step import TransportOperator, stable_step

    rng = np.random.default_rng(0)
    geometry = sphere(radial_grid(np.geomspace(3e6, 1e7, n_r + 1)), angle_grid(n_mu))
    shape = (4, n_energy, n_r)
    rates = np.full(shape, 1e-7)
    step = stable_step(geometry, rates, 0.45)
    unit = yardstick(n_mu)
    points = n_r * n_mu * n_energy
    print(f"n_mu = {n_mu}, {n_energy} energies: yardstick {unit:.3g} cells x angles per CPU second")
    cost = {}
    for n_component in (2, 4, 9):
        flavors = 3 if n_component == 9 else 2
        inner = np.full((n_component, 2, n_energy, n_mu), 0.1)
        operator = TransportOperator(
            geometry, rates, rates, rates, np.full(shape, 0.1), inner, step
        )
        f = np.full((n_component, 2, n_energy, n_mu, n_r), 0.1)
        # a mixed state: aligned with its own potential it would not turn
        f[:flavors] *= rng.uniform(0.5, 1.0, f[:flavors].shape)
        f[0, 1] *= 0.8
        f[1:flavors] *= 0.2
        f[flavors:] = 0.02 * rng.uniform(-1.0, 1.0, f[flavors:].shape) / flavors
        work = {"transport": lambda op=operator, f=f: op.advance(f)}
        if n_component > 2:
            weights = np.full(n_energy, 4.0 / SQRT2_GF / step / n_energy)
            turning = SelfInteraction if flavors == 2 else SelfInteractionThree
            rotation = turning(weights, geometry.mu, geometry.dmu, n_r, 1.0, step)
            work["rotation"] = lambda f=f, rot=rotation: rot.apply(f)
            work["both"] = lambda op=operator, f=f, rot=rotation: (rot.apply(f), op.advance(f))
        for name, call in work.items():
            numba.set_num_threads(1)
            rate = cpu_rate(call, points)
            cost[name, n_component] = 1.0 / rate
            parts = ("transport", "rotation") if name == "both" else (name,)
            line = (
                f"  {name:9s} {n_component} components: {1e9 / rate / 2:5.1f} ns per sector, "
                f"{rate:.3g} point-steps/s, {rate / unit:4.2f} x yardstick"
            )
            if n_component < 9:
                keys = [(part, n_component) for part in parts]
                each = sum(OPERATIONS[key] + SHARED.get(key, 0.0) / n_energy for key in keys)
                flops = 2 * rate * each
                moved = 2 * rate * sum(BYTES[key] for key in keys)
                line += (
                    f", {flops / machine[0]:4.0%} of the peak, {moved / machine[1]:4.0%} of copying"
                )
            if threads > 1:
                one = wall_seconds(call)
                numba.set_num_threads(threads)
                line += f", {threads} threads {one / wall_seconds(call):.2f}"
            print(line)
    ratios = (f"{name} {cost[name, 9] / cost[name, 4]:.2f}" for name in work)
    print(f"  three flavours over two: {', '.join(ratios)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--n-mu", type=int, nargs="*", default=[16, 48])
    arguments = parser.parse_args()
    os.environ["NUMBA_NUM_THREADS"] = str(arguments.threads)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    machine = peaks()
    print(f"one core: {machine[0] / 1e9:.0f} Gflop/s, copies {machine[1] / 1e9:.0f} GB/s")
    for n_mu in arguments.n_mu:
        for n_energy in (1, 4):
            measure(n_mu, arguments.threads, machine, n_energy=n_energy)


if __name__ == "__main__":
    main()
