"""Write tables as text: full double precision, equal runs give equal bytes."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import xarray as xr

from qkepipe.diagnostics.comparison import COLUMNS

__all__ = ["to_csv"]


def to_csv(table: xr.Dataset, path, columns: tuple[str, ...] = COLUMNS) -> None:
    """Write a table in a fixed order of columns, by default that of ``comparison.csv``.

    Parameters
    ----------
    table : Dataset
        Over ``row``, as :func:`qkepipe.diagnostics.compare` gives it.
    path : str or Path
        Numbers are the shortest text that reads back to the same double; missing numbers
        are empty. Lines end with a line feed on every system.
    columns : tuple of str
    """
    texts = [[_text(v) for v in table[name].values] for name in columns]
    with open(Path(path), "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*texts, strict=True))


def _text(value) -> str:
    if isinstance(value, str):
        return value
    number = float(value)
    return "" if np.isnan(number) else repr(number)
