"""One cell of a field as the start of a box, of beams or of a homogeneous gas."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import SQRT2_GF
from qkepipe.errors import Defect, QkepipeError, nearest
from qkepipe.phasespace import angle_grid_from_edges, energy_grid
from qkepipe.species import SPECIES, lepton_sign
from qkepipe.stability.field import four_species
from qkepipe.stability.modes import distributions

__all__ = ["cell_state"]

#: Axes of a field that are not those of space or time.
_INNER = ("species", "energy", "mu", "component")


def cell_state(field: xr.Dataset, **index: int) -> xr.Dataset:
    """Densities of one cell of a field, as the solvers of local problems take them.

    Parameters
    ----------
    field : Dataset
        As for :func:`qkepipe.stability.screen`: ``f`` with ``energy_edge`` and ``mu_edge``, as
        the baseline of a study or a background with a field, or ``nu_number_density`` and a number
        flux, as a snapshot; moments become distributions of largest entropy.
    **index : int
        Number of the cell along every axis in space, and in time where there is one: ``r=25``.

    Returns
    -------
    Dataset
        ``density`` (species, mu), per d(mu)/2 [cm^-3], with ``mu_edge``: :func:`run_box`;
        ``number`` and ``flux`` (species), over c [cm^-3]: :func:`run_moment_box`;
        ``total`` (sector, mu), density of both flavours [cm^-3], and ``polarization`` (sector, mu),
        its (e - x)/(e + x), 0 in empty directions: :func:`run_spectral_box`; ``potential`` (beam),
        sqrt(2) G_F ELN-XLN of mu > 0 and of mu < 0 [cm^-1]: :func:`run_two_beams`.
        Where the field has energies with ``energy_edge``, ``f`` (species, energy, mu), and where
        it has them ``absorption``, ``emissivity`` and the ``lapse``: :func:`run_homogeneous`.
        Six species are four here.

    Raises
    ------
    QkepipeError
        No field, no such cell, or one that is empty or not finite.
    """
    name = next((n for n in ("f", "nu_number_density") if n in field), None)
    if name is None:
        _refuse("f", "missing", "f, or nu_number_density and a number flux")
    axes = {str(d): size for d, size in field[name].sizes.items() if d not in _INNER}
    for axis, i in index.items():
        if axis not in axes:
            _refuse(axis, "no axis of the field", ", ".join(axes), nearest(axis, axes))
        if not (isinstance(i, int | np.integer) and 0 <= i < axes[axis]):
            _refuse(axis, f"no cell {i!r}", f"0 to {axes[axis] - 1}")
    for axis in axes:
        if axis not in index:
            _refuse(axis, "no cell given", f"{axis}=0 to {axes[axis] - 1}")
    for variable in ("f", "nu_number_density", "nu_number_flux"):
        if (
            variable in field
            and not np.isfinite(field[variable].isel(index, missing_dims="ignore")).all()
        ):
            _refuse(variable, f"not finite at {_place(index)}", "a cell with a field")
    edges, density, _ = distributions(field, {axis: [index[axis]] for axis in axes})
    groups = density[0]
    state = _of_density(edges, groups.sum(axis=1), index)
    return state.merge(_of_energies(field.isel(index), groups))


def _refuse(field: str, problem: str, expected: str = "", hint: str = ""):
    raise QkepipeError(Defect("cell", field, problem, expected, hint))


def _place(index: dict[str, int]) -> str:
    return ", ".join(f"{axis} = {i}" for axis, i in index.items())


def _of_density(edges: np.ndarray, density: np.ndarray, index: dict[str, int]) -> xr.Dataset:
    """What follows from densities over (species, mu)."""
    if not np.isfinite(density).all():
        _refuse("density", f"not finite at {_place(index)}", "a cell with a field")
    if not density.any():
        _refuse("density", f"no neutrinos at {_place(index)}", "a cell with a field")
    angle = angle_grid_from_edges(edges)
    electron, heavy = density[:2], density[2:]
    total = electron + heavy
    polarization = np.divide(electron - heavy, total, out=np.zeros_like(total), where=total > 0.0)
    eln = SQRT2_GF * angle.weights * (lepton_sign() @ density)
    forward = angle.centres > 0.0
    cm3 = {"units": "cm-3"}
    return xr.Dataset(
        {
            "density": (("species", "mu"), density, cm3),
            "number": ("species", density @ angle.weights, cm3),
            "flux": ("species", density @ (angle.weights * angle.centres), cm3),
            "total": (("sector", "mu"), total, cm3),
            "polarization": (("sector", "mu"), polarization, {"units": "1"}),
            "potential": ("beam", [eln[forward].sum(), eln[~forward].sum()], {"units": "cm-1"}),
        },
        coords={
            "species": list(SPECIES), "sector": ["nu", "nubar"],
            "mu": ("mu", angle.centres, {"units": "1"}),
            "mu_edge": ("mu_edge", angle.edges, {"units": "1"}),
        },
        attrs={axis: int(i) for axis, i in index.items()},
    )  # fmt: skip


def _of_energies(cell: xr.Dataset, groups: np.ndarray) -> xr.Dataset:
    """Occupations of the groups (species, energy, mu) and rates, where they are known."""
    out = xr.Dataset()
    if "energy_edge" not in cell or cell["energy_edge"].size != groups.shape[1] + 1:
        return out
    edge = cell["energy_edge"].values
    if "f" in cell:
        out["f"] = four_species(cell, "f").transpose("species", "energy", "mu").variable
        if "lapse" in cell:
            out["lapse"] = cell["lapse"].variable
    else:
        # energies of moments are local
        f = groups / energy_grid(edge).weights[:, None]
        out["f"] = (("species", "energy", "mu"), f, {"units": "1"})
    for name in ("absorption", "emissivity"):
        if name in cell and "energy" in cell[name].dims:
            out[name] = four_species(cell, name).transpose("species", "energy").variable
    return out.assign_coords(energy_edge=("energy_edge", edge, {"units": "MeV"}))
