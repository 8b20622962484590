"""Cuts through the stability map: kind of instability and growth rate of every cell."""

from __future__ import annotations

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap, LogNorm
from matplotlib.figure import Figure as MplFigure
from matplotlib.patches import Patch as Box
from matplotlib.ticker import MaxNLocator

from qkepipe.diagnostics.geometry import cell_edges, cell_radius, space_dims
from qkepipe.diagnostics.kinds import fastest_growth, kinds_of, radial_fractions
from qkepipe.report.data import StudyData
from qkepipe.report.figure import Figure
from qkepipe.report.kinds import kind_colors, kind_words
from qkepipe.report.labels import radius
from qkepipe.report.plotted import Plotted
from qkepipe.report.slices import Slice, slices
from qkepipe.report.style import BLACK, WIDTH, log_axis, stack
from qkepipe.units import KM_CM

__all__ = ["FIGURE", "stability_slices"]

_CAPTION = (
    "Most severe kind of instability and largest growth rate of every cell, over all kinds and "
    "both mass orderings (of fast conversion the dispersion relation where it was solved, the "
    "estimate elsewhere). A map with directions is cut through its meridional plane (where it is "
    "known in azimuth, that of the fastest cell; s is the distance from the axis) and its equator, "
    "within the radius that holds all growth above a hundredth of the largest; below, the share "
    "of the volume of each shell that every kind takes. A map over radius alone is a strip. White: "
    "nothing grows. A resonance candidate is a flag and no prediction; growth rates of slow "
    "conversion are estimates of the non-resonant regime alone."
)

#: Range of the colours below the largest growth rate.
_DECADES = 6.0
#: The cuts show the range in which growth exceeds this share of its largest value.
_SHOWN = 1e-2
#: Widest a cut can be beside another one [inch].
_CUT = 1.3


def stability_slices(study: StudyData, snapshot: str):
    """Draw the cuts, or the strip of a map over one dimension."""
    stability = study.snapshots[snapshot].stability
    growth = fastest_growth(stability)
    cuts = slices(stability, growth)
    if not cuts:
        return _strip(stability, growth)
    figure, rows, bar, below = _layout(cuts)
    table = Plotted()
    for cut, axes in zip(cuts, rows, strict=True):
        _cut(axes, table, stability, growth, cut)
    _bar(figure, bar, growth)
    _fractions(below, table, stability)
    _legend(figure, stability)
    return figure, table.frame()


def _layout(cuts: list[Slice]):
    """Figure, one pair of axes per cut, axes of the colour bar, axes of the fractions."""
    heights = [_CUT * _aspect(cut) + 0.1 for cut in cuts]
    heights = [*heights, 0.1, 1.3]
    figure = MplFigure(figsize=(WIDTH, sum(heights) + 1.7), layout="constrained")
    FigureCanvasAgg(figure)
    figure.get_layout_engine().set(h_pad=0.03, w_pad=0.03, hspace=0.01)
    grid = figure.add_gridspec(len(heights), 2, height_ratios=heights)
    rows = []
    for i in range(len(cuts)):
        left = figure.add_subplot(grid[i, 0])
        right = figure.add_subplot(grid[i, 1], sharex=left, sharey=left)
        right.tick_params(labelleft=False)
        rows.append((left, right))
    return figure, rows, figure.add_subplot(grid[-2, :]), figure.add_subplot(grid[-1, :])


def _aspect(cut: Slice) -> float:
    """Height over width."""
    spans = []
    for i in range(2):
        values = np.concatenate([p.corners[i].ravel() for p in cut.patches])
        spans.append(values.max() - values.min())
    return spans[1] / spans[0]


def _cut(axes, table: Plotted, stability, growth, cut: Slice) -> None:
    name = cut.title.removesuffix("°")
    for number, patch in enumerate(cut.patches):
        columns = [
            (f"{label}, {name}, {number}", "km", centres.ravel())
            for label, centres in zip(cut.axes, patch.centres, strict=True)
        ]
        for axis, variable, units, array, style in (
            (axes[0], "instability", "1", stability["instability"], _kind_style(stability)),
            (axes[1], "growth_rate", "s-1", growth, _growth_style(growth)),
        ):
            values = (f"{variable}, {name}, {number}", units, patch.values(array))
            table.mesh(axis, *columns, patch.corners, values, patch.parts, **style)
    _zoom(axes[0], growth)
    axes[0].set_aspect("equal")
    axes[1].set_aspect("equal")
    for axis in axes:
        axis.set_xlabel(f"{cut.axes[0]} [km]")
        axis.xaxis.set_major_locator(MaxNLocator(3))
        axis.yaxis.set_major_locator(MaxNLocator(4))
    axes[0].set_ylabel(f"{cut.axes[1]} [km]")
    axes[0].set_title(f"kind, {cut.title}")
    axes[1].set_title("growth rate")


