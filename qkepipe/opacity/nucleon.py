"""Nucleon form factors, recoil and weak magnetism: factors on the lowest-order cross sections.

Charged current: Horowitz, Phys. Rev. D 65, 043001 (2002), eq. (22). Neutral current: the
low-energy form without difference between neutrinos and antineutrinos, to second order in
E/m. Form factors of the Galster/dipole type.
"""

from dataclasses import dataclass

import numpy as np

from qkepipe.errors import Defect, QkepipeError
from qkepipe.opacity.constants import WeakConstants

__all__ = ["WEAK_MAGNETISM", "charged_current_factor", "neutral_current_couplings"]

#: Choices of the option: lowest order; point nucleons; form factors at finite momentum
#: transfer (8 % at 100 MeV, below 1 % under 30 MeV).
WEAK_MAGNETISM = ("off", "point", "form_factors")

_MU_P = 1.793
_MU_N = -1.913


@dataclass(frozen=True)
class _Form:
    """Dirac and Pauli form factors of proton and neutron, axial factor relative to g_A."""

    f1p: np.ndarray
    f2p: np.ndarray
    f1n: np.ndarray
    f2n: np.ndarray
    axial: np.ndarray


def _form(e: np.ndarray, kind: str) -> _Form:
    """Form factors at the mean momentum transfer of a neutrino of energy e = E/m."""
    one = np.ones_like(e)
    if kind == "point":
        return _Form(one, _MU_P * one, 0.0 * one, _MU_N * one, one)
    tau = 0.5 * e**2 / (1.0 + e)
    h = 1.0 / (1.0 + 5.6 * tau)
    d = 1.0 / (1.0 + 4.97 * tau) ** 2
    return _Form(
        f1p=(1.0 + (1.0 + _MU_P) * tau) * d / (1.0 + tau),
        f2p=_MU_P * d / (1.0 + tau),
        f1n=_MU_N * tau * (1.0 - h) * d / (1.0 + tau),
        f2n=_MU_N * (1.0 + tau * h) * d / (1.0 + tau),
        axial=1.0 / (1.0 + 3.53 * tau) ** 2,
    )


def check_kind(kind: bool | str) -> str:
    """Return the option as a name of :data:`WEAK_MAGNETISM` (True means form factors).

    Raises
    ------
    QkepipeError
        For an unknown name.
    """
    name = {False: "off", True: "form_factors"}.get(kind, kind)
    if name not in WEAK_MAGNETISM:
        raise QkepipeError(
            Defect(
                "rates",
                "weak_magnetism",
                f"unknown choice {kind!r}",
                "one of " + ", ".join(WEAK_MAGNETISM),
            )
        )
    return name


def charged_current_factor(energy, sign: int, kind: str, constants: WeakConstants) -> np.ndarray:
    """Factor of recoil and weak magnetism on nu_e n (sign +1) and nubar_e p (sign -1).

    Parameters
    ----------
    energy : array_like
        Neutrino energy [MeV].
    sign : {1, -1}
        +1 for neutrinos, -1 for antineutrinos.
    kind : str
        One of :data:`WEAK_MAGNETISM`.
    constants : WeakConstants

    Returns
    -------
    ndarray
        Same shape as ``energy``, at least 0.
    """
    e = np.asarray(energy, dtype=float) / constants.m_nucleon
    if kind == "off":
        return np.ones_like(e)
    form = _form(e, kind)
    cv = constants.g_v * (form.f1p - form.f1n)
    ca = constants.g_a * form.axial
    f2 = form.f2p - form.f2n
    number = (
        cv**2 * (1.0 + 4.0 * e + 16.0 / 3.0 * e**2)
        + 3.0 * ca**2 * (1.0 + 4.0 / 3.0 * e) ** 2
        + sign * 4.0 * (cv + f2) * ca * e * (1.0 + 4.0 / 3.0 * e)
        + 8.0 / 3.0 * cv * f2 * e**2
        + 5.0 / 3.0 * e**2 * (1.0 + 0.4 * e) * f2**2
    )
    lowest = (constants.g_v**2 + 3.0 * constants.g_a**2) * (1.0 + 2.0 * e) ** 3
    return np.maximum(number / lowest, 0.0)


def neutral_current_couplings(
    energy, nucleon: str, kind: str, constants: WeakConstants
) -> tuple[np.ndarray, np.ndarray]:
    """Zeroth and first angular coefficient of elastic scattering on one nucleon.

    Parameters
    ----------
    energy : array_like
        Neutrino energy [MeV].
    nucleon : {"n", "p"}
    kind : str
        One of :data:`WEAK_MAGNETISM`.
    constants : WeakConstants

    Returns
    -------
    zeroth, first : ndarray
        h_V^2 + 3 h_A^2 and h_V^2 - h_A^2 with the corrections; shape of ``energy``.
    """
    e = np.asarray(energy, dtype=float) / constants.m_nucleon
    charge = 0.5 - 2.0 * constants.sin2_theta_w
    if kind == "off":
        hv = charge if nucleon == "p" else -0.5
        ha = 0.5 * constants.g_a
        one = np.ones_like(e)
        return (hv**2 + 3.0 * ha**2) * one, (hv**2 - ha**2) * one
    form = _form(e, kind)
    if nucleon == "p":
        cv = charge * form.f1p - 0.5 * form.f1n
        f2 = charge * form.f2p - 0.5 * form.f2n
    else:
        cv = charge * form.f1n - 0.5 * form.f1p
        f2 = charge * form.f2n - 0.5 * form.f2p
    ca = 0.5 * constants.g_a * form.axial  # enters squared: same for n and p
    zeroth = cv**2 + 3.0 * ca**2 + 1.5 * (e * f2) ** 2 + 2.0 * e**2 * cv * f2
    first = cv**2 - ca**2 - 2.0 * (e * f2) ** 2 - 4.0 * e**2 * cv * f2
    return zeroth, first
