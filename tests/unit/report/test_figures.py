"""Figures: all formats are written, and the CSV holds what is drawn."""

import numpy as np
import pandas as pd
import pytest
from report_data import default_cases, make_summary

from qkepipe.report import FIGURES, load_study
from qkepipe.report.write import write_figures

PER_CASE = ("radial_profiles", "angular_distributions", "spectra", "time_series")


INPUTS = ("config", "files", "comparison", "provenance")


@pytest.fixture(scope="module")
def study(full_study):
    return load_study(**{k: full_study[k] for k in INPUTS})


@pytest.mark.parametrize("name", list(FIGURES))
def test_csv_equals_the_drawn_lines(study, name, tmp_path):
    figure, _ = FIGURES[name].draw(study, "s15")
    (picture,) = write_figures(study, [name], tmp_path / "figures")
    assert [f.name for f in picture.files] == [f"{name}_s15.{s}" for s in ("pdf", "png", "csv")]
    pdf, png, csv = (f.read_bytes() for f in picture.files)
    assert pdf.startswith(b"%PDF") and png.startswith(b"\x89PNG")
    assert b"/CreationDate" not in pdf and b"/Type3" not in pdf
    units = csv.decode().splitlines()[0].removeprefix("# units: ").split(", ")
    table = pd.read_csv(picture.files[2], comment="#")
    assert len(units) == len(table.columns) == len(set(table.columns))
    compared = 0
    for axis in figure.axes:
        for line in axis.lines:
            if line.get_gid() is None or "|" not in line.get_gid():
                # helper lines, legend entries and caps of error bars are no data of their own
                assert len(line.get_xdata()) <= 2 or line.get_marker() == "_"
                continue
            for column, drawn in zip(line.get_gid().split("|"), line.get_data(), strict=True):
                drawn = np.asarray(drawn, dtype=float)
                written = table[column].values
                np.testing.assert_array_equal(written[: drawn.size], drawn)
                assert np.isnan(written[drawn.size :]).all()
                compared += np.isfinite(drawn).sum()
    assert compared > 20
    readable_in_one_column(figure)


def readable_in_one_column(figure):
    assert figure.get_size_inches()[0] <= 3.6
    for axis in figure.axes:
        labels = [axis.xaxis.label, axis.yaxis.label, *axis.get_xticklabels(), *axis.texts]
        assert min(label.get_fontsize() for label in labels) >= 8.0


def test_figures_of_many_cases_stay_readable(make_study):
    cases = default_cases()
    for i in range(8):
        name = f"bgk_box_ctau{i}"
        cases[name] = make_summary("bgk", "box", strength=0.1 * i, c_tau=float(i + 1))
    given = make_study(cases)
    many = load_study(**{k: given[k] for k in INPUTS})
    for name in ("radial_profiles", "angular_distributions", "spectra"):
        figure, table = FIGURES[name].draw(many, "s15")
        (legend,) = figure.legends
        assert len(legend.get_texts()) == 6
        figure.canvas.draw()
        box = legend.get_window_extent()
        assert box.x0 >= 0.0 and box.x1 <= figure.bbox.x1
        assert any("bgk_box_ctau1" in column for column in table.columns)
        assert not any("bgk_box_ctau3" in column for column in table.columns)


def test_profiles_are_those_of_the_summaries(study):
    _, table = FIGURES["radial_profiles"].draw(study, "s15")
    summary = study.snapshots["s15"].summaries["qke_xi4e-4"]
    np.testing.assert_allclose(
        table["luminosity_nue_qke_xi4e-4"],
        1e-51 * summary["luminosity"].sel(species="nue"),
        rtol=1e-14,
    )
    np.testing.assert_allclose(table["radius"], summary["r"] / 1e5, rtol=1e-14)
    assert table.attrs["units"]["luminosity_nue_qke_xi4e-4"] == "1e51 erg s-1"


