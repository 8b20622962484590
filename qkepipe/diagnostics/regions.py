"""Regions of a snapshot in which instabilities are counted.

Supernovae are divided by shock, gain radius and neutrinospheres. Where no shock is known and
the polar angle is, the map is taken as that of a merger remnant and divided by polar angle
and density into disc and polar region; definitions of other works differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np
import xarray as xr

from qkepipe.diagnostics.boundaries import Boundary
from qkepipe.diagnostics.geometry import cell_radius, polar_angle

__all__ = ["Region", "regions"]

#: Region around a neutrinosphere, in units of its radius.
AROUND = (0.9, 1.1)
#: Disc: density [g cm^-3] and largest angle to the equator [degrees].
DISC_DENSITY = (1e8, 1e13)
DISC_ANGLE = 45.0
#: Polar region: largest density [g cm^-3] and largest angle to the axis [degrees].
POLAR_DENSITY = 1e11
POLAR_ANGLE = 30.0


@dataclass(frozen=True)
class Region:
    """A set of cells of a map, by their centres.

    Attributes
    ----------
    name : str
    definition : str
        What it is, or why it cannot be defined.
    cells : DataArray of bool or None
        Over the space of the map; None where it cannot be defined.
    """

    name: str
    definition: str
    cells: xr.DataArray | None = None


def regions(stability: xr.Dataset, matter: xr.Dataset, found: dict[str, Boundary]) -> list[Region]:
    """Regions of a map, those that cannot be defined included.

    Parameters
    ----------
    stability : Dataset
        Kind ``stability`` over any space.
    matter : Dataset
        ``rho`` [g cm^-3] on the same cells.
    found : dict
        :func:`qkepipe.diagnostics.boundaries.boundaries`.

    Returns
    -------
    list of Region
        The first one is the whole map. A region without a cell counts as undefined.
    """
    shape = xr.ones_like(stability["instability"], dtype=bool).drop_attrs()
    radius = cell_radius(stability)
    candidates = [
        Region("whole_map", "all cells", shape),
        _gain_region(radius, found),
        *_spheres(radius, found),
        _within(radius, "inside_shock", "inside", found["shock"], lambda r, s: r < s),
        _within(radius, "pre_shock", "outside", found["shock"], lambda r, s: r > s),
        *_merger(stability, matter, found["shock"]),
    ]
    return [_full(region, shape) for region in candidates]


def _full(region: Region, shape: xr.DataArray) -> Region:
    """Cells over all dimensions of the map; undefined if there is none."""
    if region.cells is None:
        return region
    cells = (region.cells & shape).transpose(*shape.dims)
    if not bool(cells.any()):
        return Region(region.name, f"no cell of the map lies in it ({region.definition})")
    return Region(region.name, region.definition, cells)


def _within(radius, name: str, side: str, boundary: Boundary, test) -> Region:
    if not boundary.known:
        return Region(name, boundary.words)
    return Region(name, f"{side} the {boundary.words}", test(radius, boundary.radius))


def _gain_region(radius: xr.DataArray, found: dict[str, Boundary]) -> Region:
    gain, shock = found["gain_radius"], found["shock"]
    if not gain.known:
        return Region("gain_region", gain.words)
    cells, outer = radius > gain.radius, "the outer edge of the map (no shock is known)"
    if shock.known:
        cells, outer = cells & (radius < shock.radius), f"the {shock.words}"
    return Region("gain_region", f"from the gain radius ({gain.words}) to {outer}", cells)


def _spheres(radius: xr.DataArray, found: dict[str, Boundary]) -> list[Region]:
    low, high = AROUND
    spheres = {n: b for n, b in found.items() if n.startswith("neutrinosphere_")}
    out = []
    for name, sphere in spheres.items():
        if not sphere.known:
            out.append(Region(name, sphere.words))
            continue
        around = (radius > low * sphere.radius) & (radius < high * sphere.radius)
        words = f"{low:g} to {high:g} of the neutrinosphere radius ({sphere.words})"
        out.append(Region(name, words, around))
    known = {n.removeprefix("neutrinosphere_"): b.radius for n, b in spheres.items() if b.known}
    if not known:
        return [*out, Region("below_neutrinospheres", "no neutrinosphere is known")]
    inner = reduce(np.fmin, known.values())
    words = f"below the innermost of the known neutrinospheres ({', '.join(known)})"
    return [*out, Region("below_neutrinospheres", words, radius < inner)]


def _merger(stability: xr.Dataset, matter: xr.Dataset, shock: Boundary) -> list[Region]:
    theta = polar_angle(stability)
    reason = ""
    if theta is None:
        reason = "the map has no polar angle"
    elif shock.known:
        reason = "a shock is known: divided as a supernova"
    if reason:
        return [Region("disc", reason), Region("polar", reason)]
    rho = matter["rho"].drop_attrs()
    to_axis = np.degrees(np.minimum(theta, np.pi - theta))
    low, high = DISC_DENSITY
    return [
        Region(
            "disc",
            f"density {low:g} to {high:g} g cm-3, within {DISC_ANGLE:g} degrees of the equator",
            (rho >= low) & (rho < high) & (to_axis > 90.0 - DISC_ANGLE),
        ),
        Region(
            "polar",
            f"density below {POLAR_DENSITY:g} g cm-3, within {POLAR_ANGLE:g} degrees of the axis",
            (rho < POLAR_DENSITY) & (to_axis < POLAR_ANGLE),
        ),
    ]
