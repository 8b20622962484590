"""Periodic box of mean-field quantum kinetics with exact streaming: fast and of known error.

The flavour vectors P = (2 Re f_ex, -2 Im f_ex, f_ee - f_xx)/(f_ee + f_xx) of given initial
data obey, for antineutrinos with f = conj(fbar),

    (d_t + v d_z) P = (J_0 - v J_1) x P,    J_n = sqrt(2) G_F int (dmu/2) mu^n (n P - nbar Pbar)

(Sigl & Raffelt 1993, Nucl. Phys. B 406, 423; no vacuum, matter or collision term). Streaming is
exact in Fourier space (:mod:`qkepipe.solvers.fourier`), the coupling an orthogonal rotation of
second or fourth order along characteristics (:mod:`qkepipe.solvers.characteristics`). Steps
follow from comparing one step with two halves of it. Where neutrinos and antineutrinos start
from equal vectors they stay equal, and one vector per direction carries both.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT, SQRT2_GF
from qkepipe.errors import Defect, QkepipeError
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

__all__ = ["Moment", "flavour_vectors", "run_spectral_box", "trajectory"]

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
#: Tail of the spectrum above which a box is unresolved, and the coherence from which it counts:
#: in the linear phase waves are independent of one another.
_TAIL = 1e-6
_LINEAR = 1e-3


@dataclass(frozen=True)
class Moment:
    """State at an output time: c t [cm], vectors (n_z, 3, n_beam), next step [cm], steps so far."""

    time: float
    vectors: np.ndarray
    step: float
    steps: int


def flavour_vectors(seed: np.ndarray, n_mu: int) -> np.ndarray:
    """Pure electron flavour turned by a complex seed e(z): f_ex = (n/2) e, shape (n_z, 3, n_mu).

    The length stays 1: f_ee - f_xx = n sqrt(1 - |e|^2). The same vectors for antineutrinos mean
    fbar_ex = (nbar/2) conj(e).
    """
    seed = np.asarray(seed, dtype=complex)
    p = np.stack([seed.real, -seed.imag, np.sqrt(1.0 - np.abs(seed) ** 2)], axis=1)
    return np.repeat(p[:, :, None], n_mu, axis=2)


class _Box:
    """Directions, weights and grid of a box, and work space for steps."""

    def __init__(self, v, g, n, length, order):
        self.n, self.length, self.order = n, length, order
        powers = g * v ** np.arange(4)[:, None]
        self.v = np.ascontiguousarray(v.reshape(-1, ANGLES))
        self.weight = np.ascontiguousarray(np.moveaxis(powers.reshape(4, -1, ANGLES), 0, 1))
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
        Direction cosines and signed potentials (antineutrinos < 0); J_n = sum g v^n P.
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


def run_spectral_box(
    nu: np.ndarray,
    nubar: np.ndarray,
    density: np.ndarray,
    mu: np.ndarray,
    weight: np.ndarray,
    *,
    length: float,
    times: Sequence[float],
    order: int = 4,
    tolerance: float | None = 1e-4,
    step: float | None = None,
) -> xr.Dataset:
    """Evolve given flavour vectors in a periodic box of one dimension.

    Parameters
    ----------
    nu, nubar : ndarray (n_z, 3, n_mu)
        Flavour vectors at the cell centres, relative to the density; of antineutrinos those of
        the complex conjugate matrix. Equal vectors are evolved once.
    density : ndarray (2, n_mu)
        Number density of all flavours per d(mu)/2 [cm^-3] of neutrinos and antineutrinos, the
        same in all cells.
    mu, weight : ndarray (n_mu,)
        Direction cosines and weights dmu/2, which sum to 1.
    length : float
        Length of the box [cm].
    times : sequence of float
        Output times c t [cm], increasing; 0 is the initial state.
    order : {2, 4}
    tolerance : float or None
        Error of the run from its steps, relative to the coherence. None: fixed steps.
    step : float, optional
        First step [cm], or the longest of the fixed ones.

    Returns
    -------
    Dataset
        Over ``time_sample`` [s]: ``mode_amplitude`` and ``mode_phase`` of the Fourier
        coefficients of int (dmu/2) f_ex over (mode), relative to the density of neutrinos;
        ``survival_probability`` of nue and nuebar; ``coherence_rms`` and ``coherence_max`` of
        |f_ex| over the density; ``lepton_number`` [cm^-3]; ``length_min`` and ``length_max`` of
        flavour vectors; ``tail`` of the spectrum. ``vectors`` (sector, z, component, mu) is the
        final state. Attributes: ``form`` (full or reduced), ``n_steps``, ``step`` (the next one)
        [cm], ``cells_needed``.

    Raises
    ------
    QkepipeError
        If shapes do not fit, the cells are not a power of two, or times do not increase.

    Warns
    -----
    UserWarning
        If the cells do not resolve the state; with the number that would.
    """
    nu, nubar, density, mu, weight = (
        np.asarray(a, dtype=float) for a in (nu, nubar, density, mu, weight)
    )
    times = [float(t) for t in times]
    _check(nu, nubar, density, mu, weight, times, order, tolerance, step)
    n, n_mu = nu.shape[0], mu.size
    potential = SQRT2_GF * weight * density
    reduced = np.array_equal(nu, nubar)
    if reduced:
        p, v, g = nu, mu, potential[0] - potential[1]
    else:
        p = np.concatenate([nu, nubar], axis=2)
        v, g = np.tile(mu, 2), np.concatenate([potential[0], -potential[1]])
    later = [t for t in times if t > 0.0]
    moments = [Moment(0.0, p, 0.0, 0)] if len(later) < len(times) else []
    rows = [_observe(m.vectors, n_mu, weight * density) for m in moments]
    for moment in trajectory(
        p, v, g, length=length, times=later, order=order, tolerance=tolerance, step=step
    ):
        rows.append(_observe(moment.vectors, n_mu, weight * density))
        last = moment
    data = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    needed = _cells_needed(n, data["tail"], data["coherence_rms"])
    if needed > n:
        warnings.warn(
            f"box: {n} cells do not resolve the state (tail {data['tail'].max():.1e}, at most "
            f"{_TAIL:g}); try {needed} cells",
            stacklevel=2,
        )
    vectors = last.vectors[:, :, :n_mu], last.vectors[:, :, -n_mu:]
    units = {"lepton_number": "cm-3", "mode_phase": "rad"}
    dims = {
        "mode_amplitude": ("mode",), "mode_phase": ("mode",), "survival_probability": ("sector",),
    }  # fmt: skip
    samples = {
        name: (("time_sample", *dims.get(name, ())), values, {"units": units.get(name, "1")})
        for name, values in data.items()
    }
    samples["vectors"] = (
        ("sector", "z", "component", "mu"), np.stack(vectors), {"units": "1"},
    )  # fmt: skip
    return xr.Dataset(
        samples,
        coords={
            "time_sample": ("time_sample", np.array(times) / C_LIGHT, {"units": "s"}),
            "mode": np.fft.fftshift(np.fft.fftfreq(n, 1.0 / n).astype(int)),
            "sector": ["nu", "nubar"],
            "mu": ("mu", mu, {"units": "1"}),
            "z": ("z", (np.arange(n) + 0.5) * length / n, {"units": "cm"}),
        },
        attrs={
            "form": "reduced" if reduced else "full", "length": length, "order": order,
            "n_steps": last.steps, "step": last.step, "cells_needed": needed,
        },
    )  # fmt: skip


def _observe(p: np.ndarray, n_mu: int, number: np.ndarray) -> dict:
    """Observables of a state; ``number`` (2, n_mu) is the density of each direction."""
    nu, nubar = p[:, :, :n_mu], p[:, :, -n_mu:]
    n = p.shape[0]
    across = np.sqrt(nu[:, 0] ** 2 + nu[:, 1] ** 2)
    spectrum = np.fft.fft(nu[:, 0] - 1j * nu[:, 1], axis=0) / n
    # cell centres are half a cell off the origin
    shift = np.exp(-1j * np.pi * np.fft.fftfreq(n))
    mode = 0.5 * np.fft.fftshift(shift * (spectrum @ number[0]) / number[0].sum())
    size = np.abs(spectrum).max(axis=1)
    high = np.abs(np.fft.fftfreq(n)) >= 0.375
    along = np.stack([nu[:, 2].mean(axis=0), nubar[:, 2].mean(axis=0)])
    electron = np.sum(number * along, axis=1)
    length = np.sqrt((p**2).sum(axis=1))
    return {
        "mode_amplitude": np.abs(mode),
        "mode_phase": np.angle(mode),
        "survival_probability": 0.5 * (1.0 + electron / number.sum(axis=1)),
        "coherence_rms": 0.5 * np.sqrt(np.mean(across**2)),
        "coherence_max": 0.5 * across.max(),
        "lepton_number": electron[0] - electron[1],
        "length_min": length.min(),
        "length_max": length.max(),
        "tail": size[high].max() / max(size.max(), 1e-300),
    }


def _cells_needed(n: int, tail: np.ndarray, coherence: np.ndarray) -> int:
    """Cells at which the tail falls below its limit, for a spectrum that decays exponentially."""
    worst = float(np.max(tail, where=coherence > _LINEAR, initial=0.0))
    if worst <= _TAIL:
        return n
    needed = n * np.log(_TAIL) / np.log(min(worst, 0.9))
    return int(2 ** np.ceil(np.log2(needed)))


def _check(nu, nubar, density, mu, weight, times, order, tolerance, step):
    def refuse(field, problem, expected):
        raise QkepipeError(Defect("box", field, problem, expected))

    if nu.ndim != 3 or nu.shape[1:] != (3, mu.size):
        refuse("nu", f"has shape {nu.shape}", f"(n_z, 3, {mu.size})")
    n = nu.shape[0]
    if n < 4 or n & (n - 1):
        power = 2 ** max(2, int(np.ceil(np.log2(max(n, 1)))))
        refuse("nu", f"{n} cells", f"a power of two: {power}")
    for name, array, shape in (
        ("nubar", nubar, nu.shape), ("density", density, (2, mu.size)), ("weight", weight, mu.shape)
    ):  # fmt: skip
        if array.shape != shape:
            refuse(name, f"has shape {array.shape}", f"{shape}")
    for name, array in (("nu", nu), ("nubar", nubar), ("density", density), ("mu", mu)):
        if not np.isfinite(array).all():
            refuse(name, "values that are not finite", "finite numbers")
    if density.min() < 0.0 or density[0].sum() == 0.0 or density[1].sum() == 0.0:
        refuse("density", "negative, or none of a kind", "densities >= 0")
    if not times or times[-1] <= 0.0 or times[0] < 0.0 or np.any(np.diff(times) <= 0.0):
        refuse("times", "do not increase from 0 on", "increasing c t [cm]")
    if order not in (2, 4):
        refuse("order", f"{order}", "2 or 4")
    if tolerance is not None and not 1e-10 <= tolerance < 1.0:
        refuse("tolerance", f"{tolerance:g}", "1e-10 to 1")
    if step is not None and not step > 0.0:
        refuse("step", f"{step:g} cm", "a length > 0")
