"""Nucleon-nucleon bremsstrahlung N N <-> N N nu nubar as effective emission and absorption.

Kernel of Hannestad & Raffelt, ApJ 507, 339 (1998): one-pion exchange with a pion mass and
multiple scattering, fitted for any degeneracy of the nucleons; channels nn, pp and np with
weights 1, 1 and 28/3. With x = (E + E')/T and the fits s and g of that paper,

    j(E) = 3 C_A^2 G_F^2 (hbar c)^2 c/(2 pi^2) int E'^2 dE' (1 - fbar') e^-x sum_ch w n S(x)
    S    = (Gamma/T) s/(x^2 + (Gamma g/2)^2),   Gamma = 1.63 e*^1.5 (T/10 MeV),
    e*   = (3 pi^2 n)^(2/3) (hbar c)^2/(2 m T)                                (eqs 35-38)

n is n_n, n_p and sqrt(n_n n_p). Neutral current and axial only, so the same kernel for all
species; they differ by the blocking of the second neutrino, which is in equilibrium with matter.
The rate is uncertain by a factor of 2 (compare ``bremsstrahlung``).
"""

import math

import numpy as np

from qkepipe.constants import M_NEUTRON, M_NUCLEON, M_PROTON
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

__all__ = ["PROCESS", "bremsstrahlung_hr98", "hr98_absorption"]

#: C_A of the published kernel.
_AXIAL = 1.26 / 2.0
#: Weights of the channels nn, pp, np.
_CHANNELS = (1.0, 1.0, 28.0 / 3.0)
#: Pion mass y = m_pi^2/(m_N T) at T = 10 MeV, eq (38).
_PION = 1.94
#: Smallest value of a difference of four numbers of order 1.
_ROUNDING = 1e-14


@jit
def _pion_mass(y, e):
    """f(u) of eq (47), u^2 = y/(2 e*): the pion mass in the degenerate limit."""
    u = math.sqrt(y / (2.0 * e))
    u2 = u * u
    ua = u2 / (2.0 * math.sqrt(2.0 * u2 + 4.0))
    value = 1.0 - 5.0 * u / 6.0 * math.atan(2.0 / u) + u2 / (3.0 * (u2 + 4.0))
    return max(value + ua / 3.0 * math.atan(1.0 / ua), _ROUNDING)


@jit
def _g(y, e):
    """Width factor g(y, e*) of multiple scattering, eqs (52) and (53)."""
    a1 = (0.5 * e + 1.0) / (e + 1.0) + (0.5 + e / 15.6) * 25.0 * y * y
    a1 /= 25.0 * y * y + 1.0
    a2 = (0.63 + 0.04 * e**1.45) / (1.0 + 0.02 * e**2.5)
    a3 = 1.2 * math.exp(0.6 * e - 0.4 * e**1.5)
    p1 = (1.8 + 0.45 * e) / (1.0 + 0.15 * e**1.5)
    p2 = 2.3 - 0.05 * e / (1.0 + 0.025 * e)
    return (a1 + a2 * y**p1) / (1.0 + a3 * y**p2 + a2 * y ** (p1 + 2.0) / 13.75)


@jit
def _channels(x, y, p, e_star, degenerate, width, weight):
    """Sum over channels of weight s/(x^2 + width^2), the fit s of eqs (45)-(50).

    ``degenerate`` is the factor of the degenerate limit that does not depend on x, ``p`` the
    exponent that joins the limits; channels of weight 0 are absent.
    """
    dilute = 2.0 * math.sqrt(math.pi) * (x + 2.0 - math.exp(-y / 12.0)) ** 1.5
    dilute *= x * x + 2.0 * x * y + 5.0 / 3.0 * y * y + 1.0
    dilute /= math.sqrt(math.pi) + (math.pi**0.125 + x + y) ** 4
    low = dilute**-p
    rise = (x * x + 4.0 * math.pi**2) * x / (4.0 * math.pi**2 * -math.expm1(-x))
    x4 = x**4
    bump = x4 / (((3.0 + (x - 1.2) ** 2) * x4 + 1.0) * (1.0 + y**4))
    x11 = x**1.1
    x093 = x**0.93
    tail = 2.3 + 1e-4 * x**1.2
    cut = 1.1 * x11 * 30.0 / (30.0 + 0.005 * x**2.8)
    pion = 0.0044 * x11 * y / (0.8 + 0.06 * y**1.05)
    total = 0.0
    for i in range(3):
        if weight[i] > 0.0:
            e = e_star[i]
            s = (low + (degenerate[i] * rise) ** -p) ** (-1.0 / p)
            s *= 1.0 + bump / (1.0 + e * e)
            h = 0.1 * e / (2.39 + 0.1 * e**1.1)
            s *= 1.0 + cut * h / (tail + h * x093) * (1.0 - pion * math.sqrt(e) / (e + 0.2))
            total += weight[i] * s / (x * x + width[i] * width[i])
    return total


