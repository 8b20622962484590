"""Keep variables that the schema refuses out of the checks that follow."""

from __future__ import annotations

from qkepipe.schema import VARIABLES
from qkepipe.snapshot.checks.view import MOMENTS, View

__all__ = ["check"]


def check(view: View) -> None:
    """Distrust what is out of its range (the schema reports it); moments have own checks."""
    for name, spec in VARIABLES.items():
        array = None if name in MOMENTS or name.endswith("_fluid") else view.get(name)
        if array is not None and bool(((array < spec.low) | (array > spec.high)).any()):
            view.distrust(name)
