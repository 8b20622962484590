"""Matter and self-interaction potentials.

lambda = sqrt(2) G_F n_e with n_e = rho Ye/m_b, Phi_n = sqrt(2) G_F times the n-th moment of
ELN-XLN (Sigl & Raffelt 1993, Nucl. Phys. B 406, 423).
"""

from __future__ import annotations

import xarray as xr

from qkepipe.constants import M_U_GRAM, SQRT2_GF
from qkepipe.stability.cells import Cells
from qkepipe.stability.radiation import eln_xln

__all__ = ["potentials"]


def potentials(cells: Cells) -> xr.Dataset:
    """``potential_phi0``, ``potential_phi1`` and, with matter, ``potential_matter`` [cm^-1]."""
    phi1 = SQRT2_GF * eln_xln(cells.field.flux)
    if cells.field.vector:
        phi1.attrs["comment"] = "length of the vector, along the ELN-XLN flux of the cell"
    out = xr.Dataset(
        {"potential_phi0": SQRT2_GF * eln_xln(cells.field.number), "potential_phi1": phi1}
    )
    if cells.matter is not None:
        mass = float(cells.matter.attrs.get("baryon_mass", M_U_GRAM))
        lam = SQRT2_GF / mass * cells.matter["rho"] * cells.matter["ye"]
        lam = lam.broadcast_like(out["potential_phi0"]).drop_attrs(deep=False)
        out["potential_matter"] = lam.assign_attrs(baryon_mass=mass)
    return out
