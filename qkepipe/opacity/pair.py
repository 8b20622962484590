"""Thermal pairs e- e+ <-> nu nubar as effective emission and absorption.

Bruenn, ApJS 58, 771 (1985), eqs (C62)-(C74); Pons, Miralles & Ibanez, A&AS 129, 343 (1998);
massless electrons. Averaged over the angle between the two neutrinos (energies E, E'), with
the electron at eps and the positron at eps' = E + E' - eps, both angular integrals are one
polynomial: m is the smallest of the four energies and q the one opposite to it,

    j(E)  = G_F^2 c/(hbar c) 2/(15 * 2 pi^3 E^2) int dE' (1 - fbar'(E')) int_0^(E+E') deps
            f_e-(eps) f_e+(eps') [ (C_V + C_A)^2 h(m, q1) + (C_V - C_A)^2 h(m, q2) ]
    h(m, q) = m^3 (10 q^2 - 5 q m + m^2),    opposite are, for q1, eps and E', eps' and E,
                                             and for q2, eps and E, eps' and E'

Antineutrinos exchange the two couplings. C_V + C_A = 1 + 2 s2w (nue), -1 + 2 s2w (nux),
C_V - C_A = 2 s2w. The second neutrino is in equilibrium with matter, so the reaction acts as
emission and absorption in detailed balance; real annihilation with the actual second neutrino
differs outside the neutrinospheres. Without the electron mass, rates at temperatures below
about 0.5 MeV are too large.
"""

import math

import numpy as np

from qkepipe.constants import C_LIGHT
from qkepipe.jit import jit
from qkepipe.opacity.constants import WeakConstants
from qkepipe.opacity.partner import (
    CUT,
    LARGEST,
    NODES,
    WEIGHTS,
    WIDTH,
    blocking,
    no_blocking,
    nodes_for,
    place,
)
from qkepipe.opacity.process import Matter, Opacities, Process, Setup

__all__ = ["PROCESS", "pair", "pair_absorption"]


@jit
def _leptons(y, z, eta, points):
    """Integrals of h(m, q1) and h(m, q2) over the electron energy, times e^y.

    f_e- f_e+ e^y = 1/((1 + e^u) (e^-y + e^(z - u))), u = x - eta: it bends at x = eta
    (eta > 0) or where the positron has -eta.
    """
    total = y + z
    low = min(y, z)
    bend = eta if eta > 0.0 else total + eta
    points[0] = 0.0
    count = place(y, total, points, 1)
    count = place(z, total, points, count)
    count = place(bend, total, points, count)
    if total > WIDTH:
        count = place(WIDTH, total, points, count)
        count = place(total - WIDTH, total, points, count)
        count = place(bend - WIDTH, total, points, count)
        count = place(bend + WIDTH, total, points, count)
    points[count] = total
    falling = math.exp(-y)
    rising = math.exp(min(z, LARGEST))
    first = 0.0
    second = 0.0
    for i in range(count):
        length = points[i + 1] - points[i]
        n = nodes_for(length)
        part1 = 0.0
        part2 = 0.0
        for k in range(n):
            x = points[i] + length * NODES[n, k]
            other = total - x
            u = x - eta
            e = math.exp(-min(abs(u), LARGEST))
            rest = falling + rising * e if u > 0.0 else falling * e + rising
            weight = WEIGHTS[n, k] * e / ((1.0 + e) * rest)
            if x < low:
                m, q1, q2 = x, z, y
            elif other < low:
                m, q1, q2 = other, y, z
            elif y < z:
                m, q1, q2 = y, other, x
            else:
                m, q1, q2 = z, x, other
            weight *= m * m * m
            part1 += weight * (q1 * (10.0 * q1 - 5.0 * m) + m * m)
            part2 += weight * (q2 * (10.0 * q2 - 5.0 * m) + m * m)
        first += length * part1
        second += length * part2
    return first, second


