"""The configuration: defaults, refusals in one line each, names equal to the registries."""

import typing

import pytest
import yaml

from qkepipe.errors import QkepipeError
from qkepipe.registered import FIGURES, ONLY_MAPS, PRESCRIPTIONS, SINGLE_MAPS
from qkepipe.study import config as models
from qkepipe.study.cases import expand_cases
from qkepipe.study.config import Config
from qkepipe.study.load import config_warnings, eos_files, load_config, read_config, snapshot_files

#: Prescriptions that a run can use.
RUNNABLE = [name for name in PRESCRIPTIONS if name not in SINGLE_MAPS]


def refused(raw, files=()):
    """Lines of the refusal of a configuration."""
    with pytest.raises(QkepipeError) as caught:
        load_config(raw, files)
    return str(caught.value).splitlines()


def names(literal):
    return set(typing.get_args(literal))


# --- enumerations ---


def test_readers_are_the_registered_ones():
    from qkepipe.snapshot import READERS

    assert names(models.ReaderName) == {"auto", *READERS}


def test_processes_are_the_registered_ones():
    from qkepipe.opacity import DEFAULT_PROCESSES, PROCESSES

    assert names(models.ProcessName) == set(PROCESSES)
    assert set(DEFAULT_PROCESSES) < set(Config().background.processes)


def test_one_description_of_each_reaction():
    both = {"processes": ["beta", "bremsstrahlung", "bremsstrahlung_hr98"]}
    with pytest.raises(QkepipeError) as caught:
        load_config({"background": both})
    (line,) = str(caught.value).splitlines()
    assert "background.processes" in line
    assert "bremsstrahlung and bremsstrahlung_hr98 are the same reaction" in line


def test_constants_are_those_of_the_rates():
    from dataclasses import fields

    from qkepipe.opacity import CONSTANTS, WEAK_MAGNETISM, WeakConstants
    from qkepipe.opacity.constants import BLOCKING, SCATTERING_RECOIL

    block, overrides = models.BackgroundBlock.model_fields, models.WeakOverrides.model_fields
    assert names(models.ConstantsName) == set(CONSTANTS)
    assert names(block["weak_magnetism"].annotation) == set(WEAK_MAGNETISM)
    assert set(overrides) <= {field.name for field in fields(WeakConstants)}
    for key, allowed in (("nucleon_blocking", BLOCKING), ("scattering_recoil", SCATTERING_RECOIL)):
        literal, _ = typing.get_args(overrides[key].annotation)
        assert names(literal) == set(allowed)


def test_prescriptions_are_the_registered_ones():
    from qkepipe.mixing import C_TAU
    from qkepipe.mixing import PRESCRIPTIONS as LOADED

    runnable = set(LOADED) - set(SINGLE_MAPS)
    assert names(models.PrescriptionName) == runnable
    frozen = ("exponential", "backward_euler")
    for mode in frozen:
        assert set(ONLY_MAPS) == {name for name in runnable if mode not in LOADED[name].modes}
    assert names(typing.get_args(models.BgkEntry.model_fields["mode"].annotation)[0]) == {
        "map", *frozen,
    }  # fmt: skip
    assert models.BgkEntry(scheme="bgk").c_tau == C_TAU


def test_threshold_rules_are_the_registered_ones():
    from qkepipe.mixing import THRESHOLD_RULES as LOADED

    assert names(models.ThresholdRuleName) == set(LOADED)
    assert models.ThresholdEntry(scheme="threshold", density=[1e11]).rule == "pair"


def test_schemes_are_the_registered_ones():
    from qkepipe.solvers.schemes import SCHEMES

    offered = {models.QkeEntry, models.BgkEntry, models.ThresholdEntry}
    schemes = {typing.get_args(m.model_fields["scheme"].annotation)[0] for m in offered}
    assert schemes | {"classical"} == set(SCHEMES)


def test_seeds_are_the_registered_ones():
    from qkepipe.solvers.seeds import SEEDS

    # the angle of the vacuum seed is not a profile of given size
    assert names(models.SeedBlock.model_fields["kind"].annotation) == {*SEEDS, "vacuum"}


