"""What a job needs around the physics: threads, logging, code hash, safe writing, provenance.

This module is imported by the Snakefile and by every script before numpy and numba, so it
imports neither: thread variables are read when those libraries start.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import platform
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from qkepipe import __version__, folder
from qkepipe.errors import EXIT_USER_ERROR, QkepipeError

__all__ = [
    "THREAD_VARIABLES",
    "Progress",
    "array_hash",
    "atomic_write",
    "begin_job",
    "code_hash",
    "configure_logging",
    "content_hash",
    "file_sha256",
    "git_revision",
    "isolate_kernel_cache",
    "job_costs",
    "limit_threads",
    "package_versions",
    "provenance",
    "write_dataset",
    "write_text",
]

#: Variables that numerical libraries read when they are loaded.
THREAD_VARIABLES = (
    "NUMBA_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

_PACKAGE = Path(__file__).resolve().parent
#: Files of the package that decide results: source, templates and style of the report, maps.
_SOURCE = frozenset({".py", ".j2", ".css", ".yaml"})
_LOG_FORMAT = "%(asctime)s %(levelname)s %(message)s"
#: Packages whose version belongs to a result.
_VERSIONED = ("numpy", "numba", "xarray", "netCDF4", "dask", "pydantic", "snakemake")

logger = logging.getLogger("qkepipe")


# --- start of a job --------------------------------------------------------------------------


def begin_job(logfile: str | Path, threads: int, cases: int = 1) -> tuple[int, int]:
    """First call of every workflow script: log, threads and kernel cache of the job.

    Parameters
    ----------
    logfile : path
        Log of the rule.
    threads : int
        Threads granted to the job.
    cases : int
        Independent cases that can share them.

    Returns
    -------
    workers, threads_per_worker : int
        See :func:`limit_threads`.
    """
    configure_logging(logfile)
    folder.join()
    workers, per_worker = limit_threads(threads, cases)
    isolate_kernel_cache()
    logger.info("qkepipe %s, %d worker(s) with %d thread(s)", __version__, workers, per_worker)
    return workers, per_worker


def limit_threads(threads: int, cases: int = 1) -> tuple[int, int]:
    """Split the threads of a job between worker processes and the kernels of each.

    Sets :data:`THREAD_VARIABLES` in ``os.environ``; worker processes inherit them. Must be
    called before numpy, numba and dask are imported. Linear algebra keeps one thread: its
    matrices are small, and its results depend on the number of threads.

    Parameters
    ----------
    threads : int
        Threads granted to the job.
    cases : int
        Independent cases.

    Returns
    -------
    workers, threads_per_worker : int
        ``workers * threads_per_worker <= threads``.

    Raises
    ------
    RuntimeError
        If numba is loaded already and started with another number of threads.
    """
    threads, cases = max(1, int(threads)), max(1, int(cases))
    workers = min(cases, threads)
    per_worker = threads // workers
    loaded = sys.modules.get("numba")
    if loaded is not None and per_worker != loaded.config.NUMBA_NUM_THREADS:
        raise RuntimeError(
            f"numba was loaded with {loaded.config.NUMBA_NUM_THREADS} threads before "
            f"limit_threads asked for {per_worker}"
        )
    for name in THREAD_VARIABLES:
        os.environ[name] = "1"
    os.environ["NUMBA_NUM_THREADS"] = str(per_worker)
    return workers, per_worker


def isolate_kernel_cache() -> None:
    """Inside a cluster job, keep compiled kernels on node-local storage.

    Many processes that compile into one cache on a network file system can corrupt it
    (numba issues 9348 and 10128). A ``NUMBA_CACHE_DIR`` set by the user stays. Cached kernels
    are executed when they are loaded, so a folder that somebody else made is not used.
    """
    if "SLURM_JOB_ID" not in os.environ or "NUMBA_CACHE_DIR" in os.environ:
        return
    user = os.environ.get("USER", str(os.getuid()))
    folder = Path(tempfile.gettempdir()) / f"qkepipe-kernels-{user}-{code_hash()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.lstat().st_uid != os.getuid():
        folder = Path(tempfile.mkdtemp(prefix="qkepipe-kernels-"))
    os.environ["NUMBA_CACHE_DIR"] = str(folder)


# --- logging ---------------------------------------------------------------------------------


def configure_logging(logfile: str | Path | None = None, *, append: bool = False) -> None:
    """Send log, warnings and uncaught errors to stderr and to a file.

    A :class:`~qkepipe.errors.QkepipeError` that nobody catches is printed as its lines and
    ends the process with exit code 2; other exceptions keep their traceback.

    Parameters
    ----------
    logfile : path, optional
        Replaced unless ``append``; its folder is made.
    append : bool
        For worker processes that share the log of their job.
    """
    formatter = logging.Formatter(_LOG_FORMAT)
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    if logfile is not None:
        Path(logfile).parent.mkdir(parents=True, exist_ok=True)
        if not append:
            Path(logfile).write_text("")
        # several processes write: only in append mode none overwrites the lines of another
        handlers.append(logging.FileHandler(logfile, mode="a"))
    for name in ("qkepipe", "py.warnings"):
        channel = logging.getLogger(name)
        for old in channel.handlers[:]:
            channel.removeHandler(old)
            old.close()
        channel.propagate = False
        for handler in handlers:
            handler.setFormatter(formatter)
            channel.addHandler(handler)
    logger.setLevel(logging.INFO)
    logging.captureWarnings(True)
    warnings.filterwarnings("default", module=r"qkepipe\.")
    sys.excepthook = _report_uncaught


def _report_uncaught(kind, error, trace) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    if issubclass(kind, QkepipeError):
        for defect in error.defects:
            logger.error("%s", defect)
        sys.exit(EXIT_USER_ERROR)
    logger.critical("stopped by an error of the program", exc_info=(kind, error, trace))


class Progress:
    """Progress of a run in the log: percent, physical time and estimate of the rest.

    Parameters
    ----------
    label : str
        What runs.
    every : float
        Seconds of wall time between two lines.

    Notes
    -----
    An instance is called as ``progress(fraction_done, physical_seconds)``.
    """

    def __init__(self, label: str, every: float = 20.0):
        self.label = label
        self.every = every
        self._origin: tuple[float, float] | None = None
        self._last = float("-inf")

    def __call__(self, fraction: float, physical_seconds: float) -> None:
        now = time.monotonic()
        if self._origin is None:
            # a resumed run starts in the middle: only what was done here tells the speed
            self._origin = (now, fraction)
        if now - self._last < self.every and fraction < 1.0:
            return
        self._last = now
        start, first = self._origin
        done = fraction - first
        rest = f", {(now - start) * (1.0 - fraction) / done:.0f} s left" if done > 0.0 else ""
        logger.info(
            "%s: %.0f %%, t = %.4g ms%s",
            self.label,
            100.0 * fraction,
            1e3 * physical_seconds,
            rest if fraction < 1.0 else "",
        )


# --- hashes ----------------------------------------------------------------------------------


def code_hash(*rooms: str) -> str:
    """Hash of the source of rooms of the package: 16 hexadecimal digits.

    Parameters
    ----------
    *rooms : str
        Modules or packages below ``qkepipe``, dotted (``"transport"``,
        ``"study.stages.solve"``); none: the whole package.

    Returns
    -------
    str
        First 16 digits of the sha256 over relative paths and contents of the files: source,
        templates and style sheet of the report, column maps of readers.
    """
    files: set[Path] = set()
    for room in rooms or ("",):
        base = _PACKAGE.joinpath(*room.split(".")) if room else _PACKAGE
        if base.is_dir():
            files.update(path for path in base.rglob("*") if path.suffix in _SOURCE)
        elif base.with_suffix(".py").is_file():
            files.add(base.with_suffix(".py"))
        else:
            raise ValueError(f"qkepipe has no room {room!r}")
    digest = hashlib.sha256()
    for path in sorted(files):
        content = path.read_bytes()
        name = path.relative_to(_PACKAGE).as_posix()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def content_hash(value) -> str:
    """Hash of plain data (dictionaries, lists, numbers, text): 16 hexadecimal digits."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def array_hash(*arrays, text: str = "") -> str:
    """Hash of the shapes and numbers of arrays, and of a text: 16 hexadecimal digits."""
    total = hashlib.sha256(text.encode())
    for array in arrays:
        total.update(f"{array.dtype}{array.shape}".encode())
        total.update(array.tobytes())
    return total.hexdigest()[:16]


