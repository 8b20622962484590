"""Weak rates: one file per process, one registry, one door (:func:`rates`)."""

from qkepipe.opacity.constants import CONSTANTS, WeakConstants
from qkepipe.opacity.coverage import check_coverage, group_coverage
from qkepipe.opacity.door import DEFAULT_PROCESSES, equilibrium_occupation, rates
from qkepipe.opacity.nucleon import WEAK_MAGNETISM
from qkepipe.opacity.process import Matter, Opacities, Process, Setup
from qkepipe.opacity.registry import PROCESSES

__all__ = [
    "CONSTANTS",
    "DEFAULT_PROCESSES",
    "PROCESSES",
    "WEAK_MAGNETISM",
    "Matter",
    "Opacities",
    "Process",
    "Setup",
    "WeakConstants",
    "check_coverage",
    "equilibrium_occupation",
    "group_coverage",
    "rates",
]
