"""Collisions: emission, absorption and elastic scattering of a flavour matrix.

For component c with damping Gamma_c and elastic scattering chi0, chi1 (kernel
(chi0 + chi1 cos)/(4 pi)), all in cm^-1,

    C_c = Gamma_c (f_eq,c - F_c) + chi0 (J - F_c) + chi1 mu H ,

with J = (1/2) int F dmu, H = (1/2) int mu F dmu, Gamma_ee = kappa*_e, Gamma_xx =
kappa*_x and, for the off-diagonals, Gamma_ex = (kappa*_e + kappa*_x)/2, f_eq,ex = 0. Of three
flavours mu and tau both have the rates of x, and so has their off-diagonal
(Sigl & Raffelt 1993, Nucl. Phys. B 406, 423, relaxation form). On a discrete mu grid
the operator has three eigenvalues: Gamma (isotropic part), Gamma + chi0 - m2 chi1
(dipole) and Gamma + chi0 (rest), m2 = (1/2) sum dmu mu^2, so that its exponential and
the phi functions of exponential integrators (Cox & Matthews 2002, J. Comput. Phys. 176,
430) are known in closed form.
"""

from __future__ import annotations

import numpy as np

from qkepipe.jit import jit

__all__ = ["collision_tables", "phi_functions"]


def phi_functions(z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """phi0 = e^-z, phi1 = (1 - e^-z)/z and phi2 = (e^-z - 1 + z)/z^2 for z >= 0.

    Source: Cox & Matthews (2002), section 2; series below z = 1e-2 against cancellation.
    """
    z = np.asarray(z, dtype=float)
    small = z < 1e-2
    safe = np.where(small, 1.0, z)
    phi0 = np.exp(-z)
    phi1 = np.where(small, 1.0 - z / 2 + z**2 / 6 - z**3 / 24 + z**4 / 120, -np.expm1(-safe) / safe)
    phi2 = np.where(
        small,
        0.5 - z / 6 + z**2 / 24 - z**3 / 120 + z**4 / 720,
        (np.expm1(-safe) + safe) / safe**2,
    )
    return phi0, phi1, phi2


def collision_tables(
    absorption, scattering, scattering_transport, equilibrium, second_moment, step, n_component
):
    """Tables of one time step.

    Parameters
    ----------
    absorption, scattering, scattering_transport, equilibrium : ndarray (4, n_energy, n_r)
        Stimulated-corrected absorption, chi0 and chi_tr = chi0 - chi1/3 [cm^-1] and
        equilibrium occupation, species nue, nuebar, nux, nuxbar.
    second_moment : float
        Discrete m2 of the angular grid.
    step : float
        c dt [cm].
    n_component : int
        2 (ee, xx), 4 (and Re ex, Im ex) or 9 (three flavours).

    Returns
    -------
    phi : ndarray (2, n_energy, 3, 3, n_kind, n_r)
        Over sector, energy, phi order, eigenvalue (isotropic, dipole, rest), kind of
        component (ee, xx[, ex]), radius. phi1 and phi2 are multiplied by ``step``.
    source : ndarray (2, n_energy, flavors, n_r)
        (1 - e^{-Gamma step}) f_eq of the diagonal.
    """
    n_energy, n_r = absorption.shape[1:]
    n_kind = 2 if n_component == 2 else 3
    by_kind = np.empty((3, 2, n_energy, n_kind, n_r))  # Gamma, chi0, chi1
    chi1 = 3.0 * (scattering - scattering_transport)
    for k, array in enumerate((absorption, scattering, chi1)):
        for sector in range(2):
            e, x = array[sector], array[2 + sector]
            by_kind[k, sector, :, 0] = e
            by_kind[k, sector, :, 1] = x
            if n_kind == 3:
                by_kind[k, sector, :, 2] = 0.5 * (e + x)
    gamma, chi0, chi1 = by_kind
    eigenvalues = np.stack([gamma, gamma + chi0 - second_moment * chi1, gamma + chi0], axis=2)
    phi = np.stack(phi_functions(eigenvalues * step), axis=2)
    phi[:, :, 1:] *= step
    flavors = 3 if n_component == 9 else 2
    source = np.empty((2, n_energy, flavors, n_r))
    for sector in range(2):
        for c in range(flavors):
            species = 2 * min(c, 1) + sector
            source[sector, :, c] = -np.expm1(-absorption[species] * step) * equilibrium[species]
    return np.ascontiguousarray(phi), source


@jit
def apply_phi(block, phi, order, mu, dmu, second_moment, moments, out, add):
    """out (+)= phi_order(step C) block for one block[mu, component, r].

    ``phi`` is (3, 3, n_kind, n_r) of this sector and energy, ``moments`` (2, n_r) work
    space; ``add`` selects accumulation.
    """
    n_mu, n_component, n = block.shape
    for c in range(n_component):
        kind = min(c, 2)
        if n_component == 9 and (c == 2 or c > 6):
            # tau, and mu-tau, have the rates of x; e-mu and e-tau the mean
            kind = 1
        iso = phi[order, 0, kind]
        dip = phi[order, 1, kind]
        rest = phi[order, 2, kind]
        mean = moments[0]
        flux = moments[1]
        mean[:] = 0.0
        flux[:] = 0.0
        for j in range(n_mu):
            w = 0.5 * dmu[j]
            wm = w * mu[j] / second_moment
            row = block[j, c]
            for i in range(n):
                mean[i] += w * row[i]
                flux[i] += wm * row[i]
        for i in range(n):
            mean[i] *= iso[i] - rest[i]
            flux[i] *= dip[i] - rest[i]
        for j in range(n_mu):
            row = block[j, c]
            target = out[j, c]
            m = mu[j]
            if add:
                for i in range(n):
                    target[i] += rest[i] * row[i] + mean[i] + m * flux[i]
            else:
                for i in range(n):
                    target[i] = rest[i] * row[i] + mean[i] + m * flux[i]
