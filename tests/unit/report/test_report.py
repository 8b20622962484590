"""The HTML page: self-contained, its sentences say what the table says, nothing is hidden."""

import html
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from report_data import PHI0, R_EDGE, SHELL, R, default_cases, make_summary

from qkepipe.constants import C_LIGHT
from qkepipe.errors import QkepipeError
from qkepipe.report import write_report
from qkepipe.report.labels import case_label


def page(given: dict) -> str:
    """The page without figures, which take most of the time."""
    given["config"]["report"] = {"figures": []}
    write_report(**given)
    return given["output"].read_text(encoding="utf-8")


def text_of(page: str, section: str | None = None) -> str:
    """Words of the page (or of one section) without markup, on one line."""
    if section is not None:
        page = re.search(rf'<section id="{section}">(.*?)</section>', page, re.S).group(1)
    page = re.sub(r"<style>.*?</style>", "", page, flags=re.S)
    page = re.sub(r"</(td|th|tr|p|li|h\d|caption|figcaption)>", " ", page)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", page)))


class _Resources(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.tags, self.open = [], set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.found += [(tag, k, v) for k, v in attrs if k in ("src", "href", "srcset")]
        if tag not in ("meta", "img", "br", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def written(full_study):
    """A report with two figures, written once."""
    given = {**full_study, "config": {**full_study["config"]}}
    given["config"]["report"] = {"figures": ["growth_map", "xi_convergence"]}
    write_report(**given)
    return given


def test_page_needs_nothing_else(written):
    parser = _Resources()
    parser.feed(written["output"].read_text(encoding="utf-8"))
    assert not {"script", "link", "iframe", "object"} & parser.tags
    images = [v for tag, _, v in parser.found if tag == "img"]
    assert len(images) == 2 and all(v.startswith("data:image/png;base64,") for v in images)
    anchors = [v for tag, _, v in parser.found if tag == "a"]
    assert anchors and all(v.startswith("#") for v in anchors)
    assert parser.open == []


def test_same_inputs_give_the_same_bytes(written):
    first = {p.name: p.read_bytes() for p in written["figures_dir"].iterdir()}
    first_page = written["output"].read_bytes()
    write_report(**written)
    second = {p.name: p.read_bytes() for p in written["figures_dir"].iterdir()}
    assert len(first) == 6 and not [name for name in second if name.endswith(".part")]
    assert first == second
    assert first_page == written["output"].read_bytes()


def test_label_of_a_threshold_names_rule_and_onset():
    onset = {"density": 1e11, "flux_factor": 0.175}
    for attrs, label in (
        ({"density": 2.5e10}, "threshold (full) 2.5e10 g/cm³"),
        (onset, "threshold (full) 1e11 g/cm³, flux factor > 0.175"),
        ({}, "threshold (full)"),
    ):
        assert case_label(make_summary("threshold", "full", **attrs)) == label


def test_all_sections_are_there(make_study):
    sections = re.findall(r'<section id="([a-z]+)">', page(make_study()))
    assert sections == [
        "answer", "snapshot", "instability", "solves", "comparison", "convergence", "monitors",
        "provenance", "cite", "files",
    ]  # fmt: skip


def test_answer_says_what_the_comparison_says(make_study):
    given = make_study()
    answer = text_of(page(given), "answer")
    rows = pd.read_csv(given["comparison"].with_suffix(".csv"))
    for case, label in (("qke_xi4e-4", "QKE ξ = 4e-4"), ("bgk_box", "BGK (box)")):
        row = rows[(rows["case"] == case) & (rows["quantity"] == "net_heating_gain_region")]
        change = f"{100.0 * row['relative_change'].item():+.1f}".replace("-", "−")
        if case.startswith("qke"):
            error = 100.0 * row["uncertainty"].item() / row["baseline"].item()
            change = f"{change} ± {error:.1f}"
        assert f"net heating in the gain region {change} % of 4.00 × 1051 erg/s" in answer
        # and the same text in the table
        assert answer.count(f"{change} %") >= 2
        assert label in answer
    outer = rows[rows["radius_cm"] == rows["radius_cm"].max()]
    for species, symbol in (("nue", "νe"), ("nux", "νx")):
        row = outer[
            (outer["case"] == "qke_xi4e-4")
            & (outer["quantity"] == "number_luminosity")
            & (outer["species"] == species)
        ]
        change = f"{100.0 * row['relative_change'].item():+.1f}".replace("-", "−")
        assert re.search(rf"{re.escape(change)} ± [0-9.]+ % \({symbol}\)", answer)


def test_answer_says_where_and_how_fast(make_study):
    answer = text_of(page(make_study()), "answer")
    first, last = np.flatnonzero(SHELL)[[0, -1]]
    span = f"{R_EDGE[first] / 1e5:.4g}–{R_EDGE[last + 1] / 1e5:.4g} km"
    assert f"unstable to fast conversion in {SHELL.sum()} of {R.size} cells" in answer
    assert span in answer
    peak = (3e9 * (R / R[0]) ** -3.0)[SHELL].max()
    assert f"{peak / 1e8:.3g} × 108 s−1" in answer


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("number_balance_error", 3e-9),
        ("max_polarisation_over_trace", 1.2),
        ("eln_balance_error", 0.004),
        ("quasi_steadiness", 0.05),
        ("quasi_steadiness", np.nan),
    ],
)
def test_failed_gate_is_in_the_answer(make_study, attribute, value):
    cases = default_cases()
    cases["qke_xi4e-4"].attrs[attribute] = value
    text = page(make_study(cases))
    answer = text_of(text, "answer")
    assert answer.count("Failed check") == 1
    assert "Failed check, QKE ξ = 4e-4 of s15" in answer
    assert len(re.findall(r'class="fail">fail', text)) == 1


