"""What a cell needs to be judged, and what is clipped on the way.

Densities below zero by less than :data:`NOISE` of all neutrinos of the cell are set to 0, the
round-off of a transport code; a cell with larger ones, with values that are not finite or
without any neutrino cannot be judged.
"""

from __future__ import annotations

import math

import numpy as np

from qkepipe.jit import gufunc
from qkepipe.maximum_entropy import FLUX_MAX

__all__ = ["NOISE", "condense", "judge"]

#: Negative densities above -NOISE times the density of all species are noise.
NOISE = 1e-6


@gufunc(
    ["void(float64[:,:], float64[:], float64[:], float64[:], float64[:])"],
    "(s,e),(e)->(s),(),()",
)
def _condense(spectrum, centres, number, energy, clipped):
    total = 0.0
    lowest = 0.0
    energy[0] = 0.0
    clipped[0] = 0.0
    for s in range(spectrum.shape[0]):
        number[s] = 0.0
        for e in range(centres.size):
            value = spectrum[s, e]
            if value < 0.0:
                lowest = min(lowest, value)
                clipped[0] += 1.0
            else:
                number[s] += value
                energy[0] += value * centres[e]
        total += number[s]
    if lowest < -NOISE * total:
        clipped[0] = 0.0
        for s in range(spectrum.shape[0]):
            number[s] = np.nan


@gufunc(["void(float64[:], float64[:], float64[:], float64[:])"], "(s),(s)->(),()")
def _judge(number, flux, usable, capped):
    total = 0.0
    capped[0] = 0.0
    for s in range(number.size):
        total += number[s] + 0.0 * flux[s]
        if abs(flux[s]) > FLUX_MAX * number[s]:
            capped[0] += 1.0
    usable[0] = 1.0 if math.isfinite(total) and total > 0.0 else 0.0


def condense(spectrum, centres):
    """Sum a spectrum over energy, without noise.

    Parameters
    ----------
    spectrum : ndarray (..., n_species, n_energy)
        Number density per group [cm^-3].
    centres : ndarray (n_energy,)
        [MeV].

    Returns
    -------
    number : ndarray (..., n_species)
        [cm^-3]; NaN for all species where one group is negative beyond noise.
    energy : ndarray (...)
        Energy density of all species [MeV cm^-3].
    clipped : ndarray (...)
        Number of values that were set to 0.
    """
    return _condense(spectrum, centres)


def judge(number, flux):
    """Whether a cell can be judged, and how many flux factors are capped.

    Parameters
    ----------
    number, flux : ndarray (..., n_species)
        Number density, and number flux over c (or its absolute value) [cm^-3].

    Returns
    -------
    usable : ndarray (...)
        1 where all values are finite and there are neutrinos, else 0.
    capped : ndarray (...)
        Number of species whose flux factor exceeds the largest of a reconstruction.
    """
    return _judge(number, flux)
