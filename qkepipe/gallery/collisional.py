"""Collisional instability C1 of a homogeneous gas, from the seed to its new equilibrium.

d_s f_aa = kappa_a (f_eq - f_aa), d_s f_ab = -(kappa_a + kappa_b)/2 f_ab (Sigl & Raffelt 1993, Nucl.
Phys. B 406, 423, relaxation form), H = mu (rho - rhobar*) with mu = 1.
"""

import numpy as np
import xarray as xr

from qkepipe.constants import SQRT2_GF
from qkepipe.gallery.item import Check, Item, worst
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import BLACK, BLUE, GREEN, GREY, VERMILION, stack
from qkepipe.solvers.adaptive import StepCounts, adaptive_steps
from qkepipe.solvers.homogeneous_step import HomogeneousStep

__all__ = ["ITEM"]

#: t -> rho_ee, rho_xx, rhobar_ee, |rho_ex|.
TABLE = {
    400: (0.9999985324, 0.3000023117, 0.7999979267, 1.013579e-3),
    600: (0.998475148, 0.302405748, 0.797843283, 3.261484e-2),
    800: (0.881591713, 0.627203086, 0.544613875, 0.210100557),
    1000: (0.980171219, 0.778427004, 0.596312944, 6.628365e-2),
    2000: (0.999975582, 0.798927349, 0.795415904, 2.215788e-3),
    3000: (0.9999995575, 0.7990201887, 0.7999090909, 2.982117e-4),
}
SOURCE = "two other integrations to nine digits"
NAMES = ("rho_ee", "rho_xx", "rhobar_ee", "coherence")


def compute():
    """Occupations up to t = 3000."""
    rates = np.array([0.02, 0.004, 0.0, 0.0]).reshape(2, 2, 1)
    goal = np.array([1.0, 0.8, 0.0, 0.0]).reshape(2, 2, 1)
    operator = HomogeneousStep(
        np.array([1.0 / SQRT2_GF]), np.zeros(1), np.ones(1), np.zeros((4, 1)), absorption=rates,
        equilibrium=goal,
    )  # fmt: skip
    f = np.zeros((4, 2, 1, 1))
    f[:2, :, 0, 0] = [[1.0, 0.8], [0.3, 0.3]]
    f[2] = 1e-6
    t = np.arange(20.0, 3001.0, 20.0)
    steps = adaptive_steps(operator, f, t, 1e-10, StepCounts())
    values = np.array([
        (s[0, 0, 0, 0], s[1, 0, 0, 0], s[0, 1, 0, 0], np.hypot(s[2, 0, 0, 0], s[3, 0, 0, 0]))
        for s in steps
    ]).T  # fmt: skip
    at = [int(np.argmin(np.abs(t - time))) for time in TABLE]
    grown = [int(np.argmin(np.abs(t - time))) for time in (200, 400)]
    rate = np.log(values[3, grown[1]] / values[3, grown[0]]) / 200.0
    expected = np.array(list(TABLE.values())).T
    checks = [
        Check("growth rate [mu]", float(rate), 0.0173871, 1e-5,
              "eigenvalue of the linear equations"),
        *(worst(f"{name} at the times of the table", found[at], wanted, 1e-8, SOURCE)
          for name, found, wanted in zip(NAMES[:3], values, expected, strict=False)),
        worst("coherence at the times of the table", values[3, at], expected[3], 1e-7, SOURCE),
        *(Check(f"{name} at t = 3000", float(found[-1]), float(wanted[-1]), 1e-8, SOURCE)
          for name, found, wanted in zip(NAMES[1:3], values[1:3], expected[1:3], strict=True)),
    ]  # fmt: skip
    data = xr.Dataset(
        {"value": (("name", "t"), values),
         "table": (("name", "t_table"), np.array(list(TABLE.values())).T)},
        coords={"name": list(NAMES), "t": t, "t_table": np.array(list(TABLE), dtype=float)},
    )  # fmt: skip
    return data, checks


def draw(data):
    figure, (axis, below) = stack([1.8, 1.5])
    table = Plotted()
    x, at = ("t", "1/mu", data["t"].values), ("t_table", "1/mu", data["t_table"].values)
    labels = (r"$\rho_{ee}$", r"$\rho_{xx}$", r"$\bar\rho_{ee}$", r"$|\rho_{ex}|$")
    colors = (BLUE, GREEN, VERMILION, BLACK)
    for k, name in enumerate(NAMES):
        where = below if name == "coherence" else axis
        table.line(where, x, (name, "1", data["value"].values[k]), color=colors[k],
                   label=labels[k])  # fmt: skip
        table.line(where, at, (f"table_{name}", "1", data["table"].values[k]), color=colors[k],
                   linestyle="", marker="o")  # fmt: skip
    below.set_yscale("log")
    axis.set_ylabel("occupation")
    below.set_ylabel("coherence")
    below.set_xlabel(r"$\mu t$")
    for where in (axis, below):
        where.plot([], [], color=GREY, linestyle="", marker="o", label="table")
        where.legend()
    return figure, table.frame()


ITEM = Item(
    title="Collisional instability and its end",
    text="Neutrinos and antineutrinos are absorbed at different rates, and coherence grows out of "
    "nothing else; points are the table. Mixing and emission together create heavy flavours: "
    "rho_xx rises from 0.3 to 0.8.",
    compute=compute,
    draw=draw,
)
