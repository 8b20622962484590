"""Candidates for streaming, for comparison only: small, unshared with the package.

States are ``f[component, sector, energy, mu, r]``, averages over cells, as in the package; four
components are a flavour matrix (ee, xx, Re ex, Im ex). All rows are read in the direction of
motion, so that a reconstruction has one direction.

Finite volumes, method of lines: first-order upwind; MUSCL with the monotonised-central limiter
(van Leer 1977, J. Comput. Phys. 23, 276); the fifth-order faces of the package without limiter;
WENO5 (Jiang & Shu 1996, J. Comput. Phys. 126, 202) of r^2 f, a polynomial where f is constant.
Flux-form semi-Lagrangian (Lin & Rood 1996, Mon. Weather Rev. 124, 2046): piecewise parabolas
with their monotonicity constraint (Colella & Woodward 1984, J. Comput. Phys. 54, 174, eqs 1.6 to
1.12), or quartics. Short characteristics (Kunasz & Auer 1988, JQSRT 39, 67).
"""

from typing import NamedTuple

import numba
import numpy as np

jit = numba.njit(nogil=True, error_model="numpy")

#: |P| may exceed the trace by twice that: the convex cone |P|^2 <= (1 + 4 SLACK) trace^2.
SLACK = 1e-3
TINY = 1e-300


class Rows(NamedTuple):
    """Coefficients along a row for mu > 0 (index 0) and, reversed, for mu < 0.

    Attributes
    ----------
    near : ndarray (2, 5, n)
        Quartic through five averages: face in the direction of motion minus the average.
    content : ndarray (2, n + 4)
        Average of r^2 over each cell, with two ghosts at either end.
    area : ndarray (2, n)
        r^2 at the face that is left through.
    leave, enter : ndarray (2, n)
        Area over volume [cm^-1] of that face and of the one opposite.
    """

    near: np.ndarray
    content: np.ndarray
    area: np.ndarray
    leave: np.ndarray
    enter: np.ndarray


def rows_of(edges, g):
    """Rows of a uniform grid with ``edges`` and its geometry."""
    width = edges[1] - edges[0]
    padded = edges[0] + width * np.arange(-2, edges.size + 2)
    power = 0.0 if g.area[0] == g.area[-1] else 2.0
    content = np.diff(padded ** (power + 1)) / ((power + 1) * width)
    return Rows(
        np.stack([g.face_up, g.face_down[::-1, ::-1]]),
        np.stack([content, content[::-1]]),
        np.stack([g.area[1:], g.area[:-1][::-1]]),
        np.stack([g.out_rate, g.in_rate[::-1]]),
        np.stack([g.in_rate, g.out_rate[::-1]]),
    )


# reconstructions: jump[component, cell] = face state in the direction of motion - average, from
# line[component, cell + 2]


@jit
def upwind(line, rows, d, jump):
    jump[:] = 0.0


@jit
def muscl(line, rows, d, jump):
    for c in range(jump.shape[0]):
        a, out = line[c], jump[c]
        for i in range(out.size):
            below, above = a[i + 2] - a[i + 1], a[i + 3] - a[i + 2]
            size = min(abs(below), abs(above), 0.25 * abs(below + above))
            out[i] = np.copysign(size, below) if below * above > 0.0 else 0.0


@jit
def fifth(line, rows, d, jump):
    near = rows.near[d]
    for c in range(jump.shape[0]):
        a, out = line[c], jump[c]
        for i in range(out.size):
            out[i] = (
                near[0, i] * a[i] + near[1, i] * a[i + 1] + near[2, i] * a[i + 2]
                + near[3, i] * a[i + 3] + near[4, i] * a[i + 4]
            )  # fmt: skip


