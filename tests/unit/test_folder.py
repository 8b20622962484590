"""Locks of a working directory: held by the living, released by a kill."""

import signal
import subprocess
import sys
import time

import pytest

from qkepipe import folder


@pytest.fixture
def workdir(tmp_path):
    locks = tmp_path / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    (locks / "0.input.lock").write_text("a\n")
    return tmp_path


def other(workdir, call):
    """Another process that holds a lock until it is killed."""
    code = f"import time; from qkepipe import folder; {call}; print('held', flush=True)"
    code += "; time.sleep(60)"
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=workdir, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    return process


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


def locked(workdir):
    return any((workdir / ".snakemake" / "locks").iterdir())


def test_the_lock_of_a_killed_run_is_removed(workdir, capsys):
    assert folder.claim(workdir / ".snakemake")
    assert not locked(workdir)
    assert "removing the lock of a killed run" in capsys.readouterr().err


def test_jobs_of_a_cluster_keep_the_lock(workdir):
    """They run on other machines: only the user knows whether they still do."""
    incomplete = workdir / ".snakemake" / "incomplete"
    incomplete.mkdir()
    (incomplete / "cmVzdWx0").write_text('{"external_jobid": "1234"}')
    assert not folder.claim(workdir / ".snakemake")
    assert locked(workdir)


def test_the_lock_of_a_living_run_stays(workdir):
    running = other(workdir, "folder.claim()")
    (workdir / ".snakemake" / "locks" / "1.output.lock").write_text("b\n")
    try:
        assert not folder.claim(workdir / ".snakemake")
        assert locked(workdir)
    finally:
        kill(running)
    assert folder.claim(workdir / ".snakemake")
    assert not locked(workdir)


def test_a_run_waits_for_jobs_that_survived_the_kill(workdir, capsys):
    job = other(workdir, "folder.join()")
    code = "from qkepipe import folder; folder.claim()"
    waiting = subprocess.Popen(
        [sys.executable, "-c", code], cwd=workdir, stderr=subprocess.PIPE, text=True
    )
    assert "waiting for jobs" in waiting.stderr.readline()
    time.sleep(0.2)
    assert waiting.poll() is None
    assert locked(workdir)
    kill(job)
    assert waiting.wait(timeout=30) == 0
    assert not locked(workdir)
