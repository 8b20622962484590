"""Change of the key quantities against the attenuation xi, with BGK beside it."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import NullLocator

from qkepipe.diagnostics.quantities import ALL
from qkepipe.report.data import SnapshotData, StudyData
from qkepipe.report.figure import Figure
from qkepipe.report.labels import case_labels, short
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import BLACK, GREY, LABEL, SPECIES_COLOR, stack
from qkepipe.report.tables import change_percent, uncertainty_percent

__all__ = ["FIGURE", "xi_convergence"]

_CAPTION = (
    "Change against the classical run at the outer edge for each attenuation ξ of the "
    "quantum-kinetic runs (points; bars are the uncertainty of the change), and of the "
    "first relaxation run (horizontal lines, dotted). Only a plateau allows a statement about "
    "ξ = 1."
)

_PANELS = {
    "number_luminosity": "number\nluminosity",
    "luminosity": "luminosity",
    "mean_energy": "mean energy",
    "net_heating_gain_region": "net heating,\ngain region",
}
_SPECIES = ("nue", "nuebar", "nux")
#: More values of xi than this get the decades as labels.
_TICKS = 4


def xi_convergence(study: StudyData, snapshot: str):
    """Draw relative changes [%] against xi; None with fewer than two attenuations."""
    data = study.snapshots[snapshot]
    if len(data.by_xi) < 2:
        return None
    panels = [
        quantity
        for quantity in _PANELS
        if any(_points(study, snapshot, quantity, s)[0].size for s in (*_SPECIES, ALL))
    ]
    if not panels:
        return None
    figure, axes = stack([1.3] * len(panels))
    table = Plotted()
    for axis, quantity in zip(axes, panels, strict=True):
        for species in (*_SPECIES, ALL):
            _draw(axis, table, study, snapshot, quantity, species)
        axis.axhline(0.0, color=GREY, linewidth=0.5)
        axis.margins(y=0.15)
        axis.set_ylabel(f"{_PANELS[quantity]} [%]")
    axes[0].plot([], [], color=GREY, marker="o", label="QKE")
    for label in case_labels(_relaxed(data)).values():
        axes[0].plot([], [], color=GREY, linestyle=":", label=label)
    for species in _SPECIES:
        axes[0].plot([], [], color=SPECIES_COLOR[species], label=LABEL[species])
    axes[0].plot([], [], color=BLACK, label="all")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, columnspacing=0.9)
    axes[-1].set_xscale("log")
    xi = [float(summary.attrs["xi"]) for summary in data.by_xi.values()]
    if len(xi) <= _TICKS:
        axes[-1].set_xticks(xi, [short(x, math_text=True) for x in xi])
        axes[-1].xaxis.set_minor_locator(NullLocator())
    axes[-1].set_xlabel(r"attenuation $\xi$")
    figure.align_ylabels(axes)
    return figure, table.frame()


def _relaxed(data: SnapshotData) -> dict:
    """The relaxation run of the figure: the first of the study."""
    return dict(list(data.cases("bgk").items())[:1])


def _points(study: StudyData, snapshot: str, quantity: str, species: str):
    """Arrays xi, change [%], uncertainty [%] of the runs that have the quantity."""
    found = []
    for case, summary in study.snapshots[snapshot].by_xi.items():
        row = study.row(snapshot, case, quantity, species)
        change = None if row is None else change_percent(row)
        if change is not None:
            error = uncertainty_percent(row)
            xi = float(summary.attrs["xi"])
            found.append((xi, change, np.nan if error is None else error))
    return np.array(found, dtype=float).reshape(-1, 3).T


def _draw(axis, table: Plotted, study: StudyData, snapshot: str, quantity: str, species: str):
    color = SPECIES_COLOR.get(species, BLACK)
    name = f"{quantity}_{species}"
    xi, change, error = _points(study, snapshot, quantity, species)
    if xi.size:
        table.errorbar(
            axis, ("xi", "1", xi), (f"{name}_change", "percent", change),
            (f"{name}_uncertainty", "percent", error), color=color, marker="o", capsize=2.0,
        )  # fmt: skip
    for case in _relaxed(study.snapshots[snapshot]):
        row = study.row(snapshot, case, quantity, species)
        level = None if row is None else change_percent(row)
        if level is not None:
            value = (f"{name}_change_{case}", "percent", level)
            table.level(axis, value, color=color, linestyle=":")


FIGURE = Figure(xi_convergence, _CAPTION, ("summaries", "comparison"))
