"""What a snapshot holds, what is wrong with it and which stages it can feed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from qkepipe.errors import Defect
from qkepipe.schema import CARTESIAN, VARIABLES
from qkepipe.snapshot.opening import read_snapshot
from qkepipe.snapshot.regrid import shock_radius
from qkepipe.units import KM_CM

__all__ = ["Report", "has_neutrinos", "has_rates", "inspect", "summary"]

_PROVENANCE = ("source_file", "source_format", "simulation", "frame")


@dataclass(frozen=True)
class Report:
    """Summary and defects of a snapshot.

    Attributes
    ----------
    dataset : Dataset
        As read: it is usable only where ``errors`` is empty.
    lines : list of str
        The readable summary.
    defects : list of Defect
        All severities.
    """

    dataset: xr.Dataset
    lines: list[str]
    defects: list[Defect]

    @property
    def errors(self) -> list[Defect]:
        """Defects that stop."""
        return [d for d in self.defects if d.severity == "error"]

    def __str__(self) -> str:
        return "\n".join([*self.lines, *(f"{d.severity}: {d}" for d in self.defects)])


def inspect(path, format: str = "auto", **options) -> Report:
    """Read a snapshot and tell what is in it.

    Parameters
    ----------
    path : path or None
        File or folder; None for a format that needs none.
    format : str
        Registered reader, or ``auto``.
    **options
        Options of the reader.

    Returns
    -------
    Report

    Raises
    ------
    QkepipeError
        Where the file cannot be read at all, with one line per reason.
    """
    dataset, defects = read_snapshot(path, format, **options)
    return Report(dataset, summary(dataset), defects)


def has_neutrinos(dataset: xr.Dataset) -> bool:
    """Whether the snapshot has number densities and fluxes of neutrinos."""
    names = set(dataset.variables)
    return "nu_number_density" in names and bool(names & {"nu_number_flux", "nu_number_flux_x"})


def has_rates(dataset: xr.Dataset) -> bool:
    """Whether the snapshot gives emission and absorption."""
    return {"emissivity", "absorption"} <= set(dataset.variables)


def summary(dataset: xr.Dataset) -> list[str]:
    """Lines that describe a snapshot: origin, extent, variables, what can be done with it."""
    return [
        *_origin(dataset),
        *_extent(dataset),
        "",
        *_table(dataset),
        "",
        *_status(dataset),
    ]


def _origin(dataset: xr.Dataset) -> list[str]:
    return [
        f"{name.removeprefix('source_')}: {dataset.attrs[name]}"
        for name in _PROVENANCE
        if dataset.attrs.get(name)
    ]


def _extent(dataset: xr.Dataset) -> list[str]:
    lines = []
    if "rho" in dataset:
        sizes = ", ".join(f"{dim} {size}" for dim, size in dataset["rho"].sizes.items())
        lines.append(f"zones: {sizes}")
    if "r" in dataset.variables and dataset["r"].size:
        low, high = (float(x) / KM_CM for x in (dataset["r"].min(), dataset["r"].max()))
        lines.append(f"radius: {low:.4g} to {high:.4g} km")
    for axis in CARTESIAN:
        if axis in dataset.dims:
            low, high = (float(x) / KM_CM for x in dataset[axis].values[[0, -1]])
            lines.append(f"{axis}: {low:.4g} to {high:.4g} km")
    if "time" in dataset.variables and dataset["time"].size == 1:
        lines.append(f"time: {float(dataset['time']):.4g} s")
    return lines


def _table(dataset: xr.Dataset) -> list[str]:
    """One line per variable: name, unit, dimensions, smallest and largest value."""
    rows = [("variable", "unit", "dimensions", "smallest", "largest")]
    known = [n for n in VARIABLES if n in dataset.variables]
    others = sorted(str(n) for n in dataset.data_vars if n not in VARIABLES)
    for name in [*known, *others]:
        array = dataset[name]
        low, high = "", ""
        if array.dtype.kind in "fiu" and array.size:
            values = array.values[np.isfinite(array.values)]
            low, high = (f"{f(values):.6g}" if values.size else "nan" for f in (np.min, np.max))
        rows.append((name, str(array.attrs.get("units", "?")), " ".join(map(str, array.dims)),
                     low, high))  # fmt: skip
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    return ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
            for row in rows]  # fmt: skip


def _status(dataset: xr.Dataset) -> list[str]:
    """What the stages of a study find here."""
    lines = []
    if has_neutrinos(dataset):
        # Cartesian fluxes are never made by a closure
        radial = dataset.get("nu_number_flux")
        source = None if radial is None else radial.attrs.get("flux_source")
        note = f" (flux from {source})" if source else ""
        lines.append(f"neutrinos: number density and flux{note}; stability can be screened")
    elif "nu_number_density" in dataset:
        lines.append("neutrinos: number density without flux; the field comes from transport")
    else:
        lines.append("neutrinos: no neutrino data; the field comes from transport in a study")
    if has_rates(dataset):
        groups = dataset.sizes.get("energy", 1)
        lines.append(f"weak rates: given by the snapshot in {groups} groups")
    else:
        lines.append("weak rates: not given; computed from the matter")
    composition = [n for n in ("x_n", "x_p", "x_alpha", "x_heavy") if n in dataset]
    lines.append(
        f"composition: {' '.join(composition)}"
        if composition
        else "composition: not given; computed from nuclear equilibrium where that is valid"
    )
    potentials = [n for n in ("mu_e", "mu_n", "mu_p", "mu_hat") if n in dataset]
    lines.append(
        f"chemical potentials: {' '.join(potentials)}"
        if potentials
        else "chemical potentials: not given; computed from ideal gases where that is valid"
    )
    return [*lines, _shock(dataset)]


def _shock(dataset: xr.Dataset) -> str:
    """Say where the rays of the snapshot have an accretion shock."""
    across = [d for d in dataset["rho"].dims if d != "r"]
    usable = "r" in dataset["rho"].dims and bool((dataset["r"] > 0.0).all())
    if not usable or not bool((dataset["rho"] > 0.0).all()):
        return "shock: not looked for, no usable radial axis or density"
    stacked = dataset.stack(ray=across) if across else dataset.expand_dims("ray")
    found = [shock_radius(stacked.isel(ray=i, drop=True)) for i in range(stacked.sizes["ray"])]
    radii = sorted({float(f"{r / KM_CM:.4g}") for r in found if r is not None})
    if not radii:
        return "shock: none seen"
    span = f"{radii[0]:g}" if len(radii) == 1 else f"{radii[0]:g} to {radii[-1]:g}"
    return f"shock: near {span} km"
