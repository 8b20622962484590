"""Charged-current reactions nu_e n <-> p e- and nubar_e p <-> n e+, elastic limit.

Bruenn, ApJS 58, 771 (1985), eqs (C13)-(C20), with final-state blocking of nucleons and
electrons, the mean-field shift of the energies, and recoil and weak magnetism as a factor.

    kappa(nu_e)    = G eta_np (E + Q')^2 sqrt(1 - m_e^2/(E + Q')^2) [1 - f_e-(E + Q')] R
    kappa(nubar_e) = G eta_pn (E - Q')^2 sqrt(1 - m_e^2/(E - Q')^2) [1 - f_e+(E - Q')] Rbar
    G = G_F^2 (hbar c)^2 (g_V^2 + 3 g_A^2)/pi,    Q' = m_n - m_p + delta_u
    eta_np = (n_n - n_p)/(1 - e^-x),  eta_pn = eta_np e^-x,  x = (mu_hat - Q')/T

Absorption is computed, emission follows from detailed balance. Tabulated or rounded chemical
potentials are not exactly those of the densities; eta is then bounded, or not, as
``WeakConstants.nucleon_blocking`` says.
"""

import math

import numpy as np

from qkepipe.constants import M_U_GRAM
from qkepipe.jit import jit
from qkepipe.opacity.constants import BLOCKING
from qkepipe.opacity.nucleon import charged_current_factor, distinct
from qkepipe.opacity.process import Matter, Opacities, Process, Setup

__all__ = ["PROCESS", "beta", "blocked_densities"]

#: Below this |mu_hat - Q'| [MeV] the blocking factor is a ratio of two roundings.
_SMALL_DIFFERENCE = 1e-2
#: A gas counts as dilute below this fugacity: blocking then removes less than 10 %.
_DILUTE = 0.1
#: Larger reductions of a dilute gas are taken as an inconsistency of the input.
_DILUTE_FLOOR = 0.8
#: Bound on an exponent.
_LARGEST_EXPONENT = 700.0


@jit
def _log1pexp(x):
    if x > 0.0:
        return x + math.log1p(math.exp(-x))
    return math.log1p(math.exp(x))


@jit
def blocked_densities(n_n, n_p, difference, t, mass, hbar_c):
    """Densities of neutrons and of protons that can absorb, (eta_np, eta_pn) [cm^-3].

    ``difference`` = mu_hat - Q' [MeV]. Since eta_np - eta_pn = n_n - n_p, both are within
    [0, n_n] and [0, n_p] or neither is. Outside, and where a dilute gas would lose more than
    20 %, the chemical potentials are not those of the densities (rounding near n_n = n_p;
    tabulated trace nucleons): the densities themselves are returned.
    """
    if abs(difference) >= _SMALL_DIFFERENCE:
        eta_np, eta_pn = _overlaps(n_n, n_p, difference / t)
        wavelength = hbar_c * math.sqrt(2.0 * math.pi / (mass * t))
        dilute = 0.5 * max(n_n, n_p) * wavelength**3 < _DILUTE
        floor = _DILUTE_FLOOR if dilute else 0.0
        if floor * n_n < eta_np <= n_n and floor * n_p < eta_pn <= n_p:
            return eta_np, eta_pn
    return n_n, n_p


@jit
def _overlaps(n_n, n_p, x):
    """(eta_np, eta_pn) of Bruenn (1985), eq (C14); expm1 of a negative number only."""
    if x > 0.0:
        eta_np = (n_n - n_p) / -math.expm1(-x)
        return eta_np, eta_np * math.exp(-x)
    eta_pn = (n_p - n_n) / -math.expm1(x)
    return eta_pn * math.exp(x), eta_pn


@jit
def _bruenn_densities(n_n, n_p, difference, t):
    """As in bns_nurates: no bound, the density where eta < 0 or the difference is small.

    That program blocks the emission of nu_e with eta_pn and that of nubar_e with eta_np, and
    takes absorption from detailed balance; in terms of absorption, eta_np is eta_pn e^x.
    """
    x = difference / t
    eta_np, eta_pn = n_n, n_p
    if abs(difference) >= _SMALL_DIFFERENCE:
        eta_np, eta_pn = _overlaps(n_n, n_p, x)
        eta_np = eta_np if eta_np >= 0.0 else n_n
        eta_pn = eta_pn if eta_pn >= 0.0 else n_p
    limit = min(max(x, -_LARGEST_EXPONENT), _LARGEST_EXPONENT)
    return eta_pn * math.exp(limit), eta_np * math.exp(-limit)


