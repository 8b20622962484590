"""Steps of a length that keeps the error of each below a target, by step doubling.

A step is done once as a whole and once in two halves; the halves are kept, so that whatever
every step conserves exactly stays conserved. Their difference over 2^p - 1, p the order, is the
estimate of the error (Hairer, Norsett & Wanner 1993, sec. II.4).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from qkepipe.errors import Defect, QkepipeError
from qkepipe.jit import jit
from qkepipe.solvers.homogeneous_step import HomogeneousStep

__all__ = ["StepCounts", "adaptive_steps", "fixed_steps"]

#: Safety factor and bounds of the change of the step.
_SAFETY, _SHRINK, _GROW = 0.9, 0.2, 3.0
#: Off-diagonal elements below this share of the trace count as round-off.
_FLOOR = 1e-12
#: A step shorter than this share of the whole run is given up.
_SHORTEST = 1e-12
#: Composed steps go backwards in part: limit of absorption times step, against round-off.
_THICK = 4.0


@dataclass
class StepCounts:
    """Steps that were kept and repeated, and the shortest and longest kept one [cm]."""

    accepted: int = 0
    rejected: int = 0
    shortest: float = np.inf
    longest: float = 0.0

    def add(self, step: float) -> None:
        self.accepted += 1
        self.shortest = min(self.shortest, step)
        self.longest = max(self.longest, step)


@jit
def _difference(a, b, flavors, floor):
    """Largest |a - b| over the size of its element, which is the largest one of all cells.

    Off-diagonal elements are measured by their own size: a seed that grows is followed to the
    same relative accuracy as the occupations. Infinite where a number is not finite.
    """
    total = 0.0
    for k in range(a.shape[0]):
        for i in range(a.shape[1]):
            total += abs(a[k, i] - b[k, i])
    if not np.isfinite(total):
        return np.inf
    largest = 0.0
    worst = 0.0
    for k in range(flavors):
        for i in range(a.shape[1]):
            largest = max(largest, abs(b[k, i]))
            worst = max(worst, abs(a[k, i] - b[k, i]))
    worst = worst / largest if largest > 0.0 else worst
    for k in range(flavors, a.shape[0], 2):
        size = floor * largest
        change = 0.0
        for i in range(a.shape[1]):
            size = max(size, abs(b[k, i]), abs(b[k + 1, i]))
            change = max(change, abs(a[k, i] - b[k, i]), abs(a[k + 1, i] - b[k + 1, i]))
        if change > 0.0:
            worst = max(worst, change / size)
    return worst


def _diverged(s: float, step: float) -> QkepipeError:
    return QkepipeError(
        Defect("homogeneous", "step", f"{step:.3g} cm at c t = {s:.3g} cm does not converge",
               "steps that turn flavour by less than a radian", "a shorter step or tolerance")
    )  # fmt: skip


def fixed_steps(
    operator: HomogeneousStep, f: np.ndarray, lengths: Sequence[float], step: float,
    counts: StepCounts,
) -> Iterator[np.ndarray]:  # fmt: skip
    """Advance ``f`` in place; yield it at ``lengths`` [cm], in steps of at most ``step``."""
    s = 0.0
    for target in lengths:
        n = int(np.ceil((target - s) / step - 1e-9))
        length = (target - s) / max(n, 1)
        for k in range(n):
            if not operator.advance(f, s + k * length, length):
                raise _diverged(s + k * length, length)
            counts.add(length)
        if not np.isfinite(f).all():
            raise _diverged(s, length)
        s = target
        yield f


def adaptive_steps(
    operator: HomogeneousStep, f: np.ndarray, lengths: Sequence[float], tolerance: float,
    counts: StepCounts,
) -> Iterator[np.ndarray]:  # fmt: skip
    """Advance ``f`` in place; yield it at each of ``lengths`` [cm].

    ``tolerance`` is the error of one step, relative to the occupations and, of off-diagonal
    elements, to the largest of their kind.
    """
    end = lengths[-1]
    power = 1.0 / (operator.order + 1)
    bound = np.inf
    if operator.fastest_absorption > 0.0 and operator.order > 2:
        bound = _THICK / operator.fastest_absorption
    flavors = 2 if f.shape[0] == 4 else 3
    shape = (f.shape[0], -1)
    s, h = 0.0, min(end, bound) / 16.0
    whole = np.empty_like(f)
    halves = np.empty_like(f)
    for target in lengths:
        while s < target:
            n = np.ceil((target - s) / h * (1.0 - 1e-12))
            step = (target - s) / max(n, 1.0)
            whole[...] = f
            halves[...] = f
            error = np.inf
            if (
                operator.advance(whole, s, step)
                and operator.advance(halves, s, 0.5 * step)
                and operator.advance(halves, s + 0.5 * step, 0.5 * step)
            ):
                error = _difference(whole.reshape(shape), halves.reshape(shape), flavors, _FLOOR)
                error /= 2.0**operator.order - 1.0
            if error <= tolerance:
                f[...] = halves
                s = target if n <= 1.0 else s + step
                counts.add(0.5 * step)
                counts.add(0.5 * step)
            else:
                counts.rejected += 1
            change = _SAFETY * (tolerance / error) ** power if error > 0.0 else _GROW
            h = min(bound, step * min(_GROW, max(_SHRINK, change)))
            if not h > _SHORTEST * end:
                raise _diverged(s, step)
        yield f
