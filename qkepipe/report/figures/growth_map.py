"""The stability map against radius: growth rates, crossings, potentials, gradients."""

from __future__ import annotations

import math

import numpy as np

from qkepipe.diagnostics.attenuation import run_efolds
from qkepipe.report.data import StudyData, seed_amplitude
from qkepipe.report.figure import Figure
from qkepipe.report.instability import shells
from qkepipe.report.labels import case_label, envelope, radius
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    LIGHT_BLUE,
    ORANGE,
    PURPLE,
    VERMILION,
    YELLOW,
    log_axis,
    stack,
)  # fmt: skip

__all__ = ["FIGURE", "growth_map"]

_CAPTION = (
    "Linear stability of the classical field at ξ = 1. Top: growth rates of fast (screening "
    "estimate), collisional and slow conversion, and of the dispersion relation in some cells "
    "(points: the fastest mode of any kind); then the direction of the ELN-XLN crossing, the "
    "potentials, and the e-folds that gradients allow in the star and, without matter term and "
    "with the largest ξ, in the run; dashed: what the seed needs. Shaded: fast-unstable cells. "
    "Values of zero have no place on a logarithmic axis and are left out. For a map with "
    "directions the largest value is drawn."
)

_RATES = {
    "ffi_growth_estimate": ("fast, estimate", {"color": VERMILION}),
    "lsa_growth_rate": (
        "dispersion relation",
        {"color": BLACK, "linestyle": "none", "marker": "o"},
    ),
    "cfi_growth_estimate": ("collisional", {"color": BLUE, "linestyle": "--"}),
    "slow_growth_normal": ("slow, normal", {"color": GREEN, "linestyle": ":"}),
    "slow_growth_inverted": ("slow, inverted", {"color": PURPLE, "linestyle": "-."}),
}
_POTENTIALS = {
    "potential_matter": (r"$\lambda$", {"color": BLACK, "linestyle": "--"}),
    "potential_phi0": (r"$|\Phi_0|$", {"color": BLUE}),
    "potential_phi1": (r"$|\Phi_1|$", {"color": ORANGE, "linestyle": "-."}),
}


def growth_map(study: StudyData, snapshot: str):
    """Draw the stability map."""
    data = study.snapshots[snapshot]
    stability = data.stability
    if stability is None:
        return None
    efolds = "gradient_efolds" in stability
    figure, axes = stack([1.9, 0.9, 1.3] + [1.3] * efolds)
    table = Plotted()
    km, label = radius(stability)
    x = ("radius", "km", km)
    for i, (low, high) in enumerate(shells(stability), start=1):
        low, high = _visible(low, high, km)
        table.shade(axes[0], f"fast_unstable_{i}", "km", low, high, color=YELLOW, alpha=0.35)
        for axis in axes[1:]:
            axis.axvspan(low, high, linewidth=0.0, color=YELLOW, alpha=0.35)
    drawn = 0
    for name, (text, style) in _RATES.items():
        drawn += _positive(axes[0], table, x, stability, name, "s-1", label=text, **style)
    axes[0].set_ylabel(r"growth rate [s$^{-1}$]")
    if drawn:
        axes[0].set_yscale("log")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    else:
        axes[0].set_yticks([])
        axes[0].text(0.5, 0.5, "no growth found", ha="center", transform=axes[0].transAxes)
    _crossings(axes[1], table, x, stability)
    for name, (text, style) in _POTENTIALS.items():
        if name in stability:
            _positive(axes[2], table, x, abs(stability), name, "cm-1", label=text, **style)
    axes[2].set_yscale("log")
    axes[2].set_ylabel(r"potential [cm$^{-1}$]")
    axes[2].legend(loc="best", ncols=3, columnspacing=0.6)
    if efolds:
        _efolds(axes[3], table, x, study, snapshot)
    log_axis(axes[-1], km.min(), km.max())
    axes[-1].set_xlabel(label)
    return figure, table.frame()


def _visible(low: float, high: float, km: np.ndarray) -> tuple[float, float]:
    """A shell of one cell without edges gets a width that can be seen."""
    if high > low:
        return low, high
    half = 0.003 * (km.max() - km.min())
    return low - half, high + half


def _positive(axis, table: Plotted, x: tuple, stability, name: str, units: str, **style) -> bool:
    """Draw the positive values of a variable; returns whether there are any."""
    if name not in stability:
        return False
    values, _ = envelope(stability[name])
    values = np.where(values > 0.0, values, np.nan)
    if not np.isfinite(values).any():
        return False
    isolated = style.get("marker") is None and np.isfinite(values).sum() < 3
    table.line(axis, x, (name, units, values), **{"marker": "." if isolated else None, **style})
    return True


def _crossings(axis, table: Plotted, x: tuple, stability) -> None:
    high, low = envelope(stability["ffi_crossing_mu"])
    column = "ffi_crossing_mu" if low is None else "ffi_crossing_mu_max"
    style = {"color": BLACK, "marker": ".", "linestyle": "none"}
    table.line(axis, x, (column, "1", high), **style)
    if low is not None:
        table.line(axis, x, ("ffi_crossing_mu_min", "1", low), **{**style, "color": GREY})
    axis.set_ylim(-1.08, 1.08)
    axis.set_ylabel(r"crossing $\mu$")


def _efolds(axis, table: Plotted, x: tuple, study: StudyData, snapshot: str) -> None:
    data = study.snapshots[snapshot]
    name = "gradient_efolds"
    _positive(axis, table, x, data.stability, name, "1", color=BLACK, label="star")
    runs = list(data.by_xi.values())
    if runs:
        values, _ = envelope(run_efolds(data.stability, float(runs[-1].attrs["xi"])))
        values = np.where(values > 0.0, values, np.nan)
        label = "run, " + case_label(runs[-1], math_text=True).removeprefix("QKE ")
        table.line(axis, x, ("run_efolds", "1", values), color=LIGHT_BLUE, label=label)
    seed = seed_amplitude(study, runs[-1] if runs else None)
    if seed is not None:
        value = ("efolds_needed", "1", math.log(1.0 / seed))
        table.level(axis, value, color=GREY, linestyle="--", label="needed")
    axis.set_yscale("log")
    low, high = axis.get_ylim()
    axis.set_ylim(top=high * (high / low) ** 0.25)  # room for the legend
    axis.set_ylabel(r"e-folds $N_e$")
    axis.legend(loc="upper right", ncols=3, columnspacing=0.6)


FIGURE = Figure(growth_map, _CAPTION, ("stability",))
