"""Band edges of fast modes and the fastest mode of each band, without a grid in kappa.

Without vacuum and damping terms D depends on w = kappa zeta only through kappa and
J_n(zeta) = int G v^n dv/(zeta - v). An unstable band begins or ends where a root becomes real:

    sym:  kappa^2 + kappa (J_0 - J_2) - J_0 J_2 + J_1^2 = 0 ,     brk:  kappa = (J_0 - J_2)/2

* at a crossing G(v_c) = 0, zeta = v_c: near it kappa - kappa_c = kappa' (zeta - v_c) with
  complex kappa', so the band lies on the side where Im zeta > 0;
* where two real roots outside of the light cone merge, an extremum of kappa along them: the
  band lies beyond it.

With x = 1/zeta in (-1, 1) and M_n = int G v^n dv/(1 - x v) the real roots are
w = (M_2 - M_0 +- sqrt((M_0 + M_2)^2 - 4 M_1^2))/2 (sym) or (M_0 - M_2)/2 (brk) at
kappa = x w, regular through kappa = 0. The light cone itself is no edge: there a root that
leaves the real axis does so on the damped side, as kappa' diverges logarithmically.
(Derived and checked for this project; the branches of real roots: Izaguirre, Raffelt &
Tamborra 2017, PRL 118, 021101.) A band is then climbed from its edges with Newton's method.
"""

from __future__ import annotations

import cmath
import math

import numpy as np

from qkepipe.jit import jit
from qkepipe.stability.analytic import BRK, SYM, integrals, newton
from qkepipe.stability.climb import climb, refine

__all__ = ["fast_edges", "fast_peaks", "inside", "real_roots"]

#: Samples of the real roots in x = sin(pi/2 t), clustered towards the light cone.
SAMPLES = 64
BISECTIONS = 50
#: First step from an edge in units of sigma_0, and how often a tenth of it is tried.
FIRST_STEP = 0.02
RETRIES = 6
EDGES = 64
MERGE, CROSSING = 0.0, 1.0


@jit
def _real_root(x, sector, sign, centre, half, shape):
    """Real root w of a given x = kappa/w, and d kappa/dx along it; NaN where there is none."""
    # integrals(1, x) are M_n; their derivative in "w" is -int G v^n/(1 - x v)^2, and
    # dM_n/dx = int G v^(n+1)/(1 - x v)^2 = (int G v^n/(1 - x v)^2 - M_n)/x
    i0, i1, i2, d0, d1, d2 = integrals(
        1.0 + 0.0j, x, np.zeros(1, dtype=np.complex128), centre, half, shape
    )
    m0, m1, m2 = i0.real, i1.real, i2.real
    p0, p1, p2 = (-d0.real - m0) / x, (-d1.real - m1) / x, (-d2.real - m2) / x
    if sector == BRK:
        w = 0.5 * (m0 - m2)
        return w, w + x * 0.5 * (p0 - p2)
    square = (m0 + m2) ** 2 - 4.0 * m1 * m1
    if square <= 0.0:
        return math.nan, math.nan
    root = math.sqrt(square)
    w = 0.5 * (m2 - m0 + sign * root)
    return w, w + x * 0.5 * (p2 - p0 + sign * ((m0 + m2) * (p0 + p2) - 4.0 * m1 * p1) / root)


@jit
def _end(inside, outside, sector, sign, centre, half, shape):
    """Last x with a real root between one that has one and one that has none."""
    for _ in range(BISECTIONS):
        middle = 0.5 * (inside + outside)
        if math.isnan(_real_root(middle, sector, sign, centre, half, shape)[0]):
            outside = middle
        else:
            inside = middle
    return inside


@jit
def real_roots(sector, sign, centre, half, shape, x, w, slope):
    """Fill w and d kappa/dx along one branch of real roots at samples x; NaN where none is."""
    for k in range(x.size):
        x[k] = math.sin(0.5 * math.pi * (2.0 * (k + 0.5) / x.size - 1.0))
        w[k], slope[k] = _real_root(x[k], sector, sign, centre, half, shape)


@jit
def _merges(sector, sign, centre, half, shape, edges, n):
    """Extrema of kappa along a branch of real roots; appends to ``edges``."""
    x = np.empty(SAMPLES)
    w = np.empty(SAMPLES)
    slope = np.empty(SAMPLES)
    real_roots(sector, sign, centre, half, shape, x, w, slope)
    for k in range(SAMPLES - 1):
        if n >= EDGES or (math.isnan(w[k]) and math.isnan(w[k + 1])):
            continue
        a, b, slope_a, slope_b = x[k], x[k + 1], slope[k], slope[k + 1]
        if math.isnan(w[k]):
            a = _end(b, a, sector, sign, centre, half, shape)
            slope_a = _real_root(a, sector, sign, centre, half, shape)[1]
        elif math.isnan(w[k + 1]):
            b = _end(a, b, sector, sign, centre, half, shape)
            slope_b = _real_root(b, sector, sign, centre, half, shape)[1]
        if not slope_a * slope_b < 0.0:
            continue
        for _ in range(BISECTIONS):
            middle = 0.5 * (a + b)
            if _real_root(middle, sector, sign, centre, half, shape)[1] * slope_a > 0.0:
                a = middle
            else:
                b = middle
        width = 1e-4 * (1.0 - a * a)
        curve = (
            _real_root(a + width, sector, sign, centre, half, shape)[1]
            - _real_root(a - width, sector, sign, centre, half, shape)[1]
        ) / (2.0 * width)
        edges[n, 0] = a * _real_root(a, sector, sign, centre, half, shape)[0]
        # beyond a maximum of kappa, before a minimum
        edges[n, 1] = 1.0 if slope_a > 0.0 else -1.0
        edges[n, 2], edges[n, 3], edges[n, 4], edges[n, 5] = MERGE, a, curve, 0.0
        n += 1
    return n


