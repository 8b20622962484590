"""Files generated from the configuration models and from the schema of datasets.

``python -m qkepipe.study.document`` rewrites the commented default configuration, the JSON
schema, the reference table of settings and the table of variables in the data model; with
``--check`` it prints what is stale and fails.
"""

from __future__ import annotations

import argparse
import difflib
import json
import math
import re
import sys
import textwrap
import types
import typing
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from qkepipe import schema
from qkepipe.runtime import write_text
from qkepipe.study.config import Config

__all__ = [
    "default_yaml",
    "documents",
    "json_schema",
    "main",
    "reference_table",
    "variable_table",
    "with_variables",
]

_WIDTH = 96
_COMMAND = "make docs"

#: Page that holds a generated table between two marks.
_DATA_MODEL = "docs/data-model.md"
_MARKS = re.compile(r"(<!-- variables: begin -->\n).*?(<!-- variables: end -->)", re.DOTALL)


def documents() -> dict[str, str]:
    """Files that are generated as a whole: path relative to the repository, and content."""
    return {
        "config/config.default.yaml": default_yaml(),
        "workflow/schemas/config.schema.json": json_schema(),
        "docs/configuration-reference.md": reference_table(),
    }


# --- what a field says about itself ----------------------------------------------------------


def _unit(field: FieldInfo) -> str:
    return (field.json_schema_extra or {}).get("unit", "")


def _bounds(field: FieldInfo) -> str:
    """Bounds of a field, or of the entries of a list."""
    parts = list(field.metadata)
    for argument in typing.get_args(field.annotation):
        if typing.get_origin(argument) is typing.Annotated:
            parts += [m for extra in argument.__metadata__ for m in getattr(extra, "metadata", ())]
    words = []
    for name, sign in (("gt", ">"), ("ge", ">="), ("lt", "<"), ("le", "<=")):
        words += [
            f"{sign} {getattr(p, name):g}" for p in parts if getattr(p, name, None) is not None
        ]
    return ", ".join(words)


def _choices(annotation: Any) -> tuple:
    """Allowed values of a field, or of the entries of a list."""
    if typing.get_origin(annotation) is typing.Literal:
        return typing.get_args(annotation)
    found = (_choices(argument) for argument in typing.get_args(annotation))
    return next((values for values in found if values), ())


