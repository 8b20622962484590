"""Steady state of streaming and collisions of one species and energy, without time steps.

Energies do not couple (elastic scattering, static metric), so every species and energy is one
problem R(f) = S(f) + C(f) = 0 in (r, mu). R is the operator that also runs in time
(:func:`qkepipe.transport.streaming.streaming_rate`, limiter included, and the collisions of
:mod:`qkepipe.transport.collisions`); it is brought to zero by quasi-Newton corrections

    A(f_0) delta = R(f),     f <- f + delta, Anderson-accelerated.

A is the Jacobian with second-order instead of fifth-order faces and with limiter factors frozen
at f_0: close to the true one for all wavelengths, in the streaming and in the diffusive limit
(an upwind A needs of the order of chi dr corrections where the cells are optically thick). It
couples next neighbours but one, so it is a band matrix of half-width 2 n_mu, solved directly;
scattering needs no iteration of its own.

Sources: defect correction, Stetter 1978, Numer. Math. 29, 425; acceleration, Walker & Ni 2011,
SIAM J. Numer. Anal. 49, 1715.
"""

from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np

from qkepipe.jit import jit
from qkepipe.transport.geometry import Geometry
from qkepipe.transport.limiter import occupation_factor
from qkepipe.transport.streaming import streaming_rate, work_space

__all__ = ["solve_steady"]

#: Corrections that the acceleration remembers.
MEMORY = 6
#: Corrections after which the Jacobian is taken anew: early, as the first one belongs to a
#: first-order field, and then at long intervals, as every new one starts the acceleration anew.
EARLY, RENEW = 6, 40
#: Differences that are dependent to this accuracy are not used by the acceleration.
DEPENDENT = 1e-10
#: Density, relative to the largest of a block, that is still resolved.
FLOOR = 1e-30


@jit
def _limiters(f, inner, geometry, in_r, in_mu):
    """Limiter factors of second-order faces of f[n_mu, n_r]: radial and angular ones."""
    n_mu, n = f.shape
    for j in range(n_mu):
        forward = geometry.mu[j] > 0.0
        row = f[j]
        sign = 0.25 if forward else -0.25
        for i in range(n):
            # beyond the ends: what enters there; where nothing does, the last value
            low = row[i - 1] if i > 0 else (inner[j] if forward else row[0])
            high = row[i + 1] if i < n - 1 else (row[i] if forward else 0.0)
            in_r[j, i] = occupation_factor(row[i], row[i] - low, high - row[i], sign * (high - low))
    in_mu[0] = 0.0
    in_mu[n_mu - 1] = 0.0
    for j in range(1, n_mu - 1):
        for i in range(n):
            low, middle, high = f[j - 1, i], f[j, i], f[j + 1, i]
            jump = geometry.slope_mu[j] * (high - low)
            in_mu[j, i] = occupation_factor(middle, middle - low, high - middle, jump)


@jit
def _rows_of_cell(i, gamma, chi0, chi1, in_r, in_mu, geometry, rows):
    """Rows of A = -(dS/df + dC/df) of cell i: ``rows[j, width + column - row]``.

    Unknowns are ordered with all directions of a cell together; width = 2 n_mu.
    """
    mu, dmu = geometry.mu, geometry.dmu
    n_mu, n = mu.size, gamma.size
    width = 2 * n_mu
    rows[:] = 0.0
    for j in range(n_mu):
        line = rows[j]
        m = mu[j]
        out, enter = m * geometry.out_rate[i], m * geometry.in_rate[i]
        # radial faces: upwind cell plus theta/4 times the difference of its neighbours
        if m > 0.0:
            t = 0.25 * in_r[j, i]
            line[width] += out
            # beyond the last cell the field continues with its value
            line[width + n_mu if i < n - 1 else width] += out * t
            if i > 0:
                line[width - n_mu] -= out * t
                t = 0.25 * in_r[j, i - 1]
                line[width - n_mu] -= enter
                line[width] -= enter * t
                if i > 1:
                    line[width - 2 * n_mu] += enter * t
        else:
            t = 0.25 * in_r[j, i]
            line[width] -= enter
            line[width - n_mu if i > 0 else width] -= enter * t
            if i < n - 1:
                line[width + n_mu] += enter * t
                t = 0.25 * in_r[j, i + 1]
                line[width + n_mu] += out
                line[width] += out * t
                if i < n - 2:
                    line[width + 2 * n_mu] -= out * t
        # angular faces: the upwind bin is the lower one outside the photon sphere
        g = geometry.turn_rate[i] / dmu[j]
        for edge in (j, j + 1):
            b = geometry.edge_turn[edge] * (g if edge > j else -g)
            if b == 0.0:
                continue
            up = edge - 1 if g > 0.0 else edge
            t = (in_mu[up, i] if g > 0.0 else -in_mu[up, i]) * geometry.slope_mu[up]
            line[width + up - j] += b
            if 0 < up < n_mu - 1:
                line[width + up + 1 - j] += b * t
                line[width + up - 1 - j] -= b * t
        line[width] += gamma[i] + chi0[i]
        for k in range(n_mu):
            line[width - j + k] -= 0.5 * dmu[k] * (chi0[i] + chi1[i] * m * mu[k])


