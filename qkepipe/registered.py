"""Everything that a study can name, one line each: name -> ``module:attribute``.

A new reader, equation-of-state format, rate, prescription, instability or figure is one file
and one line here (``docs/adding-a-*.md``). The rooms load the objects; the configuration takes
its allowed names, so this module imports nothing of the package and no numerical library.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any

__all__ = [
    "ALTERNATIVES", "EOS_READERS", "FIGURES", "GALLERY", "INSTABILITIES", "MODELS", "ONLY_MAPS",
    "PRESCRIPTIONS", "PROCESSES", "READERS", "SINGLE_MAPS", "THRESHOLD_RULES", "lines", "load",
    "repeated",
]  # fmt: skip

#: Readers of snapshots.
READERS: dict[str, str] = {
    "analytic": "qkepipe.snapshot.readers.analytic:READER",
    "canonical": "qkepipe.snapshot.readers.canonical:READER",
    "delimited": "qkepipe.snapshot.readers.delimited:READER",
    "nsy": "qkepipe.snapshot.readers.nsy:READER",
    "remnant": "qkepipe.snapshot.readers.remnant:READER",
}

#: Those of them that compute the snapshot and take no file.
MODELS: tuple[str, ...] = ("analytic", "remnant")

#: Readers of equation-of-state tables.
EOS_READERS: dict[str, str] = {
    "compose": "qkepipe.eos.compose:READER",
    "stellarcollapse": "qkepipe.eos.stellarcollapse:READER",
}

#: Weak processes.
PROCESSES: dict[str, str] = {
    "absorption_nuclei": "qkepipe.opacity.absorption_nuclei:PROCESS",
    "beta": "qkepipe.opacity.beta:PROCESS",
    "bremsstrahlung": "qkepipe.opacity.bremsstrahlung:PROCESS",
    "bremsstrahlung_hr98": "qkepipe.opacity.bremsstrahlung_hr98:PROCESS",
    "pair": "qkepipe.opacity.pair:PROCESS",
    "scattering_nuclei": "qkepipe.opacity.nuclei_scattering:PROCESS",
    "scattering_nucleons": "qkepipe.opacity.scattering:PROCESS",
    "table": "qkepipe.opacity.table:PROCESS",
}

#: Processes that describe the same reaction: at most one of each group.
ALTERNATIVES: tuple[tuple[str, ...], ...] = (("bremsstrahlung", "bremsstrahlung_hr98"),)

#: Asymptotic states.
PRESCRIPTIONS: dict[str, str] = {
    "none": "qkepipe.mixing.none:PRESCRIPTION",
    "equipartition": "qkepipe.mixing.equipartition:PRESCRIPTION",
    "box": "qkepipe.mixing.box:PRESCRIPTION",
    "power_half": "qkepipe.mixing.power_half:PRESCRIPTION",
    "power_quarter": "qkepipe.mixing.power_quarter:PRESCRIPTION",
    "exponential": "qkepipe.mixing.exponential:PRESCRIPTION",
    "bd21": "qkepipe.mixing.bd21:PRESCRIPTION",
    "swap": "qkepipe.mixing.swap:PRESCRIPTION",
    "pairwise": "qkepipe.mixing.pairwise:PRESCRIPTION",
    "slow_empirical": "qkepipe.mixing.slow_empirical:PRESCRIPTION",
    "equipartition_above": "qkepipe.mixing.equipartition_above:PRESCRIPTION",
    "swap_below": "qkepipe.mixing.swap_below:PRESCRIPTION",
}

#: Those of them that runs refuse, with what a run lacks.
SINGLE_MAPS: dict[str, str] = {
    "swap": "a mask of the cells where it holds",
    "pairwise": "six species",
    "slow_empirical": "a mask of the cells where it holds",
    "equipartition_above": "a mask of the cells where it holds",
    "swap_below": "a mask of the cells where it holds",
}

#: Those that runs can only apply at once.
ONLY_MAPS: tuple[str, ...] = ("none", "bd21")

#: Rules of equilibration below a density.
THRESHOLD_RULES: dict[str, str] = {
    "pair": "qkepipe.mixing.threshold_rules:PAIR",
    "full": "qkepipe.mixing.threshold_rules:FULL",
    "quasi_equipartition": "qkepipe.mixing.threshold_rules:QUASI_EQUIPARTITION",
    "total": "qkepipe.mixing.threshold_rules:TOTAL",
}

#: Instabilities, in the order of evaluation.
INSTABILITIES: dict[str, str] = {
    "fast": "qkepipe.stability.fast:INSTABILITY",
    "collisional": "qkepipe.stability.collisional:INSTABILITY",
    "slow": "qkepipe.stability.slow:INSTABILITY",
    "resonance": "qkepipe.stability.resonance:INSTABILITY",
    "gradient": "qkepipe.stability.gradient:INSTABILITY",
}

#: Figures in the order of the report, each with the studies that have it: ``always``,
#: ``transport`` (not only moments), ``boxes`` (local boxes), ``qke`` (quantum-kinetic runs) or
#: ``several xi``.
FIGURES: dict[str, tuple[str, str]] = {
    "background": ("qkepipe.report.figures.background:FIGURE", "always"),
    "growth_map": ("qkepipe.report.figures.growth_map:FIGURE", "always"),
    "stability_slices": ("qkepipe.report.figures.stability_slices:FIGURE", "always"),
    "growth_vs_wavenumber": ("qkepipe.report.figures.growth_vs_wavenumber:FIGURE", "always"),
    "eln_distributions": ("qkepipe.report.figures.eln_distributions:FIGURE", "always"),
    "prescriptions": ("qkepipe.report.figures.prescriptions:FIGURE", "boxes"),
    "radial_profiles": ("qkepipe.report.figures.radial_profiles:FIGURE", "transport"),
    "angular_distributions": ("qkepipe.report.figures.angular_distributions:FIGURE", "transport"),
    "spectra": ("qkepipe.report.figures.spectra:FIGURE", "transport"),
    "xi_convergence": ("qkepipe.report.figures.xi_convergence:FIGURE", "several xi"),
    "early_growth": ("qkepipe.report.figures.early_growth:FIGURE", "qke"),
    "time_series": ("qkepipe.report.figures.time_series:FIGURE", "qke"),
}

#: Standard problems of the gallery, in the order of its page.
GALLERY: dict[str, str] = {
    "msw": "qkepipe.gallery.msw:ITEM",
    "bipolar": "qkepipe.gallery.bipolar:ITEM",
    "fast_growth": "qkepipe.gallery.fast_growth:ITEM",
    "golden_linear": "qkepipe.gallery.golden_linear:ITEM",
    "golden_nonlinear": "qkepipe.gallery.golden_nonlinear:ITEM",
    "collisional_branches": "qkepipe.gallery.collisional_branches:ITEM",
    "collisional": "qkepipe.gallery.collisional:ITEM",
    "colliding_beams": "qkepipe.gallery.colliding_beams:ITEM",
    "swap_surface": "qkepipe.gallery.swap_surface:ITEM",
    "matter_gradient": "qkepipe.gallery.matter_gradient:ITEM",
    "late_state": "qkepipe.gallery.late_state:ITEM",
    "attenuation": "qkepipe.gallery.attenuation:ITEM",
    "onset": "qkepipe.gallery.onset:ITEM",
    "quasi_steady": "qkepipe.gallery.quasi_steady:ITEM",
    "slow_late_state": "qkepipe.gallery.slow_late_state:ITEM",
    "equipartition": "qkepipe.gallery.equipartition:ITEM",
    "code_comparison": "qkepipe.gallery.code_comparison:ITEM",
}

_OF_ROOM = {
    "snapshot": (READERS,),
    "eos": (EOS_READERS,),
    "opacity": (PROCESSES,),
    "mixing": (PRESCRIPTIONS, THRESHOLD_RULES),
    "stability": (INSTABILITIES,),
    "report": (FIGURES,),
}


def load(entry: str) -> Any:
    """Object of a ``module:attribute``."""
    module, _, attribute = entry.partition(":")
    return getattr(import_module(module), attribute)


def repeated(processes: Iterable[str]) -> tuple[str, ...]:
    """Processes among these that describe the same reaction; empty if there are none."""
    chosen = set(processes)
    for group in ALTERNATIVES:
        both = tuple(name for name in group if name in chosen)
        if len(both) > 1:
            return both
    return ()


def lines(rooms: Iterable[str]) -> list:
    """Lines of these rooms as plain data, in order; rooms without a registry have none."""
    return [
        [line for registry in _OF_ROOM[room] for line in registry.items()]
        for room in rooms
        if room in _OF_ROOM
    ]
