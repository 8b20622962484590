"""The table: rows, baselines, uncertainties, refusals, and its text."""

import csv

import numpy as np
import pytest
import xarray as xr

from qkepipe.diagnostics import COLUMNS, compare, grid_errors, to_csv
from qkepipe.diagnostics.quantities import values_at
from qkepipe.errors import QkepipeError

KM = 1e5


@pytest.fixture
def summaries(make_summary):
    made = {("model", "classical"): make_summary("classical")}
    for xi, effect in ((1e-4, 0.2), (2e-4, 0.26), (4e-4, 0.27)):
        made["model", f"qke_xi{xi:g}"] = make_summary("qke", effect, xi)
    made["model", "bgk_box"] = make_summary("bgk", 0.3)
    made["model", "classical_res2"] = make_summary("classical", resolution=2.0)
    made["model", "bgk_box_res2"] = make_summary("bgk", 0.33, resolution=2.0)
    return made


def rows_of(table, **labels):
    keep = np.ones(table.sizes["row"], dtype=bool)
    for name, value in labels.items():
        keep &= table[name].values == value
    return table.isel(row=np.flatnonzero(keep))


def test_one_row_per_case_quantity_species_and_radius(summaries):
    table = compare(summaries)
    keys = list(
        zip(
            *(table[n].values for n in ("snapshot", "case", "quantity", "species", "radius_cm")),
            strict=True,
        )
    )
    assert len(set(map(str, keys))) == len(keys)
    edge = summaries["model", "classical"]["r_edge"].values[-1]
    radii = rows_of(table, case="bgk_box", quantity="luminosity", species="nue")["radius_cm"]
    np.testing.assert_array_equal(radii, [60 * KM, 110 * KM, edge])
    # luminosity of 4 species and their sum; 3 other moments of 4; 2 survivals; 3 rates; 7 scalars
    assert len(keys) == 7 * (3 * (5 + 12 + 2 + 3) + 7)


def test_values_are_against_the_classical_run_of_the_same_grid(summaries):
    table = compare(summaries)
    for case, effect, reference in (
        ("bgk_box", 0.3, "classical"),
        ("bgk_box_res2", 0.33, "classical_res2"),
    ):
        rows = rows_of(table, case=case, quantity="number_luminosity", species="nuebar")
        np.testing.assert_allclose(rows["relative_change"], -effect, rtol=1e-12)
        base = rows_of(table, case=reference, quantity="number_luminosity", species="nuebar")
        np.testing.assert_array_equal(rows["baseline"], base["value"])
        survival = rows_of(table, case=case, quantity="survival_probability", species="nue")
        np.testing.assert_allclose(survival["value"], 1.0 - effect, rtol=1e-12)
        np.testing.assert_array_equal(survival["baseline"], 1.0)
    own = rows_of(table, case="classical")
    finite = np.isfinite(own["relative_change"].values)
    assert finite.any() and (own["relative_change"].values[finite] == 0.0).all()


def test_total_luminosity_counts_the_spectator(summaries):
    table = compare(summaries)
    base, mixed = summaries["model", "classical"], summaries["model", "bgk_box"]
    total = rows_of(table, case="bgk_box", quantity="luminosity", species="all")
    expected = (
        mixed["luminosity_edge"].sum("species")
        + base["luminosity_edge"].sel(species=["nux", "nuxbar"]).sum("species")
    ).values[-1]
    assert total["value"].values[-1] == pytest.approx(expected, rel=1e-13)
    classical = rows_of(table, case="classical", quantity="luminosity", species="all")
    weights = xr.DataArray([1.0, 1.0, 2.0, 2.0], dims="species")
    assert classical["value"].values[-1] == pytest.approx(
        float((base["luminosity_edge"] * weights).sum("species")[-1]), rel=1e-13
    )


