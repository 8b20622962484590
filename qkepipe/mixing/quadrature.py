"""Quadrature weights of a labelled field, from the best information it carries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from qkepipe.errors import Defect, QkepipeError
from qkepipe.phasespace import energy_grid

__all__ = ["Quadrature", "quadrature_of"]


@dataclass(frozen=True)
class Quadrature:
    """Weights of the energy and angular sums and where they come from.

    Attributes
    ----------
    eweights : ndarray (n_energy,)
        Number weights [cm^-3].
    mweights : ndarray (n_mu,)
        Weights along ``axis`` that sum to 1.
    mu : ndarray (n_mu,) or None
        Cosines; None for directions on the full sphere.
    absolute : bool
        False if the energy weights are known up to a factor only.
    energy_source, mu_source : str
        For attributes.
    """

    eweights: np.ndarray
    mweights: np.ndarray
    absolute: bool
    energy_source: str
    mu_source: str
    mu: np.ndarray | None

    @property
    def axis(self) -> str:
        """Name of the axis of directions: ``mu``, or ``direction`` on the full sphere."""
        return "direction" if self.mu is None else "mu"


def _edges_between(centres: np.ndarray, low: float, high: float) -> np.ndarray:
    middle = 0.5 * (centres[1:] + centres[:-1])
    return np.concatenate([[low], middle, [high]])


def _mu_weights(mu: np.ndarray) -> tuple[np.ndarray, str]:
    nodes, weights = np.polynomial.legendre.leggauss(mu.size)
    if np.allclose(mu, nodes, rtol=0.0, atol=1e-9):
        return 0.5 * weights, "Gauss-Legendre nodes"
    edges = np.full(mu.size + 1, -1.0)
    for j, centre in enumerate(mu):
        edges[j + 1] = 2.0 * centre - edges[j]
    if np.all(np.diff(edges) > 0.0) and abs(edges[-1] - 1.0) < 1e-6:
        edges[-1] = 1.0
        return 0.5 * np.diff(edges), "bins with mu as midpoints"
    edges = _edges_between(mu, -1.0, 1.0)
    return 0.5 * np.diff(edges), "bins between neighbouring mu"


def _energy_weights(energy: np.ndarray) -> tuple[np.ndarray, bool, str]:
    if energy.size == 1:
        return np.ones(1), False, "one group of unknown width"
    first = max(0.0, 1.5 * energy[0] - 0.5 * energy[1])
    last = 1.5 * energy[-1] - 0.5 * energy[-2]
    edges = _edges_between(energy, first, last)
    return energy_grid(edges).weights, True, "groups between neighbouring energies"


def _ascending(values, name: str) -> np.ndarray:
    array = np.asarray(values, dtype=float)
    if array.ndim != 1 or not np.all(np.isfinite(array)) or np.any(np.diff(array) <= 0.0):
        raise QkepipeError(Defect("field", name, "not ascending", "increasing finite values"))
    return array


def _sphere_weights(field) -> tuple[np.ndarray, str]:
    if "mu" in field.dims:
        raise QkepipeError(
            Defect("field", "direction", "an axis beside mu", "one axis of directions")
        )
    if "direction_weight" not in field.coords:
        raise QkepipeError(
            Defect(
                "field",
                "direction_weight",
                "missing",
                "solid angles of the directions along the direction axis",
            )
        )
    weights = np.asarray(field["direction_weight"], dtype=float)
    if field["direction_weight"].dims != ("direction",) or not np.all(
        np.isfinite(weights) & (weights > 0.0)
    ):
        raise QkepipeError(
            Defect("field", "direction_weight", "not a weight per direction", "positive values")
        )
    return weights / weights.sum(), "direction_weight"


def _axial(field) -> tuple[np.ndarray, np.ndarray, str]:
    """Cosines, weights that sum to 1 and their origin."""
    if "mu" not in field.dims or "mu" not in field.coords:
        raise QkepipeError(
            Defect("field", "mu", "no such axis with values", "f(species, energy, mu, r)")
        )
    mu = _ascending(field["mu"], "mu")
    if mu[0] < -1.0 or mu[-1] > 1.0:
        raise QkepipeError(Defect("field", "mu", f"{mu[0]:g} to {mu[-1]:g}", "within -1 to 1"))
    if "mu_weight" in field.coords:
        mweights, mu_source = np.asarray(field["mu_weight"], dtype=float), "mu_weight"
        mweights = mweights / mweights.sum()
    elif "mu_edge" in field.variables if isinstance(field, xr.Dataset) else False:
        mweights, mu_source = 0.5 * np.diff(_ascending(field["mu_edge"], "mu_edge")), "mu_edge"
    else:
        mweights, mu_source = _mu_weights(mu)
    return mu, mweights, mu_source


def quadrature_of(field: xr.Dataset | xr.DataArray) -> Quadrature:
    """Find the weights of a field f(species, [energy], mu, ...).

    In order of preference: coordinates ``energy_weight`` [cm^-3] and ``mu_weight`` (sum 1)
    along the axes; edges ``energy_edge``, ``mu_edge`` of a Dataset; Gauss-Legendre nodes;
    bins whose midpoints are ``mu``; bins between neighbouring values. Without an energy
    axis the field is taken as energy-integrated density per d(mu)/2 [cm^-3]. Directions on
    the full sphere, f(species, [energy], direction, ...), need ``direction_weight``, their
    solid angles up to a factor.

    Raises
    ------
    QkepipeError
        Axes that are missing or not increasing, edges that do not fit.
    """
    if "direction" in field.dims:
        mu, (mweights, mu_source) = None, _sphere_weights(field)
    else:
        mu, mweights, mu_source = _axial(field)
    absolute = True
    if "energy" not in field.dims:
        eweights, energy_source = np.ones(1), "energy-integrated field [cm-3]"
    elif "energy_weight" in field.coords:
        eweights, energy_source = np.asarray(field["energy_weight"], dtype=float), "energy_weight"
    elif "energy_edge" in field.variables if isinstance(field, xr.Dataset) else False:
        edges = _ascending(field["energy_edge"], "energy_edge")
        eweights, energy_source = energy_grid(edges).weights, "energy_edge"
    elif "energy" in field.coords:
        energy = _ascending(field["energy"], "energy")
        eweights, absolute, energy_source = _energy_weights(energy)
    else:
        raise QkepipeError(Defect("field", "energy", "an axis without values", "MeV"))
    axis = "direction" if mu is None else "mu"
    for name, weights in ((axis, mweights), ("energy", eweights)):
        if weights.size != field.sizes.get(name, 1):
            raise QkepipeError(
                Defect(
                    "field",
                    f"{name}_edge",
                    f"{weights.size} bins",
                    f"{field.sizes.get(name, 1)} bins as on the {name} axis",
                )
            )
    return Quadrature(eweights, mweights, absolute, energy_source, mu_source, mu)
