"""The registered readers: one file and one line for each format."""

from __future__ import annotations

from qkepipe.errors import Defect, QkepipeError, nearest
from qkepipe.snapshot.reader import Reader
from qkepipe.snapshot.readers import analytic, canonical, delimited, nsy

__all__ = ["READERS", "get_reader"]

#: Readers by name.
READERS: dict[str, Reader] = {
    reader.name: reader
    for reader in (canonical.READER, delimited.READER, nsy.READER, analytic.READER)
}


def get_reader(name: str, source: str = "snapshot") -> Reader:
    """Return a registered reader.

    Raises
    ------
    QkepipeError
        If there is none of this name.
    """
    if name not in READERS:
        raise QkepipeError(
            Defect(
                source,
                "format",
                f"unknown reader {name!r}",
                "auto, " + ", ".join(READERS),
                nearest(name, ["auto", *READERS]),
            )
        )
    return READERS[name]
