"""Flavour evolution by the self-interaction Hamiltonian: unitary rotations of the state."""
