"""Interpolation to the cells of a study, and the shock."""

import numpy as np
import pytest
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.errors import QkepipeError
from qkepipe.schema import set_attributes
from qkepipe.snapshot import open_snapshot, regrid, shock_radius
from qkepipe.snapshot.remnant import remnant_model
from qkepipe.units import KM_CM


def profile(r, **fields):
    return set_attributes(
        xr.Dataset({n: ("r", v) for n, v in fields.items()}, coords={"r": ("r", r)})
    )


@pytest.fixture(scope="module")
def nsy_ray(nsy_path):
    return open_snapshot(nsy_path, theta=1)


# --- interpolation ----------------------------------------------------------------------------


def test_power_laws_and_linear_profiles_are_exact():
    """On zones as coarse as 15 % in r, where an exponential between zones is 3 % off."""
    r = np.geomspace(1e6, 5e6, 12)
    given = profile(
        r, rho=1e12 * (r / 1e6) ** -3, temperature=10 * (r / 1e6) ** -0.9, ye=0.1 + 0.05e-6 * r,
        velocity_r=-1e9 + 100 * r, pressure=1e30 * (r / 1e6) ** -4,
    )  # fmt: skip
    edges = np.geomspace(1.1e6, 4.9e6, 50)
    out = regrid(given, edges)
    x = 0.5 * (edges[1:] + edges[:-1])
    np.testing.assert_array_equal(out["r"], x)
    np.testing.assert_array_equal(out["r_edge"], edges)
    np.testing.assert_allclose(out["rho"], 1e12 * (x / 1e6) ** -3, rtol=1e-12)
    np.testing.assert_allclose(out["temperature"], 10 * (x / 1e6) ** -0.9, rtol=1e-12)
    np.testing.assert_allclose(out["pressure"], 1e30 * (x / 1e6) ** -4, rtol=1e-12)
    np.testing.assert_allclose(out["ye"], 0.1 + 0.05e-6 * x, rtol=1e-12)
    np.testing.assert_allclose(out["velocity_r"], -1e9 + 100 * x, rtol=1e-12)
    assert out["rho"].attrs["units"] == "g cm-3"
    assert "12 zones to 49 cells" in out.attrs["history"]


def test_neutrino_densities_of_omitted_zones(nsy_ray):
    """Every other zone of a supernova left out: power laws find it again within 1 % (median),
    where exponentials in r are 3.4 % off. No power law, no exponential: the shock."""
    r = nsy_ray["r"].values
    name = "nu_number_density"
    kept = nsy_ray[[name, "rho", "temperature", "ye"]].isel(r=slice(0, None, 2))
    middle = r[1:-1:2]
    edges = np.sort(np.concatenate([middle - 1.0, middle + 1.0]))
    found = regrid(kept, edges).isel(r=slice(0, None, 2))
    np.testing.assert_allclose(found["r"], middle)
    error = np.abs(found[name].values / nsy_ray[name].values[:, 1:-1:2] - 1.0)
    assert np.median(error) < 0.012


def test_values_at_old_centres_are_unchanged(nsy_ray):
    """The radius of this format is the midpoint of its edges."""
    out = regrid(nsy_ray, nsy_ray["r_edge"].values)
    for name, array in nsy_ray.data_vars.items():
        np.testing.assert_allclose(out[name], array, rtol=1e-11, err_msg=str(name))
    assert out["energy"].equals(nsy_ray["energy"])


def test_composition_keeps_its_sum_and_charge(ccsn):
    out = regrid(ccsn, KM_CM * np.geomspace(6.0, 6000.0, 301))
    total = sum(out[x] for x in ("x_n", "x_p", "x_alpha", "x_heavy"))
    np.testing.assert_allclose(total, 1.0, rtol=0, atol=2e-8)
    known = np.isfinite(out["abar"])
    heavy = (out["x_heavy"] * out["zbar"] / out["abar"]).where(known, 0.0)
    charge = out["x_p"] + 0.5 * out["x_alpha"] + heavy
    np.testing.assert_allclose(charge, out["ye"], rtol=0, atol=1.5e-3)
    inside = known & (out["x_heavy"] > 0.01) & (out["r"] > 150 * KM_CM)
    np.testing.assert_allclose(charge.where(inside, drop=True), out["ye"].where(inside, drop=True))


def test_undefined_nuclei_stay_undefined_and_do_not_spread(ccsn):
    out = regrid(ccsn, KM_CM * np.geomspace(6.0, 6000.0, 301))
    r = out["r"].values / KM_CM
    gone = (r > 27.0) & (r < 100.0)
    assert np.isnan(out["abar"].values[gone]).all() and np.isnan(out["zbar"].values[gone]).all()
    assert np.isfinite(out["abar"].values[r > 107.0]).all()
    finite = out["abar"].values[np.isfinite(out["abar"].values)]
    assert finite.min() > 5.0 and finite.max() < 193.0


