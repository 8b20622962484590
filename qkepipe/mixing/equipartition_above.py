"""Equipartition of the high energies, nothing at low ones: k(E) = 0 above E_c, 1 below.

What collisional modes of the minus branch leave behind, according to Zaizen (2025,
arXiv:2502.09260, abstract; that this mode is the minus branch is inferred): high energies
reach equipartition, low energies return to their initial state. The paper's condition on the
energy is not known here. E_c is that of :mod:`qkepipe.mixing.energy_split`: conversion alone
keeps lepton number, hence the net ELN - XLN of the energies that reach equipartition is zero.

The statement is about collisional modes, and which cells are unstable to them follows from the
rates, not from the field: the mask is up to the caller.
"""

from qkepipe.jit import jit
from qkepipe.mixing.energy_split import split_factors
from qkepipe.mixing.prescription import LAWS, Prescription

__all__ = ["PRESCRIPTION"]


@jit
def factors(difference, number, rtol, flavors, k):
    """k = 0 at high energies whose net ELN - XLN is zero, 1 below."""
    split_factors(difference, number, True, rtol, 0.0, k)


PRESCRIPTION = Prescription(
    name="equipartition_above",
    kernel=factors,
    doc="equipartition above the energy beyond which the net ELN-XLN is zero, nothing below",
    source="outcome after Zaizen (2025, arXiv:2502.09260, abstract); the split energy is of this "
    "project",
    needs=("mask",),
    conserves=tuple(LAWS),
    valid="cells unstable to the minus branch of collisional modes (the mask is up to the caller), "
    "near-isotropic; makes no statement where the ELN-XLN of high energies is of one sign",
    modes=("map",),
    axes=("energy",),
)
