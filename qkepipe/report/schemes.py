"""Schemes of flavour mixing: what each is, where it holds, its score against quantum kinetics."""

from __future__ import annotations

import math

from markupsafe import Markup

from qkepipe.diagnostics import ALL, PUBLISHED_BOUND
from qkepipe.mixing import PRESCRIPTIONS
from qkepipe.mixing.threshold import THRESHOLD_RULES
from qkepipe.registered import SINGLE_MAPS
from qkepipe.report.data import SnapshotData, StudyData
from qkepipe.report.labels import case_label, case_labels
from qkepipe.report.text import MISSING, SPECIES_HTML, join, number, percent, share

__all__ = ["SCORED", "reference_label", "scheme_rows", "scored_rows", "survival_sentences"]

#: Quantity and species of the columns of the table of scores.
SCORED = (
    *(("survival_probability", s) for s in ("nue", "nuebar")),
    *(("luminosity", s) for s in ("nue", "nuebar", "nux")),
    *(("mean_energy", s) for s in ("nue", "nuebar", "nux")),
    ("net_heating_gain_region", ALL),
)


def scheme_rows(data: SnapshotData) -> list[dict]:
    """One row for every scheme that exists, run here or not."""
    rows = []
    kinds = (("bgk", "asymptotic state", PRESCRIPTIONS), ("threshold", "rule", THRESHOLD_RULES))
    for kind, words, schemes in kinds:
        runs = data.cases(kind)
        for name, scheme in schemes.items():
            own = {case: s for case, s in runs.items() if s.attrs["scheme"] == name}
            rows.append({
                "name": name, "kind": words, "doc": scheme.doc,
                "conserves": ", ".join(scheme.conserves) or "nothing", "valid": scheme.valid,
                "runs": ", ".join(own) or _why_not(name, kind),
            })  # fmt: skip
    return rows


def _why_not(name: str, kind: str) -> str:
    lacking = SINGLE_MAPS.get(name) if kind == "bgk" else None
    return "not in this study" if lacking is None else f"in no run: needs {lacking}"


def _outermost(study: StudyData, snapshot: str) -> dict[tuple, dict]:
    """Scores at the outermost radius by (case, quantity, species), at resolution 1."""
    found: dict[tuple, dict] = {}
    if study.scores is None:
        return found
    for row in study.scores.to_dict("records"):
        if row["snapshot"] != snapshot or row["resolution"] != 1.0:
            continue
        key = row["case"], row["quantity"], row["species"]
        if key not in found or row["radius_cm"] > found[key]["radius_cm"]:
            found[key] = row
    return found


def reference_label(data: SnapshotData) -> str | None:
    """The run that schemes are scored against; None without quantum kinetics."""
    runs = list(data.by_xi.values())
    return case_label(runs[-1]) if runs else None


def scored_rows(study: StudyData, data: SnapshotData) -> list[dict]:
    """Rows of the table of scores: the uncertainty of the reference, then each scheme.

    Cells hold the score in % of the classical value.
    """
    found = _outermost(study, data.name)
    if not found:
        return []
    first = next(iter(found))[0]
    noise = []
    for key in SCORED:
        row = found.get((first, *key))
        missing = row is None or math.isnan(row["uncertainty"])
        noise.append(Markup(MISSING) if missing else share(100.0 * row["uncertainty"]))
    rows = [{"label": "uncertainty of the reference", "cells": noise}]
    schemes = data.cases("classical", "bgk", "threshold")
    labels = case_labels(schemes)
    labels.update(dict.fromkeys(data.cases("classical"), "no conversion (classical)"))
    for case in schemes:
        scores = [found.get((case, *key), {}).get("score", math.nan) for key in SCORED]
        rows.append({"label": labels[case], "cells": [percent(100.0 * s) for s in scores]})
    return rows


def survival_sentences(study: StudyData, data: SnapshotData) -> list[Markup]:
    """Survival probabilities of relaxation runs beside quantum kinetics and the published bound."""
    found = _outermost(study, data.name)
    lines = []
    for case, label in case_labels(data.cases("bgk")).items():
        rows = [found.get((case, "survival_probability", s)) for s in ("nue", "nuebar")]
        if None in rows or any(math.isnan(row["ratio"]) for row in rows):
            continue
        worst = max(abs(row["ratio"]) for row in rows)
        parts = [
            Markup("{} {} against {}{} ({} of it; conversion itself changes it by {})").format(
                SPECIES_HTML[row["species"]], number(row["value"]), number(row["value_reference"]),
                "" if math.isnan(row["uncertainty"])
                else Markup(" ± {}").format(number(row["uncertainty"], 2)),
                percent(100.0 * row["ratio"]),
                percent(100.0 * (row["value_reference"] - row["classical"])),
            )
            for row in rows
        ]  # fmt: skip
        lines.append(
            Markup("{}: {}; {} the {} that is published for relaxation to the box state.").format(
                label, join(parts), "within" if worst <= PUBLISHED_BOUND else "not within",
                f"{100.0 * PUBLISHED_BOUND:.0f} %",
            )
        )  # fmt: skip
    return lines
