"""Elastic neutral-current scattering on free neutrons and protons.

    chi0 = G_F^2 (hbar c)^2/pi E^2 sum_N eta_NN (h_V^2 + 3 h_A^2),   chi1 with (h_V^2 - h_A^2)

Bruenn, ApJS 58, 771 (1985), with the interpolation of nucleon degeneracy of Mezzacappa &
Bruenn, ApJ 405, 637 (1993); kernel (chi0 + chi1 cos)/(4 pi), transport opacity chi0 - chi1/3.
"""

import math

import numpy as np

from qkepipe.jit import jit
from qkepipe.opacity.nucleon import neutral_current_couplings
from qkepipe.opacity.process import Matter, Opacities, Process, Setup

__all__ = ["PROCESS", "scattering_nucleons"]


@jit
def _scatterers(n, t, mass, hbar_c):
    """Density of nucleons that can scatter elastically [cm^-3]: n x/sqrt(1 + x^2)."""
    if n <= 0.0:
        return 0.0
    fermi = (hbar_c**2 / (2.0 * mass)) * (3.0 * math.pi**2 * n) ** (2.0 / 3.0)
    x = 1.5 * t / fermi
    return n * x / math.sqrt(1.0 + x * x)


@jit
def _scattering_kernel(t, n_n, n_p, zeroth, transport, mass, hbar_c, chi0, chi_tr):
    for z in range(t.size):
        eta_n = _scatterers(n_n[z], t[z], mass, hbar_c)
        eta_p = _scatterers(n_p[z], t[z], mass, hbar_c)
        for k in range(zeroth.shape[1]):
            chi0[k, z] = eta_n * zeroth[0, k] + eta_p * zeroth[1, k]
            chi_tr[k, z] = eta_n * transport[0, k] + eta_p * transport[1, k]


def scattering_nucleons(matter: Matter, energy: np.ndarray, setup: Setup) -> Opacities:
    """Elastic scattering of all species on free neutrons and protons.

    With weak magnetism in its low-energy form, the same for neutrinos and antineutrinos.

    Parameters
    ----------
    matter : Matter
    energy : ndarray, shape (e,)
        [MeV].
    setup : Setup

    Returns
    -------
    Opacities
        ``scattering`` and ``scattering_transport`` (4, e, z).
    """
    c = setup.constants
    couplings = [neutral_current_couplings(energy, n, setup.weak_magnetism, c) for n in "np"]
    scale = c.g2 * energy**2
    zeroth = np.stack([scale * r0 for r0, _ in couplings])
    transport = np.stack([scale * (r0 - r1 / 3.0) for r0, r1 in couplings])
    chi0 = np.empty((energy.size, matter.size))
    chi_tr = np.empty_like(chi0)
    _scattering_kernel(
        matter["temperature"],
        matter["n_n"],
        matter["n_p"],
        zeroth,
        transport,
        c.m_nucleon,
        c.hbar_c,
        chi0,
        chi_tr,
    )
    shape = (4, *chi0.shape)
    return Opacities(
        scattering=np.broadcast_to(chi0, shape).copy(),
        scattering_transport=np.broadcast_to(chi_tr, shape).copy(),
    )


PROCESS = Process(
    scattering_nucleons,
    "Elastic scattering of all species on free neutrons and protons.",
    needs=("x_n", "x_p"),
)
