"""Nucleon-nucleon bremsstrahlung as a thermal source of heavy-lepton neutrinos.

Fit of Burrows, Reddy & Thompson, Nucl. Phys. A 777, 356 (2006), for one neutrino of one
flavour without blocking, rho14 = rho/(1e14 g cm^-3), T in MeV:

    eta  = 0.234 Q/(4 pi T) (E/T)^2.4 exp(-1.1 E/T)              [erg cm^-3 s^-1 MeV^-1 sr^-1]
    Q    = 2.0778e30 zeta (x_n^2 + x_p^2 + 28/3 x_n x_p) rho14^2 T^5.5,  zeta = 0.5 [erg cm^-3 s^-1]

The constant is 2.0778, not the printed 1.04 (correction used by the public codes that carry
this fit). Against the kernel of Hannestad & Raffelt (1998), ``bremsstrahlung_hr98``, which
emits about half of it, the rate is uncertain by a factor of 2. The absorption that balances
the emission is an effective one, and the second neutrino does not block: nux and nuxbar only,
since for nuebar in matter with degenerate nue the missing blocking is a factor of up to 1e4.
"""

import math

import numpy as np

from qkepipe.constants import C_LIGHT, MEV_ERG
from qkepipe.opacity.equilibrium import softplus
from qkepipe.opacity.process import Matter, Opacities, Process, Setup

__all__ = ["PROCESS", "bremsstrahlung", "energy_emission"]

_STRENGTH = 2.0778e30
_ZETA = 0.5
_NORM = 0.234


def energy_emission(rho, temperature, x_n, x_p) -> np.ndarray:
    """Q [erg cm^-3 s^-1] of the module's header; a pair of one flavour carries 1.009 Q."""
    pairs = x_n**2 + x_p**2 + 28.0 / 3.0 * x_n * x_p
    return _STRENGTH * _ZETA * pairs * (rho / 1e14) ** 2 * temperature**5.5


def bremsstrahlung(matter: Matter, energy: np.ndarray, setup: Setup) -> Opacities:
    """Thermal nux and nuxbar from nucleon-nucleon bremsstrahlung, uncertain by a factor of 2.

    Parameters
    ----------
    matter : Matter
    energy : ndarray, shape (e, z)
        Local energies [MeV].
    setup : Setup

    Returns
    -------
    Opacities
        ``absorption`` (4, e, z): effective, by Kirchhoff's law; zero for nue and nuebar.
    """
    t = matter["temperature"]
    x_n, x_p = matter["n_n"] / matter["n_b"], matter["n_p"] / matter["n_b"]
    q = energy_emission(matter["rho"], t, x_n, x_p)
    ratio = energy / t
    # j = eta (2 pi hbar c)^3/E^3; kappa* = (j/c)(1 + e^(E/T)), exponents added first
    spectrum = ratio**2.4 * np.exp(softplus(ratio) - 1.1 * ratio)
    states = (2.0 * math.pi * setup.constants.hbar_c) ** 3 / energy**3
    kappa = _NORM * q / (4.0 * math.pi * t) * spectrum * states / (MEV_ERG * C_LIGHT)
    out = np.zeros((4, *energy.shape))
    out[2:] = kappa
    return Opacities(absorption=out)


PROCESS = Process(
    bremsstrahlung,
    "Bremsstrahlung of nux and nuxbar, uncertain by a factor of 2 (Burrows et al. 2006).",
    needs=("x_n", "x_p"),
    pairs=True,
)
