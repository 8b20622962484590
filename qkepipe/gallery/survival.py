"""Panel that two problems share: survival of nue and nuebar over time, beside a table."""

from __future__ import annotations

import xarray as xr

from qkepipe.report.plotted import Plotted
from qkepipe.report.style import BLUE, GREY, VERMILION

__all__ = ["draw_survival"]


def draw_survival(axis, table: Plotted, data: xr.Dataset) -> None:
    """Draw ``survival(sector, t)`` as lines and ``table(sector, t_table)`` as points."""
    for k, (name, label, color) in enumerate(
        (("nue", r"$\nu_e$", BLUE), ("nuebar", r"$\bar\nu_e$", VERMILION))
    ):
        table.line(axis, ("t", "1/mu", data["t"].values),
                   (f"survival_{name}", "1", data["survival"].values[k]), color=color,
                   label=label)  # fmt: skip
        table.line(axis, ("t_table", "1/mu", data["t_table"].values),
                   (f"table_{name}", "1", data["table"].values[k]), color=color, linestyle="",
                   marker="o")  # fmt: skip
    axis.set_xlabel(r"$\mu t$")
    axis.set_ylabel("survival probability")
    axis.plot([], [], color=GREY, linestyle="", marker="o", label="table")
    axis.legend()
