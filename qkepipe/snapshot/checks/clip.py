"""Clip the noise that the checks tolerate, and record how much of it there was."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.snapshot.checks.moments import CHI_NOISE, FLUX_NOISE, NEGATIVE_NOISE

__all__ = ["clip_noise"]


def clip_noise(dataset: xr.Dataset) -> xr.Dataset:
    """Clip slightly negative densities to 0, acausal fluxes to c n, Eddington factors to 1.

    Parameters
    ----------
    dataset : Dataset
        Canonical snapshot without errors.

    Returns
    -------
    Dataset
        The same object where there is nothing to clip; else a copy whose attribute
        ``history`` gains one line per variable. Only values within the noise limits of
        :mod:`qkepipe.snapshot.checks.moments` change: densities above
        -1e-6 of the largest of their species, fluxes below 1.001 c n, Eddington factors below
        1 + 1e-6.
    """
    out, lines = dataset, []
    for name in ("nu_number_density", "nu_energy_density"):
        if name not in out or not bool((out[name] < 0.0).any()):
            continue
        scale = out[name].max([d for d in out[name].dims if d != "species"])
        noise = (out[name] < 0.0) & (out[name] >= -NEGATIVE_NOISE * scale)
        out = out.assign({name: out[name].where(~noise, 0.0).assign_attrs(out[name].attrs)})
        lines.append(f"{name}: {int(noise.sum())} negative values clipped to 0")
    for density, flux in (
        ("nu_number_density", "nu_number_flux"),
        ("nu_energy_density", "nu_energy_flux"),
    ):
        if density not in out or flux not in out or out[density].dims != out[flux].dims:
            continue
        limit = C_LIGHT * out[density]
        noise = (abs(out[flux]) > limit) & (abs(out[flux]) <= (1.0 + FLUX_NOISE) * limit)
        if bool(noise.any()):
            clipped = xr.where(noise, np.sign(out[flux]) * limit, out[flux])
            clipped = clipped.transpose(*out[flux].dims).assign_attrs(out[flux].attrs)
            out = out.assign({flux: clipped})
            lines.append(f"{flux}: {int(noise.sum())} values clipped to c {density}")
    if "nu_eddington" in out:
        chi = out["nu_eddington"]
        noise = (chi > 1.0) & (chi <= 1.0 + CHI_NOISE)
        if bool(noise.any()):
            out = out.assign(nu_eddington=chi.where(~noise, 1.0).assign_attrs(chi.attrs))
            lines.append(f"nu_eddington: {int(noise.sum())} values clipped to 1")
    if lines:
        history = [h for h in (out.attrs.get("history", ""), *lines) if h]
        out = out.assign_attrs(history="\n".join(history))
    return out
