"""The quantities that tables compare, read off the profiles of a field at some radii."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.diagnostics.radii import at_radii
from qkepipe.diagnostics.summary import SPECTATOR
from qkepipe.species import SPECIES

__all__ = ["ALL", "QUANTITIES", "row_order", "values_at"]

#: Quantities and their units, in the order of the rows.
QUANTITIES = {
    "luminosity": "erg s-1",
    "number_luminosity": "s-1",
    "mean_energy": "MeV",
    "rms_energy": "MeV",
    "survival_probability": "1",
    "heating_rate": "erg g-1 s-1",
    "cooling_rate": "erg g-1 s-1",
    "ye_dot": "s-1",
    "net_heating_gain_region": "erg s-1",
    "net_cooling_below_gain": "erg s-1",
    "gain_radius": "cm",
    "neutrinosphere_radius": "cm",
}
#: Species of sums over species.
ALL = "all"

_PER_SPECIES = ("mean_energy", "rms_energy")
_THROUGH_EDGES = ("luminosity", "number_luminosity")
_PER_RADIUS = ("heating_rate", "cooling_rate", "ye_dot")
_CONVERTED = ("nue", "nuebar")


def values_at(s: xr.Dataset, base: xr.Dataset, radii: np.ndarray) -> dict[tuple, float]:
    """Values of all quantities.

    Parameters
    ----------
    s, base : Dataset
        Kind ``summary``, or :func:`qkepipe.diagnostics.diagnose`, of a field
        and of the classical field on the same grid.
    radii : ndarray (n,)
        [cm].

    Returns
    -------
    dict
        By (quantity, species, radius); the radius is None where a quantity has none.
    """
    centres, edges = s["r"].values, s["r_edge"].values
    out: dict[tuple, float] = {}

    def profile(quantity, species, values, at=centres):
        for radius, value in zip(radii, at_radii(values, at, radii), strict=True):
            out[quantity, species, float(radius)] = float(value)

    for quantity in _PER_SPECIES:
        values = s[quantity].transpose("species", "r").values
        for k, species in enumerate(s["species"].values):
            profile(quantity, str(species), values[k])
    for quantity in _THROUGH_EDGES:
        values = s[f"{quantity}_edge"].transpose("species", "r_edge").values
        for k, species in enumerate(s["species"].values):
            profile(quantity, str(species), values[k], edges)
    profile("luminosity", ALL, _total_luminosity(s, base), edges)
    for species in _CONVERTED:
        flow = s["number_luminosity_edge"].sel(species=species).values
        classical = base["number_luminosity_edge"].sel(species=species).values
        with np.errstate(divide="ignore", invalid="ignore"):
            # the quotient of the interpolated fluxes is that of two rows of the table
            ratio = at_radii(flow, edges, radii) / at_radii(classical, edges, radii)
        for radius, value in zip(radii, ratio, strict=True):
            out["survival_probability", species, float(radius)] = float(value)
    for quantity in _PER_RADIUS:
        profile(quantity, ALL, s[quantity].values)
    for quantity in ("net_heating_gain_region", "net_cooling_below_gain", "gain_radius"):
        out[quantity, ALL, None] = float(s[quantity])
    for k, species in enumerate(s["species"].values):
        out["neutrinosphere_radius", str(species), None] = float(
            s["neutrinosphere_radius"].values[k]
        )
    return out


def _total_luminosity(s: xr.Dataset, base: xr.Dataset) -> np.ndarray:
    """Sum over six species through the cell edges [erg s^-1], shape (n_r + 1,)."""
    name, over = "luminosity_edge", ("species", "r_edge")
    mine = s[name].sel(species=list(SPECIES)).transpose(*over).values
    second = mine
    if s.attrs.get("heavy_flavours") == SPECTATOR:
        second = base[name].sel(species=list(SPECIES)).transpose(*over).values
    return mine.sum(axis=0) + second[2:].sum(axis=0)


def row_order(key: tuple):
    """Sort key of (quantity, species, radius)."""
    quantity, species, radius = key
    names = (*SPECIES, ALL)
    return (
        list(QUANTITIES).index(quantity),
        -1.0 if radius is None else radius,
        names.index(species),
    )
