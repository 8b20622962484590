"""Prescriptions against local boxes in cells of a map, and the figure of it."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from qkepipe.diagnostics.calibration import SCORES
from qkepipe.phasespace import angle_grid, energy_grid, geometric_energy_edges
from qkepipe.report.data import SnapshotData, StudyData
from qkepipe.report.figures.prescriptions import prescriptions
from qkepipe.species import SPECIES
from qkepipe.stability import screen
from qkepipe.study.stages import calibration


def ray(levels):
    """Occupations along a ray; nuebar forward of nue, their number in every cell."""
    energy, angle = energy_grid(geometric_energy_edges(3, 8.0, 60.0)), angle_grid(8)
    level = np.ones((4, levels.size)) * np.array([1.0, 1.0, 0.5, 0.5])[:, None] * 1e-3
    level[1] *= levels
    z = np.array([0.3, 1.1, 1.3, 1.3])
    f = (
        level[:, None, None, :]
        * np.exp(-energy.centres / 6.0)[None, :, None, None]
        * np.exp(z[:, None] * (angle.centres - 1.0))[:, None, :, None]
    )
    return xr.Dataset(
        {"f": (("species", "energy", "mu", "r"), f)},
        coords={
            "species": list(SPECIES), "energy_edge": energy.edges, "mu_edge": angle.edges,
            "r": 1e6 * np.arange(3.0, 3.0 + levels.size),
        },
        attrs={"snapshot": "ray"},
    )  # fmt: skip


def calibrated(levels, cells=2):
    field = ray(np.asarray(levels))
    stability = screen(field, lsa_cells=0)
    config = SimpleNamespace(calibration=SimpleNamespace(cells=cells))
    return calibration.run(config, field, stability), stability


def drawn(found):
    study = StudyData({}, {"ray": SnapshotData("ray", calibration=found)})
    return prescriptions(study, "ray")


@pytest.fixture(scope="module")
def found():
    return calibrated([0.3, 1.15, 1.2, 1.25])[0]


def test_unstable_cells_are_scored(found):
    """First and last of the unstable cells; conserving prescriptions are closer than none."""
    assert list(found["radius"].values) == [4e6, 6e6]
    assert list(found["place"].values) == ["r = 40 km", "r = 60 km"]
    angle = found["score"].sel(quantity="angle")
    for name in ("box", "power_half", "exponential"):
        assert (angle.sel(prescription=name) < 0.5 * angle.sel(prescription="none")).all()
        lepton = found["score"].sel(prescription=name, quantity="lepton_number")
        assert (abs(lepton) < 1e-12).all()
    assert "swap" not in found["prescription"].values
    assert found.attrs["left_out"] == ""


def test_table_has_a_row_for_each_cell_and_prescription(found):
    table = calibration.table_of(found)
    assert set(table.data_vars) == set(calibration.CALIBRATION_COLUMNS)
    assert table.sizes["row"] == 2 * found.sizes["prescription"]
    assert set(table["snapshot"].values) == {"ray"}
    row = table.isel(row=1)
    score = found["score"].isel(cell=0).sel(prescription=str(row["prescription"].values))
    for name in SCORES:
        assert float(row[name]) == float(score.sel(quantity=name))


def test_figure_shows_errors_and_profiles(found):
    figure, table = drawn(found)
    assert len(figure.axes) == 3
    assert any("error_box" in name for name in table.columns)
    assert any("survival_box" in name for name in table.columns)


def test_a_stable_map_has_no_cells():
    """Nothing to score: an empty dataset, an empty table and a figure that says so."""
    found, _ = calibrated([0.3, 0.4])
    assert found.sizes.get("cell", 0) == 0
    assert calibration.table_of(found).sizes.get("row", 0) == 0
    figure, _ = drawn(found)
    assert figure.axes[0].texts[0].get_text() == "no fast-unstable cell"


def test_a_cell_whose_box_is_too_large_is_named(monkeypatch):
    """The others are scored; the attribute says which one is not, and why."""
    whole = calibration.local_box
    calls = []

    def limited(edges, density):
        calls.append(density)
        return whole(edges, density, most_cells=10 if len(calls) == 1 else 4000)

    monkeypatch.setattr(calibration, "local_box", limited)
    found, _ = calibrated([1.15, 1.2])
    assert found.sizes["cell"] == 1
    assert found.attrs["left_out"].startswith("r = 30 km: ")
    assert "cells for 24 wavelengths" in found.attrs["left_out"]
