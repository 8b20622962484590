"""Batches of modes: resumed from the store, in parallel as alone."""

import os
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from qkepipe.errors import QkepipeError
from qkepipe.phasespace import angle_grid, energy_grid, geometric_energy_edges
from qkepipe.species import SPECIES
from qkepipe.stability import analyse_cells
from qkepipe.study import modes

CELLS = {"r": [0, 2, 3, 4]}


@pytest.fixture
def run(tmp_path):
    """Field file and a function that solves the modes of its cells."""
    energy, angle = energy_grid(geometric_energy_edges(4, 5.0, 60.0)), angle_grid(12)
    level = np.array([1.0, 0.9, 0.6, 0.6])[:, None, None, None] * 1e-3
    z = np.array([1.0, 1.5, 1.6, 1.6])[:, None] * np.linspace(0.3, 1.5, 5)
    f = (
        level
        * np.exp(-energy.centres / 6.0)[None, :, None, None]
        * np.exp(z[:, None, None] * (angle.centres[None, None, :, None] - 1.0))
    )
    field = xr.Dataset(
        {"f": (("species", "energy", "mu", "r"), f)},
        coords={"species": list(SPECIES), "energy_edge": energy.edges, "mu_edge": angle.edges},
    )
    path = tmp_path / "field.nc"
    field.to_netcdf(path)

    def solve(workers=1, **change):
        arguments = {
            "field": path, "matter": None, "cells": CELLS, "ordering": None,
            "store": tmp_path / "store", "code": "abc", "log": tmp_path / "log.txt",
            "workers": workers, "batch": 2,
        }  # fmt: skip
        return modes.solve_modes(**{**arguments, **change})

    return field, solve, tmp_path / "store"


def test_batches_are_the_whole(run):
    """Concatenated batches are the analysis of all cells."""
    field, solve, store = run
    xr.testing.assert_identical(solve().drop_attrs(), analyse_cells(field, CELLS))
    assert len(list(store.iterdir())) == 2


def test_a_killed_run_goes_on(run, monkeypatch):
    """Only what is missing is computed again; other inputs are not mixed up."""
    _, solve, store = run
    whole = solve()
    next(iter(store.iterdir())).unlink()
    called = []
    monkeypatch.setattr(
        modes, "solve_batch", lambda task, keep=modes.solve_batch: (called.append(task), keep(task))
    )
    xr.testing.assert_identical(solve(), whole)
    assert len(called) == 1
    solve(code="other")
    assert len(called) == 3


def test_a_failing_batch_keeps_the_others(run):
    """The error of the user comes out, finished batches stay."""
    _, solve, store = run
    with pytest.raises(QkepipeError, match="unknown ordering"):
        solve(ordering="upwards")
    with pytest.raises(RuntimeError, match="1 batch"):
        solve(cells={"r": [0, 1, 2, 99]})
    assert len(list(store.iterdir())) == 1


def test_parallel_processes(run, tmp_path):
    """Two workers give what one gives."""
    _, solve, store = run
    whole = solve()
    script = tmp_path / "parallel.py"
    script.write_text(
        "from pathlib import Path\n"
        "from qkepipe.study.modes import solve_modes\n"
        "if __name__ == '__main__':\n"
        f"    solve_modes(field=Path({str(tmp_path / 'field.nc')!r}), matter=None,\n"
        f"        cells={CELLS!r}, ordering=None, store=Path({str(tmp_path / 'other')!r}),\n"
        f"        code='abc', log=Path({str(tmp_path / 'log.txt')!r}), workers=2, batch=2)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, script], check=True, env=environment, timeout=300)
    names = {p.name for p in store.iterdir()}
    assert {p.name for p in (tmp_path / "other").iterdir()} == names
    again = xr.concat(
        [xr.load_dataset(tmp_path / "other" / n) for n in sorted(names)], "cell"
    ).sortby("lsa_growth_rate")
    np.testing.assert_array_equal(
        again["lsa_growth_rate"].values, np.sort(whole["lsa_growth_rate"].values)
    )
