"""The analytic merger remnant as a format without a file."""

from __future__ import annotations

import hashlib
import json

import xarray as xr

from qkepipe.snapshot.reader import Reader
from qkepipe.snapshot.remnant import remnant_model

__all__ = ["READER"]


def _read(path: None = None, **options) -> xr.Dataset:
    """Model with the given parameters; the checksum is that of the parameters."""
    dataset = remnant_model(**options)
    parameters = {k: v for k, v in sorted(dataset.attrs.items()) if k.startswith("model_")}
    digest = hashlib.sha256(json.dumps(parameters, default=float).encode()).hexdigest()
    return dataset.assign_attrs(source_file="analytic remnant", source_sha256=digest)


def _lazy(path: None = None, **options) -> xr.Dataset:
    """The same without dask blocks: any box costs its own cells only."""
    return _read(path, **{"chunk": None, **options})


READER = Reader(
    name="remnant",
    doc="analytic merger remnant on Cartesian cells, of any size; needs no file",
    read=_read,
    sniff=lambda path: 0.0,
    options={
        "cells": "cells along each edge (default 64)",
        "half_width_km": "half of the edge in km (default 100)",
        "chunk": "cells along each edge of a block (default 64)",
    },
    lazy=_lazy,
)
