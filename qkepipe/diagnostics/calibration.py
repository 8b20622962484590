"""Prescriptions of flavour mixing against the late state of a local box.

Both are one survival probability per direction, for all energies and both sectors, so that what
they do to number, energy and lepton number follows from the field of the cell alone.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.mixing.state import mixed_arrays
from qkepipe.species import SPECIES

__all__ = ["IDENTITY", "SCORES", "box_spread", "score", "scores_of"]

#: Prescription that states that nothing is converted.
IDENTITY = "none"
#: What a score says; all are pure numbers.
SCORES = {
    "survival_nue": "mean survival probability of nue minus that of the box",
    "survival_nuebar": "mean survival probability of nuebar minus that of the box",
    "angle": "mean |survival probability - that of the box|, weighted with all neutrinos",
    "number_nue": "number density of nue over that of the box, minus 1",
    "number_nuebar": "number density of nuebar over that of the box, minus 1",
    "energy_nue": "energy density of nue over that of the box, minus 1",
    "energy_nuebar": "energy density of nuebar over that of the box, minus 1",
    "lepton_number": "change of ELN-XLN over the sum of its lobes",
}


def score(
    density: np.ndarray, energy: np.ndarray, weights: np.ndarray, survival, reference
) -> dict[str, float]:
    """Deviations of one survival probability from another.

    Parameters
    ----------
    density : ndarray (4, n_energy, n_mu)
        Number density per d(mu)/2 and group [cm^-3] of nue, nuebar, nux, nuxbar.
    energy : ndarray (n_energy,)
        Energies of the groups [MeV]; any constant where they are not known.
    weights : ndarray (n_mu,)
        d(mu)/2.
    survival, reference : ndarray (n_mu,)
        Survival probabilities in two flavours, of a prescription and of the box.

    Returns
    -------
    dict
        Keys of :data:`SCORES`.
    """
    number = density.sum(axis=1)
    out = {}
    for row, species in enumerate(SPECIES[:2]):
        own, other = density[row], density[row + 2]
        mean = number[row] @ weights
        out[f"survival_{species}"] = _ratio((number[row] * weights) @ (survival - reference), mean)
        for name, factor in (("number", np.ones_like(energy)), ("energy", energy)):
            moved = (factor @ (own - other)) * weights
            total = (factor @ other).dot(weights) + moved @ reference
            out[f"{name}_{species}"] = _ratio(moved @ (survival - reference), total)
    every = number.sum(axis=0) * weights
    out["angle"] = _ratio(every @ np.abs(survival - reference), every.sum())
    g = ((number[0] - number[1]) - (number[2] - number[3])) * weights
    out["lepton_number"] = _ratio(2.0 * g @ (survival - 1.0), np.abs(g).sum())
    return {name: out[name] for name in SCORES}


def _ratio(value: float, total: float) -> float:
    return float(value / total) if total > 0.0 else 0.0


def box_spread(density: np.ndarray, weights: np.ndarray, survival: np.ndarray) -> float:
    """Distance between boxes of the same cell, on the scale of the score ``angle``.

    Parameters
    ----------
    density, weights
        As for :func:`score`.
    survival : ndarray (n_box, n_mu)
        Survival probabilities of boxes that differ in their random seed.

    Returns
    -------
    float
        Mean over directions, weighted with all neutrinos, of the difference between the largest
        and the smallest: what a prescription that is one of two boxes would differ from the
        other.
    """
    every = density.sum(axis=(0, 1)) * weights
    return _ratio(every @ np.ptp(survival, axis=0), every.sum())


def scores_of(
    density: np.ndarray, energy: np.ndarray, edges: np.ndarray, reference: np.ndarray, names
) -> xr.Dataset:
    """Survival probability and scores of prescriptions in one cell with a crossing.

    Parameters
    ----------
    density, energy
        As for :func:`score`.
    edges : ndarray (n_mu + 1,)
        Edges of the angular bins.
    reference : ndarray (n_mu,)
        Survival probability of the box.
    names : iterable of str
        Registered prescriptions that exist in two flavours.

    Returns
    -------
    Dataset
        ``survival_probability(prescription, mu)``; ``statement(prescription)``, 0 where a rule
        makes none: it converts nothing although there is a crossing (:data:`IDENTITY` does so
        by definition); ``score(prescription, quantity)``, NaN without a statement.
    """
    names = list(names)
    weights, mu = 0.5 * np.diff(edges), 0.5 * (edges[1:] + edges[:-1])
    state = density.sum(axis=1)[:, None, :, None]
    survival = np.array(
        [mixed_arrays(state, np.ones(1), weights, mu, name, 2)[1][:, 0] for name in names]
    )
    rows = [list(score(density, energy, weights, s, reference).values()) for s in survival]
    statement = np.array([name == IDENTITY for name in names]) | (survival != 1.0).any(axis=1)
    scores = np.where(statement[:, None], rows, np.nan)
    return xr.Dataset(
        {
            "survival_probability": (("prescription", "mu"), survival, {"units": "1"}),
            "statement": ("prescription", statement.astype(np.int8), {"units": "1"}),
            "score": (("prescription", "quantity"), scores, {"units": "1"}),
        },
        coords={"prescription": names, "quantity": list(SCORES), "mu": mu},
    )
