"""The global solver: one driver for classical, quantum-kinetic, BGK and threshold runs.

Every run of a study applies the same streaming and collision operator on the same grid;
runs differ only in the operator that follows each transport step
(:mod:`qkepipe.solvers.schemes`). One step is: oscillation or mixing over dt, then
streaming and collisions over dt (conjugate to Strang splitting, hence second order for
every observable taken at the same stage of the step).
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.errors import Defect, QkepipeError
from qkepipe.oscillation.three_flavors import smallest_eigenvalue
from qkepipe.phasespace import (
    METRIC,
    AngleGrid,
    EnergyGrid,
    RadialGrid,
    angle_grid_from_edges,
    energy_grid,
    fermi_dirac,
    number_density,
    number_flux,
    radial_grid,
)
from qkepipe.schema import set_attributes
from qkepipe.solvers.schemes import SCHEMES, Oscillation, Setup, component_number
from qkepipe.solvers.seeds import entering_noise, seed_state, seed_state_three
from qkepipe.species import SPECIES, lepton_sign
from qkepipe.transport import geometry
from qkepipe.transport.step import TransportOperator, face_flux, stable_step

__all__ = [
    "Grid",
    "Track",
    "equilibrium",
    "field_dataset",
    "flows",
    "grid_of",
    "inflow",
    "run_sphere",
    "time_step",
    "transport_rates",
]


#: Fraction of the largest occupation below which a direction is empty.
EMPTY = 1e-12
#: Components of a state by their number.
COMPONENTS = {
    2: ("ee", "xx"),
    4: ("ee", "xx", "re_ex", "im_ex"),
    9: ("ee", "mumu", "tautau", "re_emu", "im_emu", "re_etau", "im_etau", "re_mutau", "im_mutau"),
}
#: Monitors at which a run stops: a hundred times and more what a sound run has.
BAD_TRACE, BAD_POLARISATION, BAD_BALANCE = 1e-8, 0.05, 1e-8
#: Largest angle [rad] of the self-interaction per step. The midpoint rule turns by 2 atan(1) = 1.6
#: instead of 2; from 4 on its iteration does not always converge, and lepton number is lost.
LARGEST_TURN = 2.0


@dataclass(frozen=True)
class Track:
    """Cell to follow from the seed: its ``index`` in r, steps between records, their number."""

    index: int
    interval: int
    count: int


@dataclass(frozen=True)
class Record:
    """Cells whose whole state is kept: their ``indices`` in r, and how many times."""

    indices: tuple[int, ...]
    times: int


@dataclass(frozen=True)
class Grid:
    """Phase-space grid of a run: energies at infinity, angles of resting observers, radii."""

    energy: EnergyGrid
    angle: AngleGrid
    radius: RadialGrid

    @property
    def lapse(self) -> np.ndarray:
        """Lapse of the cells, shape (n_r,)."""
        return self.radius.lapse


def grid_of(dataset: xr.Dataset) -> Grid:
    """Read the grid from a dataset with ``energy_edge``, ``mu_edge`` and ``r_edge``.

    The metric is that of ``lapse``, ``lapse_edge``, ``radial_metric`` and
    ``radial_metric_edge``, flat where the dataset has none of them.
    """
    given = [dataset[name].values if name in dataset.variables else None for name in METRIC]
    return Grid(
        energy_grid(dataset["energy_edge"].values),
        angle_grid_from_edges(dataset["mu_edge"].values),
        radial_grid(dataset["r_edge"].values, *given),
    )


def transport_rates(background: xr.Dataset) -> list[np.ndarray]:
    """Absorption, chi0 and chi_tr per coordinate time over c [cm^-1], (4, n_energy, n_r).

    Local rates times the lapse, the proper time per coordinate time.
    """
    order = ("species", "energy", "r")
    lapse = background["lapse"].values if "lapse" in background else 1.0
    return [
        np.ascontiguousarray(background[name].transpose(*order).values * lapse, dtype=float)
        for name in ("absorption", "scattering", "scattering_transport")
    ]


def equilibrium(background: xr.Dataset) -> np.ndarray:
    """Equilibrium occupation j/(c kappa*) of the rates, 0 where nothing absorbs.

    Returns
    -------
    ndarray (4, n_energy, n_r)
    """
    order = ("species", "energy", "r")
    emissivity = background["emissivity"].transpose(*order).values
    absorption = background["absorption"].transpose(*order).values
    with np.errstate(divide="ignore", invalid="ignore"):
        value = emissivity / (C_LIGHT * absorption)
    return np.where(absorption > 0.0, value, 0.0)


def inflow(background: xr.Dataset, grid: Grid) -> np.ndarray:
    """Occupation that enters at the inner edge, shape (4, n_energy, n_mu).

    That of ``inflow`` where the background has it, as on a grid that starts inside a field
    already known; else equilibrium with the matter of the first cell, of the rates where they
    absorb and of Fermi and Dirac at the group centres where they do not.
    """
    if "inflow" in background:
        return background["inflow"].transpose("species", "energy", "mu").values
    energy = grid.energy.centres / grid.lapse[0]
    first = background.isel(r=0)
    temperature = float(first["temperature"])
    mu_nue = float(first["mu_e"]) - float(first["mu_hat"])
    thermal = [fermi_dirac(energy, temperature, mu) for mu in (mu_nue, -mu_nue, 0.0, 0.0)]
    absorbs = first["absorption"].transpose("species", "energy").values > 0.0
    value = np.where(absorbs, equilibrium(background)[..., 0], thermal)
    return np.repeat(value[..., None], grid.angle.centres.size, axis=2)


def _per_time(flux: np.ndarray, energy: EnergyGrid) -> np.ndarray:
    """Neutrinos per coordinate time [s^-1] of fluxes (..., n_energy, n_r + 1) [cm^2]."""
    return 4.0 * np.pi * C_LIGHT * energy.weights[:, None] * flux


def flows(f: np.ndarray, background: xr.Dataset) -> np.ndarray:
    """Neutrinos that leave through every cell edge, as the transport operator counts them.

    In a steady state they are the same, to the residual of the solver, at all edges between
    which nothing is emitted or absorbed. Of an averaged field they are those of the average.

    Parameters
    ----------
    f : ndarray (4, n_energy, n_mu, n_r)
    background : Dataset
        Kind ``background`` on the same grid.

    Returns
    -------
    ndarray (4, n_energy, n_r + 1)
        Net number per group and coordinate time [s^-1]; times E_inf it is an energy at
        infinity per coordinate time.
    """
    grid = grid_of(background)
    shape = geometry.sphere(grid.radius, grid.angle)
    # each species by itself, as in classical transport
    state = np.ascontiguousarray(f)[None]
    flux = face_flux(state, inflow(background, grid)[..., None], shape)[0]
    return _per_time(flux, grid.energy)


def _discretisation(background, grid, cfl):
    """Geometry, rates [cm^-1] and c dt [cm] of every run on this background."""
    shape = geometry.sphere(grid.radius, grid.angle)
    rates = transport_rates(background)
    return shape, rates, stable_step(shape, rates[0] + rates[1], cfl)


def _transport(background, grid, n_component, cfl, seed_amplitude=0.0, seed_parts=()):
    shape, rates, step = _discretisation(background, grid, cfl)
    n_mu = grid.angle.centres.size
    inner = np.zeros((n_component, 2, grid.energy.centres.size, n_mu))
    entering = inflow(background, grid)
    inner[:2] = entering.reshape(2, 2, *entering.shape[1:])
    if n_component == 4:
        inner[2] = 0.5 * seed_amplitude * (inner[0] - inner[1])
    elif n_component == 9:
        inner[2] = inner[1]
        for k, number in enumerate(seed_parts):
            inner[3 + k] = 0.5 * seed_amplitude * number * (inner[0] - inner[1])
    operator = TransportOperator(shape, *rates, equilibrium(background), inner, step)
    return operator, step


def _two_profiles(profile, n_r: int) -> tuple[np.ndarray, np.ndarray]:
    """Profiles of e-mu and e-tau (2, n_r), and their Re, Im at the inner edge, shape (4,)."""
    if profile is None:
        second = 0.5 * np.exp(2j * np.pi * np.arange(n_r) / n_r)
        profile = np.stack([np.ones(n_r, dtype=complex), second])
    if profile.shape not in ((n_r,), (2, n_r)):
        raise QkepipeError(
            Defect("run", "seed_profile", f"shape {profile.shape}", f"({n_r},) or (2, {n_r})")
        )
    entering = profile[:, 0] if profile.ndim == 2 else np.array([1.0, 0.0])
    if profile.ndim == 1:
        profile = np.stack([profile, np.zeros(n_r)])
    return profile, np.stack([entering.real, entering.imag], axis=1).ravel()


class _BoundaryNoise:
    """Off-diagonals that enter at the inner edge, with random phases that change in time."""

    def __init__(self, operator, amplitude: float, flavors: int, number: int, cells: np.ndarray):
        self.inner = operator.inner
        self.first = flavors
        self.size = 0.5 * amplitude * (self.inner[..., 0] - self.inner[..., 1])
        # e-x; of three flavours e-mu, and e-tau of half the size as in the initial seed
        sizes = (1.0,) if flavors == 2 else (1.0, 0.5)
        self.noise = [s * entering_noise(cells, number + k) for k, s in enumerate(sizes)]

    def set(self, step: int) -> None:
        """Let in what belongs to this step."""
        for k, noise in enumerate(self.noise):
            self.inner[..., self.first + 2 * k] = self.size * noise[step].real
            self.inner[..., self.first + 2 * k + 1] = self.size * noise[step].imag


def time_step(background: xr.Dataset, cfl: float) -> float:
    """Time step [s] of every run on this background, in coordinate time."""
    return _discretisation(background, grid_of(background), cfl)[2] / C_LIGHT


class _Balance:
    """Accumulated particle budget: change = inflow + collisions, per species."""

    def __init__(self, flavors: int):
        self.imbalance = np.zeros((2, flavors))
        self.turnover = np.zeros((2, flavors))

    def add(self, budget: np.ndarray) -> None:
        change = budget[..., 1] - budget[..., 0]
        self.imbalance += np.abs(change - budget[..., 2] - budget[..., 3]).sum(axis=1)
        # what a number can be compared with: the content, as sums over it set the round-off
        self.turnover += budget[..., 1].sum(axis=1)

    def error(self) -> float:
        """Largest mean imbalance per step over the number in the volume."""
        present = self.turnover > 0.0
        return float((self.imbalance[present] / self.turnover[present]).max(initial=0.0))


def field_dataset(f: np.ndarray, background: xr.Dataset) -> xr.Dataset:
    coords = {
        name: background[name] for name in ("r", "r_edge", "energy", "energy_edge", "mu", "mu_edge")
    }
    coords["species"] = list(SPECIES)
    data = xr.Dataset(
        {"f": (("species", "energy", "mu", "r"), np.array(f), {})},
        coords=coords,
    )
    metric = {name: background[name].variable for name in METRIC if name in background}
    return set_attributes(data.assign(metric))


def _flavors(f: np.ndarray) -> int:
    """Number of flavours of a state, the number of diagonal components."""
    return 3 if f.shape[0] == 9 else 2


def _species(f: np.ndarray) -> np.ndarray:
    """nue, nuebar, nux, nuxbar along the first axis; nux of three flavours is the mean of two.

    ``f`` has the diagonal components first, then the sectors.
    """
    heavy = f[1:2] if _flavors(f) == 2 else 0.5 * (f[1:2] + f[2:3])
    return np.concatenate([f[:1], heavy]).reshape(4, *f.shape[2:])


def _trace(f: np.ndarray) -> np.ndarray:
    return f[: _flavors(f)].sum(axis=0)


def coherence(f: np.ndarray, grid: Grid) -> np.ndarray:
    """Off-diagonal elements over the trace, number weighted, shape (2, n_r).

    |f_ex|; of three flavours the root of the sum of the squares of all three.
    """
    w = grid.energy.weights[:, None] * grid.angle.weights[None, :]
    across = np.hypot(f[2], f[3]) if _flavors(f) == 2 else np.sqrt((f[3:] ** 2).sum(axis=0))
    return np.einsum("semr,em->sr", across, w) / np.einsum("semr,em->sr", _trace(f), w)


def _lepton_content(species: np.ndarray, grid: Grid, volume: np.ndarray) -> float:
    """Volume integral of (nue - nuebar) - (nux - nuxbar), per 4 pi.

    ``volume`` is that of the geometry, which has the measure of E_inf.
    """
    density = number_density(species, grid.energy, grid.angle)
    return float((lepton_sign() @ density) @ volume)


def _polarisation_excess(f: np.ndarray) -> float:
    """Largest 1 - 2 (smallest eigenvalue)/trace of the state, where there is more than round-off.

    Above 1 a matrix is not positive. Of two flavours this is |P|/trace.
    """
    trace = _trace(f)
    filled = trace > EMPTY * trace.max()
    if _flavors(f) == 2:
        size = np.sqrt((f[0] - f[1]) ** 2 + 4.0 * (f[2] ** 2 + f[3] ** 2))
        return float(np.max(size[filled] / trace[filled], initial=0.0))
    lowest = smallest_eigenvalue(f[:, filled] / trace[filled])
    return float(np.max(1.0 - 2.0 * lowest, initial=0.0))


def _warn_of_long_steps(turn: float, grid: Grid) -> None:
    if turn > LARGEST_TURN:
        excess = turn / LARGEST_TURN
        cells = int(np.ceil(excess * grid.radius.centres.size))
        warnings.warn(
            f"run: the self-interaction turns flavour by up to {turn:.3g} in a step, at most "
            f"{LARGEST_TURN:g} is resolved; try xi smaller by {excess:.3g} or {cells} "
            "radial cells",
            stacklevel=3,
        )


def run_sphere(
    background: xr.Dataset,
    scheme: str,
    *,
    initial: np.ndarray,
    options: dict | None = None,
    seed_amplitude: float = 1e-6,
    seed_profile: np.ndarray | None = None,
    boundary_seed: int | None = None,
    crossings: float = 2.0,
    average_from: float = 0.5,
    cfl: float = 0.45,
    samples: int = 400,
    until: float | None = None,
    growth_ratio: float | np.ndarray = 1.0,
    track: Track | None = None,
    record: Record | None = None,
    checkpoint: Path | None = None,
    checkpoint_seconds: float = 20.0,
    progress: Callable[[float, float], None] | None = None,
) -> xr.Dataset:
    """Evolve the radiation field on a fixed background.

    Parameters
    ----------
    background : Dataset
        Kind ``background``.
    scheme : str
        Key of :data:`qkepipe.solvers.schemes.SCHEMES`.
    initial : ndarray (4, n_energy, n_mu, n_r)
        Classical steady state, species nue, nuebar, nux, nuxbar.
    options : dict
        Of the scheme: ``xi``, a number or one per cell; or ``prescription``, ``mode``,
        ``c_tau``, ``tolerance``; or ``density``, ``rule``, ``flux_factor``. Quantum kinetics
        also ``flavors``, 2 (default) or 3: mu and tau then both start as nux, and nux of the
        result is their mean.
    seed_amplitude : float
        Angle by which flavour vectors are turned at the start and at the inner edge
        (quantum kinetics only).
    seed_profile : ndarray (n_r,), complex
        Profile of the seed, see :mod:`qkepipe.solvers.seeds`; default: 1 everywhere. Three
        flavours: (2, n_r), e-mu and e-tau, whose first cells also are what enters at the inner
        edge; default: 1, and 1/2 with a phase that turns once over the domain. With (n_r,) only
        e-mu is seeded, as two flavours are.
    boundary_seed : int, optional
        Number of the random phases that the seed of what enters at the inner edge has, changing
        in time (:func:`qkepipe.solvers.seeds.entering_noise`); default: one phase at all times.
    crossings : float
        Duration in light-crossing times of the domain; with ``until`` the longest.
    average_from : float
        Fraction of the run after which time averages start; without effect with ``until``.
    cfl : float
        At most 1/2.
    samples : int
        Number of samples of the time series; averages use the same samples. With ``until`` at
        least twenty per crossing.
    until : float, optional
        Stop at a steady state: when number density n and flux F of every species and cell,
        averaged over half a light crossing, are those of the half crossing before, F to this
        fraction of c n. The time average is that of the last half crossing. A run shorter than
        a crossing compares its halves.
    growth_ratio : float or ndarray (n_r,)
        Growth rate of every cell over the growth estimate (relaxation only), see
        :func:`qkepipe.solvers.linear.growth_ratio`.
    track : Track, optional
        Cell whose coherence is recorded at short intervals while it grows from the seed
        (quantum kinetics only).
    record : Record, optional
        Cells of which all components of the state are kept, at so many samples, evenly spread over
        the run.
    checkpoint : Path, optional
        File that holds the state while the run is under way; a run that finds it goes on
        from there, bit-identically. Removed by the caller when the result is safe.
    checkpoint_seconds : float
        Wall time between checkpoints.
    progress : callable, optional
        Called at every sample with the fraction done and the physical time [s].

    Returns
    -------
    Dataset
        Kind ``solution``: time-averaged ``f``, ``f_final``, series over ``time_sample`` and
        the monitors as attributes; with ``until`` also ``steady_residual``, the largest change
        between the last two half crossings (above ``until`` if the run ended unsettled); with
        ``track`` also ``tracked_coherence`` over ``time_tracked``; with ``record`` ``f_recorded``
        over (time_recorded, component, sector, energy, mu, r_recorded), of antineutrinos the
        components of conj(fbar).

    Raises
    ------
    QkepipeError
        If the state is not finite, or trace, |P| or number balance show that the run went bad;
        looked at in every sample.

    Warns
    -----
    UserWarning
        If steps are too long for the self-interaction at the start; with the xi or cells needed.
    """
    grid = grid_of(background)
    operator_class = SCHEMES[scheme].operator
    flavors = (options or {}).get("flavors", 2)
    n_component = component_number(scheme, flavors)
    seed_parts = ()
    if flavors == 3:
        seed_profile, seed_parts = _two_profiles(seed_profile, grid.radius.centres.size)
    operator, step = _transport(background, grid, n_component, cfl, seed_amplitude, seed_parts)
    setup = Setup(grid, step, background["rho"].values, dict(options or {}), growth_ratio)
    mixing = operator_class(setup) if operator_class is not None else None
    diagonal = np.array(initial, dtype=float, order="C").reshape(2, 2, *initial.shape[1:])
    f = diagonal
    if n_component == 4:
        if seed_profile is None:
            seed_profile = np.ones(grid.radius.centres.size, dtype=complex)
        f = seed_state(diagonal, seed_amplitude, seed_profile)
    elif n_component == 9:
        f = seed_state_three(diagonal, seed_amplitude, seed_profile)
    if isinstance(mixing, Oscillation):
        _warn_of_long_steps(mixing.operator.turn(f), grid)
    length = grid.radius.light_path
    every = max(1, int(np.ceil(crossings * length / step / samples)))
    if until is not None:
        # ten samples per half crossing, as what chatters from step to step is to be averaged out
        every = max(1, min(every, int(0.05 * length / step)))
    n_samples = max(2 if until is None else 4, int(np.ceil(crossings * length / step / every)))
    window = None
    if until is not None:
        # whole half crossings, two of them at least; or the halves of a shorter run
        window = min(max(2, round(0.5 * length / step / every)), n_samples // 2)
        n_samples = window * -(-n_samples // window)
    first_average = int(average_from * n_samples)
    noise = None
    if boundary_seed is not None and n_component > 2:
        cells = np.arange(n_samples * every) * (step / grid.radius.widths[0])
        noise = _BoundaryNoise(operator, seed_amplitude, flavors, boundary_seed, cells)
    state = _RunState(f, n_samples, grid, operator, track, record)
    state.lepton[0] = _lepton_content(_species(f), grid, operator.geometry.volume)
    if checkpoint is not None:
        state.load(checkpoint)
    saved = time.monotonic()
    while state.sample < n_samples:
        for number in range(every):
            if mixing is not None:
                trace = _trace(state.f) if number == 0 else None
                mixing.apply(state.f)
                if trace is not None:
                    change = np.abs(_trace(state.f) - trace).max(initial=0.0)
                    state.trace = max(state.trace, float(change / trace.max()))
            if noise is not None:
                noise.set(state.sample * every + number)
            state.balance.add(operator.advance(state.f))
            state.add_lepton(operator.budget, grid)
            if track is not None:
                state.follow(step / C_LIGHT)
        state.refuse_bad(
            (state.sample + 1) * every, step / C_LIGHT, mixing is None or mixing.keeps_trace
        )
        average = window is not None or state.sample >= first_average
        state.record((state.sample + 1) * every * step / C_LIGHT, average)
        if progress is not None:
            progress(state.sample / n_samples, state.time[state.sample - 1])
        if window is not None and state.sample % window == 0:
            state.compare_average()
            if state.residual <= until or state.sample == n_samples:
                first_average = state.sample - window
                break
            state.forget_average()
        if checkpoint is not None and time.monotonic() - saved > checkpoint_seconds:
            state.save(checkpoint)
            saved = time.monotonic()
    result = state.dataset(background, first_average)
    result.attrs.update(
        scheme=scheme,
        crossings=float(crossings),
        average_from=float(average_from),
        time_step=step / C_LIGHT,
        n_steps=int(state.sample * every),
        **{k: v for k, v in setup.options.items() if v is not None},
    )
    if window is not None:
        result.attrs.update(
            crossings=float(state.sample * every * step / length),
            average_from=float(first_average / state.sample),
            steady_residual=state.residual,
        )
    if n_component > 2:
        result.attrs["seed_amplitude"] = float(seed_amplitude)
        if boundary_seed is not None:
            result.attrs["boundary_seed"] = int(boundary_seed)
    return result


class _RunState:
    """Everything that evolves, so that a checkpoint is one file."""

    def __init__(self, f, n_samples: int, grid: Grid, operator, track=None, record=None):
        _, _, n_energy, n_mu, n_r = f.shape
        self.grid = grid
        self.operator = operator
        self.f = f
        self.sample = 0
        self.time = np.zeros(n_samples)
        self.sum_f = np.zeros((4, n_energy, n_mu, n_r))
        self.sum_coherence = np.zeros((2, n_r))
        self.averaged = 0
        self.coherence = np.zeros((n_samples, n_r))
        self.flux = np.zeros((n_samples, 4, n_r))
        # density and flux over c of the last whole average, and their change since the one before
        self.moments = np.full((2, 4, n_r), np.nan)
        self.residual = np.inf
        self.out = np.zeros((n_samples, 4))
        self.excess = 0.0
        self.trace = 0.0
        self.balance = _Balance(_flavors(f))
        # lepton number nue - nuebar - nux + nuxbar: at the start, signed sum of what faces and
        # matter brought, sum of the absolute parts of what the faces brought; and the particles
        # in the volume
        self.lepton = np.zeros(4)
        self.lepton_now = 0.0
        self.track = track
        self.step_number = 0
        n_tracked = 0 if track is None else track.count
        self.tracked_time = np.full(n_tracked, np.nan)
        self.tracked = np.full(n_tracked, np.nan)
        self.cells = [] if record is None else list(record.indices)
        # samples that are kept, the last one among them
        times = 0 if record is None else min(record.times, n_samples)
        self.kept = np.ceil(n_samples * np.arange(1, times + 1) / max(times, 1)).astype(int) - 1
        self.time_recorded = np.full(times, np.nan)
        self.recorded = np.zeros((times, *f.shape[:-1], len(self.cells)))

    _ARRAYS = (
        "f",
        "time",
        "sum_f",
        "sum_coherence",
        "coherence",
        "flux",
        "moments",
        "out",
        "lepton",
        "tracked_time",
        "tracked",
        "time_recorded",
        "recorded",
    )
    _SCALARS = ("sample", "averaged", "excess", "trace", "lepton_now", "step_number")

    def refuse_bad(self, step: int, step_seconds: float, keeps_trace: bool) -> None:
        """Stop a run whose state or monitors are beyond what round-off and limiter can do."""
        found = []
        if not np.isfinite(self.f).all():
            where = np.argwhere(~np.isfinite(self.f))[0]
            found.append((f"state is not finite, first at index {where.tolist()}", "numbers"))
        else:
            if self.f.shape[0] > 2:
                self.excess = max(self.excess, _polarisation_excess(self.f))
            monitors = (
                (
                    "change of the flavour trace by mixing, per step",
                    self.trace if keeps_trace else 0.0,
                    BAD_TRACE,
                ),
                ("|P| over the trace", self.excess, 1.0 + BAD_POLARISATION),
                ("number balance per step", self.balance.error(), BAD_BALANCE),
            )
            found += [(f"{m} is {v:.3g}", f"at most {w:g}") for m, v, w in monitors if not v <= w]
        if found:
            raise QkepipeError(
                [
                    Defect(
                        "run", f"step {step}, t = {1e3 * step * step_seconds:.4g} ms", problem,
                        expected, "a smaller solve.cfl, or a grid that resolves the background",
                    )
                    for problem, expected in found
                ]
            )  # fmt: skip

    def follow(self, step_seconds: float) -> None:
        """Record the coherence of the tracked cell where the interval asks for it."""
        self.step_number += 1
        number, rest = divmod(self.step_number, self.track.interval)
        if rest == 0 and number <= self.track.count:
            cell = slice(self.track.index, self.track.index + 1)
            self.tracked_time[number - 1] = self.step_number * step_seconds
            self.tracked[number - 1] = coherence(self.f[..., cell], self.grid).max()

    def save(self, path: Path) -> None:
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        with open(part, "wb") as stream:
            np.savez(
                stream,
                imbalance=self.balance.imbalance,
                turnover=self.balance.turnover,
                scalars=np.array([getattr(self, name) for name in self._SCALARS]),
                **{name: getattr(self, name) for name in self._ARRAYS},
            )
        os.replace(part, path)

    def load(self, path: Path) -> None:
        if not Path(path).exists():
            return
        with np.load(path) as data:
            for name in self._ARRAYS:
                setattr(self, name, data[name])
            for name, value in zip(self._SCALARS, data["scalars"], strict=True):
                setattr(self, name, type(getattr(self, name))(value))
            self.balance.imbalance = data["imbalance"]
            self.balance.turnover = data["turnover"]

    def add_lepton(self, budget: np.ndarray, grid: Grid) -> None:
        """Lepton budget of one transport step."""
        flavors = budget.shape[2]
        share = np.full(flavors, -1.0 / (flavors - 1))
        share[0] = 1.0
        sign = np.stack([share, -share])  # sector, flavour
        weights = sign[:, None, :] * grid.energy.weights[:, None]
        brought = weights[..., None] * budget[..., 2:]
        self.lepton[1] += float(brought.sum())
        self.lepton[2] += float(np.abs(brought[..., 0]).sum())
        self.lepton[3] = float((np.abs(weights) * budget[..., 1]).sum())
        self.lepton_now = float((weights * budget[..., 1]).sum())

    def lepton_error(self) -> float:
        """Lepton number in the volume against what faces and matter brought since the start.

        Relative to the particles in the volume and those that the faces brought.
        """
        change = self.lepton_now - self.lepton[0]
        return float(abs(change - self.lepton[1]) / (self.lepton[2:].sum() or 1.0))

    def record(self, seconds: float, average: bool) -> None:
        species = _species(self.f)
        k = self.sample
        self.time[k] = seconds
        self.flux[k] = number_flux(species, self.grid.energy, self.grid.angle, self.grid.lapse)
        through = face_flux(self.f, self.operator.inner, self.operator.geometry)[..., -1:]
        out = _per_time(_species(through), self.grid.energy).sum(axis=(1, 2))
        self.out[k] = out / self.grid.radius.lapse_edge[-1]
        if self.f.shape[0] > 2:
            both = coherence(self.f, self.grid)
            self.coherence[k] = both.max(axis=0)
            if average:
                self.sum_coherence += both
        if average:
            self.sum_f += species
            self.averaged += 1
        at = np.searchsorted(self.kept, k)
        if at < self.kept.size and self.kept[at] == k:
            self.time_recorded[at] = seconds
            self.recorded[at] = self.f[..., self.cells]
        self.sample += 1

    def forget_average(self) -> None:
        """Start the time averages anew."""
        self.sum_f = np.zeros_like(self.sum_f)
        self.sum_coherence = np.zeros_like(self.sum_coherence)
        self.averaged = 0

    def compare_average(self) -> None:
        """Largest change of density and flux since the average before, relative to the density."""
        g, mean = self.grid, self.sum_f / self.averaged
        density = number_density(mean, g.energy, g.angle, g.lapse)
        flux = number_flux(mean, g.energy, g.angle, g.lapse) / C_LIGHT
        before, self.moments = self.moments, np.stack([density, flux])
        change = np.abs(self.moments - before) / np.maximum(density, np.finfo(float).tiny)
        self.residual = float(change.max()) if np.isfinite(before).all() else np.inf

    def dataset(self, background: xr.Dataset, first_average: int) -> xr.Dataset:
        done = self.sample
        out = field_dataset(self.sum_f / self.averaged, background)
        out["f_final"] = (
            ("species", "energy", "mu", "r"),
            _species(self.f),
            {"units": "1", "long_name": "neutrino occupation at the end of the run"},
        )
        out["number_flux_series"] = (
            ("time_sample", "species", "r"),
            self.flux[:done],
            {"units": "cm-2 s-1", "long_name": "radial number flux"},
        )
        out["number_flux_out"] = (
            ("time_sample", "species"),
            self.out[:done],
            {"units": "s-1", "long_name": "number luminosity at the outer edge"},
        )
        out = out.assign_coords(
            time_sample=(
                "time_sample",
                self.time[:done],
                {"units": "s", "long_name": "time since the oscillation was switched on"},
            )
        )
        if self.f.shape[0] > 2:
            across = "|f_ex|" if _flavors(self.f) == 2 else "root-sum of off-diagonals"
            out["coherence"] = (
                ("sector", "r"),
                self.sum_coherence / self.averaged,
                {"units": "1", "long_name": f"{across} over trace, number weighted"},
            )
            out["coherence_series"] = (
                ("time_sample", "r"),
                self.coherence[:done],
                {"units": "1", "long_name": f"{across} over trace, larger of nu and nubar"},
            )
            out["coherence_max"] = (
                "time_sample",
                self.coherence[:done].max(axis=1),
                {"units": "1", "long_name": "largest coherence in the domain"},
            )
            out = out.assign_coords(sector=["nu", "nubar"])
            if self.track is not None:
                known = np.isfinite(self.tracked)
                out["tracked_coherence"] = (
                    "time_tracked",
                    self.tracked[known],
                    {"units": "1", "long_name": "coherence of the tracked cell"},
                )
                out = out.assign_coords(
                    time_tracked=("time_tracked", self.tracked_time[known], {"units": "s"})
                )
                out.attrs["tracked_radius"] = float(background["r"].values[self.track.index])
            out.attrs["max_polarisation_over_trace"] = self.excess
        if self.cells:
            known = np.isfinite(self.time_recorded)
            out["f_recorded"] = (
                ("time_recorded", "component", "sector", "energy", "mu", "r_recorded"),
                self.recorded[known],
                {"units": "1", "long_name": "components of f, of antineutrinos of conj(fbar)"},
            )
            out = out.assign_coords(
                sector=["nu", "nubar"],
                component=list(COMPONENTS[self.f.shape[0]]),
                time_recorded=("time_recorded", self.time_recorded[known], {"units": "s"}),
                r_recorded=("r_recorded", background["r"].values[self.cells], {"units": "cm"}),
            )
        half = (first_average + done) // 2
        early = self.flux[first_average:half].mean(axis=0)
        late = self.flux[half:done].mean(axis=0)
        mean = self.flux[first_average:done].mean(axis=0)
        largest = np.abs(mean).max(axis=1, keepdims=True)
        # species that are all but absent have round-off for a flux
        scale = np.maximum(np.abs(mean), np.maximum(1e-3 * largest, 1e-9 * largest.max()))
        out["steadiness"] = (
            ("species", "r"),
            np.abs(late - early) / scale,
            {
                "units": "1",
                "long_name": "change of the number flux between the halves of the average",
            },
        )
        out["number_flux_rms"] = (
            ("species", "r"),
            self.flux[first_average:done].std(axis=0),
            {"units": "cm-2 s-1", "long_name": "rms in time of the number flux"},
        )
        out.attrs.update(
            number_balance_error=self.balance.error(),
            eln_balance_error=self.lepton_error(),
            max_trace_change=self.trace,
            quasi_steadiness=float((np.abs(late - early) / scale).max()),
        )
        return out
