"""Angular distribution of one cell."""

from __future__ import annotations

import xarray as xr

from qkepipe.stability.cells import open_cells

__all__ = ["eln_xln"]


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
    cells = open_cells(field.isel({dim: [i] for dim, i in index.items()}), None, 0.0)
    mu, n = cells.field.beams(dict.fromkeys(index, 0))
    return xr.DataArray(
        n / cells.field.weights, dims="mu", coords={"mu": mu}, attrs={"units": "cm-3"}
    )
