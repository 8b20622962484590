"""Luminosities, mean energies and heating against radius, per case and over the classical one."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.ticker import NullLocator

from qkepipe.report.data import StudyData
from qkepipe.report.figure import Figure
from qkepipe.report.labels import case_labels, radius, short
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import (
    BLACK,
    CASE_LINES,
    GREY,
    LABEL,
    SPECIES_COLOR,
    case_legend,
    log_axis,
    stack,
)  # fmt: skip

__all__ = ["FIGURE", "radial_profiles"]

_CAPTION = (
    "Luminosity, mean energy and net heating against radius, with the ratio to the classical "
    "run below each (left out where the classical net flux is below 5 % of its largest value). "
    "Colour is the species (one heavy flavour; its antineutrinos are not drawn), line style is "
    "the case, at most six, in the order of the study. Profiles are averages over the end of each "
    "run."
)

_SPECIES = ("nue", "nuebar", "nux")
_L51 = "1e51 erg s-1"


def radial_profiles(study: StudyData, snapshot: str):
    """Draw the profiles of the classical run and of the cases side by side."""
    data = study.snapshots[snapshot]
    classical = data.classical
    if classical is None:
        return None
    cases = data.curves
    labels = case_labels(cases, math_text=True)
    figure, axes = stack([1.5, 0.85, 0.85, 1.3, 0.85, 1.4, 0.85])
    table = Plotted()
    for (name, summary), line in zip(cases.items(), CASE_LINES, strict=False):
        _species(axes[0], table, summary, name, "luminosity", _L51, 1e-51, line)
        _species(axes[3], table, summary, name, "mean_energy", "MeV", 1.0, line)
        if name != "classical":
            _ratio(axes[1], table, summary, classical, name, "luminosity", line)
            _ratio(axes[2], table, summary, classical, name, "number_luminosity", line)
            _ratio(axes[4], table, summary, classical, name, "mean_energy", line)
        _heating(axes[5], axes[6], table, summary, classical, name, line)
    for species in _SPECIES:
        axes[3].plot([], [], color=SPECIES_COLOR[species], label=LABEL[species])
    case_legend(figure, labels.values())
    axes[3].legend(loc="best", ncols=3, columnspacing=0.8, handlelength=1.2)
    texts = (r"$L$ [$10^{51}$ erg/s]", "$L/L_{cl}$", "$N/N_{cl}$",
             r"$\langle E\rangle$ [MeV]", "ratio", "$q$ [erg/g/s]", "heating\nratio")  # fmt: skip
    for axis, text in zip(axes, texts, strict=True):
        axis.set_ylabel(text)
    for axis in (axes[1], axes[2], axes[4], axes[6]):
        axis.axhline(1.0, color=GREY, linewidth=0.5)
    _heating_scale(axes[5], classical)
    km, label = radius(classical)
    log_axis(axes[-1], km.min(), km.max())
    axes[-1].set_xlabel(label)
    figure.align_ylabels(axes)
    return figure, table.frame()


def _species(axis, table, summary, case, quantity, units, scale, line) -> None:
    km, _ = radius(summary)
    for species in _SPECIES:
        values = scale * summary[quantity].sel(species=species).values
        table.line(axis, ("radius", "km", km), (f"{quantity}_{species}_{case}", units, values),
                   color=SPECIES_COLOR[species], linestyle=line)  # fmt: skip


def _over(summary: xr.Dataset, classical: xr.Dataset, name: str, **select) -> np.ndarray:
    """Ratio of a profile to the classical one, blank where that is zero."""
    reference = classical[name].sel(select).interp(r=summary["r"]).values
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = summary[name].sel(select).values / reference
    return np.where(np.isfinite(ratio), ratio, np.nan)


def _ratio(axis, table, summary, classical, case, quantity, line) -> None:
    km, _ = radius(summary)
    seen = []
    for species in _SPECIES:
        values = _over(summary, classical, quantity, species=species)
        # deep inside net fluxes pass through zero, where a ratio says nothing
        through = "number_luminosity" if quantity == "mean_energy" else quantity
        flux = np.abs(classical[through].sel(species=species).interp(r=summary["r"]))
        values = np.where(flux.values > 0.05 * float(flux.max()), values, np.nan)
        seen.append(values)
        table.line(axis, ("radius", "km", km), (f"{quantity}_ratio_{species}_{case}", "1", values),
                   color=SPECIES_COLOR[species], linestyle=line)  # fmt: skip


def _heating(axis, below, table, summary, classical, case, line) -> None:
    km, _ = radius(summary)
    x = ("radius", "km", km)
    values = summary["net_heating_rate"].values
    table.line(axis, x, (f"net_heating_rate_{case}", "erg g-1 s-1", values),
               color=BLACK, linestyle=line)  # fmt: skip
    if case != "classical":
        values = _over(summary, classical, "heating_rate")
        table.line(below, x, (f"heating_ratio_{case}", "1", values), color=BLACK, linestyle=line)


def _heating_scale(axis, classical: xr.Dataset) -> None:
    """Net heating is linear up to the decade of the gain region, logarithmic for the cooling."""
    rate = classical["net_heating_rate"].values
    if rate.max() <= 0.0 or np.abs(rate).max() < 30.0 * rate.max():
        return
    decade = int(np.ceil(np.log10(rate.max())))
    deepest = int(np.floor(np.log10(np.abs(rate).max())))
    axis.set_yscale("symlog", linthresh=10.0**decade, linscale=1.6)
    step = 1 + (deepest - decade) // 4
    largest = float(f"{rate.max():.0e}")
    ticks = [largest, 0.0, *(-(10.0**d) for d in range(decade, deepest + 1, step))]
    axis.set_yticks(ticks, [_tick(value) for value in ticks])
    axis.set_ylim(top=1.2 * rate.max())
    axis.yaxis.set_minor_locator(NullLocator())
    axis.axhline(0.0, color=GREY, linewidth=0.5)


def _tick(value: float) -> str:
    if value == 0.0:
        return "0"
    return f"\N{MINUS SIGN}{short(-value, True)}" if value < 0.0 else short(value, True)


FIGURE = Figure(radial_profiles, _CAPTION, ("summaries",))