def file_sha256(path: str | Path) -> str:
    """Sha256 of a file's content, hexadecimal."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# --- files -----------------------------------------------------------------------------------


@contextlib.contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Context that yields a temporary path beside ``path`` and moves it into place at the end.

    After an error, or a kill, ``path`` is what it was before.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # the process number keeps a job killed earlier, whose worker still writes, away from us
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Write a text file atomically."""
    with atomic_write(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def write_dataset(dataset, path: str | Path, *, code: str) -> None:
    """Write an xarray Dataset as compressed netCDF-4, atomically.

    Equal data give equal bytes: nothing of the time or place of writing enters the file.

    Parameters
    ----------
    dataset : Dataset
    path : path
    code : str
        Hash of the source that made the data, see :func:`code_hash`; becomes an attribute,
        as does the version.
    """
    dataset = dataset.assign_attrs(qkepipe_version=__version__, code_hash=code)
    encoding = {}
    for name, variable in dataset.variables.items():
        if variable.dtype.kind in "fiu" and variable.size > 1000:
            encoding[name] = {"zlib": True, "complevel": 4, "shuffle": True}
    with atomic_write(path) as part:
        dataset.to_netcdf(part, engine="netcdf4", format="NETCDF4", encoding=encoding)


# --- provenance ------------------------------------------------------------------------------


def git_revision() -> str | None:
    """Revision of the source tree, with ``+changes`` where it differs; None without git."""

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-C", str(_PACKAGE), *words],
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        ).stdout.strip()

    try:
        # an installed copy may lie inside somebody else's repository
        git("ls-files", "--error-unmatch", "runtime.py")
        revision = git("rev-parse", "HEAD")
        return revision + "+changes" if git("status", "--porcelain", "--", ".") else revision
    except (OSError, subprocess.SubprocessError):
        return None


