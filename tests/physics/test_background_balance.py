"""What matter loses is what flows out, in a steady field of a real profile with computed rates.

With proper volume dV = 4 pi r^2 X dr, in a steady state

    L_inf(out) - L_inf(in) = int (cooling - heating) rho a^2 dV
    [N(nuebar) - N(nue)](out) - (in) = int ye_dot n_b a dV

over all species and seen from infinity: a for proper time per coordinate time, and for energy
another a for its redshift (from d(4 pi r^2 a^2 F_E)/dr = 4 pi r^2 X a^2 S_E). Flows and sources
come from independent sums: faces of the transport operator against cells of the rates. With the
cell volume of the operator what is left is the residual of the field; with one from the metric
at the centres it is the error of the midpoint rule.
"""

import numpy as np
import pytest
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.diagnostics import steady_balance
from qkepipe.matter import baryon_density
from qkepipe.phasespace import angle_grid
from qkepipe.solvers.sphere import grid_of
from qkepipe.solvers.steady import steady_field
from qkepipe.study.load import load_config
from qkepipe.study.stages import background, baseline, ingest
from qkepipe.transport.geometry import sphere

#: nux and nuxbar stand for two flavours each.
COUNT = np.array([1.0, 1.0, 2.0, 2.0])


def solved(shared, gravity: str, **rates):
    """Background and classical field of the profile."""
    config = load_config(
        {
            "snapshots": [{"name": "ccsn_1d", "path": str(shared / "ccsn_1d" / "ccsn_1d.txt")}],
            "grid": {
                "r_in_km": 22, "r_out_km": 120, "n_r": 60, "n_mu": 8,
                "n_energy": 6, "energy_last_MeV": 100,
            },
            "background": {"gravity": gravity, **rates},
            "solve": {"tolerance": 1e-11},
        }
    )  # fmt: skip
    snapshot = ingest.run(config, config.snapshots[0])
    matter = background.run(config, snapshot)
    return matter, baseline.run(config, snapshot, matter)


@pytest.fixture(scope="module", params=["flat", "computed"])
def study(request, shared):
    """With the default processes."""
    return solved(shared, request.param)


@pytest.fixture(scope="module", params=["flat", "computed"])
def all_pairs(request, shared):
    """Pairs of all species, not only of heavy flavours."""
    return solved(shared, request.param, pair_species="all")


def volumes(matter: xr.Dataset) -> dict[str, np.ndarray]:
    """Proper volume of the cells [cm^3]: of the operator, and by the midpoint rule."""
    grid = grid_of(matter)
    operator = 4.0 * np.pi * sphere(grid.radius, angle_grid(4)).volume * grid.lapse**3
    r = matter["r_edge"].values
    midpoint = 4.0 * np.pi / 3.0 * np.diff(r**3) * matter["radial_metric"].values
    return {"operator": operator, "midpoint": midpoint}


@pytest.mark.parametrize("rule, bar", [("operator", 1e-9), ("midpoint", 1e-2)])
def test_energy_that_flows_out_is_what_matter_loses(study, rule, bar):
    matter, field = study
    a = matter["lapse"].values
    edge = field["lapse_edge"].values
    through = COUNT @ (field["luminosity_edge"].transpose("species", "r_edge").values) * edge**2
    lost = -(field["net_heating_rate"] * field["rho"]).values * a**2 * volumes(matter)[rule]
    # every shell, not only the sum
    miss = through[1:] - through[0] - np.cumsum(lost)
    assert np.abs(miss).max() < bar * np.abs(through).max()
    # there is something to balance: most of the luminosity is made on the grid
    assert through[-1] - through[0] > 0.5 * through[-1]


def leptons_missed(matter: xr.Dataset, field: xr.Dataset, rule: str):
    """Flow of nue - nuebar that ye_dot does not account for, and the flow, at the edges [s^-1]."""
    number = field["number_luminosity_edge"].transpose("species", "r_edge").values
    lepton = (number[0] - number[1]) * field["lapse_edge"].values
    n_b = baryon_density(matter, "test").values
    gained = field["ye_dot"].values * n_b * matter["lapse"].values * volumes(matter)[rule]
    return lepton[1:] - lepton[0] + np.cumsum(gained), lepton


@pytest.mark.parametrize("rule, bar", [("operator", 1e-9), ("midpoint", 1e-2)])
def test_leptons_that_flow_out_are_those_that_matter_loses(study, rule, bar):
    miss, lepton = leptons_missed(*study, rule)
    # of the leptons, not of all neutrinos: their net flow is a small difference
    assert np.abs(miss).max() < bar * np.abs(lepton).max()
    assert np.abs(lepton[-1] - lepton[0]) > 0.5 * np.abs(lepton[-1])


