"""The stability map of a radiation field."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.errors import Defect, QkepipeError
from qkepipe.schema import AXES, VARIABLES, check, set_attributes
from qkepipe.stability.cells import Cells, open_cells
from qkepipe.stability.modes import lsa
from qkepipe.stability.potentials import potentials
from qkepipe.stability.registry import INSTABILITIES

__all__ = ["screen"]


def screen(
    field: xr.Dataset,
    matter: xr.Dataset | None = None,
    *,
    crossing_tolerance: float = 1e-6,
    lsa_cells: int = 8,
) -> xr.Dataset:
    """Find where, how and how fast the flavour of a radiation field is unstable.

    Parameters
    ----------
    field : Dataset
        Either ``f(species, energy, mu, r)`` with ``energy_edge`` [MeV] and ``mu_edge``, or
        ``nu_number_density`` [cm^-3] and ``nu_number_flux`` [cm^-2 s^-1] over (species,
        [energy], [phi], [theta], r) with, if known, ``nu_energy_density`` [erg cm^-3].
        Angular distributions of moments are those of largest entropy. May hold dask arrays;
        the map is lazy too if ``lsa_cells`` is 0.
    matter : Dataset, optional
        On the same cells: ``rho`` [g cm^-3], ``ye``, attribute ``baryon_mass`` [g] (default:
        atomic mass unit), and ``absorption(species, energy, space)`` [cm^-1] for the
        collisional instability.
    crossing_tolerance : float
        The smaller lobe of ELN-XLN counts as a crossing above this fraction of both.
    lsa_cells : int
        Number of cells, those of largest growth estimate, with a full dispersion relation.

    Returns
    -------
    Dataset
        Kind ``stability`` (see :mod:`qkepipe.schema`): rates in s^-1, potentials in cm^-1,
        those of a local observer at rest where the field has a ``lapse``.
        Variables that need what is not given are absent; the attribute ``omitted`` says
        why. ``instability`` holds the most severe kind of each cell.

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
    cells = open_cells(field, matter, crossing_tolerance)
    found = potentials(cells)
    omitted = []
    for instability in INSTABILITIES.values():
        reasons = [r for r in map(cells.lacks, instability.needs) if r]
        if reasons:
            omitted.append(f"{instability.name}: {reasons[0]}")
        else:
            found = found.assign(instability.function(cells, found).data_vars)
    found["instability"] = _severity(cells, found)
    if lsa_cells > 0:
        estimate = found["ffi_growth_estimate"]
        found = found.assign(lsa(field, estimate, lsa_cells, matter).data_vars)
    found = _tidy(found, field, cells)
    found.attrs.update(
        field=cells.field.mode,
        crossing_tolerance=float(crossing_tolerance),
        lsa_cells=lsa_cells,
        omitted="; ".join(omitted),
    )
    if cells.field.mode == "moments":
        found.attrs["closure"] = "maximum entropy (Minerbo)"
        found.attrs["flux_factors_capped"] = cells.field.capped
    lazy = any(v.chunks is not None for v in found.data_vars.values())
    return found if lazy else check(found, "stability", "stability map")


def _severity(cells: Cells, found: xr.Dataset) -> xr.DataArray:
    """Largest level of the kinds present in each cell."""
    level = xr.zeros_like(found["potential_phi0"], dtype="int8")
    level.attrs = {}
    kinds = []
    for instability in INSTABILITIES.values():
        if any(cells.lacks(need) for need in instability.needs):
            continue
        for kind in instability.kinds:
            here = xr.where(kind.where(found, cells), np.int8(kind.level), np.int8(0))
            level = np.maximum(level, here)
            kinds.append(kind)
    kinds.sort(key=lambda k: k.level)
    return level.astype("int8").assign_attrs(
        flag_values=np.array([0, *(k.level for k in kinds)], dtype="int8"),
        flag_meanings=" ".join(["none", *(k.meaning for k in kinds)]),
    )


def _tidy(found: xr.Dataset, field: xr.Dataset, cells: Cells) -> xr.Dataset:
    """Canonical order of dimensions and variables, coordinates of space only."""
    found = found.reset_coords(drop=True)
    names = [n for n in VARIABLES if n in found.data_vars]
    extra = [n for n in found.data_vars if n not in VARIABLES]
    found = found[names + extra]
    found = found.transpose(*[d for d in AXES if d in found.dims], ...)
    for dim in cells.field.space:
        if dim not in found.coords:
            found = found.assign_coords({dim: np.arange(found.sizes[dim])})
    for name in ("lapse", "radial_metric"):
        if name in field and set(field[name].dims) <= set(cells.field.space):
            found[name] = field[name].variable
    if "r_edge" in field.variables:
        found = found.assign_coords(r_edge=field["r_edge"].variable)
    return set_attributes(found)
