"""Snapshots over several dimensions with moments, from the file to the report."""

import moment_snapshots
import numpy as np
import pytest
import xarray as xr

from qkepipe.report import write_report
from qkepipe.study.load import load_config
from qkepipe.study.plan import Plan
from qkepipe.study.stages import calibration, ingest, regions, stability

SIZES = {"theta_r": (8, 0), "phi_theta_r": (8, 4)}


@pytest.fixture(scope="module", params=list(SIZES))
def study(request, tmp_path_factory):
    """Configuration, datasets of the stages and folder of a study of moments."""
    folder = tmp_path_factory.mktemp(request.param)
    data = moment_snapshots.spherical(*SIZES[request.param])
    path = moment_snapshots.write(data, folder / "remnant.nc")
    entry = {"name": "remnant", "path": str(path), "format": "canonical"}
    config = load_config({"field": "moments", "snapshots": [entry], "calibration": {"cells": 1}})
    snapshot = ingest.run(config, config.snapshots[0])
    found = stability.run(config, snapshot)
    table, modes = regions.run(snapshot, found)
    stages = {"snapshot": snapshot, "stability": found, "regions": table, "modes": modes}
    stages["calibration"] = calibration.run(config, snapshot, found)
    return config, stages, folder


def volume_fraction(table, region, kind):
    rows = table.to_dataframe().set_index(["region", "name"])
    return rows.loc[(region, kind), "volume_fraction"]


def test_the_unstable_cones_have_their_solid_angle(study):
    _, stages, _ = study
    table = stages["regions"]
    # cells at the poles end there, not half a cell beyond their centres
    np.testing.assert_array_equal(
        stages["stability"]["theta_edge"], stages["snapshot"]["theta_edge"]
    )
    expected = moment_snapshots.polar_share()
    assert volume_fraction(table, "whole_map", "fast") == pytest.approx(expected)
    assert volume_fraction(table, "polar", "fast") == pytest.approx(1.0, rel=1e-12)
    assert volume_fraction(table, "disc", "fast") == 0.0


def test_the_scan_finds_the_growth_of_the_map(study):
    """The fastest cell has its dispersion relation solved in the map, with finer steps."""
    _, stages, _ = study
    modes, found = stages["modes"], stages["stability"]
    assert modes["why"].values[0] == "fastest"
    peak = float(modes["growth_rate"].isel(cell=0).max())
    assert peak == pytest.approx(float(found["lsa_growth_rate"].max()), rel=1e-2)
    signs = np.sign(modes["eln_xln"].isel(cell=0))
    assert np.unique(signs).tolist() == [-1.0, 1.0]


def test_the_report_has_every_figure_of_the_plan(study):
    config, stages, folder = study
    files = {}
    for name, data in stages.items():
        data.to_netcdf(folder / f"{name}.nc")
        files[name] = folder / f"{name}.nc"
    written = write_report(
        config=Plan(config).resolved,
        files={"remnant": files},
        comparison=None,
        provenance={},
        output=folder / "report.html",
        figures_dir=folder / "figures",
    )
    drawn = {path.stem for path in written if path.suffix == ".pdf"}
    assert drawn == {f"{figure}_{snapshot}" for figure, snapshot in Plan(config).figures}
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Instability by region" in page
    assert "within 30 degrees of the axis" in page
    assert all(path.stat().st_size < 300_000 for path in written if path.suffix == ".pdf")


def test_tables_survive_the_file(study, tmp_path):
    _, stages, _ = study
    for name in ("regions", "modes"):
        stages[name].to_netcdf(tmp_path / "a.nc")
        with xr.open_dataset(tmp_path / "a.nc") as back:
            xr.testing.assert_equal(back.load(), stages[name])
