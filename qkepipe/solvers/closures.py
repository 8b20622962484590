"""Closures of the two-moment flavour equations: the second angular moment from the first two.

A sector (neutrinos, or antineutrinos as complex conjugates) has the matrices N = int f, F = int mu
f and P = int mu^2 f over dmu/2, each of four components x_0 (trace) and x: X = (x_0 + x.sigma)/2.
A closure is a kernel that gives P from N and F, cell by cell; arrays are (sector, component, z).
Its classical part is the Eddington factor chi(F/N) of one species,

    Minerbo (1978, JQSRT 20, 541), maximum entropy:  chi = 1 - 2 f/Z ,  coth Z - 1/Z = f
    Levermore (1984, JQSRT 31, 149):                 chi = (3 + 4 f^2)/(5 + 2 sqrt(4 - 3 f^2))

The equations stay the same if the flavour basis is rotated; closures marked *covariant* keep that.
Every closure gives P = N where F = +-N in both sectors (beams).
"""

from __future__ import annotations

import math

import numpy as np

from qkepipe.errors import Defect, QkepipeError, nearest
from qkepipe.jit import jit
from qkepipe.maximum_entropy import flux_parameter_kernel, higher_moments

__all__ = ["CLOSURES", "SPECIES", "check_moments"]

#: Order of densities and fluxes.
SPECIES = ("nue", "nuebar", "nux", "nuxbar")
#: Excess of a flux over its density that is round-off.
_SLACK = 1e-12

#: Flux factor above which coth Z = 1 to round-off.
_BEAM = 0.98
#: Variance of mu below which a distribution is one beam.
_SHARP = 1e-10


@jit
def _factor(flux, number):
    """Flux factor within [-1, 1]; 0 where there is nothing."""
    if number <= 0.0:
        return 0.0
    return min(1.0, max(-1.0, flux / number))


@jit
def _minerbo(f):
    """Second and third moment of maximum entropy; the second is the Eddington factor."""
    size = abs(f)
    if size > _BEAM:
        second = 1.0 - 2.0 * size * (1.0 - size)
        return second, math.copysign(size + (1.0 - 3.0 * second) * (1.0 - size), f)
    return higher_moments(flux_parameter_kernel(f))


@jit
def _levermore(f):
    """Eddington factor of a distribution that is isotropic in some frame."""
    return (3.0 + 4.0 * f * f) / (5.0 + 2.0 * math.sqrt(4.0 - 3.0 * f * f))


@jit
def _slope(first, second, third):
    """s = (M_3 - M_1 M_2)/(M_2 - M_1^2): the sum of the two nodes of Gauss' quadrature."""
    variance = second - first * first
    if variance < _SHARP:
        return 2.0 * first
    return (third - first * second) / variance


@jit
def _scaled(n, p):
    """P = chi N with the factors chi in the traces of ``p``."""
    for s in range(n.shape[0]):
        for c in range(1, 4):
            for z in range(n.shape[2]):
                p[s, c, z] = p[s, 0, z] * n[s, c, z]
        for z in range(n.shape[2]):
            p[s, 0, z] *= n[s, 0, z]


@jit
def trace_minerbo(n, f, p):
    """Factor of the flavour trace for every component (covariant).

    The closure of linear analyses with moments (Froustey et al. 2024, PRD 109, 043046: recalled,
    and as in the public code neutrino_linear_stability). The same as two beams mu = +-sqrt(chi)
    in each sector.
    """
    for s in range(n.shape[0]):
        for z in range(n.shape[2]):
            p[s, 0, z] = _minerbo(_factor(f[s, 0, z], n[s, 0, z]))[0]
    _scaled(n, p)


@jit
def trace_levermore(n, f, p):
    """:func:`trace_minerbo` with Levermore's factor."""
    for s in range(n.shape[0]):
        for z in range(n.shape[2]):
            p[s, 0, z] = _levermore(_factor(f[s, 0, z], n[s, 0, z]))
    _scaled(n, p)


@jit
def _flavours(n, p, s, z, chi_e, chi_x):
    """P of a cell: factors of the flavours; their mean by number for the others."""
    e, x = 0.5 * (n[s, 0, z] + n[s, 3, z]), 0.5 * (n[s, 0, z] - n[s, 3, z])
    p[s, 0, z] = chi_e * e + chi_x * x
    p[s, 3, z] = chi_e * e - chi_x * x
    mean = p[s, 0, z] / n[s, 0, z] if n[s, 0, z] > 0.0 else 1.0 / 3.0
    p[s, 1, z] = mean * n[s, 1, z]
    p[s, 2, z] = mean * n[s, 2, z]


