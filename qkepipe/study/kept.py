"""Pieces of a stage in parallel processes whose results are kept.

The result of a piece is stored under a key of everything that determines it: a run that was
killed goes on with the pieces that are missing, and a longer list of pieces takes the known
ones from the store.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qkepipe.study.execute import map_tasks

__all__ = ["KeptTask", "finish"]

logger = logging.getLogger("qkepipe")


@dataclass(frozen=True)
class KeptTask:
    """One piece for a worker: plain data only.

    Attributes
    ----------
    arguments : tuple
        What the piece is computed from.
    stored : Path
        File of its result; the name holds a hash of ``arguments`` and ``code``.
    code : str
        Hash of the source that computes it.
    label : str
        Name in the log.
    log : Path or None
        Log of the job, shared by the workers.
    """

    arguments: tuple[Any, ...]
    stored: Path
    code: str
    label: str
    log: Path | None


def finish(
    function: Callable[[KeptTask], None],
    tasks: Sequence[KeptTask],
    workers: int,
    *,
    words: str,
    prepare: Callable[[], None],
) -> dict[int, BaseException]:
    """Compute the pieces that the store does not have.

    Parameters
    ----------
    function : callable
        Writes ``task.stored``, atomically; importable by name, as workers import it.
    tasks : sequence of KeptTask
    workers : int
        Processes with one thread each; 1 works in this process.
    words : str
        What the pieces are, for the log.
    prepare : callable
        Compiles the kernels, before worker processes start.

    Returns
    -------
    dict
        Errors by index of the task. All other pieces are in the store.
    """
    missing = [i for i, task in enumerate(tasks) if not task.stored.exists()]
    logger.info("%d %s, %d known already", len(tasks), words, len(tasks) - len(missing))
    failures = map_tasks(
        function, [tasks[i] for i in missing], min(workers, len(missing)), prepare=prepare
    )
    return {missing[i]: error for i, error in failures.items()}
