"""The stability map of a radiation field."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.errors import Defect, QkepipeError
from qkepipe.schema import AXES, VARIABLES, check, set_attributes
from qkepipe.stability import flavours
from qkepipe.stability.cells import Cells, open_cells
from qkepipe.stability.fastest import growth_estimate
from qkepipe.stability.flags import UNKNOWN, flag, only_where
from qkepipe.stability.modes import CHOICES, Solver, lsa, solve_gases
from qkepipe.stability.potentials import potentials
from qkepipe.stability.registry import INSTABILITIES

__all__ = ["screen"]


def screen(
    field: xr.Dataset,
    matter: xr.Dataset | None = None,
    *,
    crossing_tolerance: float = 1e-6,
    lsa_cells: int = 8,
    lsa_choice: str = "fastest",
    lsa_solver: Solver = solve_gases,
) -> xr.Dataset:
    """Find where, how and how fast the flavour of a radiation field is unstable.

    Parameters
    ----------
    field : Dataset
        Either ``f(species, energy, mu, r)`` with ``energy_edge`` [MeV] and ``mu_edge``, or
        ``nu_number_density`` [cm^-3] and ``nu_number_flux`` [cm^-2 s^-1] over (species,
        [energy], [phi], [theta], r) or (z, y, x), with further components of the flux
        (:mod:`qkepipe.stability.moments`) and, if known, ``nu_energy_density`` [erg cm^-3].
        Angular distributions of moments are those of largest entropy. Six species are screened
        pair by pair (:mod:`qkepipe.stability.flavours`). May hold dask arrays; the map is lazy
        too if ``lsa_cells`` is 0.
    matter : Dataset, optional
        On the same cells: ``rho`` [g cm^-3], ``ye``, attribute ``baryon_mass`` [g] (default:
        atomic mass unit), and ``absorption(species, energy, space)`` [cm^-1] for the
        collisional instability.
    crossing_tolerance : float
        The smaller lobe of ELN-XLN counts as a crossing above this fraction of both.
    lsa_cells : int
        Number of unstable cells with a full dispersion relation.
    lsa_choice : {"fastest", "even"}
        Those of largest growth estimate, or evenly spread over all unstable cells.
    lsa_solver : callable
        Solves them; see :func:`qkepipe.stability.modes.analyse_cells`.

    Returns
    -------
    Dataset
        Kind ``stability`` (see :mod:`qkepipe.schema`): rates in s^-1, potentials in cm^-1,
        those of a local observer at rest where the field has a ``lapse``.
        Variables that need what is not given are absent; the attribute ``omitted`` says
        why. ``instability`` holds the most severe kind of each cell. A cell that cannot be
        judged (moments that are not finite or negative beyond noise, no neutrinos, unusable
        matter) has missing numbers and flags of -1, *unknown*; the attributes count such
        cells, flux factors that were capped and negative densities that were set to 0.

    Raises
    ------
    QkepipeError
        If the field has neither occupations nor moments, axes do not fit, or an option is
        out of range.
    """
    if not 0.0 <= crossing_tolerance < 1.0:
        raise QkepipeError(
            Defect("screen", "crossing_tolerance", f"{crossing_tolerance}", "0 <= value < 1")
        )
    if lsa_cells < 0:
        raise QkepipeError(Defect("screen", "lsa_cells", f"{lsa_cells}", "0 or more"))
    if lsa_choice not in CHOICES:
        raise QkepipeError(
            Defect("screen", "lsa_choice", f"unknown {lsa_choice!r}", " or ".join(CHOICES))
        )
    level2 = {"cells": lsa_cells, "choice": lsa_choice, "solver": lsa_solver}
    if not flavours.is_six(field):
        return _two_flavours(field, matter, crossing_tolerance, level2)
    maps = {}
    for pair in flavours.PAIRS:
        here = [None if d is None else flavours.of_pair(d, pair) for d in (field, matter)]
        left_out = flavours.NOT_OF_MU_TAU if pair == "mutau" else ()
        maps[pair] = _two_flavours(*here, crossing_tolerance, level2, left_out)
    found = set_attributes(flavours.combine(maps))
    return found if _lazy(found) else check(found, "stability", "stability map")


def _two_flavours(field, matter, crossing_tolerance, level2: dict, left_out=()) -> xr.Dataset:
    """Map of two flavours without the instabilities named in ``left_out``.

    ``level2`` holds arguments of :func:`qkepipe.stability.modes.lsa`.
    """
    cells = open_cells(field, matter, crossing_tolerance)
    chosen = {name: i for name, i in INSTABILITIES.items() if name not in left_out}
    found = potentials(cells)
    judged = {n: cells.judged(("matter",) if n == "potential_matter" else ()) for n in found}
    found = found.assign({n: only_where(found[[n]], judged[n])[n] for n in found})
    omitted = []
    for instability in chosen.values():
        reasons = [r for r in map(cells.lacks, instability.needs) if r]
        if reasons:
            omitted.append(f"{instability.name}: {reasons[0]}")
        else:
            new = instability.function(cells, found)
            found = found.assign(only_where(new, cells.judged(instability.needs)).data_vars)
    found["instability"] = _severity(cells, found, chosen)
    if level2["cells"] > 0:
        estimate = growth_estimate(found)
        found = found.assign(lsa(field, estimate, matter=matter, **level2).data_vars)
    found = _tidy(found, field, cells)
    found.attrs.update(
        field=cells.field.mode,
        crossing_tolerance=float(crossing_tolerance),
        lsa_cells=level2["cells"],
        lsa_choice=level2["choice"],
        omitted="; ".join(omitted),
    )
    if cells.field.mode == "moments":
        found.attrs["closure"] = "maximum entropy (Minerbo)"
        found.attrs["warnings"] = "\n".join(_assumed(field))
    counts = cells.field.counts()
    counts["cells_unknown"] = int((found["instability"] == UNKNOWN).sum())
    found.attrs.update(counts)
    return found if _lazy(found) else check(found, "stability", "stability map")


def _lazy(found: xr.Dataset) -> bool:
    return any(v.chunks is not None for v in found.data_vars.values())


def _assumed(field: xr.Dataset) -> list[str]:
    """What the moments do not declare, and what is taken instead."""
    own = {**field.attrs, **field["nu_number_density"].attrs}
    assumed = {
        "frame": "moments taken as those of one observer, at rest with the matter or not",
        "heavy_multiplicity": "nux taken as one heavy flavour",
    }
    return [f"{name} not declared: {text}" for name, text in assumed.items() if name not in own]


def _severity(cells: Cells, found: xr.Dataset, chosen: dict) -> xr.DataArray:
    """Largest level of the kinds present in each cell."""
    level = xr.zeros_like(found["potential_phi0"], dtype="int8")
    level.attrs = {}
    kinds = []
    for instability in chosen.values():
        if any(cells.lacks(need) for need in instability.needs):
            continue
        for kind in instability.kinds:
            here = xr.where(kind.where(found, cells), np.int8(kind.level), np.int8(0))
            level = np.maximum(level, here)
            kinds.append(kind)
    kinds.sort(key=lambda k: k.level)
    # with unusable matter something found is certain, nothing found is not
    certain = cells.judged() & ((level > 0) | cells.judged(("matter", "rates")))
    severity = flag(level, {0: "none", **{k.level: k.meaning for k in kinds}})
    return only_where(severity.to_dataset(name="instability"), certain)["instability"]


def _tidy(found: xr.Dataset, field: xr.Dataset, cells: Cells) -> xr.Dataset:
    """Canonical order of dimensions and variables, coordinates of space only."""
    found = found.reset_coords(drop=True)
    names = [n for n in VARIABLES if n in found.data_vars]
    extra = [n for n in found.data_vars if n not in VARIABLES]
    found = found[names + extra]
    found = found.transpose(*[d for d in AXES if d in found.dims], ...)
    found = found.assign_coords(
        {dim: cells.axes.get(dim, np.arange(found.sizes[dim])) for dim in cells.field.space}
    )
    for name in ("lapse", "radial_metric"):
        if name in field and set(field[name].dims) <= set(cells.field.space):
            found[name] = field[name].variable
    if "r_edge" in field.variables:
        found = found.assign_coords(r_edge=field["r_edge"].variable)
    return set_attributes(found)
