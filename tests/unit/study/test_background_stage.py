"""Stage background: the choices of a study reach the rates, and its warnings the file."""

import numpy as np
import pytest
import xarray as xr

from qkepipe.errors import QkepipeError
from qkepipe.opacity import CONSTANTS, rates
from qkepipe.phasespace import energy_grid
from qkepipe.snapshot import open_snapshot
from qkepipe.study.config import Config
from qkepipe.study.load import load_config
from qkepipe.study.stages import background


@pytest.fixture(scope="module")
def model():
    return open_snapshot(None, "analytic")


def run(model, **settings):
    grid = {"n_r": 16, "n_mu": 4} | settings.pop("grid", {})
    return background.run(load_config({"grid": grid, "background": settings}), model)


def test_choices_reach_the_rates(model):
    out = run(model, constants="nulib", overrides={"g_a": 1.2}, weak_magnetism="point",
              group_average=False)  # fmt: skip
    assert out.attrs["rates_g_a"] == 1.2
    assert out.attrs["rates_sin2_theta_w"] == CONSTANTS["nulib"].sin2_theta_w
    assert out.attrs["rates_nucleon_blocking"] == "clipped"
    assert out.attrs["weak_magnetism"] == "point"
    assert out.attrs["group_average"] == "off"


def test_defaults_are_averages_with_weak_magnetism(model, tmp_path):
    out = run(model, gravity="flat")
    grid = energy_grid(out["energy_edge"].values)
    processes = Config().background.processes
    again = rates(
        out, grid, processes, weak_magnetism="form_factors", group_average=True,
        pair_species="heavy",
    )  # fmt: skip
    for name in again.data_vars:
        np.testing.assert_allclose(out[name], again[name], rtol=1e-12)
    # nu and nubar scatter differently
    assert np.all(out["scattering"].sel(species="nux") > out["scattering"].sel(species="nuxbar"))
    out.to_netcdf(tmp_path / "background.nc")
    with xr.open_dataset(tmp_path / "background.nc") as read:
        assert read.attrs["group_coverage_nux"] == out.attrs["group_coverage_nux"]


def test_groups_that_miss_the_spectrum(model):
    """T = 5.1 MeV inside: groups to 40 MeV lose 2 %, groups to 20 MeV a quarter."""
    out = run(model, grid={"energy_last_MeV": 40.0})
    lines = [x for x in out.attrs["warnings"].splitlines() if "energy groups" in x]
    assert len(lines) == 4
    assert all("zone [0]" in line for line in lines)
    assert 0.9 < out.attrs["group_coverage_nue"] < 0.99
    assert out.attrs["group_coverage_energy_nue"] < out.attrs["group_coverage_nue"]
    with pytest.raises(QkepipeError, match="energy groups"):
        run(model, grid={"energy_last_MeV": 20.0})


def test_nuclei_of_a_snapshot_with_free_nucleons_only(model):
    """Dissociated matter has none; what bound matter is made of cannot be guessed."""
    full = run(model)
    nucleons = {x: np.interp(model["r"], full["r"], full[x]) for x in ("x_n", "x_p")}
    only = model.assign({x: ("r", values) for x, values in nucleons.items()})
    with pytest.raises(QkepipeError) as caught:
        run(only)
    (line,) = str(caught.value).splitlines()
    assert "x_alpha, x_heavy, abar, zbar" in line
    assert "scattering_nuclei, absorption_nuclei" in line
    assert " km" in line
    inside = {"grid": {"r_in_km": 33.0, "r_out_km": 45.0}}
    only["x_p"] = 1.0 - only["x_n"]
    out = run(only, **inside)
    assert float(out["x_heavy"].max()) == 0.0
    few = run(only, processes=["beta", "scattering_nucleons", "pair", "bremsstrahlung_hr98"],
              **inside)  # fmt: skip
    for name in ("absorption", "scattering"):
        np.testing.assert_array_equal(out[name], few[name])


# --- energy groups of the snapshot ---------------------------------------------------------------


@pytest.fixture(scope="module")
def nsy(shared):
    return open_snapshot(shared / "ccsn_nsy_excerpt", theta=1)


def test_groups_of_the_snapshot_keep_its_rates(nsy):
    """On the zones of the snapshot itself nothing is interpolated, in radius or in energy."""
    config = load_config({"grid": {"energy_groups": "snapshot", "n_mu": 4},
                          "background": {"gravity": "flat"}})  # fmt: skip
    edges = nsy["r_edge"].values[:30]
    out = background.on_edges(config, nsy, edges, 4, nsy["energy_edge"].values)
    np.testing.assert_array_equal(out["energy_edge"], nsy["energy_edge"])
    for name in ("absorption", "scattering", "emissivity"):
        np.testing.assert_allclose(out[name], nsy[name].isel(r=slice(0, 29)), rtol=1e-10)


def test_groups_of_the_snapshot_need_a_flat_metric(nsy):
    grid = {"energy_groups": "snapshot", "r_in_km": 2.0, "r_out_km": 500.0}
    # transport of this format is flat, and so is `auto`
    assert run(nsy, grid=grid).attrs["gravity"] == "flat"
    with pytest.raises(QkepipeError) as caught:
        run(nsy, grid=grid, gravity="computed")
    (line,) = str(caught.value).splitlines()
    assert "grid.energy_groups" in line and "background.gravity: flat" in line
    # computed rates are evaluated at the local energies
    out = run(nsy, grid=grid | {"r_in_km": 60.0}, rates="computed", gravity="computed")
    assert out.sizes["energy"] == 80 and out.attrs["gravity"] != "flat"


def test_snapshot_without_groups(model):
    with pytest.raises(QkepipeError) as caught:
        run(model, grid={"energy_groups": "snapshot"})
    (line,) = str(caught.value).splitlines()
    assert "no energy groups" in line and "geometric" in line
