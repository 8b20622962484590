"""A small study through a real Slurm, with the profile for clusters (`make slurm`).

A Slurm of one node is started on this machine and stopped at the end. It schedules memory and
cores without enforcing them, so that jobs killed for want of memory cannot be tested here.
"""

import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from workflow_tools import ROOT, Workflow

TOOLS = ROOT.parent / "shared" / "tools" / "slurm"
#: Exit codes of start.sh: programs or rights missing; the machine has its own Slurm.
_CANNOT_START = (3, 4)
SUBMITTED = {"ingest", "background", "baseline", "stability", "regions", "reference", "solve"}

pytestmark = pytest.mark.slurm


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """A running Slurm."""
    if not (TOOLS / "start.sh").is_file():
        pytest.skip(f"no {TOOLS / 'start.sh'}")
    # not pytest's folder: its parents are closed, and the daemons refuse that
    folder = tempfile.mkdtemp(prefix="slurm-")
    log = tmp_path_factory.mktemp("start") / "log"
    try:
        # the daemons inherit the output: a pipe would stay open until they end
        with open(log, "w") as output:
            code = subprocess.run(
                [TOOLS / "start.sh", folder], stdout=output, stderr=output, timeout=120
            ).returncode
        said = log.read_text()
        if code in _CANNOT_START:
            pytest.skip(said.strip())
        assert code == 0, said
        yield
    finally:
        if Path(folder, "slurm.conf").exists():
            subprocess.run([TOOLS / "stop.sh", folder], check=True, timeout=120)
        shutil.rmtree(folder)


def queue():
    """All jobs that Slurm knows, as dictionaries of its own names, in order of submission."""
    done = subprocess.run(
        ["scontrol", "show", "jobs", "--oneliner"], capture_output=True, text=True, timeout=60
    )
    rows = [dict(re.findall(r"(\S+?)=(\S*)", line)) for line in done.stdout.splitlines()]
    return sorted((row for row in rows if "JobId" in row), key=lambda row: int(row["JobId"]))


def jobs_of(rule):
    """Slurm jobs of a rule; the executor writes the rule into the comment."""
    return [job for job in queue() if job.get("Comment", "").startswith(f"rule_{rule}_")]


def cancel_first_job(process):
    """Cancel the first Slurm job as soon as it runs, as a time limit would."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        assert process.poll() is None, "the run ended before its first job was cancelled"
        running = [job["JobId"] for job in queue() if job["JobState"] == "RUNNING"]
        if running:
            subprocess.run(["scancel", running[0]], check=True, timeout=60)
            return
        time.sleep(0.2)
    raise AssertionError("no job appeared in the queue")


@pytest.fixture(scope="module")
def studies(slurm, repository, tmp_path_factory):
    """The same small study by Slurm and on this machine."""
    folder = tmp_path_factory.mktemp("slurm")
    changes = {"cases": [{"scheme": "qke", "xi": [2e-5]}]}
    cluster, local = (Workflow(repository, folder / name) for name in ("cluster", "local"))
    scratch = folder / "scratch"
    for path in (cluster.folder, local.folder, scratch):
        path.mkdir()
    command = cluster.command(
        "comparison", *cluster.write_config(**changes),
        "--workflow-profile", repository / "profiles" / "slurm",
        "--default-resources", "slurm_partition=debug", "mem_mb=900", "runtime=10",
        "--max-threads", 2, "--slurm-status-command", "squeue",
        "--slurm-init-seconds-before-status-checks", 2, "--seconds-between-status-checks", 2,
    )  # fmt: skip
    log = folder / "cluster.log"
    with open(log, "w") as output:
        process = subprocess.Popen(
            command,
            cwd=cluster.folder,
            env={**cluster.environment, "TMPDIR": str(scratch)},
            stdout=output,
            stderr=output,
        )
        try:
            cancel_first_job(process)
            code = process.wait(timeout=900)
        finally:
            process.kill()
            process.wait()
    assert code == 0, log.read_text()[-5000:]
    jobs = {rule: jobs_of(rule) for rule in SUBMITTED}
    done = local.run("comparison", *local.write_config(**changes))
    assert done.returncode == 0, done.stderr[-5000:]
    return SimpleNamespace(cluster=cluster, local=local, scratch=scratch, jobs=jobs)


def test_every_job_that_computes_goes_through_slurm(studies):
    for rule, jobs in studies.jobs.items():
        assert [job["JobState"] for job in jobs][-1:] == ["COMPLETED"], rule
        if rule != "ingest":
            assert len(jobs) == 1, rule
    # what the rule asks for, not the default of the profile, up to --max-threads
    (solve,) = studies.jobs["solve"]
    assert solve["NumCPUs"] == "2"
    assert studies.jobs["background"][0]["NumCPUs"] == "1"


def test_a_cancelled_job_is_submitted_again_with_twice_the_memory_and_time(studies):
    first, second = studies.jobs["ingest"]
    assert first["JobState"] == "CANCELLED"
    assert (first["MinMemoryNode"], second["MinMemoryNode"]) == ("1000M", "2000M")
    assert (first["TimeLimit"], second["TimeLimit"]) == ("00:30:00", "01:00:00")


def test_numbers_and_files_are_those_of_a_local_run(studies):
    here, there = (w.folder / "results" / "quick" for w in (studies.local, studies.cluster))
    names = {
        path.relative_to(here)
        for path in here.rglob("*")
        if path.suffix in {".nc", ".csv", ".yaml"}
    }
    assert {Path("comparison.csv"), Path("ccsn_demo", "solve", "qke_xi2e-5.nc")} <= names
    for name in sorted(names):
        assert (there / name).read_bytes() == (here / name).read_bytes(), name


def test_logs_threads_and_kernels_of_a_slurm_job(studies):
    log = studies.cluster.folder / "logs" / "quick" / "ccsn_demo" / "solve.log"
    # Slurm grants two cores and does not say so to numba
    assert "1 worker(s) with 2 thread(s)" in log.read_text()
    assert "qke_xi2e-5: finished, 2 thread(s)" in log.read_text()
    (kernels,) = studies.scratch.glob("qkepipe-kernels-*")
    assert kernels.stat().st_mode & 0o077 == 0
    assert list(kernels.rglob("*.nbi"))
