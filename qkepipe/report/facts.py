"""Rows of the tables about the snapshot, the runs and the attenuation."""

from __future__ import annotations

import math

import xarray as xr
from markupsafe import Markup

from qkepipe.diagnostics import xi_convergence
from qkepipe.diagnostics.attenuation import Decidability, cells_per_length, decidability
from qkepipe.diagnostics.geometry import space_dims
from qkepipe.report.data import SnapshotData, StudyData, seed_amplitude
from qkepipe.report.labels import case_label, radius
from qkepipe.report.sources import eos_facts
from qkepipe.report.tables import key_rows
from qkepipe.report.text import number, ranges
from qkepipe.units import KM_CM

__all__ = [
    "TOLERANCE", "convergence_warning", "instability_kinds", "map_notes", "run_rows",
    "snapshot_facts", "unknown_rows", "verdicts", "xi_rows",
]  # fmt: skip

#: Largest change between neighbouring xi of a converged quantity.
TOLERANCE = 0.05

#: Attributes of a snapshot that readers of a report ask for.
_ATTRIBUTES = {
    "simulation": "simulation",
    "source_file": "file",
    "source_format": "format",
    "source_sha256": "SHA-256",
    "frame": "frame of the data",
    "citation": "cite as",
    "license": "licence",
}


def snapshot_facts(data: SnapshotData) -> list[tuple[str, Markup]]:
    """What the snapshot is, and on which grids it is studied."""
    facts = []
    if data.snapshot is not None:
        for name, words in _ATTRIBUTES.items():
            if data.snapshot.attrs.get(name):
                facts.append((words, Markup("{}").format(data.snapshot.attrs[name])))
        if "time" in data.snapshot.variables and data.snapshot["time"].ndim == 0:
            seconds = float(data.snapshot["time"])
            if math.isfinite(seconds):
                facts.append(("time", Markup("{} ms").format(number(1e3 * seconds))))
        facts.append(("cells", Markup("{}").format(_sizes(data.snapshot))))
    for words, source in (("study grid", data.background), ("solve grid", data.classical)):
        if source is not None:
            km, _ = radius(source)
            span = ranges([(km.min(), km.max())])
            facts.append((words, Markup("{}, {}").format(span, _grid(source))))
    shock = None if data.background is None else data.background.attrs.get("shock_radius")
    if shock is not None:
        facts.append(("shock radius", Markup("{} km").format(number(float(shock) / KM_CM))))
    if data.background is not None:
        facts += eos_facts(data.background)
    return facts


def _sizes(data: xr.Dataset) -> str:
    dims = space_dims(data)
    return " × ".join(f"{data.sizes[d]} ({d})" for d in dims)


def _grid(data: xr.Dataset) -> str:
    names = {"r": "radii", "mu": "directions", "energy": "energies"}
    return ", ".join(f"{data.sizes[d]} {w}" for d, w in names.items() if d in data.sizes)


def run_rows(data: SnapshotData) -> list[dict]:
    """One row per run: what was solved, and how."""
    rows = []
    for case, summary in data.summaries.items():
        attrs = summary.attrs
        coherence = float(summary["coherence_max"].max()) if "coherence_max" in summary else None
        rows.append(
            {
                "case": case,
                "label": case_label(summary),
                "grid": _grid(summary),
                "crossings": _number(attrs, "crossings"),
                "steps": f"{int(attrs['n_steps'])}" if "n_steps" in attrs else "–",
                "seed": _number(attrs, "seed_amplitude"),
                "coherence": "–" if coherence is None else number(coherence),
            }
        )
    return rows


def _number(attrs: dict, name: str) -> Markup | str:
    return number(float(attrs[name])) if name in attrs else "–"


def _state(study: StudyData, data: SnapshotData, summary) -> Decidability | None:
    seed = seed_amplitude(study, summary)
    if data.stability is None or seed is None:
        return None
    return decidability(data.stability, float(summary.attrs["xi"]), seed)