@jit
def weno5(line, rows, d, jump):
    w, area = rows.content[d], rows.area[d]
    for c in range(jump.shape[0]):
        f, out = line[c], jump[c]
        for i in range(out.size):
            p, q, r = w[i] * f[i], w[i + 1] * f[i + 1], w[i + 2] * f[i + 2]
            s, t = w[i + 3] * f[i + 3], w[i + 4] * f[i + 4]
            scale = 1e-6 * area[i] * area[i]
            b0 = 13 / 12 * (p - 2 * q + r) ** 2 + 0.25 * (p - 4 * q + 3 * r) ** 2
            b1 = 13 / 12 * (q - 2 * r + s) ** 2 + 0.25 * (q - s) ** 2
            b2 = 13 / 12 * (r - 2 * s + t) ** 2 + 0.25 * (3 * r - 4 * s + t) ** 2
            a0, a1, a2 = 0.1 / (scale + b0) ** 2, 0.6 / (scale + b1) ** 2, 0.3 / (scale + b2) ** 2
            face = a0 * (2 * p - 7 * q + 11 * r) + a1 * (-q + 5 * r + 2 * s)
            face += a2 * (2 * r + 5 * s - t)
            out[i] = face / (6 * (a0 + a1 + a2) * area[i]) - f[i + 2]


# slopes in mu: state at the upper edge of a bin minus its average


@jit
def flat(low, mid, high, half):
    return 0.0


@jit
def centred(low, mid, high, half):
    return half * (high - low)


@jit
def monotonised(low, mid, high, half):
    below, above = mid - low, high - mid
    size = min(abs(below), abs(above), half * abs(below + above))
    return np.copysign(size, below) if below * above > 0.0 else 0.0


def lines(reconstruct, slope, stages):
    """Step of the method of lines with 1 (Euler), 2 or 3 SSP Runge-Kutta stages.

    Absorption is part of the rate, kappa (1 - f). Returns ``advance(f, inner, geometry, rows,
    kappa, step, steps)`` with f in place.
    """

    @jit
    def rate(f, inner, g, rows, kappa, line, jump, out):
        n_mu, n_component, n = f.shape
        for j in range(n_mu):
            d = 0 if g.mu[j] > 0.0 else 1
            for c in range(n_component):
                a, row = line[c], f[j, c]
                if d == 0:
                    for i in range(n):
                        a[i + 2] = row[i]
                else:
                    for i in range(n):
                        a[i + 2] = row[n - 1 - i]
                if g.periodic:
                    a[0], a[1], a[n + 2], a[n + 3] = a[n], a[n + 1], a[2], a[3]
                else:
                    a[0] = a[1] = inner[j, c] if d == 0 else 0.0
                    a[n + 2] = a[n + 3] = a[n + 1]
            reconstruct(line, rows, d, jump)
            speed, leave, enter = abs(g.mu[j]), rows.leave[d], rows.enter[d]
            for c in range(n_component):
                a, face, to = line[c], jump[c], out[j, c]
                for i in range(n):
                    face[i] += a[i + 2]
                first = face[n - 1] if g.periodic else a[0]
                if d == 0:
                    to[0] = -speed * (leave[0] * face[0] - enter[0] * first)
                    for i in range(1, n):
                        to[i] = -speed * (leave[i] * face[i] - enter[i] * face[i - 1])
                else:
                    to[n - 1] = -speed * (leave[0] * face[0] - enter[0] * first)
                    for i in range(1, n):
                        to[n - 1 - i] = -speed * (leave[i] * face[i] - enter[i] * face[i - 1])
        if g.turn_rate[0] == 0.0:
            return
        for j in range(n_mu):
            half, b = g.slope_mu[j], g.edge_turn[j + 1]
            here, above = 1.0 / g.dmu[j], 1.0 / g.dmu[min(j + 1, n_mu - 1)]
            for c in range(n_component):
                mid, low, high = f[j, c], f[max(j - 1, 0), c], f[min(j + 1, n_mu - 1), c]
                lose, gain = out[j, c], out[min(j + 1, n_mu - 1), c]
                for i in range(n):
                    lose[i] += kappa[i] * (1.0 - mid[i])
                if j == n_mu - 1:
                    continue
                for i in range(n):
                    extra = slope(low[i], mid[i], high[i], half) if j > 0 else 0.0
                    flux = g.turn_rate[i] * b * (mid[i] + extra)
                    lose[i] -= here * flux
                    gain[i] += above * flux

    @jit
    def advance(f, inner, g, rows, kappa, step, steps):
        n_component, n_sector, n_energy, n_mu, n = f.shape
        shape = (n_mu, n_component, n)
        old, new, k = np.empty(shape), np.empty(shape), np.empty(shape)
        line, jump = np.empty((n_component, n + 4)), np.empty((n_component, n))
        for sector in range(n_sector):
            for energy in range(n_energy):
                for j in range(n_mu):
                    for c in range(n_component):
                        new[j, c] = f[c, sector, energy, j]
                for _ in range(steps):
                    if stages > 1:
                        old[:] = new
                    for stage in range(stages):
                        rate(new, inner, g, rows, kappa, line, jump, k)
                        # weight of the state at the start of the step
                        w = (
                            0.0
                            if stage == 0
                            else (0.5 if stages == 2 else (0.75, 1 / 3)[stage - 1])
                        )
                        to, at, by = new.ravel(), old.ravel(), k.ravel()
                        if stage == 0:
                            for i in range(to.size):
                                to[i] += step * by[i]
                        else:
                            for i in range(to.size):
                                to[i] = w * at[i] + (1.0 - w) * (to[i] + step * by[i])
                for j in range(n_mu):
                    for c in range(n_component):
                        f[c, sector, energy, j] = new[j, c]

    return advance


