"""Published changes stand beside those of the study, with a word on where they lie."""

import re
from types import SimpleNamespace

import pytest
from report_data import default_cases

from qkepipe.report import write_report
from qkepipe.report.published import published_rows
from qkepipe.report.tables import Cell, Row


def verdicts(change, uncertainty, quantity="net_heating_gain_region", species="all"):
    """Verdicts on one quantity, beside a heating of -30 %."""
    summary = next(s for s in default_cases().values() if s.attrs["kind"] == "qke")
    cells = {
        ("net_heating_gain_region", "all"): (-30.0, None),
        (quantity, species): (change, uncertainty),
    }
    rows = [
        Row("s", q, s, q, "erg/s", None, 1.0, None, [Cell("run", *cell)])
        for (q, s), cell in cells.items()
    ]
    _, found = published_rows(SimpleNamespace(by_xi={"run": summary}), rows)
    return [row["verdict"] for row in found if row["quantity"] == quantity]


@pytest.mark.parametrize(
    "change, uncertainty, found",
    [
        (-30.0, 1.0, ["inside", "outside"]),
        (-18.0, 1.0, ["outside", "outside"]),
        (-18.0, 3.0, ["at its end", "outside"]),
        (-9.0, None, ["outside", "inside"]),
    ],
)
def test_heating_has_two_references(change, uncertainty, found):
    assert verdicts(change, uncertainty) == found


def test_some_changes_have_only_a_sign():
    assert verdicts(3.0, 1.0, "net_cooling_below_gain") == ["inside"]
    assert verdicts(-3.0, 1.0, "net_cooling_below_gain") == ["outside"]
    assert verdicts(-0.5, 1.0, "net_cooling_below_gain") == ["at its end"]


def test_nothing_without_a_gain_region_or_without_quantum_kinetics():
    assert verdicts(None, None) == []
    assert published_rows(SimpleNamespace(by_xi={}), []) == ("", [])


def test_the_page_has_them(full_study):
    given = {**full_study, "config": {**full_study["config"], "report": {"figures": []}}}
    write_report(**given)
    page = given["output"].read_text(encoding="utf-8")
    table = re.search(r'<table class="published">(.*?)</table>', page, re.S).group(1)
    assert "neither agreement nor disagreement is a test" in table
    assert table.count("<tr>") == 11
