"""Batches of modes: resumed from the store, in parallel as alone."""

import os
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from qkepipe.stability.modes import solve_gases
from qkepipe.study import modes

EDGES = np.linspace(-1.0, 1.0, 13)


def gases(n=5):
    """Gases of four energies: nue forward of nuebar by more and more, some damping."""
    mu = 0.5 * (EDGES[1:] + EDGES[:-1])
    spectrum = np.array([0.3, 1.0, 0.6, 0.1])[:, None]
    z = np.linspace(0.3, 1.5, n)
    g = np.stack(
        [[spectrum * np.exp(a * (mu - 1)), 0.95 * spectrum * np.exp(1.5 * a * (mu - 1))] for a in z]
    )
    gamma = 1e-3 * np.ones((n, 2, 4)) * np.array([1.0, 0.5])[:, None]
    return EDGES, g, np.zeros((n, 4)), gamma


@pytest.fixture
def run(tmp_path):
    """Function that solves the gases in batches of two."""

    def solve(*arrays, **change):
        arguments = {
            "store": tmp_path / "store", "code": "abc", "log": tmp_path / "log.txt",
            "workers": 1, "batch": 2,
        }  # fmt: skip
        return modes.solve_modes(*(arrays or gases()), **{**arguments, **change})

    return solve, tmp_path / "store"


def test_batches_are_the_whole(run):
    """Concatenated batches are the analysis of all cells."""
    solve, store = run
    whole = solve()
    assert (whole["lsa_growth_rate"] > 0).all()
    xr.testing.assert_identical(whole, solve_gases(*gases()))
    assert len(list(store.iterdir())) == 3


def test_a_killed_run_goes_on(run, monkeypatch):
    """Only what is missing is computed again; other gases or code are not mixed up."""
    solve, store = run
    whole = solve()
    next(iter(store.iterdir())).unlink()
    called = []
    monkeypatch.setattr(
        modes, "solve_batch", lambda task, keep=modes.solve_batch: (called.append(task), keep(task))
    )
    xr.testing.assert_identical(solve(), whole)
    assert len(called) == 1
    solve(code="other")
    assert len(called) == 4
    edges, g, omega, gamma = gases()
    solve(edges, g, omega, 2.0 * gamma)
    assert len(called) == 7


def test_more_cells_take_what_is_known(run, monkeypatch):
    """Batches of the same cells are found again in a longer list."""
    solve, _ = run
    edges, g, omega, gamma = gases()
    solve(edges, g[:4], omega[:4], gamma[:4])
    called = []
    monkeypatch.setattr(
        modes, "solve_batch", lambda task, keep=modes.solve_batch: (called.append(task), keep(task))
    )
    solve()
    assert [len(task.arguments[1]) for task in called] == [1]


def test_a_failing_batch_keeps_the_others(run, monkeypatch):
    """The failure comes out, finished batches stay."""
    solve, store = run

    def fail(task, keep=modes.solve_batch):
        if len(task.arguments[1]) == 1:
            raise RuntimeError("lost")
        keep(task)

    monkeypatch.setattr(modes, "solve_batch", fail)
    with pytest.raises(RuntimeError, match=r"1 batch\(es\) of modes failed: lost"):
        solve()
    assert len(list(store.iterdir())) == 2


def test_parallel_processes(run, tmp_path):
    """Two workers give what one gives."""
    solve, store = run
    whole = solve()
    np.savez(tmp_path / "gases.npz", *gases())
    script = tmp_path / "parallel.py"
    script.write_text(
        "from pathlib import Path\n"
        "import numpy as np\n"
        "from qkepipe.study.modes import solve_modes\n"
        "if __name__ == '__main__':\n"
        f"    arrays = np.load({str(tmp_path / 'gases.npz')!r}).values()\n"
        f"    found = solve_modes(*arrays, store=Path({str(tmp_path / 'other')!r}), code='abc',\n"
        f"        log=Path({str(tmp_path / 'log.txt')!r}), workers=2, batch=2)\n"
        f"    found.to_netcdf({str(tmp_path / 'found.nc')!r})\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, script], check=True, env=environment, timeout=300)
    assert {p.name for p in (tmp_path / "other").iterdir()} == {p.name for p in store.iterdir()}
    xr.testing.assert_identical(xr.load_dataset(tmp_path / "found.nc"), whole)
    assert "modes of cells 2 to 3 of 5: finished" in (tmp_path / "log.txt").read_text()
