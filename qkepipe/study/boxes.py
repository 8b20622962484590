"""Local boxes of many cells in parallel processes; finished boxes are kept."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from qkepipe.errors import QkepipeError
from qkepipe.runtime import array_hash, write_dataset
from qkepipe.solvers.local import LocalRun, local_box
from qkepipe.study.kept import KeptTask, finish

__all__ = ["solve_boxes"]

logger = logging.getLogger("qkepipe")


def solve_boxes(
    edges: np.ndarray,
    runs: Sequence[LocalRun],
    *,
    store: Path,
    code: str,
    log: Path | None,
    workers: int,
) -> list[xr.Dataset | QkepipeError]:
    """Late states of many local boxes, from the store where they are known.

    Parameters
    ----------
    edges, runs
        As for :func:`qkepipe.solvers.local.local_boxes`.
    store : Path
        Folder of finished boxes. Deleting it is always safe.
    code : str
        Hash of the source that a box depends on.
    log : Path
    workers : int
        Processes with one thread each; 1 works in this process.

    Returns
    -------
    list of Dataset or QkepipeError
        As :func:`qkepipe.solvers.local.local_boxes`.

    Raises
    ------
    RuntimeError
        If a box failed for another reason than a QkepipeError: a result without it would not
        say so. Finished boxes stay in the store.
    """
    tasks = []
    for i, run in enumerate(runs, start=1):
        key = array_hash(edges, run.density, text=f"{code} {run.random_seed}")
        label = f"local box {i} of {len(runs)}, {run.label}, seed {run.random_seed}"
        tasks.append(KeptTask((edges, run), Path(store) / f"box-{key}.nc", code, label, log))
    failures = finish(solve_box, tasks, workers, words="local box(es)", prepare=_compile)
    broken = [e for e in failures.values() if not isinstance(e, QkepipeError)]
    if broken:
        raise RuntimeError(f"{len(broken)} local box(es) failed: {broken[0]}")
    return [
        failures[i] if i in failures else xr.load_dataset(task.stored)
        for i, task in enumerate(tasks)
    ]


def solve_box(task: KeptTask) -> None:
    """Evolve a box and write its late state to the store, atomically."""
    edges, run = task.arguments
    start = time.monotonic()
    box = local_box(edges, run.density, random_seed=run.random_seed)
    write_dataset(box, task.stored, code=task.code)
    logger.info("%s: finished in %.1f s", task.label, time.monotonic() - start)


def _compile() -> None:
    """Let this process compile the kernels for all workers: a box of a step that hardly runs."""
    density = np.array([[0.0, 0.0, 1.0, 1.0], [1.0, 1.0, 0.0, 0.0], [0.0] * 4, [0.0] * 4])
    local_box(np.linspace(-1.0, 1.0, 5), 1e32 * density, waves=2, efolds=0.1)
