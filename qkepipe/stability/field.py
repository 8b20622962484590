"""The radiation field as the screens need it, from occupations or from moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT, MEV_ERG
from qkepipe.errors import Defect, QkepipeError
from qkepipe.phasespace import angle_grid_from_edges, energy_grid
from qkepipe.schema import AXES
from qkepipe.species import SPECIES, SPECIES6, to_four
from qkepipe.stability.crossing import integrate, lobes
from qkepipe.stability.minerbo import FLUX_MAX, angular_distribution, moment_lobes

__all__ = ["Field", "apply", "four_species", "open_field"]

#: Gauss-Legendre nodes of the dispersion relation of reconstructed distributions.
NODES = 32


def apply(function, *arrays, inputs, outputs=((),)):
    """Apply a per-cell kernel to labelled arrays, block by block where they are dask arrays.

    ``inputs`` and ``outputs`` are core dimensions.
    """
    return xr.apply_ufunc(
        function,
        *arrays,
        input_core_dims=inputs,
        output_core_dims=outputs,
        dask="parallelized",
        output_dtypes=[float] * len(outputs),
        dask_gufunc_kwargs={"allow_rechunk": True},
        keep_attrs=False,
    )


def _canonical(array: xr.DataArray) -> xr.DataArray:
    return array.transpose(*[d for d in AXES if d in array.dims], ...)


def four_species(dataset: xr.Dataset, name: str) -> xr.DataArray:
    """Variable with the species axis brought to SPECIES, without its attributes."""
    array = dataset[name].drop_attrs(deep=False)
    if "species" not in array.dims:
        raise QkepipeError(Defect("field", name, f"has dimensions {array.dims}", "a species axis"))
    labels = tuple(map(str, array["species"].values)) if "species" in array.coords else ()
    if labels == SPECIES:
        return array
    if labels not in (SPECIES[:3], SPECIES6):
        raise QkepipeError(
            Defect(
                "field",
                "species",
                f"labels {', '.join(labels) or 'missing'}",
                ", ".join(SPECIES),
                f"{', '.join(SPECIES[:3])} or {', '.join(SPECIES6)}",
            )
        )
    return (
        xr.apply_ufunc(
            lambda values: to_four(values, -1),
            array.drop_vars("species"),
            input_core_dims=[["species"]],
            output_core_dims=[["species"]],
            exclude_dims={"species"},
            dask="parallelized",
            output_dtypes=[float],
            dask_gufunc_kwargs={"allow_rechunk": True, "output_sizes": {"species": len(SPECIES)}},
        )
        .assign_coords(species=list(SPECIES))
        .transpose(*array.dims)
    )


def _finite(array: xr.DataArray, name: str) -> xr.DataArray:
    """Refuse values that are not finite (arrays in memory only)."""
    if array.chunks is None and not np.isfinite(array.values).all():
        raise QkepipeError(Defect("field", name, "values that are not finite", "finite values"))
    return array


@dataclass(frozen=True)
class Field:
    """Angle-integrated quantities of a radiation field, and its ELN-XLN where angles are known.

    Attributes
    ----------
    number : DataArray (species, space)
        Number density [cm^-3].
    flux : DataArray (species, space)
        Radial number flux over c [cm^-3].
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
    """

    number: xr.DataArray
    flux: xr.DataArray
    spectrum: xr.DataArray | None
    mean_energy: xr.DataArray | None
    eln_xln: xr.DataArray | None
    mu: np.ndarray
    weights: np.ndarray
    stretch: xr.DataArray | float = 1.0

    @property
    def mode(self) -> str:
        """``angles`` or ``moments``."""
        return "moments" if self.eln_xln is None else "angles"

    @property
    def space(self) -> tuple[str, ...]:
        """Names of the dimensions in space."""
        return tuple(str(d) for d in self.number.dims if d != "species")

    def lobes(self, tolerance: float) -> tuple[xr.DataArray, ...]:
        """Positive and negative lobe, crossing flag and crossing angle, over space."""
        if self.eln_xln is not None:
            return apply(
                lambda g, w, mu: lobes(g, w, mu, tolerance),
                self.eln_xln,
                xr.DataArray(self.weights, dims="mu"),
                xr.DataArray(self.mu, dims="mu"),
                inputs=[["mu"]] * 3,
                outputs=((), (), (), ()),
            )
        return apply(
            lambda n, f: moment_lobes(n, f, tolerance),
            self.number,
            self.flux,
            inputs=[["species"]] * 2,
            outputs=((), (), (), ()),
        )

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

    @property
    def capped(self) -> int:
        """Number of flux factors beyond the largest one that a reconstruction allows."""
        return int((abs(self.flux) > FLUX_MAX * self.number).sum())


def _metric(dataset: xr.Dataset, name: str, f: xr.DataArray) -> xr.DataArray | float:
    """``lapse`` or ``radial_metric`` on the cells of ``f``, 1 where the dataset has none."""
    if name not in dataset or not set(dataset[name].dims) <= set(f.dims):
        return 1.0
    return dataset[name].drop_attrs(deep=False)


def _from_angles(dataset: xr.Dataset) -> Field:
    for name in ("energy_edge", "mu_edge"):
        if name not in dataset.variables:
            raise QkepipeError(Defect("field", name, "missing", "edges of the bins of f"))
    f = _finite(four_species(dataset, "f"), "f")
    energy = energy_grid(dataset["energy_edge"].values)
    angle = angle_grid_from_edges(dataset["mu_edge"].values)
    for name, size in (("energy", energy.centres.size), ("mu", angle.centres.size)):
        if f.sizes.get(name) != size:
            raise QkepipeError(
                Defect("field", "f", f"{f.sizes.get(name)} bins in {name}",
                       f"{size}, one less than {name}_edge")
            )  # fmt: skip
    if "mu" in f.coords:
        f = f.drop_vars("mu")
    lapse = _metric(dataset, "lapse", f)
    g, spectrum, flux = apply(
        integrate,
        f,
        xr.DataArray(energy.weights, dims="energy"),
        xr.DataArray(angle.weights, dims="mu"),
        xr.DataArray(angle.centres, dims="mu"),
        inputs=[["species", "energy", "mu"], ["energy"], ["mu"], ["mu"]],
        outputs=(("mu",), ("species", "energy"), ("species",)),
    )
    # bins hold energies at infinity: E^2 dE = E_inf^2 dE_inf/a^3 of a local observer
    spectrum = _canonical(spectrum / lapse**3)
    number = spectrum.sum("energy")
    return Field(
        number,
        _canonical(flux / lapse**3),
        spectrum,
        _mean_energy(_total_energy(spectrum, energy.centres) / lapse, number),
        g / lapse**3,
        angle.centres,
        angle.weights,
        _metric(dataset, "radial_metric", f),
    )


def _total_energy(spectrum: xr.DataArray, centres: np.ndarray) -> xr.DataArray:
    """Energy density of all species [MeV cm^-3]."""
    return (spectrum * xr.DataArray(centres, dims="energy")).sum(["species", "energy"])


def _mean_energy(energy: xr.DataArray, number: xr.DataArray) -> xr.DataArray:
    total = number.sum("species")
    return (energy / total.where(total > 0.0, 1.0)).where(total > 0.0, np.inf)


def _from_moments(dataset: xr.Dataset) -> Field:
    number = _finite(four_species(dataset, "nu_number_density"), "nu_number_density")
    flux = _finite(four_species(dataset, "nu_number_flux"), "nu_number_flux") / C_LIGHT
    number, flux = _canonical(number), _canonical(flux)
    spectrum = mean_energy = None
    if "energy" in number.dims:
        spectral = dataset["nu_number_density"].attrs.get("spectral", "group")
        if spectral != "group":
            raise QkepipeError(
                Defect("field", "nu_number_density", f"spectral = {spectral!r}",
                       "densities integrated over each group")
            )  # fmt: skip
        spectrum = number
        number = spectrum.sum("energy")
        flux = flux.sum("energy") if "energy" in flux.dims else flux
        centres = spectrum["energy"].values
        mean_energy = _mean_energy(_total_energy(spectrum, centres), number)
    elif "nu_energy_density" in dataset and "energy" not in dataset["nu_energy_density"].dims:
        energy = four_species(dataset, "nu_energy_density").sum("species") / MEV_ERG
        mean_energy = _mean_energy(energy, number)
    mu, weights = np.polynomial.legendre.leggauss(NODES)
    stretch = _metric(dataset, "radial_metric", number)
    return Field(number, flux, spectrum, mean_energy, None, mu, 0.5 * weights, stretch)


def open_field(dataset: xr.Dataset) -> Field:
    """Field of a dataset with ``f``, or with number densities and number fluxes.

    Parameters
    ----------
    dataset : Dataset
        Either ``f(species, energy, mu, space)`` with ``energy_edge`` [MeV] (at infinity, where
        there is a ``lapse``) and ``mu_edge``, or local ``nu_number_density`` [cm^-3] and
        ``nu_number_flux`` [cm^-2 s^-1] over (species, [energy], space) and, if known,
        ``nu_energy_density`` [erg cm^-3].

    Returns
    -------
    Field

    Raises
    ------
    QkepipeError
        If neither is there, or the axes do not fit.
    """
    if "f" in dataset:
        return _from_angles(dataset)
    absent = [n for n in ("nu_number_density", "nu_number_flux") if n not in dataset]
    if absent:
        raise QkepipeError(
            Defect("field", ", ".join(absent), "missing",
                   "occupations f, or number densities with number fluxes")
        )  # fmt: skip
    return _from_moments(dataset)
