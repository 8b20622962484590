"""Neutrinos in matter of constant density (Wolfenstein 1978, PRD 17, 2369)."""

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT, SQRT2_GF
from qkepipe.gallery.boxes import gas, splitting
from qkepipe.gallery.item import Check, Item
from qkepipe.oscillation.vacuum import TwoFlavors
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import BLUE, VERMILION, stack
from qkepipe.solvers import run_homogeneous

__all__ = ["ITEM"]

#: theta_12, and 1/cm = omega sin(2 theta)/(4 pi): the numbers of the test of the code Emu.
THETA = np.radians(33.82)
OMEGA = 4.0 * np.pi / np.sin(2.0 * THETA)
SOURCE = "sin^2 2theta_m sin^2(omega_m t/2) (Wolfenstein 1978)"


def formula(t, matter):
    """Survival with the potential ``matter`` [cm^-1], of the sign that neutrinos feel; inverted."""
    along = -OMEGA * np.cos(2.0 * THETA) - matter
    frequency = np.hypot(along, OMEGA * np.sin(2.0 * THETA))
    depth = (OMEGA * np.sin(2.0 * THETA) / frequency) ** 2
    return 1.0 - depth * np.sin(0.5 * frequency * t) ** 2


def compute():
    """Survival at the resonance of antineutrinos, inverted ordering."""
    # so dilute that neutrinos do not feel one another
    field = gas([1.0, 1.0, 0.0, 0.0], potential=1e-15)
    t = np.linspace(0.0, 1.0, 201)
    matter = OMEGA * np.cos(2.0 * THETA)
    run = run_homogeneous(
        field, t / C_LIGHT, vacuum=TwoFlavors(-splitting(OMEGA, field), THETA),
        electron_density=matter / SQRT2_GF,
    )  # fmt: skip
    survival = run["survival_probability"].transpose("sector", "time_sample").values
    expected = np.stack([formula(t, matter), formula(t, -matter)])
    data = xr.Dataset(
        {
            "survival": (("sector", "t"), survival),
            "expected": (("sector", "t"), expected),
        },
        coords={"t": t},
    )
    checks = [
        Check(f"survival of {name}: largest difference", float(np.abs(a - b).max()), 0.0, 1e-10,
              SOURCE)
        for name, a, b in zip(("nue", "nuebar"), survival, expected, strict=True)
    ]  # fmt: skip
    checks.append(Check("least survival of nuebar at the resonance", float(survival[1].min()),
                        0.0, 1e-10, "maximal mixing"))  # fmt: skip
    return data, checks


def draw(data):
    figure, (axis,) = stack([2.2])
    table = Plotted()
    x = ("t", "cm", data["t"].values)
    for k, (name, label, color) in enumerate(
        (("nue", r"$\nu_e$", BLUE), ("nuebar", r"$\bar\nu_e$", VERMILION))
    ):
        table.line(axis, x, (f"expected_{name}", "1", data["expected"].values[k]), color=color)
        table.line(
            axis, ("t_points", "cm", data["t"].values[::8]),
            (f"survival_{name}", "1", data["survival"].values[k, ::8]), color=color,
            linestyle="", marker="o", label=label,
        )  # fmt: skip
    axis.set_xlabel("$c\\,t$ [cm]")
    axis.set_ylabel("survival probability")
    axis.legend(loc="lower left")
    return figure, table.frame()


ITEM = Item(
    title="Matter effect at constant density",
    text="Two flavours in matter at the resonance of antineutrinos, inverted ordering: points are "
    "the run, lines the closed form. Antineutrinos convert completely although the vacuum angle "
    "is 34 degrees; neutrinos are off resonance.",
    compute=compute,
    draw=draw,
)
