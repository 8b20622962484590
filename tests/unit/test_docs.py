"""The documentation: links, tables, commands and worked examples are true.

The pages ``docs/adding-a-*.md`` are carried out on a copy of the package: the file of each page
is written, its registration applied, and then the configuration and the command line must know
the name, and the tests of the page must pass.
"""

import argparse
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import qkepipe
from qkepipe import schema
from qkepipe.cli import build_parser
from qkepipe.errors import QkepipeError
from qkepipe.study.cases import expand_cases
from qkepipe.study.config import Config
from qkepipe.study.load import load_config
from qkepipe.study.plan import ROOMS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")])
DATA_MODEL = DOCS / "data-model.md"


def text_of(page):
    return page.read_text(encoding="utf-8")


def blocks(page, language):
    """Contents of the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text_of(page), re.DOTALL | re.MULTILINE)


def prose(page):
    """Text of a page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", text_of(page), flags=re.DOTALL | re.MULTILINE)


def page_id(page):
    return str(page.relative_to(ROOT))


# --- links and names -------------------------------------------------------------------------


def anchor(heading):
    """Anchor of a heading, as the usual renderers make it."""
    kept = re.sub(r"[^\w\- ]", "", heading.lower().replace("`", ""))
    return kept.strip().replace(" ", "-")


def anchors(page):
    return {anchor(heading) for heading in re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)}


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_relative_links_resolve(page):
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if "://" in target:
            continue
        name, _, fragment = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.exists() or (fragment and fragment not in anchors(path)):
            broken.append(target)
    assert not broken


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_no_page_names_a_machine(page):
    found = re.findall(r"(?:/(?:home|work|root|tmp|Users)/\S*)|\bpypi\b|conda\.org", text_of(page))
    assert not found


def test_every_page_is_in_the_index():
    index = text_of(DOCS / "README.md")
    missing = [
        page_id(page)
        for page in DOCS.rglob("*.md")
        if page.name != "README.md" and f"({page.relative_to(DOCS).as_posix()})" not in index
    ]
    assert not missing


def test_every_physics_test_is_linked_from_a_physics_page():
    linked = "".join(text_of(page) for page in (DOCS / "physics").glob("*.md"))
    tests = sorted(path.name for path in (ROOT / "tests" / "physics").glob("test_*.py"))
    assert [name for name in tests if f"tests/physics/{name})" not in linked] == []


