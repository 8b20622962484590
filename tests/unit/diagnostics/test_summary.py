"""The summary: contents, attributes, radii and refusals."""

import numpy as np
import pytest
import xarray as xr

from qkepipe.diagnostics import default_profile_radii, summarise
from qkepipe.errors import QkepipeError
from qkepipe.phasespace import number_density
from qkepipe.schema import KINDS, VARIABLES
from qkepipe.solvers.sphere import grid_of

KM = 1e5


def test_summary_has_what_the_schema_lists(make_background, make_field, make_solution):
    background = make_background()
    coherence = np.stack([np.full(60, 0.1), np.linspace(0.0, 0.2, 60)])
    summary = summarise(make_solution(background, make_field(background), coherence), background)
    assert set(KINDS["summary"]) <= set(summary.variables)
    assert {"coherence", "coherence_max"} <= set(summary.data_vars)
    np.testing.assert_array_equal(summary["coherence"].values, coherence.max(axis=0))
    for name in summary.data_vars:
        assert summary[name].attrs["units"] == VARIABLES[name].units
    assert summary["mean_energy"].attrs["weighting"] == "number_density"
    for name, weighting in (
        ("mean_energy_flux", "number_flux"),
        ("neutrinosphere_radius", "number_flux"),
        ("effective_sphere_radius_energy_density", "energy_density"),
    ):
        assert summary[name].attrs["weighting"] == weighting
    assert summary["ye_dot"].attrs["processes"] == "all that are in the rates"
    assert summary.attrs["number_balance_error"] == 1e-15
    assert summary.attrs["shock_radius"] == background.attrs["shock_radius"]


def test_spectra_and_angular_distributions_integrate_to_the_density(
    make_background, make_field, make_solution
):
    background = make_background()
    at = background["r"].values[[7, 30]]
    summary = summarise(make_solution(background, make_field(background)), background, at)
    grid = grid_of(background)
    density = number_density(make_field(background), grid.energy, grid.angle)[:, [7, 30]].T
    widths = np.diff(grid.energy.edges)
    np.testing.assert_allclose((summary["spectrum"].values * widths).sum(-1), density, rtol=1e-12)
    by_angle = (summary["angular_distribution"].values * grid.angle.weights).sum(-1)
    np.testing.assert_allclose(by_angle, density, rtol=1e-12)


def test_spheres_of_groups_grow_with_energy(make_background, make_field, make_solution):
    """kappa* and chi_tr ~ E^2, equal: the effective depth is 1/sqrt(2) of the other."""
    background = make_background()
    summary = summarise(make_solution(background, make_field(background)), background)
    transport, effective = (
        summary[f"{name}_radius_group"].sel(species="nue").values
        for name in ("neutrinosphere", "effective_sphere")
    )
    known = np.isfinite(effective)
    assert known.sum() >= 2 and np.isfinite(transport[known]).all()
    assert (np.diff(transport[np.isfinite(transport)]) > 0.0).all()
    assert (effective[known] < transport[known]).all()
    ratio = summary["inner_effective_optical_depth"] / summary["inner_optical_depth"]
    np.testing.assert_allclose(ratio, np.sqrt(0.5), rtol=1e-12)


def test_summary_survives_a_file(make_background, make_field, make_solution, tmp_path):
    background = make_background()
    summary = summarise(make_solution(background, make_field(background)), background)
    summary.to_netcdf(tmp_path / "case.summary.nc")
    with xr.open_dataset(tmp_path / "case.summary.nc") as back:
        xr.testing.assert_identical(back.load(), summary)


def test_status_where_there_is_no_gain_region(make_background, make_field, make_solution):
    background = make_background()
    nothing = make_solution(background, 1e-6 * make_field(background))
    summary = summarise(nothing, background)
    assert np.isnan(float(summary["gain_radius"]))
    assert np.isnan(float(summary["net_heating_gain_region"]))
    assert "no gain region" in summary["gain_radius"].attrs["status"]


def test_sphere_inside_the_inner_edge_is_missing_and_says_so(
    make_background, make_field, make_solution
):
    background = make_background()
    weak = background["absorption"].copy(deep=True)
    weak.loc[{"species": ["nux", "nuxbar"]}] = 0.0
    thin = background.assign(absorption=weak, scattering_transport=weak)
    spheres = summarise(make_solution(thin, make_field(thin)), thin)["neutrinosphere_radius"]
    assert np.isfinite(spheres.sel(species=["nue", "nuebar"])).all()
    assert np.isnan(spheres.sel(species=["nux", "nuxbar"])).all()
    assert "nux: inside the inner edge (optical depth 0 there)" in spheres.attrs["status"]


def test_spectator_counts_each_heavy_flavour_once(make_background, make_field, make_solution):
    background = make_background()
    classical = make_field(background)
    mixed = classical.copy()
    mixed[2:] *= 3.0
    solution = make_solution(background, mixed)
    alone = summarise(solution, background)
    with_spectator = summarise(solution, background, None, solution["f"].copy(data=classical))
    # rates are linear in f: one tripled and one plain flavour are two doubled ones
    doubled = classical.copy()
    doubled[2:] *= 2.0
    expected = summarise(make_solution(background, doubled), background)
    for name in ("heating_rate", "cooling_rate", "gain_radius"):
        np.testing.assert_allclose(with_spectator[name], expected[name], rtol=1e-12)
    assert (alone["heating_rate"] > with_spectator["heating_rate"]).all()
    assert alone.attrs["heavy_flavours"] != with_spectator.attrs["heavy_flavours"]


def test_default_radii_follow_the_classical_field(make_background, make_field, make_solution):
    background = make_background()
    plain = default_profile_radii(background)
    edge = background["r_edge"].values[-1]
    assert plain[-1] == edge and np.all(np.diff(plain) > 0)
    field = make_solution(background, make_field(background))["f"]
    gain = float(summarise(field.to_dataset().merge(
        make_solution(background, make_field(background)).drop_vars("f")), background
    )["gain_radius"])  # fmt: skip
    informed = default_profile_radii(background.assign(f=field))
    assert np.abs(informed - gain).min() <= 0.5 * KM
    assert ((informed > gain + KM) & (informed < background.attrs["shock_radius"])).any()
    assert informed[-1] == edge


def test_radius_outside_the_grid_is_refused(make_background, make_field, make_solution):
    background = make_background()
    solution = make_solution(background, make_field(background))
    with pytest.raises(QkepipeError, match="500 km.*40 to 300 km"):
        summarise(solution, background, [100 * KM, 500 * KM])


def test_different_grids_are_refused(make_background, make_field, make_solution):
    background = make_background()
    solution = make_solution(background, make_field(background))
    with pytest.raises(QkepipeError, match="r of the background"):
        summarise(solution, make_background(n_r=50))
    other = make_background(n_mu=10)
    spectator = make_solution(other, make_field(other))["f"]
    with pytest.raises(QkepipeError, match="mu of the spectator"):
        summarise(solution, background, None, spectator)
