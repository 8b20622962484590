"""A whole study: its files, and what a change computes again."""

import csv
import json

import pytest
import xarray as xr
import yaml
from workflow_tools import copy_repository

CASES = ("qke_xi1e-5", "qke_xi2e-5", "bgk_box", "threshold_rho1e11")
AFTER_A_SOLVE = {"compare": 1, "provenance": 1, "report": 1, "all": 1}


def test_the_files_of_a_study(finished):
    results = finished.folder / "results" / "quick"
    names = ("snapshot", "background", "baseline", "resolution", "stability")
    more = ("stability_regions", "stability_modes", "calibration")
    stages = {f"{n}.nc" for n in (*names, *more)}
    assert {p.name for p in (results / "ccsn_demo").glob("*.nc")} == stages
    solve = {f"{case}{kind}.nc" for case in ("classical", *CASES) for kind in ("", ".summary")}
    assert {p.name for p in (results / "ccsn_demo" / "solve").iterdir()} == {
        *solve,
        "classical.background.nc",
    }
    assert (results / "report.html").stat().st_size > 10000
    figures = {p.stem for p in (results / "figures").iterdir()}
    assert len(figures) == 12
    assert {p.suffix for p in (results / "figures").iterdir()} == {".png", ".pdf", ".csv"}
    # one log and one benchmark for each job, and nothing half-written anywhere
    logs = {p.stem for p in (finished.folder / "logs").rglob("*.log")}
    assert logs == {p.stem for p in (finished.folder / "benchmarks").rglob("*.tsv")}
    assert {"ingest", *names[1:], "regions", "classical", "solve"} < logs
    assert list(finished.folder.rglob("*.part")) == []


