"""The HTML page: one self-contained file that needs no network and no scripts."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from pathlib import Path

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from qkepipe import __version__
from qkepipe.diagnostics import ALL
from qkepipe.report.answer import answer, failed_gates, field_words
from qkepipe.report.background import field_rows, process_rows, setting_rows, species_rows
from qkepipe.report.calibration import SHOWN, calibration_sentences, score_rows
from qkepipe.report.caveats import data_warnings, moments_difference, unmodelled
from qkepipe.report.data import StudyData
from qkepipe.report.facts import (
    TOLERANCE,
    convergence_warning,
    instability_kinds,
    map_notes,
    run_rows,
    snapshot_facts,
    unknown_rows,
    verdicts,
    xi_rows,
)  # fmt: skip
from qkepipe.report.gates import growth_rates, readings
from qkepipe.report.labels import QUANTITIES, case_labels
from qkepipe.report.published import published_rows
from qkepipe.report.regions import (
    region_definitions,
    region_growth,
    region_kinds,
    regions_left_out,
)
from qkepipe.report.resolution import AXES, grid_error_rows, grid_error_sentence
from qkepipe.report.schemes import (
    SCORED,
    reference_label,
    scheme_rows,
    scored_rows,
    survival_sentences,
)
from qkepipe.report.tables import key_rows
from qkepipe.report.text import SPECIES_HTML, number, shown, unit

__all__ = ["Picture", "render"]


@dataclass(frozen=True)
class Picture:
    """A figure that has been written: its name, snapshot, caption and files."""

    name: str
    snapshot: str
    caption: str
    files: list[Path]

    @property
    def uri(self) -> Markup:
        """The PNG as a data URI, so that the page needs no other file."""
        png = next(f for f in self.files if f.suffix == ".png")
        return Markup("data:image/png;base64,") + base64.b64encode(png.read_bytes()).decode()


#: Figures that have a place in the text; all others follow in a section of their own.
_PLACED = (
    "background",
    "growth_map",
    "stability_slices",
    "growth_vs_wavenumber",
    "eln_distributions",
    "prescriptions",
    "time_series",
    "early_growth",
    "angular_distributions",
    "radial_profiles",
    "spectra",
    "xi_convergence",
)


def render(study: StudyData, pictures: list[Picture], output: Path, inputs: list[Path]) -> str:
    """The page as text.

    Parameters
    ----------
    study : StudyData
    pictures : list of Picture
        Written figures; their PNG files are embedded.
    output : Path
        Where the page will be: the files are listed relative to its folder.
    inputs : list of Path
        Files that the report was made from.
    """
    environment = Environment(
        loader=PackageLoader("qkepipe.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(number=number, shown=shown, unit=unit)
    monitors = readings(study)
    written = [f for p in pictures for f in p.files]
    parts = [_part(study, name, pictures) for name in study.snapshots]
    columns = {case: label for part in parts for case, label in part["key"]["labels"].items()}
    return environment.get_template("report.html.j2").render(
        study=study,
        title=study.config.get("study", "study"),
        version=__version__,
        field=field_words(study),
        parts=parts,
        species=list(SPECIES_HTML.values())[:4],
        columns=columns,
        provenance=_as_tables(study.provenance),
        score_words=list(SHOWN.values()),
        grid_axes=list(AXES.values()),
        scored=[_column_words(*column) for column in SCORED],
        tolerance=f"{100.0 * TOLERANCE:g} %",
        monitors=monitors,
        failed=failed_gates(monitors),
        unrecorded=sum(r.status == "not recorded" for r in monitors),
        growth=growth_rates(study),
        config_text=yaml.safe_dump(study.config, sort_keys=False, allow_unicode=True),
        inputs=[_relative(f, output.parent) for f in inputs],
        written=[_relative(f, output.parent) for f in written],
    )


def _part(study: StudyData, name: str, pictures: list[Picture]) -> dict:
    """Everything about one snapshot."""
    data = study.snapshots[name]
    rows = key_rows(study, name, data.drawn)
    several = {}
    if len(data.resolutions) > 1:
        several = {
            case: summary
            for case, summary in data.summaries.items()
            if any(_same_case(summary, other) for other in data.drawn.values())
        }
    swept = {**data.by_xi, **data.cases("bgk")} if len(data.by_xi) > 1 else {}
    return {
        "name": name,
        "data": data,
        "answer": answer(study, name, rows),
        "key": _columns(rows, data.drawn),
        "published": published_rows(data, rows),
        "facts": snapshot_facts(data),
        "processes": process_rows(data),
        "settings": setting_rows(study, data),
        "species": species_rows(data),
        "field": field_rows(data),
        "warnings": data_warnings(data),
        "difference": moments_difference(data),
        "grid_errors": grid_error_rows(data.resolution),
        "grid_sentence": grid_error_sentence(data.resolution),
        "unmodelled": unmodelled(study, data),
        "runs": run_rows(data),
        "xi": xi_rows(study, data),
        "swept": _columns(key_rows(study, name, swept), swept),
        "convergence_warning": convergence_warning(study, data),
        "resolutions": _columns(key_rows(study, name, several), several),
        "schemes": scheme_rows(data),
        "reference": reference_label(data),
        "scored": scored_rows(study, data),
        "survival": survival_sentences(study, data),
        "verdicts": verdicts(study, data) if swept else [],
        "kinds": instability_kinds(data),
        "region_kinds": region_kinds(data),
        "region_growth": region_growth(data),
        "definitions": region_definitions(data),
        "left_out": regions_left_out(data),
        "map_notes": map_notes(data),
        "calibration": calibration_sentences(data),
        "score_rows": score_rows(data),
        "unknown": unknown_rows(study, data),
        "pictures": {p.name: p for p in pictures if p.snapshot == name},
        "more": [p.name for p in pictures if p.snapshot == name and p.name not in _PLACED],
    }


def _column_words(quantity: str, species: str) -> Markup:
    words = {"survival_probability": "survival", **{q: w for q, (w, _, _) in QUANTITIES.items()}}
    text = Markup("{}").format(words[quantity])
    return text if species == ALL else text + Markup(" {}").format(SPECIES_HTML[species])


def _same_case(summary, other) -> bool:
    return all(summary.attrs.get(k) == other.attrs.get(k) for k in ("kind", "scheme", "xi"))


def _columns(rows: list, cases: dict) -> dict:
    """Rows of a table of changes, and its column labels by case."""
    return {"rows": rows, "labels": case_labels(cases)}


def _as_tables(value):
    """Provenance with mappings of like records turned into lists of rows."""
    if not isinstance(value, dict):
        return value
    inner = list(value.values())
    if len(inner) > 1 and all(isinstance(v, dict) for v in inner):
        keys = list(inner[0])
        plain = not any(isinstance(x, dict | list) for v in inner for x in v.values())
        if plain and all(list(v) == keys for v in inner):
            return [{"name": name, **record} for name, record in value.items()]
    return {key: _as_tables(v) for key, v in value.items()}


def _relative(path: Path, folder: Path) -> str:
    """Path from the folder of the page; the bare name where it lies elsewhere."""
    text = os.path.relpath(path, folder)
    return Path(path).name if text.startswith("..") else Path(text).as_posix()
