"""Rates that the snapshot itself gives, brought to the energies of the study.

Opacities are interpolated as power laws (log of the rate, linear in log E), the ratio
j/(c kappa*), which is the equilibrium occupation of thermal matter, as an exponential (log,
linear in E). Where a neighbour is zero the interpolation is linear. Values at a given group
centre pass unchanged. Between the centre of an outermost group and its edge its values hold,
beyond nothing is extrapolated.
"""

import numpy as np

from qkepipe.constants import C_LIGHT
from qkepipe.errors import Defect, QkepipeError
from qkepipe.opacity.process import Matter, Opacities, Process, Setup

__all__ = ["PROCESS", "interpolate", "table"]


def interpolate(values, x, x_new, left) -> np.ndarray:
    """Logarithm of ``values`` (s, e, z) linear in ``x`` (e); linear next to zeros.

    Parameters
    ----------
    values : ndarray, shape (s, e, z)
        Not negative.
    x, x_new : ndarray, shape (e,), (k, z)
        Old (increasing) and new abscissae.
    left : ndarray of int, shape (k, z)
        Index of the old point on the left of every new one.

    Returns
    -------
    ndarray, shape (s, k, z)
    """
    w = (x_new - x[left]) / (x[left + 1] - x[left])
    a = np.take_along_axis(values, left[None], axis=1)
    b = np.take_along_axis(values, left[None] + 1, axis=1)
    positive = (a > 0.0) & (b > 0.0)
    log_a, log_b = np.log(np.where(positive, a, 1.0)), np.log(np.where(positive, b, 1.0))
    smooth = np.exp((1.0 - w) * log_a + w * log_b)
    out = np.where(positive, smooth, (1.0 - w) * a + w * b)
    return np.where(w == 0.0, a, np.where(w == 1.0, b, out))


def table(matter: Matter, energy: np.ndarray, setup: Setup) -> Opacities:
    """Emission, absorption and scattering as given by the snapshot.

    Emission is not forced into detailed balance: the snapshot's own j and kappa* are used.

    Parameters
    ----------
    matter : Matter
        With ``emissivity`` [s^-1], ``absorption``, ``scattering`` and
        ``scattering_transport`` [cm^-1] of shape (4, own energies, z) and ``table_energy``.
    energy : ndarray, shape (e, z)
        Local energies of the study [MeV].
    setup : Setup

    Returns
    -------
    Opacities

    Raises
    ------
    QkepipeError
        If the study has energies outside the snapshot's.
    """
    own = matter["table_energy"]
    if own.size < 2 or np.any(np.diff(own) <= 0.0):
        raise QkepipeError(
            Defect("rates", "energy", "the snapshot's rates have no increasing energy axis")
        )
    edges = matter.columns.get("table_edges", own)
    slack = 1e-9 * own[-1]
    outside = (energy < edges[0] - slack) | (energy > edges[-1] + slack)
    if outside.any():
        raise QkepipeError(
            Defect(
                "rates",
                f"energy[{int(np.argmax(outside.any(axis=1)))}]",
                f"{energy[outside][0]:.6g} MeV is outside the snapshot's rates",
                f"{edges[0]:.6g} to {edges[-1]:.6g} MeV",
                "an energy grid inside this range",
            )
        )
    new = np.clip(energy, own[0], own[-1])
    left = np.clip(np.searchsorted(own, new, side="right") - 1, 0, own.size - 2)
    log_own, log_new = np.log(own), np.log(new)

    def power_law(name):
        return interpolate(matter[name], log_own, log_new, left)

    absorption = power_law("absorption")
    given = matter["absorption"] > 0.0
    ratio = np.where(
        given, matter["emissivity"] / (C_LIGHT * np.where(given, matter["absorption"], 1.0)), 0.0
    )
    balanced = C_LIGHT * absorption * interpolate(ratio, own, new, left)
    both = np.take_along_axis(given, left[None], 1) & np.take_along_axis(given, left[None] + 1, 1)
    return Opacities(
        absorption=absorption,
        scattering=power_law("scattering"),
        scattering_transport=power_law("scattering_transport"),
        emissivity=np.where(both, balanced, interpolate(matter["emissivity"], own, new, left)),
    )


PROCESS = Process(
    table,
    "Emission, absorption and scattering as given by the snapshot.",
    needs=("emissivity", "absorption", "scattering"),
    per_group=True,
)
