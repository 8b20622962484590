"""Field, matter and options of a screen, and what they allow to compute."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.errors import Defect, QkepipeError
from qkepipe.stability.field import Field, four_species, open_field

__all__ = ["Cells", "open_cells"]


@dataclass(frozen=True)
class Cells:
    """What an instability may use: the field, matter (None if unknown) and the options.

    Attributes
    ----------
    field : Field
    matter : Dataset or None
        ``rho`` [g cm^-3], ``ye`` and, where known, ``absorption`` [cm^-1].
    crossing_tolerance : float
    """

    field: Field
    matter: xr.Dataset | None
    crossing_tolerance: float

    def lacks(self, need: str) -> str:
        """Why a need of an instability is not met; empty if it is."""
        if need == "matter" and self.matter is None:
            return "no matter given"
        if need == "energy" and self.field.mean_energy is None:
            return "the field has no energies"
        if need == "gradient":
            r = self.field.number.coords.get("r")
            if r is None or r.size < 2:
                return "needs two cells along r"
        if need == "rates":
            if self.matter is None or "absorption" not in self.matter:
                return "no absorption given"
            if "energy" not in self.matter["absorption"].dims:
                return "absorption is grey"
            if self.field.spectrum is None:
                return "the field is grey"
        return ""

    @cached_property
    def damping_by_group(self) -> tuple[xr.DataArray, xr.DataArray]:
        """Gamma of neutrinos and antineutrinos [cm^-1] over (energy, space).

        Half the sum of the absorption of the two flavours.
        """
        a = four_species(self.matter, "absorption")
        return (
            0.5 * (a.isel(species=0, drop=True) + a.isel(species=2, drop=True)),
            0.5 * (a.isel(species=1, drop=True) + a.isel(species=3, drop=True)),
        )

    @cached_property
    def damping(self) -> xr.DataArray | float:
        """Number-weighted mean of Gamma [s^-1] over space; 0 where rates are unknown."""
        if self.lacks("rates"):
            return 0.0
        gamma, gammabar = self.damping_by_group
        n = self.field.spectrum
        nu = n.isel(species=0, drop=True) + n.isel(species=2, drop=True)
        nubar = n.isel(species=1, drop=True) + n.isel(species=3, drop=True)
        total = (nu + nubar).sum("energy")
        return C_LIGHT * ((nu * gamma + nubar * gammabar).sum("energy")
                          / total.where(total > 0.0, 1.0))  # fmt: skip


def open_cells(field: xr.Dataset, matter: xr.Dataset | None, tolerance: float) -> Cells:
    """Bring field and matter together.

    Raises
    ------
    QkepipeError
        If they are not on the same cells or, where matter has rates, energies.
    """
    opened = open_field(field)
    if matter is not None:
        absent = [n for n in ("rho", "ye") if n not in matter]
        if absent:
            raise QkepipeError(Defect("matter", ", ".join(absent), "missing", "rho and ye"))
        shared = [d for d in opened.space if d in matter.dims]
        if opened.spectrum is not None and "absorption" in matter:
            shared += [d for d in ("energy",) if d in matter["absorption"].dims]
        for dim in shared:
            _same_axis(field, matter, dim)
        matter = matter.assign_coords({d: field[d] for d in shared if d in field.coords})
    return Cells(opened, matter, float(tolerance))


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