# flux-form semi-Lagrangian


@jit
def parabola(a, i, x):
    """Average over the last fraction x of cell i, of the limited parabola, minus a[i].

    Row a with two ghosts before cell i = 2.
    """
    at = a[i]
    s0 = monotonised(a[i - 2], a[i - 1], a[i], 0.25)
    s1 = monotonised(a[i - 1], at, a[i + 1], 0.25)
    s2 = monotonised(at, a[i + 1], a[i + 2], 0.25)
    # slopes of CW84 (1.8) are twice those
    low = 0.5 * (a[i - 1] + at) - (s1 - s0) / 3.0
    high = 0.5 * (at + a[i + 1]) - (s2 - s1) / 3.0
    if (high - at) * (at - low) <= 0.0:
        return 0.0
    across, bend = high - low, 6.0 * (at - 0.5 * (low + high))
    if across * bend > across * across:
        low = 3.0 * at - 2.0 * high
    elif across * bend < -across * across:
        high = 3.0 * at - 2.0 * low
    across, bend = high - low, 6.0 * (at - 0.5 * (low + high))
    return high - 0.5 * x * (across - (1.0 - 2.0 * x / 3.0) * bend) - at


def quartic(x):
    """The same of the unlimited quartic through five averages: its coefficients (5,)."""
    nodes = np.arange(-2.5, 3.0)

    def integral(at):
        basis = [np.prod((at - np.delete(nodes, m)) / (nodes[m] - np.delete(nodes, m)))
                 for m in range(6)]  # fmt: skip
        # sum_m basis_m (a_0 + .. + a_{m-1})
        return np.array([sum(basis[k + 1 :]) for k in range(5)])

    x = max(x, 1e-7)
    return (integral(0.5) - integral(0.5 - x)) / x - np.array([0, 0, 1, 0, 0])


