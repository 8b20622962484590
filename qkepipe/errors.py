"""Errors that a user can act on: one line per defect, no traceback.

The command line and the workflow scripts catch :class:`QkepipeError`, print its
lines and leave with exit code 2. Anything else is a defect of the program and
keeps its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["EXIT_USER_ERROR", "Defect", "QkepipeError", "nearest"]

#: Exit code of every refusal of user input.
EXIT_USER_ERROR = 2


@dataclass(frozen=True)
class Defect:
    """One thing that is wrong with an input.

    Parameters
    ----------
    source : str
        File (or configuration file) concerned.
    field : str
        Variable, column or key, with index where one applies (``"rho[12]"``).
    problem : str
        What is wrong, with the offending value and its unit.
    expected : str, optional
        What would have been right.
    hint : str, optional
        What to do next: completes "try ...", or a question.
    severity : {"error", "warning", "note"}
        Errors stop; warnings go on and enter the report; notes are status lines.
    """

    source: str
    field: str
    problem: str
    expected: str = ""
    hint: str = ""
    severity: str = "error"

    def __str__(self) -> str:
        where = f"{self.source}: {self.field}" if self.field else self.source
        line = f"{where}: {self.problem}"
        if self.expected:
            line += f"; expected {self.expected}"
        if self.hint:
            line += f"; {self.hint}" if self.hint.endswith("?") else f"; try {self.hint}"
        return " ".join(line.split())


class QkepipeError(Exception):
    """A refusal of user input, with one line per defect.

    Parameters
    ----------
    defects : str or Defect or iterable of these
    """

    def __init__(self, defects: str | Defect | Iterable[str | Defect]):
        if isinstance(defects, str | Defect):
            defects = [defects]
        self.defects = list(defects)
        super().__init__("\n".join(str(d) for d in self.defects))


def nearest(name: str, choices: Iterable[str]) -> str:
    """Return a hint ``did you mean 'x'?`` (or the list of choices) for a mistyped name."""
    choices = sorted(choices)
    close = difflib.get_close_matches(name, choices, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return "one of " + ", ".join(choices)
