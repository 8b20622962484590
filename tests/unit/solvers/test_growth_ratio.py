"""Relaxation times from the dispersion relation instead of the growth estimate."""

import numpy as np
import pytest

from qkepipe.constants import SQRT2_GF_RATE
from qkepipe.mixing import C_TAU, bgk_step
from qkepipe.solvers.linear import growth_ratio
from qkepipe.solvers.schemes import Relaxation, Setup
from qkepipe.solvers.sphere import field_dataset, grid_of
from qkepipe.study.cases import expand_cases
from qkepipe.study.load import load_config
from qkepipe.study.stages import background, baseline, ingest, solve


@pytest.fixture(scope="module")
def config():
    return load_config(
        {
            "grid": {"r_in_km": 34, "r_out_km": 60, "n_r": 24, "n_mu": 8, "n_energy": 3},
            "solve": {"steady_crossings": 0.5, "samples": 8},
            "cases": [
                {"scheme": "bgk", "mode": "exponential", "growth": growth, "c_tau": 1e5}
                for growth in ("estimate", "dispersion")
            ],
        }
    )


@pytest.fixture(scope="module")
def matter(config):
    snapshot = ingest.run(config, config.snapshots[0])
    found = background.run(config, snapshot)
    return found.assign(f=baseline.run(config, snapshot, found)["f"])


def lobes(f, grid):
    """Local lobes of ELN-XLN [cm^-3]: energies are at infinity."""
    g = np.einsum("s,semr,e->mr", [1, -1, -1, 1], f, grid.energy.weights)
    return [np.maximum(s * g, 0.0).T @ grid.angle.weights / grid.lapse**3 for s in (1, -1)]


def test_two_beams_grow_by_one_minus_the_product_of_their_cosines(matter):
    """The coupling of two beams is kappa (1 - v1 v2); the best wavenumber removes the detuning."""
    grid = grid_of(matter)
    f = np.zeros_like(matter["f"].values)
    f[0, :, 6], f[1, :, 1] = 0.3, 0.2
    # no antineutrinos in the last cell: no crossing
    f[1, ..., -1] = 0.0
    a, b = lobes(f, grid)
    ratio = growth_ratio(field_dataset(f, matter), SQRT2_GF_RATE * np.sqrt(a * b))
    v = grid.angle.centres
    np.testing.assert_allclose(ratio[:-1], 1.0 - v[6] * v[1], rtol=1e-6)
    assert ratio[-1] == 1.0


@pytest.mark.parametrize("mode", ["exponential", "backward_euler"])
def test_a_step_uses_the_rate_of_the_cell(mode, matter):
    grid, f = grid_of(matter), matter["f"].values
    ratio = np.linspace(0.5, 1.5, f.shape[-1])
    options = {"prescription": "box", "mode": mode, "c_tau": C_TAU, "tolerance": 1e-6}
    new = f.reshape(2, 2, *f.shape[1:]).copy()
    Relaxation(Setup(grid, 10.0, matter["rho"].values, options, ratio)).apply(new)
    weights = (grid.energy.weights, grid.angle.weights, grid.angle.centres)
    for i in (0, 12, 23):
        cell = f[..., i : i + 1].copy()
        bgk_step(
            cell, *weights, 10.0 / 2.99792458e10, flavors=2, mode=mode,
            rate_factor=ratio[i] * grid.lapse[i] ** -2.0, rtol=1e-6,
        )  # fmt: skip
        np.testing.assert_allclose(new.reshape(f.shape)[..., i : i + 1], cell, rtol=1e-12)


def test_a_case_takes_its_growth_from_the_dispersion_relation(config, matter):
    """Both runs are far from relaxed (c_tau is large), the faster cells further."""
    names = [case.name for case in expand_cases(config)][1:]
    assert names == ["bgk_box_exponential_ctau100000", "bgk_box_exponential_dispersion_ctau100000"]
    cases = [case for case in expand_cases(config) if case.kind == "bgk"]
    runs = [solve.run(config, case, matter)[0] for case in cases]
    assert [run.attrs["growth"] for run in runs] == ["estimate", "dispersion"]
    grid = grid_of(matter)
    shallow = [np.min(lobes(run["f_final"].values, grid), axis=0) for run in runs]
    a, b = lobes(matter["f"].values, grid)
    fast = growth_ratio(matter, SQRT2_GF_RATE * np.sqrt(a * b)) > 1.2
    assert fast.any()
    assert (shallow[1] < shallow[0])[fast].all()
