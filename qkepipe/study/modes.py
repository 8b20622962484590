"""Full analysis of many cells of a map in parallel processes, in batches that are kept.

A batch is a few cells whose result is stored under a key of everything that determines it:
a run that was killed goes on with the batches that are missing, and more cells later take
the known ones from the store.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qkepipe.errors import QkepipeError
from qkepipe.runtime import content_hash, file_sha256, write_dataset
from qkepipe.study.execute import map_tasks

__all__ = ["ModeTask", "solve_modes"]

logger = logging.getLogger("qkepipe")

#: Cells of a batch: some seconds of work.
BATCH = 64


@dataclass(frozen=True)
class ModeTask:
    """One batch for a worker: plain data only."""

    field: Path
    matter: Path | None
    cells: dict[str, tuple[int, ...]]
    ordering: str | None
    stored: Path
    code: str
    label: str
    log: Path


def solve_modes(
    *,
    field: Path,
    matter: Path | None,
    cells: dict[str, Sequence[int]],
    ordering: str | None,
    store: Path,
    code: str,
    log: Path,
    workers: int,
    batch: int = BATCH,
):
    """Fastest modes of chosen cells, from the store where they are known.

    Parameters
    ----------
    field, matter : path
        Files of the datasets of :func:`qkepipe.stability.analyse_cells`.
    cells : dict
        Indices along every dimension of space, sequences of one length.
    ordering : {"normal", "inverted"} or None
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
        As :func:`qkepipe.stability.analyse_cells`, in the order of ``cells``.

    Raises
    ------
    QkepipeError
        What the first batch that failed for a reason the user can mend says.
    RuntimeError
        If a batch failed otherwise. Finished batches stay in the store.
    """
    import xarray as xr

    inputs = [file_sha256(field), matter and file_sha256(matter), ordering, code]
    count = len(next(iter(cells.values()), ()))
    tasks = []
    for first in range(0, count, batch):
        part = {d: tuple(map(int, i[first : first + batch])) for d, i in cells.items()}
        tasks.append(
            ModeTask(
                Path(field), matter and Path(matter), part, ordering,
                Path(store) / f"modes-{content_hash([part, *inputs])}.nc", code,
                f"modes of cells {first} to {min(first + batch, count) - 1} of {count}", Path(log),
            )
        )  # fmt: skip
    missing = [task for task in tasks if not task.stored.exists()]
    logger.info("%d batch(es) of cells, %d known already", len(tasks), len(tasks) - len(missing))
    failures = map_tasks(solve_batch, missing, min(workers, len(missing)), prepare=_compile)
    for error in failures.values():
        if isinstance(error, QkepipeError):
            raise error
        raise RuntimeError(f"{len(failures)} batch(es) of modes failed: {error}")
    return xr.concat([xr.load_dataset(task.stored) for task in tasks], "cell")


def solve_batch(task: ModeTask) -> None:
    """Analyse the cells of a batch and write them to the store, atomically."""
    import xarray as xr

    from qkepipe.stability import analyse_cells

    with xr.open_dataset(task.field) as field:
        if task.matter is None:
            found = analyse_cells(field, task.cells, None, task.ordering)
        else:
            with xr.open_dataset(task.matter) as matter:
                found = analyse_cells(field, task.cells, matter, task.ordering)
    write_dataset(found, task.stored, code=task.code)
    logger.info("%s: finished", task.label)


def _compile() -> None:
    """Let this process compile the kernels for all workers."""
    import numpy as np

    from qkepipe.stability import analyse

    g = np.array([[[1.0, 2.0, 1.0, 1.0]], [[0.5, 1.0, 2.0, 2.0]]])
    analyse(np.linspace(-1.0, 1.0, 5), g, 1e-3, 1e-3)
