"""Linear profile of Bhattacharyya & Dasgupta for a step in the ELN at v = 0.

Two flavours, G = +1 forward and -(1 - a_l) backward, 0 <= a_l <= 0.8:

    P = 1/2 + a_l/4 + (3 a_l/8) v   for v > 0,     k = 2 P - 1 = a_l/2 + (3 a_l/4) v ,
    P = 1/2                         for v < 0,     k = 0 ,

Bhattacharyya & Dasgupta (2021, arXiv:2009.03337, PRL 126, 061302), as quoted in a talk of
Nagakura (2025); not verified against the paper. The line is the first two Legendre moments of
the box result, used forward only: for the step int G (2P - 1) = 7/8 a_l, so an eighth of the
net lepton number is lost.

Extensions of this project, by the two symmetries of the equations: a deep lobe that is
negative (neutrinos and antineutrinos exchanged) and one that is backward (v -> -v). Then
a_l = 1 - r and v counts towards the deep lobe.

Outside its range the rule makes no statement and nothing is converted (k = 1): where G does
not have one sign forward and the other backward, and for a_l > 0.8, where P would exceed 1.
A node whose bin holds v = 0 belongs to the lobe of its G, so that the crossing may lie
anywhere in that bin.
"""

from qkepipe.jit import jit
from qkepipe.mixing.kernels import is_stable
from qkepipe.mixing.prescription import Prescription

__all__ = ["PRESCRIPTION"]

#: Largest a_l with P <= 1 in all directions.
LARGEST_ASYMMETRY = 0.8


@jit
def _is_central(mu, weight):
    """Whether mu = 0 lies well inside the bin of a node, whose width is 2 weight."""
    return abs(mu) < 0.5 * weight


@jit
def _towards_deep(g, mweights, mu, deep_sign, i):
    """Sign of mu in the deep lobe at radius i; 0 if the signs of G do not follow that of mu."""
    towards = 0.0
    for j in range(mu.size):
        if g[j, i] == 0.0 or _is_central(mu[j], mweights[j]):
            continue
        sign = 1.0 if deep_sign * g[j, i] * mu[j] > 0.0 else -1.0
        if sign * towards < 0.0:
            return 0.0
        towards = sign
    return towards


@jit
def factors(g, mweights, mu, negative, positive, rtol, flavors, k):
    """k = a_l/2 + (3 a_l/4) |v| on the side of the deep lobe, 0 on the other; 1 outside."""
    for i in range(k.shape[1]):
        a = negative[i]
        b = positive[i]
        deep_sign = 1.0 if b >= a else -1.0
        asymmetry = 0.0
        towards = 0.0
        if not is_stable(a, b, rtol):
            asymmetry = 1.0 - min(a, b) / max(a, b)
            if asymmetry <= LARGEST_ASYMMETRY:
                towards = _towards_deep(g, mweights, mu, deep_sign, i)
        for j in range(k.shape[0]):
            v = towards * mu[j]
            central = _is_central(mu[j], mweights[j])
            if towards == 0.0:
                k[j, i] = 1.0
            elif (deep_sign * g[j, i] >= 0.0) if central else (v > 0.0):
                k[j, i] = asymmetry * (0.5 + 0.75 * v)
            else:
                k[j, i] = 0.0


PRESCRIPTION = Prescription(
    name="bd21",
    kernel=factors,
    doc="linear profile on the side of the deep lobe, equipartition on the other",
    source="Bhattacharyya & Dasgupta (2021, arXiv:2009.03337) as quoted in a talk of Nagakura "
    "(2025); not verified against the paper",
    needs=("mu",),
    conserves=("trace", "energy", "positivity"),
    valid="two flavours, step-like ELN-XLN with its only crossing at mu = 0 and 1 - r <= 0.8; "
    "makes no statement elsewhere and converts nothing there",
    modes=("map",),
    flavors=(2,),
)
