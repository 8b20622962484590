"""Where, how and how fast neutrino flavour is unstable.

:func:`screen` makes the stability map of a field, :func:`growth_rate` solves the dispersion
relation of given beams and :func:`roots` finds all its modes, :func:`analyse` finds the fastest
mode of a gas with continuous angles and :func:`wavenumber_scan` its growth over the wavenumber,
:func:`fastest_mode` finds the mode that seeds and checks a global solve. A new instability is
one file and one line in :mod:`qkepipe.registered`.
"""

from qkepipe.stability.analysis import DRIVERS, Mode, analyse
from qkepipe.stability.dispersion import SECTORS, growth_rate, roots
from qkepipe.stability.instability import Instability, Kind
from qkepipe.stability.lsa import fastest_mode, mode_at
from qkepipe.stability.modes import analyse_cells
from qkepipe.stability.registry import INSTABILITIES
from qkepipe.stability.screen import screen
from qkepipe.stability.wavenumbers import wavenumber_scan

__all__ = [
    "DRIVERS",
    "INSTABILITIES",
    "SECTORS",
    "Instability",
    "Kind",
    "Mode",
    "analyse",
    "analyse_cells",
    "fastest_mode",
    "growth_rate",
    "mode_at",
    "roots",
    "screen",
    "wavenumber_scan",
]
