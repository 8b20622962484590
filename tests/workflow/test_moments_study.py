"""A study of the moments of snapshots over angle and on a cube: map, regions, figures, report."""

import csv
import importlib.util
from pathlib import Path

import pytest
import xarray as xr


def load_snapshots():
    """The module of synthetic snapshots beside the tests of the stages."""
    path = Path(__file__).resolve().parents[1] / "unit" / "study" / "moment_snapshots.py"
    spec = importlib.util.spec_from_file_location("moment_snapshots", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_snapshots_of_two_and_three_dimensions_go_to_the_report(workflow):
    snapshots = load_snapshots()
    path = snapshots.write(snapshots.spherical(8), workflow.folder / "remnant.nc")
    entry = {"name": "remnant", "path": str(path), "format": "canonical"}
    cube = {"name": "cube", "format": "remnant", "options": {"cells": 16}}
    done = workflow.run(
        *workflow.write_config(study="moments", field="moments", snapshots=[entry, cube])
    )
    assert done.returncode == 0, done.stderr[-5000:]
    results = workflow.folder / "results" / "moments"
    assert {p.name for p in (results / "remnant").iterdir()} == {
        "snapshot.nc", "stability.nc", "stability_regions.nc", "stability_regions.csv",
        "stability_modes.nc", "calibration.nc", "calibration.csv",
    }  # fmt: skip
    with open(results / "remnant" / "stability_regions.csv", encoding="utf-8") as stream:
        rows = {(row["region"], row["name"]): row for row in csv.DictReader(stream)}
    share = float(rows["whole_map", "fast"]["volume_fraction"])
    assert share == pytest.approx(snapshots.polar_share())
    assert rows["whole_map", "fast"]["snapshot"] == "remnant"
    assert xr.load_dataset(results / "remnant" / "stability.nc")["instability"].dims == (
        "theta",
        "r",
    )
    with open(results / "cube" / "stability_regions.csv", encoding="utf-8") as stream:
        assert {"disc", "polar"} <= {row["region"] for row in csv.DictReader(stream)}
    drawn = {p.stem for p in (results / "figures").glob("*.pdf")}
    for name in ("remnant", "cube"):
        assert {f"stability_slices_{name}", f"eln_distributions_{name}"} <= drawn
    assert "within 30 degrees of the axis" in (results / "report.html").read_text()
