"""Schemes in the report: all of them with their validity, and their scores."""

import pytest
from report_data import default_cases, make_summary

from qkepipe.mixing import PRESCRIPTIONS
from qkepipe.mixing.threshold import THRESHOLD_RULES
from qkepipe.report.data import SnapshotData, load_study
from qkepipe.report.gates import readings
from qkepipe.report.schemes import SCORED, scheme_rows, scored_rows, survival_sentences


def loaded(given: dict):
    wanted = ("config", "files", "comparison", "provenance")
    study = load_study(**{name: given[name] for name in wanted})
    return study, study.snapshots["s15"]


def test_every_scheme_is_there_with_its_validity_and_its_runs():
    rows = scheme_rows(SnapshotData("a", summaries=default_cases()))
    assert [row["name"] for row in rows] == [*PRESCRIPTIONS, *THRESHOLD_RULES]
    by_name = {row["name"]: row for row in rows}
    assert all(row["valid"] and row["doc"] and row["conserves"] for row in rows)
    assert by_name["box"]["runs"] == "bgk_box"
    assert by_name["pair"]["runs"] == "threshold_rho1e11"
    assert by_name["exponential"]["runs"] == "not in this study"
    assert by_name["pairwise"]["runs"].startswith("in no run: needs ")
    assert by_name["box"]["valid"] == PRESCRIPTIONS["box"].valid


def test_scores_begin_with_what_the_reference_is_worth(make_study):
    study, data = loaded(make_study())
    rows = scored_rows(study, data)
    assert [row["label"] for row in rows] == [
        "uncertainty of the reference", "no conversion (classical)", "BGK (box)",
        "threshold (pair) 1e11 g/cm³",
    ]  # fmt: skip
    assert all(len(row["cells"]) == len(SCORED) for row in rows)


def test_survival_is_said_beside_the_published_number(make_study):
    study, data = loaded(make_study())
    (line,) = survival_sentences(study, data)
    frame = study.scores
    keep = (frame["case"] == "bgk_box") & (frame["quantity"] == "survival_probability")
    rows = frame[keep & (frame["radius_cm"] == frame["radius_cm"].max())]
    worst = rows["ratio"].abs().max()
    assert "20 %" in line
    assert ("not within" in line) == (worst > 0.2)
    for value in rows["value"]:
        assert f"{value:.3f}" in line


@pytest.mark.parametrize("strength, within", [(0.42, True), (1.5, False)])
def test_a_run_outside_the_published_bound_is_told(make_study, strength, within):
    cases = default_cases()
    cases["bgk_box"] = make_summary("bgk", "box", strength=strength)
    study, data = loaded(make_study(cases))
    (line,) = survival_sentences(study, data)
    assert ("not within" not in line) == within


def test_without_quantum_kinetics_nothing_is_scored(make_study):
    cases = {n: s for n, s in default_cases().items() if s.attrs["kind"] != "qke"}
    study, data = loaded(make_study(cases))
    assert scored_rows(study, data) == [] and survival_sentences(study, data) == []
    assert scheme_rows(data)


def test_the_lepton_number_is_a_gate_of_schemes_that_keep_it(make_study):
    cases = default_cases()
    cases["bgk_equipartition"] = make_summary("bgk", "equipartition", eln_balance_error=0.16)
    cases["bgk_box"] = make_summary("bgk", "box", eln_balance_error=0.16)
    study, _ = loaded(make_study(cases))
    found = {r.case: r for r in readings(study) if r.gate.attribute == "eln_balance_error"}
    assert found["bgk_box"].status == "fail"
    assert found["bgk_equipartition"].status == "no limit"
    assert "does not keep" in found["bgk_equipartition"].gate.text
