"""Bipolar oscillation of an isotropic gas: the exact pendulum.

P' = (omega B + mu D) x P, Pbar' = (-omega B + mu D) x Pbar, D = P - Pbar (Hannestad, Raffelt, Sigl
& Wong 2006, PRD 74, 105010). With Q = P + Pbar - (omega/mu) B, kappa^2 = omega mu |Q| and cos phi_0
= -B.Q/|Q| the period is 4 K(sin^2(phi_0/2))/kappa.
"""

import numpy as np
import xarray as xr
from scipy.special import ellipk

from qkepipe.constants import C_LIGHT
from qkepipe.gallery.boxes import gas, splitting
from qkepipe.gallery.item import Check, Item
from qkepipe.oscillation.vacuum import TwoFlavors
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import BLACK, GREY, stack
from qkepipe.solvers import run_homogeneous

__all__ = ["ITEM"]

MU, THETA = 10.0, 0.01
SOURCE = "closed form of the pendulum"


def period() -> float:
    """Period in 1/omega."""
    b = -np.array([np.sin(2 * THETA), 0.0, -np.cos(2 * THETA)])
    q = np.array([0.0, 0.0, 2.0]) - b / MU
    size = np.linalg.norm(q)
    return float(4.0 * ellipk(0.5 * (1.0 + b @ q / size)) / np.sqrt(MU * size))


def measured_period(t, p3) -> float:
    """Time from the first to the third minimum, vertices of parabolas through three points.

    There are two swings, there and back, in a period.
    """
    lowest = np.flatnonzero((p3[1:-1] < p3[:-2]) & (p3[1:-1] < p3[2:])) + 1
    vertex = []
    for i in lowest[[0, 2]]:
        # around the lowest point: without it digits are lost
        a, b, _ = np.polyfit(t[i - 1 : i + 2] - t[i], p3[i - 1 : i + 2], 2)
        vertex.append(t[i] - 0.5 * b / a)
    return float(vertex[1] - vertex[0])


def compute():
    """Two periods, inverted ordering, as many antineutrinos as neutrinos."""
    field = gas([1.0, 1.0, 0.0, 0.0], potential=MU)
    closed = period()
    t = closed * np.union1d(np.linspace(0.0, 2.0, 1001), [0.2504, 0.7496])
    run = run_homogeneous(
        field, t / C_LIGHT, vacuum=TwoFlavors(-splitting(1.0, field), THETA), tolerance=1e-11
    )
    p3 = 2.0 * run["survival_probability"].isel(sector=0).values - 1.0
    at = {f: float(p3[np.argmin(np.abs(t - f * closed))]) for f in (0.2504, 0.5, 1.0, 2.0)}
    checks = [
        Check("period [1/omega]", measured_period(t, p3), closed, 1e-4, SOURCE),
        Check("P3 after one period", at[1.0], 1.0, 1e-7, SOURCE),
        Check("P3 after two periods", at[2.0], 1.0, 1e-7, SOURCE),
        Check("P3 after half a period", at[0.5], 0.99920011, 1e-7, SOURCE),
        Check("least P3", at[0.2504], -0.900021, 1e-5, SOURCE),
    ]
    return xr.Dataset({"p3": ("t", p3)}, coords={"t": t}, attrs={"period": closed}), checks


def draw(data):
    figure, (axis,) = stack([2.2])
    table = Plotted()
    table.line(axis, ("t", "1/omega", data["t"].values), ("p3", "1", data["p3"].values),
               color=BLACK)  # fmt: skip
    for k in (1, 2):
        axis.axvline(k * data.attrs["period"], color=GREY, linestyle=":")
    axis.set_xlabel(r"$\omega t$")
    axis.set_ylabel("$P_3$")
    return figure, table.frame()


ITEM = Item(
    title="Bipolar oscillation",
    text="An isotropic gas of as many nue as nuebar, inverted ordering, mu = 10 omega: the flavour "
    "vector falls like a pendulum and returns exactly after the period of the closed form "
    "(dotted).",
    compute=compute,
    draw=draw,
)