def test_the_comparison_has_every_case(finished):
    results = finished.folder / "results" / "quick"
    with open(results / "comparison.csv", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert set(CASES) <= {row["case"] for row in rows}
    kinds = {row["kind"]: row["scheme"] for row in rows}
    assert kinds["qke"] == "attenuated"
    assert kinds["bgk"] == "box"
    assert kinds["threshold"] == "pair"
    assert {row["xi"] for row in rows if row["kind"] == "qke"} == {"1e-05", "2e-05"}
    table = xr.load_dataset(results / "comparison.nc")
    assert table.sizes["row"] == len(rows)
    with open(results / "scores.csv", encoding="utf-8") as stream:
        scores = list(csv.DictReader(stream))
    assert {row["kind"] for row in scores} == {"classical", "bgk", "threshold"}
    assert {(row["reference"], row["xi"]) for row in scores} == {("qke_xi2e-5", "2e-05")}


def test_the_resolution_study_is_the_grid_error_of_the_comparison(finished):
    results = finished.folder / "results" / "quick"
    with open(results / "ccsn_demo" / "resolution.csv", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    errors = {
        (row["quantity"], row["species"]): float(row["error"])
        for row in rows
        if row["radius_cm"] == "6000000.0"
    }
    assert all(error > 0.0 for error in errors.values())
    table = xr.load_dataset(results / "comparison.nc")
    found = 0
    for k in range(table.sizes["row"]):
        row = table.isel(row=k)
        key = (str(row["quantity"].values), str(row["species"].values))
        if row["radius_cm"] == 6e6 and key in errors:
            expected = errors[key] * abs(float(row["value"]))
            assert float(row["uncertainty_grid"]) == pytest.approx(expected, rel=1e-12)
            assert float(row["uncertainty"]) >= float(row["uncertainty_grid"])
            found += 1
    assert found == len(errors) * (1 + len(CASES))


def test_a_study_says_what_was_run(finished):
    results = finished.folder / "results" / "quick"
    config = yaml.safe_load((results / "config.resolved.yaml").read_text())
    assert config["grid"]["mu_power"] == 1.5
    record = json.loads((results / "provenance.json").read_text())
    assert record["seeds"]["solve"]["number"] == 1
    assert record["jobs"]["ccsn_demo/solve"]["wall_s"] > 0.0
    for case in ("classical", *CASES):
        attrs = xr.load_dataset(results / "ccsn_demo" / "solve" / f"{case}.summary.nc").attrs
        assert attrs["case"] == case
        assert len(attrs["code_hash"]) == 16


def test_a_finished_study_has_nothing_to_do(finished):
    assert finished.jobs(*finished.write_config("same.yaml")) == {}


def test_a_lost_solution_is_noticed(again):
    (again.folder / "results" / "quick" / "ccsn_demo" / "solve" / "bgk_box.nc").unlink()
    assert again.jobs(*again.write_config()) == {"solve": 1, **AFTER_A_SOLVE}


def test_settings_that_change_no_number_rerun_no_solve(finished):
    run = {"checkpoint_seconds": 5}
    jobs = finished.jobs(*finished.write_config("run.yaml", run=run))
    # the record of the configuration changes, nothing else
    assert jobs == {"resolved_config": 1, "provenance": 1, "report": 1, "all": 1}


@pytest.mark.parametrize(
    "changes, rules",
    [
        (
            {"stability": {"lsa_cells": 5}},
            {"stability", "regions", "calibration", "reference", "solve"},
        ),
        ({"solve": {"seed": {"kind": "noise"}}}, {"solve"}),
        (
            {"grid": {"n_mu": 10}},
            {
                "background",
                "baseline",
                "resolution",
                "stability",
                "regions",
                "calibration",
                "reference",
                "solve",
            },
        ),
        ({"grid": {"refinement": 3}}, {"resolution"}),
        ({"report": {"figures": ["spectra"]}}, set()),
    ],
)
def test_a_change_reruns_what_depends_on_it(finished, changes, rules):
    jobs = finished.jobs(*finished.write_config("changed.yaml", **changes))
    after = {"resolved_config", "provenance", "report", "all"} | ({"compare"} if rules else set())
    assert set(jobs) == rules | after


def test_a_changed_attenuation_takes_the_other_cases_from_the_store(again):
    cases = [
        {"scheme": "qke", "xi": [1e-5, 1.5e-5]},
        {"scheme": "bgk", "prescription": "box"},
        {"scheme": "threshold", "density": [1e11]},
    ]
    options = again.write_config(cases=cases)
    assert again.jobs(*options) == {"solve": 1, "resolved_config": 1, **AFTER_A_SOLVE}
    solve = again.folder / "results" / "quick" / "ccsn_demo" / "solve"
    before = {case: (solve / f"{case}.nc").read_bytes() for case in ("qke_xi1e-5", "bgk_box")}
    done = again.run("solves", *options)
    assert done.returncode == 0, done.stderr[-5000:]
    log = (again.folder / "logs" / "quick" / "ccsn_demo" / "solve.log").read_text()
    assert "4 case(s), 3 of them known already" in log
    assert "qke_xi1p5e-5: finished" in log
    assert "qke_xi1e-5: taken from the store" in log
    assert {case: (solve / f"{case}.nc").read_bytes() for case in before} == before
    assert (solve / "qke_xi1p5e-5.summary.nc").exists()


def test_with_one_case_per_job_only_the_changed_case_runs(again):
    run = {"cases_per_job": 1}
    assert again.run("solves", *again.write_config(run=run)).returncode == 0
    cases = [
        {"scheme": "qke", "xi": [1e-5, 1.5e-5]},
        {"scheme": "bgk", "prescription": "box"},
        {"scheme": "threshold", "density": [1e11]},
    ]
    jobs = again.jobs("solves", *again.write_config(run=run, cases=cases))
    assert jobs == {"solve_qke_xi1p5e-5": 1, "resolved_config": 1, "solves": 1}


def test_changed_source_reruns_the_rules_that_use_it(finished, tmp_path):
    repository = copy_repository(tmp_path / "repository", finished.repository)
    study = finished.copy(tmp_path / "study", repository)
    options = ["--configfile", study.folder / "study.yaml"]
    assert study.jobs(*options) == {}
    # from late to early rooms: each change adds rules, and leaves those before it alone
    after = {"ingest", "background", "baseline", "resolution", "stability"}
    after |= {"regions", "reference", "solve", "compare"}
    for room, first in (
        ("report", {"report"}),
        ("stability", {"stability", "regions", "reference", "solve", "compare"}),
        ("opacity", {"background", "baseline", "resolution"}),
        ("snapshot", {"ingest"}),
    ):
        with open(repository / "qkepipe" / room / "__init__.py", "a") as source:
            source.write("#")
        jobs = set(study.jobs(*options))
        assert first <= jobs, room
        after -= first
        assert not after & jobs, room


def test_the_second_document_of_snakemake(finished):
    done = finished.run(
        "--configfile", finished.folder / "study.yaml", "--report", finished.folder / "report.zip"
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert (finished.folder / "report.zip").stat().st_size > 100000
