"""The densest zone, where neutrinos are a Fermi gas: multiplicity and potentials."""

from __future__ import annotations

import numpy as np

from qkepipe.constants import PHASE_SPACE
from qkepipe.phasespace import fermi_dirac
from qkepipe.snapshot.checks.view import View

__all__ = ["check", "fermi_gas_density"]

#: Neutrinos are in equilibrium above this density [g cm^-3] while isotropic like this.
_DENSE, _CHI, _FLUX = 1e13, 0.334, 0.04
#: Accepted relative distance from the Fermi gas.
_SLACK = 0.2
#: What a column of heavy neutrinos may hold: mu or tau, nu or both, all four.
_MULTIPLICITIES = (1, 2, 4)


def fermi_gas_density(temperature: float, chemical_potential: float) -> float:
    """Number density [cm^-3] of one massless species in equilibrium.

    n = 4 pi/(h c)^3 int E^2 dE/(1 + exp[(E - mu)/T]), by the trapezoidal rule (which
    converges to 1e-6 here).

    Parameters
    ----------
    temperature, chemical_potential : float
        [MeV].
    """
    eta = chemical_potential / temperature
    x = np.linspace(0.0, max(eta, 0.0) + 60.0, 6001)
    integral = np.trapezoid(x**2 * fermi_dirac(x, 1.0, eta), x)
    return float(PHASE_SPACE * temperature**3 * integral)


def check(view: View) -> None:
    """Compare nux and nue of the densest zone with Fermi gases."""
    rho, temperature = view.get("rho"), view.get("temperature")
    n = view.grey("nu_number_density")
    if rho is None or temperature is None or n is None or not np.isfinite(rho).any():
        return
    densest = {d: int(i) for d, i in rho.argmax(...).items()}
    t = float(temperature.isel(densest))
    if not (float(rho.isel(densest)) > _DENSE and t > 0.0):
        return
    for species, test in (("nux", _heavy), ("nue", _electron)):
        if view.species(n, species) is not None and _isotropic(view, species, densest):
            test(view, densest, n, t)


def _isotropic(view: View, species: str, zone: dict) -> bool:
    """Whether the field of one species is isotropic in a zone; false where unknown."""
    chi = view.species(view.get("nu_eddington"), species)
    if chi is not None and "energy" not in chi.dims:
        return bool(chi.isel(zone) < _CHI)
    factor = view.species(view.flux_factor(), species)
    return factor is not None and bool(factor.isel(zone) < _FLUX)


def _mask(array, species: str, zone: dict):
    mask = array.copy(data=np.zeros(array.shape, dtype=bool))
    mask[{"species": list(array["species"].values).index(species), **zone}] = True
    return mask


def _heavy(view: View, zone: dict, n, temperature: float) -> None:
    gas = fermi_gas_density(temperature, 0.0)
    ratio = float(n.sel(species="nux").isel(zone)) / gas
    if abs(ratio - 1.0) <= _SLACK or not ratio > 0.0:
        return
    own = view.dataset["nu_number_density"].attrs
    declared = float(own.get("heavy_multiplicity", view.attrs.get("heavy_multiplicity", 1)))
    held = [m for m in _MULTIPLICITIES if abs(ratio * declared / m - 1.0) <= _SLACK]
    hint = (
        f"heavy_multiplicity = {held[0]} (declared {declared:g})"
        if held
        else "heavy_multiplicity, the baryon mass, or the unit of the column"
    )
    view.report(
        "nu_number_density", _mask(n, "nux", zone), n,
        f"{ratio:.4g} times a Fermi gas of one species in equilibrium: number of species in nux?",
        "1 (nux is one heavy flavour)", hint, explains=False,
    )  # fmt: skip


def _electron(view: View, zone: dict, n, temperature: float) -> None:
    mu_e, mu_hat = view.get("mu_e"), view.mu_hat()
    if mu_e is None or mu_hat is None:
        return
    mu_nue = float(mu_e.isel(zone)) - float(mu_hat.isel(zone))
    ratio = float(n.sel(species="nue").isel(zone)) / fermi_gas_density(temperature, mu_nue)
    if abs(ratio - 1.0) > _SLACK:
        view.report(
            "nu_number_density", _mask(n, "nue", zone), n,
            f"{ratio:.4g} times a Fermi gas at mu_nue = {mu_nue:.4g} MeV: convention of the "
            "chemical potentials?",
            f"1 within {_SLACK:.0%}", "chemical potentials with rest masses",
            severity="warning", explains=False,
        )  # fmt: skip
        view.distrust("mu_e", "mu_hat", "mu_n", "mu_p")
