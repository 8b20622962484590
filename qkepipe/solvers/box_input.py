"""What a local box is given: refused where it is impossible, warned of where it is unresolved."""

from __future__ import annotations

import warnings

import numpy as np

from qkepipe.constants import SQRT2_GF
from qkepipe.errors import Defect, QkepipeError, nearest
from qkepipe.phasespace import AngleGrid, angle_grid_from_edges
from qkepipe.solvers.crossings import warn_of_few_directions

__all__ = ["BOUNDARIES", "angles", "check_sizes", "densities", "potential", "warn_if_unresolved"]

#: Ends of a box: a ring; what is given enters; nothing enters.
BOUNDARIES = ("periodic", "inflow", "open")
#: Cells that the stencil of a face spans.
_FEWEST_CELLS = 5


def _refuse(field: str, problem: str, expected: str, hint: str = ""):
    raise QkepipeError(Defect("box", field, problem, expected, hint))


def check_sizes(
    *, length, cells, duration, samples, cfl, xi, wavenumber, average_from, **amplitudes
) -> None:
    """Refuse numbers that no box has; arguments are those of ``run_box``."""
    for name, value in (("length", length), ("duration", duration)):
        if not (np.isfinite(value) and value > 0.0):
            _refuse(name, f"is {value} cm", "a finite length > 0")
    for name, value, least in (("cells", cells, _FEWEST_CELLS), ("samples", samples, 1)):
        if not isinstance(value, (int, np.integer)) or value < least:
            _refuse(name, f"is {value}", f"a whole number >= {least}")
    if not 0.0 < cfl <= 0.5:
        _refuse("cfl", f"is {cfl}", "> 0 and at most 0.5")
    if not 0.0 <= xi <= 1.0:
        _refuse("xi", f"is {xi}", "0 to 1")
    if wavenumber is not None and abs(wavenumber) > cells // 2:
        _refuse("wavenumber", f"{wavenumber} on {cells} cells", f"at most {cells // 2}")
    if not 0.0 <= average_from < 1.0:
        _refuse("average_from", f"is {average_from}", "at least 0 and below 1")
    for name, angle in amplitudes.items():
        if not 0.0 <= angle < np.pi:
            _refuse(name, f"is {angle}", "an angle >= 0 and below pi")


def angles(mu_edge) -> AngleGrid:
    """Angular bins from their edges."""
    edges = np.asarray(mu_edge, dtype=float)
    if edges.ndim != 1 or edges.size < 2 or not (np.diff(edges) > 0.0).all():
        _refuse("mu_edge", "edges do not increase", "edges from -1 to 1")
    if edges[0] != -1.0 or edges[-1] != 1.0:
        _refuse("mu_edge", f"from {edges[0]:g} to {edges[-1]:g}", "edges from -1 to 1")
    return angle_grid_from_edges(edges)


def densities(boundary, density, entering, angle: AngleGrid) -> tuple[np.ndarray, np.ndarray]:
    """Densities at the start, and those that come in, 0 where nothing does."""
    if boundary not in BOUNDARIES:
        _refuse("boundary", f"{boundary!r}", ", ".join(BOUNDARIES),
                nearest(str(boundary), BOUNDARIES))  # fmt: skip
    density = _array("density", density, angle)
    if entering is None:
        entering = density if boundary == "inflow" else np.zeros_like(density)
    elif boundary != "inflow":
        _refuse("entering", f"given for boundary {boundary!r}", "boundary='inflow'")
    entering = _array("entering", entering, angle)
    if max(density.max(), entering.max()) == 0.0:
        _refuse("density", "no neutrinos, and none enter", "densities > 0")
    return density, entering


def _array(name: str, density, angle: AngleGrid) -> np.ndarray:
    density = np.asarray(density, dtype=float)
    if density.shape != (4, angle.centres.size):
        _refuse(name, f"has shape {density.shape}", f"(4, {angle.centres.size})")
    if not (np.isfinite(density).all() and (density >= 0.0).all()):
        _refuse(name, "negative or not finite", "densities >= 0")
    return density


def potential(matter, cells: int) -> np.ndarray:
    """Potential of matter of each cell, 0 if none is given."""
    matter = np.zeros(cells) if matter is None else np.asarray(matter, dtype=float)
    if matter.shape != (cells,) or not np.isfinite(matter).all():
        _refuse("matter", f"shape {matter.shape} or not finite", f"shape ({cells},)")
    return matter


def warn_if_unresolved(density, entering, angle: AngleGrid, length, cells, xi) -> None:
    """Warn of cells that are wider than the flavour length, and of too few directions.

    The flavour length is 1/(xi sqrt(2) G_F int (dmu/2) |ELN - XLN|): potentials and wavenumbers
    of fast modes are at most of its inverse's size, so that a cell of that width is a sixth of the
    shortest wave.
    """
    crossing = [(n[0] - n[1]) - (n[2] - n[3]) for n in (density, entering)]
    for g in crossing:
        warn_of_few_directions(angle.weights * g)
    width = length / cells
    inverse = xi * SQRT2_GF * max(float(angle.weights @ np.abs(g)) for g in crossing)
    if width * inverse > 1.0:
        warnings.warn(
            f"box: cells of {width:.3g} cm are {width * inverse:.3g} flavour lengths wide, at most "
            f"1 resolves flavour waves; try {int(np.ceil(length * inverse))} cells",
            stacklevel=3,
        )
