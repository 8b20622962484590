"""Equipartition of flavours in every direction wherever there is a crossing: k = 0.

It converts the deep lobe too, so the net ELN - XLN is lost: an upper bound on the
conversion, not a state that fast conversion can reach while G has a net value.
"""

from qkepipe.jit import jit
from qkepipe.mixing.kernels import uniform_factor
from qkepipe.mixing.prescription import Prescription

__all__ = ["PRESCRIPTION"]


@jit
def factors(g, mweights, mu, negative, positive, rtol, flavors, k):
    """k = 0 at radii with a crossing, 1 elsewhere."""
    uniform_factor(negative, positive, rtol, 0.0, k)


PRESCRIPTION = Prescription(
    name="equipartition",
    kernel=factors,
    doc="equal occupation of all flavours in all directions at radii with a crossing",
    source="definition; the limit of complete mixing",
    needs=(),
    conserves=("trace", "energy", "positivity"),
    valid="upper bound on conversion; does not conserve lepton number where G has a net value",
    modes=("map", "exponential", "backward_euler"),
)
