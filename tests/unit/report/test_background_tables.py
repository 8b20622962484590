"""The tables about the background say what the files say."""

import numpy as np
import pytest
from report_data import GAIN, R, make_background, make_baseline, make_snapshot

from qkepipe.report.background import (
    equilibrium_warning,
    field_rows,
    process_rows,
    setting_rows,
    species_rows,
)
from qkepipe.report.data import SnapshotData, StudyData

CONFIG = {"background": {"constants": "nulib"}}


@pytest.fixture
def data():
    return SnapshotData("s15", None, make_background(make_snapshot("s15")), make_baseline())


def test_processes_and_settings(data):
    assert process_rows(data) == [
        ("beta", "Absorption by nucleons (A 1985)."), ("scattering_nucleons", "Elastic."),
    ]  # fmt: skip
    rows = dict(setting_rows(StudyData(CONFIG, {"s15": data}), data))
    assert "nulib: g<sub>A</sub> = 1.2723" in rows["constants of the rates"]
    assert rows["weak magnetism and recoil"] == "with form factors"
    assert rows["metric"] == "computed from the mass; 1 − lapse up to 0.0831"
    assert rows["fluid"].startswith("at rest in the runs; moving, first order in v/c, in the")


def test_rates_of_the_snapshot_have_no_constants(data):
    for name in ("rates_processes", "rates_g_a"):
        del data.background.attrs[name]
    data.background.attrs["rates_source"] = "snapshot"
    assert process_rows(data) == []
    rows = dict(setting_rows(StudyData(CONFIG, {"s15": data}), data))
    assert rows["weak rates"] == "those of the snapshot" and "constants of the rates" not in rows


def test_species_and_their_warnings(data):
    rows = {str(words): (values, warn) for words, values, warn in species_rows(data)}
    last = data.baseline.isel(r=-1)
    luminosity = [f"{v / 1e51:.1f}" for v in last["luminosity_infinity"].values]
    assert rows["luminosity [10<sup>51</sup> erg/s]"][0] == luminosity
    assert rows["neutrinosphere, effective [km]"][0] == ["44.0", "35.0", "inside 30.0",
                                                         "inside 30.0"]  # fmt: skip
    data.baseline["inner_effective_optical_depth"][3] = 0.0
    again = {str(words): values for words, values, _ in species_rows(data)}
    assert again["neutrinosphere, effective [km]"][2:] == ["inside 30.0", "none"]
    assert rows["effective depth of the inner edge"][1] == [False, False, True, True]
    values, warn = rows["number outside the energy groups [%]"]
    assert values[1] == "3.0" and warn == [False, True, False, False]


def test_energies_of_the_table_are_those_at_infinity(data):
    lapse = np.full(R.size, 0.8)
    curved = SnapshotData("s15", None, None, data.baseline.assign(lapse=("r", lapse)))
    for words in ("rms energy [MeV]", "mean energy of the flux [MeV]"):
        flat, seen = (
            next(values for name, values, _ in species_rows(d) if name == words)
            for d in (data, curved)
        )
        np.testing.assert_allclose(np.array(seen, float), 0.8 * np.array(flat, float), rtol=5e-3)


def test_inflow_out_of_equilibrium_is_a_warning(data):
    text = equilibrium_warning(data)
    assert "starts at 30.0 km" in text and "(0.4) and" in text and "ν<sub>e</sub>" not in text
    data.baseline["inner_effective_optical_depth"][2:] = 1.5
    assert equilibrium_warning(data) is None
    # no flux anywhere: nothing is known
    data.baseline["inner_effective_optical_depth"][0] = np.nan
    assert "ν<sub>e</sub> (nan)" not in equilibrium_warning(data)


def test_exchange_and_solution(data):
    rows = dict(field_rows(data))
    assert rows["gain radius"] == f"{GAIN / 1e5:.1f} km"
    assert "4.00 × 10<sup>51</sup> erg/s, to: shock" in rows["net heating in the gain region"]
    assert "31 corrections; 2 groups" in rows["last correction"]
    data.baseline["gain_radius"] = data.baseline["gain_radius"] * np.nan
    data.baseline["gain_radius"].attrs["status"] = "matter cools everywhere"
    assert dict(field_rows(data))["gain radius"] == "none: matter cools everywhere"


def test_without_a_classical_field_there_are_no_tables():
    nothing = SnapshotData("s15")
    assert field_rows(nothing) == species_rows(nothing) == process_rows(nothing) == []
    assert setting_rows(StudyData({}, {"s15": nothing}), nothing) == []
    assert equilibrium_warning(nothing) is None
