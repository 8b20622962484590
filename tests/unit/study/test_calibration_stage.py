"""Prescriptions against local boxes in cells of a map, and the figure of it."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from qkepipe.diagnostics.calibration import SCORES
from qkepipe.errors import Defect, QkepipeError
from qkepipe.phasespace import angle_grid, energy_grid, geometric_energy_edges
from qkepipe.report.data import SnapshotData, StudyData
from qkepipe.report.figures.prescriptions import prescriptions
from qkepipe.solvers.local import local_box, local_boxes
from qkepipe.species import SPECIES
from qkepipe.stability import screen
from qkepipe.study import boxes
from qkepipe.study.plan import BOXES_PER_CELL
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


def inputs(levels, cells=2):
    """Arguments of the stage."""
    field = ray(np.asarray(levels))
    config = SimpleNamespace(calibration=SimpleNamespace(cells=cells))
    return config, field, screen(field, lsa_cells=0)


def calibrated(levels, cells=2, **options):
    return calibration.run(*inputs(levels, cells), **options)


def drawn(found):
    study = StudyData({}, {"ray": SnapshotData("ray", calibration=found)})
    return prescriptions(study, "ray")


@pytest.fixture(scope="module")
def found():
    return calibrated([0.3, 1.15, 1.2, 1.25])


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
    assert found.attrs["unstable_cells"] == 3
    assert found.attrs["cells"] == 4


def test_a_rule_without_a_statement_is_not_scored(found):
    """The crossing is not at mu = 0: `bd21` says nothing, while `none` says that all is kept."""
    says = found["statement"]
    assert (says.sel(prescription="bd21") == 0).all()
    assert found["score"].sel(prescription="bd21").isnull().all()
    others = [n for n in found["prescription"].values if n != "bd21"]
    assert (says.sel(prescription=others) == 1).all()
    assert found["score"].sel(prescription=others).notnull().all()


def test_the_reference_is_the_mean_of_two_boxes(found):
    """Their difference is the spread; it is small beside what `none` misses."""
    seeds = found["survival_seed"]
    assert seeds.sizes["seed"] == len(calibration.SEEDS) == BOXES_PER_CELL
    np.testing.assert_array_equal(seeds.mean("seed"), found["survival_box"])
    first, second = seeds.isel(seed=0), seeds.isel(seed=1)
    spread = (found["neutrino_share"] * abs(first - second)).sum("mu")
    assert found["box_spread"].values == pytest.approx(spread.values, rel=1e-12)
    missed = found["score"].sel(prescription="none", quantity="angle")
    assert (found["box_spread"] > 0.0).all()
    assert (found["box_spread"] < 0.1 * missed).all()
    # the mean error of the identity is what the boxes have lost
    share = found["neutrino_share"]
    assert missed.values == pytest.approx((share * (1.0 - found["survival_box"])).sum("mu").values)


def test_table_has_a_row_for_each_cell_and_prescription(found):
    table = calibration.table_of(found)
    assert set(table.data_vars) == set(calibration.CALIBRATION_COLUMNS)
    assert table.sizes["row"] == 2 * found.sizes["prescription"]
    assert set(table["snapshot"].values) == {"ray"}
    silent = table["prescription"].values == "bd21"
    assert set(table["statement"].values[silent]) == {"no"}
    assert np.isnan(table["angle"].values[silent]).all()
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
    found = calibrated([0.3, 0.4])
    assert found.sizes.get("cell", 0) == 0
    assert calibration.table_of(found).sizes.get("row", 0) == 0
    figure, _ = drawn(found)
    text = figure.axes[0].texts[0].get_text()
    assert "no fast-unstable cell" in text
    assert "tolerance" in text


def test_a_cell_whose_box_is_too_large_is_named():
    """The others are scored; the attribute says which one is not, and why; the figure too."""

    def limited(edges, runs):
        found = local_boxes(edges, runs[2:])
        with pytest.raises(QkepipeError) as caught:
            local_box(edges, runs[0].density, most_cells=10)
        return [found[0], caught.value, *found]

    found = calibrated([1.15, 1.2], boxes=limited)
    assert found.sizes["cell"] == 1
    assert list(found["place"].values) == ["r = 40 km"]
    assert found.attrs["left_out"].startswith("r = 30 km: ")
    assert "cells for 24 wavelengths" in found.attrs["left_out"]
    assert "1 of 2" in drawn(found)[0].axes[0].get_title()


def test_without_any_box_the_figure_says_why():
    def none(edges, runs):
        return [QkepipeError(Defect("local box", "cells", "9999 cells")) for _ in runs]

    found = calibrated([1.15, 1.2], boxes=none)
    assert found.sizes.get("cell", 0) == 0
    assert "9999 cells" in drawn(found)[0].axes[0].texts[0].get_text()


# --- in parallel, kept ---


def short_box(edges, density, *, random_seed, keep=local_box):
    """A box of few steps: the machinery does not care how late its state is."""
    return keep(edges, density, waves=2, efolds=1.0, random_seed=random_seed)


@pytest.fixture
def solver(tmp_path, monkeypatch):
    """Boxes by worker processes or alone, kept in a folder, and the list of those computed."""
    computed = []
    monkeypatch.setattr(boxes, "local_box", short_box)
    monkeypatch.setattr(
        boxes, "solve_box", lambda task, keep=boxes.solve_box: (computed.append(task), keep(task))
    )
    options = {"store": tmp_path / "store", "code": "abc", "log": None, "workers": 1}
    return partial(boxes.solve_boxes, **options), computed


def test_finished_boxes_are_kept(solver):
    """A killed run computes what is missing; more cells, other seeds or code are not mixed up."""
    solve, computed = solver
    whole = calibrated([1.15, 1.2], boxes=solve)
    assert len(computed) == 4
    store = solve.keywords["store"]
    lost = sorted(store.iterdir())[0]
    kept = {p: p.stat().st_mtime_ns for p in store.iterdir() if p != lost}
    lost.unlink()
    again = calibrated([1.15, 1.2], boxes=solve)
    xr.testing.assert_identical(again, whole)
    assert [task.stored for task in computed[4:]] == [lost]
    assert {p: p.stat().st_mtime_ns for p in kept} == kept
    calibrated([1.15, 1.2, 1.25], cells="all", boxes=solve)
    assert len(computed) == 7
    calibrated([1.15, 1.2], boxes=partial(solve, code="other"))
    assert len(computed) == 11


def test_a_box_that_breaks_ends_the_job_and_keeps_the_others(solver, monkeypatch):
    solve, _ = solver

    def broken(edges, density, *, random_seed):
        if random_seed == 2:
            raise ZeroDivisionError("by hand")
        return short_box(edges, density, random_seed=random_seed)

    monkeypatch.setattr(boxes, "local_box", broken)
    with pytest.raises(RuntimeError, match=r"2 local box\(es\) failed: by hand"):
        calibrated([1.15, 1.2], boxes=solve)
    assert len(list(solve.keywords["store"].iterdir())) == 2


def test_two_workers_give_what_one_gives(found, tmp_path):
    """Bit for bit, with the log of both workers in one file."""
    script = tmp_path / "parallel.py"
    script.write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "if __name__ == '__main__':\n"
        "    from functools import partial\n"
        "    from pathlib import Path\n"
        "    from qkepipe.study.boxes import solve_boxes\n"
        "    from test_calibration_stage import calibrated\n"
        f"    folder = Path({str(tmp_path)!r})\n"
        "    solve = partial(solve_boxes, store=folder / 'store', code='abc',\n"
        "        log=folder / 'log.txt', workers=2)\n"
        "    found = calibrated([0.3, 1.15, 1.2, 1.25], boxes=solve)\n"
        "    found.to_netcdf(folder / 'found.nc')\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, script], check=True, env=environment, timeout=300)
    parallel = xr.load_dataset(tmp_path / "found.nc")
    for name in ("survival_seed", "survival_probability", "score", "box_spread"):
        np.testing.assert_array_equal(parallel[name], found[name])
    assert list(parallel["place"].values) == list(found["place"].values)
    log = (tmp_path / "log.txt").read_text()
    assert "local box 4 of 4, r = 60 km, seed 2: finished" in log
