"""All cases of all snapshots against their classical runs."""

from __future__ import annotations

import xarray as xr

from qkepipe.diagnostics import compare, global_scores

__all__ = ["run"]


def run(
    config, summaries: dict[tuple[str, str], xr.Dataset], grid_errors: dict[str, xr.Dataset]
) -> tuple[xr.Dataset, xr.Dataset]:
    """Table of the comparison, and the scores of the schemes against quantum kinetics.

    Parameters
    ----------
    config : Config
    summaries : dict
        Summaries by (snapshot, case name).
    grid_errors : dict
        Tables of the resolution study by snapshot; none where the study has none.

    Returns
    -------
    table, scores : Dataset
        Over ``row``, see :func:`qkepipe.diagnostics.compare` and
        :func:`qkepipe.diagnostics.global_scores`; no rows without solves.
    """
    table = compare(summaries, grid_errors)
    return table, global_scores(table)
