"""Reading a configuration: files, defaults, and one line for each thing that is wrong."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from qkepipe.errors import Defect, QkepipeError, nearest
from qkepipe.study.cases import expand_cases
from qkepipe.study.config import Config, EosBlock, SnapshotEntry

__all__ = ["config_warnings", "eos_files", "load_config", "read_config", "snapshot_files"]

#: Source named where no configuration file holds the key.
_COMMAND_LINE = "configuration"

#: What was expected, by kind of error of pydantic, filled from its context.
_EXPECTED = {
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "too_short": "at least {min_length} entries",
    "finite_number": "a finite number",
    "float_parsing": "a number",
    "float_type": "a number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "string_type": "text",
    "string_pattern_mismatch": "letters, digits, _ and -, starting with a letter or digit",
    "list_type": "a list",
    "dict_type": "a block of keys",
    "model_type": "a block of keys",
    "model_attributes_type": "a block of keys",
    "literal_error": "{expected}",
    "union_tag_invalid": "{expected_tags}",
    "union_tag_not_found": "qke, bgk or threshold",
}


def read_config(path: str | Path) -> Config:
    """Read a study file.

    Raises
    ------
    QkepipeError
        One line per defect.
    """
    path = Path(path)
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise QkepipeError(Defect(str(path), "", f"cannot be read ({error.strerror})")) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise QkepipeError(Defect(str(path), "", f"is not YAML ({error})")) from None
    return load_config({} if raw is None else raw, [path])


def load_config(raw: Any, files: Sequence[str | Path] = ()) -> Config:
    """Check a configuration and fill in the defaults.

    Parameters
    ----------
    raw : mapping
        Merged configuration as read.
    files : sequence of path
        Files it was merged from, later ones win; they are named in messages.

    Returns
    -------
    Config

    Raises
    ------
    QkepipeError
        One line per defect: file, key, value, what was expected, nearest valid key.
    """
    contents = _contents(files)
    try:
        return Config.model_validate(raw)
    except ValidationError as error:
        raise QkepipeError([_defect(item, contents) for item in error.errors()]) from None


def config_warnings(config: Config) -> list[Defect]:
    """What is allowed but doubtful; goes to the log and into the provenance."""
    if config.field != "transport":
        if "cases" not in config.model_fields_set:
            return []
        return [
            Defect(
                _COMMAND_LINE,
                "cases",
                f"do not run with field: {config.field}",
                "field: transport, from whose steady state runs start",
                severity="warning",
            )
        ]
    limit = config.grid.resolve_xi
    return [
        Defect(
            _COMMAND_LINE,
            f"case {case.name}",
            f"xi = {case.xi:g} is above grid.resolve_xi = {limit:g}, so its oscillation "
            "length may not be resolved",
            severity="warning",
        )
        for case in expand_cases(config)
        if case.xi is not None and case.xi > limit
    ]


def snapshot_files(entry: SnapshotEntry) -> list[str]:
    """Files that a snapshot is read from, sorted; none for the embedded model.

    Raises
    ------
    QkepipeError
        If there is no such file.
    """
    return _files(entry.path, f"snapshots ({entry.name}): path")


def eos_files(block: EosBlock) -> list[str]:
    """Files of the equation-of-state table, sorted; none where there is no table.

    Raises
    ------
    QkepipeError
        If there is no such file.
    """
    return _files(block.path, "background.eos.path")


def _files(given: str | None, key: str) -> list[str]:
    """A file, or all files below a folder."""
    if given is None:
        return []
    path = Path(given)
    found = sorted(str(p) for p in path.rglob("*") if p.is_file()) if path.is_dir() else []
    if found or path.is_file():
        return found or [given]
    raise QkepipeError(
        Defect(
            _COMMAND_LINE,
            key,
            "is an empty folder" if path.is_dir() else "no such file",
            hint=f"{given!r} seen from the working directory {Path.cwd()}",
        )
    )


# --- messages --------------------------------------------------------------------------------


def _contents(files: Iterable[str | Path]) -> list[tuple[str, Any]]:
    """Name and content of each readable file, the strongest first."""
    out = []
    for path in files:
        try:
            out.append((str(path), yaml.safe_load(Path(path).read_text(encoding="utf-8"))))
        except (OSError, yaml.YAMLError, UnicodeDecodeError):
            out.append((str(path), None))
    return out[::-1]


def _defect(item: Mapping, contents: list[tuple[str, Any]]) -> Defect:
    """One line from one error of pydantic."""
    kind, context = item["type"], item.get("ctx", {})
    keys, model = _walk(item["loc"])
    key = _key_path(keys)
    source = _source(keys, contents)
    if kind == "extra_forbidden":
        names = model.model_fields if model is not None else ()
        return Defect(source, key, f"unknown key ({nearest(str(keys[-1]), names)})")
    if kind == "missing":
        return Defect(source, key, "missing", _describe(model, keys[-1]))
    if kind == "value_error":
        problem, _, expected = str(context["error"]).partition("; expected ")
        return Defect(source, key, problem, expected)
    value = item["input"]
    if kind == "union_tag_not_found":
        key, value = f"{key}.scheme", None
    problem = "missing" if value is None and kind == "union_tag_not_found" else f"{value!r}"
    if kind == "union_tag_invalid":
        key, problem = f"{key}.scheme", repr(context["tag"])
    expected = _EXPECTED.get(kind, item["msg"]).format(**context)
    choices = [c.strip(" '") for c in expected.replace(" or ", ",").split(",")]
    if kind in ("literal_error", "union_tag_invalid"):
        close = nearest(str(context.get("tag", value)), choices)
        problem += f" ({close})" if close.startswith("did you mean") else ""
    return Defect(source, key, problem, expected)


def _walk(location: Sequence) -> tuple[list, type[BaseModel] | None]:
    """Key path without the tags of unions, and the model that holds its last key."""
    keys: list = []
    model: Any = Config
    holder: type[BaseModel] | None = None
    for part in location:
        if isinstance(model, list):
            # a union of models: this part is the tag
            model = next((m for m in model if part in _tags(m)), None)
            continue
        keys.append(part)
        holder = model if isinstance(model, type) and issubclass(model, BaseModel) else None
        if isinstance(part, int):
            model = _inner(model)
        elif holder is not None and part in holder.model_fields:
            model = _inner(holder.model_fields[part].annotation, whole=True)
        else:
            model = None
    return keys, holder


def _tags(model: type[BaseModel]) -> tuple:
    return typing.get_args(model.model_fields["scheme"].annotation)


def _inner(annotation: Any, whole: bool = False) -> Any:
    """Type of a field, or of the entries of a list; a union of models becomes a list of them."""
    if not whole:
        annotation = next(iter(typing.get_args(annotation)), None)
    if typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        models = [
            a
            for a in typing.get_args(annotation)
            if isinstance(a, type) and issubclass(a, BaseModel)
        ]
        return models or annotation
    return annotation


def _describe(model: type[BaseModel] | None, key: Any) -> str:
    field = model.model_fields.get(key) if model is not None else None
    return field.description.rstrip(".") if field is not None and field.description else "a value"


def _key_path(keys: Iterable) -> str:
    text = ""
    for key in keys:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else str(key)
    return text


def _source(keys: Sequence, contents: list[tuple[str, Any]]) -> str:
    """Strongest file that holds the longest part of a key path."""
    best, depth = _COMMAND_LINE, 0
    for name, content in contents:
        found = 0
        for key in keys:
            try:
                content = content[key]
            except (KeyError, IndexError, TypeError):
                break
            found += 1
        if found > depth:
            best, depth = name, found
    if not depth and contents:
        return contents[0][0]
    return best
