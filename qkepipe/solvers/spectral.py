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
from collections.abc import Sequence

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT, SQRT2_GF
from qkepipe.errors import Defect, QkepipeError
from qkepipe.solvers.crossings import warn_of_few_directions
from qkepipe.solvers.trajectory import trajectory

__all__ = ["flavour_vectors", "run_spectral_box"]

#: Tail of the spectrum above which a box is unresolved, and the coherence from which it counts:
#: in the linear phase waves are independent of one another.
_TAIL = 1e-6
_LINEAR = 1e-3


def flavour_vectors(seed: np.ndarray, n_mu: int) -> np.ndarray:
    """Pure electron flavour turned by a complex seed e(z): f_ex = (n/2) e, shape (n_z, 3, n_mu).

    The length stays 1: f_ee - f_xx = n sqrt(1 - |e|^2). The same vectors for antineutrinos mean
    fbar_ex = (nbar/2) conj(e).
    """
    seed = np.asarray(seed, dtype=complex)
    p = np.stack([seed.real, -seed.imag, np.sqrt(1.0 - np.abs(seed) ** 2)], axis=1)
    return np.repeat(p[:, :, None], n_mu, axis=2)


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
        If the cells do not resolve the state, or the directions its crossing; with the number
        that would.
    """
    nu, nubar, density, mu, weight = (
        np.asarray(a, dtype=float) for a in (nu, nubar, density, mu, weight)
    )
    times = [float(t) for t in times]
    _check(nu, nubar, density, mu, weight, times, order, tolerance, step)
    n = nu.shape[0]
    potential = SQRT2_GF * weight * density
    warn_of_few_directions(potential[0] - potential[1])
    beams = _Beams(nu, nubar, potential, mu)
    later = [t for t in times if t > 0.0]
    rows = [_observe(nu, nubar, weight * density)] if len(later) < len(times) else []
    for moment in trajectory(
        beams.p, beams.v, beams.g, length=length, times=later, order=order, tolerance=tolerance,
        step=step,
    ):  # fmt: skip
        vectors = beams.sectors(moment.vectors)
        rows.append(_observe(*vectors, weight * density))
    data = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    needed = _cells_needed(n, data["tail"], data["coherence_rms"])
    if needed > n:
        warnings.warn(
            f"box: {n} cells do not resolve the state (tail {data['tail'].max():.1e}, at most "
            f"{_TAIL:g}); try {needed} cells",
            stacklevel=2,
        )
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
            "mode": (
                "mode", np.fft.fftshift(np.fft.fftfreq(n, 1.0 / n).astype(int)), {"units": "1"},
            ),
            "sector": ["nu", "nubar"],
            "mu": ("mu", mu, {"units": "1"}),
            "z": ("z", (np.arange(n) + 0.5) * length / n, {"units": "cm"}),
        },
        attrs={
            "form": beams.form, "length": length, "order": order,
            "n_steps": moment.steps, "step": moment.step, "cells_needed": needed,
        },
    )  # fmt: skip


class _Beams:
    """Beams that carry both sectors.

    Vectors of one direction turn alike, and the coupling needs their difference n P - nbar Pbar
    alone. So one beam per direction is the difference, over the larger density, and the other,
    if the sectors differ, the vector of the smaller density, which is only turned and streamed.
    """

    def __init__(self, nu, nubar, potential, mu):
        if np.array_equal(nu, nubar):
            self.form, self.p, self.v, self.g = "reduced", nu, mu, potential[0] - potential[1]
            return
        self.form = "full"
        self.more_nu = potential[0] >= potential[1]
        large, small = potential.max(axis=0), potential.min(axis=0)
        self.ratio = np.divide(small, large, out=np.zeros_like(large), where=large > 0.0)
        more, less = np.where(self.more_nu, nu, nubar), np.where(self.more_nu, nubar, nu)
        self.p = np.concatenate([more - self.ratio * less, less], axis=2)
        self.v = np.tile(mu, 2)
        self.g = np.concatenate([np.where(self.more_nu, large, -large), np.zeros_like(large)])

    def sectors(self, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Vectors of neutrinos and antineutrinos (n_z, 3, n_mu)."""
        if self.form == "reduced":
            return p, p
        difference, less = np.split(p, 2, axis=2)
        more = difference + self.ratio * less
        return np.where(self.more_nu, more, less), np.where(self.more_nu, less, more)


def _observe(nu: np.ndarray, nubar: np.ndarray, number: np.ndarray) -> dict:
    """Observables of a state; ``number`` (2, n_mu) is the density of each direction."""
    n = nu.shape[0]
    across = np.sqrt(nu[:, 0] ** 2 + nu[:, 1] ** 2)
    spectrum = np.fft.fft(nu[:, 0] - 1j * nu[:, 1], axis=0) / n
    # cell centres are half a cell off the origin
    shift = np.exp(-1j * np.pi * np.fft.fftfreq(n))
    mode = 0.5 * np.fft.fftshift(shift * (spectrum @ number[0]) / number[0].sum())
    size = np.abs(spectrum).max(axis=1)
    high = np.abs(np.fft.fftfreq(n)) >= 0.375
    along = np.stack([nu[:, 2].mean(axis=0), nubar[:, 2].mean(axis=0)])
    electron = np.sum(number * along, axis=1)
    length = np.sqrt(np.sum([nu**2, nubar**2], axis=2))
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
