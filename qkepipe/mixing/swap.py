"""Swap: the electron flavour takes the occupations of the heavy one, eta = 0.

    k = -1/(nf - 1) :   f_e -> f_x ,   f_x -> (f_e + (nf - 2) f_x)/(nf - 1)

Neutrinos that cross the surface where ELN - XLN vanishes in a merger remnant swap flavour in
a thin layer: Nagakura (2023, arXiv:2306.10108), Zaizen & Nagakura (2023, arXiv:2311.13842);
the map is that statement in the form of this package, not an equation of these papers.

The statement is not local. Which directions have passed the surface is known from a map of
its position, not from G of one cell; a caller chooses those cells with a mask of its own. The
kernel only refuses to act where there is no crossing. A second application turns G back
(nf = 2), so the rule is a single map and no target of a relaxation. The net ELN - XLN is
multiplied by k: it is kept only if it is zero.
"""

from qkepipe.jit import jit
from qkepipe.mixing.kernels import uniform_factor
from qkepipe.mixing.prescription import Prescription

__all__ = ["PRESCRIPTION"]


@jit
def factors(g, mweights, mu, negative, positive, rtol, flavors, k):
    """k = -1/(flavors - 1) at radii with a crossing, 1 elsewhere."""
    uniform_factor(negative, positive, rtol, -1.0 / (flavors - 1.0), k)


PRESCRIPTION = Prescription(
    name="swap",
    kernel=factors,
    doc="electron and heavy flavour exchanged in all directions at radii with a crossing",
    source="Nagakura (2023, arXiv:2306.10108), Zaizen & Nagakura (2023, arXiv:2311.13842); "
    "not an equation of these papers",
    needs=("mask",),
    conserves=("trace", "energy", "positivity"),
    valid="directions that have passed the zero surface of ELN-XLN (non-local: the mask is up to "
    "the caller); one application; keeps lepton number only where its net value is zero",
    modes=("map",),
)
