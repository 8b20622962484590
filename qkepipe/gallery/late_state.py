"""Late state of a local box against asymptotic prescriptions."""

import math

import numpy as np
import xarray as xr

from qkepipe.constants import SQRT2_GF
from qkepipe.gallery.item import Check, Item
from qkepipe.mixing.state import mixed_arrays
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import BLACK, BLUE, GREEN, VERMILION, stack
from qkepipe.solvers import run_box

__all__ = ["ITEM"]

SHOWN = {"box": VERMILION, "power_half": BLUE, "exponential": GREEN}
SOURCE = "tabulated: mean of upwind differences and of Fourier advection"
#: Larger lobe of the lepton number, the unit of 1/length.
LOBE = 0.12378774


def densities(edges: np.ndarray) -> np.ndarray:
    """nue and nuebar per d(mu)/2 [cm^-3]: Gaussians around v = 1, of width 0.6 and 0.5."""
    x, w = np.polynomial.legendre.leggauss(8)
    low, high = edges[:-1, None], edges[1:, None]
    v = 0.5 * (low + high) + 0.5 * (high - low) * x
    out = np.zeros((4, edges.size - 1))
    for row, (number, width) in enumerate(((1.0, 0.6), (0.9, 0.5))):
        norm = width * math.sqrt(math.pi / 2.0) * math.erf(math.sqrt(2.0) / width)
        mean = np.exp(-((v - 1.0) ** 2) / (2.0 * width**2)) @ w / 2.0
        out[row] = 2.0 / SQRT2_GF * number * mean / norm / LOBE
    return out


def compute():
    """Survival over angle of the box, and of the prescriptions."""
    edges = np.linspace(-1.0, 1.0, 33)
    v, weight = 0.5 * (edges[1:] + edges[:-1]), 0.5 * np.diff(edges)
    density = densities(edges)
    runs = [
        run_box(
            density, edges, length=300.0, cells=600, duration=300.0, wavenumber=None,
            random_seed=seed, seed_amplitude=1e-3, average_from=0.5,
        )["density_mean"].mean("z").values[0]
        for seed in (1, 2)
    ]  # fmt: skip
    survival = np.mean(runs, axis=0) / density[0]
    number = weight * density[0]
    state = density[:, None, :, None]
    data = xr.Dataset({"box_run": ("mu", survival)}, coords={"mu": v})
    means = {}
    for name in SHOWN:
        own = mixed_arrays(state, np.ones(1), weight, v, name, 2)[1][:, 0]
        data[name] = ("mu", own)
        means[name] = float(number @ own / number.sum())
    mean = float(number @ survival / number.sum())
    checks = [
        Check("mean survival of nue", mean, 0.660, 0.02, SOURCE),
        Check("the same, of power_half", means["power_half"], 0.660, 0.02, SOURCE),
        Check("the same, of box", means["box"], mean, 0.2 * mean,
              "the run: 20 %, Nagakura, Johns & Zaizen 2023, arXiv:2312.16285"),
    ]  # fmt: skip
    return data, checks


def draw(data):
    figure, (axis,) = stack([2.2])
    table = Plotted()
    x = ("mu", "1", data["mu"].values)
    table.line(axis, x, ("box_run", "1", data["box_run"].values), color=BLACK, linestyle="",
               marker="o", label="quantum kinetics")  # fmt: skip
    for (name, color), line in zip(SHOWN.items(), ("-", "--", ":"), strict=True):
        table.line(axis, x, (name, "1", data[name].values), color=color, linestyle=line,
                   label=name.replace("_", " "))  # fmt: skip
    axis.set_xlabel(r"$\mu$")
    axis.set_ylabel("survival probability")
    axis.legend(loc="lower left")
    return figure, table.frame()


ITEM = Item(
    title="Late state of fast conversion",
    text="A box with Gaussian angular distributions of nue and nuebar, from random phases (two "
    "sets) to its late state, and what prescriptions make of the same distributions. The box "
    "prescription has the right mean within its published 20 %, the continuous ones have the "
    "angles, too.",
    compute=compute,
    draw=draw,
)
