"""Tables about the background: rates, settings, the classical field and its decoupling."""

from __future__ import annotations

import math

import numpy as np
import xarray as xr
from markupsafe import Markup

from qkepipe.constants import C_LIGHT
from qkepipe.report.data import SnapshotData, StudyData
from qkepipe.report.text import SPECIES_HTML, join, number
from qkepipe.species import SPECIES
from qkepipe.units import KM_CM

__all__ = [
    "EQUILIBRIUM", "equilibrium_warning", "field_rows", "process_rows", "setting_rows",
    "species_rows",
]  # fmt: skip

#: Effective optical depth of an inner edge where equilibrium with matter may enter.
EQUILIBRIUM = 1.0

_DEPTHS = "inner_effective_optical_depth"
_ERG51 = 1e-51
_WEAK_MAGNETISM = {"off": "none", "point": "of point nucleons", "form_factors": "with form factors"}


def process_rows(data: SnapshotData) -> list[tuple[str, str]]:
    """Name and description of every process of computed rates."""
    if data.background is None:
        return []
    lines = str(data.background.attrs.get("rates_processes", "")).splitlines()
    return [tuple(line.split(": ", 1)) for line in lines]


def setting_rows(study: StudyData, data: SnapshotData) -> list[tuple[str, Markup]]:
    """What the rates, the metric and the fluid are."""
    if data.background is None:
        return []
    attrs = data.background.attrs
    rows = []
    if attrs.get("rates_source") == "snapshot":
        rows.append(("weak rates", Markup("those of the snapshot")))
    elif "rates_g_a" in attrs:
        block = (study.config.get("background") or {}).get("constants", "default")
        rows += [
            (
                "constants of the rates",
                Markup("{}: g<sub>A</sub> = {:.5g}, sin²θ<sub>W</sub> = {:.5g}").format(
                    block, float(attrs["rates_g_a"]), float(attrs["rates_sin2_theta_w"])
                ),
            ),
            (
                "weak magnetism and recoil",
                Markup("{}").format(
                    _WEAK_MAGNETISM.get(attrs["weak_magnetism"], attrs["weak_magnetism"])
                ),
            ),
            (
                "rates of a group",
                Markup("averages" if attrs["group_average"] == "on" else "at its centre"),
            ),
        ]
        if attrs.get("pair_species") == "heavy":
            rows.append(("pairs", Markup("of heavy flavours only")))
    if "gravity" in attrs:
        text = Markup("{}").format(attrs["lapse_source"])
        if attrs["gravity"] != "flat":
            text += Markup("; 1 − lapse up to {}").format(number(float(attrs["largest_redshift"])))
        rows.append(("metric", text))
    fluid = None if data.baseline is None else data.baseline.attrs.get("fluid")
    if fluid is not None:
        text = Markup("at rest")
        if fluid != "at rest":
            text += Markup(" in the runs; {}, in the classical field").format(fluid)
        if "velocity_r" in data.background:
            speed = np.abs(data.background["velocity_r"].values).max() / C_LIGHT
            text += Markup("; |v|/c up to {}").format(number(float(speed)))
        rows.append(("fluid", text))
    return rows


def field_rows(data: SnapshotData) -> list[tuple[str, Markup]]:
    """Landmarks of the classical field and how well it is solved."""
    field = data.baseline
    if field is None or _DEPTHS not in field:
        return []
    gain = float(field["gain_radius"]) / KM_CM
    if math.isfinite(gain):
        limit = field["net_heating_gain_region"].attrs["outer_limit"]
        heating = _ERG51 * float(field["net_heating_gain_region"])
        rows = [
            ("gain radius", Markup("{} km").format(number(gain))),
            (
                "net heating in the gain region",
                Markup("{} × 10<sup>51</sup> erg/s, to: {}").format(number(heating), limit),
            ),
        ]
    else:
        rows = [("gain radius", Markup("none: {}").format(field["gain_radius"].attrs["status"]))]
    attrs = field.attrs
    # a field of the snapshot is not a solution
    if "residual" in attrs:
        balance = (float(attrs[f"steady_{n}_balance_error"]) for n in ("number", "energy"))
        rows += [
            (
                "last correction",
                Markup("{} of the density, {} corrections; {} groups above the tolerance").format(
                    number(float(attrs["residual"])), attrs["corrections"], attrs["unsettled"]
                ),
            ),
            (
                "flow against sources",
                Markup("number {}, energy {} of the largest flow").format(*map(number, balance)),
            ),
        ]
    return rows


