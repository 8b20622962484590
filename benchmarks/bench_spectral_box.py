"""Box with exact streaming: throughput over the yardstick, and errors over the cost.

    python benchmarks/bench_spectral_box.py

Part 1, compile time of the first call, or how fast a process loads the kernels. Part 2, rates on
1024 cells (throughput problem of the code comparison, alpha = 0.9) of the full form (two vectors
per direction) and the reduced one: the coupling alone, and whole steps of fourth order, which
evaluate the coupling twice; also time advanced at step 2/mu, which does not depend on what is
called a stage. Part 3, golden problems: error over cells and tolerance, CPU seconds, and the same
on the core of the published tables, whose yardstick is 7.0e6 at 64 angles. One thread throughout.
The yardstick is measured before anything else: once an allocator keeps large blocks, numpy is
three times faster.
"""

import time

import numpy as np

#: Yardstick at 64 angles of the core of the published tables.
REFERENCE = 7.0e6


def problem(cells, length, n_angle, seed):
    """Vectors, densities per d(mu)/2 (lengths in 1/mu), directions, weights."""
    from math import erf, pi, sqrt

    from qkepipe.constants import SQRT2_GF
    from qkepipe.solvers.spectral import flavour_vectors

    v = -1 + (np.arange(n_angle) + 0.5) * 2 / n_angle
    z = (np.arange(cells) - cells / 2 + 0.5) * length / cells
    density = np.stack(
        [
            2 * n * np.exp(-((v - 1) ** 2) / (2 * s * s)) / (s * sqrt(pi / 2) * erf(sqrt(2) / s))
            for n, s in ((1.0, 0.6), (0.9, 0.53))
        ]
    )
    p = flavour_vectors(seed(z), n_angle)
    return p, density / SQRT2_GF, v, np.full(n_angle, 1 / n_angle)


def packet(z):
    return 1e-6 * np.exp(-(z**2) / 50)


def comparison(z):
    """Random-looking seed of the reduced code comparison, L = 1024."""
    golden = 0.5 * (1 + np.sqrt(5))
    out = np.zeros(z.size, dtype=complex)
    for a in (*range(-51, 0), *range(1, 52)):
        turns = a * z / 1024 + np.sqrt(2) * a**2 + golden * a**3
        out += 1e-7 / abs(a) * np.exp(2j * np.pi * turns)
    return out


def first_call():
    from qkepipe.solvers import run_spectral_box

    p, density, v, weight = problem(32, 32.0, 32, packet)
    start = time.perf_counter()
    run_spectral_box(p, p, density, v, weight, length=32.0, times=[1.0])
    print(f"first call: {time.perf_counter() - start:.1f} s (kernels compiled or loaded)")


def throughput(units):
    from yardstick import CELLS, cpu_rate

    from qkepipe.constants import SQRT2_GF
    from qkepipe.solvers import characteristics as kernels
    from qkepipe.solvers.fourier import ANGLES as BLOCK
    from qkepipe.solvers.fourier import pack
    from qkepipe.solvers.trajectory import _Box, _Propagator

    steps, stages = 10, 2
    for n_angle, unit in units.items():
        p, density, v, weight = problem(CELLS, float(CELLS), n_angle, packet)
        g = SQRT2_GF * weight * density
        for form, beams, strength in (
            ("full   ", np.tile(v, 2), np.concatenate([g[0] - g[1], 0 * v])),
            ("reduced", v, g[0] - g[1]),
        ):
            extra = -beams.size % BLOCK
            box = _Box(np.pad(beams, (0, extra)), np.pad(strength, (0, extra)), CELLS, 1024.0, 4)
            x = pack(np.resize(p, (CELLS, 3, beams.size + extra)))
            part = _Propagator(box, 1.0)
            part.run(x, 2)
            whole = cpu_rate(lambda x=x, part=part: part.run(x, steps), CELLS * n_angle * steps)
            j, q, d, row, sums = box.work

            def couple(x=x, box=box, part=part, work=(j, q, d, row, sums)):
                j, q, d, row, sums = work
                q[:] = 0.0
                for block, factors in zip(x, box.weight, strict=False):
                    kernels._collect(block, factors, sums, q)
                j[:] = q
                kernels._slopes(j, d, box.wavenumber, box.root, box.place)
                kernels._couple(
                    x, j, q, part.change, d, box.v, box.weight, 1.0, 4, True, row, sums, part.gain
                )

            alone = stages * cpu_rate(couple, CELLS * n_angle)
            print(
                f"Nv = {n_angle:3d}, {form}: coupling {alone:.2g} cells x angles x stages per CPU "
                f"second = {alone / unit:.1f} yardsticks ({unit:.2g}); steps "
                f"{stages * whole:.2g} = {stages * whole / unit:.1f}; time advanced at step 2/mu "
                f"{2 * whole / unit:.1f}"
            )


#: Name, length, angles, seed, output times, observable, table.
GOLDEN = (
    ("P2", 256.0, 32, packet, (60, 120, 300, 600), "coherence_rms",
     (1.463953e-7, 2.183233e-7, 1.382296e-6, 5.259163e-5)),
    ("P2N", 256.0, 32, packet, (1000, 1100, 1200, 1300, 1400, 1500, 1600),
     "survival_probability",
     (0.999858, 0.998265, 0.979566, 0.841439, 0.799020, 0.929121, 0.787497)),
    ("RC", 1024.0, 64, comparison, (1200, 1300, 1400, 1500, 1600, 1800, 2000, 2500, 3000),
     "survival_probability",
     (0.998952, 0.987749, 0.902157, 0.790449, 0.898057, 0.806190, 0.868059, 0.831456, 0.829622)),
)  # fmt: skip


def accuracy(units):
    from qkepipe.solvers import run_spectral_box

    for name, length, n_angle, seed, times, observable, table in GOLDEN:
        print(f"{name}: L = {length:g}, {n_angle} angles")
        for cells_per_length in (0.25, 0.5, 1.0):
            cells = int(cells_per_length * length)
            p, density, v, weight = problem(cells, length, n_angle, seed)
            for tolerance in (1e-2, 1e-3, 1e-4):
                best = np.inf
                for _ in range(1 if name == "RC" else 3):
                    start = time.process_time()
                    found = run_spectral_box(
                        p, p, density, v, weight, length=length, times=times, tolerance=tolerance
                    )
                    best = min(best, time.process_time() - start)
                value = found[observable].to_numpy().reshape(len(times), -1)[:, 0]
                error = np.abs(value / table - 1 if name == "P2" else value - table).max()
                print(
                    f"  {cells:4d} cells, tolerance {tolerance:g}: error {error:.1e}, "
                    f"{found.attrs['n_steps']:4d} steps, {best:.3f} CPU s, reference core "
                    f"{best * units[64] / REFERENCE:.3f} s, tail {float(found['tail'].max()):.0e}"
                )


def main():
    from yardstick import ANGLES, yardstick

    units = {n_angle: yardstick(n_angle) for n_angle in ANGLES}
    first_call()
    throughput(units)
    accuracy(units)


if __name__ == "__main__":
    main()
