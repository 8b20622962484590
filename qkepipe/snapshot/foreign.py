"""Files that are no snapshot, recognised so that the refusal can say what they are."""

from __future__ import annotations

import re
from pathlib import Path

import netCDF4

from qkepipe.errors import Defect
from qkepipe.snapshot.files import HDF5, head, is_text
from qkepipe.snapshot.text import header_labels

__all__ = ["recognise"]

#: Label of a column of times, and of a column that only trajectories carry with it.
_TIME = re.compile(r"^(t|time)\b\s*([\[(/_]?\s*(s|sec|ms)\s*[\])]?)?$", re.IGNORECASE)
_STATE = re.compile(r"\b(t9|temp\w*|t\s*[\[(]?\s*(gk|k|mev))\b|\brho\b|dens", re.IGNORECASE)
_GR1D = re.compile(r'^\s*"Time =')


def recognise(path: Path) -> Defect | None:
    """Say what a file is that no reader takes; None where that is unknown.

    Parameters
    ----------
    path : path

    Returns
    -------
    Defect or None
        For nucleosynthesis trajectories (a column of times), HDF5 and other binary files,
        GR1D output.
    """
    path = Path(path)
    source = str(path)
    data = head(path)
    if data.startswith(HDF5):
        return Defect(source, "", f"HDF5 file, but no canonical snapshot: {_hdf5_names(path)}",
                      "netCDF-4 with rho, temperature, ye, r", "converting it")  # fmt: skip
    if not is_text(data):
        return Defect(source, "", "binary data: foreign format, or byte order of another machine?",
                      "netCDF or text")  # fmt: skip
    text = data.decode("latin-1")
    if _GR1D.match(text):
        return Defect(source, "", "one variable of GR1D output; there is no reader for it",
                      "a table with all variables and a column map")  # fmt: skip
    if _is_trajectory(text):
        return Defect(source, "", "not a snapshot: rows are times (a nucleosynthesis trajectory "
                      "of one fluid element?)", "one row per zone at one time")  # fmt: skip
    return None


def _hdf5_names(path: Path) -> str:
    """What an HDF5 file has, as far as that can be read."""
    try:
        with netCDF4.Dataset(path) as opened:
            names = sorted([*opened.variables, *opened.groups])
    except (OSError, RuntimeError, ValueError):
        return "it cannot be opened (truncated?)"
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return f"it has {', '.join(names[:6]) or 'no variables'}{more}"


def _is_trajectory(text: str) -> bool:
    """Whether a column is labelled as time, and another as the state of matter."""
    for labels in _label_rows(text):
        rest = [label for label in labels if not _TIME.match(label)]
        if len(rest) < len(labels) and any(_STATE.search(label) for label in rest):
            return True
    return False


def _label_rows(text: str):
    """Rows of column labels in the header: numbered lines, or one line of several words."""
    lines = text.splitlines()
    header = []
    for line in lines:
        words = line.strip().lstrip("#!%").replace(",", " ").split()
        if words and all(_is_number(w) for w in words):
            break
        header.append(line.strip().lstrip("#!%").strip())
    numbered = header_labels(header)
    if numbered:
        yield list(numbered.values())
    for line in header:
        # units belong to the word before them
        joined = re.sub(r"\s+(?=[\[(])", "", line)
        joined = re.sub(r"\b\d+\s*[:.=)]\s*", " ", joined)
        words = [w for w in re.split(r"[\s,;|]+", joined) if w]
        if "=" not in line:
            yield words


def _is_number(word: str) -> bool:
    try:
        float(word.replace("D", "E").replace("d", "e"))
    except ValueError:
        return False
    return True
