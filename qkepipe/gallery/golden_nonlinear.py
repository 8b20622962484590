"""Golden problem P2N, and how many cells it needs."""

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.gallery.boxes import golden_run, packet
from qkepipe.gallery.item import Check, Item, worst
from qkepipe.gallery.survival import draw_survival
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import BLUE, stack

__all__ = ["ITEM"]

TIMES = (1000, 1100, 1200, 1300, 1400, 1500, 1600)
TABLE = (
    (0.999858, 0.998265, 0.979566, 0.841439, 0.799020, 0.929121, 0.787497),
    (0.999843, 0.998072, 0.977295, 0.823820, 0.776689, 0.921245, 0.763885),
)
CELLS = (16, 32, 64, 128)
SOURCE = "tabulated: Fourier streaming with RK4 at dt = 0.1, and another code to its accuracy"


def compute():
    """Survival to t = 1600, and its error over the number of cells."""
    t = np.arange(900.0, 1601.0, 10.0)
    run = golden_run(packet, 128, t)
    survival = run["survival_probability"].transpose("sector", "time_sample").values
    at = [int(np.argmin(np.abs(t - time))) for time in TIMES]
    checks = [
        Check(f"survival of nue at t = {time}", float(survival[0, i]), expected, 1e-5, SOURCE)
        for time, i, expected in zip(TIMES, at, TABLE[0], strict=True)
    ]
    checks.append(worst("survival of nuebar", survival[1, at], TABLE[1], 1e-5, SOURCE))
    errors = []
    for cells in CELLS:
        coarse = golden_run(packet, cells, TIMES)["survival_probability"].isel(sector=0)
        errors.append(float(np.abs(coarse.values - TABLE[0]).max()))
    checks.append(Check("error of survival of nue on 64 cells", errors[2], 0.0, 1e-5, SOURCE))
    data = xr.Dataset(
        {"survival": (("sector", "t"), survival), "table": (("sector", "t_table"), np.array(TABLE)),
         "error": ("cells", np.array(errors))},
        coords={"t": run["time_sample"].values * C_LIGHT,
                "t_table": np.array(TIMES, dtype=float), "cells": list(CELLS)},
    )  # fmt: skip
    return data, checks


def draw(data):
    figure, (axis, below) = stack([2.0, 1.5], share_x=False)
    table = Plotted()
    draw_survival(axis, table, data)
    table.line(below, ("cells", "1", data["cells"].values.astype(float)),
               ("error", "1", data["error"].values), color=BLUE, marker="o")  # fmt: skip
    below.set_xscale("log", base=2)
    below.set_yscale("log")
    below.set_xlabel("cells")
    below.set_ylabel("error")
    return figure, table.frame()


ITEM = Item(
    title="Fast conversion, non-linear: P2N and its resolution",
    text="The packet of P2 after it has saturated; points are the table. Below: the error falls "
    "faster than any power of the number of cells, until the last digit of the table.",
    compute=compute,
    draw=draw,
)
