"""Read and check one snapshot of the configuration."""

from __future__ import annotations

import xarray as xr

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
        One line per defect of the file.
    """
    snapshot = open_snapshot(entry.path, format=entry.format, **entry.options)
    snapshot.attrs["snapshot"] = entry.name
    return snapshot
