"""Crossings of maximum-entropy ELN-XLN where the fluxes of the species are not parallel.

Each species has the distribution n Z/sinh(Z)/(4 pi) exp(Zvec.v) per solid angle, with Zvec
along its flux. Where heavy neutrinos and antineutrinos are alike, ELN-XLN vanishes on the cone

    cos = eta/|Zvec_bar - Zvec| ,  eta = ln(n/nbar) + ln(Z/sinh Z) - ln(Zbar/sinh Zbar)

about the axis Zvec_bar - Zvec, a crossing exactly if |eta| < |Zvec_bar - Zvec| (derived and
checked for this project; Richers 2022, PRD 106, 083005, uses the same closure). The smaller
lobe is a cap about this axis. A species with the components Z_l and Z_t of Zvec along the
axis and across it has there

    (1/2) int dc n Z/sinh(Z) exp(Z_l c) I_0(Z_t sqrt(1 - c^2)) ,

the azimuth being a modified Bessel function (DLMF 10.32.1); the rest is Gauss-Legendre
quadrature in the polar angle. Four terms are sampled in directions on a product grid about
the ELN-XLN flux.
"""

from __future__ import annotations

import math

import numpy as np

from qkepipe.jit import gufunc, jit
from qkepipe.maximum_entropy import flux_parameter_kernel, higher_moments, log_norm

__all__ = ["eln_axis", "vector_screen"]

#: Quadrature of one panel of a cap in the polar angle.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)
#: A distribution is left out where it has fallen by exp(-REACH) from its peak.
_REACH = 40.0
#: Product grid of directions for four terms.
_POLAR, _POLAR_WEIGHTS = np.polynomial.legendre.leggauss(32)
_AZIMUTHS = 24
_COS = np.cos(2.0 * np.pi * (np.arange(_AZIMUTHS) + 0.5) / _AZIMUTHS)
_SIN = np.sin(2.0 * np.pi * (np.arange(_AZIMUTHS) + 0.5) / _AZIMUTHS)


@jit
def _log_bessel(x):
    """ln I_0(x): power series (DLMF 10.25.2), from 15 on the asymptotic one (10.40.1)."""
    total, term = 1.0, 1.0
    if x < 15.0:
        quarter = 0.25 * x * x
        for k in range(1, 60):
            term *= quarter / (k * k)
            total += term
            if term < 1e-16 * total:
                break
        return math.log(total)
    for k in range(1, 16):
        term *= (2 * k - 1) ** 2 / (8.0 * k * x)
        total += term
    return x - 0.5 * math.log(2.0 * math.pi * x) + math.log(total)


@jit
def _reach(z):
    """Angle from the peak beyond which a distribution is negligible."""
    return math.acos(1.0 - _REACH / z) if z > 0.5 * _REACH else math.pi


@jit
def _cap_integral(first, second, low, high):
    """Integral of the difference of two distributions over polar angles low to high.

    A distribution is (n, ln(Z/sinh Z), Z_l, Z_t).
    """
    n, norm, along, across = first
    n_bar, norm_bar, along_bar, across_bar = second
    peak = math.atan2(across, along)
    peak_bar = math.atan2(across_bar, along_bar)
    reach = _reach(math.hypot(along, across))
    reach_bar = _reach(math.hypot(along_bar, across_bar))
    edges = (
        min(max(min(peak - reach, peak_bar - reach_bar), low), high),
        min(max(min(peak, peak_bar), low), high),
        min(max(max(peak, peak_bar), low), high),
        min(max(max(peak + reach, peak_bar + reach_bar), low), high),
    )
    total = 0.0
    for panel in range(3):
        half = 0.5 * (edges[panel + 1] - edges[panel])
        if half <= 0.0:
            continue
        for k in range(_NODES.size):
            angle = edges[panel] + half * (1.0 + _NODES[k])
            c, s = math.cos(angle), math.sin(angle)
            value = n * math.exp(norm + along * c + _log_bessel(across * s))
            value -= n_bar * math.exp(norm_bar + along_bar * c + _log_bessel(across_bar * s))
            total += half * _WEIGHTS[k] * s * value
    return 0.5 * total


