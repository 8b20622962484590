"""Fields that were never filled: zeros, memory poison, one value everywhere."""

from __future__ import annotations

import numpy as np

from qkepipe.schema import VARIABLES
from qkepipe.snapshot.checks.view import MOMENTS, POISON, View

__all__ = ["check"]

#: Fields that vary in every real snapshot.
_VARYING = ("rho", "temperature")
#: Fields that are not zero everywhere in any real snapshot.
_FILLED = (*_VARYING, "ye", "nu_number_density", "nu_energy_density")
#: A field with fewer zones may be constant.
_MIN_ZONES = 4


def check(view: View) -> None:
    """Report zero fields, values above :data:`POISON`, and constant rho, T or n."""
    faulty = view.faulty_density()
    for name in VARIABLES:
        array = view.get(name)
        if array is None or array.size == 0:
            continue
        poison = (abs(array) > POISON) & np.isfinite(array)
        if name in MOMENTS and faulty is not None and faulty.any():
            # a moment per baryon was multiplied by the density
            strange = ~(abs(array) <= POISON)
            if faulty.all() or (strange.any() and not (strange & ~faulty).any()):
                view.derived.add(name)
                view.distrust(name)
                continue
            poison = poison & ~faulty
        if poison.any():
            view.report(
                name, poison, array, "uninitialised data (memory poison or fill value)",
                f"abs(value) < {POISON:g}", "another output time, or the reader's mask",
            )  # fmt: skip
        elif name in _FILLED and (array == 0.0).all():
            view.report(name, None, None, "variable present but empty: 0 everywhere", "values")
        elif name in _VARYING and array.size >= _MIN_ZONES and (array == array.min()).all():
            view.report(
                name, array == array, array, "uninitialised data: the same value everywhere",
                "a field that varies",
            )  # fmt: skip
    _species(view)


def _species(view: View) -> None:
    """Constant or empty density of one species."""
    for name in ("nu_number_density", "nu_energy_density"):
        array = view.get(name)
        if array is None or "species" not in array.coords:
            continue
        space = [d for d in array.dims if d != "species"]
        zones = array.size // array.sizes["species"]
        same = (array == array.min(space)).all(space) & (zones >= _MIN_ZONES)
        constant = same & (array.max(space) != 0.0)
        if constant.any():
            view.report(
                name, constant.broadcast_like(array), array,
                "uninitialised data: the same value everywhere", "a field that varies",
            )  # fmt: skip
        empty = [str(s) for s, flag in zip(array["species"].values, same, strict=True) if flag]
        if empty and not constant.any():
            view.report(
                name, None, None, f"0 everywhere for {', '.join(empty)}: not part of the file?",
                severity="warning",
            )  # fmt: skip
