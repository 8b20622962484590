"""What a registered figure is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import pandas as pd

from qkepipe.report.data import SnapshotData, StudyData
from qkepipe.report.style import RC

__all__ = ["Figure"]


@dataclass(frozen=True)
class Figure:
    """A figure that a report can have, made once per snapshot.

    Parameters
    ----------
    func : callable
        ``func(study, snapshot_name)`` -> (matplotlib figure, table of the plotted numbers), or
        None where the study does not have the numbers.
    caption : str
        What is shown, in one or two sentences, true for every study.
    needs : tuple of str
        Data of the snapshot without which the figure cannot be made: ``snapshot background
        baseline stability regions modes summaries``, or ``comparison`` of the study.
    """

    func: Callable[[StudyData, str], tuple[Any, pd.DataFrame] | None]
    caption: str
    needs: tuple[str, ...] = ()

    def missing(self, study: StudyData, snapshot: str) -> list[str]:
        """Names in ``needs`` that this study does not have."""
        data: SnapshotData = study.snapshots[snapshot]
        absent = []
        for name in self.needs:
            value = study.comparison if name == "comparison" else getattr(data, name)
            if value is None or (name == "summaries" and not value):
                absent.append(name)
        return absent

    def draw(self, study: StudyData, snapshot: str) -> tuple[Any, pd.DataFrame] | None:
        """Make the figure in the style of the reports, or None."""
        if self.missing(study, snapshot):
            return None
        with mpl.rc_context(RC):
            return self.func(study, snapshot)
