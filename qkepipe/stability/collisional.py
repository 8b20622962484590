"""Collisional instability of an isotropic multi-energy gas at kappa = 0.

The dispersion relation, its three kinds of root and their sources are in
:mod:`qkepipe.stability.collisional_roots`; the faster of the isotropic and the dipole mode is
given.
"""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT, SQRT2_GF
from qkepipe.jit import gufunc
from qkepipe.stability.cells import Cells
from qkepipe.stability.collisional_roots import (
    BRANCHES,
    RESONANCE,
    asymptotic,
    growth_kernel,
)
from qkepipe.stability.field import apply, four_species
from qkepipe.stability.flags import flag
from qkepipe.stability.instability import Instability, Kind

__all__ = ["BRANCHES", "INSTABILITY", "collisional_growth", "collisional_screen"]


@gufunc(
    ["void(float64[:], float64[:], float64[:], float64[:], float64[:], float64[:])"],
    "(e),(e),(e),(e)->(),()",
)
def _collisional_kernel(g, gbar, gamma, gammabar, growth, branch):
    rate, kind = growth_kernel(g, gbar, gamma, gammabar)
    growth[0] = rate
    branch[0] = kind


def collisional_growth(g, gbar, gamma, gammabar):
    """Growth rate and branch of the collisional instability.

    Parameters
    ----------
    g, gbar : ndarray (..., n_energy)
        sqrt(2) G_F (n_ee - n_xx) of neutrinos and antineutrinos per group, integrated over
        angles [cm^-1].
    gamma, gammabar : ndarray (..., n_energy)
        Half the sum of the absorption of the two flavours [cm^-1].

    Returns
    -------
    growth : ndarray (...)
        Largest growth of the isotropic mode [cm^-1]; 0 where none grows.
    branch : ndarray (...)
        Index into :data:`BRANCHES`. Resonance where (sum s g)^2 < 2 |sum s g Gamma|.
    """
    with np.errstate(all="ignore"):
        return _collisional_kernel(g, gbar, gamma, gammabar)


@gufunc(
    ["void(float64[:,:], float64[:,:], float64[:,:], float64[:,:], "
     "float64[:], float64[:], float64[:])"],
    "(s,e),(s,e),(s,e),(w,e)->(),(),()",
)  # fmt: skip
def _screen_kernel(spectrum, absorption, scattering, work, growth, branch, sector):
    g, gbar, gamma, gammabar = work[0], work[1], work[2], work[3]
    total = 0.0
    for e in range(g.size):
        g[e] = SQRT2_GF * (max(spectrum[0, e], 0.0) - max(spectrum[2, e], 0.0))
        gbar[e] = SQRT2_GF * (max(spectrum[1, e], 0.0) - max(spectrum[3, e], 0.0))
        gamma[e] = 0.5 * (absorption[0, e] + absorption[2, e])
        gammabar[e] = 0.5 * (absorption[1, e] + absorption[3, e])
        total += g[e] + gbar[e] + gamma[e] + gammabar[e]
    growth[0] = 0.0
    branch[0] = 0.0
    sector[0] = 0.0
    if not math.isfinite(total):
        return
    growth[0], branch[0] = growth_kernel(g, gbar, gamma, gammabar)
    limits = asymptotic(g, gbar, gamma, gammabar)
    scattered = 0.0
    for e in range(g.size):
        # the dipole mode obeys the equation of the isotropic one with s g -> -s g/3, and
        # scattering, which differs with energy, damps it like absorption
        g[e] /= 3.0
        gbar[e] /= 3.0
        chi = 0.5 * (scattering[0, e] + scattering[2, e])
        chibar = 0.5 * (scattering[1, e] + scattering[3, e])
        gamma[e] += chi
        gammabar[e] += chibar
        scattered += chi + chibar
    if not math.isfinite(scattered) or (limits and scattered == 0.0):
        # in their limits both modes have the same roots
        return
    rate, kind = growth_kernel(gbar, g, gammabar, gamma)
    if rate > growth[0]:
        growth[0] = rate
        branch[0] = kind
        sector[0] = 1.0


def collisional_screen(spectrum, absorption, scattering):
    """Growth rate, branch and sector of the faster of the isotropic and the dipole mode.

    Parameters
    ----------
    spectrum : ndarray (..., 4, n_energy)
        Number density per group [cm^-3]; values below 0 count as 0.
    absorption : ndarray (..., 4, n_energy)
        [cm^-1].
    scattering : ndarray (..., 4, n_energy)
        Transport opacity of elastic scattering [cm^-1], which damps the dipole mode.

    Returns
    -------
    growth, branch : ndarray (...)
        As :func:`collisional_growth`.
    sector : ndarray (...)
        0 isotropic, 1 dipole.
    """
    # room for one cell, the same for all of them: a call runs on one thread
    work = np.empty((4, spectrum.shape[-1]))
    with np.errstate(all="ignore"):
        return _screen_kernel(spectrum, absorption, scattering, work)


def _collisional(cells: Cells, found: xr.Dataset) -> xr.Dataset:
    absorption = four_species(cells.matter, "absorption")
    damped = "scattering_transport" in cells.matter
    scattering = (
        four_species(cells.matter, "scattering_transport")
        if damped
        else xr.DataArray(np.zeros((4, absorption.sizes["energy"])), dims=("species", "energy"))
    )
    growth, branch, sector = apply(
        collisional_screen, cells.field.spectrum, absorption, scattering,
        inputs=[["species", "energy"]] * 3, outputs=((), (), ()),
    )  # fmt: skip
    return xr.Dataset(
        {
            "cfi_growth_estimate": (C_LIGHT * growth).assign_attrs(
                comment="faster of the isotropic and the dipole mode at kappa = 0; the dipole is "
                + ("damped by elastic scattering too" if damped else
                   "not damped by elastic scattering, which is not given")
            ),
            "cfi_branch": flag(
                branch, dict(enumerate(BRANCHES)),
                comment="plus: gapless, Re w near 0; minus: gapped, Re w near -potential_phi0; "
                "resonance: potential_phi0^2 below twice the ELN-XLN-weighted absorption",
            ),
            "cfi_sector": flag(sector, {0: "isotropic", 1: "dipole"}),
        }
    )  # fmt: skip


INSTABILITY = Instability(
    "collisional",
    _collisional,
    "collisional modes of an isotropic gas at kappa = 0 from all energy groups, with the branch",
    needs=("rates",),
    kinds=(
        Kind(3, "collisional", lambda found, cells: found["cfi_branch"] > 0),
        Kind(4, "collisional_resonance", lambda found, cells: found["cfi_branch"] == RESONANCE),
    ),
)