def species_rows(data: SnapshotData) -> list[tuple[Markup, list[Markup], list[bool]]]:
    """Quantity, values of the four species, and which of them are a warning.

    Luminosity and energies at the outer edge as seen from infinity, spheres, optical depths of
    the inner edge, and the share of the equilibrium spectrum in the energy groups.
    """
    field = data.baseline
    if field is None or _DEPTHS not in field:
        return []
    field = field.sel(species=list(SPECIES))
    last = field.isel(r=-1)
    lapse = float(last["lapse"]) if "lapse" in field else 1.0

    def row(words: str, values, warn=None, digits: int = 3):
        values = np.asarray(values, dtype=float)
        flags = [False] * 4 if warn is None else [bool(w) for w in warn]
        return Markup(words), [number(float(v), digits) for v in values], flags

    depth = field[_DEPTHS].values
    shallow = ~(depth >= EQUILIBRIUM) & _starts_in_equilibrium(field)
    rows = [
        row("luminosity [10<sup>51</sup> erg/s]", _ERG51 * last["luminosity_infinity"]),
        row("mean energy [MeV]", last["mean_energy_infinity"]),
        row("mean energy of the flux [MeV]", lapse * last["mean_energy_flux"]),
        row("rms energy [MeV]", lapse * last["rms_energy"]),
        _sphere_row(
            "neutrinosphere, transport [km]", field, "neutrinosphere_radius", "inner_optical_depth"
        ),
        _sphere_row("neutrinosphere, effective [km]", field, "effective_sphere_radius", _DEPTHS),
        row("transport depth of the inner edge", field["inner_optical_depth"]),
        row("effective depth of the inner edge", depth, shallow),
    ]
    attrs = {} if data.background is None else data.background.attrs
    for words, prefix in (("number", "group_coverage"), ("energy", "group_coverage_energy")):
        if f"{prefix}_{SPECIES[0]}" in attrs:
            outside = [100.0 * (1.0 - float(attrs[f"{prefix}_{s}"])) for s in SPECIES]
            rows.append(
                row(f"{words} outside the energy groups [%]", outside, np.array(outside) > 1.0, 2)
            )
    return rows


def _sphere_row(words: str, field: xr.Dataset, name: str, depth: str):
    """Radii; a sphere that is not on the grid lies inside it, if there is any such opacity."""
    edge = number(float(field["r_edge"].values[0]) / KM_CM)
    values = [
        number(float(r) / KM_CM)
        if math.isfinite(r)
        else Markup("inside {}").format(edge)
        if d > 0.0
        else Markup("none")
        for r, d in zip(field[name].values, field[depth].values, strict=True)
    ]
    return Markup(words), values, [False] * 4


def _starts_in_equilibrium(field: xr.Dataset) -> bool:
    """Whether matter decides what enters; a field from moments of the snapshot is given."""
    return field.attrs["radiation_source"] == "classical transport"


def _depth(value: float) -> str:
    return f"{value:.2g}" if math.isfinite(value) else "no flux"


def equilibrium_warning(data: SnapshotData) -> Markup | None:
    """Species that enter in equilibrium with matter where the matter could not bring it about."""
    field = data.baseline
    if field is None or _DEPTHS not in field or not _starts_in_equilibrium(field):
        return None
    depth = field[_DEPTHS]
    named = [
        Markup("{} ({})").format(SPECIES_HTML[s], _depth(float(depth.sel(species=s))))
        for s in SPECIES
        if not float(depth.sel(species=s)) >= EQUILIBRIUM
    ]
    if not named:
        return None
    edge = float(field["r_edge"].values[0]) / KM_CM
    return Markup(
        "The classical field starts at {} km in equilibrium with matter; the effective optical "
        "depth there is below {:g} for {}: their luminosities and spectra depend on where the "
        "grid starts."
    ).format(number(edge), EQUILIBRIUM, join(named))
