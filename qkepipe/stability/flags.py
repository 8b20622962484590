"""Flags of the map in the form of the CF conventions, and cells that cannot be judged."""

from __future__ import annotations

import numpy as np
import xarray as xr

__all__ = ["UNKNOWN", "flag", "only_where"]

#: Value of every flag in a cell that cannot be judged.
UNKNOWN = -1


def flag(values: xr.DataArray, meanings: dict[int, str], **attributes) -> xr.DataArray:
    """Flag variable with ``flag_values`` and ``flag_meanings``, of which one is unknown.

    Parameters
    ----------
    values : DataArray
    meanings : dict
        Word of each value; the first is that of nothing found.
    **attributes
        Further attributes.
    """
    (none, word), *rest = meanings.items()
    pairs = [(none, word), (UNKNOWN, "unknown"), *rest]
    return values.astype("int8").assign_attrs(
        flag_values=np.array([value for value, _ in pairs], dtype="int8"),
        flag_meanings=" ".join(word for _, word in pairs),
        **attributes,
    )


def only_where(found: xr.Dataset, judged: xr.DataArray) -> xr.Dataset:
    """Leave the other cells missing, and their flags :data:`UNKNOWN`."""
    if judged.chunks is None and bool(judged.all()):
        return found
    with xr.set_options(keep_attrs=True):
        return found.map(
            lambda v: v.where(judged, np.int8(UNKNOWN) if v.dtype == np.int8 else np.nan)
        )
