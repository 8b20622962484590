"""Golden problem P2: linear growth of a wave packet, and growth of single modes."""

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.gallery.boxes import golden_run, packet
from qkepipe.gallery.item import Check, Item, worst
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import BLACK, BLUE, GREEN, VERMILION, stack

__all__ = ["ITEM"]

TIMES = (60, 120, 300, 600)
RMS = (1.463953e-7, 2.183233e-7, 1.382296e-6, 5.259163e-5)
#: Mode -> growth between t = 500 and 600 [mu].
GROWTH = {-5: 0.012691, -6: 0.011840, -4: 0.008447}
SOURCE = "tabulated: Fourier streaming with RK4 at dt = 0.1, and another code to its accuracy"


def compute():
    """Coherence and mode amplitudes up to t = 600."""
    t = np.arange(0.0, 601.0, 20.0)
    run = golden_run(packet, 128, t)
    rms = run["coherence_rms"].values
    at = [int(np.argmin(np.abs(t - time))) for time in TIMES]
    checks = [
        worst("coherence over the table at t = 60, 120, 300, 600", rms[at] / RMS, np.ones(4), 2e-4,
              SOURCE)
    ]  # fmt: skip
    modes = run["mode_amplitude"].sel(mode=list(GROWTH))
    early, late = (modes.isel(time_sample=int(np.argmin(np.abs(t - x)))) for x in (500, 600))
    growth = (np.log(late / early) / 100.0).values
    checks += [
        Check(f"growth of mode {mode} [mu]", float(rate), expected, 2e-5, SOURCE)
        for (mode, expected), rate in zip(GROWTH.items(), growth, strict=True)
    ]
    data = xr.Dataset(
        {"rms": ("t", rms), "modes": (("t", "mode"), modes.values),
         "table": ("t_table", np.array(RMS))},
        coords={"t": run["time_sample"].values * C_LIGHT, "mode": list(GROWTH),
                "t_table": np.array(TIMES, dtype=float)},
    )  # fmt: skip
    return data, checks


def draw(data):
    figure, (axis,) = stack([2.4])
    table = Plotted()
    x = ("t", "1/mu", data["t"].values)
    table.line(axis, x, ("coherence_rms", "1", data["rms"].values), color=BLACK, label="rms")
    table.line(axis, ("t_table", "1/mu", data["t_table"].values),
               ("table", "1", data["table"].values), color=BLACK, linestyle="", marker="o",
               label="table")  # fmt: skip
    for mode, color in zip(data["mode"].values, (BLUE, GREEN, VERMILION), strict=True):
        table.line(axis, x, (f"mode_{mode}", "1", data["modes"].sel(mode=mode).values),
                   color=color, linestyle="--", label=f"mode {mode}")  # fmt: skip
    axis.set_yscale("log")
    axis.set_xlabel(r"$\mu t$")
    axis.set_ylabel("coherence")
    axis.legend(ncols=2)
    return figure, table.frame()


ITEM = Item(
    title="Fast conversion, linear: P2",
    text="A packet of coherence in the angular distributions of the code comparison of Richers et "
    "al. (2022) grows and moves. Dashed: Fourier modes, whose growth rates are those of the "
    "dispersion relation.",
    compute=compute,
    draw=draw,
)
