"""Labelled arrays of the screens: kernels block by block, order of axes, species.

Everything here works on dask arrays too.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.errors import Defect, QkepipeError
from qkepipe.schema import AXES
from qkepipe.species import SPECIES, SPECIES6, to_four

__all__ = ["apply", "canonical", "four_species", "metric"]


def apply(function, *arrays, inputs, outputs=((),)):
    """Apply a per-cell kernel to labelled arrays, block by block where they are dask arrays.

    ``inputs`` and ``outputs`` are core dimensions.
    """

    def quiet(*blocks):
        # NaN in a cell is data: the map says so
        with np.errstate(all="ignore"):
            return function(*blocks)

    return xr.apply_ufunc(
        quiet,
        *arrays,
        input_core_dims=inputs,
        output_core_dims=outputs,
        dask="parallelized",
        output_dtypes=[float] * len(outputs),
        dask_gufunc_kwargs={"allow_rechunk": True},
        keep_attrs=False,
    )


def canonical(array: xr.DataArray) -> xr.DataArray:
    """Array with its axes in the order of the schema."""
    return array.transpose(*[d for d in AXES if d in array.dims], ...)


def four_species(dataset: xr.Dataset, name: str) -> xr.DataArray:
    """Variable with the species axis brought to SPECIES, without its attributes."""
    # drop_attrs would copy the values
    array = dataset[name].copy(deep=False)
    array.attrs = {}
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


def metric(dataset: xr.Dataset, name: str, f: xr.DataArray) -> xr.DataArray | float:
    """``lapse`` or ``radial_metric`` on the cells of ``f``, 1 where the dataset has none."""
    if name not in dataset or not set(dataset[name].dims) <= set(f.dims):
        return 1.0
    return dataset[name].drop_attrs(deep=False)
