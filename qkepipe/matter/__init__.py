"""Matter: electron gas, nuclear composition, and the thermodynamics of a snapshot."""

from qkepipe.matter.electron_gas import (
    electron_chemical_potential,
    massless_chemical_potential,
    massless_net_density,
    net_electron_density,
)
from qkepipe.matter.eos_table import QUANTITIES, EosTable
from qkepipe.matter.free_gas import degeneracy, fermi_integral_half, free_gas_mu_hat
from qkepipe.matter.nuclei import NUCLEI, nuclear_equilibrium
from qkepipe.matter.thermodynamics import (
    COLD,
    SOURCE_BOUND,
    SOURCE_NSE,
    SOURCE_SNAPSHOT,
    SOURCE_TABLE,
    baryon_density,
    thermodynamics,
)

__all__ = [
    "COLD",
    "NUCLEI",
    "QUANTITIES",
    "SOURCE_BOUND",
    "SOURCE_NSE",
    "SOURCE_SNAPSHOT",
    "SOURCE_TABLE",
    "EosTable",
    "baryon_density",
    "degeneracy",
    "electron_chemical_potential",
    "fermi_integral_half",
    "free_gas_mu_hat",
    "massless_chemical_potential",
    "massless_net_density",
    "net_electron_density",
    "nuclear_equilibrium",
    "thermodynamics",
]
