"""Everything a report is made from, loaded from the files of a study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from qkepipe.diagnostics import COLUMNS, global_scores
from qkepipe.errors import Defect, QkepipeError

__all__ = ["STAGES", "SnapshotData", "StudyData", "load_study", "seed_amplitude"]

_KINDS = ("classical", "qke", "bgk", "threshold")
#: Stages whose file of a snapshot the report reads, beside the summaries.
STAGES = (
    "snapshot", "background", "baseline", "resolution", "stability", "regions", "modes",
    "calibration",
)  # fmt: skip
#: Cases that a figure can tell apart, by the line styles of :mod:`qkepipe.report.style`.
MOST_CURVES = 6
#: Large arrays that no figure needs.
_NOT_READ = (
    "f", "f_final", "emissivity", "absorption", "scattering", "scattering_transport",
    "emissivity_cc", "absorption_cc",
)  # fmt: skip


@dataclass(frozen=True)
class SnapshotData:
    """Datasets of one snapshot; None where the study does not have one.

    ``resolution`` is the table of the resolution study, ``regions`` that of instability by
    region, ``modes`` holds the modes of chosen cells, ``calibration`` the scores of
    prescriptions; ``summaries`` maps case to its summary,
    in the order of the study.
    """

    name: str
    snapshot: xr.Dataset | None = None
    background: xr.Dataset | None = None
    baseline: xr.Dataset | None = None
    resolution: xr.Dataset | None = None
    stability: xr.Dataset | None = None
    regions: xr.Dataset | None = None
    modes: xr.Dataset | None = None
    calibration: xr.Dataset | None = None
    summaries: dict[str, xr.Dataset] = field(default_factory=dict)

    @property
    def given_field(self) -> bool:
        """Whether the field is that of the snapshot instead of one from transport."""
        return self.baseline is not None and self.baseline.attrs.get("scheme") == "snapshot"

    def cases(self, *kinds: str, resolution: float = 1.0) -> dict[str, xr.Dataset]:
        """Summaries of the given kinds (all if none is given) at one resolution."""
        return {
            name: summary
            for name, summary in self.summaries.items()
            if (not kinds or summary.attrs["kind"] in kinds)
            and float(summary.attrs.get("resolution", 1.0)) == resolution
        }

    @property
    def classical(self) -> xr.Dataset | None:
        """Summary of the classical case at resolution 1."""
        return next(iter(self.cases("classical").values()), None)

    @property
    def by_xi(self) -> dict[str, xr.Dataset]:
        """Quantum-kinetic cases at resolution 1 by rising xi."""
        runs = self.cases("qke")
        return dict(sorted(runs.items(), key=lambda item: float(item[1].attrs["xi"])))

    @property
    def drawn(self) -> dict[str, xr.Dataset]:
        """Cases that tables and figures put side by side, at resolution 1.

        The quantum-kinetic run of largest xi, then the effective schemes.
        """
        return {**dict(list(self.by_xi.items())[-1:]), **self.cases("bgk", "threshold")}

    @property
    def curves(self) -> dict[str, xr.Dataset]:
        """Cases of figures: the classical one, then as many of ``drawn`` as have a line style."""
        return dict(list({**self.cases("classical"), **self.drawn}.items())[:MOST_CURVES])

    @property
    def resolutions(self) -> list[float]:
        """Resolutions of the study, rising."""
        return sorted({float(s.attrs.get("resolution", 1.0)) for s in self.summaries.values()})


@dataclass(frozen=True)
class StudyData:
    """A study: configuration, snapshots by name, tables and provenance.

    ``scores`` are those of :func:`qkepipe.diagnostics.global_scores`.
    """

    config: dict
    snapshots: dict[str, SnapshotData]
    comparison: pd.DataFrame | None = None
    scores: pd.DataFrame | None = None
    provenance: dict = field(default_factory=dict)

    def row(self, snapshot: str, case: str, quantity: str, species: str) -> dict | None:
        """Row of the comparison at the outermost radius of the quantity, None without one."""
        return self._outermost.get((snapshot, case, quantity, species))

    @cached_property
    def _outermost(self) -> dict[tuple, dict]:
        found: dict[tuple, dict] = {}
        if self.comparison is None:
            return found
        for row in self.comparison.to_dict("records"):
            key = tuple(row[k] for k in ("snapshot", "case", "quantity", "species"))
            if key not in found or row["radius_cm"] > found[key]["radius_cm"]:
                found[key] = row
        return found


def seed_amplitude(study: StudyData, summary: xr.Dataset | None = None) -> float | None:
    """Amplitude of the seed: of the run, else of the configuration."""
    if summary is not None and "seed_amplitude" in summary.attrs:
        return float(summary.attrs["seed_amplitude"])
    seed = (study.config.get("solve") or {}).get("seed") or {}
    return float(seed["amplitude"]) if seed.get("amplitude") else None


def load_study(
    *,
    config: dict,
    files: Mapping[str, Mapping],
    comparison: Path | None = None,
    provenance: dict | None = None,
) -> StudyData:
    """Read the files of a study into memory.

    Parameters
    ----------
    config : dict
        Resolved configuration.
    files : mapping
        snapshot -> ``{"snapshot", "background", "baseline", "resolution", "stability",
        "regions", "modes", "calibration": path or None, "summaries": {case: path}}``.
    comparison : Path, optional
        comparison.nc.
    provenance : dict, optional

    Returns
    -------
    StudyData

    Raises
    ------
    QkepipeError
        If a summary does not say what it is, or the comparison lacks columns.
    """
    snapshots = {}
    for name, given in files.items():
        datasets = {kind: _read(given.get(kind)) for kind in STAGES}
        summaries = {}
        for case, path in (given.get("summaries") or {}).items():
            summaries[case] = _checked(_read(path), str(path))
        snapshots[name] = SnapshotData(name=name, summaries=summaries, **datasets)
    table, scores = _read_comparison(comparison)
    return StudyData(
        config=dict(config),
        snapshots=snapshots,
        comparison=table,
        scores=scores,
        provenance=dict(provenance or {}),
    )


def _read(path) -> xr.Dataset | None:
    if path is None:
        return None
    with xr.open_dataset(path) as data:
        return data.drop_vars([n for n in _NOT_READ if n in data.variables]).load()


def _checked(summary: xr.Dataset, source: str) -> xr.Dataset:
    kind = summary.attrs.get("kind")
    if kind not in _KINDS:
        raise QkepipeError(
            Defect(source, "attribute kind", f"is {kind!r}", "one of " + ", ".join(_KINDS))
        )
    if kind == "qke" and not np.isfinite(float(summary.attrs.get("xi", np.nan))):
        raise QkepipeError(Defect(source, "attribute xi", "missing", "the attenuation of this run"))
    return summary


def _read_comparison(path) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
    if path is None:
        return None, None
    needed = [*COLUMNS, "resolution", "uncertainty_change"]
    with xr.open_dataset(path) as data:
        absent = [name for name in needed if name not in data]
        if absent:
            raise QkepipeError(
                Defect(str(path), ", ".join(absent), "missing columns", ", ".join(needed))
            )
        table = pd.DataFrame({name: data[name].values for name in needed})
        return table, global_scores(data).to_dataframe()
