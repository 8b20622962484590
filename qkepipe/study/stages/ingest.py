"""Read and check one snapshot of the configuration."""

from __future__ import annotations

import xarray as xr

from qkepipe.errors import Defect, QkepipeError
from qkepipe.snapshot import open_snapshot

__all__ = ["run"]


def run(config, entry) -> xr.Dataset:
    """Open the snapshot of one entry of ``config.snapshots``.

    Parameters
    ----------
    config : Config
    entry : SnapshotEntry
        ``name``, ``path``, ``format`` and ``options`` of the reader.

    Returns
    -------
    Dataset
        Kind ``snapshot``.

    Raises
    ------
    QkepipeError
        One line per defect of the file; or if its cells are Cartesian.
    """
    snapshot = open_snapshot(entry.path, format=entry.format, **entry.options)
    if "r" not in snapshot.dims:
        raise QkepipeError(
            Defect(str(entry.path or entry.format), "r", "no radial axis: Cartesian cells",
                   "rays along r, which transport follows", "qkepipe screen, which maps any cells")
        )  # fmt: skip
    snapshot.attrs["snapshot"] = entry.name
    return snapshot
