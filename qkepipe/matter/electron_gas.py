"""Ideal gas of electrons and positrons: net density from mu_e, and its inverse.

    n(e-) - n(e+) = 1/(pi^2 (hbar c)^3) int p^2 dp [ f(eps - mu_e) - f(eps + mu_e) ]

with eps^2 = p^2 + m_e^2 and the rest mass included in mu_e. The difference of the two
occupations is evaluated as (1 - exp(-2 mu/T)) f(eps - mu) (1 - f(eps + mu)), which has no
cancellation where pairs are far more abundant than the net density.
"""

import math

import numpy as np

from qkepipe.constants import HBAR_C, M_ELECTRON
from qkepipe.errors import Defect, QkepipeError
from qkepipe.jit import jit

__all__ = [
    "electron_chemical_potential",
    "massless_chemical_potential",
    "massless_net_density",
    "net_electron_density",
]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)
_STATES = 1.0 / (math.pi**2 * HBAR_C**3)
#: Distance from the Fermi surface, in T, beyond which exp(-x) is below round-off.
_REACH = 40.0


@jit
def _momentum(energy):
    return math.sqrt(max(energy * energy - M_ELECTRON * M_ELECTRON, 0.0))


@jit
def _fermi(x):
    """1/(1 + exp(x)) without overflow."""
    if x > 0.0:
        e = math.exp(-x)
        return e / (1.0 + e)
    return 1.0 / (1.0 + math.exp(x))


@jit
def net_density_kernel(mu, t):
    """Net density [cm^-3] and its derivative in mu [cm^-3 MeV^-1] at mu >= 0 [MeV], t [MeV].

    Gauss-Legendre panels meet where the integrand changes its scale: at 4 m_e (the mass
    is felt below), at the Fermi surface, 40 T on either side of it and 8 T above it.
    """
    surface = max(mu, M_ELECTRON)
    edges = np.empty(6)
    edges[0] = 0.0
    edges[1] = _momentum(max(surface - _REACH * t, M_ELECTRON))
    edges[2] = _momentum(surface)
    edges[3] = _momentum(surface + 8.0 * t)
    edges[4] = _momentum(surface + _REACH * t)
    edges[5] = min(4.0 * M_ELECTRON, edges[4])
    edges.sort()
    total = 0.0
    slope = 0.0
    for k in range(5):
        half = 0.5 * (edges[k + 1] - edges[k])
        if half <= 0.0:
            continue
        middle = 0.5 * (edges[k + 1] + edges[k])
        for i in range(_NODES.size):
            p = middle + half * _NODES[i]
            eps = math.sqrt(p * p + M_ELECTRON * M_ELECTRON)
            f = _fermi((eps - mu) / t)
            fbar = _fermi((eps + mu) / t)
            w = half * _WEIGHTS[i] * p * p
            total += w * f * (1.0 - fbar)
            slope += w * (f * (1.0 - f) + fbar * (1.0 - fbar))
    return -math.expm1(-2.0 * mu / t) * _STATES * total, _STATES * slope / t


@jit
def massless_mu_kernel(n, t):
    """Chemical potential [MeV] of massless electrons: mu^3 + pi^2 T^2 mu = 3 pi^2 (hbar c)^3 n."""
    b = (math.pi * t) ** 2 / 3.0
    q = 1.5 * n / _STATES
    # hyperbolic solution of the depressed cubic: stable for both signs of large ratios
    root = math.sqrt(b)
    return 2.0 * root * math.sinh(math.asinh(q / (b * root)) / 3.0)


