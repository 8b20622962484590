"""What the checks share: safe access to the variables, and the defects found so far."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.errors import Defect
from qkepipe.schema import VARIABLES, quantity, zone_label

__all__ = ["MOMENTS", "POISON", "View"]

#: No physical quantity in the project's units reaches this magnitude.
POISON = 1e60

#: Neutrino moments of a snapshot.
MOMENTS = (
    "nu_number_density",
    "nu_number_flux",
    "nu_energy_density",
    "nu_energy_flux",
    "nu_eddington",
)


class View:
    """A snapshot as the checks see it.

    Parameters
    ----------
    dataset : Dataset
    source : str
        File name for the messages.

    Attributes
    ----------
    found : list of Defect
        In the order in which the checks ran.
    explained : set of str
        Variables whose values a defect explains: the schema need not report their range.
    derived : set of str
        Variables whose faults follow from those of another: the schema need not report
        values that are not finite.
    scale_lines : dict
        ``{variable: Defect}`` of wrong scales (unit, logarithm).
    """

    def __init__(self, dataset: xr.Dataset, source: str):
        self.dataset = dataset
        self.source = source
        self.found: list[Defect] = []
        self.explained: set[str] = set()
        self.derived: set[str] = set()
        self.scale_lines: dict[str, Defect] = {}
        self._distrusted: set[str] = set()

    @property
    def attrs(self) -> dict:
        """Attributes of the dataset."""
        return self.dataset.attrs

    def has_units(self, name: str) -> bool:
        """Whether the variable declares a unit."""
        return "units" in self.dataset[name].attrs

    def get(self, name: str) -> xr.DataArray | None:
        """Values of a variable as floats, in the canonical order of dimensions.

        None where the variable is absent, distrusted (an error was found in it), in a unit
        other than the schema's, or of other dimensions. Coordinates are dropped, except
        labels of species, so that arithmetic never aligns by a faulty radius.
        """
        if name not in self.dataset.variables or name in self._distrusted:
            return None
        array, spec = self.dataset[name], VARIABLES[name]
        if array.attrs.get("units", spec.units) != spec.units or array.dtype.kind not in "fiu":
            return None
        if any(d not in spec.dims for d in array.dims):
            return None
        array = array.transpose(*(d for d in spec.dims if d in array.dims))
        coords = {}
        if "species" in array.dims and "species" in self.dataset.variables:
            coords["species"] = self.dataset["species"].values
        return xr.DataArray(array.values.astype(float), dims=array.dims, coords=coords)

    def faulty_density(self) -> xr.DataArray | None:
        """Zones whose density is no density, trusted or not: moments per baryon follow it."""
        if "rho" not in self.dataset.variables or self.dataset["rho"].dtype.kind not in "fiu":
            return None
        rho = xr.DataArray(self.dataset["rho"].values.astype(float), dims=self.dataset["rho"].dims)
        return ~((rho > 0.0) & (rho < POISON))

    def get_all(self, *names: str) -> list[xr.DataArray] | None:
        """Several variables, or None if one of them is not usable."""
        arrays = [self.get(name) for name in names]
        return None if any(a is None for a in arrays) else arrays

    def species(self, array: xr.DataArray | None, name: str) -> xr.DataArray | None:
        """One species of an array, or None if it has no such label."""
        if array is None or "species" not in array.coords or name not in array["species"].values:
            return None
        return array.sel(species=name, drop=True)

    def grey(self, name: str) -> xr.DataArray | None:
        """A moment summed over its energy groups (as it is where it has none).

        Groups that are declared per MeV are multiplied by their widths.
        """
        array = self.get(name)
        if array is None or "energy" not in array.dims:
            return array
        if self.spectral(name) == "per_MeV":
            edges = self.get("energy_edge")
            if edges is None or edges.size != array.sizes["energy"] + 1:
                return None
            array = array * xr.DataArray(np.diff(edges.values), dims="energy")
        return array.sum("energy", skipna=False)

    def spectral(self, name: str) -> str:
        """Declared meaning of the energy axis of a variable: ``group`` (default) or ``per_MeV``."""
        own = self.dataset[name].attrs.get("spectral", self.attrs.get("spectral", "group"))
        return str(own)

    def mu_hat(self) -> xr.DataArray | None:
        """mu_n - mu_p [MeV], given or from its parts."""
        array = self.get("mu_hat")
        if array is not None:
            return array
        parts = self.get_all("mu_n", "mu_p")
        return None if parts is None else parts[0] - parts[1]

    def flux_factor(self) -> xr.DataArray | None:
        """abs(F)/(c n) over (species, space), from number or else energy moments."""
        for density, flux in (
            ("nu_number_density", "nu_number_flux"),
            ("nu_energy_density", "nu_energy_flux"),
        ):
            n, f = self.grey(density), self.grey(flux)
            if n is not None and f is not None and set(n.dims) == set(f.dims):
                return abs(f) / (C_LIGHT * n.where(n > 0.0))
        return None

    def distrust(self, *names: str) -> None:
        """Keep later checks from using these variables."""
        self._distrusted.update(names)

    def report(
        self,
        name: str,
        mask: xr.DataArray | None,
        values: xr.DataArray | None,
        problem: str,
        expected: str = "",
        hint: str = "",
        severity: str = "error",
        units: str | None = None,
        distrust: Iterable[str] = (),
        explains: bool = True,
    ) -> Defect:
        """Record one defect.

        Parameters
        ----------
        name : str
            Variable concerned, first in the line.
        mask : DataArray of bool or None
            Where; the line names the first zone and the number of zones. None: everywhere.
        values : DataArray or None
            Quantity whose value at the first zone is printed, in the dims of the mask.
        problem, expected, hint, severity : str
            See :class:`qkepipe.errors.Defect`.
        units : str, optional
            Unit of ``values``; default that of the variable.
        distrust : iterable of str
            Variables that later checks must not use. An error distrusts ``name`` itself.
        explains : bool
            Whether the line makes the schema's range line of ``name`` redundant.
        """
        field, text = name, problem
        if mask is not None:
            flags = mask.values.astype(bool)
            field = f"{name}[{zone_label(mask, flags)}]"
            count = int(flags.sum())
            if values is not None:
                value = values.transpose(*mask.dims).values[flags][0]
                field += f" = {quantity(value, VARIABLES[name].units if units is None else units)}"
            if count > 1:
                text += f" ({count} such zones)"
        defect = Defect(self.source, field, text, expected, hint, severity)
        self.found.append(defect)
        if severity == "error":
            self.distrust(name, *distrust)
        if explains:
            self.explained.update((name, *distrust))
        return defect
