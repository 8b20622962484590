"""The registered instabilities, from the lines of :mod:`qkepipe.registered`."""

from __future__ import annotations

from qkepipe import registered
from qkepipe.stability.instability import Instability

__all__ = ["INSTABILITIES"]

#: Instabilities by name, in the order of evaluation; the map is assembled from them.
INSTABILITIES: dict[str, Instability] = {
    name: registered.load(entry) for name, entry in registered.INSTABILITIES.items()
}