def test_cold_compositions_are_the_registered_ones():
    from qkepipe.matter import COLD

    field = models.BackgroundBlock.model_fields["cold_composition"]
    assert names(field.annotation) == set(COLD)


def test_figures_are_the_registered_ones_in_their_order():
    from qkepipe.report import FIGURES as LOADED

    assert list(LOADED) == list(FIGURES)
    assert list(FIGURES) == list(typing.get_args(models.FigureName))
    assert list(FIGURES) == Config().report.figures


# --- what is accepted ---


def test_an_empty_file_is_the_default_study(tmp_path):
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    assert read_config(tmp_path / "empty.yaml") == Config()


def test_numbers_may_arrive_as_text():
    # from the command line, and from YAML, where 1e-4 without a dot is text
    raw = {"grid": {"n_r": "120", "r_in_km": "25.5"}, "cases": [{"scheme": "qke", "xi": ["1e-4"]}]}
    config = load_config(raw)
    assert config.grid.n_r == 120
    assert config.grid.r_in_km == 25.5
    assert config.cases[0].xi == [1e-4]
    assert load_config(yaml.safe_load("cases: [{scheme: qke, xi: [1e-4]}]")).cases[0].xi == [1e-4]


def test_resolution_one_is_always_there_and_first():
    assert load_config({"resolutions": [2, 0.5, 2]}).resolutions == [1.0, 0.5, 2.0]


def test_figures_appear_once():
    raw = {"report": {"figures": ["spectra", "background", "spectra"]}}
    assert load_config(raw).report.figures == ["spectra", "background"]


def test_the_resolved_configuration_reads_back_to_itself():
    config = load_config({"resolutions": [2.0], "cases": [{"scheme": "bgk", "c_tau": 1.0}]})
    text = yaml.safe_dump(config.model_dump(mode="json"))
    assert load_config(yaml.safe_load(text)) == config


# --- what is refused ---


def one_of(names):
    """Names as they are listed in a message."""
    *first, last = [repr(name) for name in names]
    return ", ".join(first) + " or " + last


