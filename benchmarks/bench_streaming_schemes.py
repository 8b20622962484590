"""Choice of streaming: error over cost of the package's operators and of other schemes.

    python benchmarks/bench_streaming_schemes.py [waves noise flavour shell sphere] [--fine]

Five problems, all of them by default; candidates in ``streaming_candidates.py``. CPU time of one
thread without compilation. Courant numbers are those of the fastest direction.

waves:   a sine and a Gaussian of width 0.07 periods after one period of the fastest of 16
         directions, as a wave of occupations and as flavour waves of pure states at uniform trace
         (error of P_1); L1 over all directions, largest error in brackets; cost in microseconds
         per direction and number of the state.
noise:   random flavour matrices in every cell and direction: growth of the norm of the worst step,
         and largest |P|/trace; the latter also of pulses of pure states.
flavour: golden problem P2N: largest error of P_nu at seven times, range of |P|/trace.
shell:   a smooth packet that moves outwards and turns, against its exact averages over cells, and
         the change of a uniform field.
sphere:  homogeneous sphere, kappa R = 10, from an empty grid to 10 radii of time, or directly:
         errors of J, H and K at seven radii, CPU milliseconds per occupation.
"""

import argparse
import os
import time

os.environ["NUMBA_NUM_THREADS"] = "1"
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import streaming_candidates as candidates
from bench_spectral_box import GOLDEN, packet, problem
from scipy.integrate import quad

from qkepipe.oscillation.rotation import SelfInteraction
from qkepipe.phasespace import angle_grid, radial_grid
from qkepipe.solvers import fourier, run_spectral_box
from qkepipe.transport.geometry import slab, sphere
from qkepipe.transport.implicit import solve_steady
from qkepipe.transport.step import TransportOperator, stable_step

#: Schemes as lines: reconstruction, slope in mu, stages and Courant number. Those whose positivity
#: rests on a convex combination stay below 1/2.
LINES = {
    "upwind": (candidates.upwind, candidates.flat, 1, 0.9),
    "MUSCL": (candidates.muscl, candidates.monotonised, 2, 0.45),
    "fifth order, no limiter": (candidates.fifth, candidates.centred, 2, 0.45),
    "fifth order, three stages": (candidates.fifth, candidates.centred, 3, 0.45),
    "WENO5": (candidates.weno5, candidates.centred, 3, 0.9),
}
#: Semi-Lagrangian schemes on a slab: kind of ``shift_rows``.
SHIFTS = {"SL parabolas": 0, "SL quartics": 1, "SL quartics, common factor": 2}
ADVANCE = {name: candidates.lines(*scheme[:3]) for name, scheme in LINES.items()}


