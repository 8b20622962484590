"""Throughput of one step of the sphere: streaming and collisions, rotation, both.

    python benchmarks/bench_streaming.py [--threads N]

A point-step is one (r, mu, energy) of neutrinos and antineutrinos; the transport step has two
stages. Columns: nanoseconds of CPU time per point-step and sector; point-steps per second over
the yardstick (``yardstick.py``) at the same number of angles, in the same process. Below, three
flavours (9 components) over two (4).
"""

import argparse
import os


def measure(n_mu, n_r=1024, n_energy=4):
    """Print one line per operator."""
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
    print(f"n_mu = {n_mu}: yardstick {unit:.3g} cells x angles per CPU second")
    cost = {}
    for n_component in (2, 4, 9):
        flavors = 3 if n_component == 9 else 2
        inner = np.full((n_component, 2, n_energy, n_mu), 0.1)
        operator = TransportOperator(
            geometry, rates, rates, rates, np.full(shape, 0.1), inner, step
        )
        f = np.full((n_component, 2, n_energy, n_mu, n_r), 0.1)
        f[:flavors] *= rng.uniform(0.5, 1.0, f[:flavors].shape)
        f[flavors:] *= 1e-3
        work = {"transport": lambda op=operator, f=f: op.advance(f)}
        if n_component > 2:
            weights = np.full(n_energy, 1e-3 / SQRT2_GF / step / n_energy)
            turning = SelfInteraction if flavors == 2 else SelfInteractionThree
            rotation = turning(weights, geometry.mu, geometry.dmu, n_r, 1.0, step)
            work["rotation"] = lambda f=f, rot=rotation: rot.apply(f)
            work["both"] = lambda op=operator, f=f, rot=rotation: (rot.apply(f), op.advance(f))
        for name, call in work.items():
            rate = cpu_rate(call, points)
            cost[name, n_component] = 1.0 / rate
            print(
                f"  {name:9s} {n_component} components: {1e9 / rate / 2:7.1f} ns per sector, "
                f"{rate:.3g} point-steps/s, {rate / unit:5.2f} x yardstick"
            )
    ratios = (f"{name} {cost[name, 9] / cost[name, 4]:.2f}" for name in work)
    print(f"  three flavours over two: {', '.join(ratios)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    os.environ["NUMBA_NUM_THREADS"] = str(parser.parse_args().threads)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    for n_mu in (16, 64):
        measure(n_mu)


if __name__ == "__main__":
    main()
