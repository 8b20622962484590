"""Angular distributions before and after conversion."""

from __future__ import annotations

import numpy as np

from qkepipe.report.data import StudyData
from qkepipe.report.figure import Figure
from qkepipe.report.labels import case_labels
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import CASE_LINES, LABEL, SPECIES_COLOR, case_legend, stack
from qkepipe.units import KM_CM

__all__ = ["FIGURE", "angular_distributions"]

_CAPTION = (
    "Energy-integrated angular distributions, number per cubic centimetre and d(μ)/2, at up to "
    "four radii (μ is the cosine with the outward direction): classical field and the fields "
    "with conversion, at most six cases in the order of the study. Where the ELN-XLN difference "
    "changes sign between directions, the field is unstable to fast conversion."
)

_SPECIES = ("nue", "nuebar", "nux")
_PANELS = 4


def angular_distributions(study: StudyData, snapshot: str):
    """Draw the distributions of the classical run and of the cases side by side."""
    data = study.snapshots[snapshot]
    classical = data.classical
    if classical is None:
        return None
    cases = data.curves
    count = classical.sizes["profile_radius"]
    chosen = np.unique(np.linspace(0, count - 1, min(count, _PANELS)).round().astype(int))
    figure, axes = stack([1.45] * len(chosen))
    table = Plotted()
    for axis, index in zip(axes, chosen, strict=True):
        km = float(classical["profile_radius"].values[index]) / KM_CM
        largest = 0.0
        for (name, summary), line in zip(cases.items(), CASE_LINES, strict=False):
            for species in _SPECIES:
                values = summary["angular_distribution"].isel(profile_radius=index)
                values = values.sel(species=species).values
                largest = max(largest, values.max())
                table.line(
                    axis,
                    ("mu", "1", summary["mu"].values),
                    (f"{species}_{name}_{km:.4g}km", "cm-3", values),
                    color=SPECIES_COLOR[species],
                    linestyle=line,
                )
        axis.set_yscale("log")
        axis.set_ylim(1e-5 * largest, 3.0 * largest)
        axis.text(0.04, 0.93, f"r = {km:.3g} km", transform=axis.transAxes, va="top")
        axis.set_ylabel(r"$dn/d(\mu/2)$ [cm$^{-3}$]")
    for species in _SPECIES:
        axes[0].plot([], [], color=SPECIES_COLOR[species], label=LABEL[species])
    axes[0].legend(loc="lower right", ncols=3, columnspacing=0.7, handlelength=1.2)
    if len(cases) > 1:
        case_legend(figure, case_labels(cases, math_text=True).values())
    axes[-1].set_xlim(-1.0, 1.0)
    axes[-1].set_xticks([-1.0, -0.5, 0.0, 0.5, 1.0])
    axes[-1].set_xlabel(r"$\mu$")
    return figure, table.frame()


FIGURE = Figure(angular_distributions, _CAPTION, ("summaries",))
