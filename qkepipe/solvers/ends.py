"""Ends of a box: what is given enters through both of them, and what comes leaves.

Nothing enters the transport operator of a slab at its outer face. Directions stream independently
in a slab, so that those of mu < 0 are mirrored in z before every step of streaming and back
afterwards: in that order of the cells every direction moves outwards with |mu| and enters at the
inner face. Both ends are mirror images of one another, and what enters is exactly what is given.
"""

from __future__ import annotations

import numpy as np

from qkepipe.phasespace import AngleGrid, RadialGrid
from qkepipe.solvers.seeds import entering_noise, seed_state
from qkepipe.transport import geometry
from qkepipe.transport.step import TransportOperator

__all__ = ["Ends"]


class Ends:
    """Streaming of one energy group between two ends, and the lepton number that passes them.

    Parameters
    ----------
    entering : ndarray (2, 2, n_mu)
        Diagonal occupations over (flavour, sector, mu): of mu > 0 at the first cell, of mu < 0 at
        the last.
    space : RadialGrid
        Cells of one width.
    angle : AngleGrid
    step : float
        c dt [cm].
    amplitude : float
        Angle by which flavour vectors that enter are turned, with random phases that are smooth
        over some cells of their way; 0: none.
    steps : int
        Of the run.
    random_seed : int
    """

    def __init__(
        self, entering: np.ndarray, space: RadialGrid, angle: AngleGrid, step: float,
        *, amplitude: float, steps: int, random_seed: int,
    ):  # fmt: skip
        self._entering = entering[:, :, None, :, None]
        self._width, self._step, self._amplitude = space.widths[0], step, amplitude
        self._weights, self._speed = angle.weights, np.abs(angle.centres)
        first = int(np.searchsorted(angle.centres, 0.0))
        #: Directions that enter at the first and at the last cell.
        self._parts = (slice(first, None), slice(0, first))
        zero = np.zeros((4, 1, space.centres.size))
        self._operator = TransportOperator(
            geometry.slab(space, angle)._replace(mu=self._speed), zero, zero, zero, zero,
            self._state((0.0, 0.0))[..., 0], step,
        )  # fmt: skip
        travelled = step / self._width * np.arange(steps)
        self._seeds = np.stack(
            [entering_noise(travelled, (random_seed, end)) for end in (1, 2)], axis=1
        )
        self._done = 0
        self._passed = np.zeros(2)

    def advance(self, f: np.ndarray) -> None:
        """Stream ``f[component, sector, 1, mu, z]`` in place by one step."""
        entering = self._state(self._seeds[self._done])
        self._operator.inner[:] = entering[..., 0].transpose(1, 2, 3, 0)
        before = self._lepton(f)
        self._mirror(f)
        self._operator.advance(f)
        self._mirror(f)
        entered = self._step * self._speed * self._lepton(entering)
        left = entered - self._width * (self._lepton(f) - before)
        forth, back = self._parts
        self._passed[0] += entered[forth].sum() - left[back].sum()
        self._passed[1] += left[forth].sum() - entered[back].sum()
        self._done += 1

    def passed(self) -> np.ndarray:
        """Lepton number that went towards larger z through both ends since the last call.

        In the units of f times [cm].
        """
        passed, self._passed = self._passed, np.zeros(2)
        return passed

    def _state(self, seeds) -> np.ndarray:
        """Components of what enters with the seed of each end, (4, 2, 1, n_mu, 1)."""
        out = np.empty((4, *self._entering.shape[1:]))
        for part, seed in zip(self._parts, seeds, strict=True):
            out[..., part, :] = seed_state(
                self._entering[..., part, :], self._amplitude, np.array([seed])
            )
        return out

    def _mirror(self, f: np.ndarray) -> None:
        """Exchange first and last cells of what moves towards smaller z."""
        back = f[..., self._parts[1], :]
        back[:] = back[..., ::-1].copy()

    def _lepton(self, f: np.ndarray) -> np.ndarray:
        """Weighted (ee - xx) of neutrinos minus antineutrinos, summed over cells, (n_mu,)."""
        total = f[:2, :, 0].sum(axis=-1)
        return self._weights * (total[0, 0] - total[1, 0] - total[0, 1] + total[1, 1])
