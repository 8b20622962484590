"""Flavour mixing: asymptotic states, BGK relaxation and density-threshold schemes.

A prescription predicts where conversion ends, as one number k per radius and direction (fast
conversion), or per radius, energy group and sector, with f_e - f_x -> k (f_e - f_x). See
``docs/physics/mixing.md``, for a new one ``docs/adding-a-prescription.md``, and for the use in
other codes ``docs/mixing-as-a-library.md``. xarray is loaded with the first call that takes
labelled fields, and by nothing else here.
"""

from importlib import import_module as _import_module

from qkepipe.mixing.bgk import C_TAU, MixingState, bgk_step, growth_estimate, mixing_state
from qkepipe.mixing.conservation import law_defects
from qkepipe.mixing.directions import sphere_quadrature
from qkepipe.mixing.groups import GroupState, group_step
from qkepipe.mixing.moments import MixedMoments, mixed_moments
from qkepipe.mixing.pairwise import PairwiseState, pairwise_step
from qkepipe.mixing.prescription import LAWS, MODES, Prescription
from qkepipe.mixing.registry import PRESCRIPTIONS, get_prescription
from qkepipe.mixing.several import SeveralState, Term, several_step
from qkepipe.mixing.threshold import (
    THRESHOLD_RULES,
    get_threshold_rule,
    is_forward,
    threshold_step,
)
from qkepipe.mixing.threshold_rules import THRESHOLD_LAWS, ThresholdRule

#: Calls on labelled fields.
_LABELLED = {
    "asymptotic_moments": "qkepipe.mixing.moment_state",
    "asymptotic_state": "qkepipe.mixing.state",
}

__all__ = [
    "C_TAU",
    "LAWS",
    "MODES",
    "PRESCRIPTIONS",
    "THRESHOLD_LAWS",
    "THRESHOLD_RULES",
    "GroupState",
    "MixedMoments",
    "MixingState",
    "PairwiseState",
    "Prescription",
    "SeveralState",
    "Term",
    "ThresholdRule",
    "asymptotic_moments",
    "asymptotic_state",
    "bgk_step",
    "get_prescription",
    "get_threshold_rule",
    "group_step",
    "growth_estimate",
    "is_forward",
    "law_defects",
    "mixed_moments",
    "mixing_state",
    "pairwise_step",
    "several_step",
    "sphere_quadrature",
    "threshold_step",
]


def __getattr__(name):
    if name in _LABELLED:
        return getattr(_import_module(_LABELLED[name]), name)
    raise AttributeError(f"module 'qkepipe.mixing' has no attribute {name!r}")
