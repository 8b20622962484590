"""One step of a homogeneous gas: vacuum and matter terms, collisions, self-interaction.

    S(s) = L(s/2) C(s/2) N(s) C(s/2) L(s/2)

L: vacuum and matter, exponential of the Hamiltonian at the middle of its interval; C: emission and
absorption, exact; N: self-interaction (:mod:`qkepipe.oscillation.mean_field`). S is symmetric
and of second order, exact for each term alone (L: at constant density). The fourth order is
Suzuki's composition S(ps) S(ps) S((1 - 4p)s) S(ps) S(ps), p = 1/(4 - 4^{1/3}) (Suzuki 1990, Phys.
Lett. A 146, 319). The term of matter at rest turns all cells alike and commutes with N: however
large, it does not limit the step. Of matter that moves along the axis with velocity V it is

    lambda gamma (1 - mu V) ,   lambda = sqrt(2) G_F n_e of the rest frame, gamma^-2 = 1 - V^2 ,

the contraction of electron current and direction (Grigoriev, Lobanov & Studenikin 2002, Phys.
Lett. B 535, 187; recalled). It differs between directions: only S as a whole is symmetric, of the
same order, and lambda gamma V times the step is what its error grows with.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from qkepipe.constants import SQRT2_GF
from qkepipe.jit import jit
from qkepipe.oscillation.mean_field import self_interaction
from qkepipe.oscillation.unitary import STEP_ROWS, TILE_SIZE, exponential, turn, turn_rows
from qkepipe.oscillation.vacuum import matter_hamiltonian

__all__ = ["STAGES", "HomogeneousStep"]

_SUZUKI = 1.0 / (4.0 - 4.0 ** (1.0 / 3.0))
#: Parts of a step, by order.
STAGES = {
    2: np.array([1.0]),
    4: np.array([_SUZUKI, _SUZUKI, 1.0 - 4.0 * _SUZUKI, _SUZUKI, _SUZUKI]),
}


@jit
def _collide(f, absorption, equilibrium, step, n_mu):
    """Emission and absorption over ``step``, exact: f_ab decays with the mean rate of a and b.

    ``absorption`` and ``equilibrium`` (flavours, rows).
    """
    flavors, rows = absorption.shape
    for r in range(rows):
        lo, hi = r * n_mu, (r + 1) * n_mu
        k = flavors
        for a in range(flavors):
            decay = np.exp(-absorption[a, r] * step)
            rest = equilibrium[a, r] * -np.expm1(-absorption[a, r] * step)
            values = f[a, lo:hi]
            for j in range(n_mu):
                values[j] = values[j] * decay + rest
            for b in range(a + 1, flavors):
                decay = np.exp(-0.5 * (absorption[a, r] + absorption[b, r]) * step)
                for part in range(2):
                    values = f[k + part, lo:hi]
                    for j in range(n_mu):
                        values[j] *= decay
                k += 2


@jit
def _linear(f, vacuum, matter, potential, step, h, u, work):
    """Turn by exp(-i H step) of the vacuum (components, rows) and matter Hamiltonian.

    ``matter`` (components, m) has one column for all directions or one for each; ``h`` and ``u``
    have rows x m columns.
    """
    m = matter.shape[1]
    for k in range(vacuum.shape[0]):
        for r in range(vacuum.shape[1]):
            for j in range(m):
                h[k, r * m + j] = vacuum[k, r] + potential * matter[k, j]
    exponential(h, step, u, work)
    if m == 1:
        turn_rows(f, u, work)
    else:
        turn(f, u, work)


@jit
def _advance(
    f, stages, step, potentials, absorption, equilibrium, collides, vacuum, matter, turns,
    sign_weight, mu, wmu, strength, h_rows, u_rows, q, d, h, u, middle, q_mid, work,
):  # fmt: skip
    """All stages of one step; return whether the midpoint rule converged in all of them."""
    n_mu = mu.size
    waiting = 0.0
    for m in range(stages.size):
        part = stages[m] * step
        half = 0.5 * part
        if turns:
            _linear(f, vacuum, matter, potentials[m, 0], waiting + half, h_rows, u_rows, work)
        if collides:
            _collide(f, absorption, equilibrium, half, n_mu)
        if not self_interaction(
            f, sign_weight, mu, wmu, strength, part, q, d, h, u, middle, q_mid, work
        ):
            return False
        if collides:
            _collide(f, absorption, equilibrium, half, n_mu)
        # at constant density this half turns together with the first half of the next stage
        waiting = half
        last = m == stages.size - 1
        if turns and (last or potentials[m, 1] != potentials[m + 1, 0]):
            _linear(f, vacuum, matter, potentials[m, 1], half, h_rows, u_rows, work)
            waiting = 0.0
    return True


class HomogeneousStep:
    """Steps of a state ``f`` (components, 2, n_energy, n_mu) of neutrinos and antineutrinos.

    Parameters
    ----------
    weights : ndarray (n_energy,)
        Number weights of the groups [cm^-3].
    mu, wmu : ndarray (n_mu,)
        Directions, and their weights dmu/2.
    vacuum : ndarray (components, n_energy)
        Vacuum Hamiltonian of neutrinos [cm^-1], 4 or 9 components.
    potential : float or callable
        sqrt(2) G_F n_e [cm^-1] in the rest frame of matter, or a function of s = c t [cm].
    absorption, equilibrium : ndarray (flavours, 2, n_energy)
        Stimulated-corrected absorption [cm^-1] and the occupation that it relaxes to.
    xi : float
        Attenuation of the Hamiltonian.
    order : {2, 4}
    matter_velocity : float
        Velocity of matter along mu = 1 over c, between -1 and 1.
    """

    def __init__(
        self,
        weights: np.ndarray,
        mu: np.ndarray,
        wmu: np.ndarray,
        vacuum: np.ndarray,
        potential: float | Callable[[float], float] = 0.0,
        absorption: np.ndarray | None = None,
        equilibrium: np.ndarray | None = None,
        xi: float = 1.0,
        order: int = 4,
        matter_velocity: float = 0.0,
    ):
        n, n_energy = vacuum.shape
        flavors = 2 if n == 4 else 3
        rows, n_mu = 2 * n_energy, len(mu)
        self.order = order
        self.stages = STAGES[order]
        self._potential = potential
        self._fixed = None if callable(potential) else np.full((self.stages.size, 2), potential)
        none = np.zeros((flavors, rows))
        rates = none if absorption is None else np.reshape(absorption, (flavors, rows))
        goal = none if equilibrium is None else np.reshape(equilibrium, (flavors, rows))
        #: Largest absorption [cm^-1].
        self.fastest_absorption = float(rates.max())
        # stored antineutrinos feel the vacuum term with the other sign
        signed = xi * np.concatenate([vacuum, -vacuum], axis=1)
        turns = bool(signed.any()) or callable(potential) or potential != 0.0
        steps = STEP_ROWS[n]
        current = np.ones(1)
        if matter_velocity != 0.0:
            current = (1.0 - matter_velocity * mu) / np.sqrt(1.0 - matter_velocity**2)
        columns = rows * current.size
        self._arguments = (
            np.ascontiguousarray(rates), np.ascontiguousarray(goal), bool(rates.any()),
            signed, xi * np.outer(matter_hamiltonian(1.0, flavors), current), turns,
            np.concatenate([weights, -np.asarray(weights)]),
            np.ascontiguousarray(mu), np.ascontiguousarray(wmu), xi * SQRT2_GF,
            np.empty((n, columns)), np.empty((steps, columns)),
            np.empty((n, n_mu)), np.empty((3, n)),
            np.empty((n, n_mu)), np.empty((steps, n_mu)), np.empty((steps, n_mu)),
            np.empty((n, n_mu)), np.empty(TILE_SIZE),
        )  # fmt: skip

    def advance(self, f: np.ndarray, s: float, step: float) -> bool:
        """Advance ``f``, C-contiguous, from ``s`` to ``s + step`` [cm]; whether the step converged.

        The fixed-point iteration of the midpoint rule fails where the self-interaction turns by
        more than about one radian in a step; ``f`` is of no use then.
        """
        potentials = self._fixed
        if potentials is None:
            parts = self.stages * step
            start = s + np.concatenate([[0.0], np.cumsum(parts)[:-1]])
            middles = start[:, None] + parts[:, None] * np.array([0.25, 0.75])
            potentials = np.array([[self._potential(x) for x in pair] for pair in middles])
        rows = f.reshape(f.shape[0], -1)
        return _advance(rows, self.stages, step, potentials, *self._arguments)