@pytest.mark.parametrize(
    "raw, line",
    [
        ({"grd": {}}, "grd: unknown key (did you mean 'grid'?)"),
        ({"grid": {"n_rr": 1}}, "grid.n_rr: unknown key (did you mean 'n_r'?)"),
        ({"solve": {"seed": {"amplitud": 1}}},
         "solve.seed.amplitud: unknown key (did you mean 'amplitude'?)"),
        ({"grid": {"n_mu": 7}}, "grid.n_mu: 7; expected an even number"),
        ({"grid": {"r_in_km": "abc"}}, "grid.r_in_km: 'abc'; expected a number"),
        ({"grid": {"n_r": 12.5}}, "grid.n_r: 12.5; expected a whole number"),
        ({"grid": {"n_r": 2}}, "grid.n_r: 2; expected at least 8"),
        ({"grid": {"r_in_km": 300, "r_out_km": 90}},
         "grid: r_out_km=90; expected more than r_in_km=300"),
        ({"grid": {"energy_first_MeV": 90}},
         "grid: energy_last_MeV=60; expected more than energy_first_MeV=90"),
        ({"grid": None}, "grid: None; expected a block of keys"),
        ({"solve": {"cfl": float("nan")}}, "solve.cfl: nan; expected a finite number"),
        ({"solve": {"cfl": 0.9}}, "solve.cfl: 0.9; expected at most 0.5"),
        ({"cases": 3}, "cases: 3; expected a list"),
        ({"cases": [{"scheme": "qkee"}]},
         "cases[0].scheme: 'qkee' (did you mean 'qke'?); expected 'qke', 'bgk', 'threshold'"),
        ({"cases": [{"xi": [1]}]}, "cases[0].scheme: missing; expected qke, bgk or threshold"),
        ({"cases": [{"scheme": "qke"}]},
         "cases[0].xi: missing; expected Attenuations, one run each; "
         "1 is the physical Hamiltonian"),
        ({"cases": [{"scheme": "qke", "xi": []}]},
         "cases[0].xi: []; expected at least 1 entries"),
        ({"cases": [{"scheme": "qke", "xi": [1e-4, 0]}]},
         "cases[0].xi[1]: 0; expected more than 0.0"),
        ({"cases": [{"scheme": "qke", "xi": [2]}]}, "cases[0].xi[0]: 2; expected at most 1.0"),
        ({"cases": [{"scheme": "qke", "xi": [1], "flavors": 4}]},
         "cases[0].flavors: 4; expected 2 or 3"),
        ({"cases": [{"scheme": "qke", "xi": [1]}, {"scheme": "qke", "xi": [1], "flavors": 3}]},
         "cases: qke with flavors 2 and 3; expected one number of flavours"),
        ({"cases": [{"scheme": "bgk", "xi": [1]}]},
         "cases[0].xi: unknown key (one of c_tau, growth, mode, prescription, scheme, tolerance)"),
        ({"cases": [{"scheme": "bgk", "prescription": "bx"}]},
         f"cases[0].prescription: 'bx' (did you mean 'box'?); expected {one_of(RUNNABLE)}"),
        ({"cases": [{"scheme": "bgk", "prescription": "bd21", "mode": "exponential"}]},
         "cases[0]: mode='exponential' with prescription 'bd21'; expected 'map', as it is no "
         "target of a relaxation"),
        ({"cases": [{"scheme": "bgk", "prescription": "none", "mode": "backward_euler"}]},
         "cases[0]: mode='backward_euler' with prescription 'none'; expected 'map', as it is no "
         "target of a relaxation"),
        *(({"cases": [{"scheme": "bgk", "prescription": name}]},
           f"cases[0].prescription: {name!r} needs {lacking}, which a run does not have; "
           f"expected {', '.join(RUNNABLE)}") for name, lacking in SINGLE_MAPS.items()),
        ({"cases": [{"scheme": "bgk", "prescription": ["box"]}]},
         "cases[0].prescription: ['box'] (did you mean 'box'?); "
         f"expected {one_of(RUNNABLE)}"),
        ({"cases": [{"scheme": "qke", "xi": [1e-4, "1e-4"]}]},
         "case 'qke_xi1e-4' appears twice in cases; expected each once"),
        ({"snapshots": []}, "snapshots: []; expected at least 1 entries"),
        ({"snapshots": [{"name": "a"}]},
         "snapshots[0]: path is missing; expected a file, or format analytic or remnant"),
        ({"snapshots": [{"name": "a", "format": "analytic", "path": "x"}]},
         "snapshots[0]: path='x' given; expected no path for format 'analytic'"),
        ({"snapshots": [{"name": "a/b", "format": "analytic"}]},
         "snapshots[0].name: 'a/b'; expected letters, digits, _ and -, "
         "starting with a letter or digit"),
        ({"snapshots": [{"name": "a", "format": "analytic"}, {"name": "A", "format": "analytic"}]},
         "snapshots: name 'A' appears twice; expected unique names"),
        ({"snapshots": [{"name": "figures", "format": "analytic"}]},
         "snapshots: name 'figures' is reserved; expected another name"),
        ({"report": {"figures": ["growthmap"]}},
         "report.figures[0]: 'growthmap' (did you mean 'growth_map'?); "
         f"expected {one_of(FIGURES)}"),
        ([1], "[1]; expected a block of keys"),
    ],
)  # fmt: skip
def test_refusals_say_where_what_and_what_instead(raw, line):
    assert refused(raw) == [f"configuration: {line}"]


def test_every_mistake_is_reported():
    raw = {"grid": {"n_mu": 7, "n_rr": 1}, "study": "a b", "stabilty": {}}
    assert len(refused(raw)) == 4


