"""Column maps from YAML files, and the maps of the package."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from pathlib import Path

import yaml

from qkepipe.errors import Defect, QkepipeError, nearest
from qkepipe.snapshot.column_checks import column_defects, map_defects
from qkepipe.snapshot.columns import Column, ColumnMap
from qkepipe.snapshot.files import read_text

__all__ = ["MAPS", "load_map", "shipped_maps"]

#: Folder of the maps of the package.
MAPS = Path(__file__).parent / "maps"


@cache
def shipped_maps() -> dict[str, ColumnMap]:
    """Maps of the package by name."""
    return {p.stem: _load(p) for p in sorted(MAPS.glob("*.yaml"))}


def load_map(which: str | Path) -> ColumnMap:
    """Return a map by the name of a shipped one, or from a YAML file.

    Raises
    ------
    QkepipeError
        For an unknown name, a file that is no YAML, or a map that is incomplete or
        contradicts itself; one line per defect.
    """
    if str(which) in shipped_maps():
        return shipped_maps()[str(which)]
    path = Path(which)
    if not path.exists() and path.suffix.lower() not in (".yaml", ".yml"):
        raise QkepipeError(
            Defect(str(which), "map", "no file and no map of the package",
                   "a YAML file, or one of " + ", ".join(shipped_maps()))
        )  # fmt: skip
    return _load(path)


def _load(path: Path) -> ColumnMap:
    source = str(path)
    try:
        given = yaml.safe_load(read_text(path))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else ""
        raise QkepipeError(
            Defect(source, where, f"not YAML: {getattr(error, 'problem', error)}")
        ) from error
    if not isinstance(given, dict) or not isinstance(given.get("columns"), list):
        raise QkepipeError(
            Defect(source, "columns", "missing", "a list of {column, name, unit} entries")
        )
    found: list[Defect] = []
    columns = [_column(entry, i, source, found) for i, entry in enumerate(given.pop("columns"))]
    known = [f.name for f in fields(ColumnMap) if f.name not in ("columns", "source")]
    for key in given:
        if key not in known:
            found.append(Defect(source, str(key), "unknown key", hint=nearest(str(key), known)))
    if found:
        raise QkepipeError(found)
    result = ColumnMap(columns=columns, source=source, **given)
    found = map_defects(result)
    if found:
        raise QkepipeError(found)
    return result


def _column(entry, position: int, source: str, found: list[Defect]) -> Column | None:
    """One entry of the list; its defects are appended to ``found``."""
    where = f"columns[{position}]"
    if not isinstance(entry, dict):
        found.append(Defect(source, where, f"{entry!r}", "{column, name, unit}"))
        return None
    known = [f.name for f in fields(Column)]
    unknown = [k for k in entry if k not in known]
    for key in unknown:
        found.append(Defect(source, f"{where}.{key}", "unknown key", hint=nearest(str(key), known)))
    for key in ("column", "name"):
        if key not in entry:
            found.append(Defect(source, f"{where}.{key}", "missing", "{column, name, unit}"))
    if unknown or not {"column", "name"} <= set(entry):
        return None
    column = Column(**{**entry, "unit": None if "unit" not in entry else str(entry["unit"])})
    for key, kind in (("name", str), ("header", str | None), ("log10", bool),
                      ("per_baryon", bool), ("scale", int | float)):  # fmt: skip
        value = getattr(column, key)
        if not isinstance(value, kind) or (key == "scale" and isinstance(value, bool)):
            found.append(
                Defect(source, f"{where}.{key}", f"{value!r}", getattr(kind, "__name__", str(kind)))
            )
            return None
    found += column_defects(column, source)
    return column
