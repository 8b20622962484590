"""The numbers of a figure: every curve is drawn through :class:`Plotted`, which keeps them.

So the table beside a figure holds exactly what the figure shows.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from qkepipe.runtime import write_text

__all__ = ["Plotted", "write_csv"]


class Plotted:
    """Columns of plotted numbers with their units.

    Curves over the same abscissa share one column of it; columns of different length are
    filled with blanks.
    """

    def __init__(self):
        self._columns: dict[str, np.ndarray] = {}
        self._units: dict[str, str] = {}

    def add(self, name: str, units: str, values) -> str:
        """Keep a column and return the name it got (a number is added where it is taken)."""
        values = np.atleast_1d(np.asarray(values, dtype=float))
        label, count = name, 1
        while label in self._columns:
            if np.array_equal(self._columns[label], values, equal_nan=True):
                return label
            count += 1
            label = f"{name}_{count}"
        self._columns[label], self._units[label] = values, units
        return label

    def line(self, axis, x: tuple, y: tuple, **style):
        """Draw a curve; ``x`` and ``y`` are (name, units, values)."""
        labels = self.add(*x), self.add(*y)
        (line,) = axis.plot(self._columns[labels[0]], self._columns[labels[1]], **style)
        line.set_gid("|".join(labels))
        return line

    def mesh(
        self, axis, x: tuple, y: tuple | None, corners, values: tuple, parts: int = 1, **style
    ) -> None:
        """Draw cells in colours, as pixels also inside a vector file.

        ``x`` and ``y`` are (name, units, centres of the cells) and ``values`` (name, units,
        array); ``y`` is None for a strip. ``corners`` are those of the cells in both
        directions, each cut in ``parts`` along the first axis.
        """
        for name, units, centres in (x, y) if y is not None else (x,):
            self.add(name, units, np.ravel(centres))
        name, units, array = values
        label = self.add(name, units, np.ravel(array))
        drawn = axis.pcolormesh(*corners, np.repeat(array, parts, axis=0), rasterized=True, **style)
        drawn.set_gid(label)

    def band(self, axis, x: tuple, low: tuple, high: tuple, **style) -> None:
        """Fill between two curves."""
        labels = [self.add(*c) for c in (x, low, high)]
        axis.fill_between(*(self._columns[c] for c in labels), linewidth=0.0, **style)

    def errorbar(self, axis, x: tuple, y: tuple, error: tuple, **style) -> None:
        """Draw points with error bars; missing errors give a point alone."""
        labels = [self.add(*c) for c in (x, y, error)]
        values = [self._columns[c] for c in labels]
        container = axis.errorbar(values[0], values[1], yerr=np.nan_to_num(values[2]), **style)
        container.lines[0].set_gid("|".join(labels[:2]))

    def level(self, axis, value: tuple, **style) -> None:
        """Draw a horizontal line; ``value`` is (name, units, number)."""
        label = self.add(*value)
        line = axis.axhline(float(self._columns[label][0]), **style)
        line.set_gid(label)

    def shade(self, axis, name: str, units: str, low: float, high: float, **style) -> None:
        """Shade a range of the abscissa."""
        self.add(f"{name}_from", units, low)
        self.add(f"{name}_to", units, high)
        axis.axvspan(low, high, linewidth=0.0, **style)

    def frame(self) -> pd.DataFrame:
        """The table; ``frame.attrs["units"]`` maps column to unit."""
        table = pd.DataFrame({name: pd.Series(v) for name, v in self._columns.items()})
        table.attrs["units"] = dict(self._units)
        return table


def write_csv(table: pd.DataFrame, path: Path) -> Path:
    """Write a table: a comment line with the units, a header line, the numbers."""
    units = table.attrs["units"]
    head = "# units: " + ", ".join(units[name] for name in table.columns) + "\n"
    write_text(path, head + table.to_csv(index=False, lineterminator="\n"))
    return path
