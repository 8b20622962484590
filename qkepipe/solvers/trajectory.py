"""Steps of the periodic box: length from an error target, output times hit exactly.

Plain arrays in one unit of length; :mod:`qkepipe.solvers.spectral` is the door with units.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from qkepipe.solvers.characteristics import LANE, MOMENTS, advance
from qkepipe.solvers.fourier import (
    ANGLES,
    HALF,
    LANES,
    ROW,
    digit_reversed,
    pack,
    phases,
    roots_of_unity,
    stream,
    unpack,
)

__all__ = ["Moment", "trajectory"]

#: Steps from one estimate of the error to the next, while steps change and while they do not;
#: even.
_INTERVALS = (16, 64)
#: Longest step in cells: waves of the grid that two directions shift by a whole period in a
#: step look alike to the scheme, and noise grows.
_CELLS_PER_STEP = 2.0
#: Factor by which steps may fall short of those that are allowed, before they change.
_GROWTH = 1.5
#: Largest excess of an estimated error over the allowed one before steps are repeated.
_EXCESS = 3.0


@dataclass(frozen=True)
class Moment:
    """State at an output time: c t [cm], vectors (n_z, 3, n_beam), next step [cm], steps so far."""

    time: float
    vectors: np.ndarray
    step: float
    steps: int


class _Box:
    """Directions, weights and grid of a box, and work space for steps."""

    def __init__(self, v, g, n, length, order):
        self.n, self.length, self.order = n, length, order
        powers = g * v ** np.arange(4)[:, None]
        self.v = np.ascontiguousarray(v.reshape(-1, ANGLES))
        weight = np.moveaxis(powers.reshape(4, -1, ANGLES), 0, 1)
        # what comes after the last beam with weight is turned and streamed only
        active = max(1, int(np.ceil((np.flatnonzero(g).max(initial=0) + 1) / ANGLES)))
        self.weight = np.ascontiguousarray(weight[:active])
        self.root, self.place = roots_of_unity(n), digit_reversed(n)
        k = 2.0 * np.pi * np.fft.fftfreq(n, length / n)
        self.wavenumber = np.stack([k, k**2]) / n
        # the wave of two cells has no slope at the cells
        self.wavenumber[0, n // 2] = 0.0
        self.work = (
            np.empty((n, MOMENTS)), np.empty((n, MOMENTS)), np.zeros((n, ROW)), np.empty(ROW),
            np.zeros(MOMENTS * LANE),
        )  # fmt: skip

    def shift(self, distance: float) -> np.ndarray:
        """Factors that stream a state by c t."""
        return phases(self.v, self.n, self.length, distance)

    def drift(self, x: np.ndarray, phase: np.ndarray) -> None:
        for block, factors in zip(x, phase, strict=True):
            stream(block, factors, self.root, self.place)


class _Propagator:
    """Steps of one length."""

    def __init__(self, box: _Box, step: float):
        self.box, self.step = box, step
        self.half, self.whole = box.shift(0.5 * step), box.shift(step)
        self.start()

    def start(self) -> None:
        """Forget earlier steps."""
        self.fresh = True
        self.change = np.zeros((2, self.box.n, MOMENTS))
        self.gain = np.zeros((2, HALF))

    def run(self, x: np.ndarray, steps: int) -> None:
        """Advance the blocks ``x`` in place."""
        self._advance(x, steps, self.step, self.fresh, self.half, self.change, self.gain)
        self.fresh = False

    def error(self, x: np.ndarray, before: np.ndarray) -> float:
        """Error of the last two steps from ``before``, relative to the coherence.

        Their state is compared with that of one step of their length (Richardson). Components
        along the axis follow from the lengths; their round-off would hide small coherences.
        """
        once = before.copy()
        nothing = np.zeros_like(self.change), np.zeros_like(self.gain)
        self._advance(once, 1, 2.0 * self.step, True, self.whole, *nothing)
        difference, coherence = _across(once - x), _across(x)
        return np.sqrt(difference / max(coherence, 1e-300)) / (2.0**self.box.order - 1.0)

    def _advance(self, x, steps, step, fresh, half, change, gain):
        box = self.box
        box.drift(x, half)
        advance(
            x, steps, step, box.order, fresh, self.whole, box.root, box.place, box.wavenumber,
            box.v, box.weight, change, gain, box.work,
        )  # fmt: skip
        box.drift(x, half)


def _across(x: np.ndarray) -> float:
    """Sum of P_1^2 + P_2^2 over the blocks."""
    return float(np.sum(x[..., :ANGLES] ** 2) + np.sum(x[..., LANES : LANES + ANGLES] ** 2))


class _Stepper:
    """Steps whose length follows from the error allowed per length.

    ``rate`` None: steps of at most the first length.
    """

    def __init__(self, box: _Box, step: float, rate: float | None):
        self.box, self.rate = box, rate
        self.longest = _CELLS_PER_STEP * box.length / box.n
        self.wanted = step if rate is None else min(step, self.longest)
        self.part: _Propagator | None = None
        self.interval = _INTERVALS[0]
        self.steps = 0

    def go(self, x: np.ndarray, left: float) -> np.ndarray:
        """Advance the blocks by a length; they may be overwritten."""
        if self.part is not None:
            self.part.start()
        while left > 0.0:
            part = self._propagator(left)
            steps = 2 * round(0.5 * left / part.step)
            if self.rate is None:
                part.run(x, steps)
                done = steps
            else:
                x, done = self._interval(part, x, steps)
            self.steps += done
            left = (steps - done) * part.step
        return x

    def _propagator(self, left: float) -> _Propagator:
        """Pairs of steps that end at the output time and are not much shorter than wanted."""
        if self.part is not None:
            step, pairs = self.part.step, 0.5 * left / self.part.step
            short, long = self.wanted / _GROWTH, self.wanted * (1.0 + 1e-9)
            if short <= step <= long and abs(pairs - round(pairs)) < 1e-9:
                return self.part
        pairs = max(1, int(np.ceil(0.5 * left / self.wanted - 1e-9)))
        self.part, self.interval = _Propagator(self.box, 0.5 * left / pairs), _INTERVALS[0]
        return self.part

    def _interval(self, part: _Propagator, x: np.ndarray, steps: int) -> tuple[np.ndarray, int]:
        """Two steps and, where their error is as wanted, more; the state and their number."""
        before = x.copy()
        part.run(x, 2)
        allowed = self.rate * 2.0 * part.step
        error = part.error(x, before)
        factor = 0.9 * (allowed / max(error, 1e-3 * allowed)) ** (1.0 / self.box.order)
        self.wanted = min(part.step * min(max(factor, 0.2), 4.0), self.longest)
        if error > _EXCESS * allowed:
            self.part = None
            return before, 0
        # a step that may grow does so at once
        more = min(steps, self.interval) - 2 if part.step > self.wanted / _GROWTH else 0
        if more:
            part.run(x, more)
        self.interval = min(2 * self.interval, _INTERVALS[1])
        return x, 2 + more


def trajectory(
    p: np.ndarray,
    v: np.ndarray,
    g: np.ndarray,
    *,
    length: float,
    times: Sequence[float],
    order: int = 4,
    tolerance: float | None = 1e-4,
    step: float | None = None,
) -> Iterator[Moment]:
    """Evolve flavour vectors of beams in a periodic box; plain arrays, one unit of length.

    Parameters
    ----------
    p : ndarray (n_z, 3, n_beam)
        Initial vectors; n_z a power of two.
    v, g : ndarray (n_beam,)
        Direction cosines and signed potentials (antineutrinos < 0); J_n = sum g v^n P. Beams
        without potential cost least at the end.
    length : float
        Length of the box.
    times : sequence of float
        Output times c t, increasing, hit exactly. Every one starts the extrapolation of the
        moments anew: with fixed steps, a run continued from its state has the same bits.
    order : {2, 4}
        Order in the step.
    tolerance : float or None
        Error of the whole run relative to the coherence. None: fixed steps.
    step : float, optional
        First step, or the longest of the fixed ones.
    """
    n_beam = v.size
    extra = -n_beam % ANGLES
    v, g = np.pad(np.asarray(v, float), (0, extra)), np.pad(np.asarray(g, float), (0, extra))
    box = _Box(v, g, p.shape[0], length, order)
    x = pack(np.pad(p, ((0, 0), (0, 0), (0, extra))))
    if step is None:
        step = 0.25 / max(float(np.abs(g).sum()), 1e-300)
    stepper = _Stepper(box, step, None if tolerance is None else tolerance / times[-1])
    now = 0.0
    for end in times:
        x = stepper.go(x, end - now)
        now = end
        yield Moment(end, unpack(x)[:, :, :n_beam], stepper.wanted, stepper.steps)
