"""Energy and lepton number that neutrinos exchange with matter.

Per neutrino of energy E, with j the emission coefficient of (1 - f) and kappa* = kappa +
j/c the stimulated-corrected absorption (Bruenn 1985, ApJS 58, 771, eqs A5 and A6),

    heating  = c int E kappa f ,   cooling = int E j (1 - f) ,
    net      = int E (c kappa* f - j) = heating - cooling ,

each over the phase space of all species and divided by rho. Off-diagonal elements do not
enter; elastic scattering exchanges neither energy nor lepton number.

``nux`` is one heavy flavour, so it counts twice. In a two-flavour run only one heavy
flavour mixes: the second keeps the classical field, the spectator, and each counts once.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT, MEV_ERG
from qkepipe.matter import baryon_density
from qkepipe.solvers.sphere import grid_of

__all__ = ["heating_and_cooling", "mean_occupation", "ye_dot", "ye_dot_processes"]

_ORDER = ("species", "energy", "r")


def mean_occupation(f, angle) -> np.ndarray:
    """Average of ``f(..., energy, mu, r)`` over directions, shape (..., n_energy, n_r)."""
    return np.einsum("...emr,m->...er", f, angle.weights)


def heating_and_cooling(
    f: np.ndarray, background: xr.Dataset, spectator: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Energy that matter absorbs and emits [erg g^-1 s^-1].

    Parameters
    ----------
    f : ndarray (4, n_energy, n_mu, n_r)
        Species nue, nuebar, nux, nuxbar.
    background : Dataset
        Kind ``background``.
    spectator : ndarray (4, n_energy, n_mu, n_r), optional
        Field whose nux and nuxbar are the second heavy flavour; default: ``f``.

    Returns
    -------
    heating, cooling : ndarray (n_r,)
        Their difference is the net heating.
    """
    grid = grid_of(background)
    mean = mean_occupation(f, grid.angle)
    second = mean[2:] if spectator is None else mean_occupation(spectator[2:], grid.angle)
    occupation = np.concatenate([mean, second])
    six = [0, 1, 2, 3, 2, 3]
    emission = background["emissivity"].transpose(*_ORDER).values[six]
    absorption = C_LIGHT * background["absorption"].transpose(*_ORDER).values[six] - emission
    weights = MEV_ERG * grid.energy.weights * grid.energy.centres
    # local energy density: E^3 dE = E_inf^3 dE_inf/a^4
    rho = background["rho"].values * grid.lapse**4
    heating = np.einsum("ser,e->r", absorption * occupation, weights) / rho
    cooling = np.einsum("ser,e->r", emission * (1.0 - occupation), weights) / rho
    return heating, cooling


def ye_dot_processes(background: xr.Dataset) -> str:
    """What :func:`ye_dot` sums over: charged-current processes where they are known apart."""
    return "charged current" if "absorption_cc" in background else "all that are in the rates"


def ye_dot(f: np.ndarray, background: xr.Dataset) -> np.ndarray:
    """Rate of change of the electron fraction in proper time [s^-1], shape (n_r,).

    Net absorption of nue minus that of nuebar per baryon, by the charged-current processes
    (``absorption_cc``, ``emissivity_cc``): pairs leave the electron fraction as it is. Rates
    that a snapshot gives are sums; then pair processes count where they are in them.

    Parameters
    ----------
    f : ndarray (4, n_energy, n_mu, n_r)
    background : Dataset
        Kind ``background``; attribute ``baryon_mass`` [g] of its density.
    """
    grid = grid_of(background)
    mean = mean_occupation(f[:2], grid.angle)
    part = "_cc" if "absorption_cc" in background else ""
    absorption = background[f"absorption{part}"].transpose(*_ORDER).values[:2]
    emission = background[f"emissivity{part}"].transpose(*_ORDER).values[:2]
    gain = np.einsum("ser,e->sr", C_LIGHT * absorption * mean - emission, grid.energy.weights)
    density = baryon_density(background, "background").values * grid.lapse**3
    return (gain[0] - gain[1]) / density
