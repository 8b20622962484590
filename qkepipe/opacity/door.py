"""The one door to the rates: sum of the chosen processes, in detailed balance."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.errors import Defect, QkepipeError, nearest
from qkepipe.matter import baryon_density
from qkepipe.opacity.constants import WeakConstants, weak_constants
from qkepipe.opacity.energies import Energies, local_energies
from qkepipe.opacity.equilibrium import neutrino_chemical_potentials
from qkepipe.opacity.nucleon import check_kind
from qkepipe.opacity.process import Matter, Opacities, Setup
from qkepipe.opacity.registry import PROCESSES
from qkepipe.phasespace import fermi_dirac
from qkepipe.schema import set_attributes
from qkepipe.species import SPECIES

__all__ = ["DEFAULT_PROCESSES", "equilibrium_occupation", "rates"]

#: Processes of a study that does not choose.
DEFAULT_PROCESSES = ("beta", "scattering_nucleons")

_ALWAYS = ("rho", "temperature", "mu_e", "mu_hat")
_GIVEN_RATES = ("emissivity", "absorption", "scattering", "scattering_transport")
_NAMES = ("absorption", "scattering", "scattering_transport", "emissivity")


def _flat(matter: xr.Dataset, name: str) -> np.ndarray:
    rho = matter["rho"]
    values = matter[name].broadcast_like(rho).transpose(*rho.dims).values
    return np.array(values, dtype=float).ravel()


def _zone(matter: xr.Dataset, flat_index: int) -> str:
    index = np.unravel_index(flat_index, matter["rho"].shape)
    return ",".join(str(int(i)) for i in index)


def _given_rates(matter: xr.Dataset) -> dict[str, np.ndarray]:
    """Rates of the snapshot as (4, energies, zones)."""
    rho = matter["rho"]
    found = {}
    for name in _GIVEN_RATES:
        # without a transport opacity the scattering counts as isotropic
        source = "scattering" if name not in matter else name
        array = matter[source]
        if "energy" not in array.dims or list(matter["species"].values) != list(SPECIES):
            raise QkepipeError(
                Defect(
                    "rates",
                    source,
                    f"given over ({', '.join(map(str, array.dims))})",
                    "species nue, nuebar, nux, nuxbar, an energy axis, and space",
                )
            )
        array = array.transpose("species", "energy", *rho.dims)
        found[name] = np.array(array.values, dtype=float).reshape(*array.shape[:2], -1)
    found["table_energy"] = np.array(matter["energy"].values, dtype=float)
    return found


def _with_mu_hat(matter: xr.Dataset) -> xr.Dataset:
    if "mu_hat" not in matter and "mu_n" in matter and "mu_p" in matter:
        return matter.assign(mu_hat=matter["mu_n"] - matter["mu_p"])
    return matter


def _matter(matter: xr.Dataset, processes) -> Matter:
    needs = [n for p in processes for n in PROCESSES[p].needs]
    absent = [n for n in dict.fromkeys([*_ALWAYS, *needs]) if n not in matter]
    if absent:
        raise QkepipeError(
            Defect(
                "rates",
                ", ".join(absent),
                "missing in the matter",
                "all of " + ", ".join(dict.fromkeys([*_ALWAYS, *needs])),
                "qkepipe.matter.thermodynamics(snapshot) first",
            )
        )
    nucleons = [n for n in ("x_n", "x_p") if n in needs]
    columns = {name: _flat(matter, name) for name in (*_ALWAYS, *nucleons)}
    for name, values in columns.items():
        good = np.isfinite(values)
        if name in ("rho", "temperature"):
            good &= values > 0.0
        if not good.all():
            i = int(np.argmin(good))
            raise QkepipeError(
                Defect(
                    "rates",
                    f"{name}[{_zone(matter, i)}]",
                    f"{values[i]:.6g} ({int((~good).sum())} such zones)",
                    "a finite value" + (" above 0" if name in ("rho", "temperature") else ""),
                )
            )
    n_b = baryon_density(matter, "rates").transpose(*matter["rho"].dims).values.ravel()
    columns["n_b"] = n_b
    # round-off of tabulated fractions
    for name, fraction in (("n_n", "x_n"), ("n_p", "x_p")):
        if fraction in columns:
            columns[name] = n_b * np.maximum(columns[fraction], 0.0)
    delta_u = _flat(matter, "delta_u") if "delta_u" in matter else np.zeros(n_b.size)
    columns["delta_u"] = np.nan_to_num(delta_u, nan=0.0)
    given = set(needs) & set(_GIVEN_RATES)
    for name in set(needs) - given - set(nucleons):
        columns[name] = _flat(matter, name)
    if given:
        columns |= _given_rates(matter)
    return Matter(columns)


def _check(process: str, part: Opacities, at: Energies, matter: xr.Dataset) -> None:
    """No negative or non-finite rate leaves the room."""
    for name in _NAMES:
        values = getattr(part, name)
        if values is None:
            continue
        bad = ~(np.isfinite(values) & (values >= 0.0))
        if bad.any():
            s, k, z = np.unravel_index(int(np.argmax(bad)), bad.shape)
            rho, t = _flat(matter, "rho")[z], _flat(matter, "temperature")[z]
            raise QkepipeError(
                Defect(
                    "rates",
                    f"{name} of {process}, zone [{_zone(matter, z)}]",
                    f"{values[s, k, z]} for {SPECIES[s]} at {at.local[k, z]:.6g} MeV, "
                    f"rho = {rho:.6g} g cm-3, T = {t:.6g} MeV ({int(bad.sum())} such values)",
                    "a finite value, at least 0",
                    "checking that mu_e and mu_hat include rest masses and belong to x_n, x_p",
                )
            )


def _as_dataset(matter: xr.Dataset, energy: np.ndarray, arrays: dict) -> xr.Dataset:
    rho = matter["rho"]
    space = tuple(d for d in rho.dims if d != "time")
    dims = ("species", "energy", *rho.dims)
    order = (*(d for d in rho.dims if d == "time"), "species", "energy", *space)
    out = xr.Dataset(
        {
            name: (dims, values.reshape(4, energy.size, *rho.shape))
            for name, values in arrays.items()
        },
        coords={"species": list(SPECIES), "energy": energy},
    ).transpose(*order)
    coords = {
        n: c
        for n, c in matter.coords.items()
        if n not in out.coords and set(c.dims) <= set(rho.dims)
    }
    return out.assign_coords(coords)


def equilibrium_occupation(matter: xr.Dataset, energy) -> xr.DataArray:
    """Occupation f_eq of neutrinos in equilibrium with matter.

    Parameters
    ----------
    matter : Dataset
        With ``rho``, ``temperature``, ``mu_e``, ``mu_hat`` over any space dimensions [MeV].
    energy : array_like, EnergyGrid or DataArray
        [MeV], as of :func:`rates`.

    Returns
    -------
    DataArray
        Over (species, energy, space), mu_nue = mu_e - mu_hat = -mu_nuebar, mu_nux = 0.
    """
    matter = _with_mu_hat(matter)
    at = local_energies(energy, matter["rho"])
    f = _equilibrium(at.local, *(_flat(matter, n) for n in ("mu_e", "mu_hat", "temperature")))
    out = _as_dataset(matter, at.coordinate, {"f_eq": f})["f_eq"]
    out.attrs = {"units": "1", "long_name": "occupation in equilibrium with matter"}
    return out


def _equilibrium(energy, mu_e, mu_hat, temperature) -> np.ndarray:
    mu_nu = neutrino_chemical_potentials(mu_e, mu_hat)
    return fermi_dirac(energy, temperature, mu_nu[:, None, :])


def rates(
    matter: xr.Dataset,
    energy,
    processes=DEFAULT_PROCESSES,
    constants: WeakConstants | str | None = None,
    weak_magnetism: bool | str = False,
) -> xr.Dataset:
    """Weak rates of matter, summed over processes.

    Parameters
    ----------
    matter : Dataset
        With ``rho``, ``temperature``, ``mu_e``, ``mu_hat`` (or ``mu_n`` and ``mu_p``) over
        any space dimensions, ``delta_u`` where known, attribute ``baryon_mass`` [g], and
        what the chosen processes need, as a rule ``x_n`` and ``x_p``
        (:func:`qkepipe.matter.thermodynamics` completes them).
    energy : array_like, EnergyGrid or DataArray
        Neutrino energies [MeV], of a grid the centres. A DataArray over energy and
        dimensions of the matter holds local energies of every zone; its coordinate
        ``energy`` becomes that of the result.
    processes : sequence of str
        Keys of :data:`qkepipe.opacity.PROCESSES`.
    constants : WeakConstants or str, optional
        A block, or a name of :data:`qkepipe.opacity.CONSTANTS`. Default: the project's.
    weak_magnetism : bool or {"off", "point", "form_factors"}
        Recoil and weak magnetism of the nucleon processes; True means ``form_factors``.

    Returns
    -------
    Dataset
        Over (species, energy, space): ``emissivity`` j [s^-1], ``absorption`` kappa* =
        kappa + j/c, ``scattering`` chi0 and ``scattering_transport`` chi0 - chi1/3 [cm^-1].
        j = c kappa* f_eq holds by construction for every process but ``table``. Attribute
        ``rates_source``: "snapshot", or "computed: " and the processes.

    Raises
    ------
    QkepipeError
        For unknown processes or options, missing or unusable matter, and any rate that is
        negative or not finite (naming process, zone, species and energy).
    """
    processes = (processes,) if isinstance(processes, str) else tuple(processes)
    for name in processes:
        if name not in PROCESSES:
            raise QkepipeError(
                Defect("rates", "processes", f"unknown {name!r}", hint=nearest(name, PROCESSES))
            )
    if not processes or len(set(processes)) < len(processes):
        raise QkepipeError(
            Defect("rates", "processes", f"{processes!r}", "at least one process, each once")
        )
    setup = Setup(weak_constants(constants), check_kind(weak_magnetism))
    matter = _with_mu_hat(matter)
    zones = _matter(matter, processes)
    at = local_energies(energy, matter["rho"])
    shape = (4, *at.local.shape)
    total = {name: np.zeros(shape) for name in _NAMES}
    f_eq = _equilibrium(at.local, zones["mu_e"], zones["mu_hat"], zones["temperature"])
    thermal = np.zeros(shape)
    for name in processes:
        part = PROCESSES[name].func(zones, at.local, setup)
        _check(name, part, at, matter)
        if part.emissivity is None and part.absorption is not None:
            thermal += part.absorption
        for quantity in _NAMES:
            if getattr(part, quantity) is not None:
                total[quantity] += getattr(part, quantity)
    total["emissivity"] += C_LIGHT * thermal * f_eq
    out = set_attributes(_as_dataset(matter, at.coordinate, total))
    out.attrs["rates_source"] = (
        "snapshot" if processes == ("table",) else "computed: " + ", ".join(processes)
    )
    out.attrs["weak_magnetism"] = setup.weak_magnetism
    out.attrs |= setup.constants.attributes()
    return out
