"""The registered instabilities: one line for each file, in the order of evaluation."""

from __future__ import annotations

from qkepipe.stability import collisional, fast, gradient, resonance, slow
from qkepipe.stability.instability import Instability

__all__ = ["INSTABILITIES"]

#: Instabilities by name; the map is assembled from them.
INSTABILITIES: dict[str, Instability] = {
    i.name: i
    for i in (
        fast.INSTABILITY,
        collisional.INSTABILITY,
        slow.INSTABILITY,
        resonance.INSTABILITY,
        gradient.INSTABILITY,
    )
}
