"""Neutrino moments: sign, causality, Eddington factor, isotropy in thick matter."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.snapshot.checks.view import View

__all__ = ["CHI_NOISE", "FLUX_NOISE", "NEGATIVE_NOISE", "PAIRS", "check", "closure_flux"]

#: Noise that is clipped instead of refused: chi below 1/3, relative excess of abs(F) over
#: c n, and negative densities relative to the largest of their species.
CHI_NOISE, FLUX_NOISE, NEGATIVE_NOISE = 1e-6, 1e-3, 1e-6
#: Optically thick matter [g cm^-3], with the largest flux and Eddington factor there.
_THICK, _THICK_FLUX, _THICK_CHI = 1e13, 0.05, 0.35
_ROUND_OFF = 1e-9
#: Density and flux that belong together.
PAIRS = (
    ("nu_number_density", "nu_number_flux"),
    ("nu_energy_density", "nu_energy_flux"),
    ("nu_number_density_fluid", "nu_number_flux_fluid"),
)


def closure_flux(view: View) -> bool:
    """Whether the fluxes were derived from the Eddington factor by a closure."""
    flux = view.dataset.variables.get("nu_number_flux")
    source = view.attrs.get("flux_source", "") if flux is None else (
        flux.attrs.get("flux_source", view.attrs.get("flux_source", ""))
    )  # fmt: skip
    return flux is None or str(source).startswith("closure")


def check(view: View) -> None:
    """Report moments that no radiation field has."""
    for density in dict.fromkeys(d for d, _ in PAIRS):
        _negative(view, density)
    for density, flux in PAIRS:
        _causality(view, density, flux)
    _eddington(view)
    _thick(view)


def _negative(view: View, name: str) -> None:
    array = view.get(name)
    if array is None or not (array < 0.0).any():
        return
    faulty = view.faulty_density()
    if faulty is not None and faulty.any():
        # a density of matter that is negative makes moments per baryon negative
        array = array.where(~faulty)
        if not (array < 0.0).any():
            view.explained.add(name)
            view.distrust(name)
            return
    scale = array.max([d for d in array.dims if d != "species"])
    deep = array < -NEGATIVE_NOISE * scale
    if deep.any():
        view.report(name, deep, array, "negative", ">= 0", "the column map of the file")
        return
    view.report(
        name, array < 0.0, array,
        f"negative within {NEGATIVE_NOISE:g} of the maximum: clipped to 0", severity="warning",
    )  # fmt: skip


def _causality(view: View, density: str, flux: str) -> None:
    n, f = view.get(density), view.get(flux)
    if n is None or f is None:
        return
    if ("energy" in n.dims) != ("energy" in f.dims):
        n, f = view.grey(density), view.grey(flux)
        if n is None or f is None:
            return
    limit = C_LIGHT * n.clip(min=0.0)
    excess = abs(f) - limit
    # noise of an empty zone is not a flux
    seen = abs(f) > _ROUND_OFF * abs(f).max()
    wrong = (excess > FLUX_NOISE * limit) & seen
    if wrong.any():
        i = wrong.values
        ratio = abs(f).transpose(*wrong.dims).values[i][0]
        bound = limit.transpose(*wrong.dims).values[i][0]
        factor = ratio / bound if bound > 0.0 else np.inf
        view.report(
            flux, wrong, f, f"not causal: abs(F) is {factor:.6g} times c {density}",
            f"abs(F) <= c {density}", "units and order of the columns of flux and density",
            distrust=(density,), explains=False,
        )  # fmt: skip
        return
    slight = (excess > _ROUND_OFF * limit) & seen
    if slight.any():
        view.report(
            flux, slight, f, f"abs(F) exceeds c {density} by less than {FLUX_NOISE:g}: clipped",
            severity="warning", explains=False,
        )  # fmt: skip


def _eddington(view: View) -> None:
    chi = view.get("nu_eddington")
    if chi is None:
        return
    high = chi > 1.0 + CHI_NOISE
    if high.any():
        view.report("nu_eddington", high, chi, "Eddington factor above 1", "at most 1",
                    "the column map")  # fmt: skip
        return
    if (chi > 1.0).any():
        # noise, which is clipped: not for the schema to refuse
        view.explained.add("nu_eddington")
    if closure_flux(view):
        low = chi < 1.0 / 3.0 - CHI_NOISE
        expected = f"1/3 to 1 (a closure has no smaller value; noise of {CHI_NOISE:g} is clipped)"
    else:
        # transport in angle may go below 1/3, but the variance of mu is never negative
        factor = view.flux_factor()
        if factor is None or set(factor.dims) != set(chi.dims):
            low = chi < 0.0
        else:
            low = chi < factor**2 - CHI_NOISE
        expected = "at least the square of the flux factor"
    if low.any():
        view.report("nu_eddington", low, chi, "Eddington factor too small", expected,
                    "the column map")  # fmt: skip


def _thick(view: View) -> None:
    """Report anisotropy where the matter is opaque; motion of the fluid is allowed for."""
    rho = view.get("rho")
    if rho is None:
        return
    what = "unphysical in optically thick matter: "
    where = f"where rho > {_THICK:g} g cm-3"
    hint = "order and units of the columns"
    chi = view.get("nu_eddington")
    if chi is not None and "energy" not in chi.dims:
        wrong = (chi > _THICK_CHI) & (rho > _THICK)
        if wrong.any():
            view.report(
                "nu_eddington", wrong, chi.broadcast_like(wrong), what + "not isotropic",
                f"at most {_THICK_CHI:g} {where}", hint,
            )  # fmt: skip
    factor = view.flux_factor()
    # a flux from a closure is only another form of chi
    if factor is None or closure_flux(view):
        return
    velocity = view.get("velocity_r")
    moving = xr.zeros_like(rho) if velocity is None else abs(velocity) / C_LIGHT
    # an isotropic field of the fluid has the flux factor (4/3) v/c in the lab
    wrong = (factor - 4.0 / 3.0 * moving > _THICK_FLUX) & (rho > _THICK)
    if wrong.any():
        name = "nu_number_flux" if view.get("nu_number_flux") is not None else "nu_energy_flux"
        view.report(
            name, wrong, factor.broadcast_like(wrong), what + "large flux factor",
            f"flux factor at most {_THICK_FLUX:g} {where}", hint, units="c n", explains=False,
        )  # fmt: skip
