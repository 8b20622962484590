"""A radiation field from the moments of a snapshot.

Fluxes are radial (``nu_number_flux`` alone) or vectors: ``nu_number_flux`` with
``nu_number_flux_theta`` and, or, ``nu_number_flux_phi`` on spherical cells,
``nu_number_flux_x``, ``_y``, ``_z`` on Cartesian ones.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT, MEV_ERG
from qkepipe.errors import Defect, QkepipeError
from qkepipe.schema import CARTESIAN
from qkepipe.stability.blockwise import apply, canonical, four_species, metric
from qkepipe.stability.cleaning import condense
from qkepipe.stability.misaligned import eln_axis
from qkepipe.stability.radiation import Field, mean_energy

__all__ = ["from_moments"]

#: Gauss-Legendre nodes of the dispersion relation of reconstructed distributions.
NODES = 32
DENSITY = "nu_number_density"
_RADIAL = "nu_number_flux"


def _fluxes(dataset: xr.Dataset) -> list[xr.DataArray]:
    """Number flux over c [cm^-3], one array (radial) or three, summed over energy."""
    if f"{_RADIAL}_x" in dataset or set(CARTESIAN) & set(dataset[DENSITY].dims):
        names = [f"{_RADIAL}_{axis}" for axis in ("x", "y", "z")]
    elif f"{_RADIAL}_theta" in dataset or f"{_RADIAL}_phi" in dataset:
        names = [_RADIAL, f"{_RADIAL}_theta", f"{_RADIAL}_phi"]
    else:
        names = [_RADIAL]
    # axisymmetric data may lack one angle
    optional = {f"{_RADIAL}_theta", f"{_RADIAL}_phi"}
    absent = [n for n in names if n not in dataset and n not in optional]
    if absent:
        raise QkepipeError(
            Defect("field", ", ".join(absent), "missing", "number fluxes with number densities")
        )
    fluxes: list[xr.DataArray] = []
    for name in names:
        if name not in dataset:
            fluxes.append(xr.zeros_like(fluxes[0]))
            continue
        flux = four_species(dataset, name)
        if "energy" in flux.dims:
            flux = flux.sum("energy", skipna=False)
        fluxes.append(canonical(flux / C_LIGHT))
    return fluxes


def from_moments(dataset: xr.Dataset) -> Field:
    """Field of ``nu_number_density`` [cm^-3] and number fluxes [cm^-2 s^-1].

    Parameters
    ----------
    dataset : Dataset
        Over (species, [energy], space); if known, with ``nu_energy_density`` [erg cm^-3] and,
        over (species, space), ``nu_eddington``.

    Returns
    -------
    Field

    Raises
    ------
    QkepipeError
        If a moment is missing, or densities are not integrated over their groups.
    """
    if DENSITY not in dataset:
        raise QkepipeError(
            Defect("field", DENSITY, "missing",
                   "occupations f, or number densities with number fluxes")
        )  # fmt: skip
    fluxes = _fluxes(dataset)
    given = canonical(four_species(dataset, DENSITY))
    spectrum = mean = None
    empty = 0
    if "energy" in given.dims:
        spectral = dataset[DENSITY].attrs.get("spectral", "group")
        if spectral != "group":
            raise QkepipeError(
                Defect("field", DENSITY, f"spectral = {spectral!r}",
                       "densities integrated over each group")
            )  # fmt: skip
        spectrum = given
        centres = xr.DataArray(given["energy"].values.astype(float), dims="energy")
        empty = (given == 0.0).all([d for d in given.dims if d != "energy"])
    else:
        centres = xr.DataArray([np.nan], dims="energy")
        given = given.expand_dims(energy=1)
    number, energy, clipped = apply(
        condense, given, centres,
        inputs=[["species", "energy"], ["energy"]], outputs=(("species",), (), ()),
    )  # fmt: skip
    number = canonical(number)
    if spectrum is not None:
        mean = mean_energy(energy, number)
    elif "nu_energy_density" in dataset and "energy" not in dataset["nu_energy_density"].dims:
        energy = four_species(dataset, "nu_energy_density").sum("species", skipna=False)
        mean = mean_energy(energy / MEV_ERG, number)
    eddington = None
    if len(fluxes) == 1 and "nu_eddington" in dataset and spectrum is None:
        eddington = canonical(four_species(dataset, "nu_eddington"))
    mu, weights = np.polynomial.legendre.leggauss(NODES)
    along = fluxes[0]
    if len(fluxes) == 3:
        along = apply(eln_axis, *fluxes, inputs=[["species"]] * 3, outputs=(("species",),))
        along = canonical(along)
    return Field(
        number,
        along,
        spectrum,
        mean,
        None,
        mu,
        0.5 * weights,
        metric(dataset, "radial_metric", number),
        tuple(fluxes) if len(fluxes) == 3 else (),
        clipped,
        empty,
        eddington,
    )