@jit
def _pair_kernel(temperature, mu_e, mu_nue, energy, left2, right2, strength, blocked, out):
    """kappa* of nue, nuebar, nux, nuxbar. ``left2``, ``right2``: (C_V +- C_A)^2 (nue, nux)."""
    over_z = np.empty(12)
    over_x = np.empty(10)
    for s in range(temperature.size):
        t = temperature[s]
        eta = mu_e[s] / t
        eta_nu = min(max(mu_nue[s] / t, -LARGEST), LARGEST)
        for k in range(energy.shape[0]):
            y = energy[k, s] / t
            # flat up to the last of the Fermi edges, then e^-z
            edge = max(0.0, abs(eta) - y)
            end = max(edge, abs(eta_nu)) + CUT
            over_z[0] = 0.0
            count = 1
            for point in (y, edge, abs(eta_nu)):
                for shift in (-WIDTH, 0.0, WIDTH):
                    count = place(point + shift, end, over_z, count)
            over_z[count] = end
            nue = 0.0
            nuebar = 0.0
            nux = 0.0
            nuxbar = 0.0
            for i in range(count):
                length = over_z[i + 1] - over_z[i]
                n = nodes_for(length)
                for l in range(n):  # noqa: E741
                    z = over_z[i] + length * NODES[n, l]
                    first, second = _leptons(y, z, eta, over_x)
                    first *= length * WEIGHTS[n, l]
                    second *= length * WEIGHTS[n, l]
                    if blocked:
                        block, block_bar = blocking(y, z, eta_nu), blocking(y, z, -eta_nu)
                        block_x = blocking(y, z, 0.0)
                    else:
                        block, block_bar = no_blocking(y, eta_nu), no_blocking(y, -eta_nu)
                        block_x = no_blocking(y, 0.0)
                    nue += block * (left2[0] * first + right2[0] * second)
                    nuebar += block_bar * (right2[0] * first + left2[0] * second)
                    nux += block_x * (left2[1] * first + right2[1] * second)
                    nuxbar += block_x * (right2[1] * first + left2[1] * second)
            scale = strength * t**5 / (y * y)
            out[0, k, s] = scale * nue
            out[1, k, s] = scale * nuebar
            out[2, k, s] = scale * nux
            out[3, k, s] = scale * nuxbar


def pair_absorption(
    temperature: np.ndarray,
    mu_e: np.ndarray,
    mu_nue: np.ndarray,
    energy: np.ndarray,
    constants: WeakConstants,
    blocked: bool = True,
) -> np.ndarray:
    """Absorption that balances the emission of pairs.

    Parameters
    ----------
    temperature, mu_e, mu_nue : ndarray, shape (z,)
        [MeV]; chemical potentials of the electrons and of nue in equilibrium.
    energy : ndarray, shape (e, z)
        Local energies [MeV].
    constants : WeakConstants
    blocked : bool
        Whether the second neutrino, in equilibrium with matter, blocks its own emission.

    Returns
    -------
    ndarray, shape (4, e, z)
        kappa* = (j/c)/f_eq [cm^-1].
    """
    s2w = constants.sin2_theta_w
    left2 = np.array([(1.0 + 2.0 * s2w) ** 2, (-1.0 + 2.0 * s2w) ** 2])
    right2 = np.array([(2.0 * s2w) ** 2, (2.0 * s2w) ** 2])
    strength = constants.pair_coupling / (15.0 * math.pi**3 * constants.hbar_c**3 * C_LIGHT)
    out = np.empty((4, *energy.shape))
    _pair_kernel(temperature, mu_e, mu_nue, energy, left2, right2, strength, blocked, out)
    return out


def pair(matter: Matter, energy: np.ndarray, setup: Setup) -> Opacities:
    """Thermal emission of neutrino pairs by e- e+ and the inverse, all species.

    Parameters
    ----------
    matter : Matter
    energy : ndarray, shape (e, z)
        Local energies [MeV].
    setup : Setup

    Returns
    -------
    Opacities
        ``absorption`` (4, e, z): effective, the second neutrino in equilibrium with matter.
    """
    mu_nue = matter["mu_e"] - matter["mu_hat"]
    return Opacities(
        absorption=pair_absorption(
            matter["temperature"], matter["mu_e"], mu_nue, energy, setup.constants
        )
    )


PROCESS = Process(
    pair,
    "Pairs e- e+ <-> nu nubar, all species; the second neutrino in equilibrium (Bruenn 1985).",
    nodes=4,
    pairs=True,
)
