"""Map of a remnant of 512^3 cells: throughput, scaling with workers, and memory.

The snapshot is generated block by block, so no file of 24 GB is needed; its cost is in the
times and is printed by itself. The baseline samples the same maximum-entropy distributions in
32 x 16 directions in plain numpy. The whole map is written to a temporary folder; scaling is
measured on a grid of half the cells along each edge. Memory is the largest resident size of
this process plus that of a worker times their number.

Usage: python benchmarks/bench_screen_3d.py [cells along an edge] [workers]
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from qkepipe.maximum_entropy import flux_parameter
from qkepipe.snapshot.opening import open_lazy
from qkepipe.stability.blocks import block_shape, blocks, screen_block, space_of, used
from qkepipe.study.stream import stream_map


def cells_of(block) -> int:
    """Own cells of a block."""
    return int(np.prod([s.stop - s.start for s in block.own.values()]))


def numpy_lobes(number, flux):
    """Lobes by sampling 512 directions in numpy (Z from the kernels)."""
    polar, weights = np.polynomial.legendre.leggauss(32)
    azimuth = 2.0 * np.pi * np.arange(16) / 16
    s = np.sqrt(1.0 - polar**2)
    directions = np.stack(
        [np.outer(s, np.cos(azimuth)), np.outer(s, np.sin(azimuth)), np.outer(polar, np.ones(16))]
    ).reshape(3, -1)
    share = np.repeat(0.5 * weights / 16, 16)
    size = np.linalg.norm(flux, axis=-1)
    z = flux_parameter(size / number)
    level = np.log(number * z / np.sinh(z))
    g = np.exp(level[..., None] + (flux * (z / size)[..., None]) @ directions)
    g = g[:, 0] - g[:, 1]
    return np.maximum(g, 0.0) @ share, np.maximum(-g, 0.0) @ share


def written(edge: int, workers: int) -> tuple[float, int]:
    """Seconds in which the whole map is written, and its size [byte]."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "map.nc"
        start = time.perf_counter()
        stream_map(None, "remnant", {"cells": edge}, output, workers)
        return time.perf_counter() - start, output.stat().st_size


def main(edge: int = 512, workers: int = os.cpu_count() or 1) -> None:
    """Print the table."""
    source = (None, "remnant", {"cells": edge})
    snapshot = used(open_lazy(*source[:2], **source[2]))
    shape = block_shape(snapshot)
    plan = list(blocks(space_of(snapshot), shape))
    # first, so that the memory is that of the command alone
    wall, size = written(edge, workers)
    here = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss if workers > 1 else 0
    total = (here + workers * worker) / 1e6
    print(f"resident: {here / 1e6:.2f} GB here, {worker / 1e6:.2f} GB in a worker")
    print(f"{edge}^3 cells in {len(plan)} blocks of {tuple(shape.values())}")
    print(f"map written in {wall:.0f} s: {edge**3 / wall:.3g} cells/s with {workers} workers, "
          f"{size / 1e9:.2f} GB, {total:.2f} GB of memory at most")  # fmt: skip
    block = plan[len(plan) // 2]
    screen_block(snapshot, block)
    start = time.perf_counter()
    part = snapshot.isel(block.own).compute()
    generated = (time.perf_counter() - start) / cells_of(block)
    start = time.perf_counter()
    screen_block(snapshot, block)
    own = (time.perf_counter() - start) / cells_of(block)
    few = part.isel(z=slice(0, 1), y=slice(0, 20))
    number = few["nu_number_density"].values.reshape(4, -1).T
    flux = np.stack([few[f"nu_number_flux_{a}"].values.reshape(4, -1).T for a in "xyz"], -1)
    start = time.perf_counter()
    numpy_lobes(number, flux / 2.99792458e10)
    base = (time.perf_counter() - start) / number.shape[0]
    print(f"generation {1e6 * generated:.2f} us/cell; all of the map {1e6 * own:.2f} us/cell, "
          f"generation included; lobes alone in numpy {1e6 * base:.1f} us/cell")  # fmt: skip
    half = edge // 2
    one, many = written(half, 1)[0], written(half, workers)[0]
    print(f"{half}^3 cells, start of the workers included: {workers} workers have "
          f"{one / many:.2f} times the throughput of one")  # fmt: skip


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:]))
