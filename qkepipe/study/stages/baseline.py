"""Classical steady radiation field on the base grid."""

from __future__ import annotations

import xarray as xr

from qkepipe.diagnostics import diagnose
from qkepipe.diagnostics.given import moments_difference
from qkepipe.errors import Defect, QkepipeError
from qkepipe.schema import set_attributes
from qkepipe.solvers.steady import steady_field

__all__ = ["moves", "run"]


def run(config, background: xr.Dataset, progress=None) -> xr.Dataset:
    """Solve classical transport to a steady state.

    Parameters
    ----------
    config : Config
    background : Dataset
        Kind ``background``.
    progress : callable, optional
        See :func:`qkepipe.solvers.steady.steady_field`.

    Returns
    -------
    Dataset
        Kind ``baseline``, with its diagnostics (:func:`qkepipe.diagnostics.diagnose`); where
        the snapshot brings moments also their difference from the field
        (:func:`qkepipe.diagnostics.given.moments_difference`).
    """
    moving = moves(config, background)
    field = steady_field(
        background,
        moving=moving,
        tolerance=config.solve.tolerance,
        progress=progress,
    )
    values = field["f"].transpose("species", "energy", "mu", "r").values
    field = field.merge(diagnose(values, background, moving=moving), combine_attrs="no_conflicts")
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
