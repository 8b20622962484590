"""Unit conversions, each defined once: factor from a named unit to the project's unit.

The project's units are cgs with MeV (``docs/data-model.md``); rates are s^-1 at the
door and cm^-1 inside kernels.
"""

from qkepipe.constants import C_LIGHT, K_BOLTZMANN_MEV, MEV_ERG
from qkepipe.errors import Defect, QkepipeError, nearest

__all__ = ["GEOMETRIC", "KM_CM", "TO_PROJECT", "canonical_unit", "factor", "rate_to_inverse_length"]

#: Conversion factors ``{dimension: {unit: factor to the project's unit}}``; the first
#: unit of each dimension is the project's unit, spelled for UDUNITS.
TO_PROJECT: dict[str, dict[str, float]] = {
    "length": {"cm": 1.0, "m": 1e2, "km": 1e5},
    "time": {"s": 1.0, "ms": 1e-3, "us": 1e-6},
    "density": {"g cm-3": 1.0, "kg m-3": 1e-3},
    "velocity": {"cm s-1": 1.0, "m s-1": 1e2, "km s-1": 1e5, "c": C_LIGHT},
    "energy": {"MeV": 1.0, "keV": 1e-3, "GeV": 1e3, "erg": 1.0 / MEV_ERG},
    "temperature": {
        "MeV": 1.0,
        "keV": 1e-3,
        "K": K_BOLTZMANN_MEV,
        "GK": 1e9 * K_BOLTZMANN_MEV,
    },
    "dimensionless": {"1": 1.0, "": 1.0},
    "number_density": {"cm-3": 1.0, "fm-3": 1e39, "m-3": 1e-6},
    "number_flux": {"cm-2 s-1": 1.0, "m-2 s-1": 1e-4},
    "energy_density": {"erg cm-3": 1.0, "MeV cm-3": MEV_ERG, "MeV fm-3": 1e39 * MEV_ERG},
    "energy_flux": {"erg cm-2 s-1": 1.0, "MeV cm-2 s-1": MEV_ERG},
    "opacity": {"cm-1": 1.0, "m-1": 1e-2, "km-1": 1e-5},
    "rate": {"s-1": 1.0},
    "luminosity": {"erg s-1": 1.0, "foe s-1": 1e51},
    "heating": {"erg g-1 s-1": 1.0, "MeV g-1 s-1": MEV_ERG},
    "emission": {"erg cm-3 s-1": 1.0},
    "pressure": {"erg cm-3": 1.0, "dyn cm-2": 1.0},
    "entropy": {"k_B": 1.0, "kB": 1.0},
    "angle": {"rad": 1.0, "deg": 0.017453292519943295},
}

#: 1 km [cm].
KM_CM = TO_PROJECT["length"]["km"]

#: G = c = Msun = 1 units in cgs: density, length, time (hints about foreign units only).
GEOMETRIC = {"density": 6.17583e17, "length": 1.476625e5, "time": 4.925491e-6}


def canonical_unit(dimension: str) -> str:
    """Return the project's unit (UDUNITS spelling) of a dimension."""
    return next(iter(TO_PROJECT[dimension]))


def factor(unit: str, dimension: str, source: str = "units", field: str = "") -> float:
    """Return the factor that converts ``unit`` to the project's unit.

    Parameters
    ----------
    unit : str
        Unit name, for example ``"km"``.
    dimension : str
        Key of :data:`TO_PROJECT`, for example ``"length"``.
    source, field : str
        Named in the error.

    Raises
    ------
    QkepipeError
        If the unit is unknown for this dimension.
    """
    table = TO_PROJECT[dimension]
    if unit not in table:
        raise QkepipeError(
            Defect(
                source,
                field or dimension,
                f"unknown unit {unit!r}",
                "one of " + ", ".join(u for u in table if u),
                nearest(unit, table),
            )
        )
    return table[unit]


def rate_to_inverse_length(rate):
    """Convert a rate [s^-1] to an inverse length [cm^-1]."""
    return rate / C_LIGHT
