"""Approach to the quasi-steady state: outer number luminosity and coherence against time."""

from __future__ import annotations

from qkepipe.report.data import StudyData
from qkepipe.report.figure import Figure
from qkepipe.report.labels import short
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import (
    BLACK,
    BLUE,
    GREY,
    LABEL,
    LIGHT_BLUE,
    ORANGE,
    PURPLE,
    SPECIES_COLOR,
    stack,
)  # fmt: skip

__all__ = ["FIGURE", "time_series"]

_CAPTION = (
    "Number luminosity at the outer edge (quantum kinetics with the largest ξ solid, BGK dotted) "
    "and the largest coherence in the domain for each ξ, against the time since the oscillation "
    "was switched on. Shaded: the averaging window."
)

_SPECIES = ("nue", "nuebar", "nux")
_XI_COLORS = (PURPLE, LIGHT_BLUE, ORANGE, BLUE)
_MS = 1e3


def time_series(study: StudyData, snapshot: str):
    """Draw the series; None without a quantum-kinetic run."""
    data = study.snapshots[snapshot]
    runs = data.by_xi
    if not runs:
        return None
    figure, axes = stack([1.7, 1.7])
    table = Plotted()
    name, main = list(runs.items())[-1]
    _flux(axes[0], table, name, main, "-")
    for case, summary in list(data.cases("bgk").items())[:1]:
        _flux(axes[0], table, case, summary, ":")
    for species in _SPECIES:
        axes[0].plot([], [], color=SPECIES_COLOR[species], label=LABEL[species])
    axes[0].set_ylabel("number luminosity\n" + r"[$10^{56}$ s$^{-1}$]")
    axes[0].margins(y=0.25)
    axes[0].legend(loc="upper right", ncols=3, columnspacing=0.8, handlelength=1.2)
    for i, (case, summary) in enumerate(runs.items()):
        color = BLACK if case == name else _XI_COLORS[(len(runs) - 2 - i) % len(_XI_COLORS)]
        label = rf"$\xi$ = {short(float(summary.attrs['xi']), math_text=True)}"
        time = _MS * summary["time_sample"].values
        values = summary["coherence_max"].values
        table.line(axes[1], (f"time_{case}", "ms", time), (f"coherence_max_{case}", "1", values),
                   color=color, label=label)  # fmt: skip
    end = _MS * float(main["time_sample"].values[-1])
    if "average_from" in main.attrs:
        start = float(main.attrs["average_from"]) * end
        table.shade(axes[0], "average", "ms", start, end, color=GREY, alpha=0.15)
        axes[1].axvspan(start, end, linewidth=0.0, color=GREY, alpha=0.15)
    axes[1].set_yscale("log")
    axes[1].set_ylim(top=3.0)
    axes[1].set_ylabel("largest coherence")
    axes[1].legend(loc="lower right")
    axes[1].set_xlabel("time [ms]")
    axes[1].set_xlim(0.0, end)
    figure.align_ylabels(axes)
    return figure, table.frame()


def _flux(axis, table: Plotted, case: str, summary, line: str) -> None:
    time = ("time_" + case, "ms", _MS * summary["time_sample"].values)
    for species in _SPECIES:
        values = 1e-56 * summary["number_flux_out"].sel(species=species).values
        table.line(axis, time, (f"number_luminosity_{species}_{case}", "1e56 s-1", values),
                   color=SPECIES_COLOR[species], linestyle=line)  # fmt: skip


FIGURE = Figure(time_series, _CAPTION, ("summaries",))