def package_versions(names: Iterable[str] = _VERSIONED) -> dict[str, str]:
    """Versions of the installed packages that results depend on."""
    return {name: metadata.version(name) for name in names}


def job_costs(benchmarks: dict[str, str | Path]) -> dict[str, dict[str, float | None]]:
    """Wall time [s] and largest resident memory [MB] of each job, from Snakemake's benchmarks.

    Parameters
    ----------
    benchmarks : dict of path
        Benchmark files by job; jobs without one are left out.
    """
    out = {}
    for job, path in benchmarks.items():
        if not Path(path).is_file():
            continue
        lines = Path(path).read_text(encoding="utf-8").splitlines()
        row = dict(zip(lines[0].split("\t"), lines[1].split("\t"), strict=True))
        out[job] = {"wall_s": _number(row["s"]), "max_rss_MB": _number(row["max_rss"])}
    return out


def _number(text: str) -> float | None:
    """Number of a benchmark file, which says NA for jobs too short to be measured."""
    try:
        return float(text)
    except ValueError:
        return None


def provenance(config: dict, inputs: dict[str, list[str]], seeds: dict) -> dict:
    """Who made a result, from what.

    Parameters
    ----------
    config : dict
        Resolved configuration.
    inputs : dict of list of path
        Input files by snapshot.
    seeds : dict
        Random seeds in force.

    Returns
    -------
    dict
        Plain data.
    """
    return {
        "qkepipe": __version__,
        "git_revision": git_revision(),
        "code_hash": code_hash(),
        "config_hash": content_hash(config),
        "inputs": {
            name: [{"file": str(path), "sha256": file_sha256(path)} for path in paths]
            for name, paths in inputs.items()
        },
        "seeds": seeds,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": package_versions(),
    }
