"""Names, dimensions, units and ranges of every dataset of the pipeline, and their check.

:data:`VARIABLES` is the one table; the data-model page of the docs is generated from
it. :func:`check` compares a dataset with it and refuses with one line per defect.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import xarray as xr

from qkepipe.errors import Defect, QkepipeError

__all__ = [
    "AXES",
    "CARTESIAN",
    "KINDS",
    "VARIABLES",
    "Variable",
    "check",
    "defects",
    "quantity",
    "set_attributes",
    "zone_label",
]

#: Canonical order of axes, where present.
AXES = (
    "time", "component", "species", "energy", "mu", "phi_nu", "phi", "theta", "r", "z", "y", "x",
)  # fmt: skip
#: Axes that stand for phi, theta, r in data on Cartesian cells.
CARTESIAN = ("z", "y", "x")


@dataclass(frozen=True)
class Variable:
    """One row of the schema.

    ``dims`` lists the axes a variable may have, in canonical order; axes in ``optional``
    may be absent. ``low``/``high`` bound finite values (inclusive).
    """

    units: str
    dims: tuple[str, ...]
    long_name: str
    low: float = -np.inf
    high: float = np.inf
    optional: tuple[str, ...] = ()
    missing: bool = False


_R = ("phi", "theta", "r")
_ROPT = ("phi", "theta")


def _space(units, long_name, low=-np.inf, high=np.inf, missing=False):
    return Variable(units, _R, long_name, low, high, _ROPT, missing)


def _map(units, long_name, low=-np.inf, high=np.inf):
    return _space(units, long_name, low, high, missing=True)


def _moment(units, long_name, low=-np.inf, high=np.inf):
    dims = ("species", "energy", *_R)
    return Variable(units, dims, long_name, low, high, ("energy", *_ROPT))


def _sphere(long_name, *axes):
    return Variable("cm", ("species", *axes), long_name, 0.0, 1e13, missing=True)


_SR = ("species", "r")
_SE = ("species", "r_edge")

#: Every variable of the pipeline.
VARIABLES: dict[str, Variable] = {
    # coordinates
    "r": Variable("cm", ("r",), "radius of the cell centre", 0.0, 1e13),
    "r_edge": Variable("cm", ("r_edge",), "radius of the cell edge", 0.0, 1e13),
    "theta": Variable("rad", ("theta",), "polar angle", 0.0, 3.2),
    "theta_edge": Variable("rad", ("theta_edge",), "polar angle of the cell edge", 0.0, 3.2),
    "phi": Variable("rad", ("phi",), "azimuth", -6.3, 6.3),
    "x": Variable("cm", ("x",), "Cartesian coordinate of the cell centre", -1e13, 1e13),
    "y": Variable("cm", ("y",), "Cartesian coordinate of the cell centre", -1e13, 1e13),
    "z": Variable("cm", ("z",), "Cartesian coordinate of the cell centre", -1e13, 1e13),
    "energy": Variable("MeV", ("energy",), "neutrino energy, group centre", 0.0, 1e4),
    "energy_edge": Variable("MeV", ("energy_edge",), "neutrino energy, group edge", 0.0, 1e4),
    "mu": Variable("1", ("mu",), "cosine between momentum and outward radius", -1.0, 1.0),
    "mu_edge": Variable("1", ("mu_edge",), "edge of the angular bin", -1.0, 1.0),
    "time": Variable("s", ("time",), "time after bounce or merger", optional=("time",)),
    # matter
    "rho": _space("g cm-3", "baryon rest-mass density", 1e-5, 1e16),
    "temperature": _space("MeV", "matter temperature", 1e-6, 200.0),
    "ye": _space("1", "electron fraction", 0.0, 1.0),
    "velocity_r": _space("cm s-1", "radial velocity", -2.99792458e10, 2.99792458e10),
    "lapse": _space("1", "lapse function", 0.0, 1.5),
    "radial_metric": _space("1", "radial metric function X", 0.0, 100.0),
    "lapse_edge": Variable("1", ("r_edge",), "lapse function at the cell edge", 0.0, 1.5),
    "radial_metric_edge": Variable(
        "1", ("r_edge",), "radial metric function X at the cell edge", 0.0, 100.0
    ),
    "entropy": _space("k_B", "entropy per baryon", -1.0, 1e6),
    "pressure": _space("erg cm-3", "pressure", 0.0),
    "x_n": _space("1", "mass fraction of free neutrons", -1e-6, 1.0 + 1e-6),
    "x_p": _space("1", "mass fraction of free protons", -1e-6, 1.0 + 1e-6),
    "x_alpha": _space("1", "mass fraction of alpha particles", -1e-6, 1.0 + 1e-6),
    "x_heavy": _space("1", "mass fraction of heavy nuclei", -1e-6, 1.0 + 1e-6),
    "abar": _space("1", "mean mass number of heavy nuclei", 0.0, 1000.0, missing=True),
    "zbar": _space("1", "mean charge number of heavy nuclei", 0.0, 500.0, missing=True),
    "mu_e": _space("MeV", "electron chemical potential with rest mass", -100.0, 1000.0),
    "mu_n": _space("MeV", "neutron chemical potential with rest mass", -2e3, 3e3),
    "mu_p": _space("MeV", "proton chemical potential with rest mass", -2e3, 3e3),
    "mu_hat": _space("MeV", "mu_n - mu_p with rest masses", -200.0, 500.0),
    "u_n": _space("MeV", "mean-field potential of neutrons", -500.0, 1e3),
    "u_p": _space("MeV", "mean-field potential of protons", -500.0, 1e3),
    "delta_u": _space("MeV", "mean-field potential difference U_n - U_p", -200.0, 300.0),
    # neutrino moments of a snapshot
    "nu_number_density": _moment("cm-3", "neutrino number density, one species", 0.0),
    "nu_number_flux": _moment("cm-2 s-1", "radial neutrino number flux"),
    "nu_number_flux_theta": _moment("cm-2 s-1", "neutrino number flux along theta"),
    "nu_number_flux_phi": _moment("cm-2 s-1", "neutrino number flux along phi"),
    "nu_number_flux_x": _moment("cm-2 s-1", "neutrino number flux along x (Cartesian cells)"),
    "nu_number_flux_y": _moment("cm-2 s-1", "neutrino number flux along y (Cartesian cells)"),
    "nu_number_flux_z": _moment("cm-2 s-1", "neutrino number flux along z (Cartesian cells)"),
    "nu_energy_density": _moment("erg cm-3", "neutrino energy density", 0.0),
    "nu_energy_flux": _moment("erg cm-2 s-1", "radial neutrino energy flux"),
    "nu_eddington": _moment("1", "radial Eddington factor", 0.0, 1.0),
    # a second set of moments, where the file has both frames (the names above are lab)
    "nu_number_density_fluid": _moment("cm-3", "number density in the fluid frame", 0.0),
    "nu_number_flux_fluid": _moment("cm-2 s-1", "radial number flux in the fluid frame"),
    "nu_energy_density_fluid": _moment("erg cm-3", "energy density in the fluid frame", 0.0),
    "nu_energy_flux_fluid": _moment("erg cm-2 s-1", "radial energy flux in the fluid frame"),
    # rates
    "emissivity": _moment("s-1", "emission coefficient j of (1 - f)", 0.0),
    "absorption": _moment("cm-1", "stimulated-corrected absorption kappa + j/c", 0.0),
    "scattering": _moment("cm-1", "elastic scattering opacity chi0", 0.0),
    "scattering_transport": _moment("cm-1", "transport scattering chi0 - chi1/3", 0.0),
    "emissivity_cc": _moment("s-1", "emission coefficient of charged-current processes", 0.0),
    "absorption_cc": _moment("cm-1", "absorption by charged-current processes", 0.0),
    "composition_source": _space(
        "1", "composition: 0 snapshot, 1 free nuclei in equilibrium, 2 bound nuclei, 3 table", 0, 3
    ),
    "mu_e_source": _space("1", "mu_e: 0 snapshot, 1 ideal electron gas, 3 table", 0, 3),
    "mu_hat_source": _space(
        "1", "mu_hat: 0 snapshot, 1 ideal gases, 2 bound nuclei, 3 table", 0, 3
    ),
    # radiation field
    "f": Variable(
        "1",
        ("time", "species", "energy", "mu", "r"),
        "neutrino occupation",
        -1e-12,
        # extrema that change by less than this per cell are not clipped
        1.0 + 1e-2,
        ("time",),
    ),
    "inflow": Variable(
        "1",
        ("species", "energy", "mu"),
        "occupation that enters at the inner edge",
        0.0,
        1.0 + 1e-2,
    ),
    "coherence": Variable(
        "1",
        ("sector", "r"),
        "|f_ex| (three flavours: root-sum of off-diagonals) over the trace, number weighted; of a "
        "summary: larger of nu and nubar",
        0.0,
        1.0,
        ("sector",),
    ),
    # summary of a solution
    "profile_radius": Variable("cm", ("profile_radius",), "radius of a profile", 0.0, 1e13),
    "time_sample": Variable(
        "s", ("time_sample",), "time since the oscillation was switched on", 0.0
    ),
    "luminosity": Variable("erg s-1", _SR, "luminosity of one species"),
    "number_luminosity": Variable("s-1", _SR, "number luminosity of one species"),
    "luminosity_edge": Variable("erg s-1", _SE, "luminosity through the cell edge"),
    "number_luminosity_edge": Variable("s-1", _SE, "number luminosity through the cell edge"),
    "luminosity_infinity": Variable("erg s-1", _SR, "luminosity seen from infinity"),
    "number_luminosity_infinity": Variable("s-1", _SR, "number luminosity seen from infinity"),
    "mean_energy_infinity": Variable(
        "MeV", _SR, "mean energy seen from infinity", 0.0, 1e4, missing=True
    ),
    "mean_energy": Variable("MeV", _SR, "mean energy", 0.0, 1e4, missing=True),
    "mean_energy_flux": Variable("MeV", _SR, "mean energy of the flux", 0.0, 1e4, missing=True),
    "rms_energy": Variable("MeV", _SR, "rms energy", 0.0, 1e4, missing=True),
    "number_density": Variable("cm-3", _SR, "number density of one species", 0.0),
    "flux_factor": Variable(
        "1", _SR, "number flux over c times number density", -1.0, 1.0, missing=True
    ),
    "steadiness": Variable(
        "1", _SR, "change of the number flux between the halves of the average", 0.0
    ),
    "number_flux_rms": Variable("cm-2 s-1", _SR, "rms in time of the number flux", 0.0),
    "heating_rate": Variable("erg g-1 s-1", ("r",), "energy absorbed by matter", 0.0),
    "cooling_rate": Variable("erg g-1 s-1", ("r",), "energy emitted by matter", 0.0),
    "net_heating_rate": Variable("erg g-1 s-1", ("r",), "heating minus cooling"),
    "ye_dot": Variable("s-1", ("r",), "rate of change of the electron fraction"),
    "neutrinosphere_radius": _sphere("radius of transport optical depth 2/3"),
    "neutrinosphere_radius_energy_density": _sphere(
        "radius of transport optical depth 2/3, averaged over the energy density"
    ),
    "neutrinosphere_radius_group": _sphere("radius of transport optical depth 2/3", "energy"),
    "effective_sphere_radius": _sphere("radius of effective optical depth 2/3"),
    "effective_sphere_radius_energy_density": _sphere(
        "radius of effective optical depth 2/3, averaged over the energy density"
    ),
    "effective_sphere_radius_group": _sphere("radius of effective optical depth 2/3", "energy"),
    "inner_optical_depth": Variable(
        "1", ("species",), "transport optical depth of the inner edge", 0.0, missing=True
    ),
    "inner_effective_optical_depth": Variable(
        "1", ("species",), "effective optical depth of the inner edge", 0.0, missing=True
    ),
    "gain_radius": Variable("cm", (), "gain radius", 0.0, 1e13, missing=True),
    "net_heating_gain_region": Variable(
        "erg s-1", (), "net heating between gain radius and shock", missing=True
    ),
    "net_cooling_below_gain": Variable(
        "erg s-1", (), "net cooling between the inner edge and the gain radius", missing=True
    ),
    "angular_distribution": Variable(
        "cm-3", ("profile_radius", "species", "mu"), "number density per d(mu)/2", 0.0
    ),
    "spectrum": Variable(
        "cm-3 MeV-1", ("profile_radius", "species", "energy"), "number density per energy", 0.0
    ),
    "number_flux_out": Variable(
        "s-1", ("time_sample", "species"), "number luminosity at the outer edge"
    ),
    "coherence_max": Variable("1", ("time_sample",), "largest coherence in the domain", 0.0, 1.0),
    # stability map; flags are -1 and numbers missing in cells that cannot be judged
    "ffi_crossing": _space("1", "ELN-XLN crossing", -1, 1),
    "ffi_crossing_mu": _map("1", "cosine of the crossing", -1.0, 1.0),
    "eln_xln_positive": _map("cm-3", "integral of the positive part of ELN-XLN", 0.0),
    "eln_xln_negative": _map("cm-3", "integral of the negative part of ELN-XLN, absolute", 0.0),
    "ffi_growth_estimate": _map("s-1", "fast growth estimate sqrt(I+ I-)", 0.0),
    "ffi_flux_test": _space("1", "sufficient test: ELN-XLN flux above c times density", -1, 1),
    "ffi_k0_test": _space("1", "sufficient test: growth at kappa = 0", -1, 1),
    "ffi_polynomial_test": _space("1", "sufficient test: lowest degree, 2 or 3, that finds", -1, 3),
    "cfi_growth_estimate": _map("s-1", "collisional growth estimate", 0.0),
    "cfi_branch": _space("1", "collisional branch", -1, 3),
    "cfi_sector": _space("1", "sector of the collisional mode: 0 isotropic, 1 dipole", -1, 1),
    "slow_growth_normal": _map("s-1", "slow growth, normal ordering", 0.0),
    "slow_growth_inverted": _map("s-1", "slow growth, inverted ordering", 0.0),
    "mnr_residual": _map("cm-1", "matter-neutrino resonance residual"),
    "mnr_flag": _space("1", "matter-neutrino resonance candidate", -1, 1),
    "gradient_efolds": _map("1", "e-folds gained while a mode drifts through its band", 0.0),
    "lsa_growth_rate": _map("s-1", "growth rate from the dispersion relation"),
    "lsa_wavenumber": _map("cm-1", "wavenumber of the fastest mode"),
    "lsa_sector": _map("1", "sector of the fastest mode: 0 sym, 1 brk", 0, 1),
    "lsa_driver": _map("1", "what feeds it: 0 none, 1 slow, 2 collisional, 3 fast", 0, 3),
    "lsa_unstable_modes": _map("1", "number of growing modes there", 0),
    "lsa_converged": _map("1", "1 where no faster mode was missed there", 0, 1),
    "instability": _space("1", "most severe instability", -1, 10),
    "flavour_pair": _space("1", "pair of flavours that the cell shows", 0, 2),
    **{
        name: variable
        for pair, text in (("emu", "e and mu"), ("etau", "e and tau"), ("mutau", "mu and tau"))
        for name, variable in (
            (f"ffi_crossing_{pair}", _space("1", f"crossing of {text}", -1, 1)),
            (f"ffi_growth_estimate_{pair}", _map("s-1", f"fast growth of {text}", 0.0)),
            (f"cfi_growth_estimate_{pair}", _map("s-1", f"collisional growth of {text}", 0.0)),
        )
    },
    "potential_matter": _map("cm-1", "matter potential"),
    "potential_phi0": _map("cm-1", "self-interaction potential, zeroth moment"),
    "potential_phi1": _map("cm-1", "self-interaction potential, first moment"),
}

#: Required variables of each kind of dataset.
KINDS: dict[str, tuple[str, ...]] = {
    "snapshot": ("r", "rho", "temperature", "ye"),
    "background": (
        "r",
        "r_edge",
        "energy",
        "energy_edge",
        "mu",
        "mu_edge",
        "rho",
        "temperature",
        "ye",
        "mu_e",
        "mu_hat",
        "emissivity",
        "absorption",
        "scattering",
        "scattering_transport",
    ),
    "baseline": ("r", "r_edge", "energy", "energy_edge", "mu", "mu_edge", "f"),
    "stability": (
        "r",
        "ffi_crossing",
        "ffi_crossing_mu",
        "eln_xln_positive",
        "eln_xln_negative",
        "ffi_growth_estimate",
        "potential_phi0",
        "potential_phi1",
        "instability",
    ),
    "solution": ("r", "r_edge", "energy", "energy_edge", "mu", "mu_edge", "f"),
    "summary": (
        "r",
        "r_edge",
        "energy",
        "energy_edge",
        "mu",
        "mu_edge",
        "profile_radius",
        "time_sample",
        "luminosity",
        "number_luminosity",
        "luminosity_edge",
        "number_luminosity_edge",
        "luminosity_infinity",
        "number_luminosity_infinity",
        "mean_energy",
        "mean_energy_infinity",
        "mean_energy_flux",
        "rms_energy",
        "number_density",
        "flux_factor",
        "steadiness",
        "number_flux_rms",
        "heating_rate",
        "cooling_rate",
        "net_heating_rate",
        "ye_dot",
        "rho",
        "temperature",
        "neutrinosphere_radius",
        "effective_sphere_radius",
        "inner_optical_depth",
        "inner_effective_optical_depth",
        "gain_radius",
        "net_heating_gain_region",
        "net_cooling_below_gain",
        "angular_distribution",
        "spectrum",
        "number_flux_out",
    ),
}


def set_attributes(dataset: xr.Dataset) -> xr.Dataset:
    """Set ``units`` and ``long_name`` of every variable that the schema knows."""
    for name, variable in dataset.variables.items():
        if name in VARIABLES:
            variable.attrs.setdefault("units", VARIABLES[name].units)
            variable.attrs.setdefault("long_name", VARIABLES[name].long_name)
    return dataset


def quantity(value: float, units: str) -> str:
    """Print a value with its unit (``"1"`` is not printed)."""
    return f"{value:.6g}" if units in ("1", "") else f"{value:.6g} {units}"


def zone_label(array: xr.DataArray, mask: np.ndarray) -> str:
    """Name the first true element of a mask: indices, and labels of species (``nue,12``)."""
    index = np.unravel_index(int(np.argmax(mask)), mask.shape)
    labels = [
        str(array.coords[dim].values[i])
        if dim == "species" and array.coords.get(dim) is not None
        else str(int(i))
        for dim, i in zip(array.dims, index, strict=True)
    ]
    return ",".join(labels)


def _count(mask: np.ndarray) -> str:
    count = int(mask.sum())
    return f" ({count} such values)" if count > 1 else ""


def _own_axes(spec: Variable, array: xr.DataArray) -> tuple[str, ...]:
    """Axes of a variable, those of Cartesian cells where the array is on them."""
    if spec.dims[-3:] != _R or not set(CARTESIAN) & set(array.dims):
        return spec.dims
    return (*spec.dims[:-3], *CARTESIAN)


def _check_variable(
    name: str, array: xr.DataArray, source: str, check_finite: bool, check_range: bool
) -> list[Defect]:
    spec = VARIABLES[name]
    found: list[Defect] = []
    dims = _own_axes(spec, array)
    unknown = [d for d in array.dims if d not in dims]
    needed = [d for d in dims if d not in spec.optional and d not in array.dims]
    if unknown or needed:
        found.append(
            Defect(source, name, f"has dimensions ({', '.join(map(str, array.dims))})",
                   f"({', '.join(dims)})")
        )  # fmt: skip
        return found
    units = array.attrs.get("units")
    if units is None:
        found.append(Defect(source, name, "no units attribute", f"units = {spec.units!r}"))
    elif units != spec.units:
        found.append(
            Defect(source, name, f"units are {units!r}", f"{spec.units!r}", "converting the values")
        )
        # the range of the other unit is unknown
        return found
    values = np.asarray(array.values)
    if values.dtype.kind not in "fiub":
        found.append(Defect(source, name, f"values are of type {values.dtype}", "numbers"))
        return found
    values = values.astype(float)
    bad = ~np.isfinite(values)
    if spec.missing:
        bad = np.isinf(values)
    if bad.any() and check_finite:
        field = f"{name}[{zone_label(array, bad)}] = {quantity(values[bad][0], spec.units)}"
        found.append(
            Defect(source, field, f"not a finite number{_count(bad)}", "finite values")
        )  # fmt: skip
    with np.errstate(invalid="ignore"):
        out = ((values < spec.low) | (values > spec.high)) & ~bad
    if out.any() and check_range:
        field = f"{name}[{zone_label(array, out)}] = {quantity(values[out][0], spec.units)}"
        found.append(
            Defect(
                source,
                field,
                f"out of range{_count(out)}",
                f"{spec.low:.6g} to {quantity(spec.high, spec.units)}",
            )
        )
    return found


def _emptied(array: xr.DataArray) -> xr.DataArray:
    """The array with its axes and attributes, without values."""
    return array.isel({d: slice(0) for d in array.dims}) if array.dims else array


def defects(
    dataset: xr.Dataset,
    kind: str,
    source: str = "dataset",
    explained: Collection[str] = (),
    derived: Collection[str] = (),
    values: bool = True,
) -> list[Defect]:
    """Compare a dataset with the schema.

    Parameters
    ----------
    dataset : Dataset
    kind : str
        Key of :data:`KINDS`.
    source : str
        File name for the messages.
    explained : collection of str
        Variables whose values another check explains better: their range is not reported.
    derived : collection of str
        Variables whose values follow a fault of another one: their values are not reported.
    values : bool
        False: axes and units alone, for data that are not to be loaded.

    Returns
    -------
    list of Defect
        All defects found: missing variables, dimensions, units, non-finite values,
        values out of range. Unknown variables give a warning.
    """
    found: list[Defect] = []
    required = KINDS[kind]
    if kind in ("snapshot", "stability") and set(CARTESIAN) & set(dataset.variables):
        required = (*CARTESIAN, *(n for n in required if n != "r"))
    absent = [n for n in required if n not in dataset.variables]
    if absent:
        have = ", ".join(sorted(str(v) for v in dataset.variables))
        found.append(
            Defect(
                source,
                ", ".join(absent),
                f"missing; this file has {have}",
                f"in a {kind}: {', '.join(required)}",
            )
        )
    for name in dataset.variables:
        if name in VARIABLES:
            follows = name in derived
            found += _check_variable(
                str(name), dataset[name] if values else _emptied(dataset[name]),
                source, not follows, not (follows or name in explained),
            )  # fmt: skip
        elif name in dataset.data_vars and kind == "snapshot":
            found.append(
                Defect(source, str(name), "unknown variable, kept as it is", severity="warning")
            )
    return found


def check(dataset: xr.Dataset, kind: str, source: str = "dataset") -> xr.Dataset:
    """Refuse a dataset that does not follow the schema.

    Raises
    ------
    QkepipeError
        With one line per defect of severity ``error``.
    """
    errors = [d for d in defects(dataset, kind, source) if d.severity == "error"]
    if errors:
        raise QkepipeError(errors)
    return dataset
