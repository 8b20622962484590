"""The radiation field that a snapshot brings, as occupations on the grid of the study.

Occupations of the snapshot are averaged over the bins of the study. Moments become the
occupations of largest entropy that have them (:mod:`qkepipe.solvers.maximum_entropy`), to round-off
in the sums of the grid.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT, MEV_ERG
from qkepipe.errors import Defect, QkepipeError
from qkepipe.phasespace import angle_grid_from_edges
from qkepipe.solvers.maximum_entropy import maximum_entropy
from qkepipe.solvers.sphere import Grid, field_dataset, grid_of
from qkepipe.species import SPECIES
from qkepipe.units import KM_CM

__all__ = ["given_field", "given_flows"]

_DENSITIES = ("nu_number_density", "nu_energy_density")
_FLUXES = ("nu_number_flux", "nu_energy_flux")
#: Edges are the same within this fraction of the last one.
_SAME_EDGE = 1e-12


def given_field(given: xr.Dataset, background: xr.Dataset) -> xr.Dataset:
    """Occupations from those of a snapshot, or from its moments.

    Parameters
    ----------
    given : Dataset
        Kind ``snapshot`` on the radii of ``background``. Either ``f`` over (species, energy, mu,
        r) with the edges of its bins, local energies; or ``nu_number_density`` and
        ``nu_number_flux`` over (species, [energy], r), of resting observers. Grey moments need
        ``nu_energy_density`` too, ``nu_energy_flux`` is used where it is there; moments by
        energy need the groups of the study.
    background : Dataset
        Kind ``background``.

    Returns
    -------
    Dataset
        Kind ``baseline``: ``f`` and the attributes ``scheme`` ("snapshot"), ``radiation_source``,
        and of moments ``closure`` and ``moments_error``, the largest error of a given moment,
        relative to the sum of its absolute terms.

    Raises
    ------
    QkepipeError
        If there is neither, if moments or edges are missing or do not fit, or if no occupation
        between 0 and 1 has the moments: names cell and species.
    """
    grid = grid_of(background)
    if "f" in given:
        result = field_dataset(_averages(given, grid), background)
        result.attrs.update(scheme="snapshot", radiation_source="snapshot occupations")
        return result
    _require(given, "nu_number_density", "nu_number_flux")
    by_energy = "energy" in given["nu_number_density"].dims
    f, error = (_of_groups if by_energy else _of_grey)(given, grid)
    kept = "number and flux of every group" if by_energy else ", ".join(_kept(given))
    result = field_dataset(f, background)
    result.attrs.update(
        scheme="snapshot",
        radiation_source="snapshot moments, maximum entropy",
        closure=f"maximum entropy of fermions with the {kept} of the snapshot",
        moments_error=error,
    )
    return result


def given_flows(f: np.ndarray, grid: Grid) -> np.ndarray:
    """Neutrinos through every cell edge [s^-1] of a field that solves no transport equation.

    4 pi r^2 times the flux of the cells, linear in r between their centres; in the layout of
    :func:`qkepipe.solvers.sphere.flows`, (4, n_energy, n_r + 1).
    """
    flux = np.einsum("semr,m->ser", f, grid.angle.weights * grid.angle.centres)
    radius = grid.radius
    # a per proper time of the local flux, a^-3 of the measure of E_inf
    area = 4.0 * np.pi * radius.centres**2 / radius.lapse**2
    flow = C_LIGHT * grid.energy.weights[:, None] * flux * area
    return np.apply_along_axis(lambda y: np.interp(radius.edges, radius.centres, y), -1, flow)


def _source(given: xr.Dataset) -> str:
    return str(given.attrs.get("source_file", "snapshot"))


def _require(given: xr.Dataset, *names: str) -> None:
    absent = [name for name in names if name not in given.variables]
    if absent:
        raise QkepipeError(
            Defect(_source(given), ", ".join(absent), "missing for field: snapshot",
                   "occupations f with the edges of their bins, or number density and flux with "
                   "the energy density", "field: transport")
        )  # fmt: skip


def _kept(given: xr.Dataset) -> list[str]:
    """Words of the grey moments that are used, in the order of the multipliers."""
    words = ["number", "number flux", "energy"]
    return words + ["energy flux"] * ("nu_energy_flux" in given)


def _values(given: xr.Dataset, name: str, dims: tuple[str, ...]) -> np.ndarray:
    array = given[name]
    if set(array.dims) != set(dims):
        raise QkepipeError(
            Defect(_source(given), name, f"has dimensions ({', '.join(map(str, array.dims))})",
                   f"({', '.join(dims)}), as nu_number_density")
        )  # fmt: skip
    return array.sel(species=list(SPECIES)).transpose(*dims).values.astype(float)


def _of_grey(given: xr.Dataset, grid: Grid) -> tuple[np.ndarray, float]:
    """Occupations (4, energy, mu, r) with grey moments, and the error of these."""
    _require(given, "nu_energy_density")
    names = ["nu_number_density", "nu_number_flux", "nu_energy_density", "nu_energy_flux"]
    names = names[: len(_kept(given))]
    scale = (1.0, 1.0 / C_LIGHT, 1.0 / MEV_ERG, 1.0 / (MEV_ERG * C_LIGHT))
    moments = np.stack(
        [s * _values(given, n, ("species", "r")) for n, s in zip(names, scale, strict=False)],
        axis=-1,
    )
    # the sums of the grid are over E_inf = a E
    moments *= grid.lapse[:, None] ** np.array([3, 3, 4, 4])[: len(names)]
    f, error = maximum_entropy(
        moments.reshape(-1, len(names)),
        grid.energy.centres,
        grid.energy.weights,
        grid.angle.centres,
        grid.angle.weights,
    )
    error = error.reshape(moments.shape[:2])
    _refuse(given, error, moments, grid, grid.energy.centres)
    f = f.reshape(*error.shape, *f.shape[1:])
    return np.moveaxis(f, 1, -1), float(error.max())


def _of_groups(given: xr.Dataset, grid: Grid) -> tuple[np.ndarray, float]:
    """Occupations (4, energy, mu, r) with the moments of every group, and the error of these."""
    spectral = given["nu_number_density"].attrs.get("spectral", "group")
    own = given["energy_edge"].values if "energy_edge" in given.variables else np.empty(0)
    edges = grid.energy.edges
    same = own.shape == edges.shape and np.allclose(own, edges, rtol=0.0, atol=_SAME_EDGE * own[-1])
    if spectral != "group" or not same or np.any(grid.lapse != 1.0):
        raise QkepipeError(
            Defect(_source(given), "nu_number_density", f"by energy ({spectral}), but not "
                   "integrated over the groups of the study",
                   "moments integrated over groups that are those of the study, without redshift",
                   "grid.energy_groups: snapshot, background.gravity: flat")
        )  # fmt: skip
    dims = ("species", "energy", "r")
    number = _values(given, "nu_number_density", dims)
    moments = np.stack([number, _values(given, "nu_number_flux", dims) / C_LIGHT], axis=-1)
    f = np.empty((*number.shape, grid.angle.centres.size))
    error = np.empty(number.shape)
    for k, weight in enumerate(grid.energy.weights):
        cells = moments[:, k].reshape(-1, 2)
        one = np.array([weight])
        found, errors = maximum_entropy(
            cells, grid.energy.centres[k : k + 1], one, grid.angle.centres, grid.angle.weights
        )
        error[:, k] = errors.reshape(error[:, k].shape)
        f[:, k] = found[:, 0].reshape(f[:, k].shape)
        _refuse(given, error[:, k], moments[:, k], grid, grid.energy.centres[k : k + 1])
    return np.moveaxis(f, -1, 2), float(error.max())


def _refuse(given, error, moments, grid: Grid, energies) -> None:
    """One line for the first cell (species, r) without a solution, and why."""
    bad = ~np.isfinite(error)
    if not bad.any():
        return
    s, i = (int(k) for k in np.argwhere(bad)[0])
    number, flux = moments[s, i, 0], moments[s, i, 1]
    mu, lapse = grid.angle.centres, grid.lapse[i]
    at = f"{energies[0]:.4g} MeV, " if energies.size == 1 else ""
    said = f"flux factor {flux / number:.5g}"
    allowed = f"flux factors from {mu[0]:.5g} to {mu[-1]:.5g}"
    if moments.shape[-1] > 2:
        said += f", mean energy {moments[s, i, 2] / number / lapse:.4g} MeV"
        lowest = _coldest(number, grid) / lapse
        allowed += (
            f" and, at this density, energies from {lowest:.4g} to {energies[-1] / lapse:.4g} MeV"
        )
    raise QkepipeError(
        Defect(
            _source(given),
            f"moments of {SPECIES[s]} in cell [{i}] at {grid.radius.centres[i] / KM_CM:.6g} km",
            f"{at}{said}, density {number / lapse**3:.4g} cm-3: no occupation between 0 and 1 has "
            f"these moments on the grid ({int(bad.sum())} such cells)",
            allowed,
            "more angular bins (grid.n_mu) or energy groups, a larger grid.r_in_km, or field: "
            "transport",
        )
    )


def _coldest(number: float, grid: Grid) -> float:
    """Lowest mean energy [MeV] of a number density: all states filled from the lowest group on."""
    below = np.concatenate([[0.0], np.cumsum(grid.energy.weights)])
    filled = np.diff(np.minimum(below, number))
    return float(filled @ grid.energy.centres / number)


def _averages(given: xr.Dataset, grid: Grid) -> np.ndarray:
    """Occupations of the snapshot averaged over the bins of the study, (4, energy, mu, r)."""
    _require(given, "energy_edge", "mu_edge")
    f = _values(given, "f", ("species", "energy", "mu", "r"))
    own = given["energy_edge"].values.astype(float), given["mu_edge"].values.astype(float)
    if f.shape[1:3] != (own[0].size - 1, own[1].size - 1):
        raise QkepipeError(
            Defect(_source(given), "f", f"{f.shape[1]} energies and {f.shape[2]} directions",
                   "one less than energy_edge and mu_edge")
        )  # fmt: skip
    if f.min() < 0.0 or f.max() > 1.0:
        s, _, _, i = np.unravel_index(int(np.argmax(np.maximum(-f, f - 1.0))), f.shape)
        raise QkepipeError(
            Defect(_source(given), f"f of {SPECIES[s]} in cell [{i}]",
                   f"{f.min():.6g} to {f.max():.6g}", "occupations from 0 to 1")
        )  # fmt: skip
    angles = _shares(angle_grid_from_edges(own[1]).edges, grid.angle.edges)
    out = np.einsum("semr,nm->senr", f, angles)
    edges = grid.energy.edges[:, None] / grid.lapse
    per_cell = [_shares(own[0] ** 3, edges[:, i] ** 3) for i in range(f.shape[-1])]
    return np.einsum("senr,rke->sknr", out, np.stack(per_cell))


def _shares(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Fraction of every new bin that each old one fills, (new, old), of edges in their measure."""
    low = np.maximum(new[:-1, None], old[None, :-1])
    high = np.minimum(new[1:, None], old[None, 1:])
    return np.maximum(high - low, 0.0) / np.diff(new)[:, None]
