"""What a threshold rule declares about itself, and the rules."""

from __future__ import annotations

from dataclasses import dataclass

from qkepipe.mixing.prescription import LAWS

__all__ = [
    "FULL",
    "PAIR",
    "QUASI_EQUIPARTITION",
    "THRESHOLD_LAWS",
    "TOTAL",
    "ThresholdRule",
]

#: Laws that a rule may declare. Groups are independent, so each holds in every energy group.
THRESHOLD_LAWS = {
    **LAWS,
    "total": "f_e + (flavors - 1) f_x per energy and direction, nu and nubar together",
}


@dataclass(frozen=True)
class ThresholdRule:
    """A rule for the state that a group is brought to below the threshold.

    Attributes
    ----------
    name : str
        Name in the registry and in configuration files.
    code : int
        Number by which the kernels know it.
    doc : str
        One sentence for tables.
    source : str
        Paper, or the status of the formula.
    conserves : tuple of str
        Keys of :data:`THRESHOLD_LAWS`; all are tested, and that no other holds.
    valid : str
        Where it may be used.
    """

    name: str
    code: int
    doc: str
    source: str
    conserves: tuple[str, ...]
    valid: str


PAIR = ThresholdRule(
    name="pair",
    code=0,
    doc="the same number in both sectors, until the first is in equipartition",
    source="Ehring et al. 2023, arXiv:2301.11938, 2305.11207; reconstructed from the stated laws",
    conserves=tuple(THRESHOLD_LAWS),
    valid="a bracket of the effect of conversion; nothing moves where the sectors disagree in sign",
)

FULL = ThresholdRule(
    name="full",
    code=1,
    doc="equipartition in both sectors",
    source="definition",
    conserves=("trace", "energy", "positivity", "total"),
    valid="an upper bound: fast conversion keeps the lepton numbers, this does not",
)

QUASI_EQUIPARTITION = ThresholdRule(
    name="quasi_equipartition",
    code=2,
    doc="the same number in both sectors, until n_nue n_nuebar = n_nux n_nuxbar",
    source=(
        "Wang & Burrows, arXiv:2511.20767; condition recalled, with n_nux of one heavy flavour "
        "assumed"
    ),
    conserves=tuple(THRESHOLD_LAWS),
    valid="published for the signal far outside; inside a run it is an extension of this project",
)

TOTAL = ThresholdRule(
    name="total",
    code=3,
    doc="one occupation for all species, the mean over flavours, nu and nubar",
    source="definition; for codes that do not tell nux from nuxbar",
    conserves=("positivity", "total"),
    valid="a bracket beyond any conversion: turns neutrinos into antineutrinos",
)
