"""Blocks of a large grid: the map of each with the neighbours that it needs.

Resonances look at the neighbouring cells and gradients differentiate, so each block is screened
with a rim of one cell, which is cut off again. The values are those of the whole grid at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import xarray as xr

from qkepipe.stability.fastest import fastest_cells
from qkepipe.stability.field import open_field
from qkepipe.stability.flags import UNKNOWN
from qkepipe.stability.screen import screen

__all__ = ["Block", "block_shape", "blocks", "screen_block", "space_of", "used"]

#: Variables that a screen of moments reads.
_USED = (
    "rho", "ye", "absorption", "scattering_transport", "lapse", "radial_metric",
    "nu_number_density", "nu_number_flux", "nu_number_flux_theta", "nu_number_flux_phi",
    "nu_number_flux_x", "nu_number_flux_y", "nu_number_flux_z", "nu_energy_density",
    "nu_eddington",
)  # fmt: skip
#: Input of one block in memory [byte]; a screen holds a few times that.
BLOCK_BYTES = 24e6
_COUNTS = ("negative_densities_clipped", "flux_factors_capped")


@dataclass(frozen=True)
class Block:
    """A box of cells: its own slices, those with the rim, and the own ones within the rim."""

    own: dict[str, slice]
    rim: dict[str, slice]
    inner: dict[str, slice]


def used(dataset: xr.Dataset) -> xr.Dataset:
    """The variables that a screen of moments reads."""
    return dataset[[name for name in _USED if name in dataset]]


def space_of(dataset: xr.Dataset) -> dict[str, int]:
    """Cells along each axis in space."""
    array = dataset["nu_number_density"]
    return {str(d): array.sizes[d] for d in array.dims if d not in ("species", "energy")}


def block_shape(dataset: xr.Dataset, block_bytes: float = BLOCK_BYTES) -> dict[str, int]:
    """Cells of a block along each axis: near a cube, whole chunks of the data where it has them.

    Parameters
    ----------
    dataset : Dataset
        What :func:`used` leaves.
    block_bytes : float
        Wanted size of the input of one block [byte].
    """
    sizes = space_of(dataset)
    total = 1
    for size in sizes.values():
        total *= size
    wanted = max(1.0, block_bytes / (dataset.nbytes / total))
    shape: dict[str, int] = {}
    left = len(sizes)
    # short axes first, so that the long ones take their share
    for axis, size in sorted(sizes.items(), key=lambda item: item[1]):
        edge = min(size, max(1, round(wanted ** (1.0 / left))))
        chunk = _chunk(dataset["nu_number_density"], axis)
        if chunk < edge < size:
            edge = edge // chunk * chunk
        shape[axis] = edge
        wanted = max(1.0, wanted / edge)
        left -= 1
    return {axis: shape[axis] for axis in sizes}


def _chunk(array: xr.DataArray, axis: str) -> int:
    if array.chunks is not None:
        return max(array.chunksizes[axis])
    stored = array.encoding.get("chunksizes")
    return stored[array.dims.index(axis)] if stored else 1


def blocks(sizes: dict[str, int], shape: dict[str, int]) -> Iterator[Block]:
    """All blocks of a grid, in the order of the cells in memory."""
    starts = [range(0, sizes[axis], shape[axis]) for axis in sizes]
    for corner in itertools.product(*starts):
        own, rim, inner = {}, {}, {}
        for axis, a in zip(sizes, corner, strict=True):
            b = min(a + shape[axis], sizes[axis])
            low, high = max(a - 1, 0), min(b + 1, sizes[axis])
            own[axis], rim[axis] = slice(a, b), slice(low, high)
            inner[axis] = slice(a - low, b - low)
        yield Block(own, rim, inner)


def screen_block(
    dataset: xr.Dataset, block: Block, modes: int = 0, **options
) -> tuple[xr.Dataset, xr.Dataset]:
    """Map of the cells of one block.

    Parameters
    ----------
    dataset : Dataset
        Lazy snapshot with moments, see :func:`used`.
    block : Block
    modes : int
        Cells whose data are returned for their dispersion relation.
    **options
        Of :func:`qkepipe.stability.screen`.

    Returns
    -------
    found : Dataset
        In memory; counts in the attributes are those of the block.
    fastest : Dataset
        :func:`qkepipe.stability.fastest.fastest_cells` of the block.
    """
    # one thread: blocks are the unit of parallel work
    part = dataset.isel(block.rim).compute(scheduler="synchronous")
    found = screen(part, part, lsa_cells=0, **options).isel(block.inner)
    data = part.isel(block.inner)
    counts = open_field(data).counts()
    found.attrs.update({name: counts[name] for name in _COUNTS})
    found.attrs["cells_unknown"] = int((found["instability"] == UNKNOWN).sum())
    return found, fastest_cells(data, found, block.own, space_of(dataset), modes)