@jit
def _crossing_edges(sector, vc, centre, half, shape, edges, n):
    """Edges at one crossing; appends to ``edges``."""
    none = np.zeros(1, dtype=np.complex128)
    j0, j1, j2, d0, d1, d2 = integrals(complex(vc, 1e-12), 1.0, none, centre, half, shape)
    root = 1.0 + 0.0j
    if sector == SYM:
        square = (j0 + j2) * (j0 + j2) - 4.0 * j1 * j1
        if square.real < 0.0:
            return n
        root = cmath.sqrt(square)
    for sign in (1.0, -1.0):
        if sector == SYM:
            kappa = 0.5 * (j2 - j0 + sign * root)
            slope = 0.5 * (d2 - d0 + sign * ((j0 + j2) * (d0 + d2) - 4.0 * j1 * d1) / root)
        else:
            kappa = 0.5 * (j0 - j2)
            slope = 0.5 * (d0 - d2)
        if slope.imag != 0.0 and n < EDGES:
            edges[n, 0] = kappa.real
            edges[n, 1] = -1.0 if slope.imag > 0.0 else 1.0
            edges[n, 2], edges[n, 3], edges[n, 4], edges[n, 5] = (
                CROSSING,
                vc,
                slope.real,
                slope.imag,
            )
            n += 1
        if sector == BRK:
            break
    return n


@jit
def fast_edges(sector, centre, half, shape):
    """Band edges of fast modes.

    Parameters
    ----------
    sector : int
    centre, half, shape
        One group, as for :func:`qkepipe.stability.analytic.dispersion`.

    Returns
    -------
    ndarray (edge, 6)
        kappa of the edge; +1 where the band lies above it, -1 below; kind and the local
        expansion of w that :func:`inside` evaluates.
    """
    edges = np.empty((EDGES, 6))
    n = 0
    for i in range(centre.size):
        a, b, c = shape[0, 0, i], shape[0, 1, i], shape[0, 2, i]
        square = b * b - 4.0 * a * c
        if square < 0.0 or (b == 0.0 and c == 0.0):
            continue
        far = -0.5 * (b + math.copysign(math.sqrt(square), b))
        for k in range(2):
            if (k == 0 and c == 0.0) or (k == 1 and far == 0.0):
                continue
            x = far / c if k == 0 else a / far
            vc = centre[i] + half[i] * x
            if -1.0 < x <= 1.0 and -1.0 < vc < 1.0:
                n = _crossing_edges(sector, vc, centre, half, shape, edges, n)
    n = _merges(sector, 1.0, centre, half, shape, edges, n)
    if sector == SYM:
        n = _merges(sector, -1.0, centre, half, shape, edges, n)
    return edges[:n]


@jit
def inside(edge, step):
    """Wavenumber a small step inside of a band, and a guess of w there."""
    kappa = edge[0] + edge[1] * step
    if edge[2] == MERGE:
        w = kappa / complex(edge[3], math.sqrt(abs(2.0 * step / edge[4])))
    else:
        w = kappa * (edge[3] + edge[1] * step / complex(edge[4], edge[5]))
    return kappa, complex(w.real, abs(w.imag))


@jit
def fast_peaks(sector, scale, centre, half, shape):
    """Fastest mode of every band of fast modes, from each of its edges.

    Parameters
    ----------
    sector : int
    scale : float
        sigma_0.
    centre, half, shape
        As for :func:`fast_edges`.

    Returns
    -------
    kappa : ndarray (peak,)
    w : complex ndarray (peak,)
    """
    none = np.zeros(1, dtype=np.complex128)
    edges = fast_edges(sector, centre, half, shape)
    kappas = np.empty(edges.shape[0])
    roots = np.empty(edges.shape[0], dtype=np.complex128)
    n = 0
    for e in range(edges.shape[0]):
        step = FIRST_STEP * scale
        for _ in range(RETRIES):
            kappa, guess = inside(edges[e], step)
            w = newton(guess, kappa, sector, none, centre, half, shape)
            if w.imag > 0.0:
                low, high, kappa, w = climb(kappa, w, 0.5 * step, sector, none, centre, half, shape)
                # as a rule another edge of the same band led there before
                known = False
                for k in range(n):
                    known = known or (low < kappas[k] < high and w.imag <= roots[k].imag)
                if not known:
                    kappas[n], roots[n] = refine(
                        low, high, kappa, w, sector, none, centre, half, shape
                    )
                    n += 1
                break
            # a narrow band
            step *= 0.1
    return kappas[:n], roots[:n]
