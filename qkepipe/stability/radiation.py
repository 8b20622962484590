"""The radiation field as the screens need it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from qkepipe.maximum_entropy import angular_distribution
from qkepipe.stability.blockwise import apply
from qkepipe.stability.cleaning import judge
from qkepipe.stability.crossing import higher, lobes
from qkepipe.stability.minerbo import moment_screen
from qkepipe.stability.misaligned import vector_screen

__all__ = ["Field", "eln_xln", "mean_energy", "total_energy"]


@dataclass(frozen=True)
class Field:
    """Angle-integrated quantities of a radiation field, and its ELN-XLN where angles are known.

    Attributes
    ----------
    number : DataArray (species, space)
        Number density [cm^-3].
    flux : DataArray (species, space)
        Number flux over c [cm^-3] along the axis of the field: the radial direction, or, where
        fluxes are vectors, the direction of the ELN-XLN flux of the cell.
    spectrum : DataArray (species, energy, space) or None
        Number density per energy group [cm^-3]; None for grey data.
    mean_energy : DataArray (space) or None
        Mean energy of all species [MeV]; infinite without neutrinos, None if unknown.
    eln_xln : DataArray (mu, space) or None
        ELN-XLN per d(mu)/2 [cm^-3] of the angular bins; None for moments.
    mu, weights : ndarray (n_mu,)
        Directions and quadrature weights, which sum to 1: angular bins, or the nodes at
        which moments are reconstructed.
    stretch : DataArray (space) or float
        Radial metric X, proper length per dr.
    vector : tuple of DataArray (species, space)
        Components of the number flux over c [cm^-3] along three orthogonal directions, where
        the data have them; else empty.
    clipped : DataArray (space) or int
        Number of slightly negative densities that were set to 0.
    empty_groups : DataArray or int
        Number of energy groups without any neutrino in all cells.
    eddington : DataArray (species, space) or None
        Second moment over density [1], where the data have it and fluxes are radial.
    """

    number: xr.DataArray
    flux: xr.DataArray
    spectrum: xr.DataArray | None
    mean_energy: xr.DataArray | None
    eln_xln: xr.DataArray | None
    mu: np.ndarray
    weights: np.ndarray
    stretch: xr.DataArray | float = 1.0
    vector: tuple[xr.DataArray, ...] = ()
    clipped: xr.DataArray | int = 0
    empty_groups: xr.DataArray | int = 0
    eddington: xr.DataArray | None = None

    @property
    def mode(self) -> str:
        """``angles`` or ``moments``."""
        return "moments" if self.eln_xln is None else "angles"

    @property
    def space(self) -> tuple[str, ...]:
        """Names of the dimensions in space."""
        return tuple(str(d) for d in self.number.dims if d != "species")

    @cached_property
    def judged(self) -> xr.DataArray:
        """Cells that can be judged: finite moments, and neutrinos."""
        size = self.flux if not self.vector else _length(*self.vector)
        return apply(judge, self.number, size, inputs=[["species"]] * 2, outputs=((), ()))[0] > 0.0

    @cached_property
    def drift(self) -> xr.DataArray:
        """Mean direction of all neutrinos times the ELN-XLN flux over c [cm^-3]."""
        total = self.number.sum("species")
        weight = 1.0 / total.where(total > 0.0, 1.0)
        parts = self.vector or (self.flux,)
        return weight * sum(part.sum("species") * eln_xln(part) for part in parts)

    def angular(self, tolerance: float) -> tuple[xr.DataArray, ...]:
        """Lobes, crossing flag, its cosine, second and third moment of ELN-XLN, over space."""
        space = ((),) * 6
        if self.eln_xln is not None:
            beams = (xr.DataArray(x, dims="mu") for x in (self.weights, self.mu))
            return apply(
                lambda g, w, mu: (*lobes(g, w, mu, tolerance), *higher(g, w, mu)),
                self.eln_xln, *beams, inputs=[["mu"]] * 3, outputs=space,
            )  # fmt: skip
        if self.vector:
            return apply(
                lambda n, *f: vector_screen(n, *f, tolerance),
                self.number, *self.vector, inputs=[["species"]] * 4, outputs=space,
            )  # fmt: skip
        found = apply(
            lambda n, f: moment_screen(n, f, tolerance),
            self.number, self.flux, inputs=[["species"]] * 2, outputs=space,
        )  # fmt: skip
        if self.eddington is None:
            return found
        # a given second moment replaces that of the closure, which has no say in the third
        second = eln_xln(self.eddington * self.number)
        return (*found[:4], second, xr.full_like(second, np.nan))

    def lobes(self, tolerance: float) -> tuple[xr.DataArray, ...]:
        """Positive and negative lobe, crossing flag and crossing angle, over space."""
        return self.angular(tolerance)[:4]

    def beams(self, index: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
        """Directions and ELN-XLN per beam [cm^-3] (weights included) of one cell."""
        if self.eln_xln is not None:
            g = self.eln_xln.isel(index).values
        else:
            nue, nuebar, nux, nuxbar = angular_distribution(
                self.number.isel(index).values, self.flux.isel(index).values, self.mu
            )
            g = (nue - nuebar) - (nux - nuxbar)
        return self.mu, g * self.weights

    def counts(self) -> dict[str, int]:
        """How many values were changed, or could not be used; evaluates lazy arrays at once."""
        size = self.flux if not self.vector else _length(*self.vector)
        usable, capped = apply(judge, self.number, size, inputs=[["species"]] * 2, outputs=((), ()))
        found = xr.Dataset(
            {
                "cells_unknown": (usable == 0.0).sum(),
                "negative_densities_clipped": xr.DataArray(self.clipped).sum(),
                "flux_factors_capped": capped.sum(),
                "empty_groups": xr.DataArray(self.empty_groups).sum(),
            }
        ).compute()
        return {str(name): int(value) for name, value in found.items()}


def _length(x: xr.DataArray, y: xr.DataArray, z: xr.DataArray) -> xr.DataArray:
    return np.sqrt(x * x + y * y + z * z)


def eln_xln(moment: xr.DataArray) -> xr.DataArray:
    """(nue - nuebar) - (nux - nuxbar) of a moment per species."""
    nue, nuebar, nux, nuxbar = (moment.isel(species=i, drop=True) for i in range(4))
    return (nue - nuebar) - (nux - nuxbar)


def total_energy(spectrum: xr.DataArray, centres: np.ndarray) -> xr.DataArray:
    """Energy density of all species [MeV cm^-3]."""
    return (spectrum * xr.DataArray(centres, dims="energy")).sum(["species", "energy"])


def mean_energy(energy: xr.DataArray, number: xr.DataArray) -> xr.DataArray:
    """Mean energy [MeV]; infinite without neutrinos."""
    total = number.sum("species")
    return (energy / total.where(total > 0.0, 1.0)).where(total > 0.0, np.inf)