@jit
def _factorise(gamma, chi0, chi1, in_r, in_mu, geometry, ring, lower, upper, inverse):
    """LU decomposition without pivoting, of rows that are made when they are needed.

    ``ring`` (3 n_mu, 4 n_mu + 1) holds the rows of the cells that still change. Column k of L
    below the diagonal is ``lower[k]``, column k of U above it ``upper[rows - 1 - k]``, nearest
    entry last: both are then read forwards in memory. ``inverse`` (rows,) holds 1/U_kk.
    """
    n_mu, n = geometry.mu.size, gamma.size
    width, held, rows = 2 * n_mu, 3 * n_mu, n_mu * n
    for i in range(min(3, n)):
        part = ring[i * n_mu : (i + 1) * n_mu]
        _rows_of_cell(i, gamma, chi0, chi1, in_r, in_mu, geometry, part)
    for cell in range(n):
        for k in range(cell * n_mu, (cell + 1) * n_mu):
            pivot = ring[k % held]
            inverse[k] = 1.0 / pivot[width]
            last = min((cell + 3) * n_mu, k + width + 1, rows)
            for i in range(k + 1, last):
                line = ring[i % held]
                shift = i - k
                factor = line[width - shift]
                if factor == 0.0:
                    lower[k, shift - 1] = 0.0
                    continue
                factor *= inverse[k]
                lower[k, shift - 1] = factor
                target = line[width - shift + 1 : 2 * width - shift + 1]
                beyond = pivot[width + 1 :]
                for c in range(width):
                    target[c] -= factor * beyond[c]
            for i in range(last, k + width + 1):
                lower[k, i - k - 1] = 0.0
            for c in range(1, width + 1):
                if k + c < rows:
                    upper[rows - 1 - k - c, width - c] = pivot[width + c]
        if cell + 3 < n:
            place = (cell % 3) * n_mu
            part = ring[place : place + n_mu]
            _rows_of_cell(cell + 3, gamma, chi0, chi1, in_r, in_mu, geometry, part)


@jit
def _backsolve(lower, upper, inverse, x):
    """Solve with the factors of :func:`_factorise`, x in place."""
    rows, width = lower.shape
    for k in range(rows):
        value = x[k]
        column = lower[k]
        rest = x[k + 1 : min(rows, k + 1 + width)]
        for c in range(rest.size):
            rest[c] -= column[c] * value
    for k in range(rows - 1, -1, -1):
        value = x[k] * inverse[k]
        x[k] = value
        first = max(0, k - width)
        column = upper[rows - 1 - k, width - (k - first) :]
        rest = x[first:k]
        for c in range(rest.size):
            rest[c] -= column[c] * value


