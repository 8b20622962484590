"""Candidates of the matter-neutrino resonance.

H_ee - H_xx vanishes for neutrinos of direction v and vacuum frequency omega where

    R = lambda + Phi_0 - v Phi_1 - omega = 0

(Malkus, Friedland & McLaughlin 2014, arXiv:1403.5797; Wu, Duan & Qian 2016, PLB 752, 89). A
zero marks a place to look at, it does not predict conversion: with many angles complete
conversion is unlikely although the potentials cancel (arXiv:2403.15532).
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.stability.cells import Cells
from qkepipe.stability.instability import Instability, Kind
from qkepipe.stability.slow import vacuum_frequency

__all__ = ["INSTABILITY"]


def _changes_sign(values: xr.DataArray) -> xr.DataArray:
    """Cells that have a neighbour along r on the other side of zero."""
    if "r" not in values.dims:
        return xr.zeros_like(values, dtype=bool)
    positive = values > 0.0
    before = positive.shift(r=1, fill_value=False)
    after = positive.shift(r=-1, fill_value=False)
    cell = xr.DataArray(np.arange(values.sizes["r"]), dims="r")
    return ((positive != before) & (cell > 0)) | (
        (positive != after) & (cell < values.sizes["r"] - 1)
    )


def _resonance(cells: Cells, found: xr.Dataset) -> xr.Dataset:
    field = cells.field
    total = field.number.sum("species")
    direction = field.flux.sum("species") / total.where(total > 0.0, 1.0)
    omega = 0.0 if field.mean_energy is None else vacuum_frequency(field.mean_energy)
    transverse = found["potential_matter"] + found["potential_phi0"]
    forward = transverse - direction * found["potential_phi1"]
    residual = forward - omega
    flag = _changes_sign(forward) | _changes_sign(transverse) | (abs(residual) < abs(omega))
    return xr.Dataset(
        {
            "mnr_residual": residual.assign_attrs(
                comment="lambda + Phi_0 - v Phi_1 - omega, v = total number flux over c times "
                "total number density, omega of the mean energy in the normal ordering"
            ),
            "mnr_flag": flag.astype("int8").assign_attrs(
                flag_values=np.array([0, 1], dtype="int8"),
                flag_meanings="no_candidate candidate",
                comment="lambda + Phi_0 - v Phi_1 changes sign between neighbouring cells for v "
                "of the residual or v = 0, or |residual| < omega",
            ),
        }
    )


INSTABILITY = Instability(
    "resonance",
    _resonance,
    "matter-neutrino resonance: matter and self-interaction potential cancel",
    needs=("matter",),
    kinds=(Kind(1, "resonance_candidate", lambda found, cells: found["mnr_flag"] > 0),),
)
