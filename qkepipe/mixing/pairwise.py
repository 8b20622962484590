"""Pairwise relaxation of three flavours, for six species with mu and tau apart.

With L_a(mu) the energy-integrated nu_a - nubar_a and G_ab = L_a - L_b, each pair (e,mu),
(e,tau), (mu,tau) relaxes to its two-flavour box state while the others do the same:

    d f_a/dt = sum_b (1 - eta_ab) (f_b - f_a)/tau_ab ,
    1 - eta_ab = 1/2 in the shallow lobe of G_ab, r_ab/2 in the deep one ,
    1/tau_ab = kappa sqrt(A_ab B_ab)/c_tau ,

for all energies, neutrinos and antineutrinos alike. After Liu, Nagakura, Zaizen, Johns &
Yamada (2025, arXiv:2503.18145); the construction is recalled, not verified against the paper.

The right side is linear in f with one symmetric 3x3 generator per direction, so the whole
result is a doubly stochastic matrix M(mu), f_a -> sum_b M_ab f_b, whose equation closes in
L = M L(0); :mod:`qkepipe.mixing.pairwise_kernels` integrates it.
"""

from dataclasses import dataclass

import numpy as np

from qkepipe.constants import SQRT2_GF_RATE
from qkepipe.errors import Defect, QkepipeError
from qkepipe.mixing.kernels import C_TAU
from qkepipe.mixing.pairwise_kernels import (
    ERROR,
    MAX_STEPS,
    NOISE,
    TABLEAU,
    apply_matrix,
    apply_matrix_parallel,
    lepton_numbers,
    lepton_numbers_parallel,
    pairwise_matrices,
    pairwise_matrices_parallel,
)
from qkepipe.mixing.prescription import LAWS, Prescription

__all__ = ["PAIRS", "PRESCRIPTION", "PairwiseState", "pairwise_step"]

#: Flavours (0 e, 1 mu, 2 tau) of the pairs.
PAIRS = ((0, 1), (0, 2), (1, 2))


@dataclass(frozen=True)
class PairwiseState:
    """Result of a pairwise step; the lobes are those of its start.

    Attributes
    ----------
    matrix : ndarray (3, 3, n_mu, n_r)
        M with f_a -> sum_b M_ab f_b, flavours e, mu, tau; doubly stochastic.
    negative, positive : ndarray (3, n_r)
        Absolute integrals A, B of the lobes of G_ab, pairs as in :data:`PAIRS` [cm^-3].
    open : ndarray of bool (3, n_r)
        Pairs with a crossing.
    steps : ndarray of int (n_r,)
        Steps of the integration, rejected ones included; 1 where one pair alone relaxed, whose
        solution is closed, and 0 where nothing did.
    """

    matrix: np.ndarray
    negative: np.ndarray
    positive: np.ndarray
    open: np.ndarray
    steps: np.ndarray

    def fastest(self) -> np.ndarray:
        """Index of the fastest pair with a crossing (of all pairs where none has), shape (n_r,)."""
        speed = np.sqrt(self.negative) * np.sqrt(self.positive)
        return np.where(
            self.open.any(axis=0),
            np.where(self.open, speed, -1.0).argmax(axis=0),
            speed.argmax(axis=0),
        )


def pairwise_step(
    f6,
    eweights,
    mweights,
    dt,
    *,
    rate_factor=1.0,
    c_tau=C_TAU,
    rtol=1e-12,
    accuracy=1e-12,
    parallel=False,
) -> PairwiseState:
    """Relax six species pair by pair during ``dt``, in place.

    Parameters
    ----------
    f6 : ndarray (6, n_energy, n_mu, n_r), float64, C-contiguous
        Occupations in the order of :data:`qkepipe.species.SPECIES6`; changed in place.
    eweights : ndarray (n_energy,)
        Number weights of the energy groups [cm^-3].
    mweights : ndarray (n_mu,)
        Weights of the directions; sum to 1.
    dt : float
        Time step [s]; infinite: the asymptotic state.
    rate_factor : float or ndarray (n_r,)
        Multiplies all rates.
    c_tau : float
        tau_ab times the growth estimate of the pair.
    rtol : float
        A lobe of G_ab below this fraction of both counts as no crossing of the pair. A pair
        that the others open relaxes with what exceeds it.
    accuracy : float
        Largest error per step of an element of M; the whole error is measured in
        docs/physics/mixing.md.
    parallel : bool
        Use the threads of numba.

    Returns
    -------
    PairwiseState

    Raises
    ------
    QkepipeError
        A time that is negative or not a number, values that are not finite.
    ValueError
        Arrays of the wrong shape or kind.
    """
    if f6.ndim != 4 or f6.shape[0] != 6 or f6.dtype != np.float64 or not f6.flags.c_contiguous:
        raise ValueError(
            "f6 must be a C-contiguous float64 array (6, n_energy, n_mu, n_r), "
            f"not {f6.dtype} {f6.shape}"
        )
    if (eweights.shape, mweights.shape) != (f6.shape[1:2], f6.shape[2:3]):
        raise ValueError("weights do not fit the energy and mu axes of f6")
    if not dt >= 0.0:
        raise QkepipeError(Defect("mixing", "dt", f"{dt} s", "a time of at least 0 s"))
    n_mu, n_r = f6.shape[2:]
    rate = np.broadcast_to(SQRT2_GF_RATE / c_tau * np.asarray(rate_factor, dtype=float), (n_r,))
    x_unit = np.zeros(n_r)
    np.multiply(rate, dt, out=x_unit, where=rate > 0.0)
    lepton, density = np.empty((3, n_mu, n_r)), np.empty((n_mu, n_r))
    (lepton_numbers_parallel if parallel else lepton_numbers)(f6, eweights, lepton, density)
    if not np.all(np.isfinite(density)):
        raise QkepipeError(Defect("field", "f", "values that are not finite", "finite values"))
    matrix, steps = np.empty((3, 3, n_mu, n_r)), np.empty(n_r, dtype=np.int64)
    negative, positive = np.empty((2, 3, n_r))
    (pairwise_matrices_parallel if parallel else pairwise_matrices)(
        lepton, density, mweights, x_unit, rtol, accuracy, TABLEAU, ERROR, matrix, negative,
        positive, steps,
    )  # fmt: skip
    if np.any(steps < 0):
        raise QkepipeError(
            Defect(
                "mixing",
                f"cell {int(np.argmin(steps))}",
                f"the pairs did not relax in {MAX_STEPS} steps",
                hint="a larger rtol or accuracy",
            )
        )
    (apply_matrix_parallel if parallel else apply_matrix)(f6, matrix)
    noise = NOISE * (mweights @ density)
    is_open = np.minimum(negative, positive) > rtol * (negative + positive) + noise
    return PairwiseState(matrix, negative, positive, is_open, steps)


PRESCRIPTION = Prescription(
    name="pairwise",
    kernel=pairwise_step,
    doc="two-flavour box states of the pairs e-mu, e-tau, mu-tau that compete (six species)",
    source="after Liu, Nagakura, Zaizen, Johns & Yamada (2025, arXiv:2503.18145); construction "
    "recalled, not verified",
    needs=(),
    conserves=tuple(LAWS),
    valid="as box, with mu and tau apart",
    modes=("map",),
    flavors=(3,),
    species=6,
)
