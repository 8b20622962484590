"""The plan: batches, settings and source of each stage, figures, resources."""

import dataclasses

import pytest

from qkepipe import registered
from qkepipe.errors import QkepipeError
from qkepipe.study.cases import Case
from qkepipe.study.load import load_config
from qkepipe.study.plan import BASE, ROOMS, SETTINGS, Plan, settings_view


def plan(**raw):
    return Plan(load_config(raw))


# --- source of a stage ---

#: Module of each room that loads what is registered.
REGISTRIES = {
    "snapshot": "qkepipe.snapshot.registry",
    "eos": "qkepipe.eos.opening",
    "opacity": "qkepipe.opacity.registry",
    "mixing": "qkepipe.mixing.registry",
    "stability": "qkepipe.stability.registry",
    "report": "qkepipe.report.figures",
}


def imported_rooms(graph, module, packages=True):
    """Rooms that run when a module is imported: what it imports, and the packages around it."""
    modules, todo = set(), [module]
    while todo:
        name = todo.pop()
        if name in modules:
            continue
        modules.add(name)
        todo += graph.find_modules_directly_imported_by(name)
        if packages and "." in name:
            # importing a.b.c runs a and a.b first
            todo.append(name.rpartition(".")[0])
    rooms = set()
    for name in modules - {"qkepipe"}:
        below = name.removeprefix("qkepipe.")
        rooms.add(below if below.startswith("study.") else below.split(".")[0])
    # runtime writes and logs; the packages of the study are empty; of the registered lines,
    # a stage has those of its rooms in its hash
    return rooms - {*BASE, "study", "study.stages", "runtime", "folder", "registered"}


@pytest.fixture(scope="module")
def graph():
    import grimp

    graph = grimp.build_graph("qkepipe", cache_dir=None)
    # registries import by name, which is not seen in their source
    for room, registry in REGISTRIES.items():
        ((*entries,),) = registered.lines([room])
        assert entries
        for _, entry in entries:
            module = (entry if isinstance(entry, str) else entry[0]).partition(":")[0]
            graph.add_import(importer=registry, imported=module)
    return graph


@pytest.mark.parametrize("stage", sorted(set(ROOMS) - {"box"}))
def test_the_code_hash_of_a_stage_covers_everything_it_imports(graph, stage):
    module = "qkepipe.report" if stage == "report" else f"qkepipe.study.stages.{stage}"
    assert sorted(ROOMS[stage]) == sorted(imported_rooms(graph, module))


def test_the_code_hash_of_a_box_covers_what_it_calls(graph):
    """Of the solvers some modules: their package imports nothing of itself."""
    needed = imported_rooms(graph, "qkepipe.solvers.local", packages=False) - {"solvers"}
    of_solvers = {
        f"solvers.{name}"
        for name in (
            "characteristics",
            "crossings",
            "fourier",
            "local",
            "seeds",
            "spectral",
            "trajectory",
        )
        if f"qkepipe.solvers.{name}" in graph.modules
    }
    assert set(ROOMS["box"]) == needed | of_solvers
    modules, todo = set(), ["qkepipe.solvers.local"]
    while todo:
        name = todo.pop()
        if name.startswith("qkepipe.solvers.") and name not in modules:
            modules.add(name)
            todo += graph.find_modules_directly_imported_by(name)
    assert {name.removeprefix("qkepipe.") for name in modules} == of_solvers


def test_a_new_prescription_recomputes_no_box(monkeypatch):
    before = plan().code("box")
    monkeypatch.setitem(registered.PRESCRIPTIONS, "added", "a.b:PRESCRIPTION")
    assert plan().code("box") == before


def test_the_packages_of_the_study_decide_nothing():
    from pathlib import Path

    import qkepipe.study

    folder = Path(qkepipe.study.__file__).parent
    for path in (folder / "__init__.py", folder / "stages" / "__init__.py"):
        assert "import" not in path.read_text()


def test_every_stage_has_a_hash_of_its_own():
    hashes = {stage: plan().code(stage) for stage in ROOMS}
    assert len(set(hashes.values())) == len(ROOMS)