def test_commands_exist():
    together = "".join(text_of(page) for page in PAGES)
    targets = set(re.findall(r"^([a-z]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    assert set(re.findall(r"(?<=`make )[a-z]+", together)) <= targets
    assert set(re.findall(r"^make ([a-z]+)", together, re.MULTILINE)) <= targets
    parser = build_parser()
    (commands,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    shell = "".join(block for page in PAGES for block in blocks(page, ""))
    used = re.findall(r"^qkepipe ([a-z]+)", shell, re.MULTILINE)
    used += re.findall(r"`qkepipe ([a-z]+)", together)
    assert used
    assert set(used) <= set(commands.choices)


def test_named_targets_of_the_workflow_exist():
    files = [ROOT / "Snakefile", *(ROOT / "workflow" / "rules").glob("*.smk")]
    rules = set(re.findall(r"^rule (\w+):", "".join(map(text_of, files)), re.MULTILINE))
    named = re.findall(r"^\| `snakemake (\w+)`", text_of(DOCS / "running.md"), re.MULTILINE)
    assert named
    assert set(named) <= rules


@pytest.mark.parametrize(
    "page, registry",
    [
        ("configuration.md", "qkepipe.snapshot:READERS"),
        ("configuration.md", "qkepipe.eos:READERS"),
        ("configuration-reference.md", "qkepipe.report:FIGURES"),
        ("physics/background.md", "qkepipe.opacity:PROCESSES"),
        ("physics/mixing.md", "qkepipe.mixing:PRESCRIPTIONS"),
        ("physics/mixing.md", "qkepipe.mixing:THRESHOLD_RULES"),
        ("physics/oscillation.md", "qkepipe.solvers.closures:CLOSURES"),
        ("physics/stability.md", "qkepipe.stability:INSTABILITIES"),
        ("physics/transport.md", "qkepipe.solvers.schemes:SCHEMES"),
        ("physics/diagnostics.md", "qkepipe.diagnostics:QUANTITIES"),
    ],
)
def test_registered_names_are_documented(page, registry):
    module, name = registry.split(":")
    text = text_of(DOCS / page)
    names = getattr(importlib.import_module(module), name)
    assert [n for n in names if f"`{n}`" not in text] == []


def test_kinds_of_instability_are_documented():
    from qkepipe.stability import INSTABILITIES

    text = " ".join(text_of(DOCS / "physics" / "stability.md").split())
    kinds = [kind for entry in INSTABILITIES.values() for kind in entry.kinds]
    wanted = [f"{kind.level} {kind.meaning.replace('_', ' ')}" for kind in kinds]
    assert [words for words in wanted if words not in text] == []


def test_monitors_and_their_limits_are_documented():
    from qkepipe.report.gates import GATES

    rows = re.findall(
        r"^\| (`\w+`(?:, `\w+`)*) \| ([^|]*) \|",
        text_of(DOCS / "physics" / "diagnostics.md").partition("## Monitors")[2],
        re.MULTILINE,
    )
    limits = {}
    for names, limit in rows:
        value = None if limit == "none" else sum(map(float, limit.split(" + ")))
        limits |= dict.fromkeys(re.findall(r"\w+", names), value)
    for gate in GATES:
        documented = limits[gate.attribute]
        assert (documented is None) == (gate.limit is None)
        assert documented is None or documented == pytest.approx(gate.limit, rel=1e-12)


# --- data model ------------------------------------------------------------------------------


def test_data_model_names_every_kind_of_dataset():
    text = text_of(DATA_MODEL)
    assert [kind for kind in schema.KINDS if f"`{kind}`" not in text] == []


def test_comparison_columns_are_documented():
    from qkepipe.diagnostics import COLUMNS

    text = text_of(DATA_MODEL)
    assert [c for c in COLUMNS if f"`{c}`" not in text] == []


# --- configuration ---------------------------------------------------------------------------


def test_configuration_page_names_every_top_level_key():
    text = text_of(DOCS / "configuration.md")
    assert [key for key in Config.model_fields if f"`{key}`" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_study_files_in_the_docs_are_valid(page):
    for block in blocks(page, "yaml"):
        if block.startswith("# study"):
            load_config(yaml.safe_load(block))


def test_names_of_cases_are_those_of_the_code():
    entries = [
        {"scheme": "qke", "xi": [1e-4]},
        {"scheme": "bgk"},
        {"scheme": "threshold", "density": [1e11]},
    ]
    text = text_of(DOCS / "configuration.md")
    names = [case.name for case in expand_cases(load_config({"cases": entries}))]
    assert [name for name in names if name != "classical" and f"`{name}`" not in text] == []


def test_column_map_in_the_docs_reads_a_table(tmp_path):
    (block,) = [b for b in blocks(DOCS / "configuration.md", "yaml") if b.startswith("# columns")]
    (tmp_path / "columns.yaml").write_text(block, encoding="utf-8")
    rows = [f"{50 + 10 * i} {11 - 0.1 * i} {4 - 0.2 * i} 0.3 {12 - 0.8 * i}" for i in range(8)]
    (tmp_path / "profile.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
    snapshot = qkepipe.open_snapshot(tmp_path / "profile.txt", map=tmp_path / "columns.yaml")
    assert float(snapshot["r"][0]) == pytest.approx(5e6)
    assert float(snapshot["rho"][0]) == pytest.approx(1e11)
    assert float(snapshot["time"]) == 0.2


# --- worked examples -------------------------------------------------------------------------

#: Page -> registry of :mod:`qkepipe.registered`, word of ``qkepipe list``, a study with the name.
EXAMPLES = {
    "adding-a-reader.md": (
        "READERS",
        "readers",
        {"snapshots": [{"name": "a", "path": "model.npz", "format": "npz"}]},
    ),
    "adding-a-rate.md": ("PROCESSES", "rates", {"background": {"processes": ["neutron_decay"]}}),
    "adding-a-prescription.md": (
        "PRESCRIPTIONS",
        "prescriptions",
        {"cases": [{"scheme": "bgk", "prescription": "half_box"}]},
    ),
    "adding-a-figure.md": ("FIGURES", "figures", {"report": {"figures": ["flux_factors"]}}),
    # every stability map has it: nothing to choose
    "adding-an-instability.md": ("INSTABILITIES", "instabilities", {}),
}

#: Run in the copy: registered names, jobs of a study, and where the package lies.
ASK = """
import json, sys
import qkepipe
from qkepipe import registered
from qkepipe.study.load import load_config
from qkepipe.study.plan import ROOMS, Plan
registry, raw = sys.argv[1], json.loads(sys.argv[2])
plan = Plan(load_config(raw))
print(json.dumps({
    "package": qkepipe.__file__,
    "names": list(getattr(registered, registry)),
    "study": plan.resolved,
    "figures": [name for name, _ in plan.figures],
    "cases": [case.name for case in plan.cases],
    "code": {stage: plan.code(stage) for stage in ROOMS},
    "numerical": sorted({"numpy", "numba", "xarray", "matplotlib"} & set(sys.modules)),
}))
"""


def files_of(page):
    """Python blocks by the path in their first line."""
    out = {}
    for block in blocks(page, "python"):
        head, _, code = block.partition("\n")
        out[head.removeprefix("# ")] = code
    return out


def edited(diff):
    """File named by a diff that adds one line, and its source with the line."""
    head, *lines = diff.splitlines()
    assert sorted(line[0] for line in lines) == [" ", "+"], diff
    path = head.removeprefix("--- ")
    old, new = (
        "".join(line[1:] + "\n" for line in lines if line[0] in kept) for kept in (" ", " +")
    )
    source = text_of(ROOT / path)
    assert source.count(old) == 1, f"{path} does not have this line once:\n{old}"
    return path, source.replace(old, new)


def python(folder, *words):
    """Run the interpreter with the package of a folder."""
    return subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        timeout=600,
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(folder),
            "NUMBA_NUM_THREADS": "1",
            "NUMBA_CACHE_DIR": str(folder / "kernels"),
        },
    )


def ask(folder, registry, raw):
    """What the package of a folder knows."""
    done = python(folder, "-c", ASK, registry, json.dumps(raw))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One place for all copies: kernels compiled for a file are valid at its path only."""
    return tmp_path_factory.mktemp("copy")


@pytest.fixture
def copy(folder):
    """Folder with a fresh copy of the package; equal files keep their times and kernels."""
    for name in ("qkepipe", "tests"):
        shutil.rmtree(folder / name, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "qkepipe", folder / "qkepipe", ignore=ignored)
    return folder


@pytest.mark.parametrize("page", EXAMPLES)
def test_worked_example_is_one_file_and_one_line(page, copy):
    registry, word, raw = EXAMPLES[page]
    files = files_of(DOCS / page)
    (test,) = [path for path in files if path.startswith("tests/unit/")]
    (source,) = [path for path in files if path.startswith("qkepipe/")]
    assert len(files) == 2
    assert not (ROOT / source).exists(), f"{source} exists: the example needs another name"
    before = ask(copy, registry, {})

    for path, code in files.items():
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).write_text(code, encoding="utf-8")
    (diff,) = blocks(DOCS / page, "diff")
    path, text = edited(diff)
    assert path == "qkepipe/registered.py"
    (copy / path).write_text(text, encoding="utf-8")

    # a study may name it, without any numerical library
    after = ask(copy, registry, raw)
    assert Path(after["package"]).is_relative_to(copy)
    assert after["numerical"] == []
    (name,) = set(after["names"]) - set(before["names"])
    if raw:
        assert f'"{name}"' in json.dumps(after["study"])
        with pytest.raises(QkepipeError, match=f"'{name}'"):
            load_config(raw)
    if registry == "FIGURES":
        assert after["figures"] == [name]
    if registry == "PRESCRIPTIONS":
        assert f"bgk_{name}" in after["cases"]

    # it reruns the stages that have its room, and no other
    room = source.split("/")[1]
    code = ask(copy, registry, {})["code"]
    changed = {stage for stage in ROOMS if code[stage] != before["code"][stage]}
    assert changed == {stage for stage in ROOMS if room in ROOMS[stage]}

    # the command line knows it, and the tests of the page pass
    listed = python(copy, "-m", "qkepipe", "list", word)
    assert name in [line.split()[0] for line in listed.stdout.splitlines()], listed.stderr
    tested = python(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", test)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_examples_of_the_library_run_without_xarray(copy):
    examples = blocks(DOCS / "mixing-as-a-library.md", "python")
    assert examples
    for code in examples:
        done = python(copy, "-c", code + "\nimport sys\nassert 'xarray' not in sys.modules\n")
        assert done.returncode == 0, done.stderr


# --- citation and changes --------------------------------------------------------------------


def test_citation_is_of_this_version():
    citation = yaml.safe_load(text_of(ROOT / "CITATION.cff"))
    assert citation["cff-version"] == "1.2.0"
    assert str(citation["version"]) == qkepipe.__version__
    assert citation["license"] == "BSD-3-Clause"
    assert {"message", "title", "authors"} <= set(citation)


def test_changelog_has_this_version():
    assert f"## [{qkepipe.__version__}]" in text_of(ROOT / "CHANGELOG.md")
