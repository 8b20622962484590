"""What a reader of snapshots is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import xarray as xr

__all__ = ["Reader"]


@dataclass(frozen=True)
class Reader:
    """One format.

    Attributes
    ----------
    name : str
        The word for ``format``.
    doc : str
        One line for lists of readers.
    read : callable
        ``read(path, **options) -> Dataset``, canonical but not checked.
    sniff : callable
        ``sniff(path) -> float``, above 0 if the file is of this format. It never raises.
    options : mapping
        ``{option: what it does}``.
    lazy : callable or None
        Like ``read``, but values are loaded when they are used, for data beyond memory.
    """

    name: str
    doc: str
    read: Callable[..., xr.Dataset]
    sniff: Callable[..., float]
    options: Mapping[str, str] = field(default_factory=dict)
    lazy: Callable[..., xr.Dataset] | None = None
