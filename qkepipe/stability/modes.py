"""Fastest mode of chosen cells of a field.

Angles are those of the field: bins, or maximum-entropy distributions of moments averaged
over bins that are narrow towards both ends. Energy groups enter with their absorption and,
where an ordering is given, their vacuum frequency.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT, SQRT2_GF
from qkepipe.errors import Defect, QkepipeError, nearest
from qkepipe.phasespace import energy_grid
from qkepipe.stability.analysis import DRIVERS, analyse
from qkepipe.stability.cells import open_cells
from qkepipe.stability.dispersion import SECTORS
from qkepipe.stability.field import Field, four_species
from qkepipe.stability.minerbo import angular_distribution
from qkepipe.stability.slow import vacuum_frequency

__all__ = [
    "CHOICES",
    "Ordering",
    "Solver",
    "analyse_cells",
    "annotate",
    "choose_cells",
    "distributions",
    "gases",
    "lsa",
    "solve_gases",
    "spread",
]

#: Bins of reconstructed distributions, equal in angle, and Gauss-Legendre nodes in each.
BINS, NODES = 32, 3
ORDERINGS = ("normal", "inverted")
#: Which of the unstable cells are analysed.
CHOICES = ("fastest", "even")

Ordering = Literal["normal", "inverted"] | None
Solver = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], xr.Dataset]


def _select(dataset: xr.Dataset, cells: dict[str, Sequence[int]]) -> xr.Dataset:
    """Chosen cells along one dimension ``cell`` in place of those of space."""
    there = {
        d: xr.DataArray(np.asarray(i, dtype=int), dims="cell")
        for d, i in cells.items()
        if d in dataset.dims
    }
    return dataset.isel(there).drop_vars([d for d in there if d in dataset.coords])


def gases(field: xr.Dataset, matter: xr.Dataset | None, cells, ordering: Ordering = None):
    """Arguments of :func:`qkepipe.stability.analysis.analyse` for chosen cells.

    Returns
    -------
    edges : ndarray (n_mu + 1,)
    g : ndarray (cell, 2, n_energy, n_mu)
        [cm^-1].
    omega : ndarray (cell, n_energy)
        [cm^-1]; 0 without an ordering.
    gamma : ndarray (cell, 2, n_energy)
        [cm^-1]; 0 where rates are unknown.
    """
    if ordering is not None and ordering not in ORDERINGS:
        raise QkepipeError(
            Defect("modes", "ordering", f"unknown ordering {ordering!r}", " or ".join(ORDERINGS),
                   nearest(str(ordering), ORDERINGS))
        )  # fmt: skip
    chosen = _select(field, cells)
    opened = open_cells(chosen, None if matter is None else _select(matter, cells), 0.0)
    edges, density = _distributions(chosen, opened.field)
    g = SQRT2_GF * np.stack([density[:, 0] - density[:, 2], density[:, 1] - density[:, 3]], axis=1)
    n_cell, _, n_energy, _ = g.shape
    gamma = np.zeros((n_cell, 2, n_energy))
    if not opened.lacks("rates"):
        absorption = four_species(opened.matter, "absorption")
        absorption = absorption.transpose("species", "cell", "energy").values
        for row in range(2):
            gamma[:, row] = 0.5 * (absorption[row] + absorption[row + 2])
    omega = np.zeros((n_cell, n_energy))
    if ordering is not None:
        reason = opened.lacks("energy")
        if reason:
            raise QkepipeError(Defect("modes", "ordering", reason, "energies of the field"))
        energy = _energies(chosen, opened.field, n_energy)
        omega[:] = (1.0 if ordering == "normal" else -1.0) * vacuum_frequency(energy)
    return edges, g, omega, gamma


def distributions(field: xr.Dataset, cells: dict[str, Sequence[int]]):
    """Angular distributions of chosen cells.

    Parameters
    ----------
    field : Dataset
        As for :func:`qkepipe.stability.screen`; moments give distributions of largest entropy.
    cells : dict
        Indices along every dimension of space, sequences of one length.

    Returns
    -------
    edges : ndarray (n_mu + 1,)
    density : ndarray (cell, species, n_energy, n_mu)
        Number density per d(mu)/2 of every group [cm^-3].
    energy : ndarray (cell, n_energy)
        [MeV]; NaN where the field has none.
    """
    chosen = _select(field, cells)
    opened = open_cells(chosen, None, 0.0)
    edges, density = _distributions(chosen, opened.field)
    energy = np.full((density.shape[0], density.shape[2]), np.nan)
    if not opened.lacks("energy"):
        energy[:] = _energies(chosen, opened.field, density.shape[2])
    return edges, density / (0.5 * np.diff(edges)), energy


def _distributions(chosen: xr.Dataset, field: Field) -> tuple[np.ndarray, np.ndarray]:
    """Edges, and number densities (cell, species, energy, mu) [cm^-3] in every bin."""
    if "f" in chosen:
        return chosen["mu_edge"].values, _binned(chosen)
    return _reconstructed(chosen, field)


def _lapse(chosen: xr.Dataset) -> np.ndarray:
    """Lapse of the cells (cell, 1), 1 where the field has none."""
    return chosen["lapse"].values[:, None] if "lapse" in chosen else np.ones((1, 1))


def _binned(chosen: xr.Dataset) -> np.ndarray:
    """Number densities (cell, species, energy, mu) [cm^-3] from occupations."""
    f = four_species(chosen, "f").transpose("cell", "species", "energy", "mu").values
    energy = energy_grid(chosen["energy_edge"].values)
    width = np.diff(chosen["mu_edge"].values)
    weight = energy.weights[:, None] * 0.5 * width
    return f * weight / _lapse(chosen)[:, :, None, None] ** 3


def _reconstructed(chosen: xr.Dataset, field: Field):
    """Edges, and number densities (cell, species, energy, mu) of largest entropy.

    Fluxes that are vectors count along the ELN-XLN flux of the cell.
    """
    number = field.number if field.spectrum is None else np.maximum(field.spectrum, 0.0)
    flux = field.flux
    if not field.vector and "energy" in chosen["nu_number_flux"].dims:
        flux = four_species(chosen, "nu_number_flux") / C_LIGHT
    if "energy" not in number.dims:
        number = number.expand_dims(energy=1)
    elif "energy" not in flux.dims:
        # one flux factor for all groups
        total = number.sum("energy")
        flux = number * (flux / total.where(total > 0.0, 1.0))
    if "energy" not in flux.dims:
        flux = flux.expand_dims(energy=1)
    order = ("cell", "energy", "species")
    edges = -np.cos(np.pi * np.arange(BINS + 1) / BINS)
    x, w = np.polynomial.legendre.leggauss(NODES)
    half = 0.5 * np.diff(edges)
    mu = (0.5 * (edges[1:] + edges[:-1])[:, None] + half[:, None] * x).ravel()
    shape = angular_distribution(
        np.ascontiguousarray(number.transpose(*order).values),
        np.ascontiguousarray(flux.transpose(*order).values),
        mu,
    )
    # per d(mu)/2
    density = (shape.reshape(*shape.shape[:-1], BINS, NODES) @ (0.5 * w)) * half
    return edges, np.moveaxis(density, 2, 1)


def _energies(chosen: xr.Dataset, field, n_energy: int) -> np.ndarray:
    """Energies (cell or 1, n_energy) [MeV] of a local observer."""
    if "f" in chosen:
        return energy_grid(chosen["energy_edge"].values).centres / _lapse(chosen)
    if field.spectrum is not None:
        return chosen["energy"].values[None]
    return field.mean_energy.values[:, None] * np.ones(n_energy)


def solve_gases(
    edges: np.ndarray, g: np.ndarray, omega: np.ndarray, gamma: np.ndarray
) -> xr.Dataset:
    """Fastest mode of many gases, one after the other; arguments as :func:`gases` returns them.

    Returns
    -------
    Dataset over ``cell``
        ``lsa_growth_rate`` [s^-1], ``lsa_wavenumber`` (kappa) [cm^-1], ``lsa_sector``,
        ``lsa_driver``, ``lsa_unstable_modes`` and ``lsa_converged``; see
        :class:`qkepipe.stability.analysis.Mode`. Wavenumber and sector are those of kappa = 0,
        sym, where nothing grows.
    """
    modes = [analyse(edges, *gas) for gas in zip(g, omega, gamma, strict=True)]
    columns = {
        "lsa_growth_rate": [C_LIGHT * m.growth for m in modes],
        "lsa_wavenumber": [m.kappa for m in modes],
        "lsa_sector": [float(SECTORS.index(m.sector)) for m in modes],
        "lsa_driver": [float(DRIVERS.index(m.driver)) for m in modes],
        "lsa_unstable_modes": [float(m.unstable_modes) for m in modes],
        "lsa_converged": [float(m.converged) for m in modes],
    }
    return xr.Dataset({name: ("cell", np.array(values)) for name, values in columns.items()})


def analyse_cells(
    field: xr.Dataset,
    cells: dict[str, Sequence[int]],
    matter: xr.Dataset | None = None,
    ordering: Ordering = None,
    solver: Solver = solve_gases,
) -> xr.Dataset:
    """Fastest mode of chosen cells.

    Parameters
    ----------
    field, matter : Dataset
        As for :func:`qkepipe.stability.screen`; ``absorption`` damps and drives modes.
    cells : dict
        Indices along every dimension of space, sequences of one length.
    ordering : {"normal", "inverted"}, optional
        Vacuum frequencies of the groups; left out by default.
    solver : callable
        In place of :func:`solve_gases`, for example one that works in parallel.

    Returns
    -------
    Dataset over ``cell``
        As :func:`solve_gases`, in the order of ``cells``.
    """
    if all(len(index) > 0 for index in cells.values()):
        return solver(*gases(field, matter, cells, ordering))
    return solve_gases(np.zeros(2), *np.zeros((3, 0)))


def choose_cells(
    estimate: xr.DataArray, count: int, choice: str = "fastest"
) -> dict[str, np.ndarray]:
    """Indices of at most ``count`` cells of positive growth estimate.

    Parameters
    ----------
    estimate : DataArray (space)
        Growth estimate [s^-1]; cells where it is 0 or NaN are left out.
    count : int
    choice : {"fastest", "even"}
        The cells of largest estimate, first the largest; or every n-th of all, in the order of
        memory.

    Returns
    -------
    dict
        Indices along every dimension of space, arrays of one length.
    """
    flat = np.nan_to_num(np.asarray(estimate.values, dtype=float).ravel(), nan=0.0)
    if choice == "fastest":
        order = np.argsort(-flat, kind="stable")[:count]
        order = order[flat[order] > 0.0]
    else:
        order = np.flatnonzero(flat > 0.0)
        if len(order) > count:
            order = order[np.linspace(0, len(order) - 1, count).round().astype(int)]
    chosen = np.unravel_index(order, estimate.shape)
    return dict(zip(map(str, estimate.dims), chosen, strict=True))


def lsa(
    field: xr.Dataset,
    estimate: xr.DataArray,
    cells: int,
    matter: xr.Dataset | None = None,
    *,
    choice: str = "fastest",
    solver: Solver = solve_gases,
) -> xr.Dataset:
    """Fastest modes at cells of positive growth estimate.

    Parameters
    ----------
    field, matter, solver
        As for :func:`analyse_cells`.
    estimate, cells, choice
        See :func:`choose_cells`.

    Returns
    -------
    Dataset
        Variables of :func:`analyse_cells` over space, NaN in all other cells.
    """
    indices = choose_cells(estimate, cells, choice)
    return spread(analyse_cells(field, indices, matter, solver=solver), indices, estimate)


def spread(found: xr.Dataset, cells: dict[str, Sequence[int]], like: xr.DataArray) -> xr.Dataset:
    """Results of chosen cells on the cells of a map, NaN in all others.

    Parameters
    ----------
    found : Dataset over ``cell``
        Of :func:`analyse_cells`.
    cells : dict
        The indices it was called with.
    like : DataArray (space)

    Returns
    -------
    Dataset over space
    """
    place = tuple(np.asarray(cells[str(d)], dtype=int) for d in like.dims)
    out = xr.Dataset(coords=like.coords)
    for name, values in annotate(found).data_vars.items():
        full = np.full(like.shape, np.nan)
        full[place] = values.values
        out[name] = (like.dims, full, values.attrs)
    return out


def annotate(found: xr.Dataset) -> xr.Dataset:
    """Attributes of the modes of a map: what flags mean, and what was assumed."""
    found = found.copy()
    found["lsa_growth_rate"].attrs["comment"] = "continuous angles, fastest of all wavenumbers"
    found["lsa_wavenumber"].attrs["wavenumber"] = "kappa = k - potential_phi1"
    for name, meanings in (("lsa_sector", SECTORS), ("lsa_driver", DRIVERS)):
        found[name].attrs.update(
            flag_values=np.arange(float(len(meanings))), flag_meanings=" ".join(meanings)
        )
    return found
