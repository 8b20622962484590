"""Angular distribution of the electron minus heavy lepton number in chosen cells."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import NullFormatter

from qkepipe.report.data import StudyData
from qkepipe.report.figure import Figure
from qkepipe.report.figures.growth_vs_wavenumber import cell_words
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import BLUE, VERMILION, stack

__all__ = ["FIGURE", "eln_distributions"]

_CAPTION = (
    "Absolute value of the energy-integrated ELN−XLN, (ν_e − ν̄_e) − (ν_x − ν̄_x) per cubic "
    "centimetre and d(μ)/2, against the cosine μ with the outward direction, in the cells of the "
    "figure of growth against wavenumber: positive (filled circles) and negative (open squares). A "
    "change of sign is what makes a cell unstable to fast conversion; the smaller lobe sets how "
    "fast. A field that is known by its moments alone has the distribution of largest entropy, "
    "whose shallow crossings are not certain."
)

#: Smallest value shown, relative to the largest.
_FLOOR = 1e-6


def eln_distributions(study: StudyData, snapshot: str):
    """Draw one panel for each chosen cell."""
    modes = study.snapshots[snapshot].modes
    cells = [modes.isel(cell=i) for i in range(modes.sizes["cell"])]
    figure, axes = stack([1.35] * len(cells))
    table = Plotted()
    for number, (axis, cell) in enumerate(zip(axes, cells, strict=True), start=1):
        values = cell["eln_xln"].values
        for name, part, style in (
            ("positive", values, {"color": BLUE, "marker": "o", "label": "positive"}),
            ("negative", -values, {"color": VERMILION, "marker": "s", "linestyle": "--",
                                   "markerfacecolor": "none", "label": "negative"}),
        ):  # fmt: skip
            shown = np.where(part > 0.0, part, np.nan)
            table.line(axis, ("mu", "1", cell["mu"].values),
                       (f"eln_xln_{name}_{number}", "cm-3", shown), **style)  # fmt: skip
        size = np.abs(values[values != 0.0])
        if size.size:
            axis.set_yscale("log")
            axis.yaxis.set_minor_formatter(NullFormatter())
            low = min(max(0.5 * size.min(), _FLOOR * size.max()), size.max() / 30.0)
            # room for the text
            axis.set_ylim(low, size.max() * (size.max() / low) ** 0.55)
        axis.text(0.03, 0.94, cell_words(cell), transform=axis.transAxes, va="top")
    axes[-1].set_xlim(-1.0, 1.0)
    axes[-1].set_xticks([-1.0, -0.5, 0.0, 0.5, 1.0])
    axes[-1].set_xlabel(r"$\mu$")
    figure.supylabel(r"|ELN$-$XLN| [cm$^{-3}$]", fontsize=8.5)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure, table.frame()


FIGURE = Figure(eln_distributions, _CAPTION, ("modes",))
