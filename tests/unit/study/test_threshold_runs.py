"""Threshold cases of a study, from the configuration to the summary of a short run."""

import numpy as np
import pytest

from qkepipe.diagnostics import flux_factor
from qkepipe.mixing import THRESHOLD_RULES
from qkepipe.solvers.schemes import Setup, Threshold
from qkepipe.solvers.sphere import grid_of
from qkepipe.study.cases import expand_cases
from qkepipe.study.load import load_config
from qkepipe.study.stages import background, baseline, ingest, solve

DENSITY = 1e11
#: The flux factor of nuebar passes this inside the domain.
ONSET = 0.4


@pytest.fixture(scope="module")
def config():
    rules = [{"scheme": "threshold", "density": [DENSITY], "rule": r} for r in THRESHOLD_RULES]
    onset = {"scheme": "threshold", "density": [1e16], "flux_factor": ONSET}
    never = {"scheme": "threshold", "density": [1e16], "flux_factor": 0.999}
    return load_config(
        {
            "grid": {"r_in_km": 34, "r_out_km": 60, "n_r": 24, "n_mu": 8, "n_energy": 3},
            "solve": {"steady_crossings": 0.5, "samples": 8},
            "cases": [*rules, onset, never],
        }
    )


@pytest.fixture(scope="module")
def study(config):
    """Background with the classical field, and the cases by name."""
    snapshot = ingest.run(config, config.snapshots[0])
    matter = background.run(config, snapshot)
    field = baseline.run(config, snapshot, matter)
    cases = {case.name: case for case in expand_cases(config)}
    return matter.assign(f=field["f"]), cases


@pytest.mark.parametrize("rule", THRESHOLD_RULES)
def test_each_rule_runs_and_keeps_in_the_volume_what_it_declares(rule, config, study):
    matter, cases = study
    declared = THRESHOLD_RULES[rule].conserves
    name = "threshold_rho1e11" if rule == "pair" else f"threshold_{rule}_rho1e11"
    solution, summary = solve.run(config, cases[name], matter)
    for data in (solution, summary):
        assert (data.attrs["rule"], data.attrs["density"]) == (rule, DENSITY)
    assert (summary.attrs["kind"], summary.attrs["scheme"]) == ("threshold", rule)
    assert solution.attrs["number_balance_error"] < 1e-10
    assert (solution.attrs["eln_balance_error"] < 1e-9) == ("eln" in declared)
    assert (solution.attrs["max_trace_change"] < 1e-12) == ("trace" in declared)
    f, start = solution["f_final"].values, matter["f"].values
    assert np.isfinite(f).all() and f.min() >= 0.0 and f.max() <= 1.0
    assert np.abs(f[..., -1] / start[..., -1] - 1.0).max() > 1e-3


def test_onset_by_flux_factor(config, study):
    """The first step changes the cells whose nuebar flow outwards strongly, and no others."""
    matter, cases = study
    grid, start = grid_of(matter), matter["f"].values
    factor = flux_factor(start, grid)[1]
    assert factor[0] < ONSET < factor[-1]
    options = cases["threshold_rho1e16_ff0p4"].options
    assert options["flux_factor"] == ONSET
    f = start.copy().reshape(2, 2, *start.shape[1:])
    Threshold(Setup(grid, 1.0, matter["rho"].values, options)).apply(f)
    changed = (f.reshape(start.shape) != start).any(axis=(0, 1, 2))
    assert np.array_equal(changed, factor > ONSET)


def test_without_an_onset_anywhere_the_run_is_classical(config, study):
    matter, cases = study
    solution, _ = solve.run(config, cases["threshold_rho1e16_ff0p999"], matter)
    classical, _ = solve.run(config, cases["classical"], matter)
    np.testing.assert_array_equal(solution["f_final"], classical["f_final"])