def cpu(work):
    """CPU seconds of ``work()`` and its result."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


class Slab:
    """``n`` cells of a periodic slab of ``length`` with a scheme, for states of one shape."""

    def __init__(self, scheme, n, length, n_mu, shape, courant=None):
        self.edges = np.linspace(-0.5 * length, 0.5 * length, n + 1)
        self.geometry = slab(radial_grid(self.edges), angle_grid(n_mu, 1.0), periodic=True)
        self.scheme, self.shape, self.mu = scheme, shape, self.geometry.mu
        usual = LINES[scheme][3] if scheme in LINES else 0.45 if scheme == "package" else 2.0
        self.step = (courant or usual) * length / n / self.mu.max()

    def mover(self, distance):
        """Function that moves a state by c t = ``distance``, and the number of steps."""
        steps = int(np.ceil(distance / self.step * (1 - 1e-12)))
        step = distance / steps
        n_component, _, n_energy, n_mu, n = self.shape
        if self.scheme == "package":
            zero = np.zeros((4, n_energy, n))
            operator = TransportOperator(
                self.geometry, zero, zero, zero, zero, np.zeros((n_component, 2, n_energy, n_mu)),
                step,
            )  # fmt: skip

            def move(f):
                for _ in range(steps):
                    operator.advance(f)

        elif self.scheme in LINES:
            rows = candidates.rows_of(self.edges, self.geometry)
            advance, kappa = ADVANCE[self.scheme], np.zeros(n)
            inner = np.zeros((n_mu, n_component))

            def move(f):
                advance(f, inner, self.geometry, rows, kappa, step, steps)

        else:
            width = self.edges[1] - self.edges[0]
            shift = candidates.Shift(self.mu, width, step, SHIFTS[self.scheme])

            def move(f):
                for _ in range(steps):
                    shift.advance(f)

        return move, steps


def averages(function, edges):
    """Averages of a function of z over cells, by Gauss-Legendre quadrature."""
    nodes, weights = np.polynomial.legendre.leggauss(8)
    z = 0.5 * (edges[1:] + edges[:-1])[:, None] + 0.5 * np.diff(edges)[:, None] * nodes
    return function(z) @ weights / 2


def sine(z):
    return np.sin(2 * np.pi * z)


def gauss(z):
    return np.exp(-((z - np.round(z)) ** 2) / (2 * 0.07**2))


def fill(f, profile, edges, shift, flavour):
    """Wave of occupations, or of the direction of pure flavour vectors at trace 1."""
    for j, distance in enumerate(shift):
        moved = edges - distance
        if flavour:
            f[2, ..., j, :] = 0.4 * averages(profile, moved)
            part = 0.5 * averages(lambda z: np.sqrt(1 - (0.8 * profile(z)) ** 2), moved)
            f[0, ..., j, :], f[1, ..., j, :] = 0.5 + part, 0.5 - part
        else:
            f[:, ..., j, :] = 0.5 + 0.4 * averages(profile, moved)


def waves(fine):
    n_mu, energies = 16, 8
    print("waves: L1 (largest) error; order of L1 from the last two grids; us, steps")
    for flavour in (False, True):
        kind = "flavour wave" if flavour else "occupations"
        n_component = 4 if flavour else 2
        for scheme in (*LINES, "package", *SHIFTS):
            for profile in (sine, gauss):
                errors, texts = [], []
                for n in (32, 64, 128, 256) if fine else (32, 64, 128):
                    shape = (n_component, 2, energies, n_mu, n)
                    case = Slab(scheme, n, 1.0, n_mu, shape)
                    distance = 1.0 / case.mu.max()
                    move, steps = case.mover(distance)
                    f, end = np.zeros(shape), np.zeros(shape)
                    fill(f, profile, case.edges, 0 * case.mu, flavour)
                    fill(end, profile, case.edges, case.mu * distance, flavour)
                    move(f.copy())
                    seconds, _ = cpu(lambda move=move, f=f: move(f))
                    seen = 2.0 * (f[2] - end[2]) if flavour else f[0] - end[0]
                    errors.append(np.abs(seen).mean())
                    cost = 1e6 * seconds / (n_component * 2 * energies * n_mu)
                    texts.append(
                        f"{errors[-1]:.1e} ({np.abs(seen).max():.0e}) {cost:5.1f} us {steps:4d}"
                    )
                order = np.log2(errors[-2] / errors[-1])
                texts.append(f"order {order:.1f}")
                print(f"  {kind:12s} {scheme:27s} {profile.__name__:5s}", " | ".join(texts))
    exact_waves()


def exact_waves():
    """Fourier streaming of the spectral box: one step, whatever the distance."""
    for n in (32, 64, 128):
        v = (2 * np.arange(fourier.ANGLES) + 1) / fourier.ANGLES - 1
        root, place = fourier.roots_of_unity(n), fourier.digit_reversed(n)
        z = (np.arange(n) + 0.5) / n
        for profile in (sine, gauss):
            x = fourier.pack(np.repeat(profile(z)[:, None, None], 3, axis=1).repeat(v.size, axis=2))
            phase = fourier.phases(v, n, 1.0, 1.0 / v.max())[0]
            fourier.stream(x[0].copy(), phase, root, place)
            spare = [x[0].copy() for _ in range(200)]

            def run(spare=spare, phase=phase, root=root, place=place):
                for block in spare:
                    fourier.stream(block, phase, root, place)

            seconds, _ = cpu(run)
            found = fourier.unpack(spare[0][None])[:, 0]
            error = np.abs(found - profile(z[:, None] - v / v.max()))
            print(
                f"  {'both':12s} {'package, Fourier':27s} {profile.__name__:5s} {n:4d} cells: "
                f"{error.mean():.1e} ({error.max():.0e}) {1e6 * seconds / 200 / 3 / v.size:.2f} us"
            )


def pulse(contrast):
    """Pure flavour vectors of twenty dense cells among dilute ones, turning with z."""
    f = np.zeros((4, 2, 1, 16, 64))
    z = np.arange(64)
    trace, angle = np.where((z >= 20) & (z < 40), 1.0, 1.0 / contrast), 2 * np.pi * z / 16
    f[0], f[1] = 0.5 * trace * (1 + np.cos(angle)), 0.5 * trace * (1 - np.cos(angle))
    f[2] = 0.5 * trace * np.sin(angle)
    return f


def excess(f):
    """Range of |P|/trace; a negative trace counts as infinite."""
    trace = f[0] + f[1]
    length = np.sqrt((f[0] - f[1]) ** 2 + 4 * (f[2] ** 2 + f[3] ** 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(trace > 0, length / trace, np.inf)
    return ratio.min(), ratio.max()


def noisy(weak):
    """Random flavour matrices: of very unequal trace, or of trace 1 and |P| up to 0.3."""
    rng = np.random.default_rng(3)
    shape = (2, 1, 16, 64)
    low, high = np.sort(rng.uniform(0, 1, (2, *shape)) ** 4, axis=0)
    if weak:
        low, high = 0.5 - 0.15 * low, 0.5 + 0.15 * low
    direction = rng.normal(size=(3, *shape))
    p = (high - low) * direction / np.sqrt((direction**2).sum(axis=0))
    return 0.5 * np.stack([low + high + p[2], low + high - p[2], p[0], -p[1]])


def noise():
    print("noise: largest growth of the norm in a step; largest |P|/trace, smallest trace/mean")
    for weak in (False, True):
        start = noisy(weak)
        for scheme in (*LINES, "package", *SHIFTS):
            case = Slab(scheme, start.shape[-1], 1.0, start.shape[-2], start.shape, None)
            # not a whole number of cells
            move, _ = case.mover(0.95 * case.step)
            f, growth, ratio, least = start.copy(), -np.inf, 0.0, np.inf
            for _ in range(300):
                # of every direction and component on its own
                norm = (f**2).sum(axis=-1)
                move(f)
                growth = max(growth, np.sqrt((f**2).sum(axis=-1) / norm).max() - 1)
                ratio = max(ratio, excess(f)[1])
                least = min(least, (f[0] + f[1]).min() / (f[0] + f[1]).mean())
            print(
                f"  {'weak' if weak else 'strong':6s} {scheme:27s} growth {growth:+.1e}, "
                f"|P|/trace {ratio:.6g}, trace {least:.1e}"
            )
    for scheme in (*LINES, "package", *SHIFTS):
        found = []
        for contrast in (10, 100, 1000):
            f, ratio = pulse(contrast), 0.0
            case = Slab(scheme, f.shape[-1], 1.0, f.shape[-2], f.shape)
            move, _ = case.mover(case.step)
            for _ in range(100):
                move(f)
                ratio = max(ratio, excess(f)[1])
            found.append(f"{ratio:.4g}")
        print(f"  pulse  {scheme:27s} |P|/trace at a contrast of 10, 100, 1000:", *found)


def flavour(fine):
    name, length, n_mu, _, times, _, table = GOLDEN[1]
    print(f"flavour: {name}, {n_mu} directions")
    *_, density, v, _ = problem(4, length, n_mu, packet)
    weight = density.max()
    cases = [(scheme, None) for scheme in (*LINES, "package", *SHIFTS)]
    cases += [("SL quartics, common factor", courant) for courant in (0.5, 1.0)]
    for scheme, courant in cases:
        for n in (64, 128, 256, 512) if fine else (64, 128, 256):
            shape = (4, 2, 1, n_mu, n)
            case = Slab(scheme, n, length, n_mu, shape, courant)
            e = averages(packet, case.edges)
            f = np.zeros(shape)
            part = (density / weight)[:, None, :, None]
            f[0], f[1] = (0.5 * part * (1 + s * np.sqrt(1 - e * e)) for s in (1, -1))
            f[2] = 0.5 * part * e
            whole = f[:2, 0].sum()
            angle = angle_grid(n_mu, 1.0)
            found, spent, now = [], 0.0, 0.0
            lowest, highest = np.inf, 0.0
            for moment in times:
                _, steps = case.mover(moment - now)
                step = (moment - now) / steps
                move, _ = case.mover(step)
                half, full = (
                    SelfInteraction(np.array([weight]), v, angle.widths, n, 1.0, part_of)
                    for part_of in (0.5 * step, step)
                )
                if now == 0.0:
                    trial = f.copy()
                    move(trial), half.apply(trial)

                def run(move=move, half=half, full=full, steps=steps, f=f):
                    half.apply(f)
                    for k in range(steps):
                        move(f)
                        (full if k < steps - 1 else half).apply(f)

                spent += cpu(run)[0]
                now = moment
                found.append(f[0, 0].sum() / whole)
                low, high = excess(f)
                lowest, highest = min(lowest, low), max(highest, high)
            error = np.abs(np.array(found) - table).max()
            label = scheme if courant is None else f"{scheme}, C = {courant:g}"
            print(
                f"  {label:36s} {n:4d} cells: error {error:.1e}, {spent:6.2f} s, "
                f"|P|/trace {lowest:.4f} to {highest:.4f}",
                flush=True,
            )
    for n in (64, 128, 256):
        for tolerance in (1e-2, 1e-3, 1e-4):
            p, density, v, weight = problem(n, length, n_mu, packet)

            def run(p=p, density=density, v=v, weight=weight, tolerance=tolerance):
                return run_spectral_box(
                    p, p, density, v, weight, length=length, times=times, tolerance=tolerance
                )

            run()
            seconds, box = cpu(run)
            error = np.abs(box["survival_probability"].to_numpy()[:, 0] - table).max()
            print(
                f"  package, spectral, tolerance {tolerance:g}   {n:4d} cells: error {error:.1e}, "
                f"{seconds:6.3f} s, |P| {float(box['length_min'].min()):.6f} to "
                f"{float(box['length_max'].max()):.6f}"
            )


def march(scheme, radius, angle, kappa, inner, duration, start):
    """Field f[mu, r] after ``duration`` from ``start``, CPU seconds per occupation and steps.

    ``kappa`` (n_r,) absorbs towards 1, ``inner`` (n_mu,) enters.
    """
    g = sphere(radius, angle)
    n_mu, n_r = start.shape
    if scheme.startswith("SL"):
        wanted = float(scheme.rsplit("=")[1]) * (radius.edges[1] - radius.edges[0])
        steps = int(np.ceil(duration / wanted))
        shift = candidates.SphereShift(g, radius, angle, inner, kappa, duration / steps)
        f = start.copy()
        shift.advance(f.copy(), 1)
        seconds, _ = cpu(lambda: shift.advance(f, steps))
        return f, seconds, steps
    n_component = 4 if scheme == "package, matrix" else 2
    f = np.zeros((n_component, 2, 1, n_mu, n_r))
    f[:2] = start
    if scheme.startswith("package"):
        rates = np.tile(kappa, (4, 1, 1))
        steps = int(np.ceil(duration / stable_step(g, rates, 0.45)))
        entering = np.zeros((n_component, 2, 1, n_mu))
        entering[:2] = inner
        operator = TransportOperator(
            g, rates, 0 * rates, 0 * rates, np.ones_like(rates), entering, duration / steps
        )

        def advance(state, number):
            for _ in range(number):
                operator.advance(state)

    else:
        steps = int(np.ceil(duration * (g.loss_rate() + kappa).max() / LINES[scheme][3]))
        rows, entering = candidates.rows_of(radius.edges, g), np.repeat(inner[:, None], 2, axis=1)

        def advance(state, number):
            ADVANCE[scheme](state, entering, g, rows, kappa, duration / steps, number)

    advance(f.copy(), 1)
    seconds, _ = cpu(lambda: advance(f, steps))
    return f[0, 0, 0], seconds / (2 * n_component), steps


def packet_average(radius, angle, now):
    """Averages over cells of a packet in free flight: a function of b and r mu - t, (mu, r)."""
    nodes, weights = np.polynomial.legendre.leggauss(4)
    r = (radius.centres[:, None] + 0.5 * radius.widths[:, None] * nodes)[None, :, None, :]
    mu = (angle.centres[:, None] + 0.5 * angle.widths[:, None] * nodes)[:, None, :, None]
    value = np.exp(-(r**2) * (1 - mu**2) / 4.5 - (r * mu - now - 2.5) ** 2 / 0.18)
    share = weights * r**2
    return ((value * share).sum(axis=-1) / share.sum(axis=-1)) @ weights / 2


def shell(fine):
    print("shell: L1 error relative to the mean, its order; least value; us per direction, steps")
    sizes = ((64, 32), (128, 64), (256, 128)) if fine else ((64, 32), (128, 64))
    for scheme in (*LINES, "package", *(f"SL parabolas, C={c}" for c in (0.5, 1, 2, 4))):
        errors, texts = [], []
        for n_r, n_mu in sizes:
            radius, angle = radial_grid(np.linspace(1.0, 7.0, n_r + 1)), angle_grid(n_mu, 1.0)
            start, end = (packet_average(radius, angle, now) for now in (0.0, 1.0))
            f, seconds, steps = march(
                scheme, radius, angle, np.zeros(n_r), np.zeros(n_mu), 1.0, start
            )
            weight = sphere(radius, angle).volume
            errors.append((np.abs(f - end) * weight).sum() / (end * weight).sum())
            texts.append(
                f"{errors[-1]:.1e}, {f.min():+.0e}, {1e6 * seconds / n_mu:.1f} us, {steps}"
            )
        order = np.log2(errors[-2] / errors[-1])
        print(f"  {scheme:24s}", " | ".join(texts), f"| order {order:.1f}", flush=True)
    radius, angle = radial_grid(np.linspace(0.5, 5.0, 181)), angle_grid(64, 1.0)
    for scheme in ("WENO5", "package", "SL parabolas, C=1", "SL parabolas, C=4"):
        f, _, _ = march(scheme, radius, angle, np.zeros(180), np.ones(64), 0.5, np.ones((64, 180)))
        # up to where rays from the outer edge arrive
        print(f"  {scheme:24s} change of a uniform field {np.abs(f[:, :140] - 1).max():.0e}")


DEPTH = 10.0
RADII = (0.7, 0.9, 1.2, 1.5, 2.0, 3.0, 4.5)


def path(r, mu):
    """Length of a ray inside the unit sphere up to (r, mu)."""
    g = np.sqrt(np.maximum(1 - r**2 * (1 - mu**2), 0.0))
    if r < 1:
        return r * mu + g
    return np.where(mu >= np.sqrt(1 - 1 / r**2), 2 * g, 0.0)


def exact(r, power):
    """(1/2) int mu^power f dmu, f = 1 - exp(-tau s) (Smit et al. 1997, A&A 325, 203; recalled)."""
    edge = np.sqrt(max(1 - 1 / r**2, 0.0))
    parts = [(-1.0, 0.0), (0.0, 1.0)] if r < 1 else [(edge, 1.0)]
    return 0.5 * sum(
        quad(lambda m: -np.expm1(-DEPTH * path(r, m)) * m**power, a, b, epsabs=1e-12, limit=400)[0]
        for a, b in parts
    )


def sphere_field(scheme, n_r, n_mu):
    """f[mu, r] after two crossings, or the steady one; radii, CPU seconds per occupation."""
    radius, angle = radial_grid(np.linspace(0.5, 5.0, n_r + 1)), angle_grid(n_mu, 1.0)
    kappa = np.where(radius.centres < 1, DEPTH, 0.0)
    inner = -np.expm1(-DEPTH * path(0.5, angle.centres)) * (angle.centres > 0)
    zero = np.zeros((1, n_r))
    if scheme == "package, direct":
        g = sphere(radius, angle)

        def solve():
            return solve_steady(g, kappa[None], zero, zero, zero + 1, inner[None], 1e-8, 200)[0]

        return solve()[0], radius.centres, cpu(solve)[0]
    if scheme == "short characteristics":
        arguments = (radius.edges, angle.centres, kappa, inner)
        candidates.short_characteristics(*arguments)
        seconds, f = cpu(lambda: [candidates.short_characteristics(*arguments) for _ in range(20)])
        return f[0], radius.edges, seconds / 20
    f, seconds, _ = march(scheme, radius, angle, kappa, inner, 10.0, np.zeros((n_mu, n_r)))
    return f, radius.centres, seconds


def homogeneous_sphere(fine):
    print("sphere: largest errors of J and K, of H at the two radii inside and the five outside")
    grids = [(90, 16), (90, 32), (180, 32), (180, 64)] + ([(360, 128)] if fine else [])
    schemes = (*LINES, "package", "package, matrix", "SL parabolas, C=1", "SL parabolas, C=4")
    for scheme in (*schemes, "package, direct", "short characteristics"):
        for n_r, n_mu in grids:
            if scheme == "package, direct" and n_mu > 64:
                continue
            f, r, seconds = sphere_field(scheme, n_r, n_mu)
            mu = angle_grid(n_mu, 1.0).centres
            errors = np.zeros((3, len(RADII)))
            for k, wanted in enumerate(RADII):
                i = int(np.argmin(np.abs(r - wanted)))
                for power in range(3):
                    errors[power, k] = f[:, i] @ mu**power / n_mu / exact(r[i], power) - 1
            j, _, k = 100 * np.abs(errors).max(axis=1)
            inside, outside = (
                100 * np.abs(errors[1, part]).max() for part in (slice(2), slice(2, None))
            )
            flux = (f[:, i] @ mu) / f[:, i].sum()
            print(
                f"  {scheme:24s} {n_r:3d} x {n_mu:3d}: J {j:6.2f} K {k:6.2f}, "
                f"H inside {inside:6.2f} outside {outside:6.2f} %, "
                f"H/J {flux:.4f} ({exact(r[i], 1) / exact(r[i], 0):.4f}), "
                f"f {f.min():.0e} to {f.max():.4f}, {1e3 * seconds:.2f} ms",
                flush=True,
            )


PARTS = {
    "waves": waves,
    "noise": lambda _: noise(),
    "flavour": flavour,
    "shell": shell,
    "sphere": homogeneous_sphere,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", nargs="*", choices=[*PARTS, []])
    parser.add_argument("--fine", action="store_true", help="one more grid of each problem")
    arguments = parser.parse_args()
    for name in arguments.part or PARTS:
        PARTS[name](arguments.fine)


if __name__ == "__main__":
    main()
