"""Three flavours: the stability map of every pair, and the pair that matters in each cell.

Perturbations of rho_ab about flavour states obey an equation of their own for each pair
(a, b), that of two flavours with ELN-XLN -> (n_a - n_abar) - (n_b - n_bbar) and lambda ->
lambda_a - lambda_b (Chakraborty & Chakraborty 2020, JCAP 01, 005; Capozzi et al. 2020, PRL 125,
251801). Between mu and tau there is no matter potential (radiative corrections left out), and
vacuum mixing is nearly maximal, so that slow modes and resonances are left out there.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.species import SPECIES, SPECIES6
from qkepipe.stability.flags import UNKNOWN

__all__ = ["NOT_OF_MU_TAU", "PAIRS", "combine", "is_six", "of_pair"]

#: Pairs of flavours; position = ``flavour_pair``.
PAIRS = {"emu": ("nue", "numu"), "etau": ("nue", "nutau"), "mutau": ("numu", "nutau")}
#: Instabilities that need a vacuum frequency or a matter potential.
NOT_OF_MU_TAU = ("slow", "resonance")
#: Variables that are also given for every pair, with its name at the end.
EACH = ("ffi_crossing", "ffi_growth_estimate", "cfi_growth_estimate")
_GROWTH = ("ffi_growth_estimate", "cfi_growth_estimate", "slow_growth_normal",
           "slow_growth_inverted")  # fmt: skip


def is_six(field: xr.Dataset) -> bool:
    """Whether mu and tau of a field are species of their own."""
    labels = field.coords.get("species")
    return labels is not None and tuple(map(str, labels.values)) == SPECIES6


def of_pair(dataset: xr.Dataset, pair: str) -> xr.Dataset:
    """Dataset of two flavours: those of ``pair`` under the names of :data:`SPECIES`.

    Data of four species serve mu and tau with the same heavy flavour. Matter has no electrons
    for mu and tau.
    """
    if pair == "mutau" and "ye" in dataset:
        dataset = dataset.assign(ye=xr.zeros_like(dataset["ye"]))
    if "species" not in dataset.coords:
        return dataset
    labels = list(map(str, dataset["species"].values))
    wanted = [name for flavour in PAIRS[pair] for name in (flavour, f"{flavour}bar")]
    heavy = {"numu": "nux", "nutau": "nux", "numubar": "nuxbar", "nutaubar": "nuxbar"}
    if tuple(labels) != SPECIES6:
        wanted = [heavy.get(name, name) for name in wanted]
        # three species: antineutrinos as neutrinos
        wanted = [name if name in labels else name.removesuffix("bar") for name in wanted]
    return dataset.isel(species=[labels.index(name) for name in wanted]).assign_coords(
        species=list(SPECIES)
    )


def combine(maps: dict[str, xr.Dataset]) -> xr.Dataset:
    """One map from those of the pairs: in each cell the pair of the most severe instability.

    Parameters
    ----------
    maps : dict
        Stability map of every pair of :data:`PAIRS`.

    Returns
    -------
    Dataset
        As for two flavours, with ``flavour_pair``, the pair that a cell shows (of equal
        severity the one that grows fastest), and the variables of :data:`EACH` for every pair.
        Variables that mu and tau do not have are those of the more severe electron pair.
    """
    chosen = _worst(list(maps.values()))
    electron = _worst([maps["emu"], maps["etau"]])
    first = maps["emu"]
    out = first.copy()
    for name, values in first.data_vars.items():
        have = [found for found in maps.values() if name in found]
        picked = _pick([found[name] for found in have], chosen if len(have) == 3 else electron)
        out[name] = picked.astype(values.dtype).assign_attrs(values.attrs)
    for name in EACH:
        for pair, found in maps.items():
            if name in found:
                out[f"{name}_{pair}"] = found[name]
    out["flavour_pair"] = chosen.astype("int8").assign_attrs(
        flag_values=np.arange(len(PAIRS), dtype="int8"), flag_meanings=" ".join(PAIRS)
    )
    unknown = _all([found["instability"] == UNKNOWN for found in maps.values()])
    out.attrs["cells_unknown"] = int(unknown.sum())
    out.attrs["flavours"] = (
        "three: most severe of the pairs " + ", ".join(PAIRS) + "; slow modes and resonances of "
        "electron flavour only"
    )
    return out


def _all(flags: list[xr.DataArray]) -> xr.DataArray:
    out = flags[0]
    for other in flags[1:]:
        out = out & other
    return out


def _worst(maps: list[xr.Dataset]) -> xr.DataArray:
    """Position of the map of highest severity, of equal ones that of fastest growth."""
    chosen = xr.zeros_like(maps[0]["instability"], dtype="int8")
    level, rate = maps[0]["instability"], _fastest(maps[0])
    for k, found in enumerate(maps[1:], start=1):
        here, growth = found["instability"], _fastest(found)
        worse = (here > level) | ((here == level) & (growth > rate))
        chosen = xr.where(worse, np.int8(k), chosen)
        level, rate = xr.where(worse, here, level), xr.where(worse, growth, rate)
    return chosen.drop_attrs()


def _fastest(found: xr.Dataset) -> xr.DataArray:
    rate = xr.zeros_like(found["potential_phi0"])
    for name in _GROWTH:
        if name in found:
            rate = np.maximum(rate, found[name].fillna(0.0))
    return rate


def _pick(values: list[xr.DataArray], chosen: xr.DataArray) -> xr.DataArray:
    out = values[0]
    for k, other in enumerate(values[1:], start=1):
        out = xr.where(chosen == k, other, out)
    return out
