"""Interface of the homogeneous gas: axes, times, species, attributes, refusals."""

import numpy as np
import pytest
import xarray as xr

from qkepipe.constants import C_LIGHT, SQRT2_GF
from qkepipe.errors import QkepipeError
from qkepipe.oscillation.vacuum import ThreeFlavors, TwoFlavors
from qkepipe.phasespace import energy_grid
from qkepipe.solvers import run_homogeneous
from qkepipe.solvers.adaptive import StepCounts, adaptive_steps, fixed_steps
from qkepipe.solvers.homogeneous_step import HomogeneousStep
from qkepipe.species import SPECIES, SPECIES6

ENERGY = np.array([1.0, 10.0, 20.0])
TIMES = np.array([0.0, 1e-9, 5e-9])


def cell(species=SPECIES, rates=True):
    """Two energies, four directions, and half-filled equilibrium."""
    n = len(species)
    rng = np.random.default_rng(1)
    out = xr.Dataset(
        {"f": (("species", "energy", "mu"), rng.uniform(0.1, 0.9, (n, 2, 4)))},
        coords={
            "species": list(species),
            "energy_edge": ("energy_edge", ENERGY),
            "mu_edge": ("mu_edge", np.linspace(-1.0, 1.0, 5)),
        },
    )
    if rates:
        absorption = rng.uniform(0.0, 1e-3, (n, 2))
        out["absorption"] = (("species", "energy"), absorption)
        out["emissivity"] = (("species", "energy"), 0.5 * C_LIGHT * absorption)
    return out


@pytest.mark.parametrize("flavors", [2, 3])
@pytest.mark.parametrize("species", [SPECIES, SPECIES6])
def test_output(flavors, species):
    gas = cell(species)
    out = run_homogeneous(
        gas, TIMES, flavors=flavors, electron_density=1e32, seed_amplitude=1e-3, tolerance=1e-5
    )
    np.testing.assert_array_equal(out["time_sample"], TIMES)
    assert out["f"].dims == ("time_sample", "species", "energy", "mu")
    assert out["species"].values.tolist() == list(SPECIES if flavors == 2 else SPECIES6)
    assert out["pair"].values.tolist() == (["ex"] if flavors == 2 else ["emu", "etau", "mutau"])
    assert out["f_re"].shape == out["f_im"].shape == (3, len(out["pair"]), 2, 2, 4)
    assert out.attrs["flavors"] == flavors and out.attrs["n_steps"] > 0
    assert out.attrs["delta_m2" if flavors == 2 else "delta_m2_31"] > 0.0
    for name, unit in (("number_density", "cm-3"), ("time_sample", "s"), ("coherence", "1")):
        assert out[name].attrs["units"] == unit
    assert all(np.isfinite(out[name]).all() for name in out.data_vars)
    weights = energy_grid(ENERGY).weights
    first = gas["f"].sel(species="nue").values
    expected = np.einsum("em,e->", first, weights) * 0.25
    # turned by 1e-3 at the start
    assert float(out["number_density"].sel(species="nue")[0]) == pytest.approx(expected, rel=1e-2)
    np.testing.assert_allclose(out["survival_probability"][0], 1.0, rtol=1e-12)


def test_heavy_flavors_are_split_and_averaged():
    """Four species to three flavours: mu = tau = x; six to two: x is their mean."""
    still = {"times": [1e-15], "vacuum": None, "xi": 1e-6}
    out = run_homogeneous(cell(rates=False), flavors=3, **still)
    for heavy in ("numu", "nutau"):
        np.testing.assert_allclose(
            out["f"].sel(species=heavy)[0], cell()["f"].sel(species="nux"), rtol=1e-9
        )
    six = cell(SPECIES6, rates=False)
    out = run_homogeneous(six, flavors=2, **still)
    mean = 0.5 * (six["f"].sel(species="numubar") + six["f"].sel(species="nutaubar"))
    np.testing.assert_allclose(out["f"].sel(species="nuxbar")[0], mean, rtol=1e-9)


def test_seed_turns_and_keeps_the_length():
    gas = cell(rates=False)
    gas["f"][...] = 0.0
    gas["f"].loc[{"species": "nue"}] = 0.8
    out = run_homogeneous(gas, [0.0, 1e-20], vacuum=None, seed_amplitude=0.02, xi=1e-9)
    np.testing.assert_allclose(out["f_re"][0, 0, 0], 0.4 * np.sin(0.02), rtol=1e-12)
    np.testing.assert_allclose(out["f_im"][0], 0.0, rtol=0, atol=1e-17)
    np.testing.assert_allclose(out["f"].sel(species="nux")[0], 0.4 * (1 - np.cos(0.02)), rtol=1e-9)
    assert out.attrs["square_change"] < 1e-13


