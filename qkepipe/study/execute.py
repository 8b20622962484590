"""Run the cases of a job: one after the other, or side by side in worker processes.

Workers are processes with one Dask thread each; the threads of the kernels were set before
anything numerical was loaded (:func:`qkepipe.runtime.limit_threads`).
"""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from qkepipe.errors import Defect, QkepipeError
from qkepipe.runtime import Progress, configure_logging, file_sha256, write_dataset
from qkepipe.study.cases import Case
from qkepipe.study.plan import settings_view
from qkepipe.study.store import StoredCase, place, stored_case

__all__ = ["CaseTask", "map_tasks", "solve_cases"]

logger = logging.getLogger("qkepipe")


@dataclass(frozen=True)
class CaseTask:
    """One case for a worker: plain data only."""

    case: Case
    settings: dict[str, Any]
    checkpoint_seconds: float
    code: str
    background: Path
    stored: StoredCase
    log: Path


def solve_cases(
    *,
    cases: Sequence[dict],
    settings: dict,
    checkpoint_seconds: float,
    code: str,
    snapshot: str,
    backgrounds: dict[float, Path],
    solutions: Sequence[Path],
    summaries: Sequence[Path],
    store: Path,
    log: Path,
    workers: int,
) -> None:
    """Solve the cases of a job and put their files in place when all are finished.

    Parameters
    ----------
    cases : sequence of dict
        Fields of :class:`~qkepipe.study.cases.Case`.
    settings : dict
        Part of the configuration that the solve stage reads.
    checkpoint_seconds : float
        Wall time between checkpoints.
    code : str
        Hash of the source that the solve stage uses.
    snapshot : str
    backgrounds : dict
        Reference background by resolution.
    solutions, summaries : sequence of path
        Outputs, in the order of ``cases``.
    store : Path
        See :mod:`qkepipe.study.store`.
    log : Path
        Log of the job, shared by the workers.
    workers : int

    Raises
    ------
    QkepipeError
        One line per case that failed for a reason the user can mend.
    RuntimeError
        If a case failed otherwise. In both cases the finished ones stay in the store.
    """
    checksums = {name: file_sha256(path) for name, path in backgrounds.items()}
    tasks = []
    for fields in cases:
        case = Case(**fields)
        sha256 = checksums[case.resolution]
        tasks.append(
            CaseTask(
                case=case,
                settings=settings,
                checkpoint_seconds=checkpoint_seconds,
                code=code,
                background=Path(backgrounds[case.resolution]),
                stored=stored_case(store, snapshot, case, settings["solve"], sha256, code),
                log=Path(log),
            )
        )
    open_tasks = [task for task in tasks if not task.stored.finished]
    logger.info("%d case(s), %d of them known already", len(tasks), len(tasks) - len(open_tasks))
    failures = map_tasks(
        solve_case, tasks, min(workers, len(tasks)), prepare=lambda: _compile(open_tasks)
    )
    if failures:
        raise _failure([tasks[i].case.name for i in failures], list(failures.values()))
    for task, solution, summary in zip(tasks, solutions, summaries, strict=True):
        place(task.stored.solution, solution)
        place(task.stored.summary, summary)


def solve_case(task: CaseTask) -> None:
    """Solve one case, or take it from the store, and write its summary to the store."""
    import xarray as xr

    from qkepipe.study.stages import solve
    from qkepipe.study.stages.summary import summary_of

    name = task.case.name
    config = settings_view(task.settings, run={"checkpoint_seconds": task.checkpoint_seconds})
    background = xr.load_dataset(task.background)
    if task.stored.finished:
        logger.info("%s: taken from the store", name)
        solution = xr.load_dataset(task.stored.solution)
        summary = summary_of(config, task.case, solution, background)
    else:
        if task.stored.checkpoint.exists():
            logger.info("%s: goes on from its checkpoint", name)
        task.stored.folder.mkdir(parents=True, exist_ok=True)
        solution, summary = solve.run(
            config,
            task.case,
            background,
            checkpoint=task.stored.checkpoint,
            progress=Progress(name),
        )
        write_dataset(solution, task.stored.solution, code=task.code)
        task.stored.drop_checkpoint()
        logger.info("%s: finished, %s", name, _kernel_threads())
    write_dataset(summary, task.stored.summary, code=task.code)