def test_passed_gates_raise_no_alarm(make_study):
    text = page(make_study())
    assert "Failed check" not in text and 'class="fail">fail' not in text


def test_gate_that_is_not_recorded_is_not_passed(make_study):
    cases = default_cases()
    for summary in cases.values():
        del summary.attrs["eln_balance_error"]
    monitors = text_of(page(make_study(cases)), "monitors")
    rows = re.findall(
        r"lepton-number balance of the volume (not recorded) 0.001 (\w+ ?\w*)", monitors
    )
    assert len(rows) == len(cases) and all(r == ("not recorded", "not recorded") for r in rows)


def test_no_missing_number_is_printed(make_study):
    cases = default_cases()
    for summary in cases.values():
        for name in ("gain_radius", "net_heating_gain_region"):
            summary[name] = summary[name] * np.nan
            summary[name].attrs.update(status="no gain region", units="1")
    text = text_of(page(make_study(cases)))
    assert not re.search(r"\bnan\b", text, re.I)
    assert not re.search(r"\b(inf|None)\b", text)
    assert "net heating in the gain region: not defined (no gain region)" in text


def test_stable_field_is_said_to_have_no_unstable_cell_found(make_study):
    cases = {
        "classical": make_summary("classical", "classical"),
        "qke_xi1e-4": make_summary("qke", "attenuated", 1e-4, 0.0),
    }
    text = text_of(page(make_study(cases, stable=True)), "answer")
    assert "No fast-unstable cell found in the classical field (60 cells" in text
    assert "decidable" not in text
    assert "one attenuation only" in text


def test_run_without_conversion_does_not_make_a_field_stable(make_study):
    cases = {
        "classical": make_summary("classical", "classical"),
        "qke_xi1e-4": make_summary("qke", "attenuated", 1e-4, 0.0),
    }
    text = text_of(page(make_study(cases)))
    assert "developed no conversion (largest coherence 10−6) although the field is linearly" in text
    assert "not decidable at this ξ" in text
    assert not re.search(r"(?<!un)\bstable\b", text)


def own_efolds():
    """E-folds at xi = 1 that the gradient of Phi_0 alone allows in the synthetic map."""
    sigma = 3e9 * (R / R[0]) ** -3.0 / C_LIGHT
    return 4.5 * sigma**2 / np.abs(np.gradient(PHI0, R))


def test_undecidable_cells_are_counted(make_study):
    efolds = 3e6 * (R[SHELL] / R[0]) ** -5.0
    needed = np.log(1e6)
    blind = int(((efolds >= needed) & (4e-4 * own_efolds()[SHELL] < needed)).sum())
    assert 0 < blind < SHELL.sum()
    answer = text_of(page(make_study()), "answer")
    assert f"{blind} of {SHELL.sum()} fast-unstable cells" in answer
    assert "not decidable at this ξ" in answer


def test_gradients_with_and_without_matter_are_told_apart(make_study):
    answer = text_of(page(make_study()), "answer")
    own = 4e-4 * np.median(own_efolds()[SHELL])
    found = re.search(r"self-interaction alone allows ([0-9.]+)\.", answer)
    assert float(found.group(1)) == pytest.approx(own, rel=5e-3)


