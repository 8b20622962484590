"""The answer of a study in a few sentences, every number of them computed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from qkepipe.constants import C_LIGHT
from qkepipe.diagnostics.attenuation import Decidability, cells_per_length, decidability
from qkepipe.diagnostics.quantities import ALL
from qkepipe.report.data import SnapshotData, StudyData, seed_amplitude
from qkepipe.report.gates import Reading, growth_rates
from qkepipe.report.instability import Instability, Peak, describe
from qkepipe.report.labels import case_label, case_labels, short
from qkepipe.report.resolution import grid_error_sentence
from qkepipe.report.tables import Row
from qkepipe.report.text import SPECIES_HTML, join, number, ranges, unit
from qkepipe.species import SPECIES
from qkepipe.units import KM_CM

__all__ = ["Answer", "answer", "failed_gates", "field_words"]

#: Quantities of the sentences about a scheme; the table has them all.
_SAID = (
    ("number_luminosity", SPECIES),
    ("luminosity", (ALL,)),
    ("mean_energy", SPECIES),
)
#: Coherence below which a run is said to show no conversion (it saturates near 1/2).
NO_CONVERSION = 1e-2


@dataclass(frozen=True)
class Answer:
    """Statements about one snapshot: stability, one line per scheme, and what limits them."""

    snapshot: str
    stability: list[Markup]
    schemes: list[Markup]
    limits: list[Markup]


def field_words(study: StudyData) -> str:
    """The radiation field that the map was made from."""
    return {
        "moments": "field reconstructed from the moments of the snapshot",
        "snapshot": "field of the snapshot",
    }.get(study.config.get("field"), "classical field")


def answer(study: StudyData, snapshot: str, rows: list[Row]) -> Answer:
    """Sentences about one snapshot; ``rows`` are those of the key table."""
    data = study.snapshots[snapshot]
    found = None if data.stability is None else describe(data.stability)
    return Answer(
        snapshot=snapshot,
        stability=_stability(study, found),
        schemes=[
            _scheme(case, label, data.drawn[case], rows)
            for case, label in case_labels(data.drawn).items()
        ],
        limits=_limits(study, data, found),
    )


def _stability(study: StudyData, found: Instability | None) -> list[Markup]:
    if found is None:
        return [Markup("This study has no stability map of this snapshot.")]
    where = field_words(study)
    span = f"{found.range_km[0]:.4g}–{found.range_km[1]:.4g} km"
    if found.directions > 1:
        span += f", {found.directions} directions"
    if found.fast_cells == 0:
        said = [
            Markup("<strong>No fast-unstable cell found</strong> in the {} ({} cells, {}).").format(
                where, found.cells, span
            )
        ]
    else:
        said = [
            Markup(
                "The {} is <strong>unstable to fast conversion in {} of {} cells</strong> ({}), "
                "at {}."
            ).format(where, found.fast_cells, found.cells, span, ranges(found.shells)),
            *_fast_rates(found),
        ]
    others = [
        Markup("{} up to {} s<sup>−1</sup> at {} km").format(
            words, number(peak.value), number(peak.radius_km)
        )
        for words, peak in (
            ("collisional", found.collisional),
            ("slow (normal ordering)", found.slow_normal),
            ("slow (inverted ordering)", found.slow_inverted),
        )
        if peak is not None
    ]
    if others:
        said.append(Markup("Estimates of other instabilities: {}.").format(join(others)))
    if found.resonance_cells:
        said.append(
            Markup(
                "{} cells are candidates of a matter-neutrino resonance (a flag, not a prediction)."
            ).format(found.resonance_cells)
        )
    return said


def _fast_rates(found: Instability) -> list[Markup]:
    said = []
    if found.estimate is not None:
        said.append(Markup("The growth estimate peaks at {}.").format(_rate(found.estimate)))
    if found.lsa is not None:
        said.append(
            Markup("The dispersion relation, solved in {} cells, gives at most {}.").format(
                found.lsa_cells, _rate(found.lsa)
            )
        )
    return said


def _rate(peak: Peak) -> Markup:
    return Markup(
        "{} s<sup>−1</sup> at {} km (an e-fold in {} s, or {} cm at light speed)"
    ).format(
        number(peak.value), number(peak.radius_km), number(1.0 / peak.value),
        number(C_LIGHT / peak.value),
    )  # fmt: skip


def _scheme(case: str, label: str, summary, rows: list[Row]) -> Markup:
    """Changes of one case in words; the same texts as in the key table."""
    parts = []
    for quantity, species in _SAID:
        here = [r for r in rows if r.quantity == quantity and r.species in species and r.cell(case)]
        if not here:
            continue
        changes = join(
            [Markup("{} ({})").format(r.cell(case).text, SPECIES_HTML[r.species]) for r in here]
        )
        at = f" at {here[0].radius_km:.4g} km" if here[0].radius_km is not None else ""
        parts.append(Markup("{}{} {}").format(here[0].words, at, changes))
    heating = next((r for r in rows if r.quantity == "net_heating_gain_region"), None)
    if heating is not None and heating.cell(case) is not None:
        parts.append(
            Markup("net heating in the gain region {} of {} × {}").format(
                heating.cell(case).text, heating.classical_text, unit(heating.unit)
            )
            if heating.classical is not None and heating.cell(case).change is not None
            else Markup("net heating in the gain region: {}").format(_no_gain(summary))
        )
    if not parts:
        return Markup("<strong>{}</strong>: no rows in the comparison table.").format(label)
    return Markup("<strong>{}</strong>: {}.").format(label, Markup("; ").join(parts))


def _no_gain(summary) -> str:
    status = summary["net_heating_gain_region"].attrs.get("status", "")
    return f"not defined ({status})" if status not in ("", "found") else "not defined"


def _limits(study: StudyData, data: SnapshotData, found: Instability | None) -> list[Markup]:
    if not data.summaries:
        return [
            Markup(
                "This study has no solves of this snapshot: it says where the field is "
                "unstable, not what conversion does to luminosities, energies or heating."
            )
        ]
    if not data.drawn:
        return [
            Markup(
                "Only the classical run exists: what conversion does to luminosities, energies "
                "and heating is not part of this study."
            )
        ]
    runs = data.by_xi
    said = [
        line
        for case, label in case_labels(data.drawn).items()
        if (line := _not_arrived(label, data.drawn[case], found)) is not None
    ]
    if runs:
        main = list(runs.values())[-1]
        said += _attenuation(study, data, main, found)
        said += [
            Markup(
                "Early growth of {}: {} s<sup>−1</sup> measured, {} s<sup>−1</sup> predicted by "
                "linear analysis (ratio {})."
            ).format(g.label, number(g.measured), number(g.predicted), number(g.ratio))
            for g in growth_rates(study)
            if g.snapshot == data.name and g.label == case_label(main)
        ]
        cells = None if data.stability is None else cells_per_length(data.stability, main)
        if cells is not None:
            said.append(_resolution(main, cells))
    grid = grid_error_sentence(data.resolution)
    if grid is not None:
        said.append(grid)
    said.append(_uncertainty(data, [short(float(s.attrs["xi"])) for s in runs.values()]))
    if len(data.resolutions) < 2:
        said.append(
            Markup(
                "All runs have one resolution: <strong>± does not contain the discretisation "
                "error</strong> of the changes."
            )
        )
    return said


def _not_arrived(label: str, summary, found: Instability | None) -> Markup | None:
    """Warn where the average starts before conversion could reach the outer edge."""
    if found is None or not found.shells or "average_from" not in summary.attrs:
        return None
    time = summary["time_sample"].values
    onset = 0.0
    if "coherence_max" in summary:
        coherence = summary["coherence_max"].values
        if coherence.max() < NO_CONVERSION:
            return None
        onset = float(time[np.argmax(coherence >= 0.5 * coherence.max())])
    inner = found.shells[0][0]
    arrival = onset + (float(summary["r_edge"][-1]) - inner * KM_CM) / C_LIGHT
    start = float(summary.attrs["average_from"]) * float(time[-1])
    if arrival <= start:
        return None
    return Markup(
        "<strong>The run of {} is too short for its outer edge</strong>: the average starts at "
        "{} ms, but light from {} km brings what conversion does there at {} ms."
    ).format(label, number(1e3 * start), number(inner), number(1e3 * arrival))


def _resolution(main, cells: float) -> Markup:
    text = Markup(
        "Where the grid of {} resolves fast conversion least, it has {} cells per attenuated "
        "oscillation length 1/(ξμ)"
    ).format(case_label(main), number(cells, 2))
    wave = float(main.attrs.get("cells_per_wavelength", math.nan))
    if math.isfinite(wave):
        text += Markup("; the fastest mode has {} cells per wavelength").format(number(wave, 2))
    return text + Markup(".")


def _uncertainty(data: SnapshotData, xi: list[str]) -> Markup:
    """What ± of a change is made of in this study."""
    pieces = ["half of the change between the halves of the time average (fluxes and heating)"]
    if len(xi) > 1:
        pieces.insert(0, "for quantum kinetics the difference to the next smaller ξ")
    if len(data.resolutions) > 1:
        pieces.append("the difference between resolutions")
    verb = "combines" if len(pieces) > 1 else "is"
    text = Markup("± of a change {} {}.").format(verb, join(pieces))
    if len(xi) == 1:
        text += Markup(
            " There is one attenuation only (ξ = {}): <strong>± does not contain the "
            "dependence on ξ</strong>."
        ).format(xi[0])
    elif len(xi) == 2:
        text += Markup(" Two values of ξ ({}) show a difference, not a trend.").format(join(xi))
    return text


def _attenuation(study: StudyData, data: SnapshotData, main, found: Instability | None):
    label = case_label(main)
    seed = seed_amplitude(study, main)
    if found is None or found.fast_cells == 0:
        return []
    said = []
    coherence = float(main["coherence_max"].max()) if "coherence_max" in main else None
    if coherence is not None and coherence < NO_CONVERSION:
        text = Markup(
            "<strong>{} developed no conversion</strong> (largest coherence {}) although the "
            "field is linearly unstable"
        ).format(label, number(coherence))
        if float(main.attrs["xi"]) < 1.0:
            text += Markup(": with ξ &lt; 1 this does not decide what happens in the star")
        said.append(text + Markup("."))
    state = None
    if data.stability is not None and seed is not None:
        state = decidability(data.stability, float(main.attrs["xi"]), seed)
    if state is None:
        said.append(
            Markup(
                "The map has no e-folds through gradients or the seed is unknown: which cells "
                "{} can decide is unknown."
            ).format(label)
        )
        return said
    said += _decidable(label, state)
    return said


def _decidable(label: str, state: Decidability) -> list[Markup]:
    if state.xi < 1.0:
        text = Markup(
            "{} attenuates the Hamiltonian: gradients allow {} e-folds at ξ = 1 (median of the "
            "fast-unstable cells) but {} at its ξ; its seed needs {}. The run leaves the matter "
            "term out: the gradient of its self-interaction alone allows {}."
        ).format(
            label, number(state.median_efolds), number(state.xi * state.median_efolds),
            number(state.needed),
            number(state.run_efolds),
        )  # fmt: skip
    else:
        text = Markup(
            "{} is not attenuated: gradients allow {} e-folds (median of the fast-unstable "
            "cells); its seed needs {}."
        ).format(label, number(state.median_efolds), number(state.needed))
    said = [text]
    if state.undecidable:
        said.append(
            Markup(
                "<strong>{} of {} fast-unstable cells ({}) are not decidable at this ξ</strong>: "
                "no conversion there would say nothing about the star."
            ).format(state.undecidable, state.unstable, ranges([state.undecidable_km]))
        )
    if state.path_efolds < state.needed:
        said.append(
            Markup(
                "A seed that crosses all fast-unstable cells at light speed gains {} e-folds at "
                "this ξ, fewer than the {} it needs: <strong>not decidable at this ξ</strong>."
            ).format(number(state.path_efolds), number(state.needed))
        )
    return said


def failed_gates(readings: list[Reading]) -> list[Markup]:
    """One line per monitor beyond its limit."""
    return [
        Markup("<strong>Failed check</strong>, {} of {}: {} is {}, allowed {}.").format(
            r.label, r.snapshot, r.gate.text, r.value_text, r.limit_text
        )
        for r in readings
        if r.status == "fail"
    ]
