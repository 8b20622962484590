"""Radii of a study whose state is kept in full."""

import numpy as np
import pytest

from qkepipe.errors import QkepipeError
from qkepipe.study.cases import expand_cases
from qkepipe.study.load import load_config
from qkepipe.study.stages import background, baseline, ingest, solve


def run(**record):
    config = load_config(
        {
            "grid": {"r_in_km": 34, "r_out_km": 60, "n_r": 24, "n_mu": 8, "n_energy": 3},
            "solve": {"crossings": 0.2, "samples": 8, "record": record},
            "cases": [{"scheme": "qke", "xi": [1e-6]}],
        }
    )
    snapshot = ingest.run(config, config.snapshots[0])
    found = background.run(config, snapshot)
    found = found.assign(f=baseline.run(config, snapshot, found)["f"])
    case = next(case for case in expand_cases(config) if case.kind == "qke")
    return found, solve.run(config, case, found)[0]


def test_the_nearest_cells_are_kept():
    matter, solution = run(radii_km=[50, 36], times=2)
    r = solution["r_recorded"].values
    assert np.abs(r / 1e5 - [36, 50]).max() < 1.0
    assert np.isin(r, matter["r"]).all()
    assert solution["f_recorded"].sizes["time_recorded"] == 2
    assert solution["f_recorded"].sizes["component"] == 4


def test_radii_outside_of_the_run_are_refused():
    line = "solve.record.radii_km=80; expected radii of the runs, 34 to 60"
    with pytest.raises(QkepipeError, match=line):
        run(radii_km=[40, 80])
