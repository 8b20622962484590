"""Growth rate of fast modes of one cell against the wavenumber."""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT, SQRT2_GF
from qkepipe.stability.cells import open_cells
from qkepipe.stability.dispersion import SECTORS, fastest_root

__all__ = ["eln_xln", "wavenumber_scan"]

#: Number of wavenumbers, and their reach in sigma0 = sqrt(I+ I-); all unstable ones lie within 9.
COUNT, REACH = 181, 9.0
#: Growth below this fraction of sum |g| is round-off.
ROUND_OFF = 1e-13


def _one_cell(field: xr.Dataset, index: dict[str, int], matter: xr.Dataset | None):
    """Cell as :class:`~qkepipe.stability.cells.Cells` of size 1, and its index there."""
    slices = {d: [i] for d, i in index.items()}
    near = None if matter is None else matter.isel(slices, missing_dims="ignore")
    return open_cells(field.isel(slices), near, 0.0), dict.fromkeys(index, 0)


def wavenumber_scan(
    field: xr.Dataset, index: dict[str, int], matter: xr.Dataset | None = None
) -> xr.Dataset:
    """Fastest mode at every wavenumber of one cell, in both sectors.

    Parameters
    ----------
    field : Dataset
        As for :func:`qkepipe.stability.screen`.
    index : dict
        Index of the cell in every dimension in space.
    matter : Dataset, optional
        With ``absorption`` [cm^-1] on the same cells: its mean over the spectrum damps all modes
        alike. Collisional growth is not in it.

    Returns
    -------
    Dataset
        ``growth_rate`` and ``real_frequency`` (Re Omega - lambda - Phi_0) [s^-1] over
        (``sector``, ``kappa``), kappa = k - Phi_1 [cm^-1]. Negative growth: all modes are damped.

    Raises
    ------
    QkepipeError
        As :func:`qkepipe.stability.screen`.
    """
    cells, at = _one_cell(field, index, matter)
    v, n = cells.field.beams(at)
    g = SQRT2_GF * n
    positive, negative = g[g > 0.0].sum(), -g[g < 0.0].sum()
    # without a crossing nothing grows at any wavenumber: any scale will do
    scale = math.sqrt(positive * negative) or max(positive, negative, 1e-300)
    kappa = scale * np.linspace(-REACH, REACH, COUNT)
    acts = g != 0.0
    damping = cells.damping
    loss = float(damping.isel(at)) if isinstance(damping, xr.DataArray) else damping
    roots = np.zeros((len(SECTORS), COUNT), dtype=complex)
    if acts.any():
        for i, sector in enumerate(SECTORS):
            roots[i] = [fastest_root(v[acts], g[acts], k, sector) for k in kappa]
    growth = np.where(roots.imag > ROUND_OFF * np.abs(g).sum(), roots.imag, 0.0)
    dims = ("sector", "kappa")
    return xr.Dataset(
        {
            "growth_rate": (dims, C_LIGHT * growth - loss, {"units": "s-1"}),
            "real_frequency": (dims, C_LIGHT * roots.real, {"units": "s-1"}),
        },
        coords={
            "sector": list(SECTORS),
            "kappa": (
                "kappa",
                kappa,
                {"units": "cm-1", "wavenumber": "kappa = k - potential_phi1"},
            ),
        },
    )


def eln_xln(field: xr.Dataset, index: dict[str, int]) -> xr.DataArray:
    """Angular distribution of the electron minus heavy lepton number of one cell.

    Parameters
    ----------
    field : Dataset
        As for :func:`qkepipe.stability.screen`; moments give the distribution of largest
        entropy.
    index : dict
        Index of the cell in every dimension in space.

    Returns
    -------
    DataArray (mu)
        (nue - nuebar) - (nux - nuxbar) per d(mu)/2 [cm^-3] at the directions of the field.
    """
    cells, at = _one_cell(field, index, None)
    mu, n = cells.field.beams(at)
    return xr.DataArray(
        n / cells.field.weights, dims="mu", coords={"mu": mu}, attrs={"units": "cm-3"}
    )
