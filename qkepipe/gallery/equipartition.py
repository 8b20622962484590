"""Equipartition by dephasing: one half with two flavours, one third with three.

As many nuebar as nue with a common flux, inverted ordering: directions dephase until nothing is
left of the flavour vectors (Raffelt & Sigl 2007, PRD 75, 083002; recalled). With three flavours mu
and tau have to differ: if they are equal, nue turn into their sum alone, as with two flavours.
"""

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.gallery.boxes import flowing_gas, splitting
from qkepipe.gallery.item import Check, Item
from qkepipe.oscillation.vacuum import ThreeFlavors, TwoFlavors
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import BLUE, GREY, VERMILION, stack
from qkepipe.solvers import run_homogeneous

__all__ = ["ITEM"]

MU, THETA = 100.0, 0.01
#: The other mass splitting over the first.
SECOND = 0.6
#: Times over which the late state is averaged [1/omega].
LATE = (60.0, 160.0)
SOURCE = "equal numbers of all flavours"


def compute():
    """Survival of nue with two and three flavours, and numbers of mu and tau."""
    field = flowing_gas(1.0, 64, MU)
    t = np.arange(0.5, LATE[1] + 0.1, 0.5)
    mass = -splitting(1.0, field)
    mixings = {
        2: TwoFlavors(mass, THETA),
        3: ThreeFlavors(SECOND * mass, mass, THETA, THETA, THETA, 0.0),
    }
    runs = {
        flavors: run_homogeneous(
            field, t / C_LIGHT, flavors=flavors, vacuum=mixing, tolerance=1e-6
        )["number_density"]
        for flavors, mixing in mixings.items()
    }  # fmt: skip
    share = {n: run / run[0].isel(species=slice(0, None, 2)).sum() for n, run in runs.items()}
    curves = {
        "nue_2": share[2].sel(species="nue"), "nue_3": share[3].sel(species="nue"),
        "numu_3": share[3].sel(species="numu"), "nutau_3": share[3].sel(species="nutau"),
    }  # fmt: skip
    data = xr.Dataset({n: ("t", c.values) for n, c in curves.items()}, coords={"t": t})
    late = data.isel(t=t > LATE[0]).mean("t")
    checks = [
        Check(f"late share of {name}, {n} flavours", float(late[f"{name}_{n}"]), 1.0 / n, 0.02,
              SOURCE)
        for name, n in (("nue", 2), ("nue", 3), ("numu", 3), ("nutau", 3))
    ]  # fmt: skip
    return data, checks


def draw(data):
    figure, (axis,) = stack([2.2])
    table = Plotted()
    x = ("t", "1/omega", data["t"].values)
    for n, color in ((2, BLUE), (3, VERMILION)):
        table.line(axis, x, (f"nue_{n}", "1", data[f"nue_{n}"].values), color=color,
                   label=f"{n} flavours", linewidth=0.8)  # fmt: skip
        table.level(axis, (f"equal_{n}", "1", 1.0 / n), color=GREY, linestyle="--")
    axis.set_xlabel(r"$\omega t$")
    axis.set_ylabel(r"survival of $\nu_e$")
    axis.set_ylim(0.0, 1.0)
    axis.legend()
    return figure, table.frame()


ITEM = Item(
    title="Equipartition of two and three flavours",
    text="A dense gas of as many nue as nuebar with a net flux: directions dephase and every "
    "flavour ends with the same number (dashed), one half or one third, but for brief revivals. "
    "Three flavours get there only because mu and tau have different mass splittings.",
    compute=compute,
    draw=draw,
)