@jit
def _two_vectors(number, zx, zy, zz, norm, tolerance):
    """Lobes, crossing and its cosine of nue - nuebar."""
    net = number[0] - number[1]
    plus, minus = max(net, 0.0), max(-net, 0.0)
    dx, dy, dz = zx[1] - zx[0], zy[1] - zy[0], zz[1] - zz[0]
    distance = math.sqrt(dx * dx + dy * dy + dz * dz)
    if number[0] <= 0.0 or number[1] <= 0.0:
        return plus, minus, 0.0, np.nan
    eta = math.log(number[0] / number[1]) + norm[0] - norm[1]
    if not abs(eta) < distance:
        return plus, minus, 0.0, np.nan
    where = eta / distance
    dx, dy, dz = dx / distance, dy / distance, dz / distance
    along = zx[0] * dx + zy[0] * dy + zz[0] * dz
    ax, ay, az = zx[0] - along * dx, zy[0] - along * dy, zz[0] - along * dz
    # the component across the axis is the same for both
    across = math.sqrt(ax * ax + ay * ay + az * az)
    first = (number[0], norm[0], along, across)
    second = (number[1], norm[1], along + distance, across)
    # nuebar win in the cap forward of the cone; the lobe of the scarcer species is integrated
    edge = math.acos(where)
    low, high = (0.0, edge) if net >= 0.0 else (edge, math.pi)
    small = abs(_cap_integral(first, second, low, high))
    plus += small
    minus += small
    found = small > tolerance * (plus + minus)
    return plus, minus, 1.0 if found else 0.0, where if found else np.nan


@jit
def _sampled(number, zx, zy, zz, norm, axis, tolerance):
    """Lobes, crossing and its cosine of four terms on the product grid about ``axis``."""
    ax, ay, az = axis
    # any two directions across the axis
    if abs(az) < 0.9:
        scale = 1.0 / math.hypot(ax, ay)
        bx, by, bz = -ay * scale, ax * scale, 0.0
    else:
        scale = 1.0 / math.hypot(ay, az)
        bx, by, bz = 0.0, az * scale, -ay * scale
    cx, cy, cz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
    plus, minus = 0.0, 0.0
    before, last = 0.0, 0.0
    where, best = np.nan, 0.0
    mixed, most = np.nan, 0.0
    for j in range(_POLAR.size):
        c = _POLAR[j]
        s = math.sqrt(1.0 - c * c)
        ring_plus, ring_minus = 0.0, 0.0
        for k in range(_AZIMUTHS):
            u, w = s * _COS[k], s * _SIN[k]
            vx, vy, vz = (
                c * ax + u * bx + w * cx,
                c * ay + u * by + w * cy,
                c * az + u * bz + w * cz,
            )
            value = 0.0
            for i in range(4):
                part = number[i] * math.exp(norm[i] + zx[i] * vx + zy[i] * vy + zz[i] * vz)
                value += part if i == 0 or i == 3 else -part
            ring_plus += max(value, 0.0)
            ring_minus += max(-value, 0.0)
        share = 0.5 * _POLAR_WEIGHTS[j] / _AZIMUTHS
        plus += share * ring_plus
        minus += share * ring_minus
        mean = ring_plus - ring_minus
        if mean * before < 0.0 and min(abs(mean), abs(before)) > best:
            best = min(abs(mean), abs(before))
            where = last + before / (before - mean) * (c - last)
        if min(ring_plus, ring_minus) > most:
            most, mixed = min(ring_plus, ring_minus), c
        before, last = mean, c
    found = min(plus, minus) > tolerance * (plus + minus)
    if math.isnan(where):
        where = mixed
    return plus, minus, 1.0 if found else 0.0, where if found else np.nan


@jit
def _axis(x, y, z):
    """Length and direction of ELN-XLN of a vector per species; the third axis without one."""
    fx = (x[0] - x[1]) - (x[2] - x[3])
    fy = (y[0] - y[1]) - (y[2] - y[3])
    fz = (z[0] - z[1]) - (z[2] - z[3])
    length = math.sqrt(fx * fx + fy * fy + fz * fz)
    if length == 0.0:
        return 0.0, (0.0, 0.0, 1.0)
    return length, (fx / length, fy / length, fz / length)


@jit
def _vector_parameter(n, fx, fy, fz):
    """Zvec of one species and ln(Z/sinh Z)."""
    flux = math.sqrt(fx * fx + fy * fy + fz * fz)
    if n <= 0.0 or flux == 0.0:
        return 0.0, 0.0, 0.0, 0.0
    z = flux_parameter_kernel(flux / n)
    return z * fx / flux, z * fy / flux, z * fz / flux, log_norm(z)


