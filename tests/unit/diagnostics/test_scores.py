"""Scores of schemes against quantum kinetics: reference, scale, and what has none."""

import numpy as np
import pytest

from qkepipe.diagnostics import SCORE_COLUMNS, compare, global_scores, to_csv


@pytest.fixture
def summaries(make_summary):
    made = {("model", "classical"): make_summary("classical")}
    for xi, effect in ((1e-4, 0.2), (4e-4, 0.27), (2e-4, 0.26)):
        made["model", f"qke_xi{xi:g}"] = make_summary("qke", effect, xi)
    made["model", "bgk_box"] = make_summary("bgk", 0.3)
    return made


def rows_of(table, **labels):
    keep = np.ones(table.sizes["row"], dtype=bool)
    for name, value in labels.items():
        keep &= table[name].values == value
    return table.isel(row=np.flatnonzero(keep))


def test_the_reference_is_the_largest_xi(summaries):
    table = global_scores(compare(summaries))
    assert tuple(table.data_vars) == SCORE_COLUMNS
    assert set(table["reference"].values) == {"qke_xi0.0004"}
    assert set(table["xi"].values) == {4e-4}
    # quantum kinetics is what is scored against, not scored
    assert set(table["case"].values) == {"classical", "bgk_box"}


def test_scores_are_in_parts_of_the_classical_value(summaries):
    table = global_scores(compare(summaries))
    for quantity in ("number_luminosity", "survival_probability"):
        rows = rows_of(table, case="bgk_box", quantity=quantity, species="nue")
        np.testing.assert_allclose(rows["score"], 0.7 - 0.73, rtol=1e-9)
        np.testing.assert_allclose(rows["ratio"], 0.7 / 0.73 - 1.0, rtol=1e-9)
    none = rows_of(table, case="classical", quantity="survival_probability", species="nue")
    np.testing.assert_allclose(none["score"], 0.27, rtol=1e-9)


def test_the_uncertainty_is_that_of_the_reference(summaries):
    comparison = compare(summaries)
    table = global_scores(comparison)
    rows = rows_of(table, case="bgk_box", quantity="number_luminosity", species="nuebar")
    own = rows_of(comparison, case="qke_xi0.0004", quantity="number_luminosity", species="nuebar")
    expected = own["uncertainty_change"].values / own["baseline"].values
    np.testing.assert_allclose(rows["uncertainty"], expected, rtol=1e-12)
    assert (rows["uncertainty"].values >= 0.0099).all()


def test_each_resolution_has_its_own_reference(summaries, make_summary):
    summaries["model", "classical_res2"] = make_summary("classical", resolution=2.0)
    summaries["model", "bgk_box_res2"] = make_summary("bgk", 0.4, resolution=2.0)
    assert 2.0 not in global_scores(compare(summaries))["resolution"].values
    summaries["model", "qke_xi1e-4_res2"] = make_summary("qke", 0.5, 1e-4, resolution=2.0)
    table = global_scores(compare(summaries))
    fine = rows_of(table, case="bgk_box_res2", quantity="survival_probability", species="nue")
    np.testing.assert_allclose(fine["score"], 0.6 - 0.5, rtol=1e-9)
    assert set(fine["reference"].values) == {"qke_xi1e-4_res2"}


def test_one_row_per_row_of_the_comparison(summaries):
    comparison = compare(summaries)
    others = int((comparison["kind"] != "qke").sum())
    table = global_scores(comparison)
    assert table.sizes["row"] == others
    # quantities without a radius find their reference, too
    rows = rows_of(table, case="bgk_box", quantity="gain_radius")
    assert rows.sizes["row"] == 1


def test_what_has_no_scale_has_no_score(summaries):
    comparison = compare(summaries)
    gone = comparison["quantity"].values == "luminosity"
    comparison["baseline"][gone] = 0.0
    comparison["value"][gone & (comparison["kind"].values == "qke")] = np.nan
    table = global_scores(comparison)
    rows = rows_of(table, quantity="luminosity")
    assert np.isnan(rows["score"]).all() and np.isnan(rows["ratio"]).all()


def test_without_quantum_kinetics_the_table_is_empty(summaries, tmp_path):
    few = {key: s for key, s in summaries.items() if not key[1].startswith("qke")}
    for given in (few, {}):
        table = global_scores(compare(given))
        assert table.sizes.get("row", 0) == 0
        to_csv(table, tmp_path / "scores.csv", SCORE_COLUMNS)
        assert (tmp_path / "scores.csv").read_text().strip() == ",".join(SCORE_COLUMNS)
