"""What an asymptotic-state prescription declares about itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from qkepipe.mixing.kernels import BACKWARD_EULER, EXACT, EXPONENTIAL, MAP

__all__ = ["LAWS", "MODES", "Prescription"]

#: Integrators of the relaxation equation by name.
MODES = {
    "map": MAP,
    "exponential": EXPONENTIAL,
    "exact": EXACT,
    "backward_euler": BACKWARD_EULER,
}

#: Laws that a prescription may declare in ``conserves`` (docs/physics/mixing.md, section 1).
LAWS = {
    "trace": "f_e + (flavors - 1) f_x per energy and direction, nu and nubar apart",
    "energy": "energy density summed over flavours, nu and nubar apart",
    "eln": "electron lepton number, number of nue minus nuebar",
    "xln": "heavy lepton number, number of nux minus nuxbar",
    "positivity": "0 <= f <= 1",
}


@dataclass(frozen=True)
class Prescription:
    """A rule for the state that flavour conversion leads to.

    Attributes
    ----------
    name : str
        Name in the registry and in configuration files.
    kernel : callable
        Compiled ``kernel(g, mweights, mu, negative, positive, rtol, flavors, k)`` that
        writes ``k[mu, r]``, the factor on f_e - f_x, from G[mu, r], the quadrature in mu, the
        lobes (r) and the number of flavours (float). It must write k = 1 where
        ``is_stable(negative, positive, rtol)`` and stay within -1/(flavors - 1) and 1.
        Of a rule with other ``axes``: ``kernel(difference, number, rtol, flavors, k)`` that
        writes ``k[sector, energy, r]`` alike, from the angle-integrated n_e - n_x and
        n_e + n_x of each sector and group, [sector, energy, r]; groups ascend in energy.
    doc : str
        One sentence for tables.
    source : str
        Paper and equation, or the status of the formula.
    needs : tuple of str
        Inputs besides the lobes of G that the rule depends on: ``mu`` (the directions), or
        ``mask`` (where it holds, which it cannot know: runs refuse it).
    conserves : tuple of str
        Keys of :data:`LAWS`; all are tested.
    valid : str
        Where it may be used.
    modes : tuple of str
        Integrators that are right for it (keys of :data:`MODES`), ``map`` among them; the
        first is the default.
    flavors : tuple of int
        Numbers of flavours that it is defined for.
    species : int
        4, or 6 for a rule with mu and tau apart. The kernel of such a rule is a step
        ``kernel(f6, eweights, mweights, dt, rtol=...)`` of its own, which runs do not offer.
    axes : tuple of str
        What the factor depends on in a cell: ``mu``, or ``sector`` (neutrinos,
        antineutrinos) and ``energy`` (:func:`qkepipe.mixing.group_step`; not offered by runs).
    """

    name: str
    kernel: Callable
    doc: str
    source: str
    needs: tuple[str, ...]
    conserves: tuple[str, ...]
    valid: str
    modes: tuple[str, ...]
    flavors: tuple[int, ...] = (2, 3)
    species: int = 4
    axes: tuple[str, ...] = ("mu",)
