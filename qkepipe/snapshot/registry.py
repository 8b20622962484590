"""The registered readers, from the lines of :mod:`qkepipe.registered`."""

from __future__ import annotations

from qkepipe import registered
from qkepipe.errors import Defect, QkepipeError, nearest
from qkepipe.snapshot.reader import Reader

__all__ = ["READERS", "get_reader"]

#: Readers by name.
READERS: dict[str, Reader] = {
    name: registered.load(entry) for name, entry in registered.READERS.items()
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
