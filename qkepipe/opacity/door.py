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
from qkepipe.opacity.scattering import backward_excess
from qkepipe.phasespace import fermi_dirac
from qkepipe.registered import repeated
from qkepipe.schema import set_attributes
from qkepipe.species import SPECIES

__all__ = ["DEFAULT_PROCESSES", "equilibrium_occupation", "rates"]

#: Processes of a call that does not choose: those that need no composition but free nucleons.
DEFAULT_PROCESSES = ("beta", "scattering_nucleons")

#: Choices of the species that pairs consist of.
PAIR_SPECIES = ("all", "heavy")

_ALWAYS = ("rho", "temperature", "mu_e", "mu_hat")
_FRACTIONS = ("x_n", "x_p", "x_alpha", "x_heavy")
#: Accepted excess of the sum over 1, as where a snapshot is read.
_SUM_OFF = 0.15
#: Edges of groups are the same within this fraction of the last one.
_SAME_EDGE = 1e-12
_GIVEN_RATES = ("emissivity", "absorption", "scattering", "scattering_transport")
_NAMES = ("absorption", "scattering", "scattering_transport", "emissivity")
#: Suffix of the charged-current part of a rate, and the rates that have one.
_CC = "_cc"
_WITH_CC = ("absorption", "emissivity")


def _flat(matter: xr.Dataset, name: str) -> np.ndarray:
    sizes = dict(matter["rho"].sizes)
    values = matter.variables[name].set_dims(sizes).transpose(*sizes).values
    return np.array(values, dtype=float).ravel()


def _zone(matter: xr.Dataset, flat_index: int) -> str:
    index = np.unravel_index(flat_index, matter["rho"].shape)
    return ",".join(str(int(i)) for i in index)


def _given_rates(matter: xr.Dataset, constants: WeakConstants) -> dict[str, np.ndarray]:
    """Rates of the snapshot as (4, energies, zones).

    Without a transport opacity scattering counts as isotropic, unless its attribute ``kernel``
    says ``nucleons``: then the directions are those of elastic scattering on the nucleons of
    fully dissociated matter.
    """
    rho = matter["rho"]
    found = {}
    for name in _GIVEN_RATES:
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
    kernel = matter["scattering"].attrs.get("kernel")
    if "scattering_transport" not in matter and kernel == "nucleons":
        n_b = baryon_density(matter, "rates").transpose(*rho.dims).values.ravel()
        ye = _flat(matter, "ye")
        found["scattering_transport"] *= backward_excess(
            n_b * (1.0 - ye), n_b * ye, _flat(matter, "temperature"), constants
        )
    found["table_energy"] = np.array(matter["energy"].values, dtype=float)
    if "energy_edge" in matter.variables:
        found["table_edges"] = np.array(matter["energy_edge"].values, dtype=float)
    return found


def _own_groups(at: Energies, zones: Matter) -> np.ndarray:
    """Local energies, of the snapshot where the groups are its own: its rates pass unchanged.

    Files place the centre of a group differently.
    """
    own = zones.columns.get("table_edges")
    if own is None or at.edges is None or at.edges.shape[0] != own.size:
        return at.local
    same = np.abs(at.edges - own[:, None]) <= _SAME_EDGE * own[-1]
    return np.where(same.all(axis=0), zones["table_energy"][:, None], at.local)


def _with_mu_hat(matter: xr.Dataset) -> xr.Dataset:
    if "mu_hat" not in matter and "mu_n" in matter and "mu_p" in matter:
        return matter.assign(mu_hat=matter["mu_n"] - matter["mu_p"])
    return matter


def _matter(matter: xr.Dataset, processes, constants: WeakConstants) -> Matter:
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
    _check_composition(matter)
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
        columns |= _given_rates(matter, constants)
    return Matter(columns)


def _check_composition(matter: xr.Dataset) -> None:
    """Refuse more nucleons than baryons; what is missing may be clusters that are not listed."""
    given = [name for name in _FRACTIONS if name in matter]
    total = sum((_flat(matter, name) for name in given), np.zeros(matter["rho"].size))
    bad = total > 1.0 + _SUM_OFF
    if bad.any():
        i = int(np.argmax(bad))
        raise QkepipeError(
            Defect("rates", f"x_n[{_zone(matter, i)}]",
                   f"{' + '.join(given)} = {total[i]:.6g} ({int(bad.sum())} such zones)",
                   f"mass fractions, at most {1.0 + _SUM_OFF:g}",
                   "numbers per baryon times the mass numbers (x_alpha = 4 Y_alpha)")
        )  # fmt: skip


