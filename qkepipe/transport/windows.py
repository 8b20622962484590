"""Windows of r in which rows of the state are worked on, and their rows in a tile."""

from __future__ import annotations

__all__ = ["HALO", "LANES", "NEIGHBOURS", "ROW"]

#: Cells of a window.
LANES = 256
#: Neighbours at either end of a window: a face just outside of it needs its cell and two more.
NEIGHBOURS = 3
#: Places before the first cell of a row in a tile: room for the neighbours, and aligned.
HALO = 8
#: Length of a row in a tile.
ROW = LANES + 2 * HALO
