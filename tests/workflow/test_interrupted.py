"""A killed study goes on where it was, with the same numbers on other threads."""

import os
import signal
import subprocess
import time

import pytest


@pytest.fixture
def long_case(again):
    """The finished study with one case that takes long enough to be killed."""
    return again, again.write_config(
        solve={"crossings": 60, "samples": 3000},
        cases=[{"scheme": "qke", "xi": [2e-5]}],
        run={"checkpoint_seconds": 0.2},
    )


def wait_for_checkpoint(process, folder):
    """Wait until the state of a case is on disk for the second time."""
    until = time.monotonic() + 300
    seen = set()
    while time.monotonic() < until:
        assert process.poll() is None, "the run ended before it was killed"
        for path in folder.glob("results/quick/_checkpoints/*/*/state.npz"):
            seen.add(path.stat().st_mtime_ns)
        if len(seen) > 1:
            return
        time.sleep(0.02)
    raise AssertionError("no checkpoint appeared")


def test_a_killed_solve_continues_bit_identically(long_case):
    study, options = long_case
    process = subprocess.Popen(
        study.command("solves", *options),
        env=study.environment,
        cwd=study.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # a group of its own, so that the kill takes the jobs with it and nothing else
        start_new_session=True,
    )
    try:
        wait_for_checkpoint(process, study.folder)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    solution = study.folder / "results" / "quick" / "ccsn_demo" / "solve" / "qke_xi2e-5.nc"
    log = study.folder / "logs" / "quick" / "ccsn_demo" / "solve.log"
    assert not solution.exists()
    # the lock of the killed run is recognised as stale
    done = study.run("solves", "--rerun-incomplete", *options)
    assert done.returncode == 0, done.stderr[-5000:]
    assert "removing the lock of a killed run" in done.stderr
    assert "qke_xi2e-5: goes on from its checkpoint" in log.read_text()
    continued = solution.read_bytes()
    # the same in one go, on one thread
    for path in study.folder.glob("results/quick/_checkpoints/*/*/solution.nc"):
        path.unlink()
    solution.unlink()
    done = study.run("solves", "--cores", "1", *options)
    assert done.returncode == 0, done.stderr[-5000:]
    text = log.read_text()
    assert "goes on from its checkpoint" not in text
    assert "1 worker(s) with 1 thread(s)" in text
    assert solution.read_bytes() == continued
    assert list(study.folder.rglob("state.npz")) == []
