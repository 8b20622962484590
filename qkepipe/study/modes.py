"""Dispersion relations of many cells in parallel processes, in batches that are kept.

A batch is a few cells whose result is stored under a key of everything that determines it:
a run that was killed goes on with the batches that are missing, and more cells later take
the known ones from the store.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from qkepipe.runtime import array_hash, write_dataset
from qkepipe.stability.modes import solve_gases
from qkepipe.study.execute import map_tasks
from qkepipe.study.plan import MODE_BATCH

__all__ = ["ModeTask", "solve_modes"]

logger = logging.getLogger("qkepipe")


@dataclass(frozen=True)
class ModeTask:
    """One batch for a worker: plain data only."""

    gases: tuple[np.ndarray, ...]
    stored: Path
    code: str
    label: str
    log: Path | None


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
        tasks.append(ModeTask(part, Path(store) / f"modes-{key}.nc", code, label, log))
    missing = [task for task in tasks if not task.stored.exists()]
    logger.info("%d batch(es) of cells, %d known already", len(tasks), len(tasks) - len(missing))
    failures = map_tasks(solve_batch, missing, min(workers, len(missing)), prepare=_compile)
    if failures:
        error = next(iter(failures.values()))
        raise RuntimeError(f"{len(failures)} batch(es) of modes failed: {error}")
    return xr.concat([xr.load_dataset(task.stored) for task in tasks], "cell").drop_attrs()


def solve_batch(task: ModeTask) -> None:
    """Solve the gases of a batch and write their modes to the store, atomically."""
    write_dataset(solve_gases(*task.gases), task.stored, code=task.code)
    logger.info("%s: finished", task.label)


def _compile() -> None:
    """Let this process compile the kernels for all workers."""
    from qkepipe.stability import analyse

    g = np.array([[[1.0, 2.0, 1.0, 1.0]], [[0.5, 1.0, 2.0, 2.0]]])
    analyse(np.linspace(-1.0, 1.0, 5), g, 1e-3, 1e-3)
