"""Colliding beams swap flavour (Zaizen & Nagakura 2023, arXiv:2311.13842)."""

import xarray as xr

from qkepipe.gallery.item import Check, Item
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import BLUE, GREY, VERMILION, stack
from qkepipe.solvers import run_two_beams

__all__ = ["ITEM"]

SOURCE = "Zaizen & Nagakura 2023, arXiv:2311.13842: complete swap"


def compute():
    """Mean survival of beams of lepton number 1 and -1, and of 1 and 1/2."""
    settings = {"length": 20.0, "cells": 400, "duration": 600.0, "seed_amplitude": 1e-2}
    opposite = run_two_beams((1.0, -1.0), **settings)["survival_mean"]
    same = run_two_beams((1.0, 0.5), **settings)["survival_mean"]
    data = xr.Dataset(
        {"opposite": (("beam", "z"), opposite.values), "same": (("beam", "z"), same.values)},
        coords={"z": opposite["z"].values},
    )
    checks = [
        Check("survival where the first beam leaves", float(opposite[0, -1]), 0.0, 0.05, SOURCE),
        Check("survival where the second beam leaves", float(opposite[1, 0]), 0.0, 0.05, SOURCE),
        Check("lepton flux through both ends", float(opposite[0, -1] - opposite[1, 0]), 0.0, 0.05,
              "conservation of lepton number"),
        Check("survival of beams of equal sign", float(same.min()), 1.0, 1e-3,
              "no crossing, no instability"),
    ]  # fmt: skip
    return data, checks


def draw(data):
    figure, (axis,) = stack([2.2])
    table = Plotted()
    x = ("z", "1/mu", data["z"].values)
    for k, (color, label) in enumerate(((BLUE, r"$\mu = +1$"), (VERMILION, r"$\mu = -1$"))):
        table.line(axis, x, (f"opposite_{k}", "1", data["opposite"].values[k]), color=color,
                   label=label)  # fmt: skip
        table.line(axis, x, (f"same_{k}", "1", data["same"].values[k]), color=color,
                   linestyle="--")  # fmt: skip
    axis.plot([], [], color=GREY, linestyle="--", label="equal signs")
    axis.set_ylim(-0.05, 1.1)
    axis.set_xlabel(r"$\mu z$")
    axis.set_ylabel("mean survival probability")
    axis.legend(loc="center right")
    return figure, table.frame()


ITEM = Item(
    title="Flavour swap of colliding beams",
    text="Neutrinos enter from the left, as many antineutrinos from the right: each leaves as the "
    "other flavour. Beams of equal lepton number (dashed) pass through one another unchanged.",
    compute=compute,
    draw=draw,
)
