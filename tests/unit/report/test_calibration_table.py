"""Scores of prescriptions in the report: what is said, and what is left out."""

import numpy as np
import pytest
from report_data import make_calibration

from qkepipe.report.calibration import SHOWN, calibration_sentences, coverage, score_rows
from qkepipe.report.data import SnapshotData, StudyData
from qkepipe.report.figures.prescriptions import FIGURE


def test_rows_are_means_over_cells_with_a_statement():
    rows = {
        row["name"]: row for row in score_rows(SnapshotData("a", calibration=make_calibration()))
    }
    assert rows["none"]["scores"] == ["0.250 (0.300)"] * len(SHOWN)
    # silent in the first cell: neither counted there as right nor as wrong
    assert rows["bd21"]["cells"] == "1 of 2"
    assert rows["bd21"]["scores"][0] == "0.100 (0.100)"
    assert rows["bd21"]["valid"] == "a step"


def test_sentences_say_what_is_left_out_and_how_good_boxes_are():
    first, second = calibration_sentences(SnapshotData("a", calibration=make_calibration()))
    assert "2 of 3 chosen cells; 5 are fast-unstable" in first
    assert "r = 80 km: too many cells" in first
    assert "0.020" in second


@pytest.mark.parametrize("deepest, says", [(np.nan, False), (2e-5, True)])
def test_without_an_unstable_cell_the_depth_of_crossings_is_named(deepest, says):
    found = make_calibration().drop_dims("cell")
    found = found.assign_attrs(unstable_cells=0, deepest_crossing=deepest, left_out="")
    text = coverage(found)
    assert "no fast-unstable cell among 40" in text
    assert "0.001" in text
    assert ("2e-05" in text) == says
    assert score_rows(SnapshotData("a", calibration=found)) == []


def test_a_silent_rule_has_no_curve_where_it_is_silent():
    data = StudyData({}, {"a": SnapshotData("a", calibration=make_calibration())})
    figure, table = FIGURE.draw(data, "a")
    # cells are sorted by radius: the first of the data is the outer one
    assert "survival_bd21_1" in table.columns
    assert "survival_bd21_2" not in table.columns
    assert np.isnan(table["error_bd21"][1])
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "bd21 (in some cells)" in labels
    assert "local boxes (QKE)" in labels


def test_directions_with_few_neutrinos_are_marked():
    found = make_calibration()
    share = found["neutrino_share"].copy()
    share[:, 0] = 1e-6
    data = StudyData({}, {"a": SnapshotData("a", calibration=found.assign(neutrino_share=share))})
    _, table = FIGURE.draw(data, "a")
    assert table["mu_few_1"].dropna().tolist() == [float(found["mu"][0])]
    assert float(found["mu"][0]) not in table["mu_1"].dropna().tolist()
