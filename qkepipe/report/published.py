"""What papers found for conversion in supernovae, beside what this study found.

The papers have other models, grids and physics: agreement is no test of a run, disagreement no
failure. What is marked as recalled was not looked up, ranges around single figures are a choice of
this project, and the change of the net heating by 10 % is that of an abstract.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from markupsafe import Markup

from qkepipe.diagnostics import ALL
from qkepipe.report.data import SnapshotData
from qkepipe.report.labels import case_label
from qkepipe.report.tables import Cell, Row
from qkepipe.report.text import SPECIES_HTML

__all__ = ["PUBLISHED", "Published", "published_rows"]

_NAGAKURA = "Nagakura 2023, PRL 130, 211401 (arXiv:2301.10785), recalled"
_WANG = "Wang & Burrows 2025 (arXiv:2503.04896)"
_XIONG = "Xiong et al. 2024 (arXiv:2402.19252), recalled"


@dataclass(frozen=True)
class Published:
    """A published change [%] of one quantity, as a range from ``low`` to ``high``."""

    quantity: str
    species: str
    low: float
    high: float
    words: str
    source: str


#: Changes with conversion, against transport without it, of post-bounce supernova models.
PUBLISHED = (
    Published("net_heating_gain_region", ALL, -50.0, -20.0, "about −40 %: −50 to −20 %", _NAGAKURA),
    Published("net_heating_gain_region", ALL, -10.0, 10.0, "about 10 %, for a time", _WANG),
    Published("net_cooling_below_gain", ALL, 0.0, inf, "more", _NAGAKURA),
    Published("luminosity", ALL, 15.0, 45.0, "about +30 %: +15 to +45 %", _NAGAKURA),
    *(Published("number_luminosity", s, -inf, 0.0, "less", _XIONG) for s in ("nue", "nuebar")),
    *(Published("mean_energy", s, 0.0, inf, "higher", _NAGAKURA) for s in ("nue", "nuebar")),
    Published("luminosity", "nux", 0.0, inf, "more", _NAGAKURA),
    Published("mean_energy", "nux", -inf, 0.0, "lower", _NAGAKURA),
)


def published_rows(data: SnapshotData, rows: list[Row]) -> tuple[str, list[dict]]:
    """Label of the quantum-kinetic run of largest xi, and one row for each published change.

    Parameters
    ----------
    data : SnapshotData
    rows : list of Row
        Those of the key table.

    Returns
    -------
    label : str
    rows : list of dict
        ``quantity``, ``published``, ``source``, ``found`` and ``verdict``; empty without a
        gain region, as the papers are about supernovae, and without quantum kinetics.
    """
    runs = data.by_xi
    if not runs:
        return "", []
    case, summary = list(runs.items())[-1]
    cells = {(row.quantity, row.species): (row, row.cell(case)) for row in rows}
    heating = cells.get(("net_heating_gain_region", ALL), (None, None))[1]
    if heating is None or heating.change is None:
        return "", []
    out = []
    for item in PUBLISHED:
        row, cell = cells.get((item.quantity, item.species), (None, None))
        if cell is None or cell.change is None:
            continue
        name = Markup("{}").format(row.words)
        if row.radius_km is not None:
            name += Markup(" {}, {:.4g} km").format(SPECIES_HTML[item.species], row.radius_km)
        out.append({
            "quantity": name, "published": item.words, "source": item.source,
            "found": cell.text, "verdict": _verdict(item, cell),
        })  # fmt: skip
    return case_label(summary), out


def _verdict(item: Published, cell: Cell) -> str:
    """Inside or outside of the range; open where the uncertainty reaches across its end."""
    error = cell.uncertainty or 0.0
    inside = [item.low <= cell.change + s * error <= item.high for s in (-1.0, 0.0, 1.0)]
    if all(inside):
        return "inside"
    return "at its end" if any(inside) else "outside"