@jit
def _projected_moments(zx, zy, zz, axis):
    """Second and third moment of v.axis of the normalised distribution of Zvec."""
    z = math.sqrt(zx * zx + zy * zy + zz * zz)
    if z == 0.0:
        return 1.0 / 3.0, 0.0
    cosine = (zx * axis[0] + zy * axis[1] + zz * axis[2]) / z
    c2 = cosine * cosine
    second, third = higher_moments(z)
    # mean of mu, from mu^2 and the recurrence mu^2 = 1 - 2 mean/Z
    mean = 0.5 * z * (1.0 - second)
    return (
        second * c2 + 0.5 * (1.0 - second) * (1.0 - c2),
        cosine * (third * c2 + 1.5 * (mean - third) * (1.0 - c2)),
    )


@gufunc(
    ["void(float64[:], float64[:], float64[:], float64[:], float64, float64[:], float64[:], "
     "float64[:], float64[:], float64[:], float64[:])"],
    "(s),(s),(s),(s),()->(),(),(),(),(),()",
)  # fmt: skip
def _vector_screen(number, x, y, z, tolerance, positive, negative, crossing, where, second, third):
    _, axis = _axis(x, y, z)
    x0, y0, z0, n0 = _vector_parameter(number[0], x[0], y[0], z[0])
    x1, y1, z1, n1 = _vector_parameter(number[1], x[1], y[1], z[1])
    two, three = _projected_moments(x0, y0, z0, axis)
    two_bar, three_bar = _projected_moments(x1, y1, z1, axis)
    second[0] = number[0] * two - number[1] * two_bar
    third[0] = number[0] * three - number[1] * three_bar
    if number[2] == number[3] and x[2] == x[3] and y[2] == y[3] and z[2] == z[3]:
        positive[0], negative[0], crossing[0], where[0] = _two_vectors(
            number, (x0, x1), (y0, y1), (z0, z1), (n0, n1), tolerance
        )
        return
    x2, y2, z2, n2 = _vector_parameter(number[2], x[2], y[2], z[2])
    x3, y3, z3, n3 = _vector_parameter(number[3], x[3], y[3], z[3])
    two, three = _projected_moments(x2, y2, z2, axis)
    two_bar, three_bar = _projected_moments(x3, y3, z3, axis)
    second[0] -= number[2] * two - number[3] * two_bar
    third[0] -= number[2] * three - number[3] * three_bar
    positive[0], negative[0], crossing[0], where[0] = _sampled(
        number, (x0, x1, x2, x3), (y0, y1, y2, y3), (z0, z1, z2, z3), (n0, n1, n2, n3),
        axis, tolerance,
    )  # fmt: skip


@gufunc(
    ["void(float64[:], float64[:], float64[:], float64[:])"],
    "(s),(s),(s)->(s)",
)
def _along(x, y, z, along):
    _, axis = _axis(x, y, z)
    for i in range(x.size):
        along[i] = x[i] * axis[0] + y[i] * axis[1] + z[i] * axis[2]


def eln_axis(x, y, z):
    """Flux of each species along the direction of the ELN-XLN flux.

    Parameters
    ----------
    x, y, z : ndarray (..., 4)
        Components of the fluxes along three orthogonal directions.

    Returns
    -------
    ndarray (..., 4)
        In the unit of the input; its ELN-XLN is the length of the ELN-XLN flux.
    """
    return _along(x, y, z)


def vector_screen(number, x, y, z, tolerance=0.0):
    """Lobes, crossing and higher moments of ELN-XLN for fluxes in any directions.

    Parameters
    ----------
    number : ndarray (..., 4)
        Number density of nue, nuebar, nux, nuxbar [cm^-3].
    x, y, z : ndarray (..., 4)
        Number flux over c along three orthogonal directions [cm^-3].
    tolerance : float
        The smaller lobe counts as a crossing above this fraction of both.

    Returns
    -------
    positive, negative, crossing : ndarray (...)
        As :func:`qkepipe.stability.minerbo.moment_screen`.
    crossing_mu : ndarray (...)
        Cosine of the crossing about Zvec_bar - Zvec where nux and nuxbar are alike;
        otherwise about the ELN-XLN flux, of the mean over azimuth, or, where that has one
        sign, of the ring of directions that is most divided. NaN without a crossing.
    second, third : ndarray (...)
        Moments of (v.a)^n, n = 2 and 3, a the direction of the ELN-XLN flux [cm^-3].
    """
    with np.errstate(all="ignore"):
        return _vector_screen(number, x, y, z, float(tolerance))
