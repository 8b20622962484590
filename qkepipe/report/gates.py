"""Monitors of the runs against the values they have to keep."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import xarray as xr
from markupsafe import Markup

from qkepipe.mixing import PRESCRIPTIONS
from qkepipe.mixing.threshold import THRESHOLD_RULES
from qkepipe.report.data import SnapshotData, StudyData
from qkepipe.report.labels import case_label
from qkepipe.report.text import number
from qkepipe.transport.limiter import SLACK

__all__ = ["GATES", "Gate", "Growth", "Reading", "growth_rates", "readings"]


@dataclass(frozen=True)
class Gate:
    """An attribute of a solution and the largest value it may have (None: shown only)."""

    attribute: str
    limit: float | None
    text: str
    kinds: tuple[str, ...]


_ALL = ("classical", "qke", "bgk", "threshold")

GATES = (
    Gate("number_balance_error", 1e-10, "number balance: imbalance per step over content", _ALL),
    Gate("max_trace_change", 1e-10, "change of the flavour trace by mixing, per step", _ALL),
    # what the limiter lets |P| of a pure state exceed the trace by
    Gate("max_polarisation_over_trace", 1.0 + 2.0 * SLACK, "largest |P| over the trace", ("qke",)),
    Gate("eln_balance_error", 1e-3, "lepton-number balance of the volume", _ALL),
    Gate(
        "steady_residual",
        1e-2,
        "change of density and flux per half light crossing at the end",
        ("bgk", "threshold"),
    ),
    Gate("quasi_steadiness", 0.02, "change of the number flux between halves of the average", _ALL),
    Gate("steady_number_balance_error", None, "number balance of the field", _ALL),
    Gate("steady_energy_balance_error", None, "energy balance of the field", _ALL),
)


#: Laws that a monitor checks, by name in ``conserves`` of a scheme.
_LAWS = {"eln_balance_error": "eln", "max_trace_change": "trace"}


@dataclass(frozen=True)
class Reading:
    """One monitor of one run; ``value`` is None where the run does not record it."""

    snapshot: str
    case: str
    label: str
    gate: Gate
    value: float | None

    @property
    def status(self) -> str:
        """``pass``, ``fail``, ``no limit`` or ``not recorded``; what is not a number fails."""
        if self.value is None:
            return "not recorded"
        if self.gate.limit is None:
            return "no limit"
        return "pass" if self.value <= self.gate.limit else "fail"

    @property
    def value_text(self) -> Markup:
        """The value as text; close to 1 the excess is what matters."""
        return Markup("not recorded") if self.value is None else _text(self.value)

    @property
    def limit_text(self) -> Markup:
        """The limit as text."""
        limit = self.gate.limit
        if limit is None:
            return Markup("–")
        return Markup(f"{limit:g}") if 1e-3 <= limit < 1.0 else _text(limit)


def _text(value: float) -> Markup:
    if math.isnan(value):
        return Markup("not a number")
    if 0.0 < abs(value - 1.0) < 1e-2:
        sign = "+" if value > 1.0 else "−"
        return Markup("1 {} {}").format(sign, number(abs(value - 1.0), 2))
    return number(value)


def readings(study: StudyData) -> list[Reading]:
    """All monitors of all runs, in the order of the study."""
    found = []
    for name, data in study.snapshots.items():
        if data.baseline is not None and not data.given_field:
            found += _of_baseline(name, data, study.config)
        for case, summary in data.summaries.items():
            for gate in GATES:
                if summary.attrs["kind"] in gate.kinds:
                    label, value = case_label(summary), _value(summary, gate.attribute)
                    found.append(Reading(name, case, label, _of_scheme(gate, summary), value))
    return found


def _of_scheme(gate: Gate, summary: xr.Dataset) -> Gate:
    """The gate without its limit, where the scheme of a run does not claim what it checks."""
    kind, scheme = summary.attrs["kind"], summary.attrs.get("scheme")
    rule = {"bgk": PRESCRIPTIONS, "threshold": THRESHOLD_RULES}.get(kind, {}).get(scheme)
    law = _LAWS.get(gate.attribute)
    if law is None or rule is None or law in rule.conserves:
        return gate
    return replace(gate, limit=None, text=f"{gate.text}, which the scheme does not keep")


def _of_baseline(name: str, data: SnapshotData, config: dict) -> list[Reading]:
    tolerance = (config.get("solve") or {}).get("tolerance")
    limit = None if tolerance is None else float(tolerance)
    gates = [
        Gate("residual", limit, "last correction of the density", ("classical",)),
        *(g for g in GATES if g.attribute.startswith("steady_")),
    ]
    label = "classical steady state"
    return [Reading(name, "baseline", label, g, _value(data.baseline, g.attribute)) for g in gates]


def _value(data: xr.Dataset, attribute: str) -> float | None:
    return float(data.attrs[attribute]) if attribute in data.attrs else None


@dataclass(frozen=True)
class Growth:
    """Growth rate [s^-1] of the early phase of a run against linear analysis."""

    snapshot: str
    label: str
    predicted: float
    measured: float

    @property
    def ratio(self) -> float:
        """Measured over predicted."""
        return self.measured / self.predicted


def growth_rates(study: StudyData) -> list[Growth]:
    """Growth of each quantum-kinetic run that has both rates."""
    found = []
    for name, data in study.snapshots.items():
        for summary in data.cases("qke").values():
            predicted = float(summary.attrs.get("growth_rate_predicted", math.nan))
            measured = float(summary.attrs.get("growth_rate_measured", math.nan))
            if math.isfinite(measured) and predicted > 0.0:
                found.append(Growth(name, case_label(summary), predicted, measured))
    return found
