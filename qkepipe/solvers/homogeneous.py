"""Flavour evolution of a homogeneous gas: all terms of the Hamiltonian, all energies and angles.

The gas is axisymmetric and without gradients: i d_s f = xi [H_vac + H_mat + H_nu, f] + C, two
or three flavours. Steps, their order and what they conserve are in
:mod:`qkepipe.solvers.homogeneous_step`, control of their length in :mod:`qkepipe.solvers.adaptive`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.oscillation.unitary import unitary_step
from qkepipe.oscillation.vacuum import ThreeFlavors, TwoFlavors, vacuum_hamiltonian
from qkepipe.solvers.adaptive import StepCounts, adaptive_steps, fixed_steps
from qkepipe.solvers.homogeneous_input import (
    Gas,
    check_control,
    check_times,
    mixing_for,
    potential_for,
    read_gas,
)
from qkepipe.solvers.homogeneous_step import HomogeneousStep
from qkepipe.species import SPECIES, SPECIES6

__all__ = ["run_homogeneous"]

#: Off-diagonal elements, in the order of the components.
_PAIRS = {2: ("ex",), 3: ("emu", "etau", "mutau")}


def run_homogeneous(
    field: xr.Dataset,
    times,
    *,
    flavors: int = 2,
    vacuum: str | TwoFlavors | ThreeFlavors | None = "normal",
    electron_density: float | Callable[[float], float] = 0.0,
    matter_velocity: float = 0.0,
    xi: float = 1.0,
    seed_amplitude: float = 0.0,
    order: int = 4,
    tolerance: float = 1e-8,
    step: float | None = None,
) -> xr.Dataset:
    """Evolve the flavour of a homogeneous gas.

    Parameters
    ----------
    field : Dataset
        One cell: ``f`` (species, energy, mu) of four or six species, ``energy_edge`` [MeV] and
        ``mu_edge``; for collisions ``absorption`` [cm-1] and ``emissivity`` [s-1] over
        (species, energy). A cell of a background of a study has all of them; its ``lapse``
        turns energies at infinity into local ones.
    times : array_like
        Output times [s], rising; the state starts at 0.
    flavors : {2, 3}
        Two: e and x, the mean of mu and tau. Three from four species: mu and tau start as nux.
    vacuum : {"normal", "inverted"} or TwoFlavors or ThreeFlavors or None
        Measured parameters of an ordering, given ones, or no vacuum term.
    electron_density : float or callable
        Net electron density in the rest frame of matter [cm^-3], or a function of time [s].
    matter_velocity : float
        Velocity of matter along mu = 1 over c: the potential of a direction has the factor
        gamma (1 - mu V). Collisions stay those of ``field``.
    xi : float
        Attenuation of the Hamiltonian.
    seed_amplitude : float
        Angle [rad] by which electron and heavy flavours are turned into each other at the start.
    order : {2, 4}
        Order of the steps.
    tolerance : float
        Error of one step relative to the occupations, and of the off-diagonal elements to the
        largest of their kind.
    step : float, optional
        Length of all steps [s] (at most) instead of steps by ``tolerance``.

    Returns
    -------
    Dataset
        Over ``time_sample`` [s]: ``f`` (species, energy, mu); ``f_re`` and ``f_im`` (pair,
        sector, energy, mu), the off-diagonal elements, of antineutrinos those of conj(fbar);
        ``number_density`` (species); ``survival_probability`` (sector), electron flavour over
        that of the start; ``coherence`` (sector), off-diagonal over trace, number weighted;
        ``lepton_number``, of e minus the mean of the others [cm^-3]. Attributes: settings,
        numbers of steps, and the largest change of tr f and tr f^2 of any cell, relative to the
        largest tr f and tr f^2 (of a run without collisions, these are round-off).

    Raises
    ------
    QkepipeError
        Input that cannot be used, or steps too long to converge.
    """
    gas = read_gas(field, flavors)
    times = check_times(times)
    check_control(xi, order, tolerance, step, seed_amplitude, matter_velocity)
    mixing = mixing_for(vacuum, flavors)
    n_energy = gas.energy.centres.size
    terms = (
        np.zeros((flavors**2, n_energy))
        if mixing is None
        else vacuum_hamiltonian(gas.energy.centres, mixing)
    )
    operator = HomogeneousStep(
        gas.energy.weights, gas.angle.centres, gas.angle.weights, terms,
        potential_for(electron_density), gas.absorption, gas.equilibrium, xi, order,
        matter_velocity,
    )  # fmt: skip
    f = np.zeros((flavors**2, *gas.f.shape[1:]))
    f[:flavors] = gas.f
    f = _seeded(f, flavors, seed_amplitude)
    counts = StepCounts()
    lengths = times * C_LIGHT
    states = (
        adaptive_steps(operator, f.copy(), lengths, tolerance, counts)
        if step is None
        else fixed_steps(operator, f.copy(), lengths, step * C_LIGHT, counts)
    )
    samples = np.stack([state.copy() for state in states])
    out = _dataset(samples, f, gas, times, flavors)
    out.attrs |= {
        "flavors": flavors, "xi": xi, "order": order, "seed_amplitude": seed_amplitude,
        "matter_velocity": matter_velocity,
        "n_steps": counts.accepted, "n_rejected": counts.rejected,
        "step_shortest": counts.shortest / C_LIGHT, "step_longest": counts.longest / C_LIGHT,
        **({} if mixing is None else asdict(mixing)),
        **({"tolerance": tolerance} if step is None else {"step": step}),
    }  # fmt: skip
    return out


def _seeded(f: np.ndarray, flavors: int, angle: float) -> np.ndarray:
    """Turn e into every heavy flavour by ``angle`` of the flavour vector; eigenvalues stay."""
    h = np.zeros_like(f)
    # V = (0, angle, 0): Im H_ex = -angle/2
    for k in range(flavors + 1, flavors + 2 * flavors - 1, 2):
        h[k] = -0.5 * angle
    return unitary_step(f, h, 1.0)


def _dataset(
    samples: np.ndarray, start: np.ndarray, gas: Gas, times: np.ndarray, flavors: int
) -> xr.Dataset:
    """States (time, components, 2, energy, mu) and what follows from them."""
    weights = gas.energy.weights[:, None] * gas.angle.weights
    density = np.einsum("tcsem,em->tcs", samples[:, :flavors], weights)
    before = np.einsum("sem,em->s", start[0], weights)
    square = 2.0 * (samples[:, flavors:] ** 2).sum(axis=1)
    across = np.einsum("tsem,em->ts", np.sqrt(0.5 * square), weights)
    share = np.full(flavors, -1.0 / (flavors - 1))
    share[0] = 1.0
    lepton = (density[..., 0] - density[..., 1]) @ share
    trace = samples[:, :flavors].sum(axis=1)
    length = (samples[:, :flavors] ** 2).sum(axis=1) + square
    trace0 = start[:flavors].sum(axis=0)
    length0 = (start[:flavors] ** 2).sum(axis=0) + 2.0 * (start[flavors:] ** 2).sum(axis=0)
    species = SPECIES if flavors == 2 else SPECIES6
    shape = samples.shape[3:]
    # an empty sector survives as nothing: 0, not NaN
    survival = np.divide(density[:, 0], before, out=np.zeros((len(times), 2)), where=before > 0.0)
    total = density.sum(axis=1)
    coherence = np.divide(across, total, out=np.zeros_like(across), where=total > 0.0)
    cell = ("energy", "mu")
    return xr.Dataset(
        {
            "f": (
                ("time_sample", "species", *cell),
                samples[:, :flavors].reshape(len(times), 2 * flavors, *shape),
                {"units": "1"},
            ),
            "f_re": (("time_sample", "pair", "sector", *cell), samples[:, flavors::2],
                     {"units": "1"}),
            "f_im": (("time_sample", "pair", "sector", *cell), samples[:, flavors + 1 :: 2],
                     {"units": "1"}),
            "number_density": (("time_sample", "species"), density.reshape(len(times), -1),
                               {"units": "cm-3"}),
            "survival_probability": (("time_sample", "sector"), survival, {"units": "1"}),
            "coherence": (("time_sample", "sector"), coherence, {"units": "1"}),
            "lepton_number": ("time_sample", lepton, {"units": "cm-3"}),
        },
        coords={
            "time_sample": ("time_sample", times, {"units": "s"}),
            "species": list(species),
            "sector": ["nu", "nubar"],
            "pair": list(_PAIRS[flavors]),
            "energy": ("energy", gas.energy.centres, {"units": "MeV"}),
            "mu": ("mu", gas.angle.centres, {"units": "1"}),
        },
        attrs={
            "trace_change": _change(trace, trace0),
            "square_change": _change(length, length0),
        },
    )  # fmt: skip


def _change(values: np.ndarray, start: np.ndarray) -> float:
    largest = float(np.abs(start).max())
    return float(np.abs(values - start).max()) / largest if largest > 0.0 else 0.0
