"""Reduced code comparison RC: many waves with given phases."""

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.gallery.boxes import golden_run
from qkepipe.gallery.item import Check, Item, worst
from qkepipe.gallery.survival import draw_survival
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import stack

__all__ = ["ITEM"]

LENGTH = 1024.0
TIMES = (1200, 1300, 1400, 1500, 1600, 1800, 2000, 2500, 3000)
TABLE = (
    (0.998952, 0.987749, 0.902157, 0.790449, 0.898057, 0.806190, 0.868059, 0.831456, 0.829622),
    (0.998835, 0.986388, 0.891285, 0.767165, 0.886729, 0.784655, 0.853399, 0.812729, 0.810691),
)
SOURCE = "tabulated: Fourier streaming against fourth-order differences, within 6.5e-5"


def seed(z):
    """e(z) = sum over 0 < |a| <= 51 of (1e-7/|a|) exp(2 pi i a z/L + i phi_a)."""
    golden = 0.5 * (1.0 + np.sqrt(5.0))
    out = np.zeros(z.size, dtype=complex)
    for a in (*range(-51, 0), *range(1, 52)):
        turn = np.sqrt(2.0) * a**2 + golden * a**3
        phase = 2.0 * np.pi * (turn - np.floor(turn))
        out += 1e-7 / abs(a) * np.exp(1j * (2.0 * np.pi * a * z / LENGTH + phase))
    return out


def compute():
    """Survival to t = 3000."""
    t = np.arange(1000.0, 3001.0, 25.0)
    run = golden_run(seed, 512, t, n_v=64, length=LENGTH, tolerance=1e-3)
    survival = run["survival_probability"].transpose("sector", "time_sample").values
    at = [int(np.argmin(np.abs(t - time))) for time in TIMES]
    checks = [
        Check(f"survival of nue at t = {time}", float(survival[0, i]), expected, 1e-3, SOURCE)
        for time, i, expected in zip(TIMES, at, TABLE[0], strict=True)
    ]
    checks.append(worst("survival of nuebar", survival[1, at], TABLE[1], 1e-3, SOURCE))
    data = xr.Dataset(
        {"survival": (("sector", "t"), survival),
         "table": (("sector", "t_table"), np.array(TABLE))},
        coords={"t": run["time_sample"].values * C_LIGHT,
                "t_table": np.array(TIMES, dtype=float)},
    )  # fmt: skip
    return data, checks


def draw(data):
    figure, (axis,) = stack([2.2])
    table = Plotted()
    draw_survival(axis, table, data)
    return figure, table.frame()


ITEM = Item(
    title="Reduced code comparison",
    text="The comparison of Richers et al. (2022) on a tenth of its box, with given phases instead "
    "of random ones; points are the table. So weak an instability is not chaotic on these times: "
    "codes agree in single values.",
    compute=compute,
    draw=draw,
)
