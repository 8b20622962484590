"""Initial flavour coherence: small off-diagonal elements added to a classical state."""

from __future__ import annotations

import numpy as np

__all__ = ["SEEDS", "entering_noise", "seed_profile", "seed_state", "seed_state_three"]

#: Kinds of profile: independent random phases per cell, or a wave of given wavenumber.
SEEDS = ("noise", "wave")


def seed_profile(kind: str, radius: np.ndarray, random_seed: int, wavenumber=None) -> np.ndarray:
    """Complex profile e(r) of modulus about 1, shape (n_r,).

    Parameters
    ----------
    kind : {"noise", "wave"}
        ``noise``: random phases, smoothed over neighbouring cells so that the first step
        does not remove it. ``wave``: exp(i int k dr).
    radius : ndarray (n_r,)
        Cell centres [cm].
    random_seed : int
        Seed of numpy's default generator (noise only).
    wavenumber : ndarray (n_r,)
        k [cm^-1] (wave only).
    """
    if kind == "wave":
        dr = np.gradient(radius)
        return np.exp(1j * np.cumsum(wavenumber * dr))
    rng = np.random.default_rng(random_seed)
    phase = rng.uniform(0.0, 2.0 * np.pi, radius.size)
    raw = np.exp(1j * phase)
    kernel = np.exp(-0.5 * (np.arange(-8, 9) / 3.0) ** 2)
    # of numpy's modes "same" would be longer than few cells
    smooth = np.convolve(raw, kernel)[8 : 8 + radius.size]
    return smooth / np.sqrt(np.sum(kernel**2))


def entering_noise(cells: np.ndarray, random_seed) -> np.ndarray:
    """Complex profile in time, of modulus about 1, of what enters at the inner edge.

    Random phases, smoothed over some cells of what flows in.

    Parameters
    ----------
    cells : ndarray (n,)
        Times, in light-crossing times of the first cell, not falling.
    random_seed : int or tuple of int

    Returns
    -------
    ndarray (n,), complex
    """
    knots = np.arange(np.ceil(cells[-1]) + 2.0)
    noise = seed_profile("noise", knots, random_seed)
    return np.interp(cells, knots, noise)


def seed_state(f: np.ndarray, amplitude: float, profile: np.ndarray) -> np.ndarray:
    """Turn the flavour vectors of a diagonal state by small angles.

    f_ex = (f_ee - f_xx)/2 sin(angle) e^{i phase}, and f_ee - f_xx shrinks by cos(angle),
    with angle = amplitude |e(r)|: the length of P does not change, so the matrix stays
    positive. For antineutrinos, stored as complex conjugates, the same factor applies.

    Parameters
    ----------
    f : ndarray (2, 2, n_energy, n_mu, n_r)
        Diagonal components over (flavour, sector, energy, mu, r).
    amplitude : float
        Angle by which flavour vectors are turned where |e(r)| = 1.
    profile : ndarray (n_r,), complex

    Returns
    -------
    ndarray (4, 2, n_energy, n_mu, n_r)
        Components ee, xx, Re ex, Im ex.
    """
    trace = f[0] + f[1]
    difference = f[0] - f[1]
    angle = amplitude * np.abs(profile)
    along = np.cos(angle) * difference
    across = 0.5 * np.sin(angle) * difference
    phase = np.exp(1j * np.angle(profile))
    return np.ascontiguousarray(
        np.stack(
            [
                0.5 * (trace + along),
                0.5 * (trace - along),
                across * phase.real,
                across * phase.imag,
            ]
        )
    )


def seed_state_three(f: np.ndarray, amplitude: float, profiles: np.ndarray) -> np.ndarray:
    """Turn the electron flavour of a diagonal state with mu = tau by small angles.

    f = f_xx + (f_ee - f_xx) |psi><psi| with psi = (cos(angle/2), sin(angle/2) e(r)^*/|e(r)|),
    e(r) = (e_mu, e_tau), angle = amplitude |e(r)|: f_emu and f_etau start as the off-diagonal
    of :func:`seed_state` with the profiles e_mu and e_tau, f_mutau in the second order of the
    angle, without which the matrix would not be positive where there are no heavy flavours.
    With one profile alone (or the ratio of the two the same everywhere) the problem is one of
    two flavours in another basis.

    Parameters
    ----------
    f : ndarray (2, 2, n_energy, n_mu, n_r)
        Diagonal components ee and xx over (flavour, sector, energy, mu, r).
    amplitude : float
        Angle by which the electron flavour is turned where |e(r)| = 1.
    profiles : ndarray (2, n_r), complex
        e_mu and e_tau.

    Returns
    -------
    ndarray (9, 2, n_energy, n_mu, n_r)
        Components ee, mumu, tautau, Re and Im of emu, etau, mutau.
    """
    difference = f[0] - f[1]
    length = np.sqrt((np.abs(profiles) ** 2).sum(axis=0))
    to_mu, to_tau = profiles / np.where(length > 0.0, length, 1.0)
    angle = amplitude * length
    across = 0.5 * np.sin(angle) * difference
    moved = np.sin(0.5 * angle) ** 2 * difference
    between = np.conj(to_mu) * to_tau
    return np.ascontiguousarray(
        np.stack(
            [
                f[0] - moved * (np.abs(to_mu) ** 2 + np.abs(to_tau) ** 2),
                f[1] + moved * np.abs(to_mu) ** 2,
                f[1] + moved * np.abs(to_tau) ** 2,
                across * to_mu.real,
                across * to_mu.imag,
                across * to_tau.real,
                across * to_tau.imag,
                moved * between.real,
                moved * between.imag,
            ]
        )
    )
