"""Neutrino species: labels, order and the maps between 3, 4 and 6 species.

``nux`` is ONE heavy flavour (the mean of mu and tau), never their sum.
"""

import numpy as np

__all__ = ["FLAVOR_PAIRS", "SPECIES", "SPECIES6", "lepton_sign", "to_four"]

#: Order of the species axis everywhere.
SPECIES = ("nue", "nuebar", "nux", "nuxbar")
#: Order of the species axis where mu and tau differ.
SPECIES6 = ("nue", "nuebar", "numu", "numubar", "nutau", "nutaubar")
#: (electron flavour, heavy flavour) indices into SPECIES: neutrinos, antineutrinos.
FLAVOR_PAIRS = ((0, 2), (1, 3))


def lepton_sign() -> np.ndarray:
    """Signs of (nue - nuebar) - (nux - nuxbar) along the species axis, shape (4,)."""
    return np.array([1.0, -1.0, -1.0, 1.0])


def to_four(values: np.ndarray, axis: int = 0) -> np.ndarray:
    """Bring 3 (nue, nuebar, nux) or 6 species to the four of :data:`SPECIES`.

    Parameters
    ----------
    values : ndarray
        Any quantity that is averaged over mu and tau (a density of ONE species).
    axis : int
        The species axis.

    Returns
    -------
    ndarray
        Same shape with 4 along ``axis``.
    """
    v = np.moveaxis(np.asarray(values), axis, 0)
    if v.shape[0] == 3:
        out = np.stack([v[0], v[1], v[2], v[2]])
    elif v.shape[0] == 6:
        out = np.stack([v[0], v[1], 0.5 * (v[2] + v[4]), 0.5 * (v[3] + v[5])])
    elif v.shape[0] == 4:
        out = v.copy()
    else:
        raise ValueError(f"species axis has length {v.shape[0]}, expected 3, 4 or 6")
    return np.moveaxis(out, 0, axis)
