"""Generated files are what the models say."""

import itertools
import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from qkepipe import schema
from qkepipe.study.config import Config
from qkepipe.study.document import documents, main, variable_table, with_variables
from qkepipe.study.load import read_config

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = json.loads(documents()["workflow/schemas/config.schema.json"])
EXAMPLES = sorted((ROOT / "config").rglob("*.yaml"))


def test_generated_files_are_up_to_date(capsys):
    stale = main(["--check", "--root", str(ROOT)])
    assert stale == 0, capsys.readouterr().out


def test_stale_files_are_shown_as_a_difference(tmp_path, capsys):
    page = tmp_path / "docs" / "data-model.md"
    page.parent.mkdir()
    page.write_text("before\n<!-- variables: begin -->\nold\n<!-- variables: end -->\nafter\n")
    assert main(["--root", str(tmp_path)]) == 0
    assert main(["--check", "--root", str(tmp_path)]) == 0
    path = tmp_path / "config" / "config.default.yaml"
    path.write_text(path.read_text().replace("n_mu: 16", "n_mu: 26"))
    capsys.readouterr()
    assert main(["--check", "--root", str(tmp_path)]) == 1
    assert "-  n_mu: 26\n+  n_mu: 16" in capsys.readouterr().out
    assert page.read_text().startswith("before\n<!-- variables: begin -->\n| variable |")
    assert page.read_text().endswith("|\n<!-- variables: end -->\nafter\n")
    page.write_text(page.read_text().replace("| `rho` | g cm-3 |", "| `rho` | kg m-3 |"))
    assert main(["--check", "--root", str(tmp_path)]) == 1
    assert "-| `rho` | kg m-3 |" in capsys.readouterr().out


@pytest.mark.parametrize(
    "page", ["no marks", 2 * "<!-- variables: begin -->\n<!-- variables: end -->"]
)
def test_a_page_has_one_place_for_the_table_of_variables(page):
    with pytest.raises(ValueError, match="expected 1"):
        with_variables(page)


def test_the_table_of_variables_names_each_once():
    rows = [line.split(" | ") for line in variable_table().splitlines()[2:]]
    assert [row[0] for row in rows] == [f"| `{name}`" for name in schema.VARIABLES]
    (ye,) = [row for row in rows if row[0] == "| `ye`"]
    assert ye[3] == "0 to 1"


def test_the_default_file_is_the_default_study():
    assert read_config(ROOT / "config" / "config.default.yaml") == Config()


def test_every_setting_of_the_default_file_has_a_comment():
    lines = documents()["config/config.default.yaml"].splitlines()
    for before, line in itertools.pairwise(lines):
        if line.strip() and not line.lstrip().startswith(("#", "-")):
            assert before.lstrip().startswith("#"), line


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.name)
def test_examples_are_valid_by_the_models_and_by_the_schema(path):
    read_config(path)
    jsonschema.Draft202012Validator(SCHEMA).validate(yaml.safe_load(path.read_text()))


@pytest.mark.parametrize(
    "raw", [{"grd": {}}, {"grid": {"n_rr": 1}}, {"cases": [{"scheme": "bgk", "xi": [1]}]},
            {"solve": {"cfl": 2}}],
)  # fmt: skip
def test_the_schema_refuses_what_the_models_refuse(raw):
    validator = jsonschema.Draft202012Validator(SCHEMA)
    assert list(validator.iter_errors(raw))


def test_the_tables_name_every_setting():
    table = documents()["docs/configuration-reference.md"]

    def keys(schema):
        for name, inner in schema.get("properties", {}).items():
            yield name
            yield from keys(inner)

    names = {key for block in [SCHEMA, *SCHEMA["$defs"].values()] for key in keys(block)}
    assert len(names) > 40
    assert [name for name in sorted(names) if f"| `{name}` |" not in table] == []
