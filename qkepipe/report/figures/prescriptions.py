"""Prescriptions of flavour mixing against local boxes of quantum kinetics."""

from __future__ import annotations

import numpy as np

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
    stack,
)
from qkepipe.units import KM_CM

__all__ = ["FIGURE", "prescriptions"]

_CAPTION = (
    "Asymptotic states of fast conversion against periodic local boxes of two-flavour quantum "
    "kinetics that start from the angular distributions of some fast-unstable cells. Top: mean "
    "absolute error of the survival probability, weighted with all neutrinos, against the radius "
    "of the cell. Below: survival probability against the cosine μ with the outward direction, in "
    "the box (dots, mean over its late half) and as predicted, in the innermost, a middle and the "
    "outermost of these cells. Boxes have no collisions, no matter and no boundaries."
)

_COLORS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, LIGHT_BLUE, GREY, BLACK)
_LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1)), (0, (3, 1)), (0, (1, 2)), (0, (8, 2)))


def prescriptions(study: StudyData, snapshot: str):
    """Draw errors over the radius, and survival probabilities of up to three cells."""
    found = study.snapshots[snapshot].calibration
    count = found.sizes.get("cell", 0)
    if count == 0:
        figure, (axis,) = stack([0.6])
        axis.set_axis_off()
        axis.text(0.5, 0.5, "no fast-unstable cell", ha="center", va="center")
        return figure, Plotted().frame()
    order = np.argsort(found["radius"].values, kind="stable")
    shown = [order[i] for i in sorted({0, (count - 1) // 2, count - 1})]
    figure, axes = stack([1.6] + [1.35] * len(shown), share_x=False)
    table = Plotted()
    styles = {
        str(name): {"color": _COLORS[i % len(_COLORS)], "linestyle": _LINES[i % len(_LINES)],
                    "label": str(name).replace("_", " ")}
        for i, name in enumerate(found["prescription"].values)
    }  # fmt: skip
    radius = ("radius", "km", found["radius"].values[order] / KM_CM)
    for name, style in styles.items():
        error = found["score"].sel(prescription=name, quantity="angle").values[order]
        table.line(axes[0], radius, (f"error_{name}", "1", error), marker=".", **style)
    axes[0].set_xlabel("radius [km]")
    axes[0].set_ylabel(r"mean $|\Delta P|$")
    axes[0].set_yscale("log")
    for number, (axis, i) in enumerate(zip(axes[1:], shown, strict=True), start=1):
        cell = found.isel(cell=i)
        mu = ("mu", "1", cell["mu"].values)
        for name, style in styles.items():
            values = cell["survival_probability"].sel(prescription=name).values
            table.line(axis, mu, (f"survival_{name}_{number}", "1", values), **style)
        table.line(axis, mu, (f"survival_box_{number}", "1", cell["survival_box"].values),
                   color=BLACK, linestyle="", marker="o", markersize=3.0, label="QKE")  # fmt: skip
        axis.set_ylim(-0.05, 1.25)
        axis.set_ylabel("survival")
        axis.text(0.03, 0.95, str(cell["place"].values), transform=axis.transAxes, va="top")
    axes[-1].set_xlabel(r"$\mu$")
    figure.legend(*axes[1].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return figure, table.frame()


FIGURE = Figure(prescriptions, _CAPTION, ("calibration",))