@pytest.mark.parametrize(
    "kind, entry, room",
    [
        ("READERS", "a.b:READER", "snapshot"),
        ("EOS_READERS", "a.b:READER", "eos"),
        ("PROCESSES", "a.b:PROCESS", "opacity"),
        ("PRESCRIPTIONS", "a.b:PRESCRIPTION", "mixing"),
        ("THRESHOLD_RULES", "a.b:RULE", "mixing"),
        ("INSTABILITIES", "a.b:INSTABILITY", "stability"),
        ("FIGURES", ("a.b:FIGURE", "always"), "report"),
    ],
)
def test_a_registered_line_concerns_the_stages_with_its_room(monkeypatch, kind, entry, room):
    before = {stage: plan().code(stage) for stage in ROOMS}
    monkeypatch.setitem(getattr(registered, kind), "added", entry)
    changed = {stage for stage in ROOMS if plan().code(stage) != before[stage]}
    assert changed == {stage for stage in ROOMS if room in ROOMS[stage]}
    assert changed
    assert len(changed) < len(ROOMS)


def test_the_order_of_instabilities_is_source(monkeypatch):
    before = plan().code("stability")
    backwards = dict(reversed(registered.INSTABILITIES.items()))
    for name in list(registered.INSTABILITIES):
        monkeypatch.delitem(registered.INSTABILITIES, name)
    for name, entry in backwards.items():
        monkeypatch.setitem(registered.INSTABILITIES, name, entry)
    assert plan().code("stability") != before


# --- settings of a stage ---


def test_a_stage_sees_its_settings_and_nothing_else():
    view = settings_view(plan(grid={"n_r": 20}).settings("background"))
    assert view.grid.n_r == 20
    assert view.background.rates == "auto"
    with pytest.raises(AttributeError):
        _ = view.grid.resolve_xi
    with pytest.raises(AttributeError):
        _ = view.solve


def test_settings_are_plain_data():
    import json

    for stage in SETTINGS:
        settings = plan().settings(stage)
        assert json.loads(json.dumps(settings)) == settings


@pytest.mark.parametrize(
    "change, stages",
    [
        ({"grid": {"resolve_xi": 1e-5}}, {"reference"}),
        ({"grid": {"n_mu": 12}}, {"background", "resolution", "reference"}),
        ({"grid": {"refinement": 3}}, {"resolution"}),
        ({"grid": {"energy_groups": "snapshot"}}, {"background", "resolution", "reference"}),
        ({"field": "snapshot"}, {"baseline"}),
        ({"background": {"rates": "computed"}}, {"background", "resolution", "reference"}),
        (
            {"background": {"eos": {"format": "compose", "path": "a"}}},
            {"background", "resolution", "reference"},
        ),
        ({"solve": {"seed": {"number": 2}}}, {"solve"}),
        ({"solve": {"record": {"times": 3}}}, {"solve"}),
        ({"solve": {"tolerance": 1e-6}}, {"baseline", "resolution", "reference"}),
        ({"solve": {"crossings": 1}}, {"reference", "solve"}),
        ({"stability": {"lsa_cells": 3}}, {"stability"}),
        ({"calibration": {"cells": "all"}}, {"calibration"}),
        ({"report": {"figures": ["spectra"]}}, set()),
        ({"run": {"checkpoint_seconds": 1}}, set()),
    ],
)
def test_a_change_concerns_the_stages_that_read_it(change, stages):
    before, after = plan(), plan(**change)
    changed = {s for s in SETTINGS if before.settings(s) != after.settings(s)}
    assert changed == stages


# --- batches ---


@pytest.mark.parametrize(
    "size, rules",
    [
        (0, {"solve": 4}),
        (7, {"solve": 4}),
        (3, {"solve_1": 3, "solve_2": 1}),
        (1, {f"solve_{n}": 1 for n in ("qke_xi2p5e-5", "qke_xi5e-5", "qke_xi1e-4", "bgk_box")}),
    ],
)  # fmt: skip
def test_cases_are_grouped_into_jobs(size, rules):
    batches = plan(run={"cases_per_job": size}).batches
    assert {b.rule: len(b.cases) for b in batches} == rules
    names = [name for b in batches for name in b.names]
    assert names == [c.name for c in plan().cases if c.kind != "classical"]


def test_a_batch_knows_the_references_it_needs():
    (batch,) = plan(resolutions=[2], cases=[{"scheme": "bgk"}]).batches
    assert batch.names == ["bgk_box", "bgk_box_res2"]
    assert batch.resolutions == [1.0, 2.0]


def test_without_cases_or_transport_nothing_is_solved():
    assert plan(cases=[]).batches == []
    assert [c.name for c in plan(cases=[]).cases] == ["classical"]
    for field in ("moments", "snapshot"):
        assert plan(field=field).cases == []
        assert plan(field=field).batches == []