def test_ye_dot_leaves_out_what_pairs_make(all_pairs):
    """Pairs, each with its partner in equilibrium, make unequal numbers of nue and nuebar: the
    flow has that error of the rates (a few per cent of each flow), ye_dot does not. Studies
    therefore leave nue and nuebar to the charged current (``pair_species: heavy``)."""
    matter, field = all_pairs
    miss, lepton = leptons_missed(matter, field, "operator")
    grid = grid_of(matter)
    f = field["f"].transpose("species", "energy", "mu", "r").values
    mean = np.einsum("semr,m->ser", f, grid.angle.weights)
    j, kappa = (
        (matter[n] - matter[f"{n}_cc"]).transpose("species", "energy", "r").values
        for n in ("emissivity", "absorption")
    )
    made = np.einsum("ser,e->sr", j - C_LIGHT * kappa * mean, grid.energy.weights)
    made = (made[0] - made[1]) / grid.lapse**2 * volumes(matter)["operator"]
    np.testing.assert_allclose(miss, np.cumsum(made), rtol=0, atol=1e-9 * np.abs(lepton).max())
    through = np.abs(field["number_luminosity_edge"].isel(r_edge=-1, species=slice(2))).min()
    assert 1e-3 * float(through) < np.abs(miss).max() < 0.1 * float(through)


def test_heating_between_two_spheres_is_the_drop_of_the_luminosity(study):
    """The number of the report; local energy per coordinate time against energy at infinity."""
    matter, field = study
    gain, shock = float(field["gain_radius"]), matter.attrs["shock_radius"]
    assert field["gain_radius"].attrs["status"] == "found" and gain < shock
    through = COUNT @ (field["luminosity_edge"].transpose("species", "r_edge").values)
    drop = through * field["lapse_edge"].values ** 2
    at = np.interp([gain, shock], field["r_edge"].values, drop)
    # energy at infinity over a, which changes little in the gain region
    a = np.interp(0.5 * (gain + shock), matter["r"].values, matter["lapse"].values)
    found = float(field["net_heating_gain_region"])
    assert found == pytest.approx((at[0] - at[1]) / a, rel=2e-2)


def test_cooling_below_the_gain_radius_is_the_rise_of_the_luminosity(study):
    """From the inner edge; the lapse lies between its values at both ends."""
    matter, field = study
    gain = float(field["gain_radius"])
    through = COUNT @ (field["luminosity_edge"].transpose("species", "r_edge").values)
    at_infinity = through * field["lapse_edge"].values ** 2
    rise = np.interp(gain, field["r_edge"].values, at_infinity) - at_infinity[0]
    found = float(field["net_cooling_below_gain"])
    ends = rise / np.array([np.interp(gain, matter["r"], matter["lapse"]), matter["lapse"][0]])
    assert 0.98 * ends.min() < found < 1.02 * ends.max()


def test_field_says_how_well_it_is_balanced(study):
    _, field = study
    assert field.attrs["steady_number_balance_error"] < 1e-9
    assert field.attrs["steady_energy_balance_error"] < 1e-9
    assert field.attrs["residual"] <= 1e-9


def test_monitors_see_what_matter_would_keep(study):
    """Absorption of one group doubled behind the back of the solver."""
    matter, field = study
    f = field["f"].transpose("species", "energy", "mu", "r").values
    wrong = matter.copy()
    wrong["absorption"] = matter["absorption"] * xr.where(matter["energy"] > 40.0, 2.0, 1.0)
    found = steady_balance(f, wrong)
    assert found["number"] > 1e-3 and found["energy"] > 1e-3


def test_balance_counts_what_the_motion_of_the_fluid_adds(study):
    """Settling with up to 0.03 c: balanced with the work and the advection, not without."""
    matter, _ = study
    speed = -0.02 * C_LIGHT * (matter["r"].values / 1e7) ** 2
    moving = matter.assign(velocity_r=("r", speed, {"units": "cm s-1"}))
    field = steady_field(moving, moving=True, tolerance=1e-11)
    f = field["f"].transpose("species", "energy", "mu", "r").values
    balanced, static = steady_balance(f, moving, moving=True), steady_balance(f, moving)
    for name in ("number", "energy"):
        # to the change in the last round of the solver
        assert balanced[name] < 1e-5 < 1e-3 < static[name]
