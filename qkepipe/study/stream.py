"""Screen a snapshot that does not fit into memory: block by block, straight into the file.

Each worker process opens the snapshot itself and computes whole blocks; the parent writes them
in the order in which they come. No more blocks exist than workers and one in the queue of each.
"""

from __future__ import annotations

import itertools
import math
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from pathlib import Path

import netCDF4
import numpy as np
import xarray as xr

from qkepipe import __version__, runtime
from qkepipe.snapshot.opening import open_lazy
from qkepipe.stability.blocks import Block, block_shape, blocks, screen_block, space_of, used
from qkepipe.stability.summary import MapSummary

__all__ = ["map_blocks", "stream_map"]

#: Counts of the blocks, which add up to those of the map.
_COUNTS = ("cells_unknown", "flux_factors_capped", "negative_densities_clipped")
_SOURCE = ("source_file", "source_format", "source_sha256", "simulation", "frame")

_worker: dict[str, xr.Dataset] = {}


def _start(source: tuple) -> None:
    """Open the snapshot in a worker."""
    path, format_, options = source
    _worker["snapshot"] = used(open_lazy(path, format_, **options))


def _work(block: Block) -> tuple[Block, xr.Dataset]:
    return block, _single(screen_block(_worker["snapshot"], block))


def _single(found: xr.Dataset) -> xr.Dataset:
    """Numbers in single precision: half the file, and far more digits than the map is good for."""
    return found.map(lambda v: v.astype("float32") if v.dtype == float else v, keep_attrs=True)


def map_blocks(
    source: tuple, plan: list[Block], workers: int, snapshot: xr.Dataset
) -> Iterator[tuple[Block, xr.Dataset]]:
    """Blocks of the map, as they are ready.

    Parameters
    ----------
    source : tuple (path, format, options)
        Arguments of :func:`qkepipe.snapshot.opening.open_lazy`.
    plan : list of Block
    workers : int
        Processes; with one, the work is done here.
    snapshot : Dataset
        What :func:`qkepipe.stability.blocks.used` leaves of it, opened here.
    """
    if workers == 1:
        for block in plan:
            yield block, _single(screen_block(snapshot, block))
        return
    # a fresh interpreter: threads and open files of this one are not inherited
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _start, (source,)) as pool:
        rest = iter(plan)
        pending = {pool.submit(_work, block) for block in itertools.islice(rest, 2 * workers)}
        while pending:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                pending.update(pool.submit(_work, b) for b in itertools.islice(rest, 1))
                yield future.result()


def _define(file, first: xr.Dataset, snapshot: xr.Dataset, shape: dict[str, int]) -> None:
    """Dimensions, coordinates and variables of the map."""
    for axis, size in space_of(snapshot).items():
        file.createDimension(axis, size)
        variable = file.createVariable(axis, "f8", (axis,))
        variable.setncatts(snapshot[axis].attrs)
        variable[:] = snapshot[axis].values
    for name, array in first.data_vars.items():
        missing = np.nan if array.dtype.kind == "f" else None
        variable = file.createVariable(
            str(name), array.dtype, array.dims, zlib=True, complevel=1, shuffle=True,
            chunksizes=[shape[str(d)] for d in array.dims],
            fill_value=missing if missing is not None else False,
        )  # fmt: skip
        # each block is one chunk, written once; with a cache of size 0 the library keeps them all
        chunk = array.dtype.itemsize * math.prod(shape[str(d)] for d in array.dims)
        variable.set_var_chunk_cache(size=chunk, nelems=1, preemption=1.0)
        variable.set_auto_maskandscale(False)
        variable.setncatts(array.attrs)


def stream_map(
    path,
    format: str,
    options: dict,
    output: Path,
    workers: int = 1,
    progress: Callable[[float], None] = lambda fraction: None,
) -> MapSummary:
    """Screen a snapshot block by block and write its map.

    Parameters
    ----------
    path, format, options
        Snapshot, see :func:`qkepipe.snapshot.opening.open_lazy`.
    output : Path
        netCDF-4 file; complete or not there.
    workers : int
        Processes that compute.
    progress : callable
        Is told the fraction of the blocks that are done.

    Returns
    -------
    MapSummary
    """
    snapshot = used(open_lazy(path, format, **options))
    shape = block_shape(snapshot)
    plan = list(blocks(space_of(snapshot), shape))
    summary, counts = MapSummary(), dict.fromkeys(_COUNTS, 0)
    with runtime.atomic_write(output) as part, netCDF4.Dataset(part, "w") as file:
        source = (path, format, options)
        for done, (block, found) in enumerate(map_blocks(source, plan, workers, snapshot)):
            if done == 0:
                _define(file, found, snapshot, shape)
                attributes = {**found.attrs, **{
                    n: snapshot.attrs[n] for n in _SOURCE if n in snapshot.attrs
                }}  # fmt: skip
            for name, array in found.data_vars.items():
                place = tuple(block.own[str(d)] for d in array.dims)
                file.variables[str(name)][place] = array.values
            for name in counts:
                counts[name] += int(found.attrs[name])
            summary.add(found)
            progress((done + 1) / len(plan))
        file.setncatts(
            {**attributes, **counts, "qkepipe_version": __version__,
             "code_hash": runtime.code_hash("stability", "snapshot")}
        )  # fmt: skip
    return summary
