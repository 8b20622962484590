"""What a stability map says in a few lines, whole or collected block by block."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.units import KM_CM

__all__ = ["MapSummary", "radius_km"]


def radius_km(found: xr.Dataset, like: str = "instability") -> np.ndarray:
    """Distance from the centre [km] of every cell of a variable."""
    kinds = found[like]
    if "r" in found.coords:
        radius = found["r"]
    else:
        radius = np.sqrt(sum(found[axis] ** 2 for axis in ("x", "y", "z")))
    return (radius.broadcast_like(kinds) / KM_CM).transpose(*kinds.dims).values


class MapSummary:
    """How many cells are unstable, where, and the fastest rates."""

    def __init__(self):
        self.cells = 0
        self.names: dict[int, str] = {}
        self.kinds: dict[int, tuple[int, float, float]] = {}
        self.fastest: dict[str, tuple[float, float]] = {}
        self.omitted = ""

    def add(self, found: xr.Dataset) -> None:
        """Take in a map, or a block of one."""
        kinds = found["instability"]
        radius = radius_km(found)
        self.cells += kinds.size
        self.omitted = found.attrs.get("omitted", "")
        words = str(kinds.attrs["flag_meanings"]).split()
        values = map(int, np.atleast_1d(kinds.attrs["flag_values"]))
        self.names.update(zip(values, words, strict=True))
        for value in self.names:
            here = kinds.values == value
            if here.any():
                count, low, high = self.kinds.get(value, (0, np.inf, 0.0))
                where = radius[here]
                self.kinds[value] = (
                    count + int(here.sum()), min(low, where.min()), max(high, where.max())
                )  # fmt: skip
        for name in map(str, found.data_vars):
            if found[name].attrs.get("units") == "s-1" and "growth" in name:
                self.add_rates(name, found[name].transpose(*kinds.dims).values, radius)

    def add_rates(self, name: str, rates: np.ndarray, radius: np.ndarray) -> None:
        """Take in growth rates [s^-1] at some radii [km]."""
        if rates.size and not np.isnan(rates).all():
            at = int(np.nanargmax(rates))
            candidate = (float(rates.flat[at]), float(radius.flat[at]))
            self.fastest[name] = max(self.fastest.get(name, (0.0, 0.0)), candidate)

    def lines(self) -> list[str]:
        """The summary in text."""
        unstable = sum(self.kinds[value][0] for value in self.kinds if value > 0)
        lines = [f"unstable: {unstable} of {self.cells} cells"]
        for value, name in self.names.items():
            if value != 0 and value in self.kinds:
                count, low, high = self.kinds[value]
                lines.append(
                    f"  {name.replace('_', ' ')}: {count} cells, {low:.4g} to {high:.4g} km"
                )
        for name, (rate, place) in sorted(self.fastest.items(), key=lambda item: -item[1][0]):
            if rate > 0.0:
                lines.append(f"  largest {name}: {rate:.4g} s-1 at {place:.4g} km")
        if self.omitted:
            lines.append(f"not evaluated: {self.omitted}")
        return lines
