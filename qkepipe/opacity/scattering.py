"""Elastic neutral-current scattering on free neutrons and protons.

    chi0 = G_F^2 (hbar c)^2/pi E^2 sum_N eta_NN (h_V^2 + 3 h_A^2),   chi1 with (h_V^2 - h_A^2)

Bruenn, ApJS 58, 771 (1985), with the interpolation of nucleon degeneracy of Mezzacappa &
Bruenn, ApJ 405, 637 (1993); kernel (chi0 + chi1 cos)/(4 pi), transport opacity chi0 - chi1/3.
"""

import math

import numpy as np

from qkepipe.opacity.constants import WeakConstants
from qkepipe.opacity.nucleon import distinct, scattering_coefficients
from qkepipe.opacity.process import Matter, Opacities, Process, Setup

__all__ = ["PROCESS", "backward_excess", "scattering_nucleons"]


def _scatterers(n: np.ndarray, t: np.ndarray, constants: WeakConstants) -> np.ndarray:
    """Density of nucleons that can scatter elastically [cm^-3]: n x/sqrt(1 + x^2).

    x = 3T/(2 E_F); written with 1/x, which is 0 where there are no nucleons.
    """
    fermi = constants.hbar_c**2 / (2.0 * constants.m_nucleon) * (3.0 * math.pi**2 * n) ** (2 / 3)
    return n / np.sqrt(1.0 + (fermi / (1.5 * t)) ** 2)


def scattering_nucleons(matter: Matter, energy: np.ndarray, setup: Setup) -> Opacities:
    """Elastic scattering of all species on free neutrons and protons.

    With weak magnetism and recoil, neutrinos and antineutrinos scatter differently.

    Parameters
    ----------
    matter : Matter
    energy : ndarray, shape (e, z)
        Local energies [MeV].
    setup : Setup

    Returns
    -------
    Opacities
        ``scattering`` and ``scattering_transport`` (4, e, z).
    """
    c = setup.constants
    values = distinct(energy)
    scale = c.g2 * energy**2
    total = np.zeros((4, *energy.shape))
    transport = np.zeros((4, *energy.shape))
    for nucleon in "np":
        eta = scale * _scatterers(matter[f"n_{nucleon}"], matter["temperature"], c)
        for first, sign in enumerate((1, -1)):
            chi0, chi_tr = scattering_coefficients(values, nucleon, sign, setup.weak_magnetism, c)
            total[first::2] += eta * chi0
            transport[first::2] += eta * chi_tr
    return Opacities(scattering=total, scattering_transport=transport)


def backward_excess(n_n, n_p, temperature, constants: WeakConstants) -> np.ndarray:
    """Transport over total opacity of elastic scattering on nucleons, to lowest order in E/m.

    Scattering on nucleons is backward: 1.035 for neutrons, 1.11 for protons, at any energy.

    Parameters
    ----------
    n_n, n_p : ndarray, shape (z,)
        Densities of free neutrons and protons [cm^-3].
    temperature : ndarray, shape (z,)
        [MeV].
    constants : WeakConstants

    Returns
    -------
    ndarray, shape (z,)
        chi_tr/chi0 = 1 - chi1/(3 chi0); 1 where there are no nucleons.
    """
    total, transport = np.zeros(n_n.shape), np.zeros(n_n.shape)
    for nucleon, density in (("n", n_n), ("p", n_p)):
        chi0, chi_tr = scattering_coefficients(0.0, nucleon, 1, "off", constants)
        scatterers = _scatterers(density, temperature, constants)
        total += chi0 * scatterers
        transport += chi_tr * scatterers
    return np.where(total > 0.0, transport / np.where(total > 0.0, total, 1.0), 1.0)


PROCESS = Process(
    scattering_nucleons,
    "Elastic scattering of all species on free neutrons and protons (Bruenn 1985, Horowitz 2002).",
    needs=("x_n", "x_p"),
)
