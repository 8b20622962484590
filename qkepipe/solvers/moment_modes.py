"""Linear growth of flavour modes in the two-moment equations.

For N_ex, F_ex ~ exp(i(k z - Omega t)) on a homogeneous flavour-diagonal state, in both sectors
(antineutrinos as complex conjugates, sign s = -1),

    Omega N = k F + Phi_0 N - Phi_1 F - n D_0 + f D_1
    Omega F = k P + Phi_0 F - Phi_1 P - f D_0 + p D_1 ,     D_0 = sum s N ,  D_1 = sum s F ,

with the potentials n, f, p of e minus x in the moments 0, 1, 2 and Phi_0 = sum s n, Phi_1 = sum s
f (moments of the equation in :mod:`qkepipe.solvers.moment_box`; Froustey et al. 2024, PRD 109,
043046, whose public code neutrino_linear_stability has the same matrix). The closure is linear in
small N_ex, F_ex: P = A N + B F, with A and B from the closure itself.
"""

from __future__ import annotations

import numpy as np

from qkepipe.constants import SQRT2_GF
from qkepipe.solvers.closures import CLOSURES, check_moments

__all__ = ["closure_coefficients", "fastest_moment_mode", "moment_growth"]

#: Size of N_ex and F_ex over the density, of which the square is neglected.
_SMALL = 1e-6
#: Spacing of the wavenumbers tried, in units of the sum of the potentials, and refinements.
_SPACING, _REFINED = 0.01, 4


def closure_coefficients(number: np.ndarray, flux: np.ndarray, closure: str) -> tuple:
    """A and B of P_ex = A N_ex + B F_ex, and P_ee - P_xx, each (2,) over sectors.

    Parameters
    ----------
    number, flux : ndarray (2, 2)
        N and F over (flavour, sector).
    closure : str
        Name in :data:`qkepipe.solvers.closures.CLOSURES`.
    """
    # three cells: the state, a small N_ex, a small F_ex
    n, f, p = np.zeros((3, 2, 4, 3))
    for x, given in ((n, number), (f, flux)):
        x[:, 0] = given.sum(axis=0)[:, None]
        x[:, 3] = (given[0] - given[1])[:, None]
    small = _SMALL * np.maximum(n[:, 0, 0], 1e-300)
    n[:, 1, 1] = small
    f[:, 1, 2] = small
    CLOSURES[closure](n, f, p)
    return p[:, 1, 1] / small, p[:, 1, 2] / small, p[:, 3, 0]


def moment_growth(number, flux, closure: str, wavenumber) -> np.ndarray:
    """Largest Im Omega at given wavenumbers.

    Parameters
    ----------
    number, flux : array_like (4,)
        Number density and number flux over c [cm^-3] of nue, nuebar, nux, nuxbar.
    closure : str
        Name in :data:`qkepipe.solvers.closures.CLOSURES`.
    wavenumber : array_like (...)
        k of exp(i k z) [cm^-1], in the laboratory.

    Returns
    -------
    ndarray (...)
        Growth rate [cm^-1]; zero where nothing grows.

    Raises
    ------
    QkepipeError
        If moments are not those of a distribution, or the closure is unknown.
    """
    number, flux = check_moments(number, flux, closure)
    number, flux = SQRT2_GF * number.reshape(2, 2), SQRT2_GF * flux.reshape(2, 2)
    sign = np.array([1.0, -1.0])
    n, f = number[0] - number[1], flux[0] - flux[1]
    a, b, p = closure_coefficients(number, flux, closure)
    phi0, phi1 = sign @ n, sign @ f
    k = np.asarray(wavenumber, dtype=float)
    matrix = np.zeros((*k.shape, 2, 2, 2, 2))
    for s in (0, 1):
        # d_z F and d_z P, and the turn by the potentials of the state
        matrix[..., s, 0, s, 1] += k - phi1
        matrix[..., s, 1, s, 0] += (k - phi1) * a[s]
        matrix[..., s, 1, s, 1] += (k - phi1) * b[s]
        matrix[..., s, 0, s, 0] += phi0
        matrix[..., s, 1, s, 1] += phi0
        # the potentials of the mode
        for t in (0, 1):
            matrix[..., s, 0, t, 0] -= n[s] * sign[t]
            matrix[..., s, 0, t, 1] += f[s] * sign[t]
            matrix[..., s, 1, t, 0] -= f[s] * sign[t]
            matrix[..., s, 1, t, 1] += p[s] * sign[t]
    omega = np.linalg.eigvals(matrix.reshape(*k.shape, 4, 4))
    return np.maximum(omega.imag.max(axis=-1), 0.0)


def fastest_moment_mode(number, flux, closure: str, highest: float) -> tuple[float, float]:
    """Growth rate and wavenumber [cm^-1] of the fastest mode up to ``highest`` [cm^-1].

    The limit belongs to the question: closures that treat the sectors apart grow at large
    wavenumbers, where a continuous angular distribution does not. Other arguments and errors as
    of :func:`moment_growth`.
    """
    scale = SQRT2_GF * float(np.sum(number))
    k = np.linspace(-highest, highest, 1 + 2 * max(20, int(np.ceil(highest / (_SPACING * scale)))))
    for _ in range(_REFINED):
        growth = moment_growth(number, flux, closure, k)
        best, spacing = k[np.argmax(growth)], k[1] - k[0]
        k = np.linspace(max(best - spacing, -highest), min(best + spacing, highest), 41)
    growth = moment_growth(number, flux, closure, k)
    best = int(np.argmax(growth))
    return float(growth[best]), float(k[best])
