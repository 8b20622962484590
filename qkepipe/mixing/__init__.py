"""Flavour mixing: asymptotic states, BGK relaxation and density-threshold schemes.

A prescription predicts where fast conversion ends, as one number k(mu) per radius with
f_e - f_x -> k (f_e - f_x), for neutrinos, antineutrinos and all energies alike. See
``docs/physics/mixing.md`` and, for a new one, ``docs/adding-a-prescription.md``.
"""

from qkepipe.mixing.bgk import C_TAU, MixingState, bgk_step, growth_estimate, mixing_state
from qkepipe.mixing.conservation import law_defects
from qkepipe.mixing.pairwise import PairwiseState, pairwise_step
from qkepipe.mixing.prescription import LAWS, MODES, Prescription
from qkepipe.mixing.registry import PRESCRIPTIONS, get_prescription
from qkepipe.mixing.state import asymptotic_state
from qkepipe.mixing.threshold import THRESHOLD_RULES, threshold_step

__all__ = [
    "C_TAU",
    "LAWS",
    "MODES",
    "PRESCRIPTIONS",
    "THRESHOLD_RULES",
    "MixingState",
    "PairwiseState",
    "Prescription",
    "asymptotic_state",
    "bgk_step",
    "get_prescription",
    "growth_estimate",
    "law_defects",
    "mixing_state",
    "pairwise_step",
    "threshold_step",
]
