"""Tasks for the tests of the execution; a module of its own, as worker processes import it."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path

from qkepipe.errors import Defect, QkepipeError

logger = logging.getLogger("qkepipe")


@dataclass(frozen=True)
class Task:
    """Write the process and its threads to ``folder``, then do as told."""

    name: str
    folder: Path
    log: Path
    order: str = "finish"


def work(task: Task) -> None:
    """Do a task."""
    logger.info("%s: working", task.name)
    threads = ",".join(os.environ.get(n, "") for n in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS"))
    if task.order == "count threads":
        import numba

        threads += f",{numba.config.NUMBA_NUM_THREADS},{numba.get_num_threads()}"
    (task.folder / task.name).write_text(f"{os.getpid()} {threads}")
    if task.order == "refuse":
        raise QkepipeError(Defect("grid", "xi", "is too large"))
    if task.order == "break":
        raise ZeroDivisionError("by hand")
    if task.order == "die":
        os._exit(9)


def prepare(folder: Path) -> None:
    """Say which process prepared."""
    (folder / "prepared").write_text(str(os.getpid()))
