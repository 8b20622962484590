"""E-folds that a fast mode gains before gradients carry it out of its unstable band.

A mode drifts in kappa at the rate -d(lambda + Phi_0)/dr; integrated over all bands of a fast
instability int sigma dkappa = 4.5 sigma0^2 (5 to 95 % of maximum-entropy pairs: 3.4 to 5.0;
two beams: 2 pi), so

    N_e = 4.5 sigma0^2/|d(lambda + Phi_0)/dr| ,

per proper length X dr in a metric (the redshift of the mode itself is left out). On spherical
cells the gradient is the radial one, on Cartesian cells its length: the steepest direction,
where the fewest e-folds are gained.

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

__all__ = ["INSTABILITY", "efolds"]

#: int sigma dkappa over all bands, in units of sigma0^2.
BAND_INTEGRAL = 4.5


def efolds(
    estimate: xr.DataArray,
    potential: xr.DataArray,
    stretch: xr.DataArray | float = 1.0,
    axes: tuple[str, ...] = ("r",),
) -> xr.DataArray:
    """N_e of the module's header.

    Parameters
    ----------
    estimate : DataArray
        Growth estimate of fast modes [s^-1].
    potential : DataArray
        What drives the drift, lambda + Phi_0 or a part of it [cm^-1], over the axes.
    stretch : DataArray or float
        X, proper length per dr.
    axes : tuple of str
        Axes of length [cm] of the gradient: ``r``, or ``z``, ``y``, ``x``.

    Returns
    -------
    DataArray
    """
    squared = 0.0
    finest = np.inf
    for axis in axes:
        squared = squared + potential.differentiate(axis) ** 2
        finest = min(finest, float(potential[axis].diff(axis).min()))
    slope = np.sqrt(squared) / stretch
    # differences below round-off of the potential are none
    slope = np.maximum(slope, np.finfo(float).eps * abs(potential) / finest)
    return BAND_INTEGRAL * (estimate / C_LIGHT) ** 2 / slope.where(slope > 0.0, 1.0)


def _gradient(cells: Cells, found: xr.Dataset) -> xr.Dataset:
    potential = found["potential_matter"] + found["potential_phi0"]
    axes = cells.gradient_axes
    potential = potential.assign_coords({axis: cells.axes[axis] for axis in axes})
    for axis in axes:
        if potential.chunks is not None and min(potential.chunksizes[axis]) < 2:
            # a one-sided derivative at the edge of a block needs two cells
            potential = potential.chunk({axis: -1})
    value = efolds(found["ffi_growth_estimate"], potential, cells.field.stretch, axes)
    along = "r" if axes == ("r",) else "the steepest direction"
    return xr.Dataset(
        {
            "gradient_efolds": value.drop_vars(axes).assign_attrs(
                comment=f"gradient along {along}; for the unattenuated Hamiltonian: multiply by "
                "xi for a run with xi H"
            )
        }
    )


INSTABILITY = Instability(
    "gradient",
    _gradient,
    "e-folds of a fast mode before gradients of matter and lepton number carry it away",
    needs=("matter", "gradient"),
)