def test_run_that_ends_too_early_is_told(make_study):
    assert "too short" not in text_of(page(make_study()), "answer")
    cases = default_cases()
    # the average starts before the coherence saturates at about 1.1 ms
    cases["qke_xi4e-4"].attrs["average_from"] = 0.1
    answer = text_of(page(make_study(cases)), "answer")
    assert "The run of QKE ξ = 4e-4 is too short for its outer edge" in answer
    assert "The run of BGK" not in answer
    cases["bgk_box"].attrs["average_from"] = 0.1
    assert "The run of BGK (box) is too short" in text_of(page(make_study(cases)), "answer")


def test_changing_undecidable_region_forbids_a_verdict(make_study):
    convergence = text_of(page(make_study()), "convergence")
    assert "undecidable cells changes from" in convergence
    assert "converged" not in convergence.replace("Without convergence", "")


def test_moments_study_says_what_it_can(make_study):
    text = text_of(page(make_study({}, field="moments")))
    assert "field reconstructed from the moments of the snapshot is unstable" in text
    assert "no solves of this snapshot" in text
    assert "No runs, hence no monitors." in text
    for word in ("QKE", "BGK", "Early growth"):
        assert word not in text


def test_field_of_the_snapshot_is_told(make_study):
    study = make_study({}, field="snapshot")
    text = text_of(page(study))
    assert "field of the snapshot is unstable" in text
    assert "not transported but that of the snapshot (snapshot moments, maximum entropy)" in text
    assert "of fermions; crossings that depend on finer angular structure" in text
    for word in (
        "The fluid is at rest in the transport", "classical transport of this study",
        "The classical field starts", "enter through the inner edge",
    ):  # fmt: skip
        assert word not in text
    assert "No runs, hence no monitors." in text


def test_resolution_is_told(make_study):
    single = text_of(page(make_study()), "answer")
    assert "± does not contain the discretisation error" in single
    cases = default_cases()
    cases["classical_res2"] = make_summary("classical", "classical", resolution=2.0)
    cases["qke_xi4e-4_res2"] = make_summary("qke", "attenuated", 4e-4, 0.44, resolution=2.0)
    double = page(make_study(cases))
    assert "± does not contain the discretisation error" not in text_of(double, "answer")
    assert "the difference between resolutions" in text_of(double, "answer")
    assert "QKE ξ = 4e-4, resolution × 2" in text_of(double, "comparison")


def test_background_section_has_rates_field_and_its_depths(make_study):
    text = page(make_study())
    section = text_of(text, "snapshot")
    for words in (
        "beta Absorption by nucleons (A 1985).", "default: gA = 1.2723",
        "computed from the mass; 1 − lapse up to 0.0831", "neutrinosphere, transport [km] 52.0",
        "effective depth of the inner edge 12.0 1.20 0.400 0.400",
        "number 3 × 10−10, energy 4 × 10−10 of the largest flow",
    ):  # fmt: skip
        assert words in section, words
    assert len(re.findall(r'<td class="n fail">0.400</td>', text)) == 2
    assert "effective optical depth there is below 1 for νx (0.4) and ν̄x (0.4)" in text_of(text)
    assert "classical steady state number balance of the field 3 × 10−10" in text_of(text)


def test_error_of_the_grid_is_beside_the_classical_values(make_study):
    text = page(make_study(resolution=True))
    table = text_of(text, "snapshot")
    # 1, 2 and 4 % of the axes, 4.6 % together
    assert re.search(r"luminosity 1\.0 % 2\.0 % 4\.0 % 4\.6 %", table)
    assert "gain radius 1.0 % 2.0 % 4.0 % 4.6 %" in table
    assert "up to: luminosity 4.6 %, mean energy 4.6 %" in table
    assert "NE contributes most" in table
    row = re.search(r"<tr><td>gain radius.*?</tr>", text[text.index('id="key"') :], re.S).group(0)
    assert "± 4.6 %" in row
    # the change has the same uncertainty with and without a resolution study
    change = r"net heating in the gain region [−+][0-9.]+(?: ± [0-9.]+)? %"
    without = re.findall(change, text_of(page(make_study()), "answer"))
    assert re.findall(change, text_of(text, "answer")) == without
    assert not re.search(r"\bnan\b", text_of(text), re.I)


def test_without_a_resolution_study_nothing_is_said_of_its_error(make_study):
    text = page(make_study())
    assert "resolution.csv" not in text
    assert "carry an error of the grid" not in text


def test_three_flavours_are_said_where_they_are(make_study):
    """Of quantum kinetics only; the relaxation runs beside it have two."""
    cases = default_cases()
    for summary in cases.values():
        if summary.attrs["kind"] == "qke":
            summary.attrs["flavors"] = 3
    text = text_of(page(make_study(cases=cases)))
    assert "three flavours with mu and tau alike: complete mixing leaves 1/3" in text
    assert "Relaxation and threshold runs have two: complete mixing leaves 1/2" in text
    assert "QKE ξ = 4e-4, three flavours" in text
    assert "Two flavours:" not in text


