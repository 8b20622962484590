"""Growth rate of fast modes against the wavenumber, in chosen cells."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator

from qkepipe.report.data import StudyData
from qkepipe.report.figure import Figure
from qkepipe.report.labels import short
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import BLUE, LABEL, ORANGE, stack

__all__ = ["FIGURE", "growth_vs_wavenumber"]

_CAPTION = (
    "Growth rate of the fastest fast mode against the wavenumber κ = k − Φ₁ along the radius, in "
    "the cell of largest growth and in cells at boundaries of regions: modes that keep axial "
    "symmetry and modes that break it. Unstable wavenumbers are bands around κ = 0, and a test of "
    "κ = 0 alone can miss them. Zero or slightly negative (damping by absorption): stable. The "
    "vacuum term is left out, so slow modes are not in it."
)

_STYLE = {
    "sym": {"color": BLUE, "label": "axially symmetric"},
    "brk": {"color": ORANGE, "linestyle": "--", "label": "symmetry breaking"},
}
#: Share of the peak below which a wavenumber counts as stable when the range is chosen.
_EDGE = 1e-3


def growth_vs_wavenumber(study: StudyData, snapshot: str):
    """Draw one panel for each chosen cell."""
    modes = study.snapshots[snapshot].modes
    cells = [modes.isel(cell=i) for i in range(modes.sizes["cell"])]
    figure, axes = stack([1.35] * len(cells), share_x=False)
    table = Plotted()
    for number, (axis, cell) in enumerate(zip(axes, cells, strict=True), start=1):
        cell = cell.dropna("wavenumber", subset=["kappa"])
        kappa = cell["kappa"].values
        for sector in map(str, cell["sector"].values):
            growth = cell["growth_rate"].sel(sector=sector).values
            table.line(axis, (f"kappa_{number}", "cm-1", kappa),
                       (f"growth_{sector}_{number}", "s-1", growth), **_STYLE[sector])  # fmt: skip
        _frame(axis, kappa, cell["growth_rate"].max("sector").values)
        axis.text(0.03, 0.94, cell_words(cell), transform=axis.transAxes, va="top")
    axes[-1].set_xlabel(r"$\kappa$ [cm$^{-1}$]")
    figure.supylabel(r"growth rate [s$^{-1}$]", fontsize=8.5)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure, table.frame()


def cell_words(cell) -> str:
    """Why a cell was chosen, and where it is."""
    place = cell["place"].item()
    for plain, shown in (("; ", ", "), ("theta", "θ"), ("phi", "φ"), (" deg", "°")):
        place = place.replace(plain, shown)
    why = cell["why"].item()
    for species in ("nuebar", "nue"):
        why = why.replace(f"{species} ", f"{LABEL[species]} ")
    return f"{why}\n{place}"


def _frame(axis, kappa: np.ndarray, growth: np.ndarray) -> None:
    """Range of the axes: the unstable bands, symmetric about 0, with room for the text."""
    peak = growth.max()
    whole = np.abs(kappa).max()
    unstable = np.abs(kappa[growth > _EDGE * peak]) if peak > 0.0 else np.array([whole])
    # a band as narrow as a step still has a width
    reach = min(max(1.25 * unstable.max(), 0.05 * whole), whole)
    axis.set_xlim(-reach, reach)
    if peak > 0.0:
        axis.set_ylim(-0.05 * peak, 1.6 * peak)
    else:
        axis.text(0.97, 0.94, "stable", transform=axis.transAxes, ha="right", va="top")
        size = max(1.0, -growth.min())
        axis.set_ylim(-1.2 * size, 1.6 * size)
    for one, ticks in ((axis.xaxis, 3), (axis.yaxis, 4)):
        one.set_major_locator(MaxNLocator(ticks))
        one.set_major_formatter(FuncFormatter(lambda value, _: _tick(value)))


def _tick(value: float) -> str:
    text = short(abs(value), math_text=True) if value else "0"
    return f"\N{MINUS SIGN}{text}" if value < 0.0 else text


FIGURE = Figure(growth_vs_wavenumber, _CAPTION, ("modes",))