def test_local_energies():
    """f belongs to energies at infinity: in a lapse of 1/2 the local density is eight times it."""
    gas = cell(rates=False)
    flat = run_homogeneous(gas, [1e-15])
    deep = run_homogeneous(gas.assign(lapse=0.5), [1e-15])
    np.testing.assert_allclose(deep["number_density"], 8.0 * flat["number_density"], rtol=1e-6)
    np.testing.assert_allclose(deep["energy"], 2.0 * flat["energy"])


def test_steps_of_given_length():
    out = run_homogeneous(
        cell(), TIMES, step=2e-10, xi=0.01, electron_density=lambda t: 1e30 * (1 + t)
    )
    # 5 steps to 1e-9 s, 20 more to 5e-9 s
    assert out.attrs["n_steps"] == 25
    assert out.attrs["step_longest"] == pytest.approx(2e-10)
    assert "tolerance" not in out.attrs


def test_runs_are_repeatable():
    first, second = (run_homogeneous(cell(), TIMES, tolerance=1e-6) for _ in range(2))
    xr.testing.assert_identical(first, second)


def test_empty_gas():
    """No neutrinos: nothing survives, and nothing is NaN."""
    gas = cell(rates=False)
    gas["f"][...] = 0.0
    out = run_homogeneous(gas, TIMES)
    assert all(np.isfinite(out[name]).all() for name in out.data_vars)
    assert (out["survival_probability"] == 0.0).all()


def unit_operator(order=4, **options):
    return HomogeneousStep(
        np.array([1.0 / SQRT2_GF]),
        np.zeros(1),
        np.ones(1),
        np.zeros((4, 1)),
        order=order,
        **options,
    )


def some_state():
    f = np.zeros((4, 2, 1, 1))
    f[:, 0, 0, 0], f[:, 1, 0, 0] = [0.9, 0.1, 0.2, 0.1], [0.5, 0.3, -0.1, 0.2]
    return f


def test_output_times_are_hit_whatever_they_are():
    """Two samples closer than a step, then a far one: each is that of a run to it alone."""
    lengths = [1.0, 1.0 + 1e-9, 1.7, 40.0]
    together = [
        f.copy()
        for f in adaptive_steps(unit_operator(), some_state(), lengths, 1e-11, StepCounts())
    ]
    for found, length in zip(together, lengths, strict=True):
        (alone,) = adaptive_steps(unit_operator(), some_state(), [length], 1e-11, StepCounts())
        np.testing.assert_allclose(found, alone, rtol=0, atol=1e-8)


def test_steps_too_long_are_refused():
    with pytest.raises(QkepipeError, match="does not converge"):
        list(fixed_steps(unit_operator(2), some_state(), [1e4], 1e3, StepCounts()))


def test_thick_steps():
    """Composed steps go backwards in part: fixed ones may overflow, adaptive ones do not."""
    rates = {"absorption": np.full((2, 2, 1), 1e3), "equilibrium": np.full((2, 2, 1), 0.3)}
    with pytest.raises(QkepipeError, match="does not converge"):
        list(fixed_steps(unit_operator(**rates), some_state(), [1e3], 1e2, StepCounts()))
    for order in (2, 4):
        (end,) = adaptive_steps(
            unit_operator(order, **rates), some_state(), [1.0], 1e-6, StepCounts()
        )
        np.testing.assert_allclose(end[:2], 0.3, rtol=1e-9)
        np.testing.assert_allclose(end[2:], 0.0, rtol=0, atol=1e-12)


def test_impossible_tolerance_is_refused():
    """Density that jumps at random: no step is short enough."""
    rng = np.random.default_rng(0)
    operator = HomogeneousStep(
        np.array([1.0]), np.zeros(1), np.ones(1), np.array([[0.0], [0.0], [1.0], [0.0]]),
        potential=lambda s: rng.uniform(0.0, 1e12),
    )  # fmt: skip
    with pytest.raises(QkepipeError, match="does not converge"):
        list(adaptive_steps(operator, some_state(), [1e3], 1e-12, StepCounts()))


def without(name):
    return cell().drop_vars(name)


