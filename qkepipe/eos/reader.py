"""What a reader of equation-of-state tables is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from qkepipe.eos.nodes import Nodes

__all__ = ["EosReader"]


@dataclass(frozen=True)
class EosReader:
    """One format.

    Attributes
    ----------
    name : str
        The word for ``background.eos.format``.
    doc : str
        One line for lists of readers.
    read : callable
        ``read(path) -> Nodes``, as it stands in the file.
    """

    name: str
    doc: str
    read: Callable[[Path], Nodes]
