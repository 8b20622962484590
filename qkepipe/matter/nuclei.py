"""Composition fallback: free nucleons, alpha particles and nuclei in statistical equilibrium.

Nucleons are non-relativistic Fermi gases (:mod:`qkepipe.matter.free_gas`), nuclei Boltzmann
gases with mu_i = N_i mu_n + Z_i mu_p. Several nuclei on both sides of every electron fraction
of collapsing matter are needed: with Fe-56 alone (Z/A = 0.464), matter with ye = 0.5 would
contain several per cent of spurious free protons. No nuclear interaction between the
particles: see :mod:`qkepipe.matter.validity` for the range.
"""

import math

import numpy as np

from qkepipe.constants import HBAR_C, M_NEUTRON, M_PROTON, Q_NP
from qkepipe.errors import Defect, QkepipeError
from qkepipe.jit import jit
from qkepipe.matter.free_gas import degeneracy_kernel, log_fermi_half_kernel, log_states_kernel

__all__ = ["NUCLEI", "nuclear_equilibrium"]

#: (name, Z, A, binding energy [MeV]); alpha first. AME2020: Wang et al., Chin. Phys. C 45, 030003.
NUCLEI = (
    ("He-4", 2, 4, 28.295662),
    ("Ni-56", 28, 56, 483.995742),
    ("Co-55", 27, 55, 476.829122),
    ("Ni-58", 28, 58, 506.459602),
    ("Fe-54", 26, 54, 471.764768),
    ("Ni-60", 28, 60, 526.846614),
    ("Fe-56", 26, 56, 492.259953),
    ("Ni-62", 28, 62, 545.262441),
    ("Ni-64", 28, 64, 561.757677),
    ("Ni-66", 28, 66, 576.807568),
    ("Ni-68", 28, 68, 590.407736),
    ("Ge-82", 32, 82, 702.228049),
    ("Zn-80", 30, 80, 673.883656),
)
_Z = np.array([row[1] for row in NUCLEI], dtype=float)
_A = np.array([row[2] for row in NUCLEI], dtype=float)
_B = np.array([row[3] for row in NUCLEI])
#: Spin degeneracy of the ground state.
_SPIN = np.array([8.0 if row[0] == "Co-55" else 1.0 for row in NUCLEI])
_MASS = (_A - _Z) * M_NEUTRON + _Z * M_PROTON - _B
#: Excited states of heavy nuclei: partition function exp(0.0154 A T) (T in MeV), a crude fit.
_EXCITED = np.where(_A > 4.0, 0.0154 * _A, 0.0)
_TINY_FRACTION = 1e-10


@jit
def _log_saha(t, out):
    """log of the density of each nucleus at mu_n - m_n = mu_p - m_p = 0."""
    for i in range(_A.size):
        out[i] = (
            math.log(_SPIN[i])
            + 1.5 * math.log(_MASS[i] * t / (2.0 * math.pi))
            - 3.0 * math.log(HBAR_C)
            + _B[i] / t
            + _EXCITED[i] * t
        )


@jit
def _protons(eta_n, log_z, t, saha, states_p, bound):
    """eta_p at which the total charge density is exp(log_z), at given eta_n.

    log of a sum of exponentials is convex and increasing in eta_p (the free protons bend
    it slightly), so Newton's method converges from above; the start is the largest eta_p
    at which no species alone exceeds the target.
    """
    eta = bound
    for i in range(_A.size):
        eta = min(eta, (log_z - math.log(_Z[i]) - saha[i] - (_A[i] - _Z[i]) * eta_n) / _Z[i])
    for _ in range(100):
        f, s = log_fermi_half_kernel(eta)
        free = math.exp(states_p + f - log_z)
        total = free
        slope = free * s
        for i in range(_A.size):
            part = _Z[i] * math.exp(saha[i] + (_A[i] - _Z[i]) * eta_n + _Z[i] * eta - log_z)
            total += part
            slope += _Z[i] * part
        step = math.log(total) * total / slope
        eta -= step
        if abs(step) <= 1e-14 * max(1.0, abs(eta)):
            break
    return eta


@jit
def _neutrons(eta_n, eta_p, log_n, saha, states_n):
    """Total neutron density over exp(log_n)."""
    total = math.exp(states_n + log_fermi_half_kernel(eta_n)[0] - log_n)
    for i in range(_A.size):
        n = _A[i] - _Z[i]
        total += n * math.exp(saha[i] + n * eta_n + _Z[i] * eta_p - log_n)
    return total