@jit
def mu_kernel(n, t):
    """Chemical potential [MeV] of a net density n >= 0 [cm^-3] at t [MeV].

    The mass shifts mu by at most m_e above the massless value (both bounds follow from
    p <= eps <= p + m_e), so the bracket is [mu_0, mu_0 + m_e]. Newton's method in log n,
    replaced by bisection where it leaves the bracket.
    """
    if n <= 0.0:
        return 0.0
    low = massless_mu_kernel(n, t)
    high = low + M_ELECTRON
    mu = low if low > M_ELECTRON or t > M_ELECTRON else high
    low *= 1.0 - 1e-12
    target = math.log(n)
    for _ in range(200):
        value, slope = net_density_kernel(mu, t)
        if value > n:
            high = mu
        else:
            low = mu
        if value > 0.0:
            new = mu - (math.log(value) - target) * value / slope
            if abs(new - mu) <= 1e-8 * min(mu, t):  # quadratic: the error is now below 1e-15
                return new
            if low < new < high:
                mu = new
                continue
        mu = 0.5 * (low + high)
    return mu


@jit
def _mu_loop(n, t, out):
    for i in range(n.size):
        out[i] = mu_kernel(n[i], t[i])


@jit
def _density_loop(mu, t, out):
    for i in range(mu.size):
        if mu[i] >= 0.0:
            out[i] = net_density_kernel(mu[i], t[i])[0]
        else:
            out[i] = -net_density_kernel(-mu[i], t[i])[0]


def _flat(name, values, temperature):
    a, t = np.broadcast_arrays(
        np.asarray(values, dtype=float), np.asarray(temperature, dtype=float)
    )
    shape = a.shape
    a, t = np.ascontiguousarray(a).ravel(), np.ascontiguousarray(t).ravel()
    bad = ~(np.isfinite(a) & np.isfinite(t) & (t > 0.0))
    if name == "net electron density":
        bad |= a < 0.0
    if bad.any():
        i = int(np.argmax(bad))
        raise QkepipeError(
            Defect(
                "electron gas",
                f"zone {i}",
                f"{name} = {a[i]:.6g}, temperature = {t[i]:.6g} MeV ({int(bad.sum())} such zones)",
                "finite values, positive temperature, net density >= 0",
            )
        )
    return a, t, shape


def net_electron_density(mu_e, temperature) -> np.ndarray:
    """Net density n(e-) - n(e+) of the ideal electron gas.

    Parameters
    ----------
    mu_e : array_like
        Electron chemical potential with rest mass [MeV].
    temperature : array_like
        [MeV]; broadcast with ``mu_e``.

    Returns
    -------
    ndarray
        [cm^-3], negative for negative ``mu_e``.

    Raises
    ------
    QkepipeError
        For non-finite input or a temperature that is not positive.
    """
    mu, t, shape = _flat("mu_e", mu_e, temperature)
    out = np.empty(mu.size)
    _density_loop(mu, t, out)
    return out.reshape(shape)


def electron_chemical_potential(density, temperature) -> np.ndarray:
    """Electron chemical potential of a net density, the inverse of the function above.

    Parameters
    ----------
    density : array_like
        n(e-) - n(e+) = rho ye/m_b [cm^-3], not negative.
    temperature : array_like
        [MeV]; broadcast with ``density``.

    Returns
    -------
    ndarray
        mu_e with rest mass [MeV]; 0 for density 0.

    Raises
    ------
    QkepipeError
        For non-finite or negative density, or a temperature that is not positive.
    """
    n, t, shape = _flat("net electron density", density, temperature)
    out = np.empty(n.size)
    _mu_loop(n, t, out)
    return out.reshape(shape)


def massless_net_density(mu_e, temperature) -> np.ndarray:
    """Net density [cm^-3] for m_e = 0: (mu^3 + pi^2 T^2 mu)/(3 pi^2 (hbar c)^3)."""
    mu, t = np.asarray(mu_e, dtype=float), np.asarray(temperature, dtype=float)
    return (mu**3 + (np.pi * t) ** 2 * mu) * _STATES / 3.0


def massless_chemical_potential(density, temperature) -> np.ndarray:
    """Inverse of :func:`massless_net_density` [MeV]."""
    n, t, shape = _flat("net electron density", density, temperature)
    return np.array([massless_mu_kernel(a, b) for a, b in zip(n, t, strict=True)]).reshape(shape)
