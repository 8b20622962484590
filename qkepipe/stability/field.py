"""Open a radiation field, from occupations on bins or from moments."""

from __future__ import annotations

import xarray as xr

from qkepipe.errors import Defect, QkepipeError
from qkepipe.phasespace import angle_grid_from_edges, energy_grid
from qkepipe.stability.blockwise import apply, canonical, four_species, metric
from qkepipe.stability.crossing import integrate
from qkepipe.stability.moments import from_moments
from qkepipe.stability.radiation import Field, mean_energy, total_energy

__all__ = ["Field", "apply", "four_species", "open_field"]


def from_angles(dataset: xr.Dataset) -> Field:
    for name in ("energy_edge", "mu_edge"):
        if name not in dataset.variables:
            raise QkepipeError(Defect("field", name, "missing", "edges of the bins of f"))
    f = four_species(dataset, "f")
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
    lapse = metric(dataset, "lapse", f)
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
    spectrum = canonical(spectrum / lapse**3)
    number = spectrum.sum("energy", skipna=False)
    return Field(
        number,
        canonical(flux / lapse**3),
        spectrum,
        mean_energy(total_energy(spectrum, energy.centres) / lapse, number),
        g / lapse**3,
        angle.centres,
        angle.weights,
        metric(dataset, "radial_metric", f),
    )


def open_field(dataset: xr.Dataset) -> Field:
    """Field of a dataset with ``f``, or with number densities and number fluxes.

    Parameters
    ----------
    dataset : Dataset
        Either ``f(species, energy, mu, space)`` with ``energy_edge`` [MeV] (at infinity, where
        there is a ``lapse``) and ``mu_edge``, or local ``nu_number_density`` [cm^-3] and number
        fluxes [cm^-2 s^-1] over (species, [energy], space), see
        :mod:`qkepipe.stability.moments`.

    Returns
    -------
    Field

    Raises
    ------
    QkepipeError
        If neither is there, or the axes do not fit.
    """
    for dim, size in dataset.sizes.items():
        if size == 0:
            raise QkepipeError(Defect("field", str(dim), "has no cells", "one or more"))
    return from_angles(dataset) if "f" in dataset else from_moments(dataset)