def _zoom(axis, growth) -> None:
    """Leave out the far parts of a map, in which growth is comparatively slow or absent."""
    radius = cell_radius(growth).broadcast_like(growth)
    reach = float(radius.where(growth > _SHOWN * growth.max()).max()) / KM_CM
    if not np.isfinite(reach):
        return
    for low, high, limit in ((*axis.get_xlim(), axis.set_xlim), (*axis.get_ylim(), axis.set_ylim)):
        limit(max(low, -1.1 * reach), min(high, 1.1 * reach))


def _kind_style(stability) -> dict:
    kinds = kinds_of(stability)
    values = np.array(list(kinds.values()), dtype=float)
    edges = [values[0] - 0.5, *(0.5 * (values[1:] + values[:-1])), values[-1] + 0.5]
    colors = kind_colors(kinds)
    return {"cmap": ListedColormap(list(colors.values())), "norm": BoundaryNorm(edges, len(colors))}


def _growth_style(growth) -> dict:
    peak = float(growth.max())
    lowest = float(growth.where(growth > 0.0).min())
    if peak <= 0.0:
        peak = lowest = 1.0
    return {"cmap": "viridis", "norm": LogNorm(max(lowest, peak * 10.0**-_DECADES), 1.01 * peak)}


def _bar(figure, axis, growth) -> None:
    if not bool((growth > 0.0).any()):
        axis.set_axis_off()
        axis.text(0.5, 0.5, "no growth found", ha="center", va="center")
        return
    style = _growth_style(growth)
    below = bool(((growth > 0.0) & (growth < style["norm"].vmin)).any())
    figure.colorbar(ScalarMappable(**style), cax=axis, orientation="horizontal",
                    extend="min" if below else "neither")  # fmt: skip
    axis.set_xlabel(r"growth rate [s$^{-1}$]")


def _fractions(axis, table: Plotted, stability) -> None:
    found = radial_fractions(stability)
    edges = found["edge"].values / KM_CM
    middle = 0.5 * (edges[1:] + edges[:-1])
    colors = kind_colors(kinds_of(stability))
    for kind, color in colors.items():
        share = found["fraction"].sel(kind=kind).values
        known = np.isfinite(share)
        if np.any(share[known] > 0.0):
            y = (f"volume_fraction_{kind}", "1", share[known])
            table.line(axis, ("radius", "km", middle[known]), y,
                       color="#999999" if kind == "none" else color)  # fmt: skip
    axis.set_ylim(-0.03, 1.03)
    axis.set_ylabel("volume fraction")
    axis.set_xlabel(radius(stability)[1])
    log_axis(axis, middle[0], middle[-1])


def _legend(figure, stability) -> None:
    """Kinds that the map holds."""
    kinds = kinds_of(stability)
    here = set(np.unique(stability["instability"].values).astype(int))
    boxes = [
        Box(facecolor=color, edgecolor="#999999", linewidth=0.4, label=kind_words(kind))
        for kind, color in kind_colors(kinds).items()
        if kinds[kind] in here
    ]
    figure.legend(handles=boxes, loc="outside upper center", ncols=2, handlelength=1.2)


def _strip(stability, growth):
    """Kinds along one dimension as a strip, and the growth rate below it."""
    figure, (above, below) = stack([0.35, 1.5])
    table = Plotted()
    (dim,) = space_dims(stability)
    edges = cell_edges(stability, dim) / KM_CM
    middle = stability[dim].values / KM_CM
    label = radius(stability)[1] if dim == "r" else f"{dim} [km]"
    name = "radius" if dim == "r" else dim
    corners = np.meshgrid([0.0, 1.0], edges, indexing="ij")
    kind = ("instability", "1", stability["instability"].values[None, :].astype(float))
    table.mesh(above, (name, "km", middle), None, corners[::-1], kind, **_kind_style(stability))
    above.set_yticks([])
    above.set_ylabel("kind")
    positive = np.where(growth.values > 0.0, growth.values, np.nan)
    table.line(below, (name, "km", middle), ("growth_rate", "s-1", positive),
               color=BLACK, marker=".")  # fmt: skip
    if np.isfinite(positive).any():
        below.set_yscale("log")
    below.set_ylabel(r"growth rate [s$^{-1}$]")
    log_axis(below, edges[0] or middle[0], edges[-1])
    below.set_xlabel(label)
    _legend(figure, stability)
    return figure, table.frame()


FIGURE = Figure(stability_slices, _CAPTION, ("stability",))
