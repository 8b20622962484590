"""The project's own netCDF files: names, units and dimensions of the data-model page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from qkepipe.errors import Defect, QkepipeError
from qkepipe.schema import VARIABLES
from qkepipe.snapshot.checks.size import too_large
from qkepipe.snapshot.files import HDF5, NETCDF3, head, require_file
from qkepipe.snapshot.reader import Reader

__all__ = ["READER"]

_SIGNATURES = (HDF5, NETCDF3)
_ORIGIN = ("source_format", "source_file", "source_sha256")


def _open(path: Path) -> xr.Dataset:
    """Open without any interpretation of times; missing values become NaN."""
    return xr.open_dataset(path, engine="netcdf4", decode_times=False, decode_timedelta=False)


def _sniff(path) -> float:
    if not Path(path).is_file() or not head(path, 8).startswith(_SIGNATURES):
        return 0.0
    try:
        with _open(Path(path)) as dataset:
            return float("rho" in dataset.variables or "temperature" in dataset.variables)
    except (OSError, ValueError, RuntimeError):
        # damaged: the reader says so, if the name claims to be netCDF
        return 0.5 if Path(path).suffix.lower() in (".nc", ".nc4", ".cdf") else 0.0


def _read(path) -> xr.Dataset:
    """Dataset of a canonical file, values unchanged (in double precision).

    The attributes ``source_*`` of the file, which name the data it was made from, become
    ``origin_*``.
    """
    path = Path(path)
    require_file(path)
    if not head(path, 8).startswith(_SIGNATURES):
        raise QkepipeError(
            Defect(str(path), "", "not a netCDF file: truncated or foreign?", "netCDF-4",
                   "another format")
        )  # fmt: skip
    try:
        with _open(path) as opened:
            refused = too_large(opened, str(path))
            if refused is not None:
                raise QkepipeError(refused)
            dataset = opened.load()
    except (OSError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise QkepipeError(
            Defect(str(path), "", f"cannot be opened as netCDF ({reason}): truncated?")
        ) from error
    for name, variable in list(dataset.variables.items()):
        if variable.dtype == np.float32:
            dataset[name] = dataset[name].astype(float)
        elif variable.dtype.kind == "O" and name in dataset.coords:
            dataset = dataset.assign_coords({name: dataset[name].astype(str)})
        if name in VARIABLES:
            order = [d for d in VARIABLES[name].dims if d in variable.dims]
            if set(order) == set(variable.dims) and tuple(order) != variable.dims:
                dataset[name] = dataset[name].transpose(*order)
    dataset.encoding = {}
    for variable in dataset.variables.values():
        variable.encoding = {}
    for key in _ORIGIN:
        if key in dataset.attrs:
            dataset.attrs.setdefault("origin_" + key.removeprefix("source_"), dataset.attrs[key])
            del dataset.attrs[key]
    return dataset


def _lazy(path) -> xr.Dataset:
    """The same without loading values."""
    require_file(Path(path))
    dataset = _open(Path(path))
    if "species" in dataset.coords:
        dataset = dataset.assign_coords(species=dataset["species"].astype(str))
    return dataset


READER = Reader(
    name="canonical",
    doc="netCDF with the names and units of the project's data model",
    read=_read,
    sniff=_sniff,
    lazy=_lazy,
)
