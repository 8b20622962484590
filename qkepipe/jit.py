"""The one compile policy of all kernels.

Kernels are cached on disk, release the GIL and never use fast-math: the order of
floating-point operations is part of the result (same numbers for any number of
threads). Parallel kernels must not reduce across iterations of ``prange``.
"""

import contextlib
import fcntl
import os
import tempfile
from pathlib import Path

import numba

from qkepipe.runtime import code_hash

__all__ = ["gufunc", "inlined", "jit", "jit_parallel", "prange"]

#: Rooms with kernels.
_ROOMS = (
    "constants", "jit", "matter", "maximum_entropy", "mixing", "opacity", "oscillation", "snapshot",
    "solvers", "stability", "transport",
)  # fmt: skip


def _kernel_cache() -> str:
    """Folder of compiled kernels, one for each state of the source.

    numba compiles a kernel again when its own file changes, not when a kernel in another
    file that it calls does: without a folder of their own, edited kernels would be
    ignored. A ``NUMBA_CACHE_DIR`` set by the user stays.
    """
    beside = Path(__file__).resolve().parent / "__pycache__"
    try:
        beside.mkdir(exist_ok=True)
        writable = os.access(beside, os.W_OK)
    except OSError:
        writable = False
    base = beside if writable else Path(tempfile.gettempdir()) / f"qkepipe-{os.getuid()}"
    return str(base / "kernels" / code_hash(*_ROOMS))


if "NUMBA_CACHE_DIR" not in os.environ:
    numba.config.CACHE_DIR = _kernel_cache()

prange = numba.prange

#: Serial kernel.
jit = numba.njit(cache=True, nogil=True, error_model="numpy")

#: Part of a kernel that always becomes part of its code: a loop with a call, which the compiler
#: may or may not inline, is not vectorised.
inlined = numba.njit(inline="always", nogil=True, error_model="numpy")

#: Kernel whose outer ``prange`` iterations are independent of one another.
jit_parallel = numba.njit(cache=True, nogil=True, error_model="numpy", parallel=True)


def gufunc(signatures, layout):
    """Generalised ufunc for a per-cell kernel, usable with ``xarray.apply_ufunc``.

    Parameters
    ----------
    signatures : list of str
        Numba type signatures, for example ``["void(float64[:], float64[:])"]``.
    layout : str
        Core dimensions, for example ``"(mu)->()"``.
    """

    def decorate(function):
        with _alone() as safe:
            return numba.guvectorize(signatures, layout, nopython=True, cache=safe)(function)

    return decorate


@contextlib.contextmanager
def _alone():
    """Let one process at a time compile, or load, a gufunc; yields whether it may be cached.

    numba caches the kernel and the wrapper of a gufunc in two files. Written by two
    processes they may not fit each other, and calling the gufunc then crashes (numba issue
    10128).
    """
    folder = Path(numba.config.CACHE_DIR)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = open(folder / "gufunc.lock", "w")  # noqa: SIM115  held while the caller works
        fcntl.flock(lock, fcntl.LOCK_EX)
    except OSError:
        yield False
        return
    try:
        yield True
    finally:
        lock.close()
