"""What is wrong with a column map: one line per defect."""

from __future__ import annotations

import re

from qkepipe import units
from qkepipe.errors import Defect, QkepipeError, nearest
from qkepipe.snapshot.closure import CLOSURES
from qkepipe.snapshot.columns import (
    FRACTIONS,
    FRAMES,
    MOMENTS,
    NAMES,
    PER_BARYON_MOMENTS,
    POTENTIALS,
    Column,
    ColumnMap,
    conversion,
    dimension,
)
from qkepipe.species import SPECIES

__all__ = ["closure_defects", "column_defects", "map_defects"]


def column_defects(c: Column, source: str) -> list[Defect]:
    where = f"column {c.column} ({c.name})"

    def defect(problem, expected="", hint=""):
        return Defect(source, where, problem, expected, hint)

    found = []
    if isinstance(c.column, bool) or not isinstance(c.column, int) or c.column < 1:
        found.append(defect(f"column = {c.column!r}", "a number from 1"))
    if c.name not in NAMES:
        return [*found, defect("unknown name", hint=nearest(str(c.name), NAMES))]
    if c.name == "index":
        return found
    if c.unit is None:
        found.append(defect("column without unit", f"unit, such as {_example(c)}"))
    else:
        try:
            conversion(c, source)
        except QkepipeError as error:
            found += error.defects
    if c.name in MOMENTS and c.species not in SPECIES:
        found.append(defect(f"species = {c.species!r}", "one of " + ", ".join(SPECIES)))
    if c.name not in MOMENTS and c.species is not None:
        found.append(defect("species of a quantity that is no neutrino moment", "no species"))
    if c.per_baryon and c.name not in (*PER_BARYON_MOMENTS, *FRACTIONS):
        found.append(
            defect("per_baryon", "only for " + ", ".join([*PER_BARYON_MOMENTS, *FRACTIONS]))
        )
    number = isinstance(c.rest_mass, int | float) and not isinstance(c.rest_mass, bool)
    if c.name in POTENTIALS and not (c.rest_mass in ("included", "excluded") or number):
        found.append(
            defect(f"rest_mass = {c.rest_mass!r}", "included, excluded, or the mass in MeV that "
                   "the file subtracts")
        )  # fmt: skip
    return found


def _example(c: Column) -> str:
    return repr(next(u for u in units.TO_PROJECT[dimension(c)] if u))


def map_defects(m: ColumnMap) -> list[Defect]:
    """Contradictions between the entries of a map."""
    found = _type_defects(m)
    if found:
        return found
    seen: dict[tuple, int] = {}
    for c in m.columns:
        key = (c.name, c.species)
        if key in seen:
            found.append(
                Defect(m.source, f"columns {seen[key]} and {c.column}",
                       f"both are {c.name}{' of ' + c.species if c.species else ''}", "one column")
            )  # fmt: skip
        seen[key] = c.column
    names = {c.name for c in m.columns}
    moments = [n for n in MOMENTS if n in names]
    for name in moments:
        absent = [s for s in SPECIES[:3] if (name, s) not in seen]
        if absent:
            found.append(
                Defect(m.source, name, f"no column for {', '.join(absent)}",
                       "nue, nuebar and nux (nuxbar = nux where it has no column)")
            )  # fmt: skip
    if moments and m.frame not in FRAMES:
        found.append(
            Defect(m.source, "frame", f"{m.frame!r}, but there are neutrino columns",
                   "one of " + ", ".join(FRAMES))
        )  # fmt: skip
    found += closure_defects(m.closure, names, m.source)
    per_baryon = {c.name for c in m.columns if c.per_baryon and c.name in FRACTIONS}
    if "x_heavy" in per_baryon and not {"x_n", "x_p", "x_alpha", "ye"} <= names:
        found.append(
            Defect(m.source, "x_heavy", "number of nuclei per baryon, but not all of "
                   "x_n, x_p, x_alpha, ye have a column", "all of them: mass and charge of the "
                   "nuclei are what remains")
        )  # fmt: skip
    if not isinstance(m.heavy_multiplicity, int) or m.heavy_multiplicity not in (1, 2, 4):
        found.append(
            Defect(m.source, "heavy_multiplicity", f"{m.heavy_multiplicity!r}", "1, 2 or 4")
        )
    for key, allowed in (
        ("baryon_mass", ("g", "MeV")),
        ("time", tuple(units.TO_PROJECT["time"])),
    ):
        given = getattr(m, key)
        if given is None:
            continue
        ok = isinstance(given, dict) and set(given) in ({"value", "unit"}, {"header", "unit"})
        if not ok or given["unit"] not in allowed:
            found.append(
                Defect(m.source, key, f"{given!r}", "{value: number, unit: U} or "
                       f"{{header: pattern, unit: U}} with U one of {', '.join(allowed)}")
            )  # fmt: skip
    return found


def _type_defects(m: ColumnMap) -> list[Defect]:
    """Values of the wrong type, and patterns that are none."""
    types = {
        "comment": str, "delimiter": str | None, "skip": int, "total": int | None,
        "citation": str, "simulation": str | dict, "frame": str | None, "closure": str | None,
    }  # fmt: skip
    found = [
        Defect(m.source, key, f"{getattr(m, key)!r}", f"{getattr(kind, '__name__', kind)}")
        for key, kind in types.items()
        if not isinstance(getattr(m, key), kind)
        or (key in ("comment", "delimiter") and getattr(m, key) == "")
    ]
    for key in ("baryon_mass", "time", "simulation"):
        given = getattr(m, key)
        if not isinstance(given, dict) or "header" not in given:
            continue
        try:
            groups = re.compile(given["header"]).groups
        except (re.error, TypeError):
            groups = 0
        if groups != 1:
            found.append(
                Defect(m.source, key, f"{given['header']!r}", "a regular expression with one group")
            )
    return found


def closure_defects(closure: str | None, names, source: str) -> list[Defect]:
    """Defects of a closure that shall give the fluxes of the named variables."""
    if closure is None:
        return []
    if closure not in CLOSURES:
        return [
            Defect(source, "closure", f"unknown {closure!r}", "one of " + ", ".join(CLOSURES),
                   nearest(str(closure), CLOSURES))
        ]  # fmt: skip
    given = [n for n in ("nu_number_flux", "nu_energy_flux") if n in names]
    if given:
        return [Defect(source, "closure", f"{closure}, but the file has {', '.join(given)}",
                       "no closure")]  # fmt: skip
    absent = [n for n in ("nu_eddington", "nu_number_density") if n not in names]
    if absent:
        return [Defect(source, "closure", f"{closure}, but no column is {', '.join(absent)}",
                       "nu_eddington and nu_number_density")]  # fmt: skip
    return []
