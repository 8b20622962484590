"""The registry of figures: one file in this folder and one line here for each.

A file ``<name>.py`` holds the function ``<name>(study, snapshot)`` and its ``CAPTION``.
"""

from __future__ import annotations

from importlib import import_module

from qkepipe.report.figure import Figure

__all__ = ["FIGURES"]

#: Name, and what the figure cannot do without.
_REGISTERED = {
    "background": ("snapshot",),
    "growth_map": ("stability",),
    "radial_profiles": ("summaries",),
    "angular_distributions": ("summaries",),
    "spectra": ("summaries",),
    "xi_convergence": ("summaries", "comparison"),
    "time_series": ("summaries",),
}


def _load(name: str, needs: tuple[str, ...]) -> Figure:
    module = import_module(f"{__name__}.{name}")
    return Figure(getattr(module, name), module.CAPTION, needs)


#: Figures by name, in the order of the report.
FIGURES: dict[str, Figure] = {name: _load(name, needs) for name, needs in _REGISTERED.items()}