def test_unmodelled_physics_and_warnings_are_named(make_study):
    text = text_of(page(make_study()))
    for words in (
        "Neutrino-electron scattering", "inelastic", "nucleon-nucleon bremsstrahlung",
        "redshift 1 − lapse of up to 0.083", "background is fixed",
        "|v|/c up to 0.0", "1/2 in each flavour",
        "ye: 2 zones were clipped", "60 zones completed with free nuclei",
    ):  # fmt: skip
        assert words in text
    given = make_study(
        config={"background": {"processes": ["beta", "bremsstrahlung", "scattering_nucleons"]}}
    )
    assert "nucleon-nucleon bremsstrahlung" not in text_of(page(given), "answer")


def test_growth_is_compared_with_the_prediction(make_study):
    answer = text_of(page(make_study()), "answer")
    assert "12000 s−1 measured, 12300 s−1 predicted by linear analysis (ratio 0.976)" in answer


def test_several_snapshots_share_one_table(make_study):
    text = page(make_study(names=("s15", "s20")))
    assert text.count('<table id="key">') == 1
    assert len(re.findall('<tr class="group">', text)) == 2


def test_costs_of_jobs_are_one_table(make_study):
    given = make_study()
    given["provenance"]["jobs"] = {
        "ingest": {"wall_s": 8.25, "max_rss_MB": 147.0},
        "solve": {"wall_s": 11.5, "max_rss_MB": 268.0},
    }
    text = text_of(page(given), "provenance")
    assert "name wall_s max_rss_MB ingest 8.25 147 solve 11.5 268" in text


def test_chosen_figures_only(make_study):
    given = make_study(config={"report": {"figures": ["spectra"]}})
    written = write_report(**given)
    assert sorted(p.name for p in written) == [
        "report.html", "spectra_s15.csv", "spectra_s15.pdf", "spectra_s15.png",
    ]  # fmt: skip


def test_unknown_figure_is_refused(make_study):
    with pytest.raises(QkepipeError, match="did you mean 'spectra'"):
        write_report(**make_study(config={"report": {"figures": ["spectrum"]}}))


def test_summary_must_say_what_it_is(make_study):
    given = make_study()
    path = given["files"]["s15"]["summaries"]["bgk_box"]
    broken = make_summary("bgk", "box", strength=0.5)
    del broken.attrs["kind"]
    broken.to_netcdf(path)
    with pytest.raises(QkepipeError, match="attribute kind"):
        write_report(**given)


def test_refused_report_leaves_the_old_page(make_study):
    given = make_study()
    given["output"].write_text("old")
    given["config"]["report"] = {"figures": ["nothing"]}
    with pytest.raises(QkepipeError):
        write_report(**given)
    assert given["output"].read_text() == "old"


def test_every_written_figure_is_on_the_page(make_study, monkeypatch):
    """Also one that no part of the text has a place for: a new figure needs no template."""
    from qkepipe.report import html as pages

    monkeypatch.setattr(pages, "_PLACED", tuple(n for n in pages._PLACED if n != "background"))
    given = make_study()
    given["config"]["report"] = {"figures": ["background", "early_growth"]}
    write_report(**given)
    text = given["output"].read_text(encoding="utf-8")
    # the named place of the background, and the section of the others
    assert text.count("<img") == 3
    assert "More figures" in text


def test_regions_have_their_share_of_the_volume(make_study):
    """Unstable from 60 to 200 km: all of the gain region, part of the rest."""
    words = text_of(page(make_study()), "instability")
    assert "gain region fast" in words
    gain = R[(R > 9e6) & (R < 1.5e7)].size
    assert f"gain region fast {gain} 100 % 100 %" in words
    volume = np.diff(R_EDGE**3)
    outside = R > 1.5e7
    share = 100.0 * volume[SHELL & outside].sum() / volume[outside].sum()
    cells = 100.0 * (SHELL & outside).sum() / outside.sum()
    assert f"pre shock fast {(SHELL & outside).sum()} {cells:.0f} % {share:.1f} %" in words
    assert "disc left out: the map has no polar angle" in words
    assert "no prediction" in words and "non-resonant regime alone" in words


def test_regions_without_transport_say_what_they_need(make_study):
    words = text_of(page(make_study({}, field="moments")), "instability")
    assert "gain region left out: needs heating rates" in words
    assert "whole map fast" in words
