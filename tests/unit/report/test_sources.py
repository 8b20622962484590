"""Where matter has its composition and potentials from, in the report."""

import numpy as np
import pytest
from report_data import R_EDGE, R, make_background, make_snapshot

from qkepipe.report.data import SnapshotData
from qkepipe.report.facts import snapshot_facts
from qkepipe.report.sources import eos_facts, origin
from qkepipe.units import KM_CM


@pytest.fixture
def background():
    """Inside the table, in the middle the snapshot, outside bound nuclei."""
    data = make_background(make_snapshot("s15"))
    codes = np.select([R < 5e6, R < 2e7], [3, 0], 2)
    data["composition_source"] = ("r", codes.astype("int8"), {"units": "1"})
    data["mu_e_source"] = ("r", np.where(R < 2e7, 3, 1).astype("int8"), {"units": "1"})
    data["mu_hat_source"] = ("r", codes.astype("int8"), {"units": "1"})
    data.attrs.update(
        eos_file="tables/LS220.h5", eos_format="stellarcollapse", eos_electron_mass="included",
        eos_nucleon_masses="excluded",
    )  # fmt: skip
    return data


def edge(radius):
    """First edge above a radius [cm] between centres, in km with 4 digits."""
    return f"{R_EDGE[np.argmax(radius <= R)] / KM_CM:.4g}"


def test_regions_are_named_with_their_edges(background):
    assert str(origin(background, "composition_source")) == (
        f"from the snapshot in r = {edge(5e6)}–{edge(2e7)} km, "
        f"from bound nuclei in r = {edge(2e7)}–500 km and "
        f"from the equation-of-state table in r = 30–{edge(5e6)} km"
    )


def test_a_source_in_two_regions_is_named_once(background):
    codes = np.zeros(R.size, dtype="int8")
    codes[10:20] = 3
    background["mu_e_source"] = ("r", codes)
    a, b = (f"{R_EDGE[i] / KM_CM:.4g}" for i in (10, 20))
    assert str(origin(background, "mu_e_source")) == (
        f"from the snapshot in r = 30–{a} and {b}–500 km and "
        f"from the equation-of-state table in r = {a}–{b} km"
    )


def test_facts_name_the_table_and_its_conventions(background):
    facts = dict(eos_facts(background))
    assert "tables/LS220.h5 (stellarcollapse)" in facts["equation of state"]
    assert "electron mass in μ_e included" in facts["equation of state"]
    assert "nucleon masses in μ_n − μ_p excluded" in facts["equation of state"]
    assert f"from an ideal electron gas in r = {edge(2e7)}–500 km" in str(
        facts["electron chemical potential"]
    )
    snapshot = SnapshotData("s15", background=background)
    assert set(facts) <= set(dict(snapshot_facts(snapshot)))


def test_without_a_table_there_is_no_row_for_it():
    background = make_background(make_snapshot("s15"))
    facts = dict(eos_facts(background))
    assert "equation of state" not in facts
    assert "from free nuclei in equilibrium in r = 30–" in facts["composition"]
