"""Flavour mixing: asymptotic states, BGK relaxation and density-threshold schemes.

A prescription predicts where fast conversion ends, as one number k(mu) per radius with
f_e - f_x -> k (f_e - f_x), for neutrinos, antineutrinos and all energies alike. See
``docs/physics/mixing.md`` and, for a new one, ``docs/adding-a-prescription.md``.
"""

from qkepipe.mixing.bgk import C_TAU, MixingState, bgk_step, growth_estimate, mixing_state
from qkepipe.mixing.conservation import law_defects
from qkepipe.mixing.prescription import LAWS, MODES, Prescription
from qkepipe.mixing.registry import PRESCRIPTIONS, get_prescription
from qkepipe.mixing.state import asymptotic_state
from qkepipe.mixing.threshold import (
    THRESHOLD_RULES,
    get_threshold_rule,
    is_forward,
    threshold_step,
)
from qkepipe.mixing.threshold_rules import THRESHOLD_LAWS, ThresholdRule

__all__ = [
    "C_TAU",
    "LAWS",
    "MODES",
    "PRESCRIPTIONS",
    "THRESHOLD_LAWS",
    "THRESHOLD_RULES",
    "MixingState",
    "Prescription",
    "ThresholdRule",
    "asymptotic_state",
    "bgk_step",
    "get_prescription",
    "get_threshold_rule",
    "growth_estimate",
    "is_forward",
    "law_defects",
    "mixing_state",
    "threshold_step",
]
