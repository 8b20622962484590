"""What the calculation leaves out, as sentences that belong beside its numbers."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from qkepipe.constants import C_LIGHT
from qkepipe.report.background import equilibrium_warning
from qkepipe.report.data import SnapshotData, StudyData
from qkepipe.report.text import SPECIES_HTML, number

__all__ = ["data_warnings", "moments_difference", "unmodelled"]

#: Processes that a configuration may leave out: words and their registered names.
_OPTIONAL = {
    "thermal electron-positron pairs": {"pair"},
    "nucleon-nucleon bremsstrahlung": {"bremsstrahlung", "bremsstrahlung_hr98"},
    "coherent scattering on nuclei": {"scattering_nuclei"},
    "electron capture on nuclei": {"absorption_nuclei"},
}
#: Thermal production of neutrino pairs.
_PAIRS = {"pair", "bremsstrahlung", "bremsstrahlung_hr98"}


def unmodelled(study: StudyData, data: SnapshotData) -> list[Markup]:
    """Physics that is not in the numbers of a snapshot."""
    said = []
    if data.background is None:
        return [
            Markup(
                "The map uses the moments of the snapshot: directions are reconstructed from "
                "density and flux, so crossings that depend on finer angular structure can be "
                "missed or invented."
            )
        ]
    if data.given_field:
        return [_given(data), _space(data)]
    source = data.background.attrs.get("rates_source", "")
    if source == "snapshot":
        said.append(
            Markup(
                "Rates are those of the snapshot: processes that its file leaves out are left out."
            )
        )
    else:
        processes = set((study.config.get("background") or {}).get("processes") or [])
        absent = [words for words, names in _OPTIONAL.items() if not names & processes]
        if absent:
            said.append(Markup("Not in the rates: {}.").format(", ".join(absent)))
        if not _PAIRS & processes:
            said.append(
                Markup(
                    "Without thermal production of heavy flavours, ν<sub>x</sub> enter through "
                    "the inner edge only."
                )
            )
        else:
            said.append(
                Markup(
                    "Thermal pairs are emitted and absorbed as if their second neutrino were in "
                    "equilibrium with matter: annihilation of the actual fields is left out. "
                    "Bremsstrahlung is uncertain by a factor of 2."
                )
            )
    said.append(
        Markup(
            "Neutrino-electron scattering and other inelastic processes are left out; they would "
            "thermalise ν<sub>x</sub> and lower their mean energy."
        )
    )
    warning = equilibrium_warning(data)
    if warning is not None:
        said.append(warning)
    said.append(_static(data))
    said.append(_space(data))
    said.append(
        Markup(
            "The background is fixed: matter does not respond to the changed heating, so every "
            "change is the response of the radiation field alone."
        )
    )
    if data.by_xi:
        said.append(
            Markup(
                "The quantum-kinetic runs hold the self-interaction only, without vacuum and "
                "matter terms: slow conversion, resonances and the suppression by gradients of "
                "matter are not in them."
            )
        )
    if data.drawn:
        said.append(_flavours(data))
    return said


def _flavours(data: SnapshotData) -> Markup:
    two = Markup(
        "Two flavours: complete mixing leaves 1/2 in each flavour, where three flavours "
        "leave 1/3; the second heavy flavour is a spectator with its classical field."
    )
    if not any(summary.attrs.get("flavors") == 3 for summary in data.by_xi.values()):
        return two
    text = Markup(
        "Quantum kinetics has three flavours with mu and tau alike: complete mixing leaves 1/3 in "
        "each, and ν<sub>x</sub> is the mean of mu and tau, counted twice in sums over species."
    )
    if not data.cases("bgk", "threshold"):
        return text
    return text + Markup(
        " Relaxation and threshold runs have two: complete mixing leaves 1/2, "
        "ν<sub>x</sub> is the heavy flavour that mixes, and the other keeps its classical field. "
        "Their differences from quantum kinetics contain this one."
    )


def _given(data: SnapshotData) -> Markup:
    attrs = data.baseline.attrs
    text = Markup("The field is not transported but that of the snapshot ({})").format(
        attrs["radiation_source"]
    )
    if "closure" not in attrs:
        return text + Markup(".")
    return text + Markup(
        ": {}; crossings that depend on finer angular structure can be missed or invented."
    ).format(attrs["closure"])


def _static(data: SnapshotData) -> Markup:
    fluid = "at rest" if data.baseline is None else data.baseline.attrs.get("fluid", "at rest")
    text = Markup("The fluid is at rest in the transport")
    if fluid != "at rest":
        text = Markup("The fluid is at rest in the runs, and {} in the classical field").format(
            fluid
        )
    matter = data.background
    if "velocity_r" not in matter:
        return text + Markup("; the snapshot gives no velocity to judge this by.")
    speed = np.abs(matter["velocity_r"].values) / C_LIGHT
    text += Markup("; the snapshot has |v|/c up to {} in this range").format(number(speed.max()))
    shock = matter.attrs.get("shock_radius")
    inside = matter["r"].values < float(shock) if shock is not None else np.zeros(0, dtype=bool)
    if inside.any():
        text += Markup(", {} inside the shock").format(number(speed[inside].max()))
    return text + Markup(".")


def _space(data: SnapshotData) -> Markup:
    attrs = data.background.attrs
    source = attrs.get("lapse_source", "flat space")
    if attrs.get("gravity", "flat") == "flat":
        return Markup("No redshift and no bending of rays; {}.").format(source)
    return Markup(
        "The metric is static and spherical, with a redshift 1 − lapse of up to {}; its source: {}."
    ).format(number(float(attrs["largest_redshift"])), source)


def data_warnings(data: SnapshotData) -> list[str]:
    """Warnings that reading and completing the snapshot gave, each once."""
    lines: dict[str, None] = {}
    for source in (data.snapshot, data.background, data.stability):
        if source is not None:
            for line in str(source.attrs.get("warnings", "")).splitlines():
                if line.strip():
                    lines[line.strip()] = None
    return list(lines)


def moments_difference(data: SnapshotData) -> list[tuple[str, Markup]]:
    """Median difference of the densities to those of the snapshot, per species."""
    if data.baseline is None or data.given_field:
        return []
    prefix = "moments_difference_"
    return [
        (
            SPECIES_HTML.get(name.removeprefix(prefix), name),
            Markup("{} %").format(number(100.0 * float(value), 2)),
        )
        for name, value in sorted(data.baseline.attrs.items())
        if name.startswith(prefix)
    ]