def test_uncertainty_from_xi_is_the_change_to_the_next_smaller_xi(summaries):
    table = compare(summaries)
    rows = rows_of(table, quantity="survival_probability", species="nue", kind="qke")
    outer = rows.isel(
        row=np.flatnonzero(rows["radius_cm"].values == rows["radius_cm"].max().item())
    )
    order = np.argsort(outer["xi"].values)
    np.testing.assert_allclose(outer["uncertainty_xi"].values[order], [0.06, 0.06, 0.01], rtol=1e-9)
    assert np.isnan(rows_of(table, kind="bgk")["uncertainty_xi"]).all()


def test_uncertainty_from_resolution_is_the_change_to_the_finer_run(summaries):
    table = compare(summaries)
    for case in ("bgk_box", "bgk_box_res2"):
        rows = rows_of(table, case=case, quantity="survival_probability", species="nue")
        np.testing.assert_allclose(rows["uncertainty_resolution"], 0.03, rtol=1e-9)
    assert np.isnan(rows_of(table, kind="qke")["uncertainty_resolution"]).all()


def test_uncertainty_is_the_root_sum_of_squares(summaries):
    del summaries["model", "bgk_box_res2"]
    table = compare(summaries)
    squares = sum(
        np.nan_to_num(table[n].values) ** 2
        for n in ("uncertainty_xi", "uncertainty_resolution", "uncertainty_time")
    )
    total = table["uncertainty"].values
    known = np.isfinite(total)
    np.testing.assert_allclose(total[known], np.sqrt(squares[known]), rtol=1e-12)
    # without another run there is no error bar, whatever the average does
    others = [table[n].values for n in ("uncertainty_xi", "uncertainty_resolution")]
    assert np.array_equal(known, np.isfinite(others).any(axis=0)) and (~known).any()


@pytest.fixture
def errors(summaries):
    """Resolution study with an error of 2 % in r, 1 % of the value in mu, none in energy."""
    classical = summaries["model", "classical"]
    radii = np.append(classical["profile_radius"].values, classical["r_edge"].values[-1])
    values = values_at(classical, classical, radii)
    others = {
        axis: {2.0: {key: v * (1.0 + error) for key, v in values.items()}}
        for axis, error in (("r", 0.02), ("mu", 0.01), ("energy", 0.0))
    }
    return {"model": grid_errors("model", values, others)}


def test_grid_error_is_that_of_the_value(summaries, errors):
    table = compare(summaries, errors)
    total = np.hypot(0.02, 0.01)
    for case in ("classical", "bgk_box", "qke_xi0.0002"):
        for quantity in ("luminosity", "ye_dot", "neutrinosphere_radius"):
            rows = rows_of(table, case=case, quantity=quantity)
            expected = total * np.abs(rows["value"].values)
            np.testing.assert_allclose(rows["uncertainty_grid"], expected, rtol=1e-12)
    # quotients on one grid, and runs on other grids, have none
    assert np.isnan(rows_of(table, quantity="survival_probability")["uncertainty_grid"]).all()
    assert np.isnan(rows_of(table, case="bgk_box_res2")["uncertainty_grid"]).all()


def test_grid_error_is_not_in_the_change(summaries, errors):
    with_grid, without = compare(summaries, errors), compare(summaries)
    np.testing.assert_array_equal(with_grid["uncertainty_change"], without["uncertainty_change"])
    rows = rows_of(with_grid, case="bgk_box", quantity="luminosity", species="nue")
    expected = np.hypot(rows["uncertainty_change"].values, rows["uncertainty_grid"].values)
    np.testing.assert_allclose(rows["uncertainty"], expected, rtol=1e-12)


def test_without_other_runs_the_grid_bounds_all_but_quantum_kinetics(summaries, errors):
    cases = ("classical", "bgk_box", "qke_xi0.0001")
    table = compare({("model", c): summaries["model", c] for c in cases}, errors)
    assert np.isnan(table["uncertainty_change"]).all()
    known = np.isfinite(table["uncertainty"].values)
    assert known[(table["quantity"].values == "luminosity") & (table["kind"].values != "qke")].all()
    assert not known[table["kind"].values == "qke"].any()


