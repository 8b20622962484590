"""Classical steady radiation field on the base grid."""

from __future__ import annotations

import xarray as xr

from qkepipe.diagnostics import luminosity_fields
from qkepipe.diagnostics.given import moments_difference
from qkepipe.schema import set_attributes
from qkepipe.solvers.sphere import flows, grid_of, steady_state

__all__ = ["run"]


def run(config, background: xr.Dataset, progress=None) -> xr.Dataset:
    """Solve classical transport to a steady state.

    Parameters
    ----------
    config : Config
    background : Dataset
        Kind ``background``.
    progress : callable, optional
        See :func:`qkepipe.solvers.sphere.steady_state`.

    Returns
    -------
    Dataset
        Kind ``baseline``, with the luminosities through the cell edges; where the snapshot
        brings moments also their difference from the field
        (:func:`qkepipe.diagnostics.given.moments_difference`).
    """
    solve = config.solve
    field = steady_state(
        background,
        cfl=solve.cfl,
        tolerance=solve.tolerance,
        max_crossings=solve.max_crossings,
        progress=progress,
    )
    values = field["f"].transpose("species", "energy", "mu", "r").values
    field = field.assign(luminosity_fields(flows(values, background), grid_of(background)))
    for name in ("frame", "gravity", "lapse_source"):
        field.attrs[name] = background.attrs[name]
    difference = moments_difference(field, background)
    field.attrs.update(difference.attrs)
    return set_attributes(field.merge(difference, combine_attrs="override"))
