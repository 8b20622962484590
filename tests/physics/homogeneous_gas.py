"""Cells for the tests of homogeneous gases, in units where sqrt(2) G_F n = 1 cm^-1."""

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT, HBAR_C, PHASE_SPACE, SQRT2_GF
from qkepipe.oscillation.vacuum import TwoFlavors, vacuum_hamiltonian
from qkepipe.solvers.adaptive import StepCounts, adaptive_steps, fixed_steps
from qkepipe.solvers.homogeneous_step import HomogeneousStep
from qkepipe.species import SPECIES, SPECIES6

#: Number weight of a group whose potential is 1 cm^-1 at f = 1.
UNIT = 1.0 / SQRT2_GF


def splitting(omega, energy=1.0):
    """dm^2 [eV^2] for omega = dm^2/(2 E) [cm^-1] at ``energy`` [MeV]."""
    return omega * 2.0 * HBAR_C * energy * 1e12


def two_flavor_vacuum(omega, theta=0.0):
    """Vacuum Hamiltonian (4, n_energy) of frequencies ``omega`` (n_energy,) [cm^-1]."""
    rows = [vacuum_hamiltonian(1.0, TwoFlavors(splitting(w), theta)) for w in np.atleast_1d(omega)]
    return np.stack(rows, axis=1)


def diagonal(occupations):
    """State (components, 2, n_energy, n_mu) of occupations (flavours, 2, n_energy, n_mu)."""
    flavors = len(occupations)
    f = np.zeros((flavors**2, *np.shape(occupations)[1:]))
    f[:flavors] = occupations
    return f


def evolve(operator, f, lengths, tolerance=1e-10, step=None):
    """States at ``lengths`` [cm] and the counts of steps."""
    counts = StepCounts()
    states = (
        adaptive_steps(operator, f.copy(), lengths, tolerance, counts)
        if step is None
        else fixed_steps(operator, f.copy(), lengths, step, counts)
    )
    return np.stack([state.copy() for state in states]), counts


def isotropic(vacuum, weights=(UNIT,), **options):
    """Operator of a gas without angles."""
    return HomogeneousStep(np.asarray(weights), np.zeros(1), np.ones(1), vacuum, **options)


def vectors(f):
    """Flavour vectors (3, ...) of two-flavour states (4, ...)."""
    return np.stack([2.0 * f[2], -2.0 * f[3], f[0] - f[1]])


def growth(lengths, amplitudes):
    """Rate of an exponential between the first and the last sample."""
    return np.log(amplitudes[-1] / amplitudes[0]) / (lengths[-1] - lengths[0])


def cell(f, energy_edge=None, mu_edge=(-1.0, 1.0), absorption=None, equilibrium=None):
    """Dataset of occupations (species, energy, mu), one group of potential 1 by default."""
    f = np.asarray(f, dtype=float)
    if energy_edge is None:
        energy_edge = [0.0, (3.0 * UNIT / PHASE_SPACE) ** (1.0 / 3.0)]
    out = xr.Dataset(
        {"f": (("species", "energy", "mu"), f)},
        coords={
            "species": list(SPECIES if len(f) == 4 else SPECIES6),
            "energy_edge": ("energy_edge", np.asarray(energy_edge, dtype=float)),
            "mu_edge": ("mu_edge", np.asarray(mu_edge, dtype=float)),
        },
    )
    if absorption is not None:
        absorption = np.asarray(absorption, dtype=float)
        out["absorption"] = (("species", "energy"), absorption)
        out["emissivity"] = (("species", "energy"), C_LIGHT * absorption * equilibrium)
    return out
