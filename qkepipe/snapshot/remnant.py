"""Analytic remnant of a neutron-star merger in three dimensions, evaluated block by block.

A model with the geometry of a remnant some 50 ms after the merger, not a solution of any
equation: tests and benchmarks of three-dimensional data need no file. Its parts (sizes and
scales after Perego et al. 2014, MNRAS 443, 3134, and Fujibayashi et al. 2020, ApJ 901, 122):

- a hypermassive neutron star, an oblate ball of 1e15 g cm^-3 that falls steeply at 12 km;
- a torus of 1e12 g cm^-3 at 35 km, and a thin atmosphere, thinnest above the poles;
- neutrinos of both. The star has for each species an oblate neutrinosphere; inside it the
  field is isotropic, outside the density falls as the square of the distance and the flux
  points away from the spheroid. The torus adds mostly nuebar, which leave it upwards and
  outwards. Fluxes of the species are therefore not parallel off the axis.

nuxbar equals nux. Everything is deterministic; energies are 12, 16 and 24 MeV on average.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

from qkepipe.constants import C_LIGHT, M_U_GRAM, MEV_ERG
from qkepipe.errors import Defect, QkepipeError
from qkepipe.schema import set_attributes
from qkepipe.species import SPECIES
from qkepipe.units import KM_CM

__all__ = ["remnant_model", "remnant_values"]

#: Cells along each edge of a block.
CHUNK = 64
#: Of nue, nuebar, nux: density at the neutrinosphere of the star [cm^-3], its equatorial
#: radius [km] and axis ratio, density of the torus [cm^-3], mean energy [MeV].
_STAR = ((2.0e34, 15.0, 0.75), (2.5e34, 13.0, 0.80), (1.6e34, 11.0, 0.85))
_TORUS = (1.0e33, 1.2e34, 0.0)
_ENERGY = (12.0, 16.0, 24.0)
_TORUS_RADIUS, _TORUS_WIDTH, _TORUS_HEIGHT = 35.0, 18.0, 11.0
#: Rows of :func:`remnant_values`.
_MATTER = ("rho", "temperature", "ye")
_MOMENTS = ("nu_number_density", "nu_number_flux_x", "nu_number_flux_y", "nu_number_flux_z")


def _matter(radius, z):
    """Density [g cm^-3], temperature [MeV] and electron fraction."""
    s = np.sqrt(radius**2 + (z / 0.8) ** 2)
    star = 1e15 / (1.0 + np.exp(np.minimum((s - 9.0) / 0.45, 60.0)))
    ring = ((radius - _TORUS_RADIUS) / _TORUS_WIDTH) ** 2 + (z / _TORUS_HEIGHT) ** 2
    torus = 1e12 * np.exp(-2.0 * ring)
    air = 1e8 * (20.0 / (s + 10.0)) ** 3 * (0.05 + radius**2 / (radius**2 + z**2 + 1.0))
    rho = star + torus + air
    temperature = 0.3 + 20.0 / (1.0 + (s / 11.0) ** 4) + 5.0 * np.exp(-ring)
    ye = 0.45 - 0.38 * (star + torus) / rho
    return rho, temperature, ye


def remnant_values(x, y, z) -> np.ndarray:
    """Matter and moments of the model.

    Parameters
    ----------
    x, y, z : ndarray
        Coordinates [cm], which broadcast to the shape of the block.

    Returns
    -------
    ndarray (15, ...)
        Density, temperature, electron fraction, then for nue, nuebar, nux number density
        [cm^-3] and its flux along x, y, z [cm^-2 s^-1].
    """
    x, y, z = np.broadcast_arrays(x / KM_CM, y / KM_CM, z / KM_CM)
    radius = np.hypot(x, y) + 1e-6
    out = np.empty((15, *x.shape))
    out[:3] = _matter(radius, z)
    ring_r, ring_z = radius - _TORUS_RADIUS, z
    ring = np.hypot(ring_r, ring_z) + 1e-6
    near = np.exp(-ring / 60.0) / (1.0 + (ring / 15.0) ** 2)
    lean = 0.85 * ring / (ring + 15.0)
    for i, ((n_star, size, ratio), n_torus) in enumerate(zip(_STAR, _TORUS, strict=True)):
        across, up = radius, z / ratio**2
        spheroid = np.sqrt(radius**2 + (z / ratio) ** 2) / size
        star = n_star * np.where(spheroid > 1.0, spheroid**-2.0, 1.0 + 4.0 * (1.0 - spheroid))
        outside = np.maximum(spheroid - 1.0, 0.0)
        factor = 0.95 * outside / (outside + 0.6)
        torus = n_torus * near
        # the gradient of the spheroid, and away from the ring
        along = C_LIGHT * star * factor / np.hypot(across, up)
        away = C_LIGHT * torus * lean / ring
        horizontal = (along * across + away * ring_r) / radius
        rows = out[3 + 4 * i : 7 + 4 * i]
        rows[0] = star + torus
        rows[1] = horizontal * x
        rows[2] = horizontal * y
        rows[3] = along * up + away * ring_z
    return out


class _Model:
    """Values of a box of the cube; the last box is kept, as its variables are asked in turn."""

    def __init__(self, centres: np.ndarray):
        self.centres = centres
        self._last: tuple = (None, None)

    def box(self, place: tuple) -> np.ndarray:
        """Rows of :func:`remnant_values` in the slices ``place`` along z, y, x."""
        key = tuple((s.start, s.stop, s.step) for s in place)
        last, values = self._last
        if last != key:
            z, y, x = (self.centres[s] for s in place)
            values = remnant_values(x[None, None, :], y[None, :, None], z[:, None, None])
            self._last = (key, values)
        return values


class _Rows(BackendArray):
    """Some rows of the model as an array that computes what is taken from it."""

    def __init__(self, model: _Model, rows: tuple[int, ...], factors=None):
        self.model, self.rows, self.factors = model, np.array(rows), factors
        self.dtype = np.dtype(float)
        self.shape = (len(rows), *(model.centres.size,) * 3)

    def __getitem__(self, key):
        support = indexing.IndexingSupport.BASIC
        return indexing.explicit_indexing_adapter(key, self.shape, support, self._take)

    def _take(self, key):
        kept = tuple(slice(None) if isinstance(k, slice) else 0 for k in key)
        species, *place = (k if isinstance(k, slice) else slice(k, k + 1) for k in key)
        values = self.model.box(tuple(place))[self.rows[species]]
        if self.factors is not None:
            values = values * self.factors[species, None, None, None]
        return values[kept]


def remnant_model(
    cells: int = 64, half_width_km: float = 100.0, chunk: int | None = CHUNK
) -> xr.Dataset:
    """Remnant on a cube of Cartesian cells, lazily: values are computed when they are asked for.

    Parameters
    ----------
    cells : int
        Cells along each edge.
    half_width_km : float
        Half of the edge [km].
    chunk : int or None
        Cells along each edge of a dask block; None for arrays that are indexed lazily, of
        which any box costs no more than its own cells.

    Returns
    -------
    Dataset
        Canonical snapshot over ``z``, ``y``, ``x``: ``rho``, ``temperature``,
        ``ye``, ``nu_number_density``, ``nu_number_flux_x``, ``_y``, ``_z`` and
        ``nu_energy_density``.

    Raises
    ------
    QkepipeError
        For parameters out of range.
    """
    wrong = [
        Defect("remnant model", name, f"{value!r}", f"{low:g} to {high:g}")
        for name, value, low, high in (
            ("cells", cells, 2, 4096),
            ("half_width_km", half_width_km, 20.0, 2000.0),
            ("chunk", CHUNK if chunk is None else chunk, 2, 1024),
        )
        if not (isinstance(value, int | float) and low <= value <= high)
    ]
    if wrong:
        raise QkepipeError(wrong)
    cells = int(cells)
    edges = KM_CM * np.linspace(-half_width_km, half_width_km, cells + 1)
    centres = 0.5 * (edges[1:] + edges[:-1])
    model = _Model(centres)
    dims = ("z", "y", "x")

    def lazy(rows, factors=None):
        array = indexing.LazilyIndexedArray(_Rows(model, rows, factors))
        return xr.Variable(("species", *dims), array)

    data = {name: lazy((i,)).isel(species=0) for i, name in enumerate(_MATTER)}
    species = np.array([0, 1, 2, 2])
    for k, name in enumerate(_MOMENTS):
        data[name] = lazy(tuple(3 + 4 * species + k))
    energy = MEV_ERG * np.array(_ENERGY)[species]
    data["nu_energy_density"] = lazy(tuple(3 + 4 * species), energy)
    dataset = set_attributes(
        xr.Dataset(
            data,
            coords={"species": list(SPECIES), **{axis: (axis, centres) for axis in dims}},
            attrs={
                "baryon_mass": M_U_GRAM,
                "frame": "lab",
                "heavy_multiplicity": 1,
                "simulation": "analytic merger remnant",
                "model_cells": cells,
                "model_half_width_km": float(half_width_km),
            },
        )
    )
    return dataset if chunk is None else dataset.chunk(dict.fromkeys(dims, int(chunk)))