def xi_rows(study: StudyData, data: SnapshotData) -> list[dict]:
    """One row per attenuation: what gradients and resolution allow its run to decide."""
    rows = []
    for summary in data.by_xi.values():
        state = _state(study, data, summary)
        if state is None:
            continue
        cells = cells_per_length(data.stability, summary)
        rows.append(
            {
                "label": case_label(summary),
                "state": state,
                "at_xi": number(state.xi * state.median_efolds),
                "in_run": number(state.run_efolds),
                "at_one": number(state.median_efolds),
                "needed": number(state.needed),
                "path": number(state.path_efolds),
                "cells": "–" if cells is None else number(cells, 2),
            }
        )
    return rows


def convergence_warning(study: StudyData, data: SnapshotData) -> Markup | None:
    """Warn where the undecidable region changes between the two largest attenuations."""
    states = [_state(study, data, s) for s in list(data.by_xi.values())[-2:]]
    if len(states) < 2 or None in states or states[0].undecidable == states[1].undecidable:
        return None
    return Markup(
        "The number of undecidable cells changes from {} to {} between the two largest ξ: the "
        "values are not a sequence towards ξ = 1."
    ).format(states[0].undecidable, states[1].undecidable)


def unknown_rows(study: StudyData, data: SnapshotData) -> list[str]:
    """Cases of the comparison that have no summary in this report."""
    if study.comparison is None:
        return []
    cases = study.comparison.loc[study.comparison["snapshot"] == data.name, "case"]
    return [c for c in dict.fromkeys(cases) if c not in data.summaries]


def verdicts(study: StudyData, data: SnapshotData) -> list[dict]:
    """Whether each key quantity has settled in xi (:func:`qkepipe.diagnostics.xi_convergence`)."""
    blind = {}
    for case, summary in data.by_xi.items():
        state = _state(study, data, summary)
        blind[case] = 0 if state is None else state.undecidable
    rows = []
    for row in key_rows(study, data.name, data.by_xi):
        found = {c.case: c.change for c in row.cells if c.change is not None}
        result = xi_convergence(
            [float(data.by_xi[case].attrs["xi"]) for case in found],
            [1.0 + change / 100.0 for change in found.values()],
            tolerance=TOLERANCE,
            baseline=1.0,
            blind=[blind[case] for case in found],
        )
        reason = result.reason.replace("xi", "ξ")
        rows.append({"name": row.name, "status": result.status, "reason": reason})
    return rows


def instability_kinds(data: SnapshotData) -> list[tuple[str, int]]:
    """Number of cells of each most severe kind of instability, the most severe first."""
    if data.stability is None:
        return []
    array = data.stability["instability"]
    meanings = str(array.attrs.get("flag_meanings", "")).split()
    levels = [int(v) for v in array.attrs.get("flag_values", [])]
    if not meanings or len(meanings) != len(levels):
        return []
    counts = [
        (meaning.replace("_", " "), int((array == level).sum()))
        for level, meaning in zip(levels, meanings, strict=True)
    ]
    return [(words, count) for words, count in reversed(counts) if count]


def map_notes(data: SnapshotData) -> list[str]:
    """What the map was made with, and what it leaves out."""
    if data.stability is None:
        return []
    attrs = data.stability.attrs
    notes = []
    if attrs.get("closure"):
        notes.append(f"Directions are reconstructed from moments: {attrs['closure']}.")
    if int(attrs.get("flux_factors_capped", 0)):
        notes.append(f"{int(attrs['flux_factors_capped'])} flux factors above 1 were cut.")
    if "crossing_tolerance" in attrs:
        notes.append(
            "A crossing counts if the smaller lobe of ELN-XLN exceeds "
            f"{float(attrs['crossing_tolerance']):g} of both lobes."
        )
    if attrs.get("omitted"):
        notes.append(f"Not evaluated: {attrs['omitted']}.")
    return notes
