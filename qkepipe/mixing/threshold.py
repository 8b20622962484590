"""Flavour equilibration below a density threshold, from angle-integrated densities.

Where rho < rho_c each energy group is equilibrated at once; no crossing is asked for. The
densities n_s of the species in a group are angle-integrated; nf is the number of flavours. The
rules ``pair`` and ``quasi_equipartition`` move the same number in both sectors,

    n_nue - D,  n_nuebar - D,  n_nux + D/(nf-1),  n_nuxbar + D/(nf-1) ,

so that the lepton number of each flavour stays.

``pair`` stops where the first sector reaches equipartition,

    d1 = (nf-1)/nf (n_nue - n_nux),   d2 = (nf-1)/nf (n_nuebar - n_nuxbar) ,
    D = 0 if d1 d2 <= 0, else the one of smaller magnitude :

the scheme of Ehring, Abbar, Janka, Raffelt & Tamborra (2023, arXiv:2301.11938; 2305.11207), as
reconstructed from the stated conservation laws. ``full`` is equipartition in both sectors,
which conserves the traces only. Momentum follows the *mixing rule*: the particles that move
are exchanged between the two flavours direction by direction, f_e - f_x -> k (f_e - f_x) with
one k per group and sector,

    k = 1 - D/d1 (neutrinos),   k = 1 - D/d2 (antineutrinos),   0 <= k <= 1 ,

a convex combination, which keeps 0 <= f <= 1.

``quasi_equipartition`` stops where sqrt(n_nue n_nuebar) = sqrt(n_nux n_nuxbar) (Wang &
Burrows, arXiv:2511.20767). With g = 1/(nf-1), S = n_nue + n_nuebar + g (n_nux + n_nuxbar) and
q = n_nue n_nuebar - n_nux n_nuxbar the condition is

    (n_nue - D)(n_nuebar - D) - (n_nux + g D)(n_nuxbar + g D) = q - S D + (1 - g^2) D^2 = 0 ,
    D = 2 q/(S + sqrt(S^2 - 4 (1 - g^2) q)) ,

the root with all four densities >= 0: the left side is >= 0 at D = -min(n_nux, n_nuxbar)/g and
<= 0 at D = min(n_nue, n_nuebar). The mixing rule would need to exchange a negative share or
more than all in most states, so momentum follows a *capped donor rule*: the electron flavour
of a sector loses t(mu) = a m(mu),

    m = min(f_e, (nf-1)(1 - f_x)) for D > 0,   m = -min((nf-1) f_x, 1 - f_e) for D < 0 ,

and f_x gains g t(mu). One a per group and sector, 0 <= a <= 1, makes the angular mean of t
equal to D; where a sector cannot move as much within 0 <= f <= 1, both move what it can. Where
f_e <= (nf-1)(1 - f_x) everywhere (and f_e <= 1 - (nf-1) f_x for D < 0) this is the donor rule:
the same fraction of the donors changes flavour in all directions.

``total`` gives every species the mean of all, nu and nubar together, in every direction.
"""

from __future__ import annotations

import numpy as np

from qkepipe import registered
from qkepipe.errors import Defect, QkepipeError, nearest
from qkepipe.mixing.threshold_kernels import equilibrate, equilibrate_parallel, forward_excess
from qkepipe.mixing.threshold_rules import ThresholdRule

__all__ = ["THRESHOLD_RULES", "get_threshold_rule", "is_forward", "threshold_step"]

#: Rules by name.
THRESHOLD_RULES: dict[str, ThresholdRule] = {
    name: registered.load(entry) for name, entry in registered.THRESHOLD_RULES.items()
}


def get_threshold_rule(name: str) -> ThresholdRule:
    """Return a registered rule.

    Parameters
    ----------
    name : str
        Key of :data:`THRESHOLD_RULES`.

    Raises
    ------
    QkepipeError
        If there is none of this name.
    """
    if name not in THRESHOLD_RULES:
        raise QkepipeError(
            Defect(
                "mixing",
                "rule",
                f"unknown threshold rule {name!r}",
                "one of " + ", ".join(THRESHOLD_RULES),
                nearest(name, THRESHOLD_RULES),
            )
        )
    return THRESHOLD_RULES[name]


def is_forward(f, eweights, mweights, mu, flux_factor) -> np.ndarray:
    """Where the mean flux factor of a species exceeds a value.

    The mean over all groups is weighted with the number: number flux over c times number
    density. False where there are no neutrinos.

    Parameters
    ----------
    f : ndarray (n_energy, n_mu, n_r), float64
        Occupation of the species.
    eweights : ndarray (n_energy,)
        Number weights of the groups, in any unit.
    mweights, mu : ndarray (n_mu,)
        Quadrature in mu.
    flux_factor : float
        The value, -1 <= flux_factor < 1.

    Returns
    -------
    ndarray of bool (n_r,)

    Raises
    ------
    QkepipeError
        If no field can exceed the value, or it is not a number.
    ValueError
        Weights that do not fit f.
    """
    if not -1.0 <= flux_factor < 1.0:
        raise QkepipeError(Defect("mixing", "flux_factor", f"{flux_factor}", "-1 to 1, without 1"))
    if (*eweights.shape, *mweights.shape) != f.shape[:2] or mu.shape != mweights.shape:
        raise ValueError("weights do not fit the energy and mu axes of f")
    return forward_excess(f, eweights, mweights, mu, float(flux_factor)) > 0.0


def threshold_step(
    f, mweights, rho, rho_c, *, flavors, rule="pair", where=None, parallel=False
) -> np.ndarray:
    """Equilibrate flavours where rho < rho_c, in place.

    Parameters
    ----------
    f : ndarray (4, n_energy, n_mu, n_r), float64, C-contiguous
        Occupations of nue, nuebar, nux (one heavy flavour), nuxbar; changed in place.
    mweights : ndarray (n_mu,)
        Angular weights that sum to 1.
    rho : ndarray (n_r,)
        Density [g cm^-3].
    rho_c : float
        Threshold [g cm^-3].
    flavors : {2, 3}
        Two flavours: equipartition means 1/2 each.
    rule : str
        Key of :data:`THRESHOLD_RULES`.
    where : ndarray of bool (n_r,), optional
        Further condition, as of :func:`is_forward`.
    parallel : bool
        Run over energy groups with the threads of numba.

    Returns
    -------
    ndarray of bool (n_r,)
        Where the rule was applied.

    Raises
    ------
    QkepipeError
        Unknown rule, flavors other than 2 and 3.
    ValueError
        Arrays of the wrong shape or kind.
    """
    code = get_threshold_rule(rule).code
    if flavors not in (2, 3):
        raise QkepipeError(Defect("mixing", "flavors", f"{flavors}", "2 or 3"))
    if f.ndim != 4 or f.shape[0] != 4 or f.dtype != np.float64 or not f.flags.c_contiguous:
        raise ValueError("f must be a C-contiguous float64 array (4, n_energy, n_mu, n_r)")
    acts = np.ascontiguousarray(rho, dtype=float) < rho_c
    if where is not None:
        acts &= np.broadcast_to(where, acts.shape)
    if acts.shape != (f.shape[3],) or mweights.shape != (f.shape[2],):
        raise ValueError("rho and mweights do not fit the r and mu axes of f")
    run = equilibrate_parallel if parallel else equilibrate
    run(f, mweights, acts, float(flavors), code)
    return acts
