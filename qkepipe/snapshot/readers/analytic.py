"""The embedded analytic model as a format without a file."""

from __future__ import annotations

import hashlib
import inspect
import json

import xarray as xr

from qkepipe.snapshot.analytic import post_bounce_model
from qkepipe.snapshot.reader import Reader

__all__ = ["READER"]


def _read(path: None = None, **options) -> xr.Dataset:
    """Model with the given parameters; the checksum is that of the parameters."""
    dataset = post_bounce_model(**options)
    parameters = {k: v for k, v in sorted(dataset.attrs.items()) if k.startswith("model_")}
    digest = hashlib.sha256(json.dumps(parameters, default=float).encode()).hexdigest()
    return dataset.assign_attrs(source_file="analytic model", source_sha256=digest)


READER = Reader(
    name="analytic",
    doc="embedded post-bounce supernova model; needs no file",
    read=_read,
    sniff=lambda path: 0.0,
    options={
        name: f"parameter of the model (default {parameter.default:g})"
        for name, parameter in inspect.signature(post_bounce_model).parameters.items()
    },
)