@jit
def _clipped_densities(n_n, n_p, difference, t):
    """As in NuLib: no bound from above, negative values are 0."""
    if difference == 0.0:
        return n_n, n_p
    eta_np, eta_pn = _overlaps(n_n, n_p, difference / t)
    return max(eta_np, 0.0), max(eta_pn, 0.0)


@jit
def _absorption(eta, lepton, lepton_mu, a, t, scale, m_e):
    """kappa* [cm^-1] for a final lepton of energy ``lepton``; a = (E - mu_nu)/T.

    kappa (1 + e^-a) with kappa proportional to 1 - f_lepton: the sum of logarithms stays
    finite where the lepton is fully blocked and emission dominates.
    """
    if lepton <= m_e or eta <= 0.0 or scale <= 0.0:
        return 0.0
    phase_space = scale * eta * lepton * math.sqrt(lepton * lepton - m_e * m_e)
    return phase_space * math.exp(_log1pexp(-a) - _log1pexp((lepton_mu - lepton) / t))


@jit
def _beta_kernel(t, eta_np, eta_pn, mu_e, mu_nu, q, energy, scale, scale_bar, m_e, out):
    for k in range(energy.shape[0]):
        for z in range(energy.shape[1]):
            e = energy[k, z]
            out[0, k, z] = _absorption(
                eta_np[z], e + q[z], mu_e[z], (e - mu_nu[z]) / t[z], t[z], scale[k, z], m_e
            )
            out[1, k, z] = _absorption(
                eta_pn[z], e - q[z], -mu_e[z], (e + mu_nu[z]) / t[z], t[z], scale_bar[k, z], m_e
            )


@jit
def _nucleons(t, n_n, n_p, difference, blocked, kind, mass, hbar_c, eta_np, eta_pn):
    for z in range(t.size):
        n, p, d = n_n[z], n_p[z], difference[z]
        if blocked[z] and kind == 0:
            n, p = blocked_densities(n, p, d, t[z], mass, hbar_c)
        elif blocked[z] and kind == 1:
            n, p = _bruenn_densities(n, p, d, t[z])
        elif blocked[z]:
            n, p = _clipped_densities(n, p, d, t[z])
        eta_np[z], eta_pn[z] = n, p


def beta(matter: Matter, energy: np.ndarray, setup: Setup) -> Opacities:
    """Absorption and emission of nu_e on free neutrons and nubar_e on free protons.

    Parameters
    ----------
    matter : Matter
    energy : ndarray, shape (e, z)
        Local energies [MeV].
    setup : Setup

    Returns
    -------
    Opacities
        ``absorption`` (4, e, z): zero for nux and nuxbar.
    """
    c = setup.constants
    t, mu_e, mu_hat = (matter[name] for name in ("temperature", "mu_e", "mu_hat"))
    q = c.q_np + matter["delta_u"]
    eta_np, eta_pn = np.empty_like(t), np.empty_like(t)
    _nucleons(
        t,
        matter["n_n"],
        matter["n_p"],
        mu_hat - q,
        matter["n_b"] * M_U_GRAM >= c.blocking_density,
        BLOCKING.index(c.nucleon_blocking),
        c.m_nucleon,
        c.hbar_c,
        eta_np,
        eta_pn,
    )
    strength = c.g2 * (c.g_v**2 + 3.0 * c.g_a**2)
    scale, scale_bar = (
        strength
        * charged_current_factor(distinct(energy), sign, setup.weak_magnetism, c)
        * np.ones_like(energy)
        for sign in (1, -1)
    )
    out = np.zeros((4, *energy.shape))
    _beta_kernel(t, eta_np, eta_pn, mu_e, mu_e - mu_hat, q, energy, scale, scale_bar, c.m_e, out)
    return Opacities(absorption=out)


PROCESS = Process(
    beta,
    "Absorption and emission of nu_e on free neutrons and nubar_e on free protons (Bruenn 1985).",
    needs=("x_n", "x_p"),
    charged_current=True,
)
