"""Field, matter and options of a screen, and what they allow to compute."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.errors import Defect, QkepipeError
from qkepipe.schema import CARTESIAN
from qkepipe.stability.damping import mean_damping
from qkepipe.stability.field import Field, apply, four_species, open_field

__all__ = ["Cells", "open_cells"]

_SPACE = {"phi", "theta", "r", *CARTESIAN}


@dataclass(frozen=True)
class Cells:
    """What an instability may use: the field, matter (None if unknown) and the options.

    Attributes
    ----------
    field : Field
    matter : Dataset or None
        ``rho`` [g cm^-3], ``ye`` and, where known, ``absorption`` [cm^-1].
    crossing_tolerance : float
    axes : dict
        Coordinates of the axes in space that have some. Field and matter have none: comparing
        them in every operation would cost more than small blocks do.
    """

    field: Field
    matter: xr.Dataset | None
    crossing_tolerance: float
    axes: dict[str, xr.DataArray]

    def lacks(self, need: str) -> str:
        """Why a need of an instability is not met; empty if it is."""
        if need == "matter" and self.matter is None:
            return "no matter given"
        if need == "energy" and self.field.mean_energy is None:
            return "the field has no energies"
        if need == "gradient" and not self.gradient_axes:
            return "needs two cells along r, or along x, y and z"
        if need == "rates":
            if self.matter is None or "absorption" not in self.matter:
                return "no absorption given"
            if "energy" not in self.matter["absorption"].dims:
                return "absorption is grey"
            if self.field.spectrum is None:
                return "the field is grey"
        return ""

    @property
    def gradient_axes(self) -> tuple[str, ...]:
        """Axes in space that are lengths and have two cells: r, or all of z, y, x."""
        axes = CARTESIAN if CARTESIAN[0] in self.field.space else ("r",)
        return axes if all(a in self.axes and self.axes[a].size > 1 for a in axes) else ()

    @cached_property
    def damping(self) -> xr.DataArray | float:
        """Number-weighted mean of Gamma [s^-1] over space; 0 where rates are unknown."""
        if self.lacks("rates"):
            return 0.0
        return C_LIGHT * apply(
            mean_damping, self.field.spectrum, four_species(self.matter, "absorption"),
            inputs=[["species", "energy"]] * 2,
        )  # fmt: skip

    def judged(self, needs: tuple[str, ...] = ()) -> xr.DataArray:
        """Cells whose field, and matter where it is needed, allow a judgement."""
        good = self.field.judged
        if self.matter is None or not set(needs) & {"matter", "rates"}:
            return good
        good = good & np.isfinite(self.matter["ye"]) & (self.matter["rho"] > 0.0)
        if "rates" in needs and not self.lacks("rates"):
            good = good & np.isfinite(self.damping)
        return good.drop_attrs(deep=False)


def open_cells(field: xr.Dataset, matter: xr.Dataset | None, tolerance: float) -> Cells:
    """Bring field and matter together.

    Raises
    ------
    QkepipeError
        If they are not on the same cells or, where matter has rates, energies.
    """
    space = [str(d) for d in field.dims if d in _SPACE and d in field.coords]
    opened = open_field(field.drop_vars(space))
    if matter is not None:
        absent = [n for n in ("rho", "ye") if n not in matter]
        if absent:
            raise QkepipeError(Defect("matter", ", ".join(absent), "missing", "rho and ye"))
        shared = [d for d in opened.space if d in matter.dims]
        if opened.spectrum is not None and "absorption" in matter:
            shared += [d for d in ("energy",) if d in matter["absorption"].dims]
        for dim in shared:
            _same_axis(field, matter, dim)
        matter = matter.drop_vars(space, errors="ignore")
        if "energy" in shared and "energy" in field.coords:
            matter = matter.assign_coords(energy=field["energy"])
    return Cells(opened, matter, float(tolerance), {d: field[d] for d in space})


def _same_axis(field: xr.Dataset, matter: xr.Dataset, dim: str) -> None:
    if field.sizes[dim] != matter.sizes[dim]:
        problem = f"{matter.sizes[dim]} cells"
    elif dim in field.coords and dim in matter.coords:
        if np.allclose(field[dim].values, matter[dim].values, rtol=1e-6, atol=0.0):
            return
        problem = "differs from that of the field"
    else:
        return
    raise QkepipeError(
        Defect("matter", dim, problem, f"the {field.sizes[dim]} of the field",
               "bringing both to one grid")
    )  # fmt: skip
