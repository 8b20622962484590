"""Tables of numbers in text files, with errors that name line and column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qkepipe.errors import Defect, QkepipeError

__all__ = ["Table", "header_labels", "parse_table"]

#: Number of bad values that are listed one by one.
_LISTED = 5
_FORTRAN_D = re.compile(r"(?<=[0-9.])[dD](?=[+-]?[0-9])")
_NO_E = re.compile(r"^[+-]?[0-9]*\.?[0-9]+\.?[+-][0-9]+$")
_NUMBERED = re.compile(r"^\s*(\d+)\s*[:.=)]\s*(\S.*)$")


@dataclass(frozen=True)
class Table:
    """Numbers of a text file.

    Attributes
    ----------
    values : ndarray, shape (rows, columns)
    header : list of str
        Comment lines and skipped lines, in order, without the comment mark.
    lines : list of int
        Line number of each row, counted from 1.
    """

    values: np.ndarray
    header: list[str]
    lines: list[int]


def header_labels(header: Sequence[str]) -> dict[int, str]:
    """Labels of header lines like ``3: density (g cm^-3)``: ``{3: "density (g cm^-3)"}``."""
    labels = {}
    for line in header:
        match = _NUMBERED.match(line)
        if match:
            labels[int(match[1])] = " ".join(match[2].split())
    return labels


def parse_table(
    text: str,
    source: str,
    comment: str = "#",
    delimiter: str | None = None,
    skip: int = 0,
    columns: int | None = None,
) -> Table:
    """Numbers of a delimited text.

    Parameters
    ----------
    text : str
    source : str
        File name for the messages.
    comment : str
        Mark of comment lines, and of comments after the numbers.
    delimiter : str, optional
        Default: white space.
    skip : int
        Number of lines before the table that are header without a comment mark.
    columns : int, optional
        Number of columns; default that of the first row.

    Returns
    -------
    Table
        ``1.0D+05`` counts as ``1.0E+05``.

    Raises
    ------
    QkepipeError
        For rows of another length and for what is not a number, with line and column.
    """
    header, rows, numbers = [], [], []
    for number, line in enumerate(text.splitlines(), start=1):
        content, mark, remark = line.partition(comment)
        if number <= skip:
            header.append(line.strip().removeprefix(comment).strip())
        elif content.strip():
            rows.append([t.strip() for t in content.split(delimiter)])
            numbers.append(number)
        elif mark:
            header.append(remark.strip())
    if not rows:
        raise QkepipeError(Defect(source, "", "no rows of numbers (truncated?)", "a table"))
    _check_lengths(rows, numbers, source, columns)
    _check_last_line(text, source, numbers[-1])
    try:
        # numpy takes 1_0 for 10
        if any("_" in token for row in rows for token in row):
            raise ValueError
        values = np.array(rows, dtype=float)
    except ValueError:
        values = _parse_carefully(rows, numbers, source)
    return Table(values, header, numbers)


def _check_lengths(rows, numbers, source: str, columns: int | None) -> None:
    expected = len(rows[0]) if columns is None else columns
    wrong = [(n, len(row)) for n, row in zip(numbers, rows, strict=True) if len(row) != expected]
    if not wrong:
        return
    line, found = wrong[0]
    if len(wrong) == len(rows):
        problem = f"{found} columns" if found > expected else f"too few columns: {found}"
    elif line == numbers[-1] and found < expected:
        problem = f"the last row has {found} columns: truncated?"
    else:
        problem = f"ragged row with {found} columns"
    if 1 < len(wrong) < len(rows):
        problem += f" ({len(wrong)} such rows)"
    raise QkepipeError(Defect(source, f"line {line}", problem, f"{expected} columns"))


def _check_last_line(text: str, source: str, line: int) -> None:
    """Refuse a last line that is cut inside its last number: a short line without its end."""
    lines = text.splitlines()
    if text[-1] in "\r\n" or line != len(lines) or line < 3:
        return
    before = {len(lines[line - 2]), len(lines[line - 3])}
    if len(before) == 1 and len(lines[-1]) < before.pop():
        raise QkepipeError(
            Defect(source, f"line {line}", "the last line is shorter than the others and has no "
                   "end of line: truncated?", "complete rows")
        )  # fmt: skip


def _number(token: str) -> float:
    if "_" in token:
        raise ValueError(token)
    return float(_FORTRAN_D.sub("e", token))


def _parse_carefully(rows, numbers, source: str) -> np.ndarray:
    """Convert token by token; reports the tokens that are not numbers."""
    values = np.empty((len(rows), len(rows[0])))
    found: list[Defect] = []
    count = 0
    for i, row in enumerate(rows):
        for j, token in enumerate(row):
            try:
                values[i, j] = _number(token)
            except ValueError:
                count += 1
                if count <= _LISTED:
                    found.append(_explain(token, source, numbers[i], j + 1))
    if count > _LISTED:
        found.append(Defect(source, "", f"{count - _LISTED} more values that are not numbers"))
    if found:
        raise QkepipeError(found)
    return values


def _explain(token: str, source: str, line: int, column: int) -> Defect:
    if token and set(token) == {"*"}:
        problem = f"{token}: the number did not fit its output format"
    elif _NO_E.match(token):
        problem = f"{token}: exponent without its letter E"
    elif not token:
        problem = "empty field"
    else:
        problem = f"{token!r} is not a number"
    return Defect(source, f"line {line}, column {column}", problem, "a number like 1.0E+05")