def changed(name, value, where=None):
    gas = cell()
    values = gas[name].values.copy()
    values[(0,) * values.ndim if where is None else where] = value
    return gas.assign({name: (gas[name].dims, values)})


BAD_CELLS = [
    (cell()["f"], "field: a DataArray"),
    (without("f"), "f: missing"),
    (without("species"), "species: missing"),
    (without("energy_edge"), "energy_edge: missing"),
    (without("mu_edge"), "mu_edge: missing"),
    (without("emissivity"), "absorption: given alone"),
    (cell().isel(species=[0, 1, 2]), "species: .*nuxbar missing"),
    (cell().isel(species=[1, 0, 2, 3]), "species: nuebar, nue"),
    (cell().isel(mu=0), "f: has axes"),
    (cell().isel(energy=[0]), "energy_edge: 3 edges"),
    (cell().isel(mu=[0, 1]), "mu_edge: 5 edges"),
    (changed("f", np.nan), "f: values"),
    (changed("f", -1e-3), "f: from -0.001"),
    (changed("f", 1.5), "f: from"),
    (changed("absorption", -1.0), "absorption: -1"),
    (changed("emissivity", -1.0), "emissivity: -1"),
    (changed("absorption", np.inf), "absorption: values"),
    (changed("emissivity", 1e12), "emissivity: above"),
    (changed("energy_edge", -1.0), "energy_edge: from -1"),
    (changed("energy_edge", 30.0), "energy_edge: from 30"),
    (changed("mu_edge", -0.9), "mu_edge: from -0.9"),
    (cell().assign(lapse=0.0), "lapse: 0"),
]


@pytest.mark.parametrize(("gas", "line"), BAD_CELLS, ids=[line for _, line in BAD_CELLS])
def test_cells_that_are_refused(gas, line):
    with pytest.raises(QkepipeError, match=line) as found:
        run_homogeneous(gas, TIMES)
    assert len(found.value.defects) == 1
    assert "\n" not in str(found.value)


BAD_SETTINGS = [
    ({"flavors": 4}, "flavors: 4"),
    ({"flavors": "two"}, "flavors: 'two'"),
    ({"times": []}, "times: "),
    ({"times": [-1e-9]}, "times: from -1e-09"),
    ({"times": [0.0]}, "times: from 0"),
    ({"times": [1e-9, 1e-9]}, "times: from"),
    ({"times": [np.nan]}, "times: "),
    ({"step": 0.0}, "step: 0"),
    ({"step": -1e-9}, "step: -1e-09"),
    ({"step": np.nan}, "step: nan"),
    ({"tolerance": 0.0}, "tolerance: 0"),
    ({"tolerance": np.nan}, "tolerance: nan"),
    ({"xi": 0.0}, "xi: 0"),
    ({"xi": 2.0}, "xi: 2"),
    ({"xi": np.nan}, "xi: nan"),
    ({"order": 3}, "order: 3"),
    ({"seed_amplitude": np.inf}, "seed_amplitude: inf"),
    ({"electron_density": -1.0}, "electron_density: -1"),
    ({"electron_density": np.nan}, "electron_density: nan"),
    ({"electron_density": lambda t: np.nan}, "electron_density: nan"),
    ({"electron_density": lambda t: -1.0}, "electron_density: -1"),
    ({"matter_velocity": -1.0}, "matter_velocity: -1"),
    ({"matter_velocity": np.nan}, "matter_velocity: nan"),
    ({"vacuum": "inverse"}, "vacuum: 'inverse'.*inverted"),
    ({"vacuum": ThreeFlavors(1e-5, 1e-3, 0.1, 0.1, 0.1, 0.0)}, "vacuum: ThreeFlavors for 2"),
    ({"vacuum": TwoFlavors(1e-3, 0.1), "flavors": 3}, "vacuum: TwoFlavors for 3"),
    ({"vacuum": TwoFlavors(np.inf, 0.1)}, "vacuum: mixing"),
]


@pytest.mark.parametrize(("options", "line"), BAD_SETTINGS, ids=[line for _, line in BAD_SETTINGS])
def test_settings_that_are_refused(options, line):
    times = options.get("times", TIMES)
    options = {name: value for name, value in options.items() if name != "times"}
    with pytest.raises(QkepipeError, match=line) as found:
        run_homogeneous(cell(), times, **options)
    assert len(found.value.defects) == 1
    assert "\n" not in str(found.value)
