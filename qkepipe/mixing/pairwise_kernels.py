"""Kernels of the pairwise relaxation (:mod:`qkepipe.mixing.pairwise`): the matrix M(mu) of a cell.

M is integrated by the embedded Runge-Kutta pair of Dormand & Prince (1980, J.
Comput. Appl. Math. 6, 19). Every stage takes eta from the lobes of the state that it acts on:
its integral over mu vanishes for each flavour, and so does that of any sum of stages. A step
that would make an element of M negative is repeated with half the length. The rates fall like
1/t and the steps grow with t, so the steady state is reached after a number of steps that is
logarithmic in its accuracy. Pairs whose lobe has shrunk by the accuracy rest, as round-off
would drive them on; when all rest, what is left of each is done by its closed solution. A
single pair that opens no other has that solution from the start.
"""

import math

import numpy as np

from qkepipe.jit import jit, jit_parallel, prange

__all__ = [
    "ERROR",
    "MAX_STEPS",
    "NOISE",
    "TABLEAU",
    "apply_matrix",
    "apply_matrix_parallel",
    "lepton_numbers",
    "lepton_numbers_parallel",
    "pair_lobes",
    "pairwise_matrices",
    "pairwise_matrices_parallel",
]

#: Lobes below this fraction of the number density of all species are round-off.
NOISE = 1e-14

#: Round-off of a lobe of a state of order one.
ROUND_OFF = 1e-15

#: Largest step times eigenvalue: within the limit of stability, 3.3.
STABLE = 3.0

#: A pair that has relaxed rests until its lobe is this many times the level of that moment.
WAKE = 10.0

#: Cells that share one work space.
CHUNK = 16

#: Steps after which a cell counts as not solved.
MAX_STEPS = 100_000

