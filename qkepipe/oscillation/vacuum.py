"""Vacuum and matter Hamiltonians of two and three flavours, as real components.

i d_s f = [H, f] with s = c t and H in cm^-1 (Sigl & Raffelt 1993, Nucl. Phys. B 406, 423):

    H_vac = U M^2 U+/(2E) ,   H_mat = diag(lambda, 0, ...) ,   lambda = sqrt(2) G_F n_e

(Wolfenstein 1978, PRD 17, 2369). U is the PMNS matrix in the standard parametrisation of the
Review of Particle Physics, sec. 14 (nu_flavour = U nu_mass); two flavours: nu_e = cos nu_1 +
sin nu_2, that is

    V_vac = omega (sin 2theta, 0, -cos 2theta) ,   omega = dm^2/(2E)

in the vector (2 Re H_ex, -2 Im H_ex, H_ee - H_xx). The sign of dm^2 is the ordering. The
antineutrino matrix is stored as g = conj(fbar), and i d_s g = [H_mat - H_vac, g] with the SAME
H_vac: the phase of CP needs no other sign. All Hamiltonians are returned without their trace.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np

from qkepipe.constants import (
    DELTA_CP,
    DELTA_M2_3L,
    DELTA_M2_21,
    DELTA_M2_ATM,
    HBAR_C,
    SIN2_THETA_12,
    SIN2_THETA_13,
    SIN2_THETA_23,
    SQRT2_GF,
)
from qkepipe.errors import Defect, QkepipeError, nearest

__all__ = [
    "ORDERINGS",
    "ThreeFlavors",
    "TwoFlavors",
    "components",
    "matter_hamiltonian",
    "matter_potential",
    "mixing_of",
    "vacuum_angle",
    "vacuum_hamiltonian",
]

#: Mass orderings.
ORDERINGS = ("normal", "inverted")
#: eV^2 in MeV^2.
_EV2 = 1e-12


@dataclass(frozen=True)
class TwoFlavors:
    """Mass splitting [eV^2], positive in the normal ordering, and mixing angle [rad]."""

    delta_m2: float
    theta: float

    def mass_matrix(self) -> np.ndarray:
        """U M^2 U+ without its trace [eV^2], shape (2, 2)."""
        c, s = np.cos(2.0 * self.theta), np.sin(2.0 * self.theta)
        return 0.5 * self.delta_m2 * np.array([[-c, s], [s, c]], dtype=complex)


@dataclass(frozen=True)
class ThreeFlavors:
    """Mass splittings [eV^2] (``delta_m2_31`` negative in the inverted ordering), angles [rad]."""

    delta_m2_21: float
    delta_m2_31: float
    theta_12: float
    theta_13: float
    theta_23: float
    delta_cp: float

    def mixing_matrix(self) -> np.ndarray:
        """PMNS matrix U(flavour, mass), Review of Particle Physics, eq. (14.33) (recalled)."""
        s12, s13, s23 = np.sin([self.theta_12, self.theta_13, self.theta_23])
        c12, c13, c23 = np.cos([self.theta_12, self.theta_13, self.theta_23])
        phase = np.exp(1j * self.delta_cp)
        return np.array(
            [
                [c12 * c13, s12 * c13, s13 / phase],
                [-s12 * c23 - c12 * s23 * s13 * phase, c12 * c23 - s12 * s23 * s13 * phase,
                 s23 * c13],
                [s12 * s23 - c12 * c23 * s13 * phase, -c12 * s23 - s12 * c23 * s13 * phase,
                 c23 * c13],
            ]
        )  # fmt: skip

    def mass_matrix(self) -> np.ndarray:
        """U M^2 U+ without its trace [eV^2], shape (3, 3)."""
        u = self.mixing_matrix()
        square = np.array([0.0, self.delta_m2_21, self.delta_m2_31])
        return (u * (square - square.mean())) @ u.conj().T


def mixing_of(ordering: str, flavors: int) -> TwoFlavors | ThreeFlavors:
    """Measured parameters (:mod:`qkepipe.constants`) of an ordering.

    Two flavours are the electron flavour and a heavy one that mix by theta_13 and
    +-DELTA_M2_ATM.
    """
    if ordering not in ORDERINGS:
        raise QkepipeError(
            Defect("vacuum", "ordering", f"{ordering!r}", hint=nearest(str(ordering), ORDERINGS))
        )
    if flavors not in (2, 3):
        raise QkepipeError(Defect("vacuum", "flavors", f"{flavors!r}", "2 or 3"))
    sign = 1.0 if ordering == "normal" else -1.0
    theta_13 = np.arcsin(np.sqrt(SIN2_THETA_13[ordering]))
    if flavors == 2:
        return TwoFlavors(sign * DELTA_M2_ATM, float(theta_13))
    splitting = DELTA_M2_3L[ordering] + (0.0 if sign > 0.0 else DELTA_M2_21)
    return ThreeFlavors(
        DELTA_M2_21,
        splitting,
        float(np.arcsin(np.sqrt(SIN2_THETA_12))),
        float(theta_13),
        float(np.arcsin(np.sqrt(SIN2_THETA_23[ordering]))),
        DELTA_CP[ordering],
    )


def components(matrix: np.ndarray) -> np.ndarray:
    """Real components of Hermitian matrices (..., n, n): shape (4, ...) or (9, ...)."""
    flavors = matrix.shape[-1]
    rows = [matrix[..., a, a].real for a in range(flavors)]
    for a in range(flavors):
        for b in range(a + 1, flavors):
            rows += [matrix[..., a, b].real, matrix[..., a, b].imag]
    return np.stack(rows)


def vacuum_hamiltonian(energy, mixing: TwoFlavors | ThreeFlavors) -> np.ndarray:
    """Vacuum Hamiltonian of neutrinos [cm^-1]; of stored antineutrinos, with the other sign.

    Parameters
    ----------
    energy : array_like (...)
        [MeV], positive.
    mixing : TwoFlavors or ThreeFlavors

    Returns
    -------
    ndarray (4, ...) or (9, ...)
        Components of H_vac without its trace.

    Raises
    ------
    QkepipeError
        Energies that are not positive, or parameters that are not finite.
    """
    energy = np.asarray(energy, dtype=float)
    if not (np.isfinite(energy).all() and (energy > 0.0).all()):
        raise QkepipeError(
            Defect("vacuum", "energy", "not positive or not finite", "energies > 0 MeV")
        )
    if not np.isfinite(astuple(mixing)).all():
        raise QkepipeError(Defect("vacuum", "mixing", f"{mixing}", "finite parameters"))
    return np.multiply.outer(components(mixing.mass_matrix()) * _EV2 / (2.0 * HBAR_C), 1.0 / energy)


def matter_potential(electron_density):
    """lambda = sqrt(2) G_F n_e [cm^-1] of the net electron density [cm^-3]."""
    return SQRT2_GF * electron_density


def matter_hamiltonian(potential, flavors: int) -> np.ndarray:
    """diag(lambda, 0, ...) without its trace: shape (4, ...) or (9, ...) [cm^-1]."""
    potential = np.asarray(potential, dtype=float)
    share = np.full(flavors, -1.0 / flavors)
    share[0] += 1.0
    rows = np.zeros(flavors * flavors)
    rows[:flavors] = share
    return np.multiply.outer(rows, potential)


def vacuum_angle(energy, electron_density, mixing: TwoFlavors) -> np.ndarray:
    """Angle between flavour and the eigenstates in matter, 2 theta_m [rad].

    tan 2theta_m = omega sin 2theta/|omega cos 2theta - lambda| (Wolfenstein 1978, PRD 17, 2369),
    omega = dm^2/2E, lambda = sqrt(2) G_F n_e: the coherence that the vacuum term gives to what
    was emitted as flavour, without self-interaction.

    Parameters
    ----------
    energy : array_like
        [MeV].
    electron_density : array_like
        [cm^-3].
    mixing : TwoFlavors
    """
    v = vacuum_hamiltonian(energy, mixing)
    # along axis 3: H_ee - H_xx, across: 2 H_ex
    along = v[0] - v[1] + matter_potential(np.asarray(electron_density))
    return np.arctan2(np.abs(2.0 * v[2]), np.abs(along))