def _blocks(annotation: Any) -> list[type[BaseModel]]:
    """Models in an annotation: one for a block, several for a union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if isinstance(annotation, types.GenericAlias | types.UnionType) or typing.get_args(annotation):
        return [m for a in typing.get_args(annotation) for m in _blocks(a)]
    return []


def _is_list(annotation: Any) -> bool:
    return typing.get_origin(annotation) is list


def _kind(annotation: Any) -> str:
    """Type in words."""
    if _is_list(annotation):
        inner = typing.get_args(annotation)[0]
        return f"list of {_kind(inner)}"
    if typing.get_origin(annotation) is typing.Annotated:
        return _kind(typing.get_args(annotation)[0])
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        kinds = [_kind(a) for a in typing.get_args(annotation) if a is not types.NoneType]
        return " or ".join(dict.fromkeys(kinds))
    if _choices(annotation):
        return "name"
    if typing.get_origin(annotation) is dict:
        return "block"
    return {bool: "true or false", int: "whole number", float: "number", str: "text"}[annotation]


def _default(field: FieldInfo) -> str:
    """Default value as it is written in YAML."""
    if field.is_required():
        return ""
    return _scalar(field.get_default())


def _scalar(value: Any) -> str:
    text = yaml.dump(
        _plain(value), Dumper=_Dumper, default_flow_style=True, width=10**6, sort_keys=False
    )
    return text.removesuffix("\n").removesuffix("\n...")


class _Dumper(yaml.SafeDumper):
    """Writes 1.0e+11 instead of 100000000000.0; without the dot YAML reads text."""


def _represent_float(dumper: yaml.SafeDumper, value: float) -> yaml.ScalarNode:
    text = repr(value)
    if value and not 1e-4 <= abs(value) < 1e6:
        mantissa, exponent = f"{Decimal(text).normalize():e}".split("e")
        text = f"{mantissa if '.' in mantissa else mantissa + '.0'}e{exponent}"
    return dumper.represent_scalar("tag:yaml.org,2002:float", text)


_Dumper.add_representer(float, _represent_float)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_unset=True)
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value


# --- commented defaults ----------------------------------------------------------------------


def default_yaml() -> str:
    """All settings with their defaults, each under a comment."""
    head = (
        "All settings with their defaults: the default study. A study file needs only what "
        f"differs. Generated by `{_COMMAND}` from qkepipe/study/config.py; edit that instead."
    )
    lines = [*_comment(head, 0), ""]
    for name, field in Config.model_fields.items():
        lines += [*_setting(name, field, 0), ""]
    return "\n".join(lines).rstrip() + "\n"


def _setting(name: str, field: FieldInfo, depth: int) -> Iterator[str]:
    blocks = _blocks(field.annotation)
    pad = "  " * depth
    if not blocks:
        yield from _comment(_sentence(field), depth)
        yield f"{pad}{name}: {_default(field)}"
    elif _is_list(field.annotation):
        yield from _comment(field.description, depth)
        for block in blocks:
            yield from _comment("Keys of an entry" + _when(block) + ":", depth)
            for key, inner in block.model_fields.items():
                yield from _comment(f"  {key}: {_sentence(inner)}", depth)
        yield f"{pad}{name}:"
        for entry in field.get_default():
            yield f"{pad}  - {_scalar(entry)}"
    else:
        yield from _comment(field.description, depth)
        yield f"{pad}{name}:"
        for key, inner in blocks[0].model_fields.items():
            yield from _setting(key, inner, depth + 1)


def _when(block: type[BaseModel]) -> str:
    scheme = block.model_fields.get("scheme")
    return f" with scheme {_choices(scheme.annotation)[0]}" if scheme is not None else ""


def _sentence(field: FieldInfo) -> str:
    """Description with unit, bounds and allowed values."""
    facts = [f"unit {_unit(field)}"] if _unit(field) else []
    if _bounds(field):
        facts.append(_bounds(field))
    choices = _choices(field.annotation)
    if len(choices) > 1 or (choices and _bounds(field)):
        words = "or " if _bounds(field) else "one of "
        facts.append(words + ", ".join(map(str, choices)))
    return f"{field.description} [{'; '.join(facts)}]" if facts else field.description


def _comment(text: str, depth: int) -> list[str]:
    prefix = "  " * depth + "# "
    indent = " " * (len(text) - len(text.lstrip()))
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=prefix,
        subsequent_indent=prefix + indent + ("  " if indent else ""),
        break_long_words=False,
        break_on_hyphens=False,
    )


# --- schema and table ------------------------------------------------------------------------


def json_schema() -> str:
    """JSON schema of a study file, for editors."""
    content = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Config.model_json_schema(),
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def reference_table() -> str:
    """Markdown tables of all settings, one for each block."""
    lines = [
        "# Configuration reference",
        "",
        f"Generated by `{_COMMAND}` from `qkepipe/study/config.py`. A study file needs only the",
        "settings that differ from the defaults; unknown keys are refused.",
    ]
    for title, text, model in _tables():
        lines += [
            "",
            f"## {title}",
            "",
            text,
            "",
            "| key | type | default | unit | allowed | meaning |",
            "|---|---|---|---|---|---|",
            *(_row(name, field) for name, field in model.model_fields.items()),
        ]
    return "\n".join(lines) + "\n"


def _tables() -> Iterator[tuple[str, str, type[BaseModel]]]:
    yield "Study", "Top level of the file.", Config
    todo = [(name, field) for name, field in Config.model_fields.items()]
    while todo:
        name, field = todo.pop(0)
        for block in _blocks(field.annotation):
            entry = f"[]{_when(block)}" if _is_list(field.annotation) else ""
            yield f"`{name}`{entry and ' entries' + _when(block)}", block.__doc__, block
            todo += [(f"{name}.{key}", inner) for key, inner in block.model_fields.items()]


def _row(name: str, field: FieldInfo) -> str:
    if _blocks(field.annotation):
        cells = ["list" if _is_list(field.annotation) else "block", "", "", "see below"]
    else:
        choices = ", ".join(f"`{c}`" for c in _choices(field.annotation))
        default = f"`{_default(field)}`" if not field.is_required() else "required"
        allowed = " or ".join(part for part in (_bounds(field), choices) if part)
        cells = [_kind(field.annotation), default, _unit(field), allowed]
    return f"| `{name}` | " + " | ".join([*cells, field.description]) + " |"


# --- variables -------------------------------------------------------------------------------


def variable_table() -> str:
    """Markdown table of all variables of :mod:`qkepipe.schema`."""
    rows = ["| variable | unit | dimensions | range | meaning |", "|---|---|---|---|---|"]
    for name, variable in schema.VARIABLES.items():
        dims = ", ".join(f"[{d}]" if d in variable.optional else d for d in variable.dims)
        meaning = variable.long_name.replace("|", r"\|") + " (may be missing)" * variable.missing
        cells = [f"`{name}`", variable.units, dims, _range(variable.low, variable.high), meaning]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def _range(low: float, high: float) -> str:
    if math.isfinite(low) and math.isfinite(high):
        return f"{low:g} to {high:g}"
    if math.isfinite(low):
        return f"from {low:g}"
    return f"up to {high:g}" if math.isfinite(high) else ""


def with_variables(page: str) -> str:
    """Page with the table of variables between its marks.

    Raises
    ------
    ValueError
        If the page does not have the marks once.
    """
    text, count = _MARKS.subn(lambda found: found[1] + variable_table() + found[2], page)
    if count != 1:
        raise ValueError(f"{count} places for the table of variables; expected 1")
    return text


# --- command ---------------------------------------------------------------------------------


def main(arguments: list[str] | None = None) -> int:
    """Rewrite the generated files, or compare them with ``--check``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="print what is stale and fail")
    parser.add_argument("--root", type=Path, default=Path(), help="repository (default: here)")
    options = parser.parse_args(arguments)
    page = (options.root / _DATA_MODEL).read_text(encoding="utf-8")
    stale = []
    for name, text in {**documents(), _DATA_MODEL: with_variables(page)}.items():
        path = options.root / name
        present = path.read_text(encoding="utf-8") if path.exists() else ""
        if present == text:
            continue
        stale.append(name)
        if options.check:
            lines = difflib.unified_diff(
                present.splitlines(), text.splitlines(), name, f"{name} (generated)", lineterm=""
            )
            print("\n".join(lines))
        else:
            write_text(path, text)
            print("wrote", name)
    if stale and options.check:
        print(f"stale: {', '.join(stale)}; run `{_COMMAND}`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
