"""How much of the equilibrium spectrum the energy groups hold.

Number and energy of a Fermi-Dirac spectrum between two energies, int E^2 f dE and int E^3 f dE,
by Gauss-Legendre sums over the degenerate part, the edge and the tail.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import xarray as xr

from qkepipe.errors import Defect, QkepipeError
from qkepipe.opacity.energies import local_energies
from qkepipe.opacity.equilibrium import neutrino_chemical_potentials
from qkepipe.phasespace import fermi_dirac
from qkepipe.species import SPECIES

__all__ = ["check_coverage", "group_coverage"]

#: Share of the number outside the groups: above the first a warning, above the second an error.
_WARNING, _ERROR = 0.01, 0.1
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(32)
#: Half width of the Fermi edge and end of the tail, in temperatures.
_EDGE, _TAIL = 10.0, 60.0


def _moment(low, high, mu, temperature, power) -> np.ndarray:
    """int_low^high E^power f dE; arguments broadcast, ``high`` may be infinite."""
    end = np.maximum(mu, 0.0) + _TAIL * temperature
    marks = [low, mu - _EDGE * temperature, mu + _EDGE * temperature, end]
    marks = [np.clip(m, low, np.maximum(np.minimum(high, end), low)) for m in marks]
    total = 0.0
    for a, b in pairwise(marks):
        e = a[..., None] + 0.5 * (b - a)[..., None] * (_NODES + 1.0)
        f = fermi_dirac(e, temperature[..., None], mu[..., None])
        total = total + 0.5 * (b - a) * np.sum(_WEIGHTS * e**power * f, axis=-1)
    return total


def group_coverage(matter: xr.Dataset, energy) -> xr.Dataset:
    """Fraction of the equilibrium spectrum inside the energy groups.

    Parameters
    ----------
    matter : Dataset
        With ``rho``, ``temperature``, ``mu_e`` and ``mu_hat`` [MeV] over any space dimensions.
    energy : EnergyGrid or DataArray
        Groups, as of :func:`qkepipe.opacity.rates`.

    Returns
    -------
    Dataset
        ``number`` and ``energy`` over (species, space), 0 to 1.
    """
    rho = matter["rho"]
    edges = local_energies(energy, rho).edges
    if edges is None:
        raise QkepipeError(
            Defect("rates", "energy", "no edges of groups", "an EnergyGrid, or energy_edge")
        )
    columns = (
        matter[n].broadcast_like(rho).transpose(*rho.dims).values.ravel()
        for n in ("temperature", "mu_e", "mu_hat")
    )
    t, mu_e, mu_hat = columns
    mu = neutrino_chemical_potentials(mu_e, mu_hat)
    low, high, t = (np.broadcast_to(x, mu.shape) for x in (edges[0], edges[-1], t))
    out = {}
    for name, power in (("number", 2), ("energy", 3)):
        everything = _moment(np.zeros_like(mu), np.full_like(mu, np.inf), mu, t, power)
        inside = _moment(low, high, mu, t, power) / everything
        out[name] = (("species", *rho.dims), np.minimum(inside, 1.0).reshape(4, *rho.shape))
    return xr.Dataset(out, {"species": list(SPECIES)})


def check_coverage(
    matter: xr.Dataset, energy, source: str
) -> tuple[dict[str, float], list[Defect]]:
    """Judge the groups at the inner edge and in the hottest zone.

    There the field is close to equilibrium and most of it is emitted; where matter is cold,
    its own spectrum says little.

    Parameters
    ----------
    matter : Dataset
        As of :func:`group_coverage`, over ``r``.
    energy : EnergyGrid or DataArray
        Groups.
    source : str
        Named in the messages.

    Returns
    -------
    attributes : dict
        ``group_coverage_<species>`` and ``group_coverage_energy_<species>``: number and energy
        inside the groups, the smaller of the two zones.
    warnings : list of Defect
        One for each species with more than 1 % of its number outside.

    Raises
    ------
    QkepipeError
        If more than 10 % of the number of a species lies outside.
    """
    zones = np.unique([0, int(np.argmax(matter["temperature"].values))])
    found = group_coverage(matter.isel(r=zones), _of_zones(energy, zones))
    attributes, defects = {}, []
    for s, name in enumerate(SPECIES):
        number, content = (found[n].values[s] for n in ("number", "energy"))
        worst = int(np.argmin(number))
        attributes[f"group_coverage_{name}"] = float(number[worst])
        attributes[f"group_coverage_energy_{name}"] = float(content.min())
        outside = 1.0 - number[worst], 1.0 - content[worst]
        if outside[0] > _WARNING:
            zone = int(zones[worst])
            t = float(matter["temperature"][zone])
            defects.append(
                Defect(
                    source,
                    f"energy groups, zone [{zone}]",
                    f"{outside[0]:.2g} of the number and {outside[1]:.2g} of the energy of {name} "
                    f"in equilibrium at T = {t:.4g} MeV lie outside",
                    f"at most {_WARNING:g} of the number",
                    "a larger grid.energy_last_MeV with more groups",
                    "error" if outside[0] > _ERROR else "warning",
                )
            )
    errors = [d for d in defects if d.severity == "error"]
    if errors:
        raise QkepipeError(errors)
    return attributes, defects


def _of_zones(energy, zones):
    local = isinstance(energy, xr.DataArray) and "r" in energy.dims
    return energy.isel(r=zones) if local else energy
