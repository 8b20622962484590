"""Rates of a snapshot brought to the project's convention, established by detailed balance.

Files give, per energy group g, the emission eta_g as an energy per volume and time and the
absorption kappa_g. What exactly is meant differs between codes: per steradian or integrated
over angle, per group or per MeV, and absorption bare or corrected for stimulated absorption.
The coefficients of the project are

    j_g = eta_g/(Omega E_g int_g E^2 dE/(h c)^3)   [s^-1]      kappa*_g = kappa_g + j_g/c

with Omega = 1 sr for eta per steradian, 4 pi for eta integrated over angle, and eta times the
width of the group first where it is per MeV. E_g int_g E^2 dE, the centre of the group times
its number of states, is what a code with one energy per group emits. In detailed balance
j = c kappa* f, with the occupation f of neutrinos in equilibrium with matter; bare absorption
obeys j = c kappa exp(-(E - mu)/T) instead. Electron neutrinos in dense matter obey it, so
the right convention is the one whose ratio R = j/(c kappa* f) is 1, both where f is small
(factors 4 pi, widths) and where it is not (stimulated absorption).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np

from qkepipe.constants import C_LIGHT, H_C, MEV_ERG
from qkepipe.errors import Defect, QkepipeError
from qkepipe.phasespace import fermi_dirac

__all__ = ["Convention", "establish"]

#: Matter [g cm^-3] that is dense enough for the test, and the accepted distance of R from 1.
DENSE, TOLERANCE = 1e12, 0.05
#: Occupations of the two parts of the test.
_DILUTE, _DEGENERATE = (1e-20, 0.01), (0.2, 0.99)
_ANGLE = {"per steradian": 1.0, "integrated over angle": 4.0 * math.pi}
_SPECTRAL = ("per group", "per MeV")
_ABSORPTION = ("stimulated-corrected", "bare")


@dataclass(frozen=True)
class Convention:
    """Meaning of the rates of a file.

    Attributes
    ----------
    angle, spectral, absorption : str
        ``per steradian`` or ``integrated over angle``; ``per group`` or ``per MeV``;
        ``stimulated-corrected`` or ``bare``.
    ratio : float
        Median of j/(c kappa* f) in the test, nan where it was not made.
    """

    angle: str
    spectral: str
    absorption: str
    ratio: float = math.nan

    def apply(self, emission, absorption, energy, edges):
        """Return j [s^-1] and kappa* [cm^-1].

        Parameters
        ----------
        emission : ndarray, shape (..., energy, zone)
            eta [erg cm^-3 s^-1], in this convention.
        absorption : ndarray
            [cm^-1], same shape.
        energy, edges : ndarray, shape (energy,), (energy + 1,)
            Centres and edges of the groups [MeV].
        """
        states = (edges[1:] ** 3 - edges[:-1] ** 3) / 3.0 / H_C**3
        unit = MEV_ERG * energy * states * _ANGLE[self.angle]
        if self.spectral == "per MeV":
            unit = unit / np.diff(edges)
        j = emission / unit[:, None]
        return j, absorption if self.absorption == _ABSORPTION[0] else absorption + j / C_LIGHT


def establish(emission, absorption, energy, edges, rho, temperature, mu_nue, source) -> Convention:
    """Find the convention in which electron neutrinos obey detailed balance.

    Parameters
    ----------
    emission, absorption : ndarray, shape (energy, zone)
        Of electron neutrinos, as in the file.
    energy, edges : ndarray
        Groups [MeV].
    rho, temperature, mu_nue : ndarray, shape (zone,)
        [g cm^-3], [MeV], [MeV].
    source : str
        Named in the error.

    Returns
    -------
    Convention

    Raises
    ------
    QkepipeError
        If no zone is dense enough, or no convention gives detailed balance within 5 %.
    """
    dense = rho > DENSE
    f = fermi_dirac(energy[:, None], temperature[None, dense], mu_nue[None, dense])
    given = emission[:, dense], absorption[:, dense]
    parts = [
        (f > low) & (f < high) & (given[0] > 0.0) & (given[1] > 0.0)
        for low, high in (_DILUTE, _DEGENERATE)
    ]
    if not all(part.any() for part in parts):
        raise QkepipeError(
            Defect(source, "emission, absorption", "their convention cannot be established: no "
                   f"dilute and degenerate groups of nue where rho > {DENSE:g} g cm-3",
                   "dense zones", "the option rates = false, which leaves the rates out")
        )  # fmt: skip
    tried = []
    for words in product(_ANGLE, _SPECTRAL, _ABSORPTION):
        j, corrected = Convention(*words).apply(*given, energy, edges)
        ratio = j / (C_LIGHT * np.where(corrected > 0.0, corrected, np.nan) * f)
        logs = [np.log(ratio[part]) for part in parts]
        off = max(float(np.median(np.abs(log))) for log in logs)
        tried.append((off, Convention(*words, float(np.exp(np.median(np.concatenate(logs)))))))
    off, best = min(tried, key=lambda pair: pair[0])
    if off > math.log1p(TOLERANCE):
        raise QkepipeError(
            Defect(source, "emission, absorption", "no detailed balance in any convention; best: "
                   f"{best.angle}, {best.spectral}, {best.absorption}, with j/(c kappa f_FD) off "
                   f"by {math.expm1(off):.3g}", f"1 within {TOLERANCE:.0%} for nue where rho > "
                   f"{DENSE:g} g cm-3", "the option rates = false, which leaves the rates out")
        )  # fmt: skip
    return best