def test_the_field_of_a_snapshot_is_on_the_grid():
    name = plan().snapshots[0]
    stages = ["ingest", "background", "baseline", "stability", "regions", "calibration"]
    assert plan(field="snapshot").jobs == [*(f"{name}/{s}" for s in stages), "compare"]
    moments = [f"{name}/{s}" for s in ("ingest", "stability", "regions", "calibration")]
    assert plan(field="moments").jobs == [*moments, "compare"]


def test_groups_of_a_snapshot_are_counted_generously():
    many, few = (plan(grid={"energy_groups": g, "n_energy": 5}) for g in ("snapshot", "geometric"))
    assert many.memory_mb(1.0, 1) > 4 * few.memory_mb(1.0, 1)


def test_a_refinement_of_one_makes_no_resolution_study():
    assert "ccsn_demo/resolution" in plan().jobs
    assert "ccsn_demo/resolution" not in plan(grid={"refinement": 1}).jobs
    assert not plan(field="moments").refines


def test_a_case_survives_the_way_through_the_workflow():
    for case in plan().cases:
        assert Case(**case.as_dict()) == case
        assert dataclasses.asdict(case) == case.as_dict()


# --- figures, resources ---


def test_figures_are_those_the_study_has_data_for():
    def figures(**raw):
        return [name for name, _ in plan(**raw).figures]

    assert figures() == list(registered.FIGURES)
    always = ("always", "boxes")
    moments = [name for name, (_, when) in registered.FIGURES.items() if when in always]
    assert "prescriptions" not in figures(calibration={"cells": 0})
    assert figures(field="moments") == figures(field="snapshot") == moments
    assert {"background", "growth_map"} <= set(moments)
    assert not {"spectra", "time_series"} & set(moments)
    one = figures(cases=[{"scheme": "qke", "xi": [1e-4]}])
    assert "time_series" in one
    assert "xi_convergence" not in one
    assert "time_series" not in figures(cases=[])
    assert figures(report={"figures": ["spectra"]}) == ["spectra"]


def test_requests_grow_with_attempts_workers_and_resolution():
    p = plan()
    assert p.memory_mb(1.0, 2) == pytest.approx(2 * p.memory_mb(1.0, 1), abs=1)
    assert p.memory_mb(1.0, 1, workers=4) == pytest.approx(4 * p.memory_mb(1.0, 1), abs=4)
    assert p.memory_mb(2.0, 1) > 1.5 * p.memory_mb(1.0, 1)
    assert p.runtime_minutes(1.0, 2) == pytest.approx(2 * p.runtime_minutes(1.0, 1), abs=1)
    assert p.runtime_minutes(1.0, 1, rounds=3) > 2 * p.runtime_minutes(1.0, 1)
    entry = {"scheme": "qke", "xi": [1e-4]}
    two, three = (plan(cases=[entry | {"flavors": n}]) for n in (2, 3))
    # 9 components instead of 4, beside what does not depend on them
    assert 2.0 < (three.memory_mb(4.0, 1) - 700) / (two.memory_mb(4.0, 1) - 700) < 2.25
    assert three.runtime_minutes(4.0, 1) > 2.0 * two.runtime_minutes(4.0, 1)


def test_requests_of_boxes_grow_with_their_number():
    p, few, every = (plan(calibration={"cells": n}) for n in (40, 1, "all"))
    assert not plan(calibration={"cells": 0}).calibrates
    assert every.calibrates
    assert (few.boxes, p.boxes, every.boxes) == (2, 80, 2 * every.config.grid.n_r)
    assert few.calibration_memory_mb(1, 8) == few.calibration_memory_mb(1, 2)
    assert p.calibration_memory_mb(1, 8) > few.calibration_memory_mb(1, 8)
    assert p.calibration_minutes(1, 2) > p.calibration_minutes(1, 8)
    assert p.calibration_minutes(2, 8) == pytest.approx(2 * p.calibration_minutes(1, 8), abs=1)


@pytest.mark.parametrize("cells", [-1, 2.5, "some"])
def test_a_wrong_number_of_cells_is_refused(cells):
    with pytest.raises(QkepipeError, match=r"calibration\.cells") as caught:
        plan(calibration={"cells": cells})
    assert len(caught.value.defects) == 1
