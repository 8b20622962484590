"""All cases of all snapshots against their classical runs."""

from __future__ import annotations

import xarray as xr

from qkepipe.diagnostics import compare

__all__ = ["run"]


def run(
    config, summaries: dict[tuple[str, str], xr.Dataset], grid_errors: dict[str, xr.Dataset]
) -> xr.Dataset:
    """Table of the comparison.

    Parameters
    ----------
    config : Config
    summaries : dict
        Summaries by (snapshot, case name).
    grid_errors : dict
        Tables of the resolution study by snapshot; none where the study has none.

    Returns
    -------
    Dataset
        Over ``row``, see :func:`qkepipe.diagnostics.compare`; no rows without solves.
    """
    return compare(summaries, grid_errors)
