"""Dispersion relations of many cells in parallel processes, in batches of a few cells.

Batches are kept (:mod:`qkepipe.study.kept`): more cells later take the known ones from the store.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import xarray as xr

from qkepipe.runtime import array_hash, write_dataset
from qkepipe.stability.modes import solve_gases
from qkepipe.study.kept import KeptTask, finish
from qkepipe.study.plan import MODE_BATCH

__all__ = ["solve_modes"]

logger = logging.getLogger("qkepipe")


def solve_modes(
    edges: np.ndarray,
    g: np.ndarray,
    omega: np.ndarray,
    gamma: np.ndarray,
    *,
    store: Path,
    code: str,
    log: Path | None,
    workers: int,
    batch: int = MODE_BATCH,
) -> xr.Dataset:
    """Fastest mode of many gases, from the store where they are known.

    Parameters
    ----------
    edges, g, omega, gamma : ndarray
        As :func:`qkepipe.stability.modes.gases` returns them.
    store : Path
        Folder of finished batches. Deleting it is always safe.
    code : str
        Hash of the source of ``qkepipe.stability``.
    log : Path
    workers : int
        Processes with one thread each; 1 works in this process.
    batch : int
        Cells of a batch.

    Returns
    -------
    Dataset over ``cell``
        As :func:`qkepipe.stability.modes.solve_gases`.

    Raises
    ------
    RuntimeError
        If a batch failed. Finished batches stay in the store.
    """
    tasks = []
    for first in range(0, len(g), batch):
        part = (edges, *(a[first : first + batch] for a in (g, omega, gamma)))
        key = array_hash(*part, text=code)
        label = f"modes of cells {first} to {first + len(part[1]) - 1} of {len(g)}"
        tasks.append(KeptTask(part, Path(store) / f"modes-{key}.nc", code, label, log))
    failures = finish(solve_batch, tasks, workers, words="batch(es) of cells", prepare=_compile)
    if failures:
        error = next(iter(failures.values()))
        raise RuntimeError(f"{len(failures)} batch(es) of modes failed: {error}")
    return xr.concat([xr.load_dataset(task.stored) for task in tasks], "cell").drop_attrs()


def solve_batch(task: KeptTask) -> None:
    """Solve the gases of a batch and write their modes to the store, atomically."""
    write_dataset(solve_gases(*task.arguments), task.stored, code=task.code)
    logger.info("%s: finished", task.label)


def _compile() -> None:
    """Let this process compile the kernels for all workers."""
    from qkepipe.stability import analyse

    g = np.array([[[1.0, 2.0, 1.0, 1.0]], [[0.5, 1.0, 2.0, 2.0]]])
    analyse(np.linspace(-1.0, 1.0, 5), g, 1e-3, 1e-3)
