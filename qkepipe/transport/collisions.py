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

__all__ = ["SUMS", "collide_first", "collide_second", "collision_tables", "phi_functions"]

#: Cells that are worked on at a time: their moments stay in the innermost cache.
LANES = 256
#: Length of the work space.
SUMS = 4 * LANES


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
def _kind(c, n_component):
    """Kind of a component: ee, xx or ex. Tau and mu-tau have the rates of x."""
    heavy = n_component == 9 and (c == 2 or c > 6)
    return 1 if heavy else min(c, 2)


@jit
def _moments(f, c, sector, energy, mu, dmu, lo, count, sums, at):
    """Isotropic part and mu-moment of a window, written to ``sums[at:]`` and a window later."""
    n_mu = f.shape[3]
    # views with indices from 0, here and below: the test for negative indices, which an offset
    # needs, keeps loops from being vectorised
    sums = sums[at : at + 2 * LANES]
    for i in range(count):
        sums[i] = 0.0
        sums[LANES + i] = 0.0
    # four rows at a time: the sums are loaded and stored a quarter as often
    whole = n_mu - n_mu % 4
    for j in range(0, whole, 4):
        r0 = f[c, sector, energy, j, lo : lo + count]
        r1 = f[c, sector, energy, j + 1, lo : lo + count]
        r2 = f[c, sector, energy, j + 2, lo : lo + count]
        r3 = f[c, sector, energy, j + 3, lo : lo + count]
        w0 = 0.5 * dmu[j]
        w1 = 0.5 * dmu[j + 1]
        w2 = 0.5 * dmu[j + 2]
        w3 = 0.5 * dmu[j + 3]
        m0 = mu[j]
        m1 = mu[j + 1]
        m2 = mu[j + 2]
        m3 = mu[j + 3]
        for i in range(count):
            x0 = w0 * r0[i]
            x1 = w1 * r1[i]
            x2 = w2 * r2[i]
            x3 = w3 * r3[i]
            sums[i] += (x0 + x1) + (x2 + x3)
            sums[LANES + i] += (m0 * x0 + m1 * x1) + (m2 * x2 + m3 * x3)
    for j in range(whole, n_mu):
        row = f[c, sector, energy, j, lo : lo + count]
        w = 0.5 * dmu[j]
        m = w * mu[j]
        for i in range(count):
            sums[i] += w * row[i]
            sums[LANES + i] += m * row[i]


@jit
def collide_first(
    f, sector, energy, rate, phi, source, step, volume, mu, dmu, m2, sums, budget, out
):
    """out = phi0 f + phi1 rate + source, with the moments of the budget.

    Parameters
    ----------
    f : ndarray (n_component, n_sector, n_energy, n_mu, n_r)
    sector, energy : int
    rate : ndarray (n_component, 1, 1, n_mu, n_r)
    phi : ndarray (3, 3, n_kind, n_r)
        Of this sector and energy.
    source : ndarray (n_flavor, n_r)
    step : float
        c dt [cm].
    volume : ndarray (n_r,)
    mu, dmu : ndarray (n_mu,)
    m2 : float
        Second moment of the angular grid.
    sums : ndarray (SUMS,)
        Work space.
    budget : ndarray (n_flavor, 4)
        Output: numbers before the step, and gain from collisions as far as known.
    out : ndarray (n_component, 1, 1, n_mu, n_r)
    """
    n_component, _, _, n_mu, n = f.shape
    n_flavor = source.shape[0]
    for c in range(n_component):
        kind = _kind(c, n_component)
        before = 0.0
        gained = 0.0
        for lo in range(0, n, LANES):
            count = min(LANES, n - lo)
            window = slice(lo, lo + count)
            iso0, iso1 = phi[0, 0, kind, window], phi[1, 0, kind, window]
            dip0, dip1 = phi[0, 1, kind, window], phi[1, 1, kind, window]
            rest0, rest1 = phi[0, 2, kind, window], phi[1, 2, kind, window]
            cells = volume[window]
            _moments(f, c, sector, energy, mu, dmu, lo, count, sums, 0)
            _moments(rate, c, 0, 0, mu, dmu, lo, count, sums, 2 * LANES)
            if c < n_flavor:
                gain = source[c, window]
                for i in range(count):
                    before += cells[i] * sums[i]
                    # the number of the linear flow driven by the same streaming
                    gained += cells[i] * (
                        (iso0[i] - 1.0) * sums[i] + gain[i] + (iso1[i] - step) * sums[2 * LANES + i]
                    )
            for i in range(count):
                mean = (iso0[i] - rest0[i]) * sums[i] + (iso1[i] - rest1[i]) * sums[2 * LANES + i]
                flux = (dip0[i] - rest0[i]) * sums[LANES + i] + (dip1[i] - rest1[i]) * sums[
                    3 * LANES + i
                ]
                sums[i] = mean
                sums[LANES + i] = flux / m2
            if c < n_flavor:
                gain = source[c, window]
                for i in range(count):
                    sums[i] += gain[i]
            for j in range(n_mu):
                row = f[c, sector, energy, j, window]
                change = rate[c, 0, 0, j, window]
                target = out[c, 0, 0, j, window]
                m = mu[j]
                for i in range(count):
                    target[i] = (rest0[i] * row[i] + rest1[i] * change[i]) + (
                        sums[i] + m * sums[LANES + i]
                    )
        if c < n_flavor:
            budget[c, 0] = before
            budget[c, 3] = gained


@jit
def collide_second(start, change, phi, step, volume, mu, dmu, m2, sums, budget, f, sector, energy):
    """f = start + phi2 change, with what is left of the budget.

    Parameters
    ----------
    start, change : ndarray (n_component, 1, 1, n_mu, n_r)
        State after the first stage; rate of the second minus rate of the first one.
    phi, step, volume, mu, dmu, m2, sums
        As for :func:`collide_first`.
    budget : ndarray (n_flavor, 4)
        Output: numbers after the step; added: gain from collisions.
    f : ndarray (n_component, n_sector, n_energy, n_mu, n_r)
        Output, in this ``sector`` and ``energy``.
    """
    n_component, _, _, n_mu, n = start.shape
    n_flavor = budget.shape[0]
    for c in range(n_component):
        kind = _kind(c, n_component)
        after = 0.0
        gained = 0.0
        for lo in range(0, n, LANES):
            count = min(LANES, n - lo)
            window = slice(lo, lo + count)
            iso, dip = phi[2, 0, kind, window], phi[2, 1, kind, window]
            rest, cells = phi[2, 2, kind, window], volume[window]
            _moments(change, c, 0, 0, mu, dmu, lo, count, sums, 0)
            if c < n_flavor:
                for i in range(count):
                    gained += cells[i] * (iso[i] - 0.5 * step) * sums[i]
            for i in range(count):
                sums[i] *= iso[i] - rest[i]
                sums[LANES + i] *= (dip[i] - rest[i]) / m2
            for j in range(n_mu):
                row = start[c, 0, 0, j, window]
                difference = change[c, 0, 0, j, window]
                target = f[c, sector, energy, j, window]
                m = mu[j]
                for i in range(count):
                    target[i] = (row[i] + rest[i] * difference[i]) + (sums[i] + m * sums[LANES + i])
            if c < n_flavor:
                _moments(f, c, sector, energy, mu, dmu, lo, count, sums, 0)
                for i in range(count):
                    after += cells[i] * sums[i]
        if c < n_flavor:
            budget[c, 1] = after
            budget[c, 3] += gained
