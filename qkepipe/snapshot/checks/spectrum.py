"""Energies of the neutrinos: groups against the grey moment, mean energy."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import MEV_ERG
from qkepipe.snapshot.checks.view import View

__all__ = ["check"]

#: Accepted relative distance of a sum over groups from the grey moment.
_GROUP_SLACK = 0.05
#: Mean energy of neutrinos in a snapshot [MeV].
_MEAN_LOW, _MEAN_HIGH = 1.0, 300.0
#: Densities below this part of the maximum are not judged.
_RELEVANT = 1e-8


def check(view: View) -> None:
    """Report energies in another unit, values per MeV."""
    _groups(view)
    _mean_energy(view)


def _groups(view: View) -> None:
    """Compare number and energy density: E/n lies between the edges of the groups."""
    n, e, edges = (view.get(k) for k in ("nu_number_density", "nu_energy_density", "energy_edge"))
    if n is None or e is None or edges is None:
        return
    spectral = [a for a in (n, e) if "energy" in a.dims]
    if not spectral or any(a.sizes["energy"] + 1 != edges.size for a in spectral):
        return
    low = xr.DataArray(edges.values[:-1], dims="energy") * MEV_ERG
    high = xr.DataArray(edges.values[1:], dims="energy") * MEV_ERG
    width = (high - low) / MEV_ERG
    name = "nu_number_density" if "energy" in n.dims else "nu_energy_density"
    found = _outside(n, e, low, high)
    if found is None:
        return
    declared = view.spectral(name)
    mask, ratio = found
    other = [a * width if "energy" in a.dims else a for a in (n, e)]
    per_mev = len(spectral) == 1 and declared == "group" and _outside(*other, low, high) is None
    view.report(
        name, mask, None,
        f"{'per MeV? ' if per_mev else ''}energy over number is off the groups by {ratio:.4g}",
        f"energy density over number density between the group edges within {_GROUP_SLACK:.0%}",
        "declaring spectral = per_MeV" if per_mev else "what the groups hold: group or per_MeV",
        distrust=("nu_number_density", "nu_energy_density"), explains=False,
    )  # fmt: skip


def _outside(n, e, low, high):
    """Where E/n is off the group edges, with the worst factor; None if nowhere."""
    if "energy" in n.dims and "energy" in e.dims:
        small, large, value = n * low, n * high, e
    elif "energy" in n.dims:
        small, large, value = (n * low).sum("energy"), (n * high).sum("energy"), e
    else:
        # a spectrum that rises as E^2 in the group from 0 has the mean 3/4 of its upper edge
        floor = low.where(low > 0.25 * high, 0.25 * high)
        small, large, value = (e / high).sum("energy"), (e / floor).sum("energy"), n
    scale = value.max([d for d in value.dims if d != "species"])
    relevant = value > _RELEVANT * scale
    below = (value < small * (1.0 - _GROUP_SLACK)) & relevant
    above = (value > large * (1.0 + _GROUP_SLACK)) & relevant
    mask = below | above
    if not mask.any():
        return None
    factor = xr.where(below, value / small, value / large.where(large > 0.0)).where(mask)
    return mask, float(factor.values.ravel()[int(np.nanargmax(abs(np.log(factor))))])


def _mean_energy(view: View) -> None:
    n, e = view.grey("nu_number_density"), view.grey("nu_energy_density")
    if n is None or e is None:
        return
    scale = n.max([d for d in n.dims if d != "species"])
    mean = e / n.where(n > _RELEVANT * scale) / MEV_ERG
    wrong = (mean < _MEAN_LOW) | (mean > _MEAN_HIGH)
    if wrong.any():
        view.report(
            "nu_energy_density", wrong, None,
            f"mean energy {float(mean.values[wrong.values][0]):.6g} MeV: unit of energy?",
            f"{_MEAN_LOW:g} to {_MEAN_HIGH:g} MeV", "the unit of the column",
            distrust=("nu_number_density",), explains=False,
        )  # fmt: skip
