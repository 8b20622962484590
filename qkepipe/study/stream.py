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
from qkepipe.schema import set_attributes
from qkepipe.snapshot.opening import open_lazy
from qkepipe.stability.blocks import Block, block_shape, blocks, screen_block, space_of, used
from qkepipe.stability.fastest import INDEX, RATE, fastest_of, modes_of
from qkepipe.stability.modes import Solver, annotate, solve_gases
from qkepipe.stability.summary import MapSummary, radius_km

__all__ = ["map_blocks", "stream_map"]

#: Counts of the blocks, which add up to those of the map.
_COUNTS = ("cells_unknown", "flux_factors_capped", "negative_densities_clipped")
_SOURCE = ("source_file", "source_format", "source_sha256", "simulation", "frame")

_worker: dict[str, xr.Dataset] = {}


def _start(source: tuple) -> None:
    """Open the snapshot in a worker."""
    path, format_, options = source
    _worker["snapshot"] = used(open_lazy(path, format_, **options))


def _work(block: Block, modes: int, snapshot: xr.Dataset | None = None):
    found, fastest = screen_block(
        _worker["snapshot"] if snapshot is None else snapshot, block, modes
    )
    return block, _single(found), fastest


def _single(found: xr.Dataset) -> xr.Dataset:
    """Numbers in single precision: half the file, and far more digits than the map is good for."""
    return found.map(lambda v: v.astype("float32") if v.dtype == float else v, keep_attrs=True)


def map_blocks(
    source: tuple, plan: list[Block], workers: int, snapshot: xr.Dataset, modes: int = 0
) -> Iterator[tuple[Block, xr.Dataset, xr.Dataset]]:
    """Blocks of the map and the data of their fastest cells, as they are ready.

    Parameters
    ----------
    source : tuple (path, format, options)
        Arguments of :func:`qkepipe.snapshot.opening.open_lazy`.
    plan : list of Block
    workers : int
        Processes; with one, the work is done here.
    snapshot : Dataset
        What :func:`qkepipe.stability.blocks.used` leaves of it, opened here.
    modes : int
        Cells of each block whose data are kept.
    """
    if workers == 1:
        for block in plan:
            yield _work(block, modes, snapshot)
        return
    # a fresh interpreter: threads and open files of this one are not inherited
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _start, (source,)) as pool:
        rest = iter(plan)
        pending = {
            pool.submit(_work, block, modes) for block in itertools.islice(rest, 2 * workers)
        }
        while pending:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                pending.update(pool.submit(_work, b, modes) for b in itertools.islice(rest, 1))
                yield future.result()


def _define(file, first: xr.Dataset, snapshot: xr.Dataset, shape: dict[str, int]) -> None:
    """Dimensions, coordinates and variables of the map."""
    for axis, size in space_of(snapshot).items():
        file.createDimension(axis, size)
        variable = file.createVariable(axis, "f8", (axis,))
        variable.setncatts(snapshot[axis].attrs)
        variable[:] = snapshot[axis].values
    for name, array in first.data_vars.items():
        _variable(file, str(name), array, {str(d): shape[str(d)] for d in array.dims})


def _variable(file, name: str, array: xr.DataArray, shape: dict[str, int]):
    """A variable of the map over the axes of ``shape``, a chunk for each block."""
    variable = file.createVariable(
        name, array.dtype, tuple(shape), zlib=True, complevel=1, shuffle=True,
        chunksizes=list(shape.values()), fill_value=np.nan if array.dtype.kind == "f" else False,
    )  # fmt: skip
    # each block is one chunk, written once; with a cache of size 0 the library keeps them all
    chunk = array.dtype.itemsize * math.prod(shape.values())
    variable.set_var_chunk_cache(size=chunk, nelems=1, preemption=1.0)
    variable.set_auto_maskandscale(False)
    variable.setncatts(array.attrs)
    return variable


def _write_modes(file, cells: xr.Dataset, sizes, shape, solver: Solver) -> xr.Dataset:
    """Solve the dispersion relation of the cells and write what it gives at their places."""
    modes = _single(set_attributes(annotate(modes_of(cells, solver))))
    places = list(zip(*np.unravel_index(cells[INDEX].values, tuple(sizes.values())), strict=True))
    in_file = np.argsort(cells[INDEX].values)
    for name, array in modes.data_vars.items():
        variable = _variable(file, str(name), array, shape)
        for i in in_file:
            variable[places[i]] = array.values[i]
    return modes


def stream_map(
    path,
    format: str,
    options: dict,
    output: Path,
    workers: int = 1,
    progress: Callable[[float], None] = lambda fraction: None,
    modes: int = 8,
    solver: Solver = solve_gases,
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
    modes : int
        Cells of largest growth estimate that get a dispersion relation.
    solver : callable
        Solves them, see :func:`qkepipe.stability.modes.analyse_cells`.

    Returns
    -------
    MapSummary
    """
    snapshot = used(open_lazy(path, format, **options))
    shape = block_shape(snapshot)
    plan = list(blocks(space_of(snapshot), shape))
    summary, counts, fastest = MapSummary(), dict.fromkeys(_COUNTS, 0), None
    with runtime.atomic_write(output) as part, netCDF4.Dataset(part, "w") as file:
        source = (path, format, options)
        results = map_blocks(source, plan, workers, snapshot, modes)
        for done, (block, found, cells) in enumerate(results):
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
            fastest = cells if fastest is None else fastest_of([fastest, cells], modes)
            progress((done + 1) / len(plan))
        if fastest.sizes["cell"]:
            solved = _write_modes(file, fastest, space_of(snapshot), shape, solver)
            name = "lsa_growth_rate"
            summary.add_rates(name, solved[name].values, radius_km(fastest, RATE))
        if path is not None:
            attributes["source_sha256"] = runtime.file_sha256(path)
        file.setncatts(
            {**attributes, **counts, "lsa_cells": modes, "qkepipe_version": __version__,
             "code_hash": runtime.code_hash("stability", "snapshot")}
        )  # fmt: skip
    return summary
