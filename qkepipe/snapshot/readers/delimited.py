"""Profiles in delimited text, one row per zone, described by a column map.

The map (:mod:`qkepipe.snapshot.columns`) declares name, unit and meaning of every column.
Without the option ``map`` the file must be one that a map of the package describes: all
numbered header lines that the map quotes agree.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from qkepipe import units
from qkepipe.constants import C_LIGHT, M_ELECTRON, M_NEUTRON, M_PROTON, M_U_GRAM, Q_NP
from qkepipe.errors import Defect, QkepipeError
from qkepipe.schema import set_attributes
from qkepipe.snapshot.closure import CHI_NOISE, flux_factor
from qkepipe.snapshot.column_checks import closure_defects
from qkepipe.snapshot.column_maps import load_map, shipped_maps
from qkepipe.snapshot.columns import (
    FRAMES,
    MOMENTS,
    POTENTIALS,
    Column,
    ColumnMap,
    conversion,
    mass_in_gram,
    resolve,
)
from qkepipe.snapshot.composition import HEAVY_MIN, heavy_nuclei
from qkepipe.snapshot.files import decode, head, is_text, read_text
from qkepipe.snapshot.foreign import recognise
from qkepipe.snapshot.mesh import midpoint_edges
from qkepipe.snapshot.reader import Reader
from qkepipe.snapshot.text import Table, header_labels, parse_table
from qkepipe.species import SPECIES

__all__ = ["READER"]

_REST_MASS = {"mu_e": M_ELECTRON, "mu_n": M_NEUTRON, "mu_p": M_PROTON, "mu_hat": Q_NP}


def _header(text: str, comment: str = "#") -> list[str]:
    """Comment lines at the top of a text."""
    lines = []
    for line in text.splitlines():
        if not line.strip().startswith(comment):
            break
        lines.append(line.strip().removeprefix(comment).strip())
    return lines


def _matching_map(header: list[str]) -> str | None:
    """Name of the map of the package whose labels are those of a header."""
    found = header_labels(header)
    for name, column_map in shipped_maps().items():
        labels = column_map.labels()
        if labels and all(found.get(c) == label for c, label in labels.items()):
            return name
    return None


def _sniff(path) -> float:
    data = head(path)
    if not is_text(data):
        return 0.0
    return 1.0 if _matching_map(_header(decode(data))) else 0.0


def _read(path, map=None, **overrides) -> xr.Dataset:
    """Snapshot of a table."""
    path = Path(path)
    source = str(path)
    text = read_text(path)
    name = map
    if map is None:
        name = _matching_map(_header(text))
        if name is None:
            raise QkepipeError(
                recognise(path)
                or Defect(source, "", "no map of the package describes these columns",
                          "the option map", "map = a YAML file that names column, canonical name "
                          "and unit (qkepipe/snapshot/maps has examples)")
            )  # fmt: skip
    column_map = _override(load_map(name), overrides, source)
    table = parse_table(
        text, source, column_map.comment, column_map.delimiter, column_map.skip, column_map.total
    )
    _check_header(column_map, table, source)
    return _Build(column_map, table, source, str(name)).dataset()


def _override(column_map: ColumnMap, given: dict, source: str) -> ColumnMap:
    """Options of the call in place of what the map says."""
    changes = dict(given)
    found = []
    for key, unit in (("baryon_mass", "g"), ("time", "s")):
        if key in given:
            if isinstance(given[key], int | float) and not isinstance(given[key], bool):
                changes[key] = {"value": given[key], "unit": unit}
            else:
                found.append(Defect(source, key, f"{given[key]!r}", f"a number in {unit}"))
    if "frame" in given and given["frame"] not in FRAMES:
        found.append(Defect(source, "frame", f"{given['frame']!r}", "one of " + ", ".join(FRAMES)))
    if "heavy_multiplicity" in given and given["heavy_multiplicity"] not in (1, 2, 4):
        found.append(
            Defect(source, "heavy_multiplicity", f"{given['heavy_multiplicity']!r}", "1, 2 or 4")
        )
    if given.get("closure") == "none":
        changes["closure"] = None
    found += closure_defects(changes.get("closure"), {c.name for c in column_map.columns}, source)
    if found:
        raise QkepipeError(found)
    return replace(column_map, **changes)


def _check_header(column_map: ColumnMap, table: Table, source: str) -> None:
    """Refuse a map that is not of this file: its labels, its number of columns."""
    labels = header_labels(table.header)
    found = [
        Defect(
            source,
            f"column {c}",
            f"the header calls it {labels[c]!r}",
            f"{label!r} by the column map",
            "the map of this file",
        )
        for c, label in column_map.labels().items()
        if c in labels and labels[c] != label
    ]
    present = table.values.shape[1]
    last = max(c.column for c in column_map.columns)
    if last > present:
        found.append(
            Defect(source, f"line {table.lines[0]}", f"too few columns: {present}",
                   f"at least {last} by the column map")
        )  # fmt: skip
    if found:
        raise QkepipeError(found)


class _Build:
    """Makes the dataset of a table, step by step, and its history."""

    def __init__(self, column_map: ColumnMap, table: Table, source: str, name: str):
        self.map = column_map
        self.table = table
        self.source = source
        self.history = [f"column map {name}, {table.values.shape[0]} rows"]
        self.mass = self._baryon_mass()
        #: Values by canonical name; of moments by (name, species).
        self.values: dict = {}

    def dataset(self) -> xr.Dataset:
        columns = sorted(self.map.columns, key=lambda c: c.name != "rho")
        for column in columns:
            if column.name == "index":
                self._check_index(column)
            else:
                self._add(column)
        self._nucleons()
        if {"u_n", "u_p"} <= set(self.values) and "delta_u" not in self.values:
            self.values["delta_u"] = self.values["u_n"] - self.values["u_p"]
            self.history.append("delta_u = u_n - u_p")
        out = xr.Dataset(attrs=self._attributes())
        r = self.values.pop("r", None)
        moments = {k: v for k, v in self.values.items() if isinstance(k, tuple)}
        for name, values in self.values.items():
            if name not in moments:
                declared = {"rest_mass": "included"} if name in POTENTIALS else {}
                out[name] = ("r", values, declared)
        if r is not None:
            out = out.assign_coords(r=("r", r), r_edge=("r_edge", midpoint_edges(r)))
            out["r_edge"].attrs["source"] = "midpoint"
            out.attrs["r_edge_source"] = "midpoint"
        if moments:
            out = self._with_moments(out, moments)
        if self.map.time is not None:
            out = out.assign_coords(time=self._time())
        out.attrs["history"] = "\n".join(self.history)
        return set_attributes(out)

    def _attributes(self) -> dict:
        simulation = resolve(self.map.simulation, self.table.header, self.source, "simulation")
        attrs = {
            "baryon_mass": self.mass,
            "simulation": simulation or "not stated",
            "frame": self.map.frame or "no neutrinos",
        }
        if self.map.citation:
            attrs["citation"] = self.map.citation
        return attrs

    def _baryon_mass(self) -> float:
        given = self.map.baryon_mass
        if given is None:
            self.history.append("baryon mass not declared: atomic mass unit")
            return M_U_GRAM
        value = self._number(resolve(given, self.table.header, self.source, "baryon_mass"),
                             "baryon_mass")  # fmt: skip
        mass = mass_in_gram(value, given["unit"])
        self.history.append(f"baryon mass {value!r} {given['unit']} = {mass!r} g")
        return mass

    def _time(self) -> float:
        given = self.map.time
        value = self._number(resolve(given, self.table.header, self.source, "time"), "time")
        return value * units.factor(given["unit"], "time", self.source, "time")

    def _number(self, value, field: str) -> float:
        try:
            return float(value)
        except (TypeError, ValueError):
            raise QkepipeError(
                Defect(self.source, field, f"{value!r} is not a number", "a number")
            ) from None

    def _check_index(self, column: Column) -> None:
        """Rows must be numbered without gaps: none is missing or double."""
        index = self.table.values[:, column.column - 1]
        wrong = index != index[0] + np.arange(index.size)
        if wrong.any():
            i = int(np.argmax(wrong))
            raise QkepipeError(
                Defect(self.source, f"line {self.table.lines[i]}",
                       f"row number {index[i]:g}: rows missing or double",
                       f"{index[0] + i:g} (column {column.column} counts the rows)")
            )  # fmt: skip

    def _add(self, c: Column) -> None:
        values = self.table.values[:, c.column - 1]
        note = f"column {c.column} -> {c.name}" + (f"[{c.species}]" if c.species else "")
        if c.log10:
            # what is no logarithm overflows, which the check reports
            with np.errstate(over="ignore"):
                values = 10.0**values
            note += ", from log10"
        factor = conversion(c, self.source)
        values = values * (c.scale * factor)
        note += f", unit {c.unit} (factor {factor!r})"
        if c.scale != 1.0:
            note += f", scale {c.scale!r}"
        if c.name in MOMENTS:
            values, note = self._moment(c, values, note)
            self.values[c.name, c.species] = values
        else:
            if c.name in POTENTIALS and c.rest_mass != "included":
                mass = _REST_MASS[c.name] if c.rest_mass == "excluded" else float(c.rest_mass)
                values = values + mass
                note += f", rest mass {mass!r} MeV added"
            if c.per_baryon and c.name == "x_alpha":
                values, note = 4.0 * values, note + ", 4 per alpha particle"
            self.values[c.name] = values
        self.history.append(note)

    def _moment(self, c: Column, values, note: str):
        if c.per_baryon:
            if "rho" not in self.values:
                raise QkepipeError(
                    Defect(self.source, c.name, "per baryon, but no column is rho", "rho")
                )
            values = values * (self.values["rho"] / self.mass)
            note += ", times baryon density"
        heavy = c.species in ("nux", "nuxbar") and c.name != "nu_eddington"
        if heavy and self.map.heavy_multiplicity != 1:
            values = values / self.map.heavy_multiplicity
            note += f", divided by {self.map.heavy_multiplicity} species"
        return values, note

    def _nucleons(self) -> None:
        """Mass fraction, mass and charge of the heavy nuclei from numbers per baryon."""
        if not any(c.name == "x_heavy" and c.per_baryon for c in self.map.columns):
            return
        parts = [self.values[n] for n in ("ye", "x_n", "x_p", "x_alpha")]
        x_heavy, abar, zbar, clipped = heavy_nuclei(self.values["x_heavy"], *parts)
        self.values |= {"x_heavy": x_heavy, "abar": abar, "zbar": zbar}
        undefined = int(np.isnan(abar).sum())
        self.history.append(
            "x_heavy, abar, zbar from numbers per baryon, mass and charge; "
            f"{clipped} negative x_heavy (rounding) set to 0; "
            f"abar and zbar undefined in {undefined} zones (x_heavy < {HEAVY_MIN:g})"
        )

    def _with_moments(self, out: xr.Dataset, moments: dict) -> xr.Dataset:
        out = out.assign_coords(species=list(SPECIES))
        names = dict.fromkeys(name for name, _ in moments)
        attrs = {"frame": self.map.frame}
        if not any(species == "nuxbar" for _, species in moments):
            self.history.append("nuxbar = nux: the file does not separate them")
        for name in names:
            stack = [moments.get((name, s), moments.get((name, "nux"))) for s in SPECIES]
            out[name] = (("species", "r"), np.stack(stack), dict(attrs))
        out.attrs["heavy_multiplicity"] = self.map.heavy_multiplicity
        return self._with_closure(out) if self.map.closure else out

    def _with_closure(self, out: xr.Dataset) -> xr.Dataset:
        """Add outward fluxes f c n and f c E with the flux factor of the closure."""
        chi = out["nu_eddington"].values
        noise = (chi < 1.0 / 3.0) & (chi >= 1.0 / 3.0 - CHI_NOISE)
        chi = np.where(noise, 1.0 / 3.0, chi)
        out["nu_eddington"] = out["nu_eddington"].copy(data=chi)
        speed = C_LIGHT * flux_factor(chi, self.map.closure)
        label = f"closure:{self.map.closure}"
        attrs = {"frame": self.map.frame, "flux_source": label}
        for density, flux in (
            ("nu_number_density", "nu_number_flux"),
            ("nu_energy_density", "nu_energy_flux"),
        ):
            if density in out:
                out[flux] = (("species", "r"), speed * out[density].values, dict(attrs))
        out.attrs["flux_source"] = label
        self.history.append(
            f"fluxes from the Eddington factor by the closure {self.map.closure}, outward by "
            f"assumption, the same flux factor for number and energy; {int(noise.sum())} "
            f"Eddington factors below 1/3 by less than {CHI_NOISE:g} set to 1/3"
        )
        return out


READER = Reader(
    name="delimited",
    doc="one-dimensional profile in columns of text, described by a YAML column map",
    read=_read,
    sniff=_sniff,
    options={
        "map": "YAML column map, or the name of a map of the package",
        "baryon_mass": "mass per baryon [g], in place of the map's",
        "time": "time after bounce or merger [s]",
        "simulation": "name of the simulation",
        "frame": "frame of the neutrino moments: lab, fluid or unknown",
        "heavy_multiplicity": "number of heavy species in the columns of nux: 1, 2 or 4",
        "closure": "closure for fluxes from the Eddington factor: minerbo, levermore or none",
    },
)
