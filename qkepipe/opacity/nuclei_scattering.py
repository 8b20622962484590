"""Coherent scattering on alpha particles and heavy nuclei.

Burrows, Reddy & Thompson, Nucl. Phys. A 777, 356 (2006): with sigma = G_F^2 (hbar c)^2/pi E^2,

    alpha:   chi0 = 16 sigma s2w^2 n_alpha,   angular factor 1 + cos
    nuclei:  dsigma/dOmega = sigma/(16 pi) A^2 W^2 exp(-y (1 - cos)) (1 + cos),
             W = 1 - 2 (Z/A)(1 - 2 s2w),   y = (E/56 MeV)^2 (A/100)^(2/3)

Left out: polarisation of the electrons and correlations between the ions.
"""

import math

import numpy as np

from qkepipe.jit import jit
from qkepipe.opacity.process import Matter, Opacities, Process, Setup

__all__ = ["PROCESS", "form_factor_integrals", "scattering_nuclei"]


@jit
def form_factor_integrals(y):
    """int e^(-y (1 - c)) (1 + c) dc over [-1, 1], and the same weighted with 1 - c."""
    if y < 0.5:  # power series: the closed forms cancel
        total = 0.0
        transport = 0.0
        term = 4.0  # (-2 y)^k/k! times 4
        for k in range(25):
            total += term / ((k + 1) * (k + 2))
            transport += 2.0 * term / ((k + 2) * (k + 3))
            term *= -2.0 * y / (k + 1)
        return total, transport
    q = math.exp(-2.0 * y)
    total = (2.0 * y - 1.0 + q) / y**2
    transport = 2.0 * (1.0 - q * (1.0 + 2.0 * y)) / y**2
    transport -= (2.0 - q * (2.0 + 4.0 * y + 4.0 * y * y)) / y**3
    return total, transport


@jit
def _nuclei_kernel(n_alpha, n_heavy, a, z_number, energy, sigma, s2w, chi0, chi_tr):
    for k in range(energy.shape[0]):
        for z in range(energy.shape[1]):
            alpha = 16.0 * sigma[k, z] * s2w * s2w * n_alpha[z]
            chi0[k, z] = alpha
            chi_tr[k, z] = alpha * 2.0 / 3.0
            if n_heavy[z] > 0.0:
                w = a[z] - 2.0 * z_number[z] * (1.0 - 2.0 * s2w)
                y = (energy[k, z] / 56.0) ** 2 * (a[z] / 100.0) ** (2.0 / 3.0)
                total, transport = form_factor_integrals(y)
                heavy = sigma[k, z] / 8.0 * w * w * n_heavy[z]
                chi0[k, z] += heavy * total
                chi_tr[k, z] += heavy * transport


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
    chi0 = np.empty(energy.shape)
    chi_tr = np.empty_like(chi0)
    _nuclei_kernel(
        n_b * np.maximum(matter["x_alpha"], 0.0) / 4.0,
        n_heavy,
        a,
        matter["zbar"],
        energy,
        c.g2 * energy**2,
        c.sin2_theta_w,
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
    "Coherent scattering of all species on alpha particles and heavy nuclei.",
    needs=("x_alpha", "x_heavy", "abar", "zbar"),
)