def _kernel_threads() -> str:
    """Threads that the kernels of this process used, as numba says."""
    import numba

    try:
        layer = numba.threading_layer()
    except ValueError:
        # no parallel kernel ran
        layer = "none"
    return f"{numba.get_num_threads()} thread(s), threading layer {layer}"


def _compile(tasks: Sequence[CaseTask]) -> None:
    """Let this process compile the kernels of every kind of run, for all workers.

    Some steps of each kind suffice; workers then read the cache instead of compiling the
    same kernels side by side.
    """
    import xarray as xr

    from qkepipe.study.stages import solve

    first = {task.case.kind: task for task in reversed(tasks)}
    for task in first.values():
        short = {"crossings": 1e-12, "steady_crossings": 1e-12, "samples": 8, "average_from": 0.0}
        settings = {**task.settings, "solve": {**task.settings["solve"], **short}}
        config = settings_view(settings, run={"checkpoint_seconds": task.checkpoint_seconds})
        logger.info("compiling the kernels of %s runs", task.case.kind)
        solve.run(config, task.case, xr.load_dataset(task.background))


# --- many tasks ------------------------------------------------------------------------------


def map_tasks(
    function: Callable[[Any], None],
    tasks: Sequence[Any],
    workers: int,
    prepare: Callable[[], None] | None = None,
) -> dict[int, BaseException]:
    """Call a function of the package for every task; a failure does not stop the others.

    Parameters
    ----------
    function : callable
        Importable by name, as workers import it.
    tasks : sequence
        With an attribute ``log``: file that the workers append to.
    workers : int
        1 runs in this process, unless ``DASK_SCHEDULER_ADDRESS`` names a cluster.
    prepare : callable, optional
        Called in this process before worker processes start.

    Returns
    -------
    dict
        Errors by index of the task.
    """
    remote = os.environ.get("DASK_SCHEDULER_ADDRESS")
    if not tasks:
        return {}
    if workers <= 1 and not remote:
        return {i: e for i, task in enumerate(tasks) if (e := _attempt(function, task))}
    if prepare is not None:
        prepare()
    with _client(workers, remote) as client:
        futures = [client.submit(_in_worker, function, task, pure=False) for task in tasks]
        failures = {}
        for i, future in enumerate(futures):
            error = _outcome(future)
            if error is not None:
                failures[i] = error
        return failures


def _attempt(function: Callable, task: Any) -> Exception | None:
    try:
        function(task)
    except Exception as error:
        if not isinstance(error, QkepipeError):
            logger.error("%s", traceback.format_exc())
        return error
    return None


def _in_worker(function: Callable, task: Any) -> Exception | None:
    """Run a task in a worker process, which logs to the file of the job."""
    configure_logging(task.log, append=True)
    return _attempt(function, task)


def _outcome(future) -> BaseException | None:
    """Error of a task: what it raised, or how its worker died."""
    try:
        return future.result()
    except Exception as error:
        return error


@contextmanager
def _client(workers: int, remote: str | None) -> Iterator[Any]:
    """Dask client on local processes, or on the cluster of the user."""
    from dask.distributed import Client, LocalCluster

    if remote:
        with Client(remote) as client:
            _refuse_threads(client)
            yield client
        return
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            # no dashboard, and no fixed port that another job of the node may hold
            dashboard_address=":0",
            scheduler_kwargs={"dashboard": False},
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def _refuse_threads(client) -> None:
    """Kernels with threads of their own must not be called from two threads at once."""
    threads = {w["nthreads"] for w in client.scheduler_info(n_workers=-1)["workers"].values()}
    if threads - {1}:
        raise QkepipeError(
            Defect(
                "DASK_SCHEDULER_ADDRESS",
                "nthreads",
                f"workers with {max(threads)} threads",
                "one thread per worker, as parallel kernels are not safe in several",
            )
        )


def _failure(names: Sequence[str], errors: Sequence[BaseException]) -> Exception:
    """One error for all cases that failed."""
    if all(isinstance(error, QkepipeError) for error in errors):
        return QkepipeError(
            [
                replace(defect, field=f"{name}: {defect.field}")
                if isinstance(defect, Defect)
                else f"{name}: {defect}"
                for name, error in zip(names, errors, strict=True)
                for defect in error.defects
            ]
        )
    lines = [f"{n}: {type(e).__name__}: {e}" for n, e in zip(names, errors, strict=True)]
    return RuntimeError("cases failed: " + "; ".join(lines))