@jit
def _dot(a, b):
    """Sum of products in eight strands: they vectorise, and the order is fixed."""
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
    n = a.size
    whole = n - n % 8
    for i in range(0, whole, 8):
        s0 += a[i] * b[i]
        s1 += a[i + 1] * b[i + 1]
        s2 += a[i + 2] * b[i + 2]
        s3 += a[i + 3] * b[i + 3]
        s4 += a[i + 4] * b[i + 4]
        s5 += a[i + 5] * b[i + 5]
        s6 += a[i + 6] * b[i + 6]
        s7 += a[i + 7] * b[i + 7]
    rest = 0.0
    for i in range(whole, n):
        rest += a[i] * b[i]
    return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7)) + rest


@jit
def _residual(f, inner, gamma, chi0, chi1, source, geometry, work, rate):
    """R(f) = S(f) + C(f) [cm^-1] of f[n_mu, n_r], written to ``rate``."""
    n_mu, n = f.shape
    tile, through, moments = work
    shape = (1, 1, 1, n_mu, n)
    streaming_rate(
        f.reshape(shape), 0, 0, inner.reshape(n_mu, 1), geometry, tile, rate.reshape(shape), False,
        through,
    )  # fmt: skip
    mean, flux = moments[0], moments[1]
    mean[:] = 0.0
    flux[:] = 0.0
    for j in range(n_mu):
        w = 0.5 * geometry.dmu[j]
        wm = w * geometry.mu[j]
        row = f[j]
        for i in range(n):
            mean[i] += w * row[i]
            flux[i] += wm * row[i]
    for j in range(n_mu):
        row = f[j]
        out = rate[j]
        given = source[j]
        m = geometry.mu[j]
        for i in range(n):
            out[i] += given[i] - gamma[i] * row[i]
            out[i] += chi0[i] * (mean[i] - row[i]) + chi1[i] * m * flux[i]


@jit
def _correct(rate, lower, upper, inverse, flat):
    """Solve A delta = R; ``rate`` is overwritten with delta."""
    n_mu, n = rate.shape
    for i in range(n):
        for j in range(n_mu):
            flat[i * n_mu + j] = rate[j, i]
    _backsolve(lower, upper, inverse, flat)
    for i in range(n):
        for j in range(n_mu):
            rate[j, i] = flat[i * n_mu + j]


@jit
def _density(f, dmu, out):
    """(1/2) int |f| dmu of every cell."""
    out[:] = 0.0
    for j in range(f.shape[0]):
        w = 0.5 * dmu[j]
        row = f[j]
        for i in range(out.size):
            out[i] += w * abs(row[i])


@jit
def _add_scaled(target, factor, values):
    for k in range(target.size):
        target[k] += factor * values[k]


