"""Instability by region, and the modes of the cells that are worth a closer look."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.diagnostics.boundaries import boundaries
from qkepipe.diagnostics.chosen_cells import chosen_cells
from qkepipe.diagnostics.geometry import cell_radius
from qkepipe.diagnostics.region_table import place, region_table
from qkepipe.diagnostics.regions import regions
from qkepipe.stability import wavenumber_scan
from qkepipe.stability.angles import eln_xln

__all__ = ["run"]


def run(
    snapshot: xr.Dataset,
    stability: xr.Dataset,
    baseline: xr.Dataset | None = None,
    background: xr.Dataset | None = None,
) -> tuple[xr.Dataset, xr.Dataset]:
    """Table of the regions of a stability map, and modes of chosen cells.

    Parameters
    ----------
    snapshot, stability : Dataset
    baseline, background : Dataset, optional
        Field and matter that the map was made from, where that is not the snapshot.

    Returns
    -------
    table : Dataset
        :func:`qkepipe.diagnostics.region_table.region_table`.
    modes : Dataset
        Over ``cell``: ``why`` it was chosen, ``place``, ``radius`` [cm]; ``kappa(cell,
        wavenumber)`` [cm^-1] and ``growth_rate(cell, sector, wavenumber)`` [s^-1]; ``eln_xln
        (cell, mu)`` [cm^-3].
    """
    matter = snapshot if background is None else background
    field = snapshot if baseline is None else baseline
    at = boundaries(matter, baseline)
    found = regions(stability, matter, at)
    table = region_table(str(snapshot.attrs.get("snapshot", "snapshot")), stability, found)
    modes = [
        _modes(stability, field, background, words, index)
        for words, index in chosen_cells(stability, found, at)
    ]
    # a scan with fewer wavenumbers is filled with NaN
    return table, xr.concat(modes, "cell", join="outer", combine_attrs="override")


def _modes(stability, field, matter, words: str, index: dict[str, int]) -> xr.Dataset:
    """Scan over wavenumbers and angular distribution of one cell."""
    scan = wavenumber_scan(field, index, matter)
    radius = cell_radius(stability)
    number = np.arange(scan.sizes["kappa"])
    scan = scan.reset_index("kappa").reset_coords("kappa").rename_dims(kappa="wavenumber")
    return scan.assign(
        eln_xln=eln_xln(field, index),
        why=words,
        place=place(stability, index),
        radius=((), float(radius.isel({d: index[d] for d in radius.dims})), {"units": "cm"}),
    ).assign_coords(wavenumber=number)
