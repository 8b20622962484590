"""Growth of the coherence from its seed, against the rate of linear analysis."""

from __future__ import annotations

import numpy as np

from qkepipe.diagnostics import LINEAR_LEVELS
from qkepipe.report.data import StudyData
from qkepipe.report.figure import Figure
from qkepipe.report.labels import short
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import BLACK, BLUE, GREY, LIGHT_BLUE, ORANGE, PURPLE, stack

__all__ = ["FIGURE", "early_growth"]

_CAPTION = (
    "Coherence of the cell in which the seeded mode grows fastest, against the time in e-folds of "
    "the predicted rate: the dispersion relation of the classical field with the Hamiltonian "
    "times ξ and the damping by absorption. Dashed: growth with exactly that rate. Shaded: the "
    "levels between which the rate is measured."
)

_COLORS = (PURPLE, LIGHT_BLUE, ORANGE, BLUE)


def early_growth(study: StudyData, snapshot: str):
    """Draw the followed cells; None without a run that has one."""
    runs = {
        name: summary
        for name, summary in study.snapshots[snapshot].by_xi.items()
        if "tracked_coherence" in summary and "growth_rate_predicted" in summary.attrs
    }
    if not runs:
        return None
    figure, (axis,) = stack([2.6])
    table = Plotted()
    last = list(runs)[-1]
    for i, (name, summary) in enumerate(runs.items()):
        rate = float(summary.attrs["growth_rate_predicted"])
        values = summary["tracked_coherence"].values
        kept = np.isfinite(values) & (values > 0.0)
        efolds = rate * summary["time_tracked"].values[kept]
        color = BLACK if name == last else _COLORS[(len(runs) - 2 - i) % len(_COLORS)]
        label = rf"$\xi$ = {short(float(summary.attrs['xi']), math_text=True)}"
        table.line(axis, (f"efolds_{name}", "1", efolds), (f"coherence_{name}", "1", values[kept]),
                   color=color, label=label)  # fmt: skip
    _predicted(axis, table, runs[last])
    axis.axhspan(*LINEAR_LEVELS, linewidth=0.0, color=GREY, alpha=0.15)
    axis.set_yscale("log")
    axis.set_xlim(left=0.0)
    axis.set_xlabel(r"predicted growth rate $\times$ time")
    axis.set_ylabel("coherence of the followed cell")
    axis.legend(loc="lower right")
    return figure, table.frame()


def _predicted(axis, table: Plotted, summary) -> None:
    """Exponential through the followed cell of one run at the lower level."""
    values = summary["tracked_coherence"].values
    above = np.flatnonzero(values >= LINEAR_LEVELS[0])
    if above.size == 0:
        return
    rate = float(summary.attrs["growth_rate_predicted"])
    start = rate * float(summary["time_tracked"].values[above[0]])
    efolds = start + np.linspace(-2.0, np.log(LINEAR_LEVELS[1] / LINEAR_LEVELS[0]) + 1.0, 30)
    table.line(axis, ("efolds_predicted", "1", efolds),
               ("coherence_predicted", "1", values[above[0]] * np.exp(efolds - start)),
               color=GREY, linestyle="--", linewidth=1.8, label="predicted")  # fmt: skip


FIGURE = Figure(early_growth, _CAPTION, ("summaries",))
