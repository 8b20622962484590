"""Our classical field against the neutrino moments that the snapshot brings."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.phasespace import number_density, number_flux
from qkepipe.solvers.sphere import grid_of
from qkepipe.species import SPECIES

__all__ = ["moments_difference"]


def moments_difference(field: xr.Dataset, background: xr.Dataset) -> xr.Dataset:
    """Relative differences between the field and given moments, cell by cell.

    Parameters
    ----------
    field : Dataset
        ``f`` over (species, energy, mu, r) with the edges of its grid.
    background : Dataset
        On the same grid; ``nu_number_density`` and ``nu_number_flux`` over (species,
        [energy], r) where the snapshot brings them (group-integrated, if by energy).

    Returns
    -------
    Dataset
        ``number_density_difference`` and ``number_flux_difference`` over (species, r),
        field/given - 1, missing where nothing is given; attributes
        ``moments_difference_<species>``, the median of the absolute density difference.
        Empty where the snapshot brings no moments.
    """
    grid = grid_of(field)
    f = field["f"].transpose("species", "energy", "mu", "r").values
    out = xr.Dataset()
    for given, ours, name, title in (
        (
            "nu_number_density",
            number_density(f, grid.energy, grid.angle, grid.lapse),
            "number_density_difference",
            "number density of the classical field over that of the snapshot, minus 1",
        ),
        (
            "nu_number_flux",
            number_flux(f, grid.energy, grid.angle, grid.lapse),
            "number_flux_difference",
            "number flux of the classical field over that of the snapshot, minus 1",
        ),
    ):
        if given not in background:
            continue
        theirs = background[given]
        if "energy" in theirs.dims:
            theirs = theirs.sum("energy")
        theirs = theirs.sel(species=list(SPECIES)).transpose("species", "r").values
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(theirs != 0.0, ours / theirs, np.nan) - 1.0
        out[name] = (("species", "r"), ratio, {"units": "1", "long_name": title})
    if "number_density_difference" in out:
        for k, species in enumerate(SPECIES):
            values = np.abs(out["number_density_difference"].values[k])
            if np.isfinite(values).any():
                out.attrs[f"moments_difference_{species}"] = float(np.nanmedian(values))
    return out
