"""Complete the matter of a snapshot: chemical potentials and composition of every zone."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import M_U_GRAM
from qkepipe.errors import Defect, QkepipeError
from qkepipe.matter.electron_gas import electron_chemical_potential
from qkepipe.matter.eos_table import EosTable, from_table, inside
from qkepipe.matter.free_gas import free_gas_mu_hat
from qkepipe.matter.nuclei import nuclear_equilibrium
from qkepipe.matter.validity import DENSITY_COMPOSITION, TEMPERATURE_MIN, Zones, limits
from qkepipe.schema import VARIABLES, set_attributes

__all__ = [
    "COLD",
    "SOURCE_BOUND",
    "SOURCE_NSE",
    "SOURCE_SNAPSHOT",
    "SOURCE_TABLE",
    "baryon_density",
    "thermodynamics",
]

#: Values of ``composition_source``, ``mu_e_source`` and ``mu_hat_source``.
SOURCE_SNAPSHOT, SOURCE_NSE, SOURCE_BOUND, SOURCE_TABLE = 0, 1, 2, 3
_FLAGS = {
    "flag_values": np.array(
        [SOURCE_SNAPSHOT, SOURCE_NSE, SOURCE_BOUND, SOURCE_TABLE], dtype="int8"
    ),
    "flag_meanings": "snapshot ideal_gases bound_nuclei equation_of_state_table",
}
_COMPOSITION = ("x_n", "x_p", "x_alpha", "x_heavy", "abar", "zbar")
#: Median difference between snapshot and table that is mentioned.
_SAME_EOS = 0.05
#: What to do with zones below 0.5 MeV whose composition is not given.
COLD = ("refuse", "bound_nuclei")
#: Nucleus that stands for bound matter; its charge is that of the electrons.
_BOUND_A = 56.0

_BARYON_MASS_RANGE = (1.6e-24, 1.7e-24)


def baryon_density(dataset: xr.Dataset, source: str = "snapshot") -> xr.DataArray:
    """Baryon number density n_b = rho/m [cm^-3].

    Parameters
    ----------
    dataset : Dataset
        With ``rho`` [g cm^-3] and the attribute ``baryon_mass`` [g] of its convention
        (atomic mass unit where it is absent).
    source : str
        Named in the error.

    Raises
    ------
    QkepipeError
        If ``baryon_mass`` is not a nucleon mass in gram.
    """
    mass = dataset.attrs.get("baryon_mass", M_U_GRAM)
    low, high = _BARYON_MASS_RANGE
    try:
        value = float(mass)
    except (TypeError, ValueError):
        value = np.nan
    if not low < value < high:
        raise QkepipeError(
            Defect(
                source,
                "baryon_mass",
                f"attribute is {mass!r}",
                f"the mass per baryon in gram, {low:g} to {high:g}",
            )
        )
    return dataset["rho"].astype(float) / value


def _values(dataset: xr.Dataset, name: str) -> np.ndarray:
    """Values in the order of the dimensions of ``rho``; NaN where the variable is absent."""
    rho = dataset["rho"]
    if name not in dataset:
        return np.full(rho.shape, np.nan)
    return np.array(dataset[name].broadcast_like(rho).transpose(*rho.dims).values, dtype=float)


def _zones(dataset: xr.Dataset, source: str) -> Zones:
    return Zones(
        source, _values(dataset, "rho"), _values(dataset, "temperature"), _values(dataset, "r")
    )


def _check_input(dataset: xr.Dataset, zones: Zones, source: str) -> None:
    ye = _values(dataset, "ye")
    wrong = ~(np.isfinite(zones.rho + zones.temperature + ye) & (ye >= 0.0) & (ye <= 1.0))
    wrong |= ~((zones.rho > 0.0) & (zones.temperature > 0.0))
    if wrong.any():
        raise QkepipeError(
            zones.defect(wrong, "unusable matter", "rho > 0, temperature > 0, 0 <= ye <= 1", "")
        )


def thermodynamics(
    dataset: xr.Dataset,
    cold: str = "refuse",
    source: str = "snapshot",
    composition: bool = True,
    eos: EosTable | None = None,
) -> tuple[xr.Dataset, list[Defect]]:
    """Add the chemical potentials and the composition that the weak rates need.

    Values of the snapshot are used wherever they are finite. What is missing is taken from the
    equation-of-state table, or computed where there is none:

    - ``mu_e`` from the ideal electron gas (:mod:`qkepipe.matter.electron_gas`),
    - ``x_n x_p x_alpha x_heavy abar zbar`` from nuclear equilibrium
      (:mod:`qkepipe.matter.nuclei`) where ``x_n`` or ``x_p`` is missing,
    - ``mu_hat`` from ``mu_n - mu_p``; else from the densities of the given free nucleons,
      else from nuclear equilibrium; both with ``delta_u`` added where it is given.

    Parameters
    ----------
    dataset : Dataset
        Canonical snapshot with ``rho``, ``temperature``, ``ye`` over any space
        dimensions; attribute ``baryon_mass`` [g] (default: atomic mass unit).
    cold : {"refuse", "bound_nuclei"}
        Without a table: zones below 0.5 MeV without composition. ``bound_nuclei`` takes them
        as nuclei of A = 56 and Z/A = ye without free nucleons: no charged-current absorption,
        and mu_hat = mu_e, that is, equilibrium without net lepton number (it multiplies rates
        that are zero).
    source : str
        Name of the snapshot for the messages.
    composition : bool
        Whether the composition is needed; without it a snapshot that gives rates and
        chemical potentials is complete.
    eos : EosTable, optional
        Equation of state of the simulation (:func:`qkepipe.eos.read_eos`).

    Returns
    -------
    dataset : Dataset
        Copy with ``mu_e``, ``mu_hat`` and, if needed, ``x_n``, ``x_p`` complete, and where each
        zone has them from: ``composition_source``, ``mu_e_source``, ``mu_hat_source`` (0
        snapshot, 1 ideal gases, 2 bound nuclei, 3 table). ``x_alpha x_heavy abar zbar`` are
        completed unless the snapshot leaves them out where it gives ``x_n`` and ``x_p``.
    warnings : list of Defect
        Severity ``warning``: zones where the completion is uncertain.

    Raises
    ------
    QkepipeError
        Outside the axes of the table, or the range of the ideal gases
        (:mod:`qkepipe.matter.validity`), for unusable matter, or an unknown ``cold``. One
        line per kind of refusal.
    """
    if cold not in COLD:
        raise QkepipeError(
            Defect(source, "cold", f"unknown choice {cold!r}", "one of " + ", ".join(COLD))
        )
    absent = [name for name in ("rho", "temperature", "ye") if name not in dataset]
    if absent:
        raise QkepipeError(Defect(source, ", ".join(absent), "missing", "rho, temperature, ye"))
    zones = _zones(dataset, source)
    _check_input(dataset, zones, source)

    given = {name: _values(dataset, name) for name in ("mu_e", "mu_hat", *_COMPOSITION)}
    if "mu_hat" not in dataset:
        given["mu_hat"] = _values(dataset, "mu_n") - _values(dataset, "mu_p")
    need_mu_hat = np.isnan(given["mu_hat"])
    absent = np.isnan(given["x_n"]) | np.isnan(given["x_p"])
    need = {
        "mu_e": np.isnan(given["mu_e"]),
        "mu_hat": need_mu_hat,
        # without a table and chemical potentials the composition is what gives mu_hat
        "composition": absent & (composition | (need_mu_hat & (eos is None))),
    }
    n_b = baryon_density(dataset, source).values
    origin = {name: np.full(n_b.shape, SOURCE_SNAPSHOT, dtype="int8") for name in need}
    complete = _ideal_gases if eos is None else _tabulated
    found = complete(dataset, zones, n_b, given, need, origin, cold if eos is None else eos)

    dims = dataset["rho"].dims
    out = dataset.copy()
    known = ("mu_e", "mu_hat") if (absent & ~need["composition"]).any() else (
        "mu_e", "mu_hat", "x_n", "x_p"
    )  # fmt: skip
    for name in known:
        out[name] = (dims, given[name], _attributes(dataset, name))
    for name in ("x_alpha", "x_heavy", "abar", "zbar"):
        if name in dataset or need["composition"].all():
            out[name] = (dims, given[name], _attributes(dataset, name))
    for name, codes in origin.items():
        out[f"{name}_source"] = (dims, codes, dict(_FLAGS))
    out.attrs.setdefault("baryon_mass", M_U_GRAM)
    if eos is not None:
        out.attrs["eos_file"] = eos.source
        out.attrs.update({f"eos_{name}": text for name, text in eos.attrs.items()})
    return set_attributes(out), found


def _ideal_gases(dataset, zones, n_b, given, need, origin, cold) -> list[Defect]:
    """Complete ``given`` in place from ideal gases; note it in ``origin``."""
    need_mu_e, need_mu_hat, need_composition = (
        need[name] for name in ("mu_e", "mu_hat", "composition")
    )
    found = limits(zones, need_mu_e, need_composition, need_mu_hat, cold)
    refused = [d for d in found if d.severity == "error"]
    if refused:
        raise QkepipeError(refused)
    ye = _values(dataset, "ye")
    delta_u = np.nan_to_num(_values(dataset, "delta_u"), nan=0.0)
    if need_mu_e.any():
        given["mu_e"][need_mu_e] = electron_chemical_potential(
            (n_b * ye)[need_mu_e], zones.temperature[need_mu_e]
        )
        origin["mu_e"][need_mu_e] = SOURCE_NSE
    bound = need_composition & (zones.temperature < TEMPERATURE_MIN)
    nse = need_composition & ~bound
    free = need_mu_hat & ~need_composition
    origin["composition"][nse] = SOURCE_NSE
    origin["composition"][bound] = SOURCE_BOUND
    origin["mu_hat"][need_mu_hat] = SOURCE_NSE
    origin["mu_hat"][bound & need_mu_hat] = SOURCE_BOUND
    if nse.any():
        nuclei = nuclear_equilibrium(n_b[nse], zones.temperature[nse], ye[nse])
        for name in _COMPOSITION:
            given[name][nse] = nuclei[name]
        fill = nse & need_mu_hat
        given["mu_hat"][fill] = (nuclei["mu_hat"] + delta_u[nse])[need_mu_hat[nse]]
    if bound.any():
        for name in ("x_n", "x_p", "x_alpha"):
            given[name][bound] = 0.0
        given["x_heavy"][bound] = 1.0
        given["abar"][bound] = _BOUND_A
        given["zbar"][bound] = _BOUND_A * ye[bound]
        fill = bound & need_mu_hat
        given["mu_hat"][fill] = given["mu_e"][fill]
    if free.any():
        given["mu_hat"][free] = free_gas_mu_hat(
            (n_b * given["x_n"])[free],
            (n_b * given["x_p"])[free],
            zones.temperature[free],
            delta_u[free],
        )
    return found


def _tabulated(dataset, zones, n_b, given, need, origin, eos: EosTable) -> list[Defect]:
    """Complete ``given`` in place from a table; note it in ``origin``."""
    ye = _values(dataset, "ye")
    found = [*eos.warnings, *_other_eos(dataset, zones, n_b, ye, eos)]
    wanted = np.any(list(need.values()), axis=0)
    if not wanted.any():
        return found
    values, more = from_table(eos, zones, n_b, ye, wanted, need["composition"])
    for name, names in (
        ("mu_e", ("mu_e",)), ("mu_hat", ("mu_hat",)), ("composition", _COMPOSITION)
    ):  # fmt: skip
        origin[name][need[name]] = SOURCE_TABLE
        for each in names:
            given[each][need[name]] = values[each][need[name][wanted]]
    if not eos.has_electrons:
        origin["mu_e"][need["mu_e"]] = SOURCE_NSE
    unshifted = need["mu_hat"] & (zones.rho > DENSITY_COMPOSITION)
    unshifted &= np.isnan(_values(dataset, "delta_u"))
    if unshifted.any():
        more.append(
            zones.defect(unshifted, "the mean-field shift delta_u is not in the snapshot: "
                         "charged-current rates are without it", "", "", "warning")
        )  # fmt: skip
    return [*found, *more]


def _other_eos(dataset, zones: Zones, n_b, ye, eos: EosTable) -> list[Defect]:
    """Warn where entropy or pressure of the snapshot are not those of the table."""
    names = [name for name in ("entropy", "pressure") if name in dataset]
    covered = inside(eos, eos.density(zones.rho, n_b), zones.temperature, ye)
    if not names or not covered.any():
        return []
    values, _ = from_table(eos, zones, n_b, ye, covered, np.zeros(covered.shape, dtype=bool))
    found = []
    for name in names:
        own = _values(dataset, name)[covered]
        differs = abs(values[name] - own) / abs(own)
        median = float(np.nanmedian(differs)) if np.isfinite(differs).any() else 0.0
        if median > _SAME_EOS:
            found.append(
                Defect(
                    zones.source,
                    name,
                    f"differs from the equation-of-state table {eos.source} by "
                    f"{100.0 * median:.3g} % (median of {differs.size} zones)",
                    "the equation of state of the simulation",
                    severity="warning",
                )
            )
    return found


def _attributes(dataset: xr.Dataset, name: str) -> dict:
    return dict(dataset[name].attrs) if name in dataset else {"units": VARIABLES[name].units}
