"""Continuous prescription with h(x) = (1 + x^2)^(-1/2), see :mod:`qkepipe.mixing.continuous`.

It follows local quantum-kinetic boxes with a smooth ELN to about 0.01
(docs/physics/mixing.md, section 4).
"""

from qkepipe.jit import jit
from qkepipe.mixing.continuous import POWER_HALF, continuous_factors, continuous_prescription

__all__ = ["PRESCRIPTION"]


@jit
def factors(g, mweights, mu, negative, positive, rtol, flavors, k):
    """k = 0 in the shallow lobe, 1 - (1 + (d/a)^2)^(-1/2) in the deep one."""
    continuous_factors(g, mweights, mu, negative, positive, rtol, POWER_HALF, k)


PRESCRIPTION = continuous_prescription("power_half", factors, "power-1/2")
