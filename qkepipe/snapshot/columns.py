"""Column maps: what each column of a text file holds, declared in YAML.

A map is a YAML file with the keys of :class:`ColumnMap`; its ``columns`` is a list of
entries with the keys of :class:`Column`. Units are never guessed: an entry without unit is
an error. The maps in ``qkepipe/snapshot/maps`` are examples;
:mod:`qkepipe.snapshot.column_maps` loads them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from qkepipe import units
from qkepipe.constants import C_LIGHT, MEV_ERG
from qkepipe.errors import Defect, QkepipeError
from qkepipe.schema import VARIABLES

__all__ = [
    "FRACTIONS",
    "FRAMES",
    "MOMENTS",
    "NAMES",
    "PER_BARYON_MOMENTS",
    "POTENTIALS",
    "Column",
    "ColumnMap",
    "conversion",
    "dimension",
    "mass_in_gram",
    "resolve",
]

#: Neutrino moments, and those that may be given per baryon.
MOMENTS = tuple(n for n in VARIABLES if n.startswith("nu_"))
PER_BARYON_MOMENTS = ("nu_number_density", "nu_energy_density")
FRACTIONS = ("x_n", "x_p", "x_alpha", "x_heavy")
POTENTIALS = ("mu_e", "mu_n", "mu_p", "mu_hat")
#: Names that a column of a one-dimensional table may have; ``index`` is the row number.
NAMES = (
    "index",
    "r",
    "rho",
    "temperature",
    "ye",
    "velocity_r",
    "lapse",
    "radial_metric",
    "entropy",
    "pressure",
    *FRACTIONS,
    "abar",
    "zbar",
    *POTENTIALS,
    "u_n",
    "u_p",
    "delta_u",
    *MOMENTS,
)
FRAMES = ("lab", "fluid", "unknown")


@dataclass(frozen=True)
class Column:
    """One column of the file.

    Attributes
    ----------
    column : int
        Number of the column, from 1.
    name : str
        Canonical name, or ``index`` for the number of the row.
    unit : str
        Unit in the file (of the quantity itself, where its logarithm is stored).
    header : str
        Label of the column in the numbered header of the file. Where every such label of
        a map agrees, the file is recognised; a label that differs is an error.
    log10 : bool
        The file holds the logarithm.
    scale : float
        Factor on the values, before the unit.
    species : str
        Of a neutrino moment: nue, nuebar, nux, or nuxbar.
    per_baryon : bool
        Neutrinos or energy per baryon; number of nuclei per baryon for ``x_*``.
    rest_mass : str or float
        Of a chemical potential: ``included``, ``excluded``, or the mass [MeV] that the file
        subtracts.
    """

    column: int
    name: str
    unit: str | None = None
    header: str | None = None
    log10: bool = False
    scale: float = 1.0
    species: str | None = None
    per_baryon: bool = False
    rest_mass: str | float | None = None


@dataclass(frozen=True)
class ColumnMap:
    """All that is known about a table.

    Attributes
    ----------
    columns : list of Column
    baryon_mass : dict
        ``{value, unit}`` with unit g or MeV, or ``{header, unit}``: a regular expression
        whose group is searched for in the header. Default: the atomic mass unit.
    time : dict
        The same, of the time after bounce or merger.
    simulation : str or dict
        Name of the simulation; ``{header}`` as above.
    citation : str
    frame : str
        Of the neutrino moments: lab, fluid or unknown.
    heavy_multiplicity : int
        Number of heavy species that a column of nux counts.
    closure : str
        Fluxes from the Eddington factor: minerbo or levermore.
    comment, delimiter, skip
        See :func:`qkepipe.snapshot.text.parse_table`.
    total : int
        Number of columns of the file, if all rows must have it.
    """

    columns: list[Column]
    baryon_mass: dict | None = None
    time: dict | None = None
    simulation: str | dict = ""
    citation: str = ""
    frame: str | None = None
    heavy_multiplicity: int = 1
    closure: str | None = None
    comment: str = "#"
    delimiter: str | None = None
    skip: int = 0
    total: int | None = None
    source: str = field(default="", compare=False)

    def labels(self) -> dict[int, str]:
        """Expected header labels by column number."""
        return {c.column: c.header for c in self.columns if c.header}


def dimension(c: Column) -> str:
    """Key of :data:`qkepipe.units.TO_PROJECT` for the values of a column."""
    if c.per_baryon and c.name in (*PER_BARYON_MOMENTS, *FRACTIONS):
        return "energy" if c.name == "nu_energy_density" else "dimensionless"
    if c.name in ("temperature", "pressure"):
        return c.name
    unit = VARIABLES[c.name].units
    return next(d for d in units.TO_PROJECT if units.canonical_unit(d) == unit)


def conversion(c: Column, source: str) -> float:
    """Factor from the unit of a column to the project's unit.

    Energies per baryon go to erg, since energy densities are in erg cm^-3.
    """
    factor = units.factor(c.unit, dimension(c), source, f"column {c.column} ({c.name})")
    return factor * MEV_ERG if c.per_baryon and c.name == "nu_energy_density" else factor


def resolve(given, header: Sequence[str], source: str, field: str):
    """Value of ``{value: ...}`` or ``{header: pattern}``, as found in the file.

    Parameters
    ----------
    given : dict or str
    header : list of str
        Lines of the header.
    source, field : str
        For the message.

    Raises
    ------
    QkepipeError
        If the header does not match the pattern.
    """
    if not isinstance(given, dict):
        return given
    if "value" in given:
        return given["value"]
    for line in header:
        match = re.search(given["header"], line)
        if match:
            return match[1]
    raise QkepipeError(
        Defect(source, field, "not found in the header", f"a line like /{given['header']}/",
               f"the option {field}")
    )  # fmt: skip


def mass_in_gram(value: float, unit: str) -> float:
    """Baryon mass [g] from g or from a rest energy in MeV."""
    return value if unit == "g" else value * MEV_ERG / C_LIGHT**2