@jit
def shift_rows(f, cells, fraction, coefficients, kind):
    """Periodic slab, f in place: shift row j by ``cells[j]`` + ``fraction[j]`` cells.

    kind 0: limited parabolas, component by component; 1: quartics; 2: quartics with one factor
    for all components that keeps both parts of a cell positive matrices (one or two components:
    both parts not negative).
    """
    n_component, n_sector, n_energy, n_mu, n = f.shape
    line, jump = np.empty((n_component, n + 4)), np.empty((n_component, n))
    theta = np.ones(n)
    for sector in range(n_sector):
        for energy in range(n_energy):
            for j in range(n_mu):
                back, x = cells[j] < 0, fraction[j]
                whole = -cells[j] - 1 if back else cells[j]
                w = coefficients[j]
                for c in range(n_component):
                    a, row, out = line[c], f[c, sector, energy, j], jump[c]
                    if back:
                        for i in range(n):
                            a[i + 2] = row[n - 1 - i]
                    else:
                        for i in range(n):
                            a[i + 2] = row[i]
                    a[0], a[1], a[n + 2], a[n + 3] = a[n], a[n + 1], a[2], a[3]
                    if kind == 0:
                        for i in range(n):
                            out[i] = parabola(a, i + 2, x)
                    else:
                        for i in range(n):
                            out[i] = (
                                w[0] * a[i] + w[1] * a[i + 1] + w[2] * a[i + 2]
                                + w[3] * a[i + 3] + w[4] * a[i + 4]
                            )  # fmt: skip
                # the part that stays deviates by -x/(1 - x) times the part that leaves
                larger = max(1.0, x / (1.0 - x))
                if kind == 2 and n_component == 4:
                    for i in range(n):
                        ee, xx, re, im = (line[0, i + 2], line[1, i + 2],
                                          line[2, i + 2], line[3, i + 2])  # fmt: skip
                        dee, dxx, dre, dim = jump[0, i], jump[1, i], jump[2, i], jump[3, i]
                        trace, dtrace = ee + xx, dee + dxx
                        p = ee * xx - re * re - im * im + SLACK * trace * trace
                        q = 0.5 * (ee * dxx + xx * dee) - re * dre - im * dim
                        q = larger * (q + SLACK * trace * dtrace)
                        r = dee * dxx - dre * dre - dim * dim + SLACK * dtrace * dtrace
                        r *= larger * larger
                        p = max(p, 0.0)
                        room = (p + TINY) / (abs(q) + np.sqrt(max(q * q - p * r, 0.0)) + TINY)
                        theta[i] = min(1.0, room, max(trace, 0.0) / (larger * abs(dtrace) + TINY))
                for c in range(n_component):
                    a, row, out = line[c], f[c, sector, energy, j], jump[c]
                    if kind == 2 and n_component < 4:
                        for i in range(n):
                            theta[i] = min(1.0, max(a[i + 2], 0.0) / (larger * abs(out[i]) + TINY))
                    if kind == 2:
                        for i in range(n):
                            out[i] *= theta[i]
                    for i in range(n):
                        out[i] = x * (a[i + 2] + out[i])
                    for i in range(n):
                        to = (i + whole) % n
                        value = a[i + 2] - out[i] + (out[i - 1] if i > 0 else out[n - 1])
                        row[n - 1 - to if back else to] = value


class Shift:
    """Flux-form semi-Lagrangian streaming on a periodic slab of cells of equal width."""

    def __init__(self, mu, width, step, kind):
        courant = np.abs(mu) * step / width
        whole = np.floor(courant).astype(int)
        self.arguments = (
            np.where(mu > 0, whole, -whole - 1),
            courant - whole,
            np.array([quartic(x) for x in courant - whole]),
            kind,
        )

    def advance(self, f):
        shift_rows(f, *self.arguments)


@jit
def _sweep(a, mass, entering, cell, part, through):
    """Content through the edges of a row: what is between each edge and its departure point.

    ``a`` averages with two ghosts, ``mass`` measures of the cells, ``cell`` and ``part`` the cell
    of each departure point and the share of its measure in front of it; ``entering`` what comes
    from before the row.
    """
    total = 0.0
    through[0] = entering[0]
    sums = np.empty(mass.size + 1)
    sums[0] = 0.0
    for i in range(mass.size):
        total += mass[i] * a[i + 2]
        sums[i + 1] = total
    for m in range(mass.size + 1):
        k = cell[m]
        if k < 0:
            through[m] = sums[m] + entering[m]
        elif part[m] > 0.0:
            x = part[m]
            through[m] = sums[m] - sums[k + 1]
            through[m] += mass[k] * x * (a[k + 2] + parabola(a, k + 2, x))
        else:
            through[m] = sums[m] - sums[k + 1]


def _departures(position, edges, measure):
    """Cell of each departure point (-1: before the row) and the share of it in front."""
    cell = np.clip(np.searchsorted(edges, position, side="right") - 1, -1, edges.size - 2)
    upper = measure(edges)[np.maximum(cell, 0) + 1]
    whole = upper - measure(edges)[np.maximum(cell, 0)]
    return cell, np.clip((upper - measure(np.maximum(position, edges[0]))) / whole, 0.0, 1.0)


