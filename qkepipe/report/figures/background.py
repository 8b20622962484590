"""Matter of the snapshot: density, temperature, electron fraction, velocity, composition."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.report.data import SnapshotData, StudyData
from qkepipe.report.figure import Figure
from qkepipe.report.labels import envelope, radius
from qkepipe.report.plotted import Plotted
from qkepipe.report.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    LABEL,
    ORANGE,
    PURPLE,
    SPECIES_COLOR,
    log_axis,
    stack,
)
from qkepipe.units import KM_CM

__all__ = ["FIGURE", "background"]

_CAPTION = (
    "Matter of the snapshot over the range of the study: density, temperature, electron "
    "fraction, radial velocity over the speed of light and mass fractions. On the density: spheres "
    "of optical depth 2/3 of the classical field, transport (filled circles) and effective (open "
    "diamonds), where they lie in the range. The vertical line "
    "is the shock, where one was found. A band spans the directions of a snapshot that has some."
)

#: Spheres: variable, marker, whether it is filled.
_SPHERES = (("neutrinosphere_radius", "o", True), ("effective_sphere_radius", "D", False))
_SPECIES = ("nue", "nuebar", "nux")
_FRACTIONS = {"x_n": ("n", BLUE), "x_p": ("p", ORANGE), "x_alpha": (r"$\alpha$", GREEN),
              "x_heavy": ("heavy", PURPLE)}  # fmt: skip


def background(study: StudyData, snapshot: str):
    """Draw the matter profile."""
    data = study.snapshots[snapshot]
    main = data.background if data.background is not None else data.snapshot
    if main is None:
        return None
    velocity = _velocity(data, main)
    fractions = [n for n in _FRACTIONS if n in main]
    heights = [1.15, 1.0, 1.0] + [1.0] * (velocity is not None) + [1.1] * bool(fractions)
    figure, axes = stack(heights)
    table = Plotted()
    _curve(axes[0], table, main, "rho", "g cm-3", color=BLACK)
    axes[0].set_yscale("log")
    axes[0].set_ylabel(r"$\rho$ [g cm$^{-3}$]")
    if data.baseline is not None and "effective_sphere_radius" in data.baseline:
        _spheres(axes[0], table, data.baseline, main)
    _curve(axes[1], table, main, "temperature", "MeV", color=BLACK)
    axes[1].set_ylabel("T [MeV]")
    _curve(axes[2], table, main, "ye", "1", color=BLACK)
    axes[2].set_ylabel(r"$Y_e$")
    if velocity is not None:
        relative = (velocity / C_LIGHT).to_dataset(name="velocity_over_c")
        _curve(axes[3], table, relative, "velocity_over_c", "1", color=BLACK)
        axes[3].axhline(0.0, color=GREY, linewidth=0.5)
        axes[3].set_ylabel("$v_r/c$")
    for name in fractions:
        label, color = _FRACTIONS[name]
        _curve(axes[-1], table, main, name, "1", color=color, label=label)
    if fractions:
        axes[-1].set_ylabel("mass fraction")
        axes[-1].set_ylim(-0.03, 1.03)
        axes[-1].legend(ncols=2, loc="best")
    shock = _shock(data)
    if shock is not None:
        table.add("shock_radius", "km", shock)
        for axis in axes:
            axis.axvline(shock, color=GREY, linewidth=0.8, linestyle="--")
    km, label = radius(main)
    log_axis(axes[-1], km.min(), km.max())
    axes[-1].set_xlabel(label)
    return figure, table.frame()


def _spheres(axis, table: Plotted, field: xr.Dataset, main: xr.Dataset) -> None:
    """Mark the spheres of every species on the density profile."""
    for name, marker, filled in _SPHERES:
        for species in _SPECIES:
            km = float(field[name].sel(species=species)) / KM_CM
            if not np.isfinite(km):
                continue
            rho = np.exp(np.interp(km, main["r"].values / KM_CM, np.log(main["rho"].values)))
            color = SPECIES_COLOR[species]
            column = f"{name}_{species}"
            table.line(axis, (column, "km", km), (f"rho_{column}", "g cm-3", rho),
                       marker=marker, linestyle="none", markersize=5.0, color=color,
                       markerfacecolor=color if filled else "none", zorder=3)  # fmt: skip
    for species in _SPECIES:
        axis.plot([], [], "s", color=SPECIES_COLOR[species], label=LABEL[species])
    axis.legend(loc="best", ncols=3, columnspacing=0.6, handletextpad=0.1)


def _curve(axis, table: Plotted, data: xr.Dataset, name: str, units: str, **style) -> None:
    km, _ = radius(data)
    high, low = envelope(data[name])
    column = name if low is None else f"{name}_max"
    table.line(axis, ("radius", "km", km), (column, units, high), **style)
    if low is not None:
        table.band(axis, ("radius", "km", km), (f"{name}_min", units, low),
                   (column, units, high), color=style["color"], alpha=0.25)  # fmt: skip


def _velocity(data: SnapshotData, main: xr.Dataset) -> xr.DataArray | None:
    """Radial velocity within the range of the study."""
    if "velocity_r" in main:
        return main["velocity_r"]
    if data.snapshot is None or "velocity_r" not in data.snapshot:
        return None
    r = data.snapshot["r"]
    return data.snapshot["velocity_r"].where((r >= main["r"].min()) & (r <= main["r"].max()))


def _shock(data: SnapshotData) -> float | None:
    for source in (data.background, data.snapshot):
        if source is not None and "shock_radius" in source.attrs:
            return float(source.attrs["shock_radius"]) / KM_CM
    return None


FIGURE = Figure(background, _CAPTION, ("snapshot",))
