"""Weak rates: one file per process, one registry, one door (:func:`rates`)."""

from qkepipe.opacity import (  # noqa: F401  the imports fill the registry
    beta,
    bremsstrahlung,
    nuclei_scattering,
    scattering,
    table,
)
from qkepipe.opacity.constants import WeakConstants
from qkepipe.opacity.door import DEFAULT_PROCESSES, equilibrium_occupation, rates
from qkepipe.opacity.nucleon import WEAK_MAGNETISM
from qkepipe.opacity.registry import PROCESSES, Matter, Opacities, Process, Setup, register

__all__ = [
    "DEFAULT_PROCESSES",
    "PROCESSES",
    "WEAK_MAGNETISM",
    "Matter",
    "Opacities",
    "Process",
    "Setup",
    "WeakConstants",
    "equilibrium_occupation",
    "rates",
    "register",
]
