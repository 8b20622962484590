"""The door of the room: open a snapshot of any registered format, checked."""

from __future__ import annotations

import json
import math
from pathlib import Path

import xarray as xr

from qkepipe.errors import Defect, QkepipeError, nearest
from qkepipe.registered import MODELS
from qkepipe.schema import defects
from qkepipe.snapshot.checks import clip_noise, snapshot_defects
from qkepipe.snapshot.files import require_file, sha256
from qkepipe.snapshot.foreign import recognise
from qkepipe.snapshot.reader import Reader
from qkepipe.snapshot.registry import READERS, get_reader

__all__ = ["READERS", "lazy_cells", "open_lazy", "open_snapshot", "read_snapshot"]


def open_snapshot(path=None, format: str = "auto", **options) -> xr.Dataset:
    """Open a snapshot and refuse it unless it is sound.

    Parameters
    ----------
    path : path or None
        File, or folder where the format has several files; None for ``analytic``.
    format : str
        Registered reader. ``auto`` takes the one that recognises the file.
    **options
        Options of the reader.

    Returns
    -------
    Dataset
        Canonical snapshot (:mod:`qkepipe.schema`, kind ``snapshot``). Attributes:
        ``source_format``, ``source_file``, ``source_sha256``, ``simulation``, ``frame``,
        ``baryon_mass`` [g], ``history`` (units, options, clips), ``warnings`` (one per
        line). Noise within the limits of the checks is clipped.

    Raises
    ------
    QkepipeError
        One line per defect.
    """
    dataset, found = read_snapshot(path, format, **options)
    errors = [d for d in found if d.severity == "error"]
    if errors:
        raise QkepipeError(errors)
    dataset = clip_noise(dataset)
    warnings = [str(d) for d in found if d.severity == "warning"]
    return dataset.assign_attrs(warnings="\n".join(warnings))


def read_snapshot(path=None, format: str = "auto", **options) -> tuple[xr.Dataset, list[Defect]]:
    """Read a snapshot without refusing what the checks find.

    Parameters
    ----------
    path, format, options
        See :func:`open_snapshot`.

    Returns
    -------
    dataset : Dataset
        As the reader returns it, with provenance.
    defects : list of Defect
        What is wrong with it, all severities.

    Raises
    ------
    QkepipeError
        Where the file cannot be read at all.
    """
    path = None if path is None else Path(path)
    reader = _reader(path, format, options)
    source = str(path) if path is not None else reader.name
    _check_options(reader, options, source)
    dataset = reader.read(path, **options)
    given = [f"{key} = {json.dumps(value, default=str)}" for key, value in options.items()]
    history = [
        dataset.attrs.get("history", ""),
        f"read by qkepipe, format {reader.name}" + (f", options {', '.join(given)}" * bool(given)),
    ]
    dataset.attrs.setdefault("source_file", source)
    if "source_sha256" not in dataset.attrs:
        dataset.attrs["source_sha256"] = sha256(path)
    dataset.attrs["source_format"] = reader.name
    dataset.attrs["history"] = "\n".join(h for h in history if h)
    return dataset, snapshot_defects(dataset, str(dataset.attrs["source_file"]))


def open_lazy(path=None, format: str = "auto", **options) -> xr.Dataset | None:
    """Open a snapshot whose values are loaded when they are used.

    Parameters
    ----------
    path, format, options
        See :func:`open_snapshot`.

    Returns
    -------
    Dataset or None
        With names, axes and units checked, but no values; None where the format cannot be
        opened like this.

    Raises
    ------
    QkepipeError
        One line per defect.
    """
    dataset = _lazy(path, format, options)
    if dataset is not None:
        source = str(dataset.attrs["source_file"])
        found = defects(dataset, "snapshot", source, values=False)
        errors = [d for d in found if d.severity == "error"]
        if errors:
            raise QkepipeError(errors)
    return dataset


def lazy_cells(path=None, format: str = "auto", **options) -> int:
    """Cells in space of the neutrino density of a snapshot that can be opened lazily, else 0."""
    dataset = _lazy(path, format, options)
    if dataset is None:
        return 0
    with dataset:
        density = dataset.get("nu_number_density")
        if density is None:
            return 0
        return math.prod(n for d, n in density.sizes.items() if d not in ("species", "energy"))


def _lazy(path, format: str, options: dict) -> xr.Dataset | None:
    path = None if path is None else Path(path)
    reader = _reader(path, format, options)
    source = str(path) if path is not None else reader.name
    _check_options(reader, options, source)
    if reader.lazy is None:
        return None
    try:
        dataset = reader.lazy(path, **options)
    except OSError:
        # the ordinary reader says what is wrong
        return None
    return dataset.assign_attrs(source_file=source, source_format=reader.name)


def _check_options(reader: Reader, options: dict, source: str) -> None:
    unknown = [key for key in options if key not in reader.options]
    if unknown:
        raise QkepipeError(
            Defect(
                source,
                key,
                f"the reader {reader.name} has no such option",
                ", ".join(reader.options) or "no option",
                _hint(key, reader),
            )
            for key in unknown
        )


def _hint(key: str, reader: Reader) -> str:
    owners = [r.name for r in READERS.values() if key in r.options]
    if owners:
        return f"format {' or '.join(owners)}, which has it"
    return nearest(key, reader.options) if reader.options else ""


def _reader(path: Path | None, format: str, options: dict) -> Reader:
    if format != "auto":
        reader = get_reader(format, str(path) if path is not None else "snapshot")
        computed = reader.name in MODELS
        if computed == (path is not None):
            what = f"takes no file, but {path} is given" if computed else "needs a file"
            raise QkepipeError(Defect("snapshot", "path", f"format {format} {what}"))
        return reader
    if path is None:
        raise QkepipeError(
            Defect("snapshot", "path", "no file given", "a file, or format analytic")
        )
    if not path.is_dir():
        require_file(path)
    scores = {name: reader.sniff(path) for name, reader in READERS.items()}
    found = [name for name, score in scores.items() if score > 0.0]
    if not found and "map" in options:
        # only tables have a map
        found = ["delimited"]
    if len(found) == 1:
        return READERS[found[0]]
    if found:
        raise QkepipeError(
            Defect(str(path), "format", f"several readers take it: {', '.join(found)}",
                   "one format", "naming one of them")
        )  # fmt: skip
    raise QkepipeError(
        (None if path.is_dir() else recognise(path))
        or Defect(str(path), "format", "no reader recognises it",
                  "one of " + ", ".join(READERS),
                  "format delimited with the option map, for a table in text")
    )  # fmt: skip