#: Rows of the tableau of Dormand & Prince; the last row is the solution of fifth order.
TABLEAU = np.array(
    [
        [1 / 5, 0, 0, 0, 0, 0],
        [3 / 40, 9 / 40, 0, 0, 0, 0],
        [44 / 45, -56 / 15, 32 / 9, 0, 0, 0],
        [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729, 0, 0],
        [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656, 0],
        [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
    ]
)
#: Solution of fifth minus that of fourth order.
ERROR = np.array(
    [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40]
)  # fmt: skip


@jit
def _lepton_row(f, eweights, j, lepton, density):
    for a in range(3):
        row = lepton[a, j]
        for i in range(row.size):
            row[i] = 0.0
    row = density[j]
    for i in range(row.size):
        row[i] = 0.0
    for e in range(f.shape[1]):
        w = eweights[e]
        for a in range(3):
            nu = f[2 * a, e, j]
            nubar = f[2 * a + 1, e, j]
            out = lepton[a, j]
            for i in range(row.size):
                out[i] += w * (nu[i] - nubar[i])
                row[i] += w * (nu[i] + nubar[i])


@jit
def lepton_numbers(f, eweights, lepton, density):
    """L[flavour, mu, r] and the density of all species [mu, r], per d(mu)/2 [cm^-3]."""
    for j in range(f.shape[2]):
        _lepton_row(f, eweights, j, lepton, density)


@jit_parallel
def lepton_numbers_parallel(f, eweights, lepton, density):
    """:func:`lepton_numbers` with one thread per row in mu."""
    for j in prange(f.shape[2]):
        _lepton_row(f, eweights, j, lepton, density)


@jit
def pair_lobes(m, g0, mweights, g, lobes):
    """G[pair, mu] of the state M L(0), its negative and positive lobes [2, pair].

    Written in the pair differences of the start, so that a shallow G keeps its digits.
    """
    for p in range(3):
        negative = 0.0
        positive = 0.0
        for j in range(mweights.size):
            if p == 0:
                value = g0[0, j] * (1.0 - m[0, 1, j] - m[1, 0, j])
                value += m[1, 2, j] * g0[2, j] - m[0, 2, j] * g0[1, j]
            elif p == 1:
                value = g0[1, j] * (1.0 - m[0, 2, j] - m[2, 0, j])
                value += -m[2, 1, j] * g0[2, j] - m[0, 1, j] * g0[0, j]
            else:
                value = g0[2, j] * (1.0 - m[1, 2, j] - m[2, 1, j])
                value += m[1, 0, j] * g0[0, j] - m[2, 0, j] * g0[1, j]
            g[p, j] = value
            positive += mweights[j] * max(value, 0.0)
            negative += mweights[j] * max(-value, 0.0)
        lobes[0, p] = negative
        lobes[1, p] = positive


@jit
def _excess(lobes, floor, p):
    """Part of the shallow lobe of pair p above its floor."""
    a = lobes[0, p]
    b = lobes[1, p]
    return max(min(a, b) - floor[0, p] - floor[1, p] * (a + b), 0.0)


@jit
def _rate(lobes, floor, p):
    """Rate 1/tau of pair p; it opens in proportion to the excess, and is 0 at rest."""
    excess = _excess(lobes, floor, p)
    if excess == 0.0 or floor[2, p] > 0.0:
        return 0.0
    a = lobes[0, p]
    b = lobes[1, p]
    return math.sqrt(a * b) * (excess / min(a, b))


@jit
def _derivative(m, g0, mweights, floor, g, q, lobes, out):
    """DM/dt in units of the inverse rate constant; q[pair, mu] are the exchange rates."""
    pair_lobes(m, g0, mweights, g, lobes)
    n = mweights.size
    for p in range(3):
        a = lobes[0, p]
        b = lobes[1, p]
        shallow = 0.5 * _rate(lobes, floor, p)
        deep = shallow * (min(a, b) / max(a, b)) if shallow > 0.0 else 0.0
        sign = 1.0 if b >= a else -1.0
        for j in range(n):
            q[p, j] = shallow if sign * g[p, j] < 0.0 else deep
    for c in range(3):
        for j in range(n):
            e = m[0, c, j]
            mu = m[1, c, j]
            tau = m[2, c, j]
            e_mu = q[0, j] * (mu - e)
            e_tau = q[1, j] * (tau - e)
            mu_tau = q[2, j] * (tau - mu)
            out[0, c, j] = e_mu + e_tau
            out[1, c, j] = mu_tau - e_mu
            out[2, c, j] = -e_tau - mu_tau


@jit
def _pair_step(m, g0, mweights, floor, x, p, g, lobes):
    """Exact relaxation of pair p alone over the time x (infinite: its box state)."""
    pair_lobes(m, g0, mweights, g, lobes)
    rate = _rate(lobes, floor, p)
    if rate == 0.0:
        return
    small = min(lobes[0, p], lobes[1, p])
    large = max(lobes[0, p], lobes[1, p])
    r = small / large
    y = x * rate
    # 1 - k of the shallow lobe
    moved = 1.0
    if y < 1e100:
        y *= 1.0 + 0.25 * (1.0 - r) * y
        moved = y / (1.0 + y)
    sign = 1.0 if lobes[1, p] >= lobes[0, p] else -1.0
    a = 0 if p < 2 else 1
    b = 1 if p == 0 else 2
    for j in range(mweights.size):
        share = 0.5 * moved if sign * g[p, j] < 0.0 else 0.5 * moved * r
        for c in range(3):
            change = share * (m[b, c, j] - m[a, c, j])
            m[a, c, j] += change
            m[b, c, j] -= change


@jit
def _closed(lobes, rtol, noise, p):
    a = lobes[0, p]
    b = lobes[1, p]
    return min(a, b) <= rtol * (a + b) + noise


@jit
def _finish(m, g0, mweights, floor, rtol, noise, x, g, lobes):
    """Relax the pairs one after the other, the fastest first; all the way if x is infinite."""
    tried = 0
    for turn in range(300):
        pair_lobes(m, g0, mweights, g, lobes)
        best = -1
        fastest = 0.0
        for p in range(3):
            # each pair once; then again what they open in one another
            if turn < 3:
                wanted = not (tried >> p) & 1
            else:
                wanted = x == math.inf and not _closed(lobes, rtol, 0.1 * noise, p)
            rate = _rate(lobes, floor, p)
            if wanted and rate > fastest:
                fastest = rate
                best = p
        if best >= 0:
            tried |= 1 << best
            _pair_step(m, g0, mweights, floor, x, best, g, lobes)
        elif turn >= 3:
            return


@jit
def _identity(m):
    for j in range(m.shape[2]):
        for a in range(3):
            for b in range(3):
                m[a, b, j] = 1.0 if a == b else 0.0


@jit
def _speeds(lobes, floor, peak):
    """Sum of the rates, a bound of the eigenvalues of DM/dt, and the error of DM/dt by round-off.

    The rate of a pair whose lobes never were large is known to few digits.
    """
    total = 0.0
    blur = 0.0
    for p in range(3):
        if peak[p] > 0.0:
            rate = _rate(lobes, floor, p)
            total += rate
            blur += rate * min(1.0, ROUND_OFF / peak[p])
    return total, blur


@jit
def _evolve(m, g0, mweights, floor, rtol, noise, x_end, accuracy, tableau, error, trial, k, g, q,
            lobes, peak):  # fmt: skip
    """Integrate M from the identity to the time x_end; the number of steps, -1 if too many."""
    n = mweights.size
    _identity(m)
    _derivative(m, g0, mweights, floor, g, q, lobes, k[0])
    count = 0
    only = -1
    for p in range(3):
        peak[p] = _excess(lobes, floor, p)
        if peak[p] > 0.0:
            count += 1
            only = p
    if count == 0:
        return 0
    if count == 1:
        # exact unless it opens another pair; the path of each G is straight, so the end tells
        _pair_step(m, g0, mweights, floor, x_end, only, g, lobes)
        pair_lobes(m, g0, mweights, g, lobes)
        opened = False
        for p in range(3):
            opened = opened or (p != only and _excess(lobes, floor, p) > 0.0)
        if not opened:
            return 1
        _identity(m)
        pair_lobes(m, g0, mweights, g, lobes)
    x = 0.0
    total, blur = _speeds(lobes, floor, peak)
    h = 0.01 / total
    for step in range(1, MAX_STEPS + 1):
        if total > 0.0:
            h = min(h, STABLE / total)
        h = min(h, x_end - x)
        for s in range(6):
            for a in range(3):
                for c in range(3):
                    for j in range(n):
                        value = tableau[s, 0] * k[0, a, c, j]
                        for i in range(1, s + 1):
                            value += tableau[s, i] * k[i, a, c, j]
                        trial[a, c, j] = m[a, c, j] + h * value
            _derivative(trial, g0, mweights, floor, g, q, lobes, k[s + 1])
        worst = 0.0
        lowest = 0.0
        for a in range(3):
            for c in range(3):
                for j in range(n):
                    value = 0.0
                    for i in range(7):
                        value += error[i] * k[i, a, c, j]
                    worst = max(worst, abs(value))
                    lowest = min(lowest, trial[a, c, j])
        allowed = accuracy + h * blur
        worst *= h / allowed
        if lowest < 0.0:
            h *= 0.5
            continue
        # a kink (a direction changes the lobe) is passed in a step that changes nothing
        if worst > 1.0 and h * total > allowed:
            h *= max(0.1, 0.9 * worst**-0.2)
            continue
        woken = False
        for p in range(3):
            if floor[2, p] > 0.0 and _excess(lobes, floor, p) > WAKE * floor[2, p]:
                floor[2, p] = 0.0
                woken = True
        if woken:
            _derivative(m, g0, mweights, floor, g, q, lobes, k[0])
            total, blur = _speeds(lobes, floor, peak)
            h *= 0.5
            continue
        x += h
        m[:] = trial
        k[0] = k[6]
        active = False
        rested = False
        for p in range(3):
            excess = _excess(lobes, floor, p)
            peak[p] = max(peak[p], excess)
            level = max(accuracy * peak[p], noise)
            if floor[2, p] == 0.0 and excess <= level:
                floor[2, p] = level
                rested = True
            active = active or floor[2, p] == 0.0
        if x >= x_end:
            return step
        if rested:
            _derivative(m, g0, mweights, floor, g, q, lobes, k[0])
        total, blur = _speeds(lobes, floor, peak)
        if not active:
            floor[2] = 0.0
            _finish(m, g0, mweights, floor, rtol, noise, x_end - x, g, lobes)
            return step
        h *= min(5.0, 0.9 * max(worst, 1e-10) ** -0.2)
    return -1


@jit
def _cells(first, last, lepton, density, mweights, x_unit, rtol, accuracy, tableau, error, matrix,
           negative, positive, steps):  # fmt: skip
    """Solve the cells ``first`` to ``last`` in one work space."""
    n = mweights.size
    m = np.empty((3, 3, n))
    trial = np.empty((3, 3, n))
    k = np.empty((7, 3, 3, n))
    g0 = np.empty((3, n))
    g = np.empty((3, n))
    q = np.empty((3, n))
    lobes = np.empty((2, 3))
    peak = np.empty(3)
    floor = np.empty((3, 3))
    for i in range(first, last):
        total = 0.0
        for j in range(n):
            total += mweights[j] * density[j, i]
            g0[0, j] = lepton[0, j, i] - lepton[1, j, i]
            g0[1, j] = lepton[0, j, i] - lepton[2, j, i]
            g0[2, j] = lepton[1, j, i] - lepton[2, j, i]
        _identity(m)
        pair_lobes(m, g0, mweights, g, lobes)
        scale = 0.0
        for p in range(3):
            negative[p, i] = lobes[0, p]
            positive[p, i] = lobes[1, p]
            scale = max(scale, lobes[0, p] + lobes[1, p])
        steps[i] = 0
        if scale > 0.0:
            noise = NOISE * total / scale
            for p in range(3):
                for j in range(n):
                    g0[p, j] /= scale
                lobes[0, p] /= scale
                lobes[1, p] /= scale
                # a pair without a crossing takes part with what exceeds the tolerance
                shut = _closed(lobes, rtol, noise, p)
                floor[0, p] = noise if shut else 0.0
                floor[1, p] = rtol if shut else 0.0
                floor[2, p] = 0.0
            x_end = x_unit[i] * scale if x_unit[i] > 0.0 else 0.0
            if x_end > 0.0:
                steps[i] = _evolve(
                    m, g0, mweights, floor, rtol, noise, x_end, accuracy, tableau, error, trial, k,
                    g, q, lobes, peak,
                )  # fmt: skip
        for a in range(3):
            for b in range(3):
                for j in range(n):
                    matrix[a, b, j, i] = m[a, b, j]


@jit
def pairwise_matrices(lepton, density, mweights, x_unit, rtol, accuracy, tableau, error, matrix,
                      negative, positive, steps):  # fmt: skip
    """M[3, 3, mu, r] of all cells after the time ``x_unit``/L; lobes of the start, steps."""
    _cells(0, steps.size, lepton, density, mweights, x_unit, rtol, accuracy, tableau, error,
           matrix, negative, positive, steps)  # fmt: skip


@jit_parallel
def pairwise_matrices_parallel(lepton, density, mweights, x_unit, rtol, accuracy, tableau, error,
                               matrix, negative, positive, steps):  # fmt: skip
    """:func:`pairwise_matrices` with threads; cells are independent."""
    for c in prange((steps.size + CHUNK - 1) // CHUNK):
        _cells(c * CHUNK, min((c + 1) * CHUNK, steps.size), lepton, density, mweights, x_unit,
               rtol, accuracy, tableau, error, matrix, negative, positive, steps)  # fmt: skip


@jit
def _apply_row(f, matrix, j):
    em, et = matrix[0, 1, j], matrix[0, 2, j]
    me, mt = matrix[1, 0, j], matrix[1, 2, j]
    te, tm = matrix[2, 0, j], matrix[2, 1, j]
    for energy in range(f.shape[1]):
        for sector in range(2):
            e = f[sector, energy, j]
            mu = f[2 + sector, energy, j]
            tau = f[4 + sector, energy, j]
            for i in range(e.size):
                a = e[i]
                b = mu[i]
                c = tau[i]
                # averages stay between the values that they are made of, to the last digit
                low = min(a, b, c)
                high = max(a, b, c)
                e[i] = min(max(a + (em[i] * (b - a) + et[i] * (c - a)), low), high)
                mu[i] = min(max(b + (me[i] * (a - b) + mt[i] * (c - b)), low), high)
                tau[i] = min(max(c + (te[i] * (a - c) + tm[i] * (b - c)), low), high)


@jit
def apply_matrix(f, matrix):
    """f_a -> sum_b M_ab f_b in place; where M is the identity f keeps every bit."""
    for j in range(f.shape[2]):
        _apply_row(f, matrix, j)


@jit_parallel
def apply_matrix_parallel(f, matrix):
    """:func:`apply_matrix` with one thread per row in mu."""
    for j in prange(f.shape[2]):
        _apply_row(f, matrix, j)
