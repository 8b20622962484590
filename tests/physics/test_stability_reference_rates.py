"""growth_rate meets every row of the table of reference growth rates.

The rows come from closed forms, analytic logarithms or roots of D(w) in extended precision
(README-growth-rates.md beside the table), each with its own tolerance: fast, collisional and
slow modes of 2 to 96 beams, and mixtures of them, in both sectors.
"""

import csv
import json

import numpy as np
import pytest

from qkepipe.stability import growth_rate

IDS = (  # noqa: SIM905
    "A1 A2 A4 A6 B0.9s B0.9b B1.0s B1.1b C0.5s C1.0b D1s D1b D2s D3b D4s D5b D6s D7s E1p E1b "
    "E3p E4p E5b E6b E7p E7i F1 F2 G1p G1b G2p G4p G5p G5b H1 H3 H6 J1 J3 J4 J6 K1 K2"
).split()


@pytest.fixture(scope="module")
def table(shared):
    """Rows and beams by id."""
    folder = shared / "reference"
    with open(folder / "growth_rates.csv", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    return rows, json.loads((folder / "growth_rates_beams.json").read_text())


def test_no_row_is_left_out(table):
    """The list of this test is the list of the table."""
    assert set(table[0]) == set(IDS)


@pytest.mark.parametrize("name", IDS)
def test_row(table, name):
    """Growth and, for unstable rows, real frequency within the tolerance of the row."""
    row = table[0][name]
    beams = {key: np.array(value, dtype=float) for key, value in table[1][name].items()}
    kappa = float(row["kappa"])
    growth, frequency = growth_rate(**beams, kappa=kappa, sector=row["sector"])
    reference = float(row["growth"])
    rel = float(row["rel_tol"])
    assert abs(growth - reference) <= float(row["abs_tol"]) + rel * abs(reference)
    if row["re_w"]:
        expected = float(row["re_w"])
        size = np.abs(beams["g"]).sum()
        assert abs(frequency - expected) <= rel * abs(expected) + 1e-12 * size
    phi1 = np.sum(beams["sign"] * beams["g"] * beams["v"])
    assert float(row["k"] or kappa + phi1) == pytest.approx(kappa + phi1, abs=1e-9)
