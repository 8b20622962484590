"""What an entry of the registry of instabilities declares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import xarray as xr

from qkepipe.stability.cells import Cells

__all__ = ["Instability", "Kind"]


@dataclass(frozen=True)
class Kind:
    """One value of the variable ``instability``.

    Attributes
    ----------
    level : int
        Severity: of all kinds present in a cell the map keeps the largest.
    meaning : str
        One word of ``flag_meanings``.
    where : callable (found, cells) -> DataArray of bool
        Cells in which it is present, from the map so far.
    """

    level: int
    meaning: str
    where: Callable[[xr.Dataset, Cells], xr.DataArray]


@dataclass(frozen=True)
class Instability:
    """One instability of the map.

    Attributes
    ----------
    name : str
    function : callable (cells, found) -> Dataset
        Its variables, over the cells. ``found`` holds the potentials and the variables of
        the entries before it.
    doc : str
        One sentence for users.
    needs : tuple of str
        Subset of ``matter``, ``rates`` (absorption per group, and a field with energies),
        ``energy`` (a mean energy), ``gradient`` (two cells along r). Where one is missing,
        the variables are absent and the attribute ``omitted`` of the map says why.
    kinds : tuple of Kind
    """

    name: str
    function: Callable[[Cells, xr.Dataset], xr.Dataset]
    doc: str
    needs: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
