"""One Runge-Kutta step of the two-moment flavour equations in a periodic box.

    d_t N + d_z F = J_0 x N - J_1 x F
    d_t F + d_z P = J_0 x F - J_1 x P ,      J_0 = xi sum s N ,  J_1 = xi sum s F

for the vectors of both sectors (s = 1, -1), without the right-hand sides for the traces. Both
sides are formed at the grid points and differentiated in Fourier space; wavenumbers above 2/3 of
the highest are cut off, which removes the aliases of quadratic terms (Orszag 1971, J. Atmos. Sci.
28, 1074). What cascades to the last of them is damped: the rate is k_c (k/k_c)^6, one light
crossing at the cut k_c, and falls with the fifth power of the cell. Without it waves pile up at the
cut, the box relaxes to their equipartition, and closures per flavour grow without bound.

The potentials are sums over all directions: only P is approximate. The scheme in time is the
classical one of fourth order, with the error of its companion of third order, h/10 |k_4 -
k_5| (Balac & Mahe 2013, Comput. Phys. Commun. 184, 1211: recalled; the order conditions are
tested): the fifth stage is the first one of the next step.
"""

from __future__ import annotations

import numpy as np

from qkepipe.jit import jit

__all__ = ["CUT", "MomentStep"]

#: Part of the wavenumbers of the grid that is kept.
CUT = 2.0 / 3.0
#: Power of the damping in the wavenumber.
_DAMPED = 6
#: Largest step times largest frequency: stable with -1 + i of it, damping and streaming at the cut.
_STABLE = 1.8


@jit
def _turn(n, f, p, xi, out):
    """Cross products of a state; ``n``, ``f``, ``p`` (2, 4, n_z), ``out`` (2, 2, 3, n_z)."""
    for s in range(2):
        for i in range(3):
            a = 1 + (i + 1) % 3
            b = 1 + (i + 2) % 3
            for z in range(n.shape[2]):
                j0a = xi * (n[0, a, z] - n[1, a, z])
                j0b = xi * (n[0, b, z] - n[1, b, z])
                j1a = xi * (f[0, a, z] - f[1, a, z])
                j1b = xi * (f[0, b, z] - f[1, b, z])
                out[0, s, i, z] = (
                    j0a * n[s, b, z] - j0b * n[s, a, z] - j1a * f[s, b, z] + j1b * f[s, a, z]
                )
                out[1, s, i, z] = (
                    j0a * f[s, b, z] - j0b * f[s, a, z] - j1a * p[s, b, z] + j1b * p[s, a, z]
                )


class MomentStep:
    """Right-hand side and steps; states are (moment, sector, component, z).

    Parameters
    ----------
    closure : callable
        Of :data:`qkepipe.solvers.closures.CLOSURES`.
    cells : int
    length : float
    xi : float
        Attenuation times the unit of the potentials.
    """

    def __init__(self, closure, cells: int, length: float, xi: float):
        self.closure, self.cells, self.xi = closure, cells, xi
        self.wave = 2j * np.pi * np.arange(int(CUT * cells / 2) + 1) / length
        highest = np.abs(self.wave).max()
        self.damping = highest * (np.abs(self.wave) / highest) ** _DAMPED
        # N, F and P
        self.moments = np.empty((3, 2, 4, cells))
        self.turned = np.empty((2, 2, 3, cells))

    def smooth(self, state: np.ndarray) -> np.ndarray:
        """State without the waves that are cut off."""
        wave = np.fft.rfft(state)
        wave[..., self.wave.size :] = 0.0
        return np.fft.irfft(wave, self.cells)

    def rate(self, state: np.ndarray) -> np.ndarray:
        """d_t of a state."""
        n, f, p = self.moments
        n[:], f[:] = state
        self.closure(n, f, p)
        _turn(n, f, p, self.xi, self.turned)
        wave = np.fft.rfft(self.moments)[..., : self.wave.size]
        rate = np.zeros((*state.shape[:-1], self.cells // 2 + 1), dtype=complex)
        kept = rate[..., : self.wave.size]
        kept[:] = -self.wave * wave[1:] - self.damping * wave[:2]
        kept[:, :, 1:] += np.fft.rfft(self.turned)[..., : self.wave.size]
        return np.fft.irfft(rate, self.cells)

    def longest(self, potential: float) -> float:
        """Longest stable step; ``potential``: sum of the potentials of all neutrinos."""
        return _STABLE / (np.abs(self.wave).max() + 2.0 * self.xi * potential)

    def advance(self, state: np.ndarray, first: np.ndarray, h: float) -> tuple:
        """State after a step, its rate, and the difference to the scheme of third order."""
        second = self.rate(state + 0.5 * h * first)
        third = self.rate(state + 0.5 * h * second)
        fourth = self.rate(state + h * third)
        after = state + (h / 6.0) * (first + 2.0 * (second + third) + fourth)
        fifth = self.rate(after)
        return after, fifth, (0.1 * h) * (fourth - fifth)
