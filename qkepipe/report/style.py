"""One look for all figures: sizes, fonts, colours, and files that do not change between runs.

Colours are those of Okabe & Ito, which colour-blind readers can tell apart: one colour per
species, one line style per case. Figures are one column wide with type of at least 8 pt.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as MplFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from qkepipe.runtime import atomic_write

__all__ = [
    "BLACK", "BLUE", "CASE_LINES", "GREEN", "GREY", "LABEL", "LIGHT_BLUE", "ORANGE", "PURPLE",
    "RC", "SPECIES_COLOR", "VERMILION", "WIDTH", "YELLOW", "case_legend", "log_axis", "save",
    "stack",
]  # fmt: skip

BLACK, ORANGE, LIGHT_BLUE, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GREY = "#666666"

SPECIES_COLOR = {"nue": BLUE, "nuebar": VERMILION, "nux": GREEN, "nuxbar": PURPLE}
LABEL = {
    "nue": r"$\nu_e$",
    "nuebar": r"$\bar\nu_e$",
    "nux": r"$\nu_x$",
    "nuxbar": r"$\bar\nu_x$",
}
#: Line style of the classical case, then of the others in the order of the study.
CASE_LINES = ("-", "--", ":", "-.", (0, (6, 2, 1, 2, 1, 2)), (0, (1, 3)))

#: Width of one column [inch].
WIDTH = 3.5

RC = {
    "font.family": "DejaVu Sans",
    "mathtext.fontset": "dejavusans",
    "font.size": 8.5,
    "axes.labelsize": 8.5,
    "axes.titlesize": 8.5,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
    "legend.handlelength": 1.9,
    "legend.columnspacing": 1.0,
    "legend.labelspacing": 0.25,
    "axes.linewidth": 0.7,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.0,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "axes.formatter.useoffset": False,
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "svg.hashsalt": "qkepipe",
    "savefig.dpi": 180,
}


def stack(heights: Sequence[float], share_x: bool = True) -> tuple[MplFigure, list]:
    """Figure of panels one below the other, without any global state.

    Parameters
    ----------
    heights : sequence of float
        Height of each panel [inch].
    share_x : bool
        One horizontal axis for all panels.

    Returns
    -------
    figure, list of Axes
    """
    figure = MplFigure(figsize=(WIDTH, sum(heights) + 0.45), layout="constrained")
    FigureCanvasAgg(figure)
    figure.get_layout_engine().set(h_pad=0.02, w_pad=0.03, hspace=0.01)
    axes = figure.subplots(
        len(heights), 1, sharex=share_x, squeeze=False, height_ratios=list(heights)
    )
    return figure, list(axes[:, 0])


def case_legend(figure: MplFigure, labels: Iterable[str]) -> None:
    """Legend of the cases above a figure: grey lines in the styles of :data:`CASE_LINES`."""
    labels = list(labels)
    handles = [
        Line2D([], [], color=GREY, linestyle=line, label=label)
        for line, label in zip(CASE_LINES, labels, strict=False)
    ]
    # two columns of the width of the figure hold so many characters
    ncols = 2 if max(map(len, labels)) <= 26 else 1
    figure.legend(handles=handles, loc="outside upper center", ncols=ncols, columnspacing=0.8)


def log_axis(axis, low: float, high: float) -> None:
    """Horizontal axis from ``low`` to ``high`` with plain numbers, logarithmic if it is wide."""
    if low > 0.0 and high > 1.5 * low:
        axis.set_xscale("log")
        subs = (1.0, 2.0, 5.0) if high < 200.0 * low else (1.0,)
        axis.xaxis.set_major_locator(LogLocator(subs=subs))
        axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.xaxis.set_minor_formatter(NullFormatter())
    axis.set_xlim(low, high)


def save(figure: MplFigure, stem: Path) -> list[Path]:
    """Write ``stem``.pdf and .png with no date inside; returns the files."""
    files = []
    with mpl.rc_context(RC):
        # the layout is the same for all formats
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
    for suffix, metadata in (("pdf", {"CreationDate": None}), ("png", {})):
        path = stem.with_name(f"{stem.name}.{suffix}")
        with mpl.rc_context(RC), atomic_write(path) as part:
            figure.savefig(part, format=suffix, metadata=metadata)
        files.append(path)
    return files
