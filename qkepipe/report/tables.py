"""The table of key quantities: classical value, and the change of each scheme."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from qkepipe.diagnostics.quantities import ALL
from qkepipe.report.data import StudyData
from qkepipe.report.labels import QUANTITIES
from qkepipe.report.text import SPECIES_HTML, number, percent, share
from qkepipe.units import KM_CM

__all__ = ["Cell", "Row", "change_percent", "key_rows", "uncertainty_percent"]

#: Name of the classical case of resolution 1.
CLASSICAL = "classical"
#: Rows of the key table: quantity and species.
_SPECIES = ("nue", "nuebar", "nux", "nuxbar")
KEY = (
    *(("number_luminosity", s) for s in _SPECIES),
    *(("luminosity", s) for s in (*_SPECIES, ALL)),
    *(("mean_energy", s) for s in _SPECIES),
    ("net_heating_gain_region", ALL),
    ("net_cooling_below_gain", ALL),
    ("gain_radius", ALL),
)


@dataclass(frozen=True)
class Cell:
    """Change of one quantity in one case [%], None where it is not defined."""

    case: str
    change: float | None
    uncertainty: float | None

    @property
    def text(self) -> Markup:
        """As the table and the sentences print it."""
        return percent(self.change, self.uncertainty)


@dataclass(frozen=True)
class Row:
    """One quantity of one snapshot: classical value (in ``unit``), its error [%], the cells."""

    snapshot: str
    quantity: str
    species: str
    words: str
    unit: str
    radius_km: float | None
    classical: float | None
    classical_error: float | None
    cells: list[Cell]

    @property
    def name(self) -> Markup:
        """Words and, of a quantity that has one, the species."""
        text = Markup("{}").format(self.words)
        if self.radius_km is not None:
            text += Markup(", {}").format(SPECIES_HTML[self.species])
        return text

    @property
    def classical_text(self) -> Markup:
        """Classical value as the table prints it."""
        return number(self.classical)

    @property
    def classical_error_text(self) -> Markup:
        """Error of the classical value as the table prints it; empty where it is unknown."""
        if self.classical_error is None:
            return Markup("")
        return Markup("± {}").format(share(self.classical_error))

    def cell(self, case: str) -> Cell | None:
        """Cell of a case."""
        return next((c for c in self.cells if c.case == case), None)


def change_percent(row: dict) -> float | None:
    """Relative change of a comparison row [%]; None where it is not defined."""
    change = float(row["relative_change"])
    return 100.0 * change if math.isfinite(change) else None


def uncertainty_percent(row: dict, column: str = "uncertainty_change") -> float | None:
    """Uncertainty of a comparison row in % of the classical value.

    Of the change, or with ``column="uncertainty"`` of the value; both columns have the unit of
    the row, as ``value`` and ``baseline`` have.
    """
    error, baseline = float(row[column]), float(row["baseline"])
    if not math.isfinite(error) or not math.isfinite(baseline) or baseline == 0.0:
        return None
    return 100.0 * error / abs(baseline)


def key_rows(study: StudyData, snapshot: str, cases: Iterable[str]) -> list[Row]:
    """Rows of the key table of one snapshot.

    Parameters
    ----------
    study : StudyData
    snapshot : str
    cases : iterable of str
        Cases of the columns.

    Returns
    -------
    list of Row
        Quantities that no case has are left out.
    """
    rows = []
    for quantity, species in KEY:
        cells, classical, radius = [], None, None
        for case in cases:
            row = study.row(snapshot, case, quantity, species)
            if row is None:
                continue
            classical = float(row["baseline"])
            radius = float(row["radius_cm"]) / KM_CM
            cells.append(Cell(case, change_percent(row), uncertainty_percent(row)))
        if not cells:
            continue
        words, unit, scale = QUANTITIES[quantity]
        own = study.row(snapshot, CLASSICAL, quantity, species)
        error = None if own is None else uncertainty_percent(own, "uncertainty")
        defined = classical is not None and math.isfinite(classical)
        rows.append(
            Row(snapshot, quantity, species, words, unit,
                radius if radius is not None and math.isfinite(radius) else None,
                scale * classical if defined else None, error, cells)
        )  # fmt: skip
    return rows