def test_messages_name_the_file_that_holds_the_key(tmp_path):
    base, own = tmp_path / "base.yaml", tmp_path / "own.yaml"
    base.write_text("grid: {n_mu: 7, n_r: 20}\n")
    own.write_text("grid: {n_r: 2}\nsolve: {cfl: 2}\n")
    raw = {"grid": {"n_mu": 7, "n_r": 2}, "solve": {"cfl": 2}, "run": {"cases_per_job": -1}}
    lines = refused(raw, [base, own])
    assert [line.split(": ")[:2] for line in lines] == [
        [str(own), "grid.n_r"],
        [str(base), "grid.n_mu"],
        [str(own), "solve.cfl"],
        [str(own), "run.cases_per_job"],
    ]


@pytest.mark.parametrize(
    "text, problem", [("a: [1\n", "is not YAML"), (None, "cannot be read (No such file")]
)
def test_unreadable_files_are_refused(tmp_path, text, problem):
    path = tmp_path / "study.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(QkepipeError) as caught:
        read_config(path)
    assert str(caught.value).startswith(f"{path}: {problem}")
    assert len(str(caught.value).splitlines()) == 1


# --- warnings, files ---


def test_an_attenuation_above_the_resolved_one_is_a_warning():
    raw = {"grid": {"resolve_xi": 1e-4}, "cases": [{"scheme": "qke", "xi": [1e-4, 2e-4]}]}
    (warning,) = config_warnings(load_config(raw))
    assert warning.severity == "warning"
    assert "case qke_xi2e-4: xi = 0.0002 is above grid.resolve_xi = 0.0001" in str(warning)


@pytest.mark.parametrize("field", ["snapshot", "moments"])
def test_cases_that_will_not_run_are_named(field):
    assert config_warnings(load_config({"field": field})) == []
    (warning,) = config_warnings(
        load_config({"field": field, "cases": [{"scheme": "bgk", "prescription": "box"}]})
    )
    assert f"cases: do not run with field: {field}" in str(warning)


