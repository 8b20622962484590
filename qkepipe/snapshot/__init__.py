"""Snapshots: readers, checks, reduction to the grid of a study, the analytic model."""

from qkepipe.snapshot.opening import open_snapshot, read_snapshot
from qkepipe.snapshot.registry import READERS
from qkepipe.snapshot.regrid import regrid, shock_radius

__all__ = ["READERS", "open_snapshot", "read_snapshot", "regrid", "shock_radius"]
