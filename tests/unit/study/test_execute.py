"""Execution of the cases of a job: failures stay alone, one owner of threads per level."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def run_tasks(tmp_path, orders, threads, **environment):
    """Run fake tasks in a new interpreter as a script does; returns its output and the log."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import sys
            from functools import partial
            from pathlib import Path
            sys.path.insert(0, {str(HERE)!r})

            def main():
                from qkepipe import runtime
                folder = Path({str(tmp_path)!r})
                workers, _ = runtime.begin_job(folder / "job.log", {threads}, {len(orders)})
                from fake_tasks import Task, prepare, work
                from qkepipe.study.execute import _failure, map_tasks
                tasks = [Task(f"t{{i}}", folder, folder / "job.log", o)
                         for i, o in enumerate({orders!r})]
                failures = map_tasks(work, tasks, workers, partial(prepare, folder))
                print("FAILED", sorted(failures))
                if failures:
                    raise _failure([tasks[i].name for i in failures], list(failures.values()))

            if __name__ == "__main__":
                main()
            """
        )
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(HERE), **environment},
    )
    return done, (tmp_path / "job.log").read_text()


def written(tmp_path, n):
    """Process and threads that each task has written."""
    return [(tmp_path / f"t{i}").read_text().split() for i in range(n)]


def test_one_worker_runs_in_the_process_of_the_job(tmp_path):
    done, log = run_tasks(tmp_path, ["finish"], threads=2)
    assert done.stdout == "FAILED []\n", done.stderr
    assert "1 worker(s) with 2 thread(s)" in log
    assert not (tmp_path / "prepared").exists()
    assert written(tmp_path, 1)[0][1] == "2,1"


def test_several_workers_are_processes_with_their_share_of_threads(tmp_path):
    done, log = run_tasks(tmp_path, ["count threads"] * 2, threads=2)
    assert done.stdout == "FAILED []\n", done.stderr
    assert "2 worker(s) with 1 thread(s)" in log
    processes = {process for process, _ in written(tmp_path, 2)}
    # the job itself prepared; others worked
    assert (tmp_path / "prepared").read_text() not in processes
    assert {threads for _, threads in written(tmp_path, 2)} == {"1,1,1,1"}
    assert "t0: working" in log
    assert "t1: working" in log


@pytest.mark.parametrize("threads", [1, 2])
def test_a_failing_case_does_not_lose_the_others(tmp_path, threads):
    done, log = run_tasks(tmp_path, ["refuse", "finish", "refuse"], threads)
    assert done.returncode == 2
    assert done.stdout == "FAILED [0, 2]\n"
    assert len(written(tmp_path, 3)) == 3
    for case in ("t0", "t2"):
        assert f"ERROR grid: {case}: xi: is too large" in log
    assert "Traceback" not in log


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_of_the_program_keeps_its_traceback(tmp_path, threads):
    done, log = run_tasks(tmp_path, ["break", "finish"], threads)
    assert done.returncode == 1
    assert done.stdout == "FAILED [0]\n"
    assert 'raise ZeroDivisionError("by hand")' in log
    assert "cases failed: t0: ZeroDivisionError: by hand" in log
    assert (tmp_path / "t1").exists()


def test_a_worker_that_dies_is_a_failed_case(tmp_path):
    done, log = run_tasks(tmp_path, ["die", "finish"], threads=2)
    assert done.returncode == 1
    assert done.stdout == "FAILED [0]\n"
    assert (tmp_path / "t1").exists()
    assert "cases failed: t0: KilledWorker" in log


def test_a_scheduler_of_the_user_is_used(tmp_path):
    from dask.distributed import LocalCluster

    def cluster(threads):
        return LocalCluster(
            n_workers=1, threads_per_worker=threads, processes=True, dashboard_address=None
        )

    with cluster(1) as own:
        address = own.scheduler_address
        done, _ = run_tasks(tmp_path, ["finish"], 1, DASK_SCHEDULER_ADDRESS=address)
        assert done.stdout == "FAILED []\n", done.stderr
        # not the process that prepared, but a worker of the cluster
        assert (tmp_path / "prepared").read_text() != written(tmp_path, 1)[0][0]
    with cluster(2) as own:
        address = own.scheduler_address
        done, log = run_tasks(tmp_path, ["finish"], 1, DASK_SCHEDULER_ADDRESS=address)
        assert done.returncode == 2
        assert "DASK_SCHEDULER_ADDRESS: nthreads: workers with 2 threads" in log
