"""Collisions with a fluid that moves radially, to first order in v/c, in the frame at rest.

A neutrino (E, mu) has the energy E' = E (1 - beta mu) in the fluid, where emission and
scattering are isotropic, and f is the same in both frames. With (E'/E) times the rates of the
fluid at E', and the mean over directions of the fluid as J + beta (2 H + dH/dlnE) at E',

    dC = - beta mu [ kappa* df_eq/dlnE + (1 + dln kappa*/dlnE) kappa* (f_eq - f) ]
         - beta mu chi_tr dJ/dlnE + (beta/E^2) d(E^3 chi_tr H)/dE

is what a velocity c beta adds to the collisions of matter at rest (mixed-frame equations:
Mihalas & Klein 1982, J. Comput. Phys. 46, 97; Hubeny & Burrows 2007, ApJ 659, 1458). The first
two terms in beta mu carry trapped neutrinos along: to the flux of energy they add 4/3 beta c
times the energy density. The last one is the work of scattering; it conserves number exactly. A
quadrupole of order beta chi H is left out. chi_tr stands for chi0 where scattering is not
isotropic, as the momentum that it transfers is what moves with the fluid.

Groups couple through the derivatives in energy, which are written as differences between the
edges of groups, so that number is conserved there too.
"""

import numpy as np

from qkepipe.phasespace import AngleGrid, EnergyGrid

__all__ = ["moving_source"]


def _between_groups(values: np.ndarray, edges: np.ndarray, geometric: bool) -> np.ndarray:
    """(1/int E^2 dE) [E^3 x] over every group, shape of ``values`` (e, r).

    x at an edge is the mean of its two groups, nothing crosses the outermost edges.
    """
    at = np.zeros((values.shape[0] + 1, *values.shape[1:]))
    if geometric:
        at[1:-1] = np.sqrt(np.maximum(values[1:] * values[:-1], 0.0))
    else:
        at[1:-1] = 0.5 * (values[1:] + values[:-1])
    states = np.diff(edges**3) / 3.0
    return np.diff(edges[:, None] ** 3 * at, axis=0) / states[:, None]


def moving_source(
    f: np.ndarray,
    beta: np.ndarray,
    absorption: np.ndarray,
    scattering_transport: np.ndarray,
    equilibrium: np.ndarray,
    energy: EnergyGrid,
    angle: AngleGrid,
) -> np.ndarray:
    """What the motion of the fluid adds to the collisions of one species.

    Parameters
    ----------
    f : ndarray (n_energy, n_mu, n_r)
    beta : ndarray (n_r,)
        Radial velocity over c, outwards positive.
    absorption, scattering_transport, equilibrium : ndarray (n_energy, n_r)
        kappa* and chi_tr of matter at rest [cm^-1], f_eq.
    energy : EnergyGrid
    angle : AngleGrid

    Returns
    -------
    ndarray (n_energy, n_mu, n_r)
        [cm^-1]. Zero for a single group, which has no derivative in energy.
    """
    if len(energy.centres) < 2:
        return np.zeros_like(f)
    # with the second moment of the bins the dipole carries the flux that it should
    mu = angle.centres[:, None] / (3.0 * np.sum(angle.weights * angle.centres**2))
    mean = np.einsum("emr,m->er", f, angle.weights)
    flux = np.einsum("emr,m->er", f, angle.weights * angle.centres)

    def slope(x):
        return _between_groups(x, energy.edges, geometric=True) - 3.0 * x

    carried = absorption * slope(equilibrium) + scattering_transport * slope(mean)
    work = _between_groups(scattering_transport * flux, energy.edges, geometric=False)
    log_kappa = np.log(np.maximum(absorption, np.finfo(float).tiny))
    exponent = 1.0 + np.gradient(log_kappa, np.log(energy.centres), axis=0)
    seen = (exponent * absorption)[:, None] * (equilibrium[:, None] - f)
    return beta * (work[:, None] - mu * (carried[:, None] + seen))
