"""Candidates of the matter-neutrino resonance.

H_ee - H_xx vanishes for neutrinos of direction v and vacuum frequency omega where

    R = lambda + Phi_0 - v Phi_1 - omega = 0

(Malkus, Friedland & McLaughlin 2014, arXiv:1403.5797; Wu, Duan & Qian 2016, PLB 752, 89). A
zero marks a place to look at, it does not predict conversion: with many angles complete
conversion is unlikely although the potentials cancel (arXiv:2403.15532).
"""

from __future__ import annotations

import xarray as xr

from qkepipe.constants import SQRT2_GF
from qkepipe.stability.cells import Cells
from qkepipe.stability.flags import flag
from qkepipe.stability.instability import Instability, Kind
from qkepipe.stability.slow import vacuum_frequency

__all__ = ["INSTABILITY"]


def _changes_sign(values: xr.DataArray, axes: tuple[str, ...]) -> xr.DataArray:
    """Cells that have a neighbour along an axis in space on the other side of zero."""
    positive = values > 0.0
    known = values.notnull()
    changes = xr.zeros_like(values, dtype=bool)
    for axis in axes:
        for step in (1, -1):
            other = positive.shift({axis: step}, fill_value=False)
            seen = known.shift({axis: step}, fill_value=False)
            changes = changes | ((positive != other) & seen)
    return changes & known


def _resonance(cells: Cells, found: xr.Dataset) -> xr.Dataset:
    field = cells.field
    omega = 0.0 if field.mean_energy is None else vacuum_frequency(field.mean_energy)
    transverse = found["potential_matter"] + found["potential_phi0"]
    forward = transverse - SQRT2_GF * field.drift
    residual = forward - omega
    candidate = (
        _changes_sign(forward, field.space)
        | _changes_sign(transverse, field.space)
        | (abs(residual) < abs(omega))
    )
    return xr.Dataset(
        {
            "mnr_residual": residual.assign_attrs(
                comment="lambda + Phi_0 - v Phi_1 - omega, v = total number flux over c times "
                "total number density, omega of the mean energy in the normal ordering"
            ),
            "mnr_flag": flag(
                candidate,
                {0: "no_candidate", 1: "candidate"},
                comment="lambda + Phi_0 - v Phi_1 changes sign between neighbouring cells along "
                "any axis for v of the residual or v = 0, or |residual| < omega",
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
