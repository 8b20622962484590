"""Electron capture on heavy nuclei and its inverse, e- A(Z, N) <-> nu_e A'(Z-1, N+1).

Bruenn, ApJS 58, 771 (1985), eqs (C27)-(C31): 1f7/2 protons become 1f5/2 neutrons, in the
independent-particle model with the final level Delta = 3 MeV above the ground state,

    S      = G_F^2 (hbar c)^2/pi g_A^2 2/7 N_p(Z) N_h(N) n_A eps sqrt(eps^2 - m_e^2)
    j/c    = S f_e(eps),   kappa = S [1 - f_e(eps)] exp((mu_hat - Q')/T)
    eps    = E + Q',       Q' = mu_hat + Delta

Q' cancels from kappa/j, so the two are in detailed balance with mu_nu = mu_e - mu_hat. The
model has no capture at N >= 40, where real nuclei do capture (Langanke et al., PRL 90, 241102,
2003): a lower limit in the collapse phase.
"""

import numpy as np

from qkepipe.opacity.process import Matter, Opacities, Process, Setup
from qkepipe.phasespace import fermi_dirac

__all__ = ["PROCESS", "absorption_nuclei"]

#: Energy of the neutron 1f5/2 level above the ground state [MeV].
_LEVEL = 3.0


def absorption_nuclei(matter: Matter, energy: np.ndarray, setup: Setup) -> Opacities:
    """Absorption and emission of nu_e on heavy nuclei, closed at N = 40.

    Parameters
    ----------
    matter : Matter
        With the mass fraction ``x_heavy`` and mean ``abar``, ``zbar`` (not used where
        ``x_heavy`` is 0 or they are NaN or 0).
    energy : ndarray, shape (e, z)
        Local energies [MeV].
    setup : Setup

    Returns
    -------
    Opacities
        ``absorption`` (4, e, z): zero for all species but nue.
    """
    c = setup.constants
    t = matter["temperature"]
    a, z = matter["abar"], matter["zbar"]
    known = (a > 0.0) & np.isfinite(a) & np.isfinite(z)
    a, z = np.where(known, a, 1.0), np.where(known, z, 0.0)
    nuclei = matter["n_b"] * np.maximum(np.where(known, matter["x_heavy"], 0.0), 0.0) / a
    protons = np.clip(z - 20.0, 0.0, 8.0)
    holes = np.clip(40.0 - (a - z), 0.0, 6.0)
    electron = np.maximum(energy + matter["mu_hat"] + _LEVEL, c.m_e)
    momentum = np.sqrt(electron**2 - c.m_e**2)
    strength = c.g2 * c.g_a**2 * (2.0 / 7.0) * protons * holes * nuclei * electron * momentum
    f_e = fermi_dirac(electron, t, matter["mu_e"])
    out = np.zeros((4, *energy.shape))
    out[0] = strength * (f_e + (1.0 - f_e) * np.exp(-_LEVEL / t))
    return Opacities(absorption=out)


PROCESS = Process(
    absorption_nuclei,
    "Absorption and emission of nu_e on heavy nuclei, closed at N = 40 (Bruenn 1985).",
    needs=("x_heavy", "abar", "zbar"),
    charged_current=True,
)
