"""The registered figures, one file each, from the lines of :mod:`qkepipe.registered`."""

from __future__ import annotations

from qkepipe import registered
from qkepipe.report.figure import Figure

__all__ = ["FIGURES"]

#: Figures by name, in the order of the report.
FIGURES: dict[str, Figure] = {
    name: registered.load(entry) for name, (entry, _) in registered.FIGURES.items()
}
