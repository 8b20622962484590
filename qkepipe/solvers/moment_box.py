"""Local periodic box of two angular moments: what a two-moment code makes of flavour conversion.

Number density N and flux F are matrices in flavour, the second moment follows from a closure
(:mod:`qkepipe.solvers.closures`), the equations are those of :mod:`qkepipe.solvers.moment_step`.
They are the angular moments of the equation of :func:`qkepipe.solvers.run_box` (Zhang & Burrows
2013, PRD 88, 105009; Myers et al. 2022, PRD 105, 123036; Grohs et al. 2024, ApJ 963, 11: recalled,
derived again for this project); only the closure is an approximation.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT, SQRT2_GF
from qkepipe.errors import Defect, QkepipeError
from qkepipe.solvers.closures import CLOSURES, SPECIES, check_moments
from qkepipe.solvers.moment_step import CUT, MomentStep
from qkepipe.solvers.seeds import seed_profile, seed_state

__all__ = ["run_moment_box"]

#: Steps from which a run is given up are shorter than the stable ones by this factor.
_SHORTEST = 1e-4


def run_moment_box(
    number: np.ndarray,
    flux: np.ndarray,
    *,
    closure: str,
    length: float,
    cells: int,
    duration: float,
    xi: float = 1.0,
    wavenumber: int | None = 1,
    random_seed: int = 1,
    seed_amplitude: float = 1e-6,
    samples: int = 200,
    average_from: float = 0.7,
    tolerance: float = 1e-4,
) -> xr.Dataset:
    """Evolve the first two moments of a homogeneous gas in a periodic box of one dimension.

    Parameters
    ----------
    number, flux : ndarray (4,)
        Number density and number flux over c along z [cm^-3] of nue, nuebar, nux, nuxbar.
    closure : str
        Name in :data:`qkepipe.solvers.closures.CLOSURES`.
    length : float
        Length of the box [cm].
    cells : int
        Number of cells; waves shorter than three cells are cut off.
    duration : float
        c t [cm].
    xi : float
        Attenuation of the Hamiltonian.
    wavenumber : int or None
        The seed is exp(2 pi i wavenumber z/length); its sign matters. None: random phases.
    random_seed : int
        Seed of the random phases.
    seed_amplitude : float
        Angle by which flavour vectors are turned at the start.
    samples : int
        Number of samples in time.
    average_from : float
        Share of the run after which samples enter the mean.
    tolerance : float
        Error of the whole run from its steps, relative to the coherence.

    Returns
    -------
    Dataset
        Over ``time_sample`` [s]: ``mode_amplitude``, the modulus of the Fourier coefficient of
        the seeded wave of N_ex over the total density (of random phases: the mean modulus);
        ``survival_probability`` of nue and nuebar; ``lepton_number`` and ``total_number`` (of both
        sectors) [cm^-3]; ``positivity``, the least eigenvalue of N +- F in the box over the trace
        of N, negative where no distribution has these moments. ``number`` and ``flux`` at the end
        over (species, z), ``number_mean`` over (species), the mean over the box and the samples
        after ``average_from`` [cm^-3]; ``coherence``, the modulus of N_ex over (sector, z).

    Raises
    ------
    QkepipeError
        If an input does not fit, or the closure lets the state grow without bound.
    """
    number, flux = check_moments(number, flux, closure)
    _check_numbers(
        length=length, duration=duration, seed_amplitude=seed_amplitude, tolerance=tolerance, xi=xi
    )
    _check_counts(cells, samples, average_from, wavenumber)
    scale = number.max()
    z = (np.arange(cells) + 0.5) * (length / cells)
    if wavenumber is None:
        phase = seed_profile("noise", z, random_seed)
    else:
        phase = np.exp(2j * np.pi * wavenumber * z / length)
    stepper = MomentStep(CLOSURES[closure], cells, length, xi * SQRT2_GF * scale)
    state = stepper.smooth(_initial(number / scale, flux / scale, seed_amplitude, phase))
    start = _species(state[0]).mean(axis=-1)
    rows, mean = [], []
    now = duration / samples * np.arange(samples + 1)
    h = longest = stepper.longest(number.sum() / scale)
    rate, steps = stepper.rate(state), 0
    for k in range(samples):
        state, rate, h, more = _reach(
            stepper, state, rate, now[k + 1] - now[k], h, longest, tolerance / duration, closure
        )
        steps += more
        rows.append(_observe(state, start, None if wavenumber is None else phase))
        if k + 1 > average_from * samples:
            mean.append(_species(state[0]).mean(axis=-1))
    data = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    density = {"units": "cm-3"}
    return xr.Dataset(
        {
            "mode_amplitude": ("time_sample", data["mode_amplitude"], {"units": "1"}),
            "survival_probability": (
                ("time_sample", "sector"), data["survival_probability"], {"units": "1"},
            ),
            "lepton_number": ("time_sample", scale * data["lepton_number"], density),
            "total_number": (("time_sample", "sector"), scale * data["total_number"], density),
            "positivity": ("time_sample", data["positivity"], {"units": "1"}),
            "number_mean": ("species", scale * np.mean(mean, axis=0), density),
            "number": (("species", "z"), scale * _species(state[0]), density),
            "flux": (("species", "z"), scale * _species(state[1]), density),
            "coherence": (
                ("sector", "z"), scale * 0.5 * np.hypot(state[0, :, 1], state[0, :, 2]), density,
            ),
        },
        coords={
            "time_sample": ("time_sample", now[1:] / C_LIGHT, {"units": "s"}),
            "sector": ["nu", "nubar"],
            "species": list(SPECIES),
            "z": ("z", z, {"units": "cm"}),
        },
        attrs={"closure": closure, "xi": xi, "length": length, "n_steps": steps},
    )  # fmt: skip


def _initial(number, flux, amplitude, phase):
    """State (moment, sector, component, z): flavour vectors of all directions turned alike."""
    # (flavour, sector, 1, moment, z)
    moments = np.stack([number.reshape(2, 2), flux.reshape(2, 2)], axis=-1)
    diagonal = np.repeat(moments[:, :, None, :, None], phase.size, axis=4)
    f = seed_state(diagonal, amplitude, phase)[:, :, 0]
    components = np.stack([f[0] + f[1], 2.0 * f[2], -2.0 * f[3], f[0] - f[1]])
    return np.ascontiguousarray(np.moveaxis(components, 2, 0).swapaxes(1, 2))


def _species(moment):
    """Diagonal (4, n_z) of one moment (sector, component, z)."""
    return 0.5 * np.concatenate([moment[:, 0] + moment[:, 3], moment[:, 0] - moment[:, 3]])


def _observe(state, start, phase):
    """Observables of a state; ``start`` (4,): mean densities at the start."""
    n, f = state
    mean = _species(n).mean(axis=-1)
    mixed = 0.5 * (n[:, 1] - 1j * n[:, 2]).sum(axis=0)
    coherence = np.abs(mixed).mean() if phase is None else abs(np.mean(mixed / phase))
    least = np.inf
    for sign in (1.0, -1.0):
        x = n + sign * f
        low = x[:, 0] - np.sqrt((x[:, 1:] ** 2).sum(axis=1))
        least = min(least, (low / np.where(n[:, 0] > 0.0, n[:, 0], 1.0)).min())
    return {
        "mode_amplitude": coherence / start.sum(),
        "survival_probability": np.divide(
            mean[:2], start[:2], out=np.full(2, np.nan), where=start[:2] > 0.0
        ),
        "lepton_number": (mean[0] - mean[1]) - (mean[2] - mean[3]),
        "total_number": n[:, 0].mean(axis=-1),
        "positivity": 0.5 * least,
    }


def _reach(stepper, state, rate, span, h, longest, allowed, closure):
    """Advance by ``span``; returns state, rate, next step and the number of steps.

    ``allowed`` is the error per length relative to the rms of the components across.
    """
    steps, left = 0, span
    while left > 0.0:
        # equal steps to the end, so that none is a remainder
        h = left / np.ceil(left / min(h, longest) - 1e-9)
        after, after_rate, miss = stepper.advance(state, rate, h)
        size = np.sqrt(np.mean(state[:, :, 1:3] ** 2))
        error = np.sqrt(np.mean(miss**2)) / max(size, 1e-300) if size > 0.0 else 0.0
        if not np.isfinite(error) or h < _SHORTEST * min(longest, span):
            raise QkepipeError(
                Defect("moment box", "closure", f"{closure!r} lets the state grow without bound",
                       "a state near those of a distribution", "another closure")
            )  # fmt: skip
        factor = 0.9 * (allowed * h / max(error, 1e-9 * allowed * h)) ** (1.0 / 3.0)
        if error <= 2.0 * allowed * h:
            state, rate, left, steps = after, after_rate, left - h, steps + 1
            if left < 1e-12 * span:
                left = 0.0
        h *= min(2.0, max(0.2, factor))
    return state, rate, h, steps


def _refuse(field, problem, expected):
    raise QkepipeError(Defect("moment box", field, problem, expected))


def _check_numbers(**numbers):
    for name, value in numbers.items():
        if not (np.isfinite(value) and value > 0.0):
            _refuse(name, f"is {value}", "a finite number > 0")


def _check_counts(cells, samples, average_from, wavenumber):
    if not (isinstance(cells, int | np.integer) and cells >= 8 and cells % 2 == 0):
        _refuse("cells", f"is {cells}", "an even number >= 8")
    if not (isinstance(samples, int | np.integer) and samples >= 1):
        _refuse("samples", f"is {samples}", "a number >= 1")
    if not 0.0 <= average_from < 1.0:
        _refuse("average_from", f"is {average_from}", "at least 0 and below 1")
    highest = int(CUT * cells / 2)
    whole = wavenumber is None or isinstance(wavenumber, int | np.integer)
    if not whole or abs(wavenumber or 0) > highest:
        _refuse("wavenumber", f"is {wavenumber}", f"None, or up to +-{highest} on {cells} cells")
