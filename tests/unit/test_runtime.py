"""Threads, logging, hashes, safe writing and provenance of a job."""

import hashlib
import json
import logging
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import xarray as xr

from qkepipe import runtime
from qkepipe.errors import Defect, QkepipeError


def run_python(code, **environment):
    """Run code in a new interpreter."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
    )


# --- threads ---


@pytest.mark.parametrize(
    "threads, cases, expected",
    [
        (1, 1, (1, 1)),
        (2, 1, (1, 2)),
        (2, 5, (2, 1)),
        (8, 3, (3, 2)),
        (16, 5, (5, 3)),
        (0, 0, (1, 1)),
    ],
)
def test_threads_are_split_between_workers_and_kernels(threads, cases, expected):
    code = f"""
        import os
        from qkepipe import runtime
        print(runtime.limit_threads({threads}, {cases}))
        print({{os.environ[name] for name in runtime.THREAD_VARIABLES[1:]}})
        import numba
        print(numba.config.NUMBA_NUM_THREADS)
    """
    # more than the machine has would only be refused by numba when threads start
    done = run_python(code)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        str(expected), str({"1"}), str(expected[1])
    ]  # fmt: skip


def test_threads_cannot_be_set_after_numba_has_read_them():
    done = run_python(
        """
        import numba
        from qkepipe import runtime
        runtime.limit_threads(3)
        """,
        NUMBA_NUM_THREADS="2",
    )
    assert "numba was loaded with 2 threads" in done.stderr


@pytest.mark.parametrize(
    "module",
    ["qkepipe", "qkepipe.runtime", "qkepipe.cli", "qkepipe.study.config", "qkepipe.study.load",
     "qkepipe.study.plan"],
)  # fmt: skip
def test_modules_of_the_snakefile_load_nothing_numerical(module):
    done = run_python(
        f"""
        import sys
        import {module}
        print({{"numba", "numpy", "xarray", "dask", "matplotlib"}} & set(sys.modules))
        """
    )
    assert done.stdout.strip() == "set()", done.stderr


def test_kernel_cache_moves_to_local_storage_inside_a_cluster_job(tmp_path):
    code = """
        import os
        from qkepipe import runtime
        runtime.isolate_kernel_cache()
        print(os.environ.get("NUMBA_CACHE_DIR"))
    """
    outside = {"SLURM_JOB_ID": "", "TMPDIR": str(tmp_path)}
    done = run_python(
        "import os; del os.environ['SLURM_JOB_ID']" + textwrap.dedent(code), **outside
    )
    assert done.stdout.strip() == "None"
    inside = {"SLURM_JOB_ID": "7", "TMPDIR": str(tmp_path)}
    folder = run_python(code, **inside).stdout.strip()
    assert folder.startswith(str(tmp_path))
    assert folder.endswith(runtime.code_hash())
    own = run_python(code, NUMBA_CACHE_DIR="/mine", **inside).stdout.strip()
    assert own == "/mine"


# --- logging ---


LOGGED = """
    import warnings
    from qkepipe import runtime
    from qkepipe.errors import Defect, QkepipeError
    runtime.configure_logging({log!r})
    runtime.logger.info("started")
    warnings.warn("doubtful")
    raise {error}
