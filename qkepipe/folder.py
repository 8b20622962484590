"""Who is at work in a working directory: locks that a kill releases.

Snakemake's own lock is a file that stays behind after ``kill -9``. Here the operating system
holds the locks (``flock``), so they vanish with their process: the run holds one, every job
on this machine shares another. A run that gets the first knows that no other run is alive
and removes what Snakemake left behind; the second tells whether jobs of a killed run still
write.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sys
from pathlib import Path

__all__ = ["claim", "join"]

_HELD: list[int] = []
_RUN, _JOBS = "qkepipe.run.lock", "qkepipe.jobs.lock"


def _open(folder: Path, name: str) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    # close-on-exec by default: jobs do not inherit the lock of the run
    return os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o644)


def claim(folder: str | Path = ".snakemake") -> bool:
    """Hold the directory for a run, for the life of this process.

    Waits for jobs of a killed run that are still at work, then removes the lock files which
    that run left behind.

    Parameters
    ----------
    folder : path
        Snakemake's folder in the working directory.

    Returns
    -------
    bool
        False if another run is alive, jobs of a cluster may be, or the file system has no
        such locks: then nothing is removed, and Snakemake's own lock decides.
    """
    folder = Path(folder)
    stale = folder / "locks"
    try:
        run = _open(folder, _RUN)
        fcntl.flock(run, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    _HELD.append(run)
    if not stale.is_dir() or not any(stale.iterdir()):
        return True
    if _cluster_jobs(folder):
        return False
    try:
        jobs = _open(folder, _JOBS)
        try:
            fcntl.flock(jobs, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("waiting for jobs of a killed run that are still at work", file=sys.stderr)
            fcntl.flock(jobs, fcntl.LOCK_EX)
        os.close(jobs)
    except OSError:
        return False
    print("removing the lock of a killed run", file=sys.stderr)
    for path in stale.glob("*.lock"):
        path.unlink(missing_ok=True)
    return True


def _cluster_jobs(folder: Path) -> bool:
    """Whether unfinished jobs were submitted to a cluster, where these locks may not reach."""
    for record in (folder / "incomplete").rglob("*"):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            if record.is_file() and json.loads(record.read_text()).get("external_jobid"):
                return True
    return False


def join(folder: str | Path = ".snakemake") -> None:
    """Show for the life of this process that a job is at work in the directory."""
    with contextlib.suppress(OSError):
        jobs = _open(Path(folder), _JOBS)
        _HELD.append(jobs)
        fcntl.flock(jobs, fcntl.LOCK_SH | fcntl.LOCK_NB)
