"""Slow conversion: one survival probability for neutrinos and one for antineutrinos.

Padilla-Gay, Chen, Abbar, Wu & Xiong (2025, arXiv:2505.11588), as quoted in a talk of Nagakura
(2025); not verified against the paper. With alpha = n_nuebar/n_nue

    P = (1 + eps)/2 + (1 - alpha)^2/4 ,    Pbar = (1 - eps)/2 + (1 - alpha)^2/4 ,

for all energies and directions, two flavours, n_x = 0 at the start, 0.7 <= alpha <= 1. What
eps is was not quoted. Lepton number, (2 P - 1) - alpha (2 Pbar - 1) = 1 - alpha, is kept up to
(1 - alpha)^3/2 by eps = (1 - alpha)/(1 + alpha), which fits the "approximate" conservation that
the abstract states (inferred), and exactly by the form used here,

    eps' = (1 - alpha)/(1 + alpha) [1 - (1 - alpha)^2/2] .

P is lower and Pbar higher than with eps by (1 - alpha)^3/(4 (1 + alpha)): 0.0001 at
alpha = 0.9, 0.004 at 0.7.

Extensions of this project: n_x > 0 enters as alpha = (n_nuebar - n_nuxbar)/(n_nue - n_nux),
which leaves the balance of lepton number as it is; for alpha > 1 neutrinos and antineutrinos
exchange their roles, alpha -> 1/alpha. Where either difference is not positive, or alpha lies
outside the range, the rule makes no statement (k = 1). Where a slow mode is unstable is not
known from the field: the mask is up to the caller.
"""

from qkepipe.jit import jit
from qkepipe.mixing.prescription import LAWS, Prescription

__all__ = ["LOWEST_RATIO", "PRESCRIPTION", "sector_factors"]

#: Lowest alpha of the statement.
LOWEST_RATIO = 0.7


@jit
def sector_factors(alpha):
    """k = 2 P - 1 of the sector with more particles and of the other, alpha <= 1."""
    gap = 1.0 - alpha
    square = 0.5 * gap * gap
    eps = gap / (1.0 + alpha) * (1.0 - square)
    return eps + square, square - eps


@jit
def factors(difference, number, rtol, flavors, k):
    """One k for neutrinos and one for antineutrinos, from the ratio of n_e - n_x."""
    k[:] = 1.0
    for i in range(k.shape[2]):
        nu = 0.0
        nubar = 0.0
        total = 0.0
        for e in range(k.shape[1]):
            nu += difference[0, e, i]
            nubar += difference[1, e, i]
            total += number[0, e, i] + number[1, e, i]
        if min(nu, nubar) <= rtol * total:
            continue
        more = 0 if nu >= nubar else 1
        alpha = min(nu, nubar) / max(nu, nubar)
        if alpha < LOWEST_RATIO - 1e-12:  # the end belongs to the range, with round-off
            continue
        k[more, :, i], k[1 - more, :, i] = sector_factors(alpha)


PRESCRIPTION = Prescription(
    name="slow_empirical",
    kernel=factors,
    doc="one survival probability of neutrinos and one of antineutrinos, from n_nuebar/n_nue",
    source="Padilla-Gay, Chen, Abbar, Wu & Xiong (2025, arXiv:2505.11588) as quoted in a talk of "
    "Nagakura (2025), with eps inferred and changed so that lepton number holds exactly; not "
    "verified against the paper",
    needs=("mask",),
    conserves=tuple(LAWS),
    valid="cells with a slow instability (the mask is up to the caller), two flavours, few nux, "
    "0.7 <= n_nuebar/n_nue <= 1/0.7; makes no statement elsewhere",
    modes=("map",),
    flavors=(2,),
    axes=("sector",),
)
