"""Which jobs a study has, before anything runs."""

import re
from pathlib import Path

import pytest

from qkepipe.registered import GALLERY
from qkepipe.study.init import init_study

ROOT = Path(__file__).resolve().parents[2]

ALWAYS = {
    "all",
    "ingest",
    "stability",
    "regions",
    "compare",
    "provenance",
    "report",
    "resolved_config",
    "calibration",
}
TRANSPORT = {"background", "baseline", "resolution", "reference"}


def test_without_a_configuration_it_is_the_default_study(workflow):
    jobs = workflow.jobs()
    assert jobs == dict.fromkeys({*ALWAYS, *TRANSPORT, "solve"}, 1)


@pytest.mark.parametrize(
    "example, rules",
    [
        ("quick", {*ALWAYS, *TRANSPORT, "solve"}),
        ("ccsn_1d", {*ALWAYS, *TRANSPORT, "solve"}),
        ("schemes", {*ALWAYS, *TRANSPORT, "solve"}),
        ("bnsm_z_axis", ALWAYS),
        ("merger_3d", ALWAYS),
    ],
)
def test_every_example_has_its_jobs(workflow, request, tmp_path, example, rules):
    if example != "quick":
        # examples find the data beside the working directory
        shared = request.getfixturevalue("shared")
        (tmp_path.parent / "shared").mkdir(exist_ok=True)
        link = tmp_path.parent / "shared" / "data"
        if not link.exists():
            link.symlink_to(shared)
    jobs = workflow.jobs("--configfile", ROOT / "config" / "examples" / f"{example}.yaml")
    assert jobs == dict.fromkeys(rules, 1)


def test_the_gallery_is_no_part_of_a_study(workflow):
    jobs = workflow.jobs("gallery")
    assert jobs == {"gallery_item": len(GALLERY), "gallery": 1}


def test_the_field_of_a_snapshot_needs_no_runs(workflow):
    jobs = workflow.jobs(*workflow.write_config(field="snapshot"))
    assert jobs == dict.fromkeys({*ALWAYS, "background", "baseline"}, 1)


@pytest.mark.parametrize("cells, count", [(0, 0), (1, 1), ("all", 1)])
def test_the_calibration_is_one_job_or_none(workflow, cells, count):
    jobs = workflow.jobs(*workflow.write_config(calibration={"cells": cells}))
    assert jobs.get("calibration", 0) == count


def test_jobs_multiply_with_snapshots_resolutions_and_batches(workflow):
    snapshots = [{"name": n, "format": "analytic"} for n in ("one", "two")]
    changes = {"snapshots": snapshots, "resolutions": [1, 2], "run": {"cases_per_job": 3}}
    jobs = workflow.jobs(*workflow.write_config(**changes))
    # 4 cases at 2 resolutions in groups of 3, for each snapshot
    assert {rule: jobs[rule] for rule in jobs if rule.startswith("solve")} == {
        "solve_1": 2, "solve_2": 2, "solve_3": 2,
    }  # fmt: skip
    assert jobs["reference"] == 4
    assert jobs["ingest"] == jobs["background"] == jobs["stability"] == jobs["resolution"] == 2
    assert jobs["compare"] == jobs["report"] == 1


@pytest.mark.parametrize(
    "target, last",
    [
        ("stability_maps", {"stability", "regions"}),
        ("solves", {"solve", "reference"}),
        ("comparison", {"compare"}),
        ("figures", {"report"}),
    ],
)
def test_named_targets_make_a_part(workflow, target, last):
    jobs = workflow.jobs(target, *workflow.write_config())
    assert last <= set(jobs)
    assert target in jobs
    assert "all" not in jobs
    if target != "figures":
        assert "report" not in jobs
    if target == "stability_maps":
        assert "reference" not in jobs


def test_a_new_study_folder_runs_the_workflow_as_a_module(workflow, tmp_path):
    init_study(tmp_path / "mine")
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--dry-run", "--cores", "1"],
        cwd=tmp_path / "mine",
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "results/mine/report.html" in done.stdout + done.stderr
    assert "threshold_rho1e11" in done.stdout + done.stderr


@pytest.mark.parametrize(
    "changes, lines",
    [
        ({"grid": {"n_mux": 8}}, ["grid.n_mux: unknown key (did you mean 'n_mu'?)"]),
        (
            {"cases": [{"scheme": "qke", "xi": [2]}], "study": "a b"},
            ["study: 'a b'; expected letters", "cases[0].xi[0]: 2; expected at most 1.0"],
        ),
        (
            {"snapshots": [{"name": "mine", "path": "nothing.txt"}]},
            ["snapshots (mine): path: no such file; try 'nothing.txt' seen from"],
        ),
    ],
)
def test_a_mistake_in_the_configuration_ends_before_any_job(workflow, changes, lines):
    options = workflow.write_config(**changes)
    done = workflow.run(*options)
    assert done.returncode == 2
    printed = [line for line in done.stderr.splitlines() if ": " in line]
    assert len(printed) == len(lines), done.stderr
    for line, text in zip(printed, lines, strict=True):
        assert text in line
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    # beside Snakemake's own records
    assert {p.name for p in workflow.folder.iterdir()} <= {".snakemake", "study.yaml"}


def test_the_table_of_the_equation_of_state_is_an_input(workflow, tmp_path):
    """Of the background on all grids, and of the provenance; a missing one ends the run."""
    table = tmp_path / "table.h5"
    table.write_bytes(b"x")
    eos = {"format": "stellarcollapse", "path": str(table)}
    options = workflow.write_config(background={"eos": eos})
    graph = workflow.run("--filegraph", *options)
    assert graph.returncode == 0, graph.stderr
    # one label of each rule: its name, inputs, outputs
    labels = re.findall(r'<font point-size="18">(\w+)</font>(.*?)output &rarr;', graph.stdout,
                        re.DOTALL)  # fmt: skip
    have = {rule for rule, inputs in labels if "table.h5" in inputs}
    assert have == {"background", "resolution", "reference", "provenance"}
    table.unlink()
    done = workflow.run("--dry-run", *options)
    assert done.returncode == 2
    (line,) = [x for x in done.stderr.splitlines() if "background.eos.path" in x]
    assert "no such file" in line


def test_numbers_on_the_command_line_are_numbers(workflow):
    options = workflow.write_config()
    jobs = workflow.jobs(*options, "--config", "solve={crossings: 0.5}")
    assert jobs["solve"] == 1
    done = workflow.run("--dry-run", *options, "--config", "solve={crossings: fast}")
    assert done.returncode == 2
    assert "solve.crossings: 'fast'; expected a number" in done.stderr


def test_an_unresolved_attenuation_is_a_warning(workflow):
    options = workflow.write_config(cases=[{"scheme": "qke", "xi": [1e-3]}])
    done = workflow.run("--dry-run", *options)
    assert done.returncode == 0
    assert "warning: configuration: case qke_xi1e-3: xi = 0.001 is above grid.resolve_xi" in (
        done.stderr
    )
