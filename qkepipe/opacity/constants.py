"""Constants of the weak rates in one block, so that a comparison can take another code's."""

import math
from dataclasses import dataclass

from qkepipe import constants as _c

__all__ = ["WeakConstants"]


@dataclass(frozen=True)
class WeakConstants:
    """Couplings, masses and the one switch of the charged-current rates.

    Published programs differ in these numbers (g_A alone moves the charged-current rates
    by 7 %); compare only with the block of the program compared with.

    Parameters
    ----------
    g_fermi : float
        Fermi constant [MeV^-2].
    g_v, g_a : float
        Vector and axial coupling of the nucleon.
    sin2_theta_w : float
        Weak mixing angle.
    q_np, m_e : float
        Neutron-proton mass difference and electron mass [MeV].
    m_nucleon : float
        Nucleon mass [MeV] in recoil corrections and nucleon degeneracy.
    hbar_c : float
        [MeV cm].
    blocking_density : float
        [g cm^-3]. Below, the charged-current rates take the densities of free nucleons
        without final-state blocking (0: blocking everywhere; some programs switch it off
        below 1e11).
    """

    g_fermi: float = _c.G_FERMI
    g_v: float = _c.G_V
    g_a: float = _c.G_A
    sin2_theta_w: float = _c.SIN2_THETA_W
    q_np: float = _c.Q_NP
    m_e: float = _c.M_ELECTRON
    m_nucleon: float = _c.M_NUCLEON
    hbar_c: float = _c.HBAR_C
    blocking_density: float = 0.0

    @property
    def g2(self) -> float:
        """G_F^2 (hbar c)^2/pi [cm^2 MeV^-2]: the scale of every cross section."""
        return (self.g_fermi * self.hbar_c) ** 2 / math.pi
