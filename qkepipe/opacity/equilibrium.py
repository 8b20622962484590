"""Chemical potentials of neutrinos in equilibrium with matter, and a stable exponential."""

import numpy as np

__all__ = ["neutrino_chemical_potentials", "softplus"]


def neutrino_chemical_potentials(mu_e, mu_hat) -> np.ndarray:
    """mu_nu [MeV] of the four species: mu_e - mu_hat, its negative, 0, 0. Shape (4, ...)."""
    mu_nue = np.asarray(mu_e, dtype=float) - np.asarray(mu_hat, dtype=float)
    zero = np.zeros_like(mu_nue)
    return np.stack([mu_nue, -mu_nue, zero, zero])


def softplus(x) -> np.ndarray:
    """log(1 + e^x) without overflow."""
    return np.logaddexp(0.0, x)
