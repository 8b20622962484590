"""Full linear analysis of one gas: the fastest mode over all wavenumbers and both sectors.

Angles are continuous (:mod:`qkepipe.stability.bins`), energy groups sharp. Every mode that
is given out is a root of the analytic dispersion relation, converged by Newton's method; the
argument principle counts the modes at its wavenumber and shows whether a faster one was
missed there. No eigenvalue of discrete directions enters, so none of their spurious modes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from qkepipe.errors import Defect, QkepipeError
from qkepipe.stability.analytic import dispersion, newton
from qkepipe.stability.bands import fast_peaks
from qkepipe.stability.bins import parabolas
from qkepipe.stability.climb import climb, refine
from qkepipe.stability.count import unstable_modes
from qkepipe.stability.dispersion import SECTORS
from qkepipe.stability.seeds import collective_roots, homogeneous_roots, moments_of_bins

__all__ = ["DRIVERS", "Gas", "Mode", "analyse", "gas_of", "growing_roots"]

#: What feeds a mode.
DRIVERS = ("none", "slow", "collisional", "fast")
#: Roots that are followed to their maximum: those above this part of the fastest guess.
PART, MOST = 0.3, 4
#: Roots at kappa = 0 of each sector that are tried.
HOMOGENEOUS = 6
#: Growth below this part of sum |g| is round-off where nothing is damped.
ROUND_OFF = 1e-12
#: Modes are counted above this part of the growth, and faster ones above the second.
COUNTED, FASTER = 0.05, 1.02
#: Part of the growth that fast modes owe to the self-interaction.
FAST_SHARE = 0.75


@dataclass(frozen=True)
class Gas:
    """Groups of different shift on common angular bins.

    Attributes
    ----------
    edges : ndarray (n_mu + 1,)
    strength : ndarray (group, n_mu)
        s g of every bin.
    shift : complex ndarray (group,)
        s omega + i Gamma.
    """

    edges: np.ndarray
    strength: np.ndarray
    shift: np.ndarray

    @property
    def bins(self) -> tuple[np.ndarray, np.ndarray]:
        """Centres and half widths."""
        return 0.5 * (self.edges[1:] + self.edges[:-1]), 0.5 * np.diff(self.edges)

    @property
    def size(self) -> float:
        """Sum of |s g|."""
        return float(np.abs(self.strength).sum())

    @property
    def sigma0(self) -> float:
        """sqrt(I+ I-) of the gas summed over groups."""
        total = self.strength.sum(axis=0)
        return math.sqrt(max(total[total > 0.0].sum() * -total[total < 0.0].sum(), 0.0))


@dataclass(frozen=True)
class Mode:
    """Fastest mode of a gas; rates in the unit of the gas.

    Attributes
    ----------
    growth : float
        Im w; 0 where nothing grows.
    kappa, frequency : float
        k - Phi_1 and Re w = Re Omega - lambda - Phi_0.
    sector : str
    driver : str
        One of :data:`DRIVERS`. The growth is a homogeneous function of (g, omega, Gamma) at
        its maximum over kappa, so it is the sum of g dgrowth/dg + omega dgrowth/domega +
        Gamma dgrowth/dGamma (Euler); fast where the first holds three quarters, else slow or
        collisional by the larger of the others.
    unstable_modes : int
        Modes at this kappa and sector above a twentieth of the growth.
    converged : bool
        Whether the count is sure and shows no faster mode at this kappa and sector.
    """

    growth: float
    kappa: float
    frequency: float
    sector: str
    driver: str
    unstable_modes: int
    converged: bool


STABLE = Mode(0.0, 0.0, 0.0, SECTORS[0], DRIVERS[0], 0, True)


def gas_of(edges, g, omega=0.0, gamma=0.0) -> Gas:
    """Check and merge the groups of :func:`analyse`."""
    edges = np.asarray(edges, dtype=float)
    g = np.asarray(g, dtype=float)
    if edges.ndim != 1 or edges.size < 2 or not (np.diff(edges) > 0.0).all():
        _refuse("edges", "not increasing in one dimension", "n_mu + 1 increasing numbers")
    if edges[0] < -1.0 or edges[-1] > 1.0:
        _refuse("edges", f"{edges[0]:.6g} to {edges[-1]:.6g}", "within [-1, 1]")
    if g.ndim != 3 or g.shape[0] != 2 or g.shape[2] != edges.size - 1:
        _refuse("g", f"has shape {g.shape}", f"(2, n_energy, {edges.size - 1})")
    n = g.shape[1]
    try:
        omega = np.broadcast_to(np.asarray(omega, dtype=float), (n,))
        gamma = np.broadcast_to(np.asarray(gamma, dtype=float), (2, n))
    except ValueError:
        _refuse("omega, gamma", "do not fit g", f"shapes ({n},) and (2, {n}), or scalars")
    for name, array in (("g", g), ("omega", omega), ("gamma", gamma)):
        if not np.isfinite(array).all():
            _refuse(name, "values that are not finite", "finite numbers")
    if gamma.size and gamma.min() < 0.0:
        _refuse("gamma", f"{gamma.min():.6g}", "damping rates >= 0")
    sign = np.array([1.0, -1.0])
    # adding 0.0 turns -0.0 into 0.0
    shift = (sign[:, None] * omega + 0.0 + 1j * gamma).ravel()
    strength = (sign[:, None, None] * g).reshape(2 * n, -1)
    shift, group = np.unique(shift, return_inverse=True)
    merged = np.zeros((shift.size, edges.size - 1))
    np.add.at(merged, group, strength)
    filled = merged.any(axis=1)
    return Gas(edges, merged[filled], shift[filled])


def _refuse(field: str, problem: str, expected: str):
    raise QkepipeError(Defect("analyse", field, problem, expected))


def growing_roots(gas: Gas) -> list[tuple[int, float, complex]]:
    """Growing roots that the seeds lead to: (sector, kappa, w), fastest first.

    Empty where all s g have one sign: then nothing grows (Dasgupta 2022, PRL 128, 081102; for
    any vacuum and damping terms derived and checked for this project).
    """
    if not ((gas.strength > 0.0).any() and (gas.strength < 0.0).any()):
        return []
    centre, half = gas.bins
    shape = parabolas(gas.edges, gas.strength)
    summed = parabolas(gas.edges, gas.strength.sum(axis=0))[None]
    bare = not gas.shift.any()
    found = []
    for sector in range(len(SECTORS)):
        relation = (sector, gas.shift, centre, half, shape)
        if gas.sigma0 > 0.0:
            for kappa, w in zip(*fast_peaks(sector, gas.sigma0, centre, half, summed), strict=True):
                root = w if bare else newton(w, kappa, *relation)
                found.append((sector, float(kappa), complex(root)))
        if not bare:
            found += _homogeneous(gas, sector, relation)
            found += _collective(gas, sector, summed, relation)
    floor = 0.0 if gas.shift.imag.any() else ROUND_OFF * gas.size
    return sorted((f for f in found if f[2].imag > floor), key=lambda f: -f[2].imag)


def _homogeneous(gas: Gas, sector: int, relation):
    """Growing roots at kappa = 0."""
    _, shift, centre, half, shape = relation
    guesses = homogeneous_roots(moments_of_bins(centre, half, shape), shift, sector)
    guesses = guesses[guesses.imag > 0.0]
    found = []
    for guess in guesses[np.argsort(-guesses.imag)][:HOMOGENEOUS]:
        w = complex(newton(complex(guess), 0.0, *relation))
        if w.imag > 0.0 and all(abs(w - f[2]) > 1e-6 * abs(w.imag) for f in found):
            found.append((sector, 0.0, w))
    return found


def _collective(gas: Gas, sector: int, summed, relation):
    """Growing roots near the real roots of the summed gas: the maxima along each branch."""
    _, shift, centre, half, _ = relation
    scale = np.abs(shift).max()
    found = []
    for kappas, ws in collective_roots(centre, half, summed, sector):
        roots = [
            (sector, float(k), complex(newton(w + 1j * scale, k, *relation, 1e-3 * scale)))
            for k, w in zip(kappas, ws, strict=True)
        ]
        growth = [0.0, *(r[2].imag for r in roots), 0.0]
        found += [
            root
            for i, root in enumerate(roots)
            if root[2].imag > 0.0 and growth[i] <= growth[i + 1] >= growth[i + 2]
        ]
    return found


def _maximum(gas: Gas, root, relation):
    """Follow a root to its maximum over kappa."""
    sector, kappa, w = root
    step = max(0.02 * gas.sigma0, 0.05 * abs(w))
    low, high, kappa, w = climb(kappa, w, step, *relation)
    kappa, w = refine(low, high, kappa, w, *relation)
    return sector, float(kappa), complex(w)


def _shares(w, kappa, relation):
    """omega dgrowth/domega and Gamma dgrowth/dGamma."""
    sector, shift, *rest = relation
    slope = dispersion(w, kappa, sector, shift, *rest)[1]
    out = []
    for part in (shift.real + 0j, 1j * shift.imag):
        change = [dispersion(w, kappa, sector, shift + h * part, *rest)[0] for h in (1e-3, -1e-3)]
        out.append(-((change[0] - change[1]) / 2e-3 / slope).imag)
    return out


def _driver(w, kappa, relation) -> str:
    if not relation[1].any():
        return "fast"
    vacuum, damping = _shares(w, kappa, relation)
    if w.imag - vacuum - damping > FAST_SHARE * w.imag:
        return "fast"
    return "slow" if vacuum > damping else "collisional"


def analyse(edges, g, omega=0.0, gamma=0.0) -> Mode:
    """Fastest mode of a gas over all wavenumbers and both sectors.

    Parameters
    ----------
    edges : array_like (n_mu + 1,)
        Edges of the angular bins within [-1, 1].
    g : array_like (2, n_energy, n_mu)
        sqrt(2) G_F (n_ee - n_xx) of neutrinos and of antineutrinos, integrated over each bin
        and group [inverse length].
    omega : array_like (n_energy,) or float
        Vacuum frequency, positive in the normal ordering; the sign of antineutrinos is
        applied here.
    gamma : array_like (2, n_energy) or float
        Half the sum of the absorption of the two flavours.

    Returns
    -------
    Mode
        In the unit of the input. Growing modes only: growth 0 where none is found.

    Raises
    ------
    QkepipeError
        Shapes that do not fit, values that are not finite, negative damping.
    """
    gas = gas_of(edges, g, omega, gamma)
    roots = growing_roots(gas)
    if not roots:
        return STABLE
    centre, half = gas.bins
    shape = parabolas(gas.edges, gas.strength)
    rest = (gas.shift, centre, half, shape)
    if gas.shift.any():
        close = [r for r in roots if r[2].imag > PART * roots[0][2].imag][:MOST]
        roots = [_maximum(gas, r, (r[0], *rest)) for r in close]
    sector, kappa, w = max(roots, key=lambda r: r[2].imag)
    relation = (kappa, sector, *rest, gas.size)
    modes, step = unstable_modes(COUNTED * w.imag, *relation)
    faster, step_faster = unstable_modes(FASTER * w.imag, *relation)
    return Mode(
        w.imag,
        kappa,
        w.real,
        SECTORS[sector],
        _driver(w, kappa, (sector, *rest)),
        int(modes),
        bool(faster == 0 and max(step, step_faster) < 1.0),
    )