@jit
def diagonal_minerbo(n, f, p):
    """Factor of each flavour for its own component, their mean by number off the diagonal.

    What classical two-moment transport does with each species; the mean is a choice of this
    project. Not covariant.
    """
    for s in range(n.shape[0]):
        for z in range(n.shape[2]):
            chi_e = _minerbo(_factor(f[s, 0, z] + f[s, 3, z], n[s, 0, z] + n[s, 3, z]))[0]
            chi_x = _minerbo(_factor(f[s, 0, z] - f[s, 3, z], n[s, 0, z] - n[s, 3, z]))[0]
            _flavours(n, p, s, z, chi_e, chi_x)


@jit
def diagonal_levermore(n, f, p):
    """:func:`diagonal_minerbo` with Levermore's factor."""
    for s in range(n.shape[0]):
        for z in range(n.shape[2]):
            chi_e = _levermore(_factor(f[s, 0, z] + f[s, 3, z], n[s, 0, z] + n[s, 3, z]))
            chi_x = _levermore(_factor(f[s, 0, z] - f[s, 3, z], n[s, 0, z] - n[s, 3, z]))
            _flavours(n, p, s, z, chi_e, chi_x)


@jit
def linear_polarisation(n, f, p):
    """Polarisation linear in mu on top of the maximum-entropy trace (covariant).

    With the normalised distribution w(mu) of the trace and vector part (a + b mu) w, N, F and P
    have the moments M_0 a + M_1 b, M_1 a + M_2 b, M_2 a + M_3 b of w. So P = (M_2 - s M_1) N + s F,
    s = (M_3 - M_1 M_2)/(M_2 - M_1^2), for vector and trace. That is the matrix of maximum entropy
    exp(A + mu B) to first order in its vector part (derived for this project), and the same as
    beams in the two nodes of Gauss' quadrature with weight w.
    """
    for s in range(n.shape[0]):
        for z in range(n.shape[2]):
            first = _factor(f[s, 0, z], n[s, 0, z])
            second, third = _minerbo(first)
            b = _slope(first, second, third)
            a = second - b * first
            for c in range(4):
                p[s, c, z] = a * n[s, c, z] + b * f[s, c, z]


@jit
def common_gauss(n, f, p):
    """:func:`linear_polarisation` with the traces of both sectors together as weight (covariant).

    Neutrinos and antineutrinos share two beams, the nodes of Gauss' quadrature with the sum of
    their maximum-entropy distributions as weight. Beams of slightly different speed would
    resonate at large wavenumbers, where a continuous distribution is stable (derived for this
    project).
    """
    for z in range(n.shape[2]):
        total, first, second, third = 0.0, 0.0, 0.0, 0.0
        for s in range(n.shape[0]):
            factor = _factor(f[s, 0, z], n[s, 0, z])
            two, three = _minerbo(factor)
            total += n[s, 0, z]
            first += n[s, 0, z] * factor
            second += n[s, 0, z] * two
            third += n[s, 0, z] * three
        if total > 0.0:
            first, second, third = first / total, second / total, third / total
        b = _slope(first, second, third)
        a = second - b * first
        for s in range(n.shape[0]):
            for c in range(4):
                p[s, c, z] = a * n[s, c, z] + b * f[s, c, z]


#: Closures by name.
CLOSURES = {
    "trace_minerbo": trace_minerbo,
    "trace_levermore": trace_levermore,
    "diagonal_minerbo": diagonal_minerbo,
    "diagonal_levermore": diagonal_levermore,
    "linear_polarisation": linear_polarisation,
    "common_gauss": common_gauss,
}


def check_moments(number, flux, closure: str) -> tuple[np.ndarray, np.ndarray]:
    """Densities and fluxes (4,) as arrays; refuses what no distribution has."""

    def refuse(field, problem, expected):
        raise QkepipeError(Defect("moments", field, problem, expected))

    if closure not in CLOSURES:
        refuse("closure", f"{closure!r} is unknown", nearest(str(closure), CLOSURES))
    number, flux = np.asarray(number, dtype=float), np.asarray(flux, dtype=float)
    for name, values in (("number", number), ("flux", flux)):
        if values.shape != (4,):
            refuse(name, f"has shape {values.shape}", f"(4,): {', '.join(SPECIES)}")
        if not np.isfinite(values).all():
            refuse(name, f"{values} is not finite", "finite numbers")
    if not (number >= 0.0).all() or not number.any():
        refuse("number", f"{number} is negative or nothing", "densities >= 0, not all 0")
    beyond = np.flatnonzero(np.abs(flux) > number * (1.0 + _SLACK))
    if beyond.size:
        i = beyond[0]
        refuse(
            f"flux[{i}]", f"{flux[i]:g} cm-3 of {SPECIES[i]} exceeds its density",
            f"at most {number[i]:g} cm-3",
        )  # fmt: skip
    return number, flux
