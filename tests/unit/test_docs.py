"""The documentation: links, tables, commands and worked examples are true.

The pages ``docs/adding-a-*.md`` are carried out: the file of each page is imported as a module
of the package, the registration is applied to the source of the registry, and the tests of
the page run against it. Run this file as a script to rewrite the table of variables.
"""

import argparse
import ast
import importlib
import inspect
import re
import sys
import types
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numba
import pytest
import yaml

import qkepipe
from qkepipe import schema
from qkepipe.cli import build_parser
from qkepipe.study.cases import expand_cases
from qkepipe.study.config import Config
from qkepipe.study.load import load_config

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")])
DATA_MODEL = DOCS / "data-model.md"
TABLE = re.compile(r"(<!-- variables: begin -->\n).*?(<!-- variables: end -->)", re.DOTALL)


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
    rules = set(re.findall(r"^rule (\w+):", text_of(ROOT / "Snakefile"), re.MULTILINE))
    named = re.findall(r"^\| `snakemake (\w+)`", text_of(DOCS / "running.md"), re.MULTILINE)
    assert named
    assert set(named) <= rules


@pytest.mark.parametrize(
    "page, registry",
    [
        ("configuration.md", "qkepipe.snapshot:READERS"),
        ("configuration-reference.md", "qkepipe.report:FIGURES"),
        ("physics/background.md", "qkepipe.opacity:PROCESSES"),
        ("physics/mixing.md", "qkepipe.mixing:PRESCRIPTIONS"),
        ("physics/mixing.md", "qkepipe.mixing:THRESHOLD_RULES"),
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


# --- generated table -------------------------------------------------------------------------


def variable_table():
    """Markdown table of all variables of the schema."""
    rows = ["| variable | unit | dimensions | range | meaning |", "|---|---|---|---|---|"]
    for name, variable in schema.VARIABLES.items():
        dims = ", ".join(f"[{d}]" if d in variable.optional else d for d in variable.dims)
        bounded = [abs(x) != float("inf") for x in (variable.low, variable.high)]
        low, high = f"{variable.low:g}", f"{variable.high:g}"
        words = {
            (True, True): f"{low} to {high}",
            (True, False): f"from {low}",
            (False, True): f"up to {high}",
            (False, False): "",
        }[bounded[0], bounded[1]]
        meaning = variable.long_name.replace("|", r"\|") + (" (may be missing)" * variable.missing)
        rows.append(f"| `{name}` | {variable.units} | {dims} | {words} | {meaning} |")
    return "\n".join(rows) + "\n"


def with_table(text):
    """Page with the table of the schema in its place."""
    return TABLE.sub(lambda found: found[1] + variable_table() + found[2], text)


def test_data_model_has_the_table_of_the_schema():
    text = text_of(DATA_MODEL)
    assert TABLE.search(text)
    assert with_table(text) == text, f"stale: run python {Path(__file__).relative_to(ROOT)}"


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

#: Page -> module and name of the registry.
EXAMPLES = {
    "adding-a-reader.md": "qkepipe.snapshot.registry:READERS",
    "adding-a-rate.md": "qkepipe.opacity.registry:PROCESSES",
    "adding-a-prescription.md": "qkepipe.mixing.registry:PRESCRIPTIONS",
    "adding-a-figure.md": "qkepipe.report.figures:FIGURES",
    "adding-an-instability.md": "qkepipe.stability.registry:INSTABILITIES",
}


def module_name(path):
    """Dotted name of a file of the package."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def files_of(page):
    """Python blocks by the path in their first line."""
    out = {}
    for block in blocks(page, "python"):
        head, _, code = block.partition("\n")
        out[head.removeprefix("# ")] = code
    return out


def load(monkeypatch, name, path, code):
    """Import a block as a module of the package, from a file as compiled kernels need one."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(path.parent))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code, encoding="utf-8")
    spec = spec_from_file_location(name, path)
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    parent, _, last = name.rpartition(".")
    if parent in sys.modules:
        monkeypatch.setattr(sys.modules[parent], last, module, raising=False)
    return module


def edited(diff):
    """File named by a diff, and its source with every hunk applied."""
    head, _, body = diff.partition("\n")
    path = head.removeprefix("--- ")
    source = text_of(ROOT / path)
    for hunk in body.split("@@\n"):
        lines = hunk.splitlines()
        assert all(line[:1] in "+- " for line in lines), diff
        old = "".join(line[1:] + "\n" for line in lines if line[0] != "+")
        new = "".join(line[1:] + "\n" for line in lines if line[0] != "-")
        assert source.count(old) == 1, f"{path} does not have these lines once:\n{old}"
        source = source.replace(old, new)
    ast.parse(source)
    return path, source


@pytest.fixture
def registries():
    """Registries as they were, after the test."""
    found = []
    for entry in EXAMPLES.values():
        module, name = entry.split(":")
        registry = getattr(importlib.import_module(module), name)
        found.append((registry, dict(registry)))
    yield
    for registry, before in found:
        registry.clear()
        registry.update(before)


@pytest.mark.parametrize("page", EXAMPLES)
def test_worked_example(page, registries, monkeypatch, tmp_path):
    module, name = EXAMPLES[page].split(":")
    registry = getattr(importlib.import_module(module), name)
    before = set(registry)
    files = files_of(DOCS / page)
    tests = {path: code for path, code in files.items() if path.startswith("tests/")}
    sources = {path: code for path, code in files.items() if path.startswith("qkepipe/")}
    assert len(sources) == 1 and len(tests) == 1
    for path, code in sources.items():
        assert not (ROOT / path).exists(), f"{path} exists: the example needs another name"
        load(monkeypatch, module_name(path), tmp_path / path, code)
    (diff,) = blocks(DOCS / page, "diff")
    path, source = edited(diff)
    changed = types.ModuleType(module_name(path))
    changed.__file__ = str(ROOT / path)
    exec(compile(source, path, "exec"), changed.__dict__)
    for key, value in getattr(changed, name).items():
        registry.setdefault(key, value)
    assert len(set(registry) - before) == 1
    for path, code in tests.items():
        testing = load(monkeypatch, "docs_" + Path(path).stem, tmp_path / path, code)
        functions = [f for n, f in inspect.getmembers(testing) if n.startswith("test_")]
        assert functions
        for function in functions:
            wanted = inspect.signature(function).parameters
            function(**({"tmp_path": tmp_path} if "tmp_path" in wanted else {}))


# --- citation and changes --------------------------------------------------------------------


def test_citation_is_of_this_version():
    citation = yaml.safe_load(text_of(ROOT / "CITATION.cff"))
    assert citation["cff-version"] == "1.2.0"
    assert str(citation["version"]) == qkepipe.__version__
    assert citation["license"] == "BSD-3-Clause"
    assert {"message", "title", "authors"} <= set(citation)


def test_changelog_has_this_version():
    assert f"## [{qkepipe.__version__}]" in text_of(ROOT / "CHANGELOG.md")


if __name__ == "__main__":
    DATA_MODEL.write_text(with_table(text_of(DATA_MODEL)), encoding="utf-8")