def test_moments_stay_causal_and_rates_positive(nsy_ray):
    edges = np.geomspace(20 * KM_CM, 3000 * KM_CM, 101)
    out = regrid(nsy_ray, edges)
    for density, flux in (
        ("nu_number_density", "nu_number_flux"),
        ("nu_energy_density", "nu_energy_flux"),
    ):
        factor = out[flux] / (C_LIGHT * out[density])
        given = nsy_ray[flux] / (C_LIGHT * nsy_ray[density])
        assert float(factor.max()) <= float(given.max())
        assert float(factor.min()) >= float(given.min())
    assert out["absorption"].dims == ("species", "energy", "r")
    assert float(out["absorption"].min()) > 0.0 and float(out["emissivity"].min()) > 0.0
    assert float(out["nu_number_density"].min()) > 0.0


def test_zero_next_to_positive_is_linear():
    r = np.array([1e6, 2e6, 3e6])
    given = profile(r, rho=[1e10, 1e9, 1e8], temperature=[3.0, 2.0, 1.0], ye=[0.3] * 3)
    given["nu_number_density"] = ("r", [1e30, 0.0, 0.0], {"units": "cm-3"})
    given["nu_number_flux"] = ("r", [1e40, 0.0, 0.0], {"units": "cm-2 s-1"})
    out = regrid(given, [1e6, 2e6, 3e6])
    np.testing.assert_allclose(out["nu_number_density"], [5e29, 0.0])
    assert np.isfinite(out["nu_number_flux"]).all()


def test_outer_half_cells_hold_the_last_value(ccsn):
    edges = ccsn["r_edge"].values
    out = regrid(ccsn, [edges[0], ccsn["r"].values[0], edges[1], edges[-2], edges[-1]])
    assert float(out["rho"][0]) == float(ccsn["rho"][0])


@pytest.mark.parametrize("low, high", [(1.0, 300.0), (10.0, 7000.0)])
def test_grid_outside_the_snapshot(ccsn, low, high):
    with pytest.raises(QkepipeError) as caught:
        regrid(ccsn, KM_CM * np.array([low, 20.0, high]))
    (line,) = str(caught.value).splitlines()
    assert f"{low:g} to {high:g} km" in line and "4.6935 to 6654 km" in line


def test_only_one_ray_and_increasing_edges(nsy, ccsn):
    with pytest.raises(QkepipeError, match="depends on theta"):
        regrid(nsy, [1e6, 2e6])
    with pytest.raises(QkepipeError, match="depends on theta"):
        shock_radius(nsy)
    with pytest.raises(QkepipeError, match="depends on z, y, x.*field: moments"):
        regrid(remnant_model(4), [1e6, 2e6])
    with pytest.raises(QkepipeError, match="increasing"):
        regrid(ccsn, [2e6, 1e6])


# --- shock ------------------------------------------------------------------------------------


def test_smeared_shock_without_velocity(ccsn):
    """Zones 61 to 67 of the file."""
    assert 99.45 <= shock_radius(ccsn) / KM_CM <= 106.6


def test_shock_of_the_boltzmann_snapshot(nsy_ray):
    """Between the zones at 150.6 and 173.0 km, from velocity and from entropy."""
    assert 150.6 < shock_radius(nsy_ray) / KM_CM < 173.0
    still = nsy_ray.drop_vars("velocity_r")
    assert 150.6 < shock_radius(still) / KM_CM < 173.0


@pytest.mark.parametrize("radius", [80.0, 120.0, 300.0])
@pytest.mark.parametrize("zones", [60, 400, 3000])
def test_shock_of_the_model(radius, zones):
    """The analytic model jumps between two zones; without velocity the step is found too."""
    model = open_snapshot(format="analytic", shock_radius_km=radius, zones=zones)
    width = np.diff(model["r_edge"].values).max()
    assert shock_radius(model) == pytest.approx(radius * KM_CM, abs=width)
    if radius < 200.0:
        # farther out the model has next to no jump of the temperature
        still = model.drop_vars("velocity_r")
        assert shock_radius(still) == pytest.approx(radius * KM_CM, abs=width)


def test_no_shock(merger, ccsn, nsy_ray):
    """A steep star is no shock, nor is a settling flow, nor free fall."""
    assert shock_radius(merger) is None
    assert shock_radius(ccsn.isel(r=slice(0, 58))) is None
    assert shock_radius(ccsn.isel(r=slice(68, None))) is None
    assert shock_radius(nsy_ray.isel(r=slice(0, 30))) is None
    assert shock_radius(nsy_ray.isel(r=slice(30, None))) is None


def test_explosion_and_reverse_shock():
    r = np.geomspace(1e8, 1e9, 200)
    inside = r < 4e8
    expanding = profile(
        r, rho=np.where(inside, 7e5, 1e5) * (1e8 / r) ** 2, temperature=np.where(inside, 0.3, 0.05),
        ye=0 * r + 0.5, velocity_r=np.where(inside, 8e8, -1e7),
    )  # fmt: skip
    assert shock_radius(expanding) == pytest.approx(4e8, rel=0.02)
    # a wind that is stopped by denser matter: the compression is on the outside
    wind = expanding.assign(rho=("r", np.where(inside, 1e5, 7e5) * (1e8 / r) ** 2))
    assert shock_radius(wind) is None


def test_one_zone_has_no_shock():
    assert shock_radius(profile(np.array([1e6]), rho=[1e10], temperature=[1.0], ye=[0.5])) is None
