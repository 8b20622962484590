"""What a problem of the gallery is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import xarray as xr

__all__ = ["Check", "Item", "worst"]


@dataclass(frozen=True)
class Check:
    """A number beside the one that is expected.

    Attributes
    ----------
    what : str
    found, expected : float
    tolerance : float
        Largest absolute difference.
    source : str
        Where the expected number is from.
    """

    what: str
    found: float
    expected: float
    tolerance: float
    source: str

    @property
    def passed(self) -> bool:
        """Whether the difference is within the tolerance; what is not a number fails."""
        return abs(self.found - self.expected) <= self.tolerance and math.isfinite(self.found)


@dataclass(frozen=True)
class Item:
    """A standard problem.

    Attributes
    ----------
    title, text : str
        What the figure shows, in two sentences.
    compute : callable
        ``compute()`` -> (Dataset of what is drawn, list of Check).
    draw : callable
        ``draw(dataset)`` -> (matplotlib figure, table of the plotted numbers).
    """

    title: str
    text: str
    compute: Callable[[], tuple[xr.Dataset, list[Check]]]
    draw: Callable[[xr.Dataset], tuple[Any, pd.DataFrame]]


def worst(what: str, found, expected, tolerance: float, source: str) -> Check:
    """Check that the largest |difference| of two lists of numbers is 0."""
    largest = max(abs(float(a) - float(b)) for a, b in zip(found, expected, strict=True))
    return Check(f"{what}: largest difference", largest, 0.0, tolerance, source)