def test_a_snapshot_depends_on_every_file_it_is_read_from(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run" / "deep").mkdir(parents=True)
    for name in ("run/b", "run/deep/a"):
        (tmp_path / name).write_text("x")

    def files(**fields):
        return snapshot_files(models.SnapshotEntry(name="s", **fields))

    assert files(path="run") == ["run/b", "run/deep/a"]
    assert files(path="run/b") == ["run/b"]
    assert files(format="analytic") == []
    with pytest.raises(QkepipeError, match=r"snapshots \(s\): path: no such file"):
        files(path="nothing.txt")


def test_equation_of_state_has_format_and_path():
    def refused_eos(**block):
        (line,) = refused({"background": {"eos": block}})
        return line

    assert load_config({}).background.eos.format == "none"
    assert "expected a format other than 'none'" in refused_eos(path="a.h5")
    assert "background.eos: path is missing" in refused_eos(format="compose")
    assert "background.eos.format: 'compos' (did you mean 'compose'?)" in refused_eos(
        format="compos", path="a"
    )
    assert "background.eos.electron_mass: 'yes'" in refused_eos(electron_mass="yes")


def test_equation_of_state_formats_are_the_registered_ones():
    from qkepipe.eos import READERS

    assert names(models.EosName) == {"none", *READERS}


def test_files_of_an_equation_of_state(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "table").mkdir()
    for name in ("table/eos.t", "table/eos.nb", "a.h5"):
        (tmp_path / name).write_text("x")

    def files(**block):
        return eos_files(load_config({"background": {"eos": block}}).background.eos)

    assert files() == []
    assert files(format="stellarcollapse", path="a.h5") == ["a.h5"]
    assert files(format="compose", path="table") == ["table/eos.nb", "table/eos.t"]
    with pytest.raises(QkepipeError, match=r"background\.eos\.path: no such file; try 'b\.h5'"):
        files(format="stellarcollapse", path="b.h5")


# --- cases ---


def test_case_names_have_neither_dots_nor_blanks():
    raw = {
        "cases": [
            {"scheme": "qke", "xi": [1, 2.5e-4, 1e-4]},
            {"scheme": "bgk"},
            {"scheme": "bgk", "c_tau": 1.5, "tolerance": 0},
            {"scheme": "bgk", "prescription": "equipartition", "tolerance": 1e-3},
            {"scheme": "bgk", "mode": "map"},
            {"scheme": "bgk", "mode": "backward_euler"},
            {
                "scheme": "bgk",
                "prescription": "power_half",
                "mode": "exponential",
                "growth": "dispersion",
            },
            {"scheme": "threshold", "density": [1e11, 2.5e10]},
        ],
        "resolutions": [1.5],
    }
    cases = expand_cases(load_config(raw))
    base = [
        "classical", "qke_xi1e0", "qke_xi2p5e-4", "qke_xi1e-4", "bgk_box", "bgk_box_ctau1p5_tol0",
        "bgk_equipartition_tol1e-3", "bgk_box_map", "bgk_box_backward_euler",
        "bgk_power_half_exponential_dispersion",
        "threshold_rho1e11", "threshold_rho2p5e10",
    ]  # fmt: skip
    assert [c.name for c in cases] == base + [f"{name}_res1p5" for name in base]
    assert {c.resolution for c in cases[: len(base)]} == {1.0}


def test_cases_carry_what_the_solver_needs():
    threshold = {"scheme": "threshold", "density": [1e11]}
    raw = {"cases": [{"scheme": "qke", "xi": [2e-4]}, {"scheme": "bgk"}, threshold]}
    by_name = {c.name: c for c in expand_cases(load_config(raw))}
    qke = by_name["qke_xi2e-4"]
    assert (qke.kind, qke.scheme, qke.xi, qke.options) == ("qke", "attenuated", 2e-4, {"xi": 2e-4})
    (three,) = expand_cases(
        load_config({"cases": [{"scheme": "qke", "xi": [2e-4], "flavors": 3}]})
    )[1:]
    assert (three.name, three.scheme) == ("qke3_xi2e-4", "attenuated")
    assert three.options == {"xi": 2e-4, "flavors": 3}
    bgk = by_name["bgk_box"]
    assert (bgk.kind, bgk.scheme, bgk.xi) == ("bgk", "box", None)
    assert set(bgk.options) == {"prescription", "mode", "growth", "c_tau", "tolerance"}
    threshold = by_name["threshold_rho1e11"]
    assert (threshold.kind, threshold.scheme) == ("threshold", "pair")
    assert threshold.options == {"density": 1e11, "rule": "pair", "flux_factor": None}
    assert by_name["classical"].kind == "classical"


def test_rule_and_onset_of_a_threshold_are_in_its_name():
    entries = [
        {"scheme": "threshold", "density": [1e11], **more}
        for more in (
            {"rule": "full"}, {"rule": "quasi_equipartition", "flux_factor": 0.175},
            {"rule": "pair", "flux_factor": 0}, {"rule": "total", "flux_factor": -0.25},
        )
    ]  # fmt: skip
    cases = expand_cases(load_config({"cases": entries}))[1:]
    assert [case.name for case in cases] == [
        "threshold_full_rho1e11", "threshold_quasi_equipartition_rho1e11_ff0p175",
        "threshold_rho1e11_ff0", "threshold_total_rho1e11_ff-0p25",
    ]  # fmt: skip
    assert [case.scheme for case in cases] == ["full", "quasi_equipartition", "pair", "total"]
    assert [case.options["rule"] for case in cases] == [case.scheme for case in cases]
    assert [case.options["flux_factor"] for case in cases] == [None, 0.175, 0.0, -0.25]


@pytest.mark.parametrize(
    "more, expected",
    [
        ({"rule": "ful"}, r"cases\[0\]\.rule: 'ful' \(did you mean 'full'\?\); expected"),
        ({"rule": "equipartition"}, r"did you mean 'quasi_equipartition'"),
        ({"flux_factor": 1.0}, r"cases\[0\]\.flux_factor: 1\.0"),
        ({"flux_factor": -1.5}, r"cases\[0\]\.flux_factor: -1\.5"),
        ({"flux_factors": 0.1}, r"unknown key \(did you mean 'flux_factor'\?\)"),
    ],
)
def test_impossible_thresholds_are_refused(more, expected):
    with pytest.raises(QkepipeError, match=expected):
        load_config({"cases": [{"scheme": "threshold", "density": [1e11], **more}]})