@pytest.mark.parametrize(
    "quantity, flux",
    [
        ("luminosity", "luminosity"),
        ("number_luminosity", "number_luminosity"),
        ("mean_energy", "number_luminosity"),
    ],
)
def test_ratio_to_classical_is_left_out_where_the_flux_is_small(full_study, quantity, flux):
    study = load_study(**{k: full_study[k] for k in INPUTS})
    data = study.snapshots["s15"]
    through = data.classical[flux].sel(species="nue")
    # the innermost cells let little through, one of them inwards
    through[:3] *= [-0.01, 0.01, 0.02]
    _, table = FIGURES["radial_profiles"].draw(study, "s15")
    small = (abs(through) <= 0.05 * abs(through).max()).values
    ratio = table[f"{quantity}_ratio_nue_bgk_box"]
    assert small.any() and ratio[small].isna().all()
    mine, theirs = (
        s[quantity].sel(species="nue").values for s in (data.summaries["bgk_box"], data.classical)
    )
    np.testing.assert_allclose(ratio[~small], (mine / theirs)[~small], rtol=1e-12)


def test_convergence_points_are_the_comparison(study):
    _, table = FIGURES["xi_convergence"].draw(study, "s15")
    rows = study.comparison
    rows = rows[(rows["kind"] == "qke") & (rows["quantity"] == "net_heating_gain_region")]
    rows = rows.sort_values("xi")
    np.testing.assert_allclose(
        table["net_heating_gain_region_all_change"].dropna(), 100.0 * rows["relative_change"]
    )
    np.testing.assert_allclose(
        table["net_heating_gain_region_all_uncertainty"].dropna(),
        100.0 * rows["uncertainty"] / rows["baseline"].abs(),
    )


@pytest.mark.parametrize("name", [*PER_CASE, "xi_convergence"])
def test_figures_without_their_data_are_left_out(make_study, name):
    given = make_study({}, field="moments")
    study = load_study(**{k: given[k] for k in INPUTS})
    assert FIGURES[name].draw(study, "s15") is None


def test_map_with_directions_draws_the_extremes(make_study):
    given = make_study({}, field="moments", directions=3)
    study = load_study(**{k: given[k] for k in INPUTS})
    _, table = FIGURES["growth_map"].draw(study, "s15")
    growth = study.snapshots["s15"].stability["ffi_growth_estimate"].max("theta").values
    np.testing.assert_array_equal(np.nan_to_num(table["ffi_growth_estimate"].values), growth)


def test_a_map_over_radius_is_a_strip(study):
    figure, table = FIGURES["stability_slices"].draw(study, "s15")
    stability = study.snapshots["s15"].stability
    np.testing.assert_array_equal(table["instability"], stability["instability"])
    # the dispersion relation where it was solved
    solved = stability["lsa_growth_rate"].notnull().values
    np.testing.assert_array_equal(
        table["growth_rate"][solved], stability["lsa_growth_rate"].values[solved]
    )
    (mesh,) = figure.axes[0].collections
    assert mesh.get_rasterized()


def test_growth_and_lepton_number_of_every_chosen_cell(study):
    modes = study.snapshots["s15"].modes
    figure, table = FIGURES["growth_vs_wavenumber"].draw(study, "s15")
    assert len(figure.axes) == modes.sizes["cell"]
    np.testing.assert_array_equal(table["growth_sym_2"], modes["growth_rate"][1, 0])
    figure, table = FIGURES["eln_distributions"].draw(study, "s15")
    signed = table["eln_xln_positive_1"].fillna(0.0) - table["eln_xln_negative_1"].fillna(0.0)
    np.testing.assert_allclose(signed, modes["eln_xln"][0])
    assert "theta" not in figure.axes[1].texts[0].get_text()


def test_nothing_unstable_is_drawn_as_nothing(make_study):
    given = make_study({}, field="moments", stable=True)
    study = load_study(**{k: given[k] for k in INPUTS})
    for name in ("stability_slices", "growth_vs_wavenumber", "eln_distributions"):
        assert FIGURES[name].draw(study, "s15") is not None
