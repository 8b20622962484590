"""Complete the matter of a snapshot: chemical potentials and composition of every zone."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import M_U_GRAM
from qkepipe.errors import Defect, QkepipeError
from qkepipe.matter.electron_gas import electron_chemical_potential
from qkepipe.matter.free_gas import free_gas_mu_hat
from qkepipe.matter.nuclei import nuclear_equilibrium
from qkepipe.matter.validity import TEMPERATURE_MIN, Zones, limits
from qkepipe.schema import VARIABLES, set_attributes

__all__ = [
    "COLD",
    "SOURCE_BOUND",
    "SOURCE_NSE",
    "SOURCE_SNAPSHOT",
    "baryon_density",
    "thermodynamics",
]

#: Values of ``composition_source``.
SOURCE_SNAPSHOT, SOURCE_NSE, SOURCE_BOUND = 0, 1, 2
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
) -> tuple[xr.Dataset, list[Defect]]:
    """Add the chemical potentials and the composition that the weak rates need.

    Values of the snapshot are used wherever they are finite. What is missing is computed:

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
        Zones below 0.5 MeV without composition. ``bound_nuclei`` takes them as nuclei of
        A = 56 and Z/A = ye without free nucleons: no charged-current absorption, and
        mu_hat = mu_e, that is, equilibrium without net lepton number (it multiplies rates
        that are zero).
    source : str
        Name of the snapshot for the messages.
    composition : bool
        Whether the composition is needed; without it a snapshot that gives rates and
        chemical potentials is complete.

    Returns
    -------
    dataset : Dataset
        Copy with ``mu_e``, ``mu_hat`` and, if needed, ``x_n``, ``x_p`` complete and
        ``composition_source`` (0 snapshot, 1 nuclear equilibrium, 2 bound nuclei).
        ``x_alpha x_heavy abar zbar`` are completed unless the snapshot leaves them out
        where it gives ``x_n`` and ``x_p``.
    warnings : list of Defect
        Severity ``warning``: zones where the fallback is uncertain.

    Raises
    ------
    QkepipeError
        Outside the range of the fallback (:mod:`qkepipe.matter.validity`), for unusable
        matter, or an unknown ``cold``. One line per kind of refusal.
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

    given = {
        name: _values(dataset, name)
        for name in ("mu_e", "mu_hat", "x_n", "x_p", "x_alpha", "x_heavy", "abar", "zbar")
    }
    if "mu_hat" not in dataset:
        given["mu_hat"] = _values(dataset, "mu_n") - _values(dataset, "mu_p")
    need_mu_e = np.isnan(given["mu_e"])
    need_mu_hat = np.isnan(given["mu_hat"])
    absent = np.isnan(given["x_n"]) | np.isnan(given["x_p"])
    # without chemical potentials the composition is what gives mu_hat
    need_composition = absent & (composition | need_mu_hat)

    found = limits(zones, need_mu_e, need_composition, need_mu_hat, cold)
    refused = [d for d in found if d.severity == "error"]
    if refused:
        raise QkepipeError(refused)

    n_b = baryon_density(dataset, source).values
    ye = _values(dataset, "ye")
    delta_u = np.nan_to_num(_values(dataset, "delta_u"), nan=0.0)
    origin = np.full(n_b.shape, float(SOURCE_SNAPSHOT))
    if need_mu_e.any():
        given["mu_e"][need_mu_e] = electron_chemical_potential(
            (n_b * ye)[need_mu_e], zones.temperature[need_mu_e]
        )
    bound = need_composition & (zones.temperature < TEMPERATURE_MIN)
    nse = need_composition & ~bound
    free = need_mu_hat & ~need_composition
    if nse.any():
        origin[nse] = SOURCE_NSE
        found_nuclei = nuclear_equilibrium(n_b[nse], zones.temperature[nse], ye[nse])
        for name in ("x_n", "x_p", "x_alpha", "x_heavy", "abar", "zbar"):
            given[name][nse] = found_nuclei[name]
        fill = nse & need_mu_hat
        given["mu_hat"][fill] = (found_nuclei["mu_hat"] + delta_u[nse])[need_mu_hat[nse]]
    if bound.any():
        origin[bound] = SOURCE_BOUND
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

    dims = dataset["rho"].dims
    out = dataset.copy()
    known = ("mu_e", "mu_hat") if (absent & ~need_composition).any() else (
        "mu_e", "mu_hat", "x_n", "x_p"
    )  # fmt: skip
    for name in known:
        out[name] = (dims, given[name], _attributes(dataset, name))
    for name in ("x_alpha", "x_heavy", "abar", "zbar"):
        if name in dataset or need_composition.all():
            out[name] = (dims, given[name], _attributes(dataset, name))
    out["composition_source"] = (dims, origin)
    out.attrs.setdefault("baryon_mass", M_U_GRAM)
    return set_attributes(out), found


def _attributes(dataset: xr.Dataset, name: str) -> dict:
    return dict(dataset[name].attrs) if name in dataset else {"units": VARIABLES[name].units}
