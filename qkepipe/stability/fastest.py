"""Cells of largest growth estimate of a map that is made block by block, with their data.

What the dispersion relation of a cell needs is kept from the block in which the cell was
screened, so that no block is read twice.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.stability import flavours
from qkepipe.stability.modes import Solver, analyse_cells, choose_cells, solve_gases

__all__ = ["fastest_cells", "fastest_of", "growth_estimate", "modes_of"]

#: Variables that are added to the data of the cells.
INDEX, RATE, PAIR = "cell_index", "cell_growth_estimate", "cell_flavour_pair"


def growth_estimate(found: xr.Dataset) -> xr.DataArray:
    """Estimate that decides which cells are analysed [s^-1]: fast or collisional.

    NaN where one of them could not be judged.
    """
    estimate = found["ffi_growth_estimate"]
    if "cfi_growth_estimate" in found:
        estimate = np.maximum(estimate, found["cfi_growth_estimate"])
    return estimate


def fastest_cells(
    data: xr.Dataset, found: xr.Dataset, own: dict[str, slice], sizes: dict[str, int], count: int
) -> xr.Dataset:
    """Data of the cells of a block that grow fastest.

    Parameters
    ----------
    data, found : Dataset
        Field and matter of the block, and its map.
    own : dict
        Place of the block in the grid.
    sizes : dict
        Cells of the grid along each axis, in the order of memory.
    count : int
        At most so many cells.

    Returns
    -------
    Dataset over ``cell``
        Variables of ``data``, position in the grid, growth estimate and pair of flavours.
    """
    estimate = growth_estimate(found).transpose(*sizes)
    inside = choose_cells(estimate, count)
    place = [inside[d] + own[d].start for d in sizes]
    chosen = tuple(inside.values())
    cells = data.isel({d: xr.DataArray(i, dims="cell") for d, i in inside.items()})
    pair = found["flavour_pair"].transpose(*sizes).values[chosen] if "flavour_pair" in found else 0
    return cells.assign(
        {
            INDEX: ("cell", np.ravel_multi_index(place, tuple(sizes.values())).astype(np.int64)),
            RATE: ("cell", estimate.values[chosen]),
            PAIR: ("cell", np.broadcast_to(pair, chosen[0].shape).astype(np.int64)),
        }
    )


def fastest_of(parts: list[xr.Dataset], count: int) -> xr.Dataset:
    """The fastest of the cells of several blocks, by growth and then by place in the grid."""
    cells = xr.concat(parts, "cell", data_vars="minimal", coords="minimal", compat="override",
                      combine_attrs="override")  # fmt: skip
    return cells.isel(cell=np.lexsort((cells[INDEX].values, -cells[RATE].values))[:count])


def modes_of(cells: xr.Dataset, solver: Solver = solve_gases) -> xr.Dataset:
    """Fastest modes of the cells, in their order; see :func:`analyse_cells`."""
    if not flavours.is_six(cells):
        return analyse_cells(cells, {}, cells, solver=solver)
    pairs, parts = cells[PAIR].values, []
    for k in np.unique(pairs):
        data = flavours.of_pair(cells.isel(cell=pairs == k), tuple(flavours.PAIRS)[k])
        parts.append(analyse_cells(data, {}, data, solver=solver))
    return xr.concat(parts, "cell").isel(cell=np.argsort(np.argsort(pairs, kind="stable")))
