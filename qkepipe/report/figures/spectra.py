"""Energy spectra at the outermost profile radius."""

from __future__ import annotations

import numpy as np

from qkepipe.report.data import StudyData
from qkepipe.report.figure import Figure
from qkepipe.report.labels import case_labels
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import (
    CASE_LINES,
    GREY,
    LABEL,
    SPECIES_COLOR,
    case_legend,
    log_axis,
    stack,
)
from qkepipe.units import KM_CM

__all__ = ["FIGURE", "spectra"]

_CAPTION = (
    "Energy spectra, number per cubic centimetre and MeV, at the outermost profile radius, and "
    "their ratio to the classical spectra, where these are in the range of the axis above. Points "
    "are the group centres. At most six cases, in the order of the study."
)

_SPECIES = ("nue", "nuebar", "nux")


def spectra(study: StudyData, snapshot: str):
    """Draw the spectra of the classical run and of the cases side by side."""
    data = study.snapshots[snapshot]
    classical = data.classical
    if classical is None:
        return None
    cases = data.curves
    labels = case_labels(cases, math_text=True)
    figure, axes = stack([2.1] + [1.1] * (len(cases) > 1))
    table = Plotted()
    largest = max(_last(s, n).max() for s in cases.values() for n in _SPECIES)
    smallest = 1e-5 * largest
    for (name, summary), line in zip(cases.items(), CASE_LINES, strict=False):
        x = ("energy", "MeV", summary["energy"].values)
        for species in _SPECIES:
            values = _last(summary, species)
            style = {"color": SPECIES_COLOR[species], "linestyle": line, "marker": "."}
            table.line(axes[0], x, (f"{species}_{name}", "cm-3 MeV-1", values), **style)
            if name != "classical":
                reference = _last(classical, species)
                shown = reference > smallest
                ratio = np.where(shown, values / np.where(shown, reference, 1.0), np.nan)
                table.line(axes[1], x, (f"{species}_{name}_ratio", "1", ratio), **style)
    for species in _SPECIES:
        axes[0].plot([], [], color=SPECIES_COLOR[species], label=LABEL[species])
    axes[0].set_yscale("log")
    axes[0].set_ylim(smallest, 3.0 * largest)
    axes[0].set_ylabel(r"$dn/dE$ [cm$^{-3}$ MeV$^{-1}$]")
    axes[0].legend(loc="lower left")
    case_legend(figure, labels.values())
    km = float(classical["profile_radius"].values[-1]) / KM_CM
    axes[0].text(0.96, 0.95, f"r = {km:.4g} km", transform=axes[0].transAxes, va="top", ha="right")
    if len(axes) > 1:
        axes[1].axhline(1.0, color=GREY, linewidth=0.5)
        axes[1].set_ylabel("ratio to classical")
    energy = classical["energy"].values
    log_axis(axes[-1], 0.8 * energy[0], 1.2 * energy[-1])
    axes[-1].set_xlabel("energy [MeV]")
    return figure, table.frame()


def _last(summary, species: str) -> np.ndarray:
    return summary["spectrum"].isel(profile_radius=-1).sel(species=species).values


FIGURE = Figure(spectra, _CAPTION, ("summaries",))
