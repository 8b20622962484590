"""No conversion: k = 1 everywhere, the reference that every scheme is compared with."""

from qkepipe.jit import jit
from qkepipe.mixing.prescription import LAWS, Prescription

__all__ = ["PRESCRIPTION"]


@jit
def factors(g, mweights, mu, negative, positive, rtol, flavors, k):
    """k = 1."""
    k[:] = 1.0


PRESCRIPTION = Prescription(
    name="none",
    kernel=factors,
    doc="no conversion",
    source="definition",
    needs=(),
    conserves=tuple(LAWS),
    valid="always",
    modes=("map",),
)
