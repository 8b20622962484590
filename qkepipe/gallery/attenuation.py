"""Attenuation is a change of units where nothing but the self-interaction acts."""

import numpy as np
import xarray as xr

from qkepipe.gallery.item import Check, Item
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import BLACK, BLUE, VERMILION, stack
from qkepipe.solvers import run_two_beams

__all__ = ["ITEM"]

XI = (1.0, 0.1, 0.01)


def compute():
    """Coherence of two beams at three attenuations, over xi t, in boxes of length 1/xi."""
    runs = []
    for xi in XI:
        run = run_two_beams(
            (1.0, -0.7), length=10.0 / xi, cells=200, duration=40.0 / xi, xi=xi, samples=100,
            boundary="periodic", seed_amplitude=1e-6,
        )  # fmt: skip
        runs.append(np.abs(run["coherence"]).mean(["beam", "z"]).values)
    data = xr.Dataset(
        {"coherence": (("xi", "t"), np.array(runs))},
        coords={"xi": list(XI), "t": np.linspace(0.0, 40.0, 101)},
    )
    linear = runs[0] < 1e-2
    checks = [
        Check(f"coherence at xi = {xi:g} over that at xi = 1, largest deviation while it is small",
              float(np.abs(run[linear] / runs[0][linear] - 1.0).max()), 0.0, 1e-8,
              "rho(t, z; xi) = rho(xi t, xi z; 1)")
        for xi, run in zip(XI[1:], runs[1:], strict=True)
    ]  # fmt: skip
    return data, checks


def draw(data):
    figure, (axis,) = stack([2.2])
    table = Plotted()
    styles = ((BLACK, "-"), (BLUE, "--"), (VERMILION, ":"))
    for (color, line), xi, values in zip(
        styles, data["xi"].values, data["coherence"].values, strict=True
    ):
        table.line(axis, ("t", "1/mu", data["t"].values), (f"coherence_xi_{xi:g}", "1", values),
                   color=color, linestyle=line, label=rf"$\xi$ = {xi:g}")  # fmt: skip
    axis.set_yscale("log")
    axis.set_xlabel(r"$\xi\mu t$")
    axis.set_ylabel("mean coherence")
    axis.legend()
    return figure, table.frame()


ITEM = Item(
    title="Attenuation as a change of units",
    text="Two beams in boxes of length 1/xi: with the Hamiltonian times xi everything takes 1/xi "
    "as long and is otherwise the same. Collisions, gradients and boundaries do not scale, so "
    "that results on a star have to be shown to converge in xi.",
    compute=compute,
    draw=draw,
)
