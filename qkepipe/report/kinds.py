"""One colour and words for every kind of instability, the same in all reports."""

from __future__ import annotations

from qkepipe.report.style import (
    BLACK,
    BLUE,
    GREEN,
    LIGHT_BLUE,
    ORANGE,
    PURPLE,
    VERMILION,
    YELLOW,
)  # fmt: skip

__all__ = ["kind_colors", "kind_words"]

#: Colours of the kinds that have their own; others take the spare ones in order.
_OWN = {
    "unknown": "#444444", "none": "#E4E4E4", "resonance_candidate": LIGHT_BLUE, "slow": GREEN,
    "collisional": BLUE, "collisional_resonance": PURPLE, "fast": VERMILION,
}  # fmt: skip
_SPARE = (ORANGE, YELLOW, BLACK)


def kind_colors(kinds) -> dict[str, str]:
    """Colour of each kind."""
    others = [kind for kind in kinds if kind not in _OWN]
    spare = {kind: _SPARE[i % len(_SPARE)] for i, kind in enumerate(others)}
    return {kind: _OWN.get(kind) or spare[kind] for kind in kinds}


def kind_words(kind: str) -> str:
    """Name of a kind as readers see it."""
    return kind.replace("_", " ")