"""


def test_user_errors_are_one_line_each_and_exit_2(tmp_path):
    log = tmp_path / "deep" / "job.log"
    error = (
        "QkepipeError([Defect('a.txt', 'rho', 'is negative'), Defect('a.txt', 'ye', 'missing')])"
    )
    done = run_python(LOGGED.format(log=str(log), error=error))
    assert done.returncode == 2
    text = log.read_text()
    for stream in (text, done.stderr):
        assert "Traceback" not in stream
        assert "started" in stream
        assert "doubtful" in stream
        assert "a.txt: rho: is negative" in stream
        assert "a.txt: ye: missing" in stream


def test_defects_of_the_program_keep_their_traceback(tmp_path):
    log = tmp_path / "job.log"
    done = run_python(LOGGED.format(log=str(log), error="ZeroDivisionError('by hand')"))
    assert done.returncode == 1
    assert "Traceback" in log.read_text()
    assert "ZeroDivisionError: by hand" in log.read_text()


def test_workers_append_to_the_log_of_their_job(tmp_path):
    log = tmp_path / "job.log"
    code = """
        from qkepipe import runtime
        runtime.configure_logging({log!r}, append={append})
        runtime.logger.info("line {n}")
    """
    for n in range(3):
        run_python(code.format(log=str(log), append=n > 0, n=n))
    assert [line[-6:] for line in log.read_text().splitlines()] == ["line 0", "line 1", "line 2"]


def test_progress_is_calm_and_estimates_the_rest(monkeypatch, caplog):
    clock = [100.0]
    monkeypatch.setattr(runtime.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(runtime.logger, "propagate", True)
    progress = runtime.Progress("run", every=20.0)
    with caplog.at_level(logging.INFO, logger="qkepipe"):
        # resumed at 40 %; 1 % per 10 s from there
        for n in range(61):
            progress(0.40 + 0.01 * n, 1e-3 * n)
            clock[0] += 10.0
    lines = [r.getMessage() for r in caplog.records]
    assert len(lines) == 31
    assert lines[0] == "run: 40 %, t = 0 ms"
    assert lines[1] == "run: 42 %, t = 2 ms, 580 s left"
    assert lines[-1] == "run: 100 %, t = 60 ms"


# --- hashes ---


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A small package in place of qkepipe."""
    for name, text in {
        "errors.py": "E = 1\n",
        "solvers/__init__.py": "",
        "solvers/sphere.py": "S = 1\n",
        "transport/step.py": "T = 1\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(runtime, "_PACKAGE", tmp_path)
    return tmp_path


def test_code_hash_follows_the_source_of_its_rooms_only(package):
    before = {room: runtime.code_hash(room) for room in ("errors", "solvers", "transport")}
    whole = runtime.code_hash()
    assert all(len(h) == 16 and int(h, 16) >= 0 for h in before.values())
    assert len(set(before.values())) == 3
    (package / "solvers" / "sphere.py").write_text("S = 2\n")
    after = {room: runtime.code_hash(room) for room in before}
    assert {room for room in before if before[room] != after[room]} == {"solvers"}
    assert runtime.code_hash() != whole
    (package / "solvers" / "sphere.py").write_text("S = 1\n")
    assert {room: runtime.code_hash(room) for room in before} == before
    (package / "solvers" / "notes.txt").write_text("not code")
    assert runtime.code_hash("solvers") == before["solvers"]
    (package / "solvers" / "sphere.py").rename(package / "solvers" / "cube.py")
    assert runtime.code_hash("solvers") != before["solvers"]


@pytest.mark.parametrize("name", ["report.html.j2", "style.css", "maps/columns.yaml"])
def test_code_hash_follows_data_files_that_decide_a_result(package, name):
    path = package / "report" / name
    path.parent.mkdir(parents=True)
    hashes = set()
    for content in ("one", "two"):
        path.write_text(content)
        hashes.add((runtime.code_hash("report"), runtime.code_hash()))
    path.unlink()
    hashes.add((runtime.code_hash("report"), runtime.code_hash()))
    assert [len(set(column)) for column in zip(*hashes, strict=True)] == [3, 3]


def test_every_data_file_of_the_package_is_hashed():
    files = [p for p in runtime._PACKAGE.rglob("*") if p.is_file()]
    kept = [p for p in files if "__pycache__" not in p.parts]
    assert {p.suffix for p in kept} <= set(runtime._SOURCE)


def test_code_hash_refuses_an_unknown_room(package):
    with pytest.raises(ValueError, match="no room 'solver'"):
        runtime.code_hash("solver")


def test_content_hash_does_not_depend_on_the_order_of_keys():
    assert runtime.content_hash({"a": 1, "b": [1.5]}) == runtime.content_hash({"b": [1.5], "a": 1})
    assert runtime.content_hash({"a": 1}) != runtime.content_hash({"a": 2})


def test_file_checksum(tmp_path):
    (tmp_path / "f").write_bytes(b"abc")
    assert runtime.file_sha256(tmp_path / "f") == hashlib.sha256(b"abc").hexdigest()


# --- files ---


def test_atomic_write_leaves_the_old_file_after_an_error(tmp_path):
    path = tmp_path / "new" / "f.txt"
    with runtime.atomic_write(path) as part:
        part.write_text("old")
        assert not path.exists()
        assert part.parent == path.parent
    with pytest.raises(ZeroDivisionError), runtime.atomic_write(path) as part:
        part.write_text("ne" * (1 // 0))
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_equal_datasets_give_equal_bytes(tmp_path):
    rng = np.random.default_rng(3)
    data = xr.Dataset(
        {"f": (("species", "r"), rng.random((4, 1000)), {"units": "1"})},
        coords={"species": ["nue", "nuebar", "nux", "nuxbar"], "r": np.arange(1000.0)},
        attrs={"xi": 1e-4},
    )
    for name in ("a.nc", "b.nc"):
        runtime.write_dataset(data, tmp_path / name, code="0123456789abcdef")
    assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()
    back = xr.load_dataset(tmp_path / "a.nc")
    xr.testing.assert_equal(back, data)
    assert back.attrs["code_hash"] == "0123456789abcdef"
    assert back.attrs["xi"] == 1e-4
    # compression is in force: random doubles shrink a little, constant ones much
    runtime.write_dataset(xr.zeros_like(data), tmp_path / "zero.nc", code="")
    assert (tmp_path / "zero.nc").stat().st_size < 0.5 * (tmp_path / "a.nc").stat().st_size


# --- provenance ---


def test_provenance_names_inputs_seeds_and_versions(tmp_path):
    (tmp_path / "in.txt").write_text("1 2 3\n")
    record = runtime.provenance({"grid": {"n_r": 3}}, {"a": [tmp_path / "in.txt"]}, {"solve": 1})
    json.dumps(record)
    assert record["inputs"]["a"][0]["sha256"] == runtime.file_sha256(tmp_path / "in.txt")
    assert record["config_hash"] == runtime.content_hash({"grid": {"n_r": 3}})
    assert record["seeds"] == {"solve": 1}
    assert record["packages"]["numpy"] == np.__version__


def test_git_revision_is_absent_without_git(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert runtime.git_revision() is None


def test_job_costs_read_the_benchmark_files(tmp_path):
    head = "s\th:m:s\tmax_rss\tcpu_time\n"
    (tmp_path / "solve.tsv").write_text(head + "12.5\t0:00:12\t300.25\t20\n")
    (tmp_path / "compare.tsv").write_text(head + "0.1\t0:00:00\tNA\t0\n")
    jobs = {name: tmp_path / f"{name}.tsv" for name in ("solve", "compare", "report")}
    assert runtime.job_costs(jobs) == {
        "solve": {"wall_s": 12.5, "max_rss_MB": 300.25},
        "compare": {"wall_s": 0.1, "max_rss_MB": None},
    }


def test_defects_survive_the_way_from_a_worker():
    import pickle

    error = pickle.loads(pickle.dumps(QkepipeError([Defect("a", "b", "c"), Defect("d", "e", "f")])))
    assert [str(d) for d in error.defects] == ["a: b: c", "d: e: f"]
