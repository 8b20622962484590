"""Classical radiation field on the base grid: a steady state of transport, or the snapshot's."""

from __future__ import annotations

import xarray as xr

from qkepipe.diagnostics import diagnose
from qkepipe.diagnostics.given import moments_difference
from qkepipe.errors import Defect, QkepipeError
from qkepipe.schema import set_attributes
from qkepipe.snapshot import regrid
from qkepipe.solvers.given import given_field, given_flows
from qkepipe.solvers.sphere import grid_of
from qkepipe.solvers.steady import steady_field

__all__ = ["moves", "run"]


def run(config, snapshot: xr.Dataset, background: xr.Dataset, progress=None) -> xr.Dataset:
    """Solve classical transport to a steady state, or take the field of the snapshot.

    Parameters
    ----------
    config : Config
    snapshot : Dataset
        Kind ``snapshot``; read only where ``config.field`` is ``snapshot``.
    background : Dataset
        Kind ``background``.
    progress : callable, optional
        See :func:`qkepipe.solvers.steady.steady_field`.

    Returns
    -------
    Dataset
        Kind ``baseline``, with its diagnostics (:func:`qkepipe.diagnostics.diagnose`); where
        the snapshot brings moments also their difference from the field
        (:func:`qkepipe.diagnostics.given.moments_difference`). The attribute
        ``radiation_source`` says where the field comes from.
    """
    grid = grid_of(background)
    moving, through = False, None
    if config.field == "snapshot":
        field = given_field(regrid(snapshot, grid.radius.edges), background)
        through = given_flows(field["f"].values, grid)
    else:
        moving = moves(config, background)
        field = steady_field(
            background, moving=moving, tolerance=config.solve.tolerance, progress=progress
        )
        field.attrs["radiation_source"] = "classical transport"
    values = field["f"].transpose("species", "energy", "mu", "r").values
    found = diagnose(values, background, moving=moving, through=through)
    field = field.merge(found, combine_attrs="no_conflicts")
    for name in ("frame", "gravity", "lapse_source"):
        field.attrs[name] = background.attrs[name]
    difference = moments_difference(field, background)
    field.attrs.update(difference.attrs)
    return set_attributes(field.merge(difference, combine_attrs="override"))


def moves(config, background: xr.Dataset) -> bool:
    """Whether the fluid moves in the classical field."""
    choice = config.background.fluid
    if choice == "moving" and "velocity_r" not in background:
        raise QkepipeError(
            Defect(
                background.attrs.get("source_file", "snapshot"),
                "velocity_r",
                "missing for background.fluid: moving",
                "a radial velocity",
                "fluid: rest",
            )
        )
    return choice != "rest" and "velocity_r" in background
