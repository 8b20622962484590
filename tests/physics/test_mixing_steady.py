"""Steady states of relaxation on the sphere, with collisions: reached, unique, and no artefact."""

import numpy as np
import pytest

from qkepipe.phasespace import number_density
from qkepipe.snapshot import open_snapshot
from qkepipe.solvers import run_sphere
from qkepipe.solvers.sphere import grid_of
from qkepipe.solvers.steady import steady_field
from qkepipe.study.load import load_config
from qkepipe.study.stages import background as stage

OPTIONS = {"prescription": "power_half", "c_tau": 2.0 * np.pi, "tolerance": 1e-6}
TARGET = 1e-3


@pytest.fixture(scope="module")
def background():
    grid = {"n_r": 40, "n_mu": 12, "n_energy": 3}
    return stage.run(load_config({"grid": grid}), open_snapshot(None, "analytic"))


@pytest.fixture(scope="module")
def classical(background):
    return steady_field(background)["f"].values


@pytest.fixture(scope="module")
def steady(background, classical):
    return run(background, classical)


def run(background, initial, until=TARGET, crossings=15.0, **keywords):
    return run_sphere(
        background, "bgk", initial=initial, options=OPTIONS, until=until, crossings=crossings,
        samples=300, cfl=0.5, **keywords,
    )  # fmt: skip


def difference(one, other, background):
    """Largest difference of the densities of two fields, relative."""
    grid = grid_of(background)
    a, b = (number_density(f, grid.energy, grid.angle) for f in (one, other))
    return float(np.abs(a / b - 1.0).max())


def test_run_ends_when_the_field_is_steady(steady):
    assert steady.attrs["steady_residual"] <= TARGET
    assert 1.0 <= steady.attrs["crossings"] < 10.0
    assert steady.sizes["time_sample"] < 300


def test_a_run_twice_as_long_ends_in_the_same_field(background, classical, steady):
    crossings = 2.0 * steady.attrs["crossings"]
    longer = run(background, classical, until=0.0, crossings=crossings)
    # what is still missing decays by more than half per half crossing
    assert difference(steady["f"].values, longer["f"].values, background) < 2.0 * TARGET
    assert longer.attrs["steady_residual"] < 0.1 * TARGET


def test_steady_state_does_not_depend_on_the_start(background, classical, steady):
    from_little = run(background, 0.1 * classical)
    assert from_little.attrs["steady_residual"] <= TARGET
    assert difference(steady["f"].values, from_little["f"].values, background) < 4.0 * TARGET


def test_conversion_is_much_larger_than_what_is_left_unsettled(background, classical, steady):
    assert difference(steady["f"].values, classical, background) > 50.0 * TARGET


def test_net_lepton_number_is_what_faces_and_matter_bring(steady):
    assert steady.attrs["eln_balance_error"] < 1e-10
    assert steady.attrs["number_balance_error"] < 1e-12


def test_killed_run_goes_on_to_the_same_bits(background, classical, steady, tmp_path):
    class Stop(Exception):
        pass

    seen = []

    def stop(fraction, seconds):
        seen.append(fraction)
        if len(seen) == 25:
            raise Stop

    path = tmp_path / "state.npz"
    with pytest.raises(Stop):
        run(background, classical, checkpoint=path, checkpoint_seconds=0.0, progress=stop)
    resumed = run(background, classical, checkpoint=path, checkpoint_seconds=1e9)
    np.testing.assert_array_equal(resumed["f"].values, steady["f"].values)
    assert resumed.attrs["steady_residual"] == steady.attrs["steady_residual"]
