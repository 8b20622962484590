"""Swap of the low energies, nothing at high ones: k(E) = -1/(nf - 1) below E_c, 1 above.

What collisional modes of the plus branch leave behind, according to Zaizen (2025,
arXiv:2502.09260, abstract; that this mode is the plus branch is inferred): low energies swap
flavour fully, high energies convert less. By how much less, and below which energy, is not
known here: this rule is the limit of nothing above, with E_c of
:mod:`qkepipe.mixing.energy_split`: conversion alone keeps lepton number, hence the net
ELN - XLN of the energies that swap is zero. Where the net number of the cell is zero, as at a
resonance of collisional modes, all energies swap.

The statement is about collisional modes, and which cells are unstable to them follows from the
rates, not from the field: the mask is up to the caller.
"""

from qkepipe.jit import jit
from qkepipe.mixing.energy_split import split_factors
from qkepipe.mixing.prescription import LAWS, Prescription

__all__ = ["PRESCRIPTION"]


@jit
def factors(difference, number, rtol, flavors, k):
    """k = -1/(flavors - 1) at low energies whose net ELN - XLN is zero, 1 above."""
    split_factors(difference, number, False, rtol, -1.0 / (flavors - 1.0), k)


PRESCRIPTION = Prescription(
    name="swap_below",
    kernel=factors,
    doc="electron and heavy flavour exchanged below the energy up to which the net ELN-XLN is "
    "zero, nothing above",
    source="outcome after Zaizen (2025, arXiv:2502.09260, abstract); the split energy is of this "
    "project",
    needs=("mask",),
    conserves=tuple(LAWS),
    valid="cells unstable to the plus branch of collisional modes (the mask is up to the caller), "
    "near-isotropic; makes no statement where the ELN-XLN of low energies is of one sign",
    modes=("map",),
    axes=("energy",),
)