@jit
def _sphere_steps(f, inner, g, decay, radial, angular, entering, steps):
    """Half of absorption and of turning, radial motion, and the halves again."""
    n_mu, n = f.shape
    row_cell, row_part = radial
    bin_cell, bin_part = angular
    line, through = np.empty(n + 4), np.empty(n + 1)
    column, turned = np.empty(n_mu + 4), np.empty(n_mu + 1)
    nothing = np.zeros(n_mu + 1)
    backwards = g.volume[::-1].copy()
    for _ in range(steps):
        for part in range(2):
            for i in range(n):
                for j in range(n_mu):
                    value = f[j, i]
                    if part == 0:
                        value = 1.0 + (value - 1.0) * decay[i]
                    column[j + 2] = value
                column[0] = column[1] = column[2]
                column[n_mu + 2] = column[n_mu + 3] = column[n_mu + 1]
                _sweep(column, g.dmu, nothing, bin_cell[i], bin_part[i], turned)
                for j in range(n_mu):
                    value = column[j + 2] + (turned[j] - turned[j + 1]) / g.dmu[j]
                    if part == 1:
                        value = 1.0 + (value - 1.0) * decay[i]
                    f[j, i] = value
            if part == 1:
                break
            for j in range(n_mu):
                forward = g.mu[j] > 0.0
                volume = g.volume if forward else backwards
                for i in range(n):
                    line[i + 2] = f[j, i] if forward else f[j, n - 1 - i]
                line[0] = line[1] = inner[j] if forward else 0.0
                line[n + 2] = line[n + 3] = line[n + 1]
                _sweep(line, volume, entering[j], row_cell[j], row_part[j], through)
                for i in range(n):
                    value = line[i + 2] + (through[i] - through[i + 1]) / volume[i]
                    f[j, i if forward else n - 1 - i] = value


class SphereShift:
    """Flux-form semi-Lagrangian streaming on a sphere, split in r and mu (Strang).

    Departure points are exact for each part: r - mu t, and artanh mu - t/r. A uniform field is
    stationary to the error of the splitting only.
    """

    def __init__(self, g, radius, angle, inner, kappa, step):
        def cubed(r):
            return r**3 / 3.0

        edges = radius.edges
        cells, parts, entering = [], [], []
        for mu, value in zip(g.mu, inner, strict=True):
            # rows against the motion are read on the mirrored axis -r
            axis = edges if mu > 0 else -edges[::-1]
            departure = axis - abs(mu) * step
            cell, part = _departures(departure, axis, cubed)
            outside = cubed(axis[0]) - cubed(np.minimum(departure, axis[0]))
            cells.append(cell)
            parts.append(part)
            entering.append(value * outside if mu > 0 else 0.0 * outside)
        with np.errstate(divide="ignore"):
            rapidity = np.arctanh(angle.edges)
        turned = [
            _departures(np.tanh(rapidity - 0.5 * step * turn), angle.edges, lambda mu: mu)
            for turn in g.turn_rate
        ]
        self.arguments = (
            inner, g, np.exp(-0.5 * step * kappa), (np.array(cells), np.array(parts)),
            (np.array([t[0] for t in turned]), np.array([t[1] for t in turned])),
            np.array(entering),
        )  # fmt: skip

    def advance(self, f, steps):
        _sphere_steps(f, *self.arguments, steps)


@jit
def short_characteristics(edges, mu, kappa, inner):
    """Steady f[mu, edge] of source 1: from shell to shell, linear in mu on the shell before."""
    n, n_mu = kappa.size, mu.size
    width = mu[1] - mu[0]
    f = np.zeros((n_mu, n + 1))
    for sweep in range(2):
        for k in range(n + 1):
            i = n - k if sweep == 0 else k
            for j in range(n_mu):
                if (mu[j] < 0.0) != (sweep == 0):
                    continue
                if i == (n if sweep == 0 else 0):
                    f[j, i] = 0.0 if sweep == 0 else inner[j]
                    continue
                square = edges[i] ** 2 * (1.0 - mu[j] ** 2)
                start = i + 1 if sweep == 0 else i - 1
                cell = i if sweep == 0 else i - 1
                if square < edges[start] ** 2:
                    there = np.copysign(np.sqrt(1.0 - square / edges[start] ** 2), mu[j])
                    path = abs(edges[start] * there - edges[i] * mu[j])
                else:
                    start, there, path = i, -mu[j], 2.0 * edges[i] * mu[j]
                place = min(max((there - mu[0]) / width, 0.0), n_mu - 1.0)
                low = min(int(place), n_mu - 2)
                share = place - low
                before = (1.0 - share) * f[low, start] + share * f[low + 1, start]
                f[j, i] = 1.0 + (before - 1.0) * np.exp(-kappa[cell] * path)
    return f
