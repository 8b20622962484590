"""Prescriptions of flavour mixing against local boxes of quantum kinetics."""

from __future__ import annotations

import textwrap

import numpy as np

from qkepipe.report.calibration import coverage
from qkepipe.report.data import StudyData
from qkepipe.report.figure import Figure
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    LIGHT_BLUE,
    ORANGE,
    PURPLE,
    VERMILION,
    log_axis,
    stack,
)
from qkepipe.units import KM_CM

__all__ = ["FIGURE", "prescriptions"]

_CAPTION = (
    "Asymptotic states of fast conversion against periodic local boxes of two-flavour quantum "
    "kinetics that start from the angular distributions of fast-unstable cells. Top: mean absolute "
    "error of the survival probability, weighted with all neutrinos, against the radius of the "
    "cell; shaded: difference between two boxes of other random phases, below which an error says "
    "nothing. Below: survival probability against the cosine μ with the outward direction in the "
    "innermost, a middle and the outermost of these cells: boxes (dots: mean of two over their "
    "late halves; bars: the two) and predictions. Open dots: directions with less than 1 % of the "
    "mean number of neutrinos per solid angle. A prescription without a statement in a cell is not "
    "drawn there. Boxes have no collisions, no matter and no boundaries."
)

_COLORS = (GREY, BLACK, VERMILION, BLUE, GREEN, PURPLE, ORANGE, LIGHT_BLUE)
_LINES = ("-", ":", "-", "--", "-.", (0, (5, 1, 1, 1, 1, 1)), (0, (3, 1)), (0, (8, 2)))
_MARKERS = ("x", "+", "s", "o", "^", "v", "D", "*")
#: Directions with less than this share of the mean number per solid angle count as empty.
_EMPTY = 0.01
#: Cells from which on not all get a marker, and about how many then do.
_MANY, _MARKS = 16, 8


def prescriptions(study: StudyData, snapshot: str):
    """Draw errors over the radius, and survival probabilities of up to three cells."""
    found = study.snapshots[snapshot].calibration
    count = found.sizes.get("cell", 0)
    if count == 0:
        figure, (axis,) = stack([1.0])
        axis.set_axis_off()
        words = "\n".join(textwrap.wrap(coverage(found), 58))
        axis.text(0.5, 0.5, words, ha="center", va="center")
        return figure, Plotted().frame()
    order = np.argsort(found["radius"].values, kind="stable")
    shown = [order[i] for i in sorted({0, (count - 1) // 2, count - 1})]
    figure, axes = stack([1.8] + [1.4] * len(shown), share_x=False)
    table = Plotted()
    styles = {
        str(name): {"color": _COLORS[i % len(_COLORS)], "linestyle": _LINES[i % len(_LINES)]}
        for i, name in enumerate(found["prescription"].values)
    }
    _errors(table, axes[0], found.isel(cell=order), styles)
    for number, (axis, i) in enumerate(zip(axes[1:], shown, strict=True), start=1):
        _profiles(table, axis, found.isel(cell=i), styles, number)
    axes[-1].set_xlabel(r"$\mu$")
    handles, labels = axes[0].get_legend_handles_labels()
    dots, words = axes[1].get_legend_handles_labels()
    figure.legend([*handles, *dots], [*labels, *words], loc="outside upper center", ncols=2)
    return figure, table.frame()


def _errors(table: Plotted, axis, found, styles) -> None:
    """Error of each prescription in every cell, and the spread of the boxes."""
    values = found["radius"].values / KM_CM
    radius = ("radius", "km", values)
    count = values.size
    spread = found["box_spread"].values
    errors = found["score"].sel(quantity="angle")
    lowest = 0.5 * min(float(errors.where(errors > 0.0).min()), spread[spread > 0.0].min())
    table.band(
        axis, radius, ("bottom", "1", np.full(count, lowest)), ("box_spread", "1", spread),
        color=GREY, alpha=0.3, label="spread of the boxes",
    )  # fmt: skip
    for i, (name, style) in enumerate(styles.items()):
        error = errors.sel(prescription=name).values
        label = name.replace("_", " ")
        if not np.isfinite(error).any():
            label += " (no statement)"
        elif not np.isfinite(error).all():
            label += " (in some cells)"
        # markers of many cells would hide the lines, and those of few are all there is
        many = np.isfinite(error).sum() > _MANY
        every = (i, max(1, count // _MARKS)) if many else 1
        table.line(axis, radius, (f"error_{name}", "1", error), marker=_MARKERS[i % len(_MARKERS)],
                   markersize=3.5, markerfacecolor="none", markevery=every, label=label,
                   **style)  # fmt: skip
    axis.set_yscale("log")
    if values[-1] > 10.0 * values[0]:
        log_axis(axis, 0.97 * values[0], 1.03 * values[-1])
    axis.set_ylim(bottom=lowest)
    axis.set_xlabel("radius [km]")
    axis.set_ylabel(r"mean $|\Delta P|$")
    axis.set_title(_cells_words(found), fontsize="small")


def _cells_words(found) -> str:
    """How many of the unstable cells there are; all that were tried where none was left out."""
    return f"{found.sizes['cell']} of {found.attrs['unstable_cells']} fast-unstable cells"


def _profiles(table: Plotted, axis, cell, styles, number: int) -> None:
    """Survival probability over directions in one cell."""
    mu = ("mu", "1", cell["mu"].values)
    for name, style in styles.items():
        own = cell.sel(prescription=name)
        if int(own["statement"]):
            values = own["survival_probability"].values
            table.line(axis, mu, (f"survival_{name}_{number}", "1", values), **style)
    survival, seeds = cell["survival_box"].values, cell["survival_seed"].values
    half = 0.5 * np.ptp(seeds, axis=0)
    per_angle = cell["neutrino_share"].values / (0.5 * np.diff(cell["mu_edge"].values))
    empty = per_angle < _EMPTY
    for chosen, filling, words in ((~empty, BLACK, ""), (empty, "none", "_few")):
        label = "local boxes (QKE)" if chosen is not empty else None
        if chosen.any():
            table.errorbar(
                axis, (f"mu{words}_{number}", "1", mu[2][chosen]),
                (f"survival_box{words}_{number}", "1", survival[chosen]),
                (f"half_difference_of_boxes{words}_{number}", "1", half[chosen]),
                color=BLACK, linestyle="", marker="o", markersize=3.0, markerfacecolor=filling,
                markeredgewidth=0.6, elinewidth=0.8, capsize=1.5, label=label,
            )  # fmt: skip
    axis.set_xlim(-1.0, 1.0)
    axis.set_ylim(-0.05, 1.3)
    axis.set_xticks([-1.0, -0.5, 0.0, 0.5, 1.0])
    axis.set_yticks([0.0, 0.5, 1.0])
    axis.set_ylabel("survival $P$")
    kept = cell["box_survival"].values
    axis.set_title(str(cell["place"].values).replace("; ", ", "), fontsize="small")
    axis.text(0.97, 0.95, rf"box: $\nu_e$ {kept[0]:.2f}, $\bar\nu_e$ {kept[1]:.2f}",
              transform=axis.transAxes, va="top", ha="right")  # fmt: skip


FIGURE = Figure(prescriptions, _CAPTION, ("calibration",))
