"""Fixtures of all tests."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# the machines are shared: how long an example takes says nothing
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")

# tests share their machine; kernels give the same numbers for any number of threads
os.environ.setdefault("NUMBA_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of the shared data, next to the repository; skips where it is absent."""
    path = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not path.is_dir():
        pytest.skip(f"no shared data at {path}")
    return path


@pytest.fixture(params=["compiled", "python"])
def as_mode(request):
    """Map a kernel to its compiled form, or to the Python function it was compiled from."""
    if request.param == "compiled":
        return lambda kernel: kernel
    return lambda kernel: getattr(kernel, "py_func", kernel)
