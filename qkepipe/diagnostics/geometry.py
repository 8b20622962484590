"""Where the cells of a map lie: radius, polar angle and volume, on any grid in space.

A map over (r), (theta, r), (phi, theta, r) or parts of it is one in spherical coordinates;
what it does not resolve it is symmetric in. Over (z, y, x) or parts of it, it is Cartesian
around the centre.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

__all__ = [
    "cell_edges", "cell_radius", "cell_volume", "polar_angle", "radial_shells", "space_dims",
]  # fmt: skip

_SPHERICAL = ("phi", "theta", "r")
_CARTESIAN = ("z", "y", "x")
#: Limits of spherical coordinates, for edges that a dataset does not give.
_LIMITS = {"r": (0.0, np.inf), "theta": (0.0, np.pi)}


def space_dims(dataset: xr.Dataset | xr.DataArray) -> tuple[str, ...]:
    """Dimensions in space, in canonical order."""
    return tuple(d for d in (*_SPHERICAL, *_CARTESIAN) if d in dataset.dims)


def cell_radius(dataset: xr.Dataset | xr.DataArray) -> xr.DataArray:
    """Distance of the cell centres from the origin [cm], over the dimensions it depends on."""
    dims = space_dims(dataset)
    if "r" in dims:
        return dataset["r"].drop_attrs()
    squares = [dataset[d].drop_attrs() ** 2 for d in _CARTESIAN if d in dims]
    return np.sqrt(sum(squares[1:], squares[0])).transpose(*dims)


def polar_angle(dataset: xr.Dataset) -> xr.DataArray | None:
    """Angle of the cell centres to the polar (z) axis [rad]; None where the map has none."""
    dims = space_dims(dataset)
    if "theta" in dims:
        return dataset["theta"].drop_attrs()
    if "z" in dims:
        radius = cell_radius(dataset)
        # the cell at the origin belongs to the equator
        cosine = dataset["z"].drop_attrs() / radius.where(radius > 0.0, 1.0)
        return np.arccos(cosine).transpose(*dims)
    return None


def cell_edges(dataset: xr.Dataset, dim: str) -> np.ndarray:
    """Edges of the cells along one dimension, shape (n + 1,), in the unit of the coordinate.

    ``<dim>_edge`` where the dataset has it, otherwise midpoints between centres. One cell
    alone is symmetric: the whole range of an angle, from 0 to twice the centre for ``r``, one
    unit of length for Cartesian axes.
    """
    centres = dataset[dim].values.astype(float)
    name = f"{dim}_edge"
    if name in dataset.variables and dataset[name].size == centres.size + 1:
        return dataset[name].values.astype(float)
    if centres.size == 1:
        whole = {"theta": (0.0, np.pi), "phi": (0.0, 2.0 * np.pi), "r": (0.0, 2.0 * centres[0])}
        return np.array(whole.get(dim, (centres[0] - 0.5, centres[0] + 0.5)))
    inner = 0.5 * (centres[1:] + centres[:-1])
    ends = 2.0 * centres[[0, -1]] - inner[[0, -1]]
    return np.clip(
        np.concatenate([ends[:1], inner, ends[1:]]), *_LIMITS.get(dim, (-np.inf, np.inf))
    )


def cell_volume(dataset: xr.Dataset) -> xr.DataArray:
    """Volume of every cell over all dimensions in space, shape that of ``instability``.

    Spherical: int X r^2 dr int sin(theta) dtheta int dphi [cm^3], with the radial metric X
    (proper length per dr) where the map has a ``radial_metric``; the full range of every angle
    that the map does not resolve. Cartesian: product of the widths [cm^n of n dimensions].

    Parameters
    ----------
    dataset : Dataset
        With ``r_edge``, ``theta_edge``, ... where they are known.

    Returns
    -------
    DataArray
    """
    dims = space_dims(dataset)
    volume = xr.DataArray(1.0)
    if "r" in dims:
        measures = {
            "r": lambda edges: edges**3 / 3.0,
            "theta": lambda edges: -np.cos(edges),
            "phi": lambda edges: edges,
        }
        volume = volume * (1.0 if "theta" in dims else 2.0)
        volume = volume * (1.0 if "phi" in dims else 2.0 * np.pi)
        if "radial_metric" in dataset:
            volume = volume * dataset["radial_metric"].drop_attrs()
    else:
        measures = dict.fromkeys(dims, lambda edges: edges)
    for dim in dims:
        factor = np.abs(np.diff(measures[dim](cell_edges(dataset, dim))))
        volume = volume * xr.DataArray(factor, dims=dim)
    return volume.transpose(*dims)


def radial_shells(dataset: xr.Dataset | xr.DataArray) -> tuple[np.ndarray, xr.DataArray]:
    """Shells around the origin for profiles against radius.

    Those of the radial cells, or for Cartesian axes shells as wide as the diagonal of the
    smallest cell, so that none within the map is empty.

    Returns
    -------
    edges : ndarray (n + 1,)
        [cm].
    shell : DataArray of int
        Number of the shell of every cell, over the dimensions that the radius depends on.
    """
    radius = cell_radius(dataset)
    dims = space_dims(dataset)
    if "r" in dims:
        data = dataset if isinstance(dataset, xr.Dataset) else dataset.coords.to_dataset()
        return cell_edges(data, "r"), xr.DataArray(np.arange(radius.size), dims="r")
    widths = [np.diff(dataset[d].values).min() for d in dims if dataset.sizes[d] > 1]
    width = float(np.sqrt(np.sum(np.square(widths)))) if widths else 1.0
    first, last = float(radius.min()), float(radius.max())
    count = max(1, int(np.ceil((last - first) / width)))
    edges = first + width * np.arange(count + 1)
    return edges, np.minimum(((radius - first) // width).astype(int), count - 1)