class _Acceleration:
    """Anderson acceleration: the part of a correction that the last ones predict is removed."""

    def __init__(self, size: int):
        self.differences: list[np.ndarray] = []
        self.moves: list[np.ndarray] = []
        self.before: tuple[np.ndarray, np.ndarray] | None = None
        self.size = size

    def step(self, f: np.ndarray, delta: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Next field from field and correction, flat; ``weight`` defines the norm."""
        scaled = delta * weight
        if self.before is not None:
            self.differences.append(scaled - self.before[1])
            self.moves.append(f + delta - self.before[0])
            del self.differences[:-MEMORY], self.moves[:-MEMORY]
        self.before = (f + delta, scaled.copy())
        new = f + delta
        basis: list[tuple[np.ndarray, np.ndarray]] = []
        # modified Gram-Schmidt, the latest difference first
        for column, move in zip(reversed(self.differences), reversed(self.moves), strict=True):
            direction, shift = column.copy(), move.copy()
            start = _dot(direction, direction)
            for other, its_shift in basis:
                share = _dot(other, direction)
                _add_scaled(direction, -share, other)
                _add_scaled(shift, -share, its_shift)
            norm = _dot(direction, direction)
            if not norm > DEPENDENT**2 * start:
                continue
            direction /= norm**0.5
            shift /= norm**0.5
            share = _dot(direction, scaled)
            _add_scaled(scaled, -share, direction)
            _add_scaled(new, -share, shift)
            basis.append((direction, shift))
        return new


def _block(geometry, gamma, chi0, chi1, source, inner, start, tolerance, most):
    """Steady state of one species and energy: f[n_mu, n_r], corrections, last one per cell."""
    n_mu, n = geometry.mu.size, gamma.size
    if not (source.any() or inner.any()):
        # no neutrinos at all: nothing that a correction could be relative to
        return np.zeros((n_mu, n)), 0, np.zeros(n)
    delta, f = np.empty((n_mu, n)), np.zeros((n_mu, n))
    in_r, in_mu = np.zeros((n_mu, n)), np.zeros((n_mu, n))
    lower, upper = np.empty((n * n_mu, 2 * n_mu)), np.empty((n * n_mu, 2 * n_mu))
    inverse, flat = np.empty(n * n_mu), np.empty(n * n_mu)
    ring = np.empty((3 * n_mu, 4 * n_mu + 1))
    density, size = np.empty(n), np.empty(n)
    work = work_space(1), np.empty((1, 2)), np.empty((2, n))

    def correction():
        _residual(f, inner, gamma, chi0, chi1, source, geometry, work, delta)
        _correct(delta, lower, upper, inverse, flat)

    def factorise():
        _factorise(gamma, chi0, chi1, in_r, in_mu, geometry, ring, lower, upper, inverse)

    if start is not None:
        f[:] = start
    else:
        # first-order faces: a linear problem with a positive solution
        factorise()
        correction()
        f += delta
    best, last, smallest = f.copy(), np.full(n, np.inf), np.inf
    for number in range(most):
        if number == EARLY or number % RENEW == 0:
            if number > EARLY:
                f[:] = best
            _limiters(f, inner, geometry, in_r, in_mu)
            factorise()
            acceleration = _Acceleration(f.size)
            _density(f, geometry.dmu, density)
            weight = np.tile(1.0 / (density + FLOOR * density.max()), n_mu)
        correction()
        _density(f, geometry.dmu, density)
        _density(delta, geometry.dmu, size)
        relative = size / (density + FLOOR * density.max())
        error = float(relative.max())
        if error < smallest:
            smallest = error
            best[:], last[:] = f, relative
        if error < tolerance:
            return f, number, relative
        f[:] = acceleration.step(f.ravel(), delta.ravel(), weight).reshape(f.shape)
    return best, most, last


def solve_steady(
    geometry: Geometry,
    absorption: np.ndarray,
    scattering: np.ndarray,
    scattering_transport: np.ndarray,
    equilibrium: np.ndarray,
    inner: np.ndarray,
    tolerance: float,
    most: int,
    more: np.ndarray | None = None,
    start: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Steady state of every species and energy, in as many threads as numba has.

    Parameters
    ----------
    geometry : Geometry
        Not periodic.
    absorption, scattering, scattering_transport, equilibrium : ndarray (block, n_r)
        As in :func:`qkepipe.transport.collisions.collision_tables`, one block for each species
        and energy.
    inner : ndarray (block, n_mu)
        Occupation that enters through the inner face.
    tolerance : float
        Largest last correction of the density of any cell, relative.
    most : int
        Largest number of corrections.
    more : ndarray (block, n_mu, n_r), optional
        Source in addition to emission [cm^-1].
    start : ndarray (block, n_mu, n_r), optional
        A field close to the steady state.

    Returns
    -------
    f : ndarray (block, n_mu, n_r)
    corrections : ndarray (block,) of int
        ``most`` where the tolerance was not reached.
    errors : ndarray (block, n_r)
        Last correction of the density of every cell, relative.
    """
    chi1 = 3.0 * (scattering - scattering_transport)
    source = np.repeat((absorption * equilibrium)[:, None], geometry.mu.size, axis=1)
    if more is not None:
        source += more

    def solve(block):
        return _block(
            geometry, absorption[block], scattering[block], chi1[block], source[block],
            np.ascontiguousarray(inner[block]), None if start is None else start[block],
            tolerance, most,
        )  # fmt: skip

    with ThreadPoolExecutor(numba.get_num_threads()) as pool:
        found = list(pool.map(solve, range(len(absorption))))
    f, corrections, errors = zip(*found, strict=True)
    return np.stack(f), np.array(corrections), np.stack(errors)