def test_uncertainty_of_the_average_is_half_the_change_between_halves(summaries):
    table = compare(summaries)
    summary = summaries["model", "bgk_box"]
    row = rows_of(table, case="bgk_box", quantity="luminosity", species="nux").isel(row=-1)
    change = summary["steadiness"].sel(species="nux").values[-1]
    assert float(row["uncertainty_time"]) == pytest.approx(0.5 * change * float(row["value"]))


def test_rows_do_not_depend_on_the_order_of_the_cases(summaries, tmp_path):
    to_csv(compare(summaries), tmp_path / "a.csv")
    to_csv(compare(dict(reversed(summaries.items()))), tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_csv_reads_back_to_the_same_doubles(summaries, tmp_path):
    table = compare(summaries)
    to_csv(table, tmp_path / "comparison.csv")
    raw = (tmp_path / "comparison.csv").read_bytes()
    assert b"\r" not in raw and b"nan" not in raw
    with open(tmp_path / "comparison.csv", newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == COLUMNS
    for name in ("xi", "radius_cm", "baseline", "value", "relative_change", "uncertainty"):
        back = np.array([float(row[name]) if row[name] else np.nan for row in rows])
        np.testing.assert_array_equal(back, table[name].values)
    for name in ("snapshot", "case", "kind", "scheme", "quantity", "species", "units"):
        assert [row[name] for row in rows] == list(table[name].values)


def test_table_survives_a_file(summaries, tmp_path):
    table = compare(summaries)
    table.to_netcdf(tmp_path / "comparison.nc")
    with xr.open_dataset(tmp_path / "comparison.nc") as back:
        for name in table.data_vars:
            np.testing.assert_array_equal(back[name].values, table[name].values)


def test_missing_gain_region_leaves_fields_empty(summaries):
    bad = summaries["model", "bgk_box"].copy(deep=True)
    bad["gain_radius"][()] = np.nan
    table = compare(summaries | {("model", "bgk_box"): bad})
    row = rows_of(table, case="bgk_box", quantity="gain_radius")
    assert np.isnan(row["value"]) and np.isnan(row["relative_change"])
    assert np.isfinite(row["baseline"])


def test_case_without_classical_run_on_its_grid_is_refused(summaries, make_summary):
    del summaries["model", "classical_res2"]
    with pytest.raises(QkepipeError, match="bgk_box_res2.*no classical case of resolution 2"):
        compare(summaries)


def test_rows_of_different_grids_are_refused(summaries, make_summary):
    other = make_summary("bgk", 0.3, resolution=1.5)
    other.attrs["resolution"] = 1.0
    with pytest.raises(QkepipeError, match="r_edge.*differs from that of classical"):
        compare(summaries | {("model", "bgk_other"): other})


@pytest.mark.parametrize("attrs, text", [({"kind": "magic"}, "kind"), ({"kind": "qke"}, "xi")])
def test_unusable_attributes_are_refused(summaries, attrs, text):
    bad = summaries["model", "bgk_box"].copy()
    bad.attrs.update(attrs)
    with pytest.raises(QkepipeError, match=text):
        compare({("model", "classical"): summaries["model", "classical"], ("model", "x"): bad})


def test_a_study_without_solves_has_a_table_without_rows(tmp_path):
    table = compare({})
    assert table.sizes["row"] == 0
    to_csv(table, tmp_path / "comparison.csv")
    assert (tmp_path / "comparison.csv").read_text() == ",".join(COLUMNS) + "\n"
    table.to_netcdf(tmp_path / "comparison.nc")
    with xr.open_dataset(tmp_path / "comparison.nc") as back:
        assert set(COLUMNS) <= set(back.data_vars)
