"""The compile policy: cached, without the GIL, no fast-math, IEEE division."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from qkepipe.jit import gufunc, jit, jit_parallel, prange


@jit
def _sum_small_last(x):
    total = 1.0
    for v in x:
        total += v
    return (total - 1.0) + 0.0 * x[0]


@jit_parallel
def _double(x, out):
    for i in prange(x.size):
        out[i] = 2.0 * x[i]


@gufunc(["void(float64[:], float64[:], float64[:])"], "(n),(n)->()")
def _dot(a, b, out):
    total = 0.0
    for i in range(a.size):
        total += a[i] * b[i]
    out[0] = total


@jit
def _divide(a, b):
    return a / b


def test_options():
    for kernel in (_sum_small_last, _double):
        options = kernel.targetoptions
        assert options["nogil"]
        assert not options.get("fastmath", False)
        assert options["error_model"] == "numpy"


def test_order_of_summation_is_kept():
    """Re-associated (fast-math) summation would give 1e-13 instead of 0."""
    x = np.full(1000, 1e-16)
    assert _sum_small_last(x) == _sum_small_last.py_func(x) == 0.0


def test_division_by_zero_is_ieee():
    assert _divide(1.0, 0.0) == np.inf
    assert np.isnan(_divide(0.0, 0.0))


def test_parallel_loop():
    x = np.arange(100.0)
    out, plain = np.empty(100), np.empty(100)
    _double(x, out)
    _double.py_func(x, plain)
    np.testing.assert_array_equal(out, 2 * x)
    np.testing.assert_array_equal(out, plain)


def test_gufunc_broadcasts():
    a = np.arange(12.0).reshape(4, 3)
    np.testing.assert_array_equal(_dot(a, np.ones(3)), a.sum(axis=1))


def test_processes_that_compile_gufuncs_at_once_do_not_break_them(tmp_path):
    """Kernel and wrapper of a gufunc come from one process (numba issue 10128)."""
    source = tmp_path / "race.py"
    names = [f"f{i}" for i in range(4)]
    source.write_text(
        "from qkepipe.jit import gufunc\n"
        + "".join(
            f"@gufunc(['void(float64, float64[:])'], '()->()')\n"
            f"def {n}(x, out):\n    out[0] = x + {i}\n"
            for i, n in enumerate(names)
        )
        + "print(" + ", ".join(f"{n}(1.0)" for n in names) + ")\n"
    )  # fmt: skip
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": str(tmp_path / "cache"),
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])]),
    }
    # the order of definition differs, and with it the names of the compiled functions
    other = "import race\n"
    first = "import numba\nnumba.njit(lambda x: x + 1)(1.0)\nimport race\n"
    for _ in range(2):
        running = [
            subprocess.Popen(
                [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True
            )
            for code in (other, first, other)
        ]
        for process in running:
            out, _ = process.communicate(timeout=300)
            assert process.returncode == 0
            assert out.split() == ["1.0", "2.0", "3.0", "4.0"]