def _evaluate(process: str, zones: Matter, energy, setup: Setup, matter: xr.Dataset):
    """Rates of one process by name; emission from detailed balance where it is not given."""
    part = PROCESSES[process].func(zones, energy, setup)
    _check(process, part, energy, matter)
    out = {n: getattr(part, n) for n in _NAMES if getattr(part, n) is not None}
    if "absorption" in out and "emissivity" not in out:
        f_eq = _equilibrium(energy, zones["mu_e"], zones["mu_hat"], zones["temperature"])
        out["emissivity"] = C_LIGHT * out["absorption"] * f_eq
    return out


def _check(process: str, part: Opacities, energy: np.ndarray, matter: xr.Dataset) -> None:
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
                    f"{values[s, k, z]} for {SPECIES[s]} at {energy[k, z]:.6g} MeV, "
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
    group_average: bool = False,
    pair_species: str = "all",
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
        Neutrino energies [MeV], of a grid the centres of its groups. A DataArray over energy,
        or over energy_edge (edges of groups), and dimensions of the matter holds local
        energies of every zone; its coordinate gives that of the result.
    processes : sequence of str
        Keys of :data:`qkepipe.opacity.PROCESSES`.
    constants : WeakConstants or str, optional
        A block, or a name of :data:`qkepipe.opacity.CONSTANTS`. Default: the project's.
    weak_magnetism : bool or {"off", "point", "form_factors"}
        Recoil and weak magnetism of the nucleon processes; True means ``form_factors``.
    group_average : bool
        Average over each group with weight E^2, consistently with an occupation that is
        constant in it, instead of rates at the centres. Rates of the snapshot (``table``)
        are those of groups already. Needs edges.
    pair_species : {"all", "heavy"}
        Species that processes of pairs make. With the second neutrino in equilibrium, nue and
        nuebar are not made in equal numbers where the field is out of equilibrium: in transport
        that breaks lepton number. ``heavy`` leaves them to the charged current, which is faster.

    Returns
    -------
    Dataset
        Over (species, energy, space): ``emissivity`` j [s^-1], ``absorption`` kappa* =
        kappa + j/c, ``scattering`` chi0 and ``scattering_transport`` chi0 - chi1/3 [cm^-1].
        j = c kappa* f_eq holds by construction for every process but ``table``; group
        averages are in balance with the mean of f_eq weighted with E^2 kappa*. Where all are
        computed also ``emissivity_cc`` and ``absorption_cc``, the part of the charged-current
        processes, which alone changes the electron fraction. Attributes:
        ``rates_source`` ("snapshot", or "computed: " and the processes),
        ``rates_processes`` (a line for each: name and description), ``weak_magnetism``,
        ``group_average`` and the constants as ``rates_*``, where any is computed.

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
    if both := repeated(processes):
        raise QkepipeError(
            Defect("rates", "processes", " and ".join(both) + " are the same reaction",
                   "one of them")
        )  # fmt: skip
    if pair_species not in PAIR_SPECIES:
        raise QkepipeError(
            Defect(
                "rates", "pair_species", f"{pair_species!r}", "one of " + ", ".join(PAIR_SPECIES)
            )
        )
    setup = Setup(weak_constants(constants), check_kind(weak_magnetism))
    matter = _with_mu_hat(matter)
    zones = _matter(matter, processes, setup.constants)
    at = local_energies(energy, matter["rho"])
    if group_average and at.edges is None:
        raise QkepipeError(
            Defect("rates", "energy", "no edges of groups to average over",
                   "an EnergyGrid, or a DataArray over energy_edge")
        )  # fmt: skip
    split = "table" not in processes
    names = (*_NAMES, *(n + _CC for n in _WITH_CC if split))
    total = {name: np.zeros((4, *at.local.shape)) for name in names}
    for name in processes:
        per_group, nodes = PROCESSES[name].per_group, PROCESSES[name].nodes
        average = group_average and not per_group
        local = at.nodes(nodes) if average else _own_groups(at, zones) if per_group else at.local
        part = _evaluate(name, zones, local, setup, matter)
        heavy = PROCESSES[name].pairs and pair_species == "heavy"
        for quantity, values in part.items():
            values = at.average(values, nodes) if average else values
            if heavy:
                values[:2] = 0.0
            total[quantity] += values
            if split and PROCESSES[name].charged_current and quantity in _WITH_CC:
                total[quantity + _CC] += values
    out = set_attributes(_as_dataset(matter, at.coordinate, total))
    out.attrs["rates_source"] = (
        "snapshot" if processes == ("table",) else "computed: " + ", ".join(processes)
    )
    if processes == ("table",):
        return out
    out.attrs["pair_species"] = pair_species
    out.attrs["rates_processes"] = "\n".join(f"{n}: {PROCESSES[n].doc}" for n in processes)
    out.attrs["weak_magnetism"] = setup.weak_magnetism
    out.attrs["group_average"] = "on" if group_average else "off"
    out.attrs |= setup.constants.attributes()
    return out
