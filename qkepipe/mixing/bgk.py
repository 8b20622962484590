"""Relaxation of the radiation field towards an asymptotic state (BGK model).

    df/dt = -(f - f_a)/tau_a ,    tau_a = c_tau/(kappa sqrt(A B)) ,    c_tau = 2 pi ,

with A, B the absolute integrals of the negative and positive part of G = ELN - XLN and
kappa = sqrt(2) G_F/hbar: Nagakura, Johns & Zaizen (2023, arXiv:2312.16285). For the box
prescription the equation, with tau_a following the closing crossing, has a closed
solution: dG_s/dt = -G_s/tau_a with G_d - G_s constant gives

    G_s(t)/G_s(0) = 1/(1 + x + (1 - r) x^2/4) ,    x = t/tau_a(0), r = G_s(0)/G_d(0) ,

so any step is exact, positive and conserves lepton number to round-off.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qkepipe.constants import SQRT2_GF_RATE
from qkepipe.errors import Defect, QkepipeError
from qkepipe.mixing.kernels import (
    C_TAU,
    apply_map,
    apply_map_parallel,
    eln_xln,
    eln_xln_parallel,
    lobes,
    relaxed_fraction,
)
from qkepipe.mixing.prescription import MODES
from qkepipe.mixing.registry import get_prescription

__all__ = ["C_TAU", "MixingState", "bgk_step", "growth_estimate", "mixing_state"]


@dataclass(frozen=True)
class MixingState:
    """Work space of a step and its diagnostics, which refer to the start of the step.

    Attributes
    ----------
    g : ndarray (n_mu, n_r)
        ELN - XLN per d(mu)/2 [cm^-3].
    k : ndarray (n_mu, n_r)
        Factor of the asymptotic map on f_e - f_x.
    negative, positive : ndarray (n_r,)
        Absolute integrals A, B of the two lobes [cm^-3].
    rate : ndarray (n_r,)
        1/(tau_a sqrt(A B)) [cm^3 s^-1].
    fraction : ndarray (n_r,)
        Part of the way to the asymptotic state covered by the step; 0 where stable.
    """

    g: np.ndarray
    k: np.ndarray
    negative: np.ndarray
    positive: np.ndarray
    rate: np.ndarray
    fraction: np.ndarray

    @property
    def lobe_ratio(self) -> np.ndarray:
        """Shallow over deep lobe, shape (n_r,); 0 where G vanishes."""
        deep = np.maximum(self.negative, self.positive)
        return np.minimum(self.negative, self.positive) / np.where(deep > 0.0, deep, 1.0)

    @property
    def relaxation_time(self) -> np.ndarray:
        """tau_a [s], shape (n_r,); infinite where the step found no crossing."""
        with np.errstate(divide="ignore"):
            tau = 1.0 / (self.rate * np.sqrt(self.negative * self.positive))
        return np.where(self.fraction > 0.0, tau, np.inf)


def mixing_state(n_mu: int, n_r: int) -> MixingState:
    """Allocate the work space for fields of ``n_mu`` directions and ``n_r`` radii."""
    return MixingState(
        np.zeros((n_mu, n_r)),
        np.ones((n_mu, n_r)),
        np.zeros(n_r),
        np.zeros(n_r),
        np.zeros(n_r),
        np.zeros(n_r),
    )


def growth_estimate(negative, positive):
    """Estimate kappa sqrt(A B) of the fast growth rate [s^-1].

    Parameters
    ----------
    negative, positive : float, ndarray or DataArray
        Absolute integrals of the lobes of ELN - XLN [cm^-3].

    Returns
    -------
    same kind
        kappa = sqrt(2) G_F/hbar. The largest growth rate of the dispersion relation is
        0.6 to 1.4 times this for maximum-entropy beams (docs/physics/mixing.md, section 3).
    """
    return SQRT2_GF_RATE * np.sqrt(negative * positive)


def check_mode(prescription, mode) -> None:
    """Refuse a prescription without one factor per direction, and an integrator not its own."""
    if prescription.species != 4:
        raise QkepipeError(
            Defect(
                "mixing",
                "prescription",
                f"{prescription.name} acts on six species, with mu and tau apart",
                "a prescription for four species",
            )
        )
    if "mu" not in prescription.axes:
        raise QkepipeError(
            Defect(
                "mixing",
                "prescription",
                f"{prescription.name} has a factor by {' and '.join(prescription.axes)} for the "
                "cells of a mask, which is not known here",
                "a prescription by direction",
                "group_step or asymptotic_state for single cells",
            )
        )
    check_integrator(prescription, mode)


def check_integrator(prescription, mode) -> None:
    """Refuse an integrator that a prescription does not list."""
    if mode not in prescription.modes:
        raise QkepipeError(
            Defect(
                "mixing",
                "mode",
                f"{mode!r} is not defined for {prescription.name}",
                "one of " + ", ".join(prescription.modes),
            )
        )


def check_directions(prescription) -> None:
    """Refuse a prescription that needs mu, for directions on the full sphere."""
    if "mu" in prescription.needs:
        raise QkepipeError(
            Defect(
                "mixing",
                "prescription",
                f"{prescription.name} needs the cosine mu to one axis of symmetry, which the "
                "full sphere of directions does not have",
                "a prescription that needs only the sign of ELN-XLN, such as box",
            )
        )


def check_arrays(f, eweights, mweights, mu) -> None:
    """Refuse a state or weights of the wrong shape or kind."""
    if f.ndim != 4 or f.shape[0] != 4 or f.dtype != np.float64 or not f.flags.c_contiguous:
        raise ValueError(
            "f must be a C-contiguous float64 array (4, n_energy, n_mu, n_r), "
            f"not {f.dtype} {f.shape}"
        )
    shapes = (eweights.shape, mweights.shape, mweights.shape if mu is None else mu.shape)
    if shapes != (f.shape[1:2], f.shape[2:3], f.shape[2:3]):
        raise ValueError("weights do not fit the energy and mu axes of f")


def bgk_step(
    f,
    eweights,
    mweights,
    mu,
    dt,
    *,
    flavors,
    prescription="box",
    mode=None,
    rate_factor=1.0,
    c_tau=C_TAU,
    rtol=1e-12,
    state=None,
    parallel=False,
) -> MixingState:
    """Relax f towards its asymptotic state during ``dt``, in place.

    Parameters
    ----------
    f : ndarray (4, n_energy, n_mu, n_r), float64, C-contiguous
        Occupations of nue, nuebar, nux (one heavy flavour), nuxbar; changed in place.
    eweights : ndarray (n_energy,)
        Number weights of the energy groups [cm^-3].
    mweights, mu : ndarray (n_mu,)
        Quadrature in mu; weights sum to 1. ``mu`` is None for directions on the full sphere
        in any order, with prescriptions that need no mu.
    dt : float
        Time step [s].
    flavors : {2, 3}
        One of those of the prescription. In two flavours nux is the partner of nue and
        equipartition means 1/2 each.
    prescription : str
        Key of :data:`qkepipe.mixing.PRESCRIPTIONS`.
    mode : str, optional
        ``exact`` (box: tau_a follows the closing crossing), ``exponential`` (tau_a and
        target of the start of the step), ``backward_euler`` (the implicit step towards that
        same frozen target, f + x/(1 + x) (f_a - f) with x = dt/tau_a) or ``map`` (go to the
        target, whatever dt).
        Default: the first mode of the prescription.
    rate_factor : float or ndarray (n_r,)
        Multiplies 1/tau_a: attenuation, or proper time and local volume of a metric.
    c_tau : float
        tau_a times the growth estimate.
    rtol : float
        A lobe below this fraction of both counts as no crossing: 1e-12 for smooth fields,
        the noise level (1e-6 to 1e-3) for data of a simulation.
    state : MixingState, optional
        Work space of an earlier call, reused.
    parallel : bool
        Run over rows in mu with the threads of numba.

    Returns
    -------
    MixingState
        Diagnostics of the start of the step.

    Raises
    ------
    QkepipeError
        Unknown prescription, a mode, a number of flavours or directions that are wrong for it.
    ValueError
        Arrays of the wrong shape or kind.
    """
    rule = get_prescription(prescription, flavors)
    mode = rule.modes[0] if mode is None else mode
    check_arrays(f, eweights, mweights, mu)
    if mu is None:
        check_directions(rule)
    check_mode(rule, mode)
    if state is None:
        state = mixing_state(f.shape[2], f.shape[3])
    state.rate[:] = SQRT2_GF_RATE / c_tau * np.asarray(rate_factor)
    (eln_xln_parallel if parallel else eln_xln)(f, eweights, state.g)
    lobes(state.g, mweights, state.negative, state.positive)
    if mu is None:
        mu = mweights  # of the right shape; a prescription without mu does not read it
    rule.kernel(
        state.g, mweights, mu, state.negative, state.positive, rtol, float(flavors), state.k
    )
    relaxed_fraction(
        state.negative, state.positive, state.rate, dt, rtol, MODES[mode], state.fraction
    )
    (apply_map_parallel if parallel else apply_map)(f, state.k, state.fraction, float(flavors))
    return state
