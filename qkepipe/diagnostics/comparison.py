"""The table of a study: every case against the classical run on the same grid.

One row per snapshot, case, quantity, species and radius. ``baseline`` is the value of the
classical case of the same snapshot and resolution, ``relative_change`` value/baseline - 1.
Species is ``all`` where a quantity is a sum over species; the total luminosity counts the
second heavy flavour of a two-flavour run with its classical value, and nux of a run of three
flavours, the mean of mu and tau, twice.

``survival_probability`` is the ratio of the number fluxes of nue (nuebar) with and without
conversion. It is a survival probability only where nothing but mixing acts between the
places of conversion and of comparison: emission and absorption enter it as well.

Radii are the profile radii of the classical case of the lowest resolution, and the outer
edge of the grid; values there are interpolated between cell centres, luminosities between
cell edges, on each case's own grid. Luminosities and energies are those of local observers
at rest. ``uncertainty`` is described in :mod:`qkepipe.diagnostics.uncertainty`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from qkepipe.diagnostics.quantities import QUANTITIES, row_order, values_at
from qkepipe.diagnostics.resolution import grid_error_at
from qkepipe.diagnostics.uncertainty import PARTS, CaseValues, of_change, of_value, parts
from qkepipe.errors import Defect, QkepipeError

__all__ = ["COLUMNS", "compare"]

#: Columns of ``comparison.csv``, in this order.
COLUMNS = (
    "snapshot",
    "case",
    "kind",
    "scheme",
    "xi",
    "quantity",
    "species",
    "radius_cm",
    "baseline",
    "value",
    "relative_change",
    "uncertainty",
    "units",
)
_TEXT = ("snapshot", "case", "kind", "scheme", "quantity", "species", "units")
_KINDS = ("classical", "qke", "bgk", "threshold")


@dataclass(frozen=True)
class _Case:
    """A summary with what the table needs of its attributes."""

    snapshot: str
    name: str
    kind: str
    scheme: str
    xi: float
    resolution: float
    summary: xr.Dataset

    @property
    def order(self):
        xi = -1.0 if np.isnan(self.xi) else self.xi
        return (_KINDS.index(self.kind), xi, self.resolution, self.name)


def _number(value) -> float:
    """Float of an attribute; empty and None are NaN."""
    return float(value) if value not in (None, "") else np.nan


def _case(snapshot: str, name: str, summary: xr.Dataset) -> _Case:
    attrs = summary.attrs
    kind = attrs.get("kind")
    if kind not in _KINDS:
        raise QkepipeError(
            Defect(
                f"summary of {snapshot}/{name}", "kind", f"attribute is {kind!r}", ", ".join(_KINDS)
            )
        )
    xi = _number(attrs.get("xi"))
    if kind == "qke" and not xi > 0.0:
        raise QkepipeError(
            Defect(f"summary of {snapshot}/{name}", "xi", f"attribute is {xi}", "above 0")
        )
    return _Case(
        snapshot,
        name,
        kind,
        str(attrs.get("scheme", kind)),
        xi if kind == "qke" else np.nan,
        float(attrs.get("resolution", 1.0)),
        summary,
    )


def _references(cases: list[_Case]) -> dict[float, _Case]:
    """Classical case of each resolution; every case must have one on its own grid."""
    found = {c.resolution: c for c in cases if c.kind == "classical"}
    for case in cases:
        source = f"summary of {case.snapshot}/{case.name}"
        reference = found.get(case.resolution)
        if reference is None:
            raise QkepipeError(
                Defect(
                    source,
                    "",
                    f"no classical case of resolution {case.resolution:g}",
                    "the classical case on the same grid",
                )
            )
        for edge in ("r_edge", "energy_edge", "mu_edge"):
            if not np.array_equal(case.summary[edge].values, reference.summary[edge].values):
                raise QkepipeError(
                    Defect(
                        source,
                        edge,
                        f"differs from that of {reference.name}",
                        "one grid for all cases of a resolution",
                    )
                )
    return found


def compare(
    summaries: dict[tuple[str, str], xr.Dataset], grid_errors: dict[str, xr.Dataset] | None = None
) -> xr.Dataset:
    """Compare all cases of a study.

    Parameters
    ----------
    summaries : dict
        Summaries by (snapshot, case name), with the attributes ``kind``, ``scheme``,
        ``resolution`` and, of quantum kinetics, ``xi``. The order does not matter.
    grid_errors : dict, optional
        Table of :func:`qkepipe.diagnostics.grid_errors` by snapshot.

    Returns
    -------
    Dataset
        Over ``row``: the columns of :data:`COLUMNS`, ``resolution``, the parts of the
        uncertainty, and ``uncertainty_change``. Missing numbers are NaN; without summaries
        there are no rows.

    Raises
    ------
    QkepipeError
        If a case has no classical case on its grid, or its attributes are unusable.
    """
    rows: list[dict] = []
    for snapshot in sorted({key[0] for key in summaries}):
        group = sorted(
            (
                _case(snapshot, name, s)
                for (where, name), s in summaries.items()
                if where == snapshot
            ),
            key=lambda case: case.order,
        )
        rows += _snapshot_rows(group, (grid_errors or {}).get(snapshot))
    units = {"xi": "1", "radius_cm": "cm", "relative_change": "1", "resolution": "1"}
    return xr.Dataset(
        {
            name: (
                "row",
                np.array([row[name] for row in rows], dtype=str if name in _TEXT else float),
                {"units": units[name]} if name in units else {},
            )
            for name in (*COLUMNS, "resolution", *PARTS, "uncertainty_change")
        },
        attrs={
            "survival_probability": "ratio of number fluxes with and without conversion; a "
            "survival probability only where nothing but mixing acts",
            "units_of_values": "baseline, value and the uncertainties are in the units of "
            "their row",
        },
    )


def _snapshot_rows(cases: list[_Case], errors: xr.Dataset | None) -> list[dict]:
    references = _references(cases)
    lowest = references[min(references)].summary
    edge = float(lowest["r_edge"].values[-1])
    radii = np.union1d(lowest["profile_radius"].values, [edge])
    values = {c.name: values_at(c.summary, references[c.resolution].summary, radii) for c in cases}
    entries = {
        c.name: CaseValues(c.name, c.kind, c.xi, c.resolution, c.summary, values[c.name])
        for c in cases
    }
    rows = []
    for case in cases:
        base = values[references[case.resolution].name]
        for key in sorted(values[case.name], key=row_order):
            value, baseline = values[case.name][key], base[key]
            grid_error = np.nan if errors is None else grid_error_at(errors, *key)
            pieces = parts(entries[case.name], list(entries.values()), key, grid_error)
            with np.errstate(divide="ignore", invalid="ignore"):
                change = float(np.float64(value) / np.float64(baseline) - 1.0)
            rows.append(
                {
                    "snapshot": case.snapshot,
                    "case": case.name,
                    "kind": case.kind,
                    "scheme": case.scheme,
                    "xi": case.xi,
                    "quantity": key[0],
                    "species": key[1],
                    "radius_cm": np.nan if key[2] is None else key[2],
                    "baseline": baseline,
                    "value": value,
                    "relative_change": change if np.isfinite(change) else np.nan,
                    "uncertainty": of_value(pieces, case.kind),
                    "uncertainty_change": of_change(pieces),
                    "units": QUANTITIES[key[0]],
                    "resolution": case.resolution,
                    **pieces,
                }
            )
    return rows
