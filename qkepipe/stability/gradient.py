"""E-folds that a fast mode gains before gradients carry it out of its unstable band.

A mode drifts in kappa at the rate -d(lambda + Phi_0)/dr; integrated over all bands of a fast
instability int sigma dkappa = 4.5 sigma0^2 (5 to 95 % of maximum-entropy pairs: 3.4 to 5.0;
two beams: 2 pi), so

    N_e = 4.5 sigma0^2/|d(lambda + Phi_0)/dr| .

Derived and checked for this project; two beams with a linear potential obey it exactly.
With the Hamiltonian attenuated by xi, N_e becomes xi N_e. Growth from a seed is suppressed
where N_e < ln(1/seed).
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.stability.cells import Cells
from qkepipe.stability.instability import Instability

__all__ = ["BAND_INTEGRAL", "INSTABILITY"]

#: int sigma dkappa over all bands, in units of sigma0^2.
BAND_INTEGRAL = 4.5


def _gradient(cells: Cells, found: xr.Dataset) -> xr.Dataset:
    potential = found["potential_matter"] + found["potential_phi0"]
    if potential.chunks is not None:
        # a derivative needs neighbours; the potentials are small
        potential = potential.chunk(r=-1)
    slope = abs(potential.differentiate("r"))
    # differences below round-off of the potential are none
    floor = np.finfo(float).eps * abs(potential) / potential["r"].diff("r").min()
    sigma0 = found["ffi_growth_estimate"] / C_LIGHT
    slope = np.maximum(slope, floor)
    efolds = BAND_INTEGRAL * sigma0**2 / slope.where(slope > 0.0, 1.0)
    return xr.Dataset(
        {
            "gradient_efolds": efolds.assign_attrs(
                comment="for the unattenuated Hamiltonian; multiply by xi for a run with xi H"
            )
        }
    )


INSTABILITY = Instability(
    "gradient",
    _gradient,
    "e-folds of a fast mode before gradients of matter and lepton number carry it away",
    needs=("matter", "gradient"),
)
