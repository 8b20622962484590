"""Work space of the kernels of three flavours: a tile of cells, the rows one behind the other.

Rows of an array whose length is not known to the compiler may overlap, as far as it can see,
and 36 of them are too many to be compared at run time: a loop over cells would not be vectorised.
In a flat array with rows of fixed length it is.
"""

from __future__ import annotations

from qkepipe.jit import jit

__all__ = ["LANES", "MATRIX", "RESULT", "STEP", "TILE_SIZE", "load", "load_periodic", "load_rows",
           "store"]  # fmt: skip

#: Cells of a tile.
LANES = 64
#: Places of the rows of a Hermitian matrix (9), of a step (18), and again of a matrix (9).
MATRIX = 0
STEP = 9 * LANES
RESULT = 27 * LANES
#: Length of a tile.
TILE_SIZE = 36 * LANES


@jit
def load(rows, lo, count, t, start):
    """Copy ``count`` cells from ``lo`` of all rows into the tile, from ``start``."""
    for k in range(rows.shape[0]):
        row = rows[k, lo : lo + count]
        for i in range(count):
            t[start + k * LANES + i] = row[i]


@jit
def load_periodic(rows, lo, count, t, start):
    """As :func:`load`, of rows that repeat along the cells."""
    period = rows.shape[1]
    i = 0
    while i < count:
        first = (lo + i) % period
        length = min(count - i, period - first)
        for k in range(rows.shape[0]):
            row = rows[k, first : first + length]
            place = start + k * LANES + i
            cells = t[place : place + length]
            for j in range(length):
                cells[j] = row[j]
        i += length


@jit
def load_rows(rows, repeat, lo, count, t, start):
    """As :func:`load`, of rows whose values each belong to ``repeat`` cells in succession."""
    i = 0
    while i < count:
        at = (lo + i) // repeat
        length = min(count - i, (at + 1) * repeat - lo - i)
        for k in range(rows.shape[0]):
            value = rows[k, at]
            place = start + k * LANES + i
            cells = t[place : place + length]
            for j in range(length):
                cells[j] = value
        i += length


@jit
def store(t, start, rows, lo, count):
    """Copy from the tile into ``count`` cells from ``lo`` of all rows."""
    for k in range(rows.shape[0]):
        row = rows[k, lo : lo + count]
        for i in range(count):
            row[i] = t[start + k * LANES + i]