@jit
def equilibrium_kernel(n_b, t, ye, out):
    """Solve for baryon number and charge; see :func:`nuclear_equilibrium` for ``out``.

    Along the curve of fixed charge the neutron density grows with eta_n (the pressure is
    convex in the chemical potentials): a bracket in eta_n, reduced by regula falsi with
    the Illinois weight.
    """
    saha = np.empty(_A.size)
    _log_saha(t, saha)
    states_n = log_states_kernel(M_NEUTRON, t)
    states_p = log_states_kernel(M_PROTON, t)
    log_z = math.log(n_b * max(ye, _TINY_FRACTION))
    log_n = math.log(n_b * max(1.0 - ye, _TINY_FRACTION))
    bound = degeneracy_kernel(log_z, M_PROTON, t)
    high = degeneracy_kernel(log_n, M_NEUTRON, t)
    eta_p = _protons(high, log_z, t, saha, states_p, bound)
    g_high = math.log(_neutrons(high, eta_p, log_n, saha, states_n))
    low, g_low = high, g_high
    width = 1.0
    while g_low > 0.0 and width < 1e7:
        high, g_high = low, g_low
        low -= width
        width *= 2.0
        eta_p = _protons(low, log_z, t, saha, states_p, bound)
        g_low = math.log(_neutrons(low, eta_p, log_n, saha, states_n))
    eta_n = high
    if g_high > 0.0 and g_low < 0.0:
        side = 0
        for _ in range(200):
            eta_n = (low * g_high - high * g_low) / (g_high - g_low)
            if not low < eta_n < high:
                eta_n = 0.5 * (low + high)
            eta_p = _protons(eta_n, log_z, t, saha, states_p, bound)
            g = math.log(_neutrons(eta_n, eta_p, log_n, saha, states_n))
            if g > 0.0:
                high, g_high = eta_n, g
                if side == 1:
                    g_low *= 0.5
                side = 1
            else:
                low, g_low = eta_n, g
                if side == -1:
                    g_high *= 0.5
                side = -1
            if g == 0.0 or high - low <= 1e-13 * max(1.0, abs(eta_n)):
                break
    else:
        eta_n = low
        eta_p = _protons(eta_n, log_z, t, saha, states_p, bound)
    out[0] = math.exp(states_n + log_fermi_half_kernel(eta_n)[0]) / n_b
    out[1] = math.exp(states_p + log_fermi_half_kernel(eta_p)[0]) / n_b
    out[2] = 4.0 * math.exp(saha[0] + 2.0 * eta_n + 2.0 * eta_p) / n_b
    largest = -math.inf
    for i in range(1, _A.size):
        largest = max(largest, saha[i] + (_A[i] - _Z[i]) * eta_n + _Z[i] * eta_p)
    number = 0.0
    mass = 0.0
    charge = 0.0
    for i in range(1, _A.size):
        w = math.exp(saha[i] + (_A[i] - _Z[i]) * eta_n + _Z[i] * eta_p - largest)
        number += w
        mass += _A[i] * w
        charge += _Z[i] * w
    out[3] = mass * math.exp(largest) / n_b
    out[4] = mass / number
    out[5] = charge / number
    out[6] = Q_NP + t * (eta_n - eta_p)


@jit
def _equilibrium_loop(n_b, t, ye, out):
    for i in range(n_b.size):
        equilibrium_kernel(n_b[i], t[i], ye[i], out[:, i])


def nuclear_equilibrium(n_b, temperature, ye) -> dict[str, np.ndarray]:
    """Composition in nuclear statistical equilibrium, without nuclear interactions.

    Parameters
    ----------
    n_b : array_like
        Baryon number density [cm^-3].
    temperature : array_like
        [MeV].
    ye : array_like
        Electron fraction; below 1e-10 and above 1 - 1e-10 it counts as that limit.

    Returns
    -------
    dict
        ``x_n x_p x_alpha x_heavy`` (mass fractions, sum 1), ``abar zbar`` (means over the
        heavy nuclei), ``mu_hat`` = mu_n - mu_p with rest masses [MeV]. Same shape as the input.

    Raises
    ------
    QkepipeError
        For input that is not finite and positive, or ye outside [0, 1].
    """
    n, t, y = np.broadcast_arrays(
        np.asarray(n_b, dtype=float),
        np.asarray(temperature, dtype=float),
        np.asarray(ye, dtype=float),
    )
    shape = n.shape
    n, t, y = (np.ascontiguousarray(v).ravel() for v in (n, t, y))
    bad = ~(np.isfinite(n + t + y) & (n > 0.0) & (t > 0.0) & (y >= 0.0) & (y <= 1.0))
    if bad.any():
        i = int(np.argmax(bad))
        raise QkepipeError(
            Defect(
                "nuclear equilibrium",
                f"zone {i}",
                f"n_b = {n[i]:.6g} cm-3, temperature = {t[i]:.6g} MeV, ye = {y[i]:.6g}"
                f" ({int(bad.sum())} such zones)",
                "n_b > 0, temperature > 0, 0 <= ye <= 1",
            )
        )
    out = np.empty((7, n.size))
    _equilibrium_loop(n, t, y, out)
    names = ("x_n", "x_p", "x_alpha", "x_heavy", "abar", "zbar", "mu_hat")
    return {name: row.reshape(shape) for name, row in zip(names, out, strict=True)}
