"""Nucleon form factors, recoil and weak magnetism: factors on the lowest-order cross sections.

Horowitz, Phys. Rev. D 65, 043001 (2002): charged current and total neutral-current cross
section, eq (22) with the couplings of either; neutral-current transport cross section, eq (32).
Alternative for the neutral current: the low-energy form without difference between neutrinos
and antineutrinos, to second order in E/m. Form factors of the Galster/dipole type.
"""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial.polynomial import polyval

from qkepipe.errors import Defect, QkepipeError
from qkepipe.opacity.constants import WeakConstants

__all__ = ["WEAK_MAGNETISM", "charged_current_factor", "distinct", "scattering_coefficients"]

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


def distinct(energy: np.ndarray) -> np.ndarray:
    """Energies (e, z), or (e, 1) where all zones have the same: factors broadcast."""
    first = energy[:, :1]
    return first if np.all(energy == first) else energy


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
    mass = constants.m_recoil_n if sign == 1 else constants.m_recoil_p
    e = np.asarray(energy, dtype=float) / mass
    if kind == "off":
        return np.ones_like(e)
    form = _form(e, kind)
    cv = constants.g_v * (form.f1p - form.f1n)
    ca = constants.g_a * form.axial
    f2 = form.f2p - form.f2n
    lowest = constants.g_v**2 + 3.0 * constants.g_a**2
    return np.maximum(_total(e, cv, f2, sign * ca) / lowest, 0.0)


def scattering_coefficients(
    energy, nucleon: str, sign: int, kind: str, constants: WeakConstants
) -> tuple[np.ndarray, np.ndarray]:
    """Total and transport coefficient of elastic scattering on one nucleon.

    Without corrections h_V^2 + 3 h_A^2 and (2/3)(h_V^2 + 5 h_A^2): times G_F^2 (hbar c)^2/pi
    E^2 they are the cross section and its integral with 1 - cos.

    Parameters
    ----------
    energy : array_like
        Neutrino energy [MeV].
    nucleon : {"n", "p"}
    sign : {1, -1}
        +1 for neutrinos, -1 for antineutrinos.
    kind : str
        One of :data:`WEAK_MAGNETISM`.
    constants : WeakConstants
        ``scattering_recoil`` chooses the form: ``horowitz`` is eqs (22) and (32) of Horowitz
        (2002), with recoil and the difference between neutrinos and antineutrinos;
        ``low_energy`` keeps second order in E/m without recoil.

    Returns
    -------
    total, transport : ndarray
        Shape of ``energy``, not negative.
    """
    e = np.asarray(energy, dtype=float) / getattr(constants, f"m_recoil_{nucleon}")
    cv, f2, ca = _neutral_couplings(e, nucleon, kind, constants)
    if kind == "off":
        return cv**2 + 3.0 * ca**2, (cv**2 + 5.0 * ca**2) / 1.5
    if constants.scattering_recoil == "low_energy":
        total = cv**2 + 3.0 * ca**2 + 1.5 * (e * f2) ** 2 + 2.0 * e**2 * cv * f2
        first = cv**2 - ca**2 - 2.0 * (e * f2) ** 2 - 4.0 * e**2 * cv * f2
        transport = total - first / 3.0
    else:
        total = _total(e, cv, f2, sign * ca)
        products = (cv**2, ca**2, sign * (cv + f2) * ca, cv * f2, f2**2)
        transport = sum(
            w * _bracket(e, *b) for w, b in zip(products, _TRANSPORT.values(), strict=True)
        )
    return np.maximum(total, 0.0), np.maximum(transport, 0.0)


def _neutral_couplings(e, nucleon, kind, constants):
    """Vector, Pauli and axial neutral-current coupling of one nucleon."""
    charge = 0.5 - 2.0 * constants.sin2_theta_w
    form = _form(e, "point" if kind == "off" else kind)
    moment, other = (_MU_P, _MU_N) if nucleon == "p" else (_MU_N, _MU_P)
    if nucleon == "p":
        cv = charge * form.f1p - 0.5 * form.f1n
        f2 = charge * form.f2p - 0.5 * form.f2n
        ca = 0.5 * constants.g_a * form.axial
        given = constants.f2_p
    else:
        cv = charge * form.f1n - 0.5 * form.f1p
        f2 = charge * form.f2n - 0.5 * form.f2p
        ca = -0.5 * constants.g_a * form.axial
        given = constants.f2_n
    if given is not None:
        f2 = f2 * (given / (charge * moment - 0.5 * other))
    return cv, f2, ca


#: Parts of the transport cross section, Horowitz (2002), eq (32), as polynomials a, b in
#: e = E/m (rising powers): [a ln(1 + 2e) + b/(1 + 2e)^3]/e^3.
_TRANSPORT = {
    "vector": ((-1 / 2, 1 / 2), (0.0, 1.0, 4.0, 3.0, -10 / 3)),
    "axial": ((1 / 2, 1 / 2), (0.0, -1.0, -6.0, -9.0, -10 / 3)),
    "interference": ((0.0, 1.0), (0.0, 0.0, -2.0, -10.0, -28 / 3)),
    "vector_pauli": ((0.0, 1.0), (0.0, 0.0, -2.0, -10.0, -44 / 3)),
    "pauli": ((0.0, 1 / 4), (0.0, 0.0, -1 / 2, -5 / 2, -11 / 3, 4 / 3)),
}
#: Below this E/m the power series is used: the closed form loses digits as 1/e^3.
_SMALL = 0.02
_ORDER = 14


def _bracket(e: np.ndarray, a: tuple, b: tuple) -> np.ndarray:
    """[a ln(1 + 2e) + b/(1 + 2e)^3]/e^3, by its power series for small e."""
    n = np.arange(1, _ORDER)
    log = np.concatenate([[0.0], -((-2.0) ** n) / n])
    n = np.arange(_ORDER)
    cube = (n + 1) * (n + 2) / 2 * (-2.0) ** n
    # the three lowest orders vanish
    series = (np.convolve(a, log)[:_ORDER] + np.convolve(b, cube)[:_ORDER])[3:]
    safe = np.maximum(e, _SMALL)
    closed = polyval(safe, a) * np.log1p(2.0 * safe) + polyval(safe, b) / (1.0 + 2.0 * safe) ** 3
    return np.where(e < _SMALL, polyval(np.minimum(e, _SMALL), series), closed / safe**3)


def _total(e, cv, f2, ca):
    """Cross section of Horowitz (2002), eq (22), ``ca`` negative for antineutrinos."""
    number = (
        cv**2 * (1.0 + 4.0 * e + 16.0 / 3.0 * e**2)
        + 3.0 * ca**2 * (1.0 + 4.0 / 3.0 * e) ** 2
        + 4.0 * (cv + f2) * ca * e * (1.0 + 4.0 / 3.0 * e)
        + 8.0 / 3.0 * cv * f2 * e**2
        + 5.0 / 3.0 * e**2 * (1.0 + 0.4 * e) * f2**2
    )
    return number / (1.0 + 2.0 * e) ** 3
