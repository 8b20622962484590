"""Coherent scattering on alpha particles and heavy nuclei.

Burrows, Reddy & Thompson, Nucl. Phys. A 777, 356 (2006): with sigma = G_F^2 (hbar c)^2/pi E^2,

    alpha:   chi0 = 16 sigma s2w^2 n_alpha,   angular factor 1 + cos
    nuclei:  dsigma/dOmega = sigma/(16 pi) A^2 [W C_FF + C_LOS]^2 S_ion (1 + cos)
             W = 1 - 2 (Z/A)(1 - 2 s2w),   C_FF = exp(-y (1 - cos)/2),
             y = (E/56 MeV)^2 (A/100)^(2/3)

S_ion is the correlation of the ions: fit of Horowitz, Phys. Rev. D 55, 4577 (1997), to the
transport cross section, in Ebar = E a/(hbar c) and Gamma = Z^2 e^2/(a T), a the radius of the
sphere of one ion. C_LOS is the polarisation of the electrons (Leinson, Oraevsky & Semikoz
1988, Phys. Lett. B 209, 80), (Z/A)(1 + 4 s2w)/(1 + (k r_D)^2), with k^2 = 2 (E/hbar c)^2
(1 - cos) and r_D^2 = pi (hbar c)^2/(4 alpha p_F E_F). It is an option of the constants, off by
default: the term has the vector coupling of electrons to nu_e, but is applied to all flavours,
and it adds to W where screening by the electrons should subtract.

The transport cross section is integrated over angle; the total one is 3/2 of it, that of an
angular factor 1 + cos. Form factor and polarisation make scattering more forward than that:
two moments would then leave a kernel chi0 + chi1 cos that is negative backwards.
"""

import math

import numpy as np

from qkepipe.constants import FINE_STRUCTURE
from qkepipe.jit import jit
from qkepipe.opacity.process import Matter, Opacities, Process, Setup

__all__ = ["PROCESS", "ion_correlation", "scattering_nuclei"]

_COS, _WEIGHT = np.polynomial.legendre.leggauss(16)
#: Range of Gamma in the fit.
_GAMMA_MIN, _GAMMA_MAX = 1.0, 150.0
#: Coefficients of Ebar^3 .. Ebar^6 over powers of sqrt(Gamma).
_FIT = np.array(
    [
        [-7.362056, 0.5371365, -0.1078845, 4.189612e-3],
        [3.4489581, -0.40251656, 9.0877878e-2, -3.4353581e-3],
        [-0.74128645, 0.11019855, -2.5359361e-2, 9.0487744e-4],
        [5.9573285e-2, -1.0186552e-2, 2.2791369e-3, -7.4614597e-5],
    ]
)


@jit
def ion_correlation(ebar, gamma):
    """S_ion of Horowitz (1997), averaged over angle for the transport cross section."""
    g = min(max(gamma, _GAMMA_MIN), _GAMMA_MAX)
    root = math.sqrt(g)
    if ebar > 3.0 + 4.0 / root:
        return 1.0
    exponent = math.log(0.3 / (0.3 + 3.0 * g)) + 20.0 / 3.0 * ebar**2
    for i in range(4):
        beta = _FIT[i, 0] + root * (_FIT[i, 1] + root * (_FIT[i, 2] + root * _FIT[i, 3]))
        exponent += beta * ebar ** (i + 3)
    return 1.0 / (1.0 + math.exp(-exponent))


@jit
def _form_integral(y, w, polarisation, screening):
    """int [w C_FF + C_LOS]^2 (1 + cos)(1 - cos) dcos, C_LOS = p/(1 + q (1 - cos))."""
    total = 0.0
    for i in range(_COS.size):
        x = 1.0 - _COS[i]
        amplitude = w * math.exp(-0.5 * y * x) + polarisation / (1.0 + screening * x)
        total += _WEIGHT[i] * amplitude * amplitude * x * (2.0 - x)
    return total


@jit
def _nuclei_kernel(
    n_alpha, n_heavy, a, z_number, t, fermi, energy, sigma, s2w, hbar_c, polarised, chi0, chi_tr
):
    for k in range(energy.shape[0]):
        for z in range(energy.shape[1]):
            e = energy[k, z]
            alpha = 16.0 * sigma[k, z] * s2w * s2w * n_alpha[z]
            chi_tr[k, z] = alpha * 2.0 / 3.0
            if n_heavy[z] > 0.0:
                radius = (3.0 / (4.0 * math.pi * n_heavy[z])) ** (1.0 / 3.0)
                gamma = z_number[z] ** 2 * FINE_STRUCTURE * hbar_c / (radius * t[z])
                y = (e / 56.0) ** 2 * (a[z] / 100.0) ** (2.0 / 3.0)
                w = a[z] - 2.0 * z_number[z] * (1.0 - 2.0 * s2w)
                p = z_number[z] * (1.0 + 4.0 * s2w) if polarised else 0.0
                q = 0.5 * math.pi * e * e / (FINE_STRUCTURE * fermi[z])
                heavy = sigma[k, z] / 8.0 * n_heavy[z] * _form_integral(y, w, p, q)
                chi_tr[k, z] += heavy * ion_correlation(e * radius / hbar_c, gamma)
            chi0[k, z] = 1.5 * chi_tr[k, z]


def scattering_nuclei(matter: Matter, energy: np.ndarray, setup: Setup) -> Opacities:
    """Coherent scattering of all species on alpha particles and heavy nuclei.

    Parameters
    ----------
    matter : Matter
        With mass fractions ``x_alpha``, ``x_heavy`` and mean ``abar``, ``zbar`` (not used
        where ``x_heavy`` is 0 or they are NaN or 0).
    energy : ndarray, shape (e, z)
        Local energies [MeV].
    setup : Setup

    Returns
    -------
    Opacities
        ``scattering`` and ``scattering_transport`` (4, e, z).
    """
    c = setup.constants
    a = matter["abar"]
    n_b = matter["n_b"]
    known = (a > 0.0) & np.isfinite(a) & np.isfinite(matter["zbar"])
    n_heavy = np.where(known, n_b * np.maximum(matter["x_heavy"], 0.0), 0.0)
    n_heavy = n_heavy / np.where(known, a, 1.0)
    # p_F E_F of the electrons, with the chemical potential for the Fermi energy
    electron = np.maximum(matter["mu_e"], c.m_e * (1.0 + 1e-10))
    fermi = electron * np.sqrt(electron**2 - c.m_e**2)
    chi0 = np.empty(energy.shape)
    chi_tr = np.empty_like(chi0)
    _nuclei_kernel(
        n_b * np.maximum(matter["x_alpha"], 0.0) / 4.0,
        n_heavy,
        a,
        matter["zbar"],
        matter["temperature"],
        fermi,
        energy,
        c.g2 * energy**2,
        c.sin2_theta_w,
        c.hbar_c,
        c.electron_polarisation,
        chi0,
        chi_tr,
    )
    shape = (4, *chi0.shape)
    return Opacities(
        scattering=np.broadcast_to(chi0, shape).copy(),
        scattering_transport=np.broadcast_to(chi_tr, shape).copy(),
    )


PROCESS = Process(
    scattering_nuclei,
    "Coherent scattering of all species on alpha particles and heavy nuclei (Burrows et al. 2006).",
    needs=("x_alpha", "x_heavy", "abar", "zbar"),
)