@jit
def _hr98_kernel(temperature, n_n, n_p, mu_nue, energy, scale, fermi, blocked, out):
    """kappa* of the four species; ``fermi``: (hbar c)^2/(2 m) of the channels [MeV cm^2]."""
    over_z = np.empty(12)
    weight, e_star, degenerate, width = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    for c in range(temperature.size):
        t = temperature[c]
        eta = min(max(mu_nue[c] / t, -LARGEST), LARGEST)
        y_pi = _PION / (t / 10.0)
        p = 0.67 + 0.18 * y_pi**0.4
        weight[0], weight[1], weight[2] = n_n[c], n_p[c], math.sqrt(n_n[c] * n_p[c])
        narrowest = CUT
        for i in range(3):
            if weight[i] > 0.0:
                e = (3.0 * math.pi**2 * weight[i]) ** (2.0 / 3.0) * fermi[i] / t
                gamma = 1.63 * e**1.5 * (t / 10.0)
                e_star[i] = e
                degenerate[i] = 3.0 * (0.5 * math.pi) ** 2.5 * e**-2.5 * _pion_mass(y_pi, e)
                width[i] = 0.5 * gamma * _g(y_pi, e)
                weight[i] *= _CHANNELS[i] * gamma / t
                narrowest = min(narrowest, width[i])
        end = abs(eta) + CUT
        for k in range(energy.shape[0]):
            y = energy[k, c] / t
            over_z[0] = 0.0
            count = 1
            # resonance at x = y + z = 0
            near = max(y, narrowest)
            for point in (0.2 * near, near, 5.0 * near, 25.0 * near):
                count = place(point, 1.0, over_z, count)
            for point in (1.0, 4.0, 12.0, abs(eta) - WIDTH, abs(eta)):
                count = place(point, end, over_z, count)
            over_z[count] = end
            nue = 0.0
            nuebar = 0.0
            nux = 0.0
            for i in range(count):
                length = over_z[i + 1] - over_z[i]
                n = nodes_for(length)
                for l in range(n):  # noqa: E741
                    z = over_z[i] + length * NODES[n, l]
                    x = y + z
                    total = length * WEIGHTS[n, l] * z * z * math.exp(-z)
                    total *= _channels(x, y_pi, p, e_star, degenerate, width, weight)
                    if blocked:
                        nue += total * blocking(y, z, eta)
                        nuebar += total * blocking(y, z, -eta)
                        nux += total * blocking(y, z, 0.0)
                    else:
                        nue += total * no_blocking(y, eta)
                        nuebar += total * no_blocking(y, -eta)
                        nux += total * no_blocking(y, 0.0)
            factor = scale * t**3
            out[0, k, c] = factor * nue
            out[1, k, c] = factor * nuebar
            out[2, k, c] = factor * nux
            out[3, k, c] = factor * nux


def hr98_absorption(
    temperature: np.ndarray,
    n_n: np.ndarray,
    n_p: np.ndarray,
    mu_nue: np.ndarray,
    energy: np.ndarray,
    constants: WeakConstants,
    blocked: bool = True,
) -> np.ndarray:
    """Absorption that balances the emission by bremsstrahlung.

    Parameters
    ----------
    temperature, n_n, n_p, mu_nue : ndarray, shape (z,)
        [MeV], densities of free nucleons [cm^-3], chemical potential of nue in equilibrium
        [MeV].
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
    scale = 3.0 * (_AXIAL * constants.g_fermi * constants.hbar_c) ** 2 / (2.0 * math.pi**2)
    fermi = constants.hbar_c**2 / (2.0 * np.array([M_NEUTRON, M_PROTON, M_NUCLEON]))
    out = np.empty((4, *energy.shape))
    _hr98_kernel(temperature, n_n, n_p, mu_nue, energy, scale, fermi, blocked, out)
    return out


def bremsstrahlung_hr98(matter: Matter, energy: np.ndarray, setup: Setup) -> Opacities:
    """Thermal pairs of all species from nucleon-nucleon bremsstrahlung, and the inverse.

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
    return Opacities(
        absorption=hr98_absorption(
            matter["temperature"],
            matter["n_n"],
            matter["n_p"],
            matter["mu_e"] - matter["mu_hat"],
            energy,
            setup.constants,
        )
    )


PROCESS = Process(
    bremsstrahlung_hr98,
    "Nucleon-nucleon bremsstrahlung of all species (Hannestad & Raffelt 1998).",
    needs=("x_n", "x_p"),
    nodes=4,
    pairs=True,
)
