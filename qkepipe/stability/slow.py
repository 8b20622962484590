"""Slow (vacuum-driven) instability of an isotropic gas of one energy at kappa = 0.

With A = (g - gbar)/2, G = (g + gbar)/2 and the vacuum frequency omega, which is positive in
the normal and negative in the inverted ordering (Hannestad, Raffelt, Sigl & Wong 2006,
PRD 74, 105010, for the isotropic mode; both derived and checked for this project):

    isotropic mode:  growth^2 = -(A^2 + 2 G omega + omega^2)
    dipole mode:     growth^2 = -(A^2/9 - (2/3) G omega + omega^2)

One of them may grow in either ordering. This sees the non-resonant regime only, where omega
is not small against g eps^2, eps = (g - gbar)/(g + gbar); the resonant one at small scales
needs the full dispersion relation.
"""

from __future__ import annotations

import math

import xarray as xr

from qkepipe.constants import C_LIGHT, DELTA_M2_ATM, HBAR_C, SQRT2_GF
from qkepipe.jit import gufunc
from qkepipe.stability.cells import Cells
from qkepipe.stability.field import apply
from qkepipe.stability.instability import Instability, Kind

__all__ = ["INSTABILITY", "slow_growth", "vacuum_frequency"]


_NOTE = (
    "isotropic gas at kappa = 0 with the vacuum frequency of the mean energy, collisions left "
    "out; resonant modes of small scale are not seen"
)


@gufunc(["void(float64, float64, float64, float64[:])"], "(),(),()->()")
def _slow_kernel(g, gbar, omega, growth):
    a = 0.5 * (g - gbar)
    mean = 0.5 * (g + gbar)
    isotropic = -(a * a + 2.0 * mean * omega + omega * omega)
    dipole = -(a * a / 9.0 - 2.0 / 3.0 * mean * omega + omega * omega)
    growth[0] = math.sqrt(max(isotropic, dipole, 0.0))


def vacuum_frequency(energy):
    """Vacuum frequency dm^2/(2 E) [cm^-1] at ``energy`` [MeV], small mixing angle.

    dm^2 is the atmospheric splitting :data:`qkepipe.constants.DELTA_M2_ATM`.
    """
    return DELTA_M2_ATM * 1e-12 / (2.0 * HBAR_C * energy)


def slow_growth(g, gbar, omega):
    """Growth of the faster of the isotropic and the dipole mode.

    Parameters
    ----------
    g, gbar : ndarray (...)
        sqrt(2) G_F (n_ee - n_xx) of neutrinos and antineutrinos [cm^-1].
    omega : ndarray (...) or float
        Vacuum frequency [cm^-1]; negative in the inverted ordering.

    Returns
    -------
    ndarray (...)
        Growth rate [cm^-1]; 0 where neither grows.
    """
    return _slow_kernel(g, gbar, omega)


def _slow(cells: Cells, found: xr.Dataset) -> xr.Dataset:
    n = cells.field.number
    g = SQRT2_GF * (n.isel(species=0, drop=True) - n.isel(species=2, drop=True))
    gbar = SQRT2_GF * (n.isel(species=1, drop=True) - n.isel(species=3, drop=True))
    omega = vacuum_frequency(cells.field.mean_energy)
    out = {}
    for ordering, sign in (("normal", 1.0), ("inverted", -1.0)):
        growth = apply(slow_growth, g, gbar, sign * omega, inputs=[[], [], []])
        out[f"slow_growth_{ordering}"] = (C_LIGHT * growth).assign_attrs(comment=_NOTE)
    return xr.Dataset(out)


INSTABILITY = Instability(
    "slow",
    _slow,
    "non-resonant slow mode of the isotropic gas in the normal and inverted ordering",
    needs=("energy",),
    kinds=(
        Kind(
            2,
            "slow",
            lambda found, cells: (
                (found["slow_growth_normal"] > cells.damping)
                | (found["slow_growth_inverted"] > cells.damping)
            ),
        ),
    ),
)
