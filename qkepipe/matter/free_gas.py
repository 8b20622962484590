"""Free neutrons and protons: non-relativistic Fermi gas of spin 1/2.

    n = (2 m T)^(3/2) / (2 pi^2 (hbar c)^3) F(eta)
    F(eta) = int_0^inf sqrt(x) dx / (1 + e^(x - eta))

with eta = (mu - m - U)/T. Logarithms throughout: the fractions of bound matter are
exponentially small.
"""

import math

import numpy as np

from qkepipe.constants import HBAR_C, M_NEUTRON, M_PROTON, Q_NP
from qkepipe.errors import Defect, QkepipeError
from qkepipe.jit import jit

__all__ = ["degeneracy", "fermi_integral_half", "free_gas_mu_hat"]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)
#: Smallest fraction that enters a logarithm: stands for "none".
_NONE = 1e-30


@jit
def log_fermi_half_kernel(eta):
    """log F(eta) and its derivative in eta, with x = t^2.

    Two 64-point panels that meet at the Fermi surface t = sqrt(eta); one for eta <= 0,
    where the factor e^eta is taken out.
    """
    scale = min(eta, 0.0)
    surface = math.sqrt(max(eta, 0.0))
    last = math.sqrt(max(eta, 0.0) + 40.0)
    total = 0.0
    slope = 0.0
    for panel in range(2):
        low = 0.0 if panel == 0 else surface
        high = surface if panel == 0 else last
        half = 0.5 * (high - low)
        if half <= 0.0:
            continue
        for i in range(_NODES.size):
            t = low + half * (1.0 + _NODES[i])
            # f e^-scale and 1 - f, with f = 1/(1 + e^(t^2 - eta))
            up = math.exp(t * t - eta + scale)
            hole = 1.0 / (1.0 + math.exp(eta - t * t))
            f = 1.0 / (math.exp(scale) + up)
            w = half * _WEIGHTS[i] * 2.0 * t * t * f
            total += w
            slope += w * hole
    return scale + math.log(total), slope / total


@jit
def log_states_kernel(mass, t):
    """log of (2 m T)^(3/2)/(2 pi^2 (hbar c)^3) [cm^-3]."""
    return 1.5 * math.log(2.0 * mass * t) - math.log(2.0 * math.pi**2) - 3.0 * math.log(HBAR_C)


@jit
def degeneracy_kernel(log_n, mass, t):
    """eta of a density exp(log_n) [cm^-3]; Newton's method in log n.

    log F is concave and increasing, so the iteration converges from any start.
    """
    target = log_n - log_states_kernel(mass, t)
    # Boltzmann limit log F = eta + log(sqrt(pi)/2); degenerate limit F = (2/3) eta^(3/2)
    eta = target + 0.120782237635245222
    if eta > 1.0:
        eta = (1.5 * math.exp(target)) ** (2.0 / 3.0)
    for _ in range(100):
        value, slope = log_fermi_half_kernel(eta)
        step = (target - value) / slope
        eta += step
        if abs(step) <= 1e-12 * max(1.0, abs(eta)):
            break
    return eta


@jit
def _degeneracy_loop(log_n, mass, t, out):
    for i in range(log_n.size):
        out[i] = degeneracy_kernel(log_n[i], mass, t[i])


@jit
def _fermi_loop(eta, out):
    for i in range(eta.size):
        out[i] = math.exp(log_fermi_half_kernel(eta[i])[0])


def fermi_integral_half(eta) -> np.ndarray:
    """F(eta) = int_0^inf sqrt(x) dx/(1 + exp(x - eta)), any shape."""
    e = np.asarray(eta, dtype=float)
    out = np.empty(e.size)
    _fermi_loop(np.ascontiguousarray(e).ravel(), out)
    return out.reshape(e.shape)


def degeneracy(density, temperature, mass: float) -> np.ndarray:
    """Degeneracy parameter eta = (mu - m - U)/T of a gas of free nucleons.

    Parameters
    ----------
    density : array_like
        Number density [cm^-3], positive.
    temperature : array_like
        [MeV], positive; broadcast with ``density``.
    mass : float
        Nucleon mass [MeV].

    Raises
    ------
    QkepipeError
        For values that are not finite and positive.
    """
    n, t = np.broadcast_arrays(
        np.asarray(density, dtype=float), np.asarray(temperature, dtype=float)
    )
    if not (np.all(np.isfinite(n) & (n > 0.0)) and np.all(np.isfinite(t) & (t > 0.0))):
        raise QkepipeError(
            Defect("free gas", "density, temperature", "not finite and positive", "values > 0")
        )
    out = np.empty(n.size)
    _degeneracy_loop(np.log(np.ascontiguousarray(n).ravel()), mass, t.ravel().copy(), out)
    return out.reshape(n.shape)


def free_gas_mu_hat(n_n, n_p, temperature, delta_u=0.0) -> np.ndarray:
    """mu_n - mu_p, rest masses included, of free nucleons of given densities.

    mu_hat = (m_n - m_p) + T (eta_n - eta_p) + delta_u. No assumption about nuclear
    equilibrium: the nucleons may be what is left of frozen bound matter.

    Parameters
    ----------
    n_n, n_p : array_like
        Densities of free neutrons and protons [cm^-3]; a species that is absent counts
        as 1e-30 of the other one.
    temperature : array_like
        [MeV].
    delta_u : array_like
        U_n - U_p [MeV], 0 if unknown.

    Returns
    -------
    ndarray
        mu_hat [MeV]; m_n - m_p + delta_u where there are no free nucleons at all.
    """
    n = np.maximum(np.asarray(n_n, dtype=float), 0.0)
    p = np.maximum(np.asarray(n_p, dtype=float), 0.0)
    floor = np.maximum(_NONE * np.maximum(n, p), 1e-200)
    eta_n = degeneracy(np.maximum(n, floor), temperature, M_NEUTRON)
    eta_p = degeneracy(np.maximum(p, floor), temperature, M_PROTON)
    difference = np.where((n > 0.0) | (p > 0.0), np.asarray(temperature) * (eta_n - eta_p), 0.0)
    return Q_NP + difference + delta_u
