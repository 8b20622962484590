"""Where, how and how fast neutrino flavour is unstable.

:func:`screen` makes the stability map of a field, :func:`growth_rate` solves the dispersion
relation of given beams, :func:`fastest_mode` finds the mode that seeds and checks a global
solve. A new instability is one file and one line in :mod:`qkepipe.registered`.
"""

from qkepipe.stability.dispersion import SECTORS, growth_rate
from qkepipe.stability.instability import Instability, Kind
from qkepipe.stability.lsa import fastest_mode, mode_at
from qkepipe.stability.registry import INSTABILITIES
from qkepipe.stability.screen import screen

__all__ = [
    "INSTABILITIES",
    "SECTORS",
    "Instability",
    "Kind",
    "fastest_mode",
    "growth_rate",
    "mode_at",
    "screen",
]
