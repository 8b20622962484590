"""Units and logarithms that do not fit: kelvin, kilometres, log10, geometric units."""

from __future__ import annotations

import numpy as np

from qkepipe.constants import K_BOLTZMANN_MEV
from qkepipe.schema import VARIABLES
from qkepipe.snapshot.checks.view import View
from qkepipe.units import GEOMETRIC, KM_CM

__all__ = ["check"]

#: Largest temperature in GK: the highest allowed in MeV. Above it the unit is K.
_GK_MAX = VARIABLES["temperature"].high / K_BOLTZMANN_MEV / 1e9
#: Matter denser than this [g cm^-3] is hotter than _COLD [MeV] in every snapshot.
_DENSE, _COLD = 1e12, 0.05
#: log10 of a density in g cm^-3 stays below this.
_LOG_MAX = 25.0
#: Smallest outer radius of a snapshot [cm], and the largest radius [cm] of nuclear matter.
_R_SMALL, _R_NUCLEAR, _RHO_NUCLEAR = 1e5, 1e7, 1e14


def check(view: View) -> None:
    """Report density, radius and temperature in another unit or as a logarithm."""
    rho = view.get("rho")
    geometric = False
    if rho is not None and np.isfinite(rho).any():
        geometric = _density(view, rho)
    r = view.get("r")
    if r is not None and r.size and np.isfinite(r).any():
        _radius(view, r, geometric)
    temperature = view.get("temperature")
    if temperature is not None and np.isfinite(temperature).any():
        _temperature(view, temperature)


def _scale(view: View, name: str, *args, **options) -> None:
    view.scale_lines[name] = view.report(name, *args, **options)


def _density(view: View, rho) -> bool:
    """Report a logarithm or geometric units; true for the latter."""
    finite = rho.where(np.isfinite(rho))
    low, high = float(finite.min()), float(finite.max())
    if 0.0 < high < 1.0 and low >= 0.0:
        _scale(
            view, "rho", rho == high, rho, "looks like geometric units (G = c = Msun = 1)",
            "g cm-3",
            f"factors {GEOMETRIC['density']:.6g} g cm-3, {GEOMETRIC['length']:.7g} cm, "
            f"{GEOMETRIC['time']:.7g} s",
            distrust=("r", "r_edge"),
        )  # fmt: skip
        return True
    if high < _LOG_MAX and (low > 0.0 or bool((rho < 0.0).sum() > 1)):
        _scale(
            view, "rho", rho == high, rho, "looks like log10(rho)", "rho in g cm-3",
            "declaring log10 for this column",
        )  # fmt: skip
    return False


def _radius(view: View, r, geometric: bool) -> None:
    if float(r.where(np.isfinite(r)).max()) < _R_SMALL and not geometric:
        _scale(
            view, "r", r == r.max(), r, "largest radius: looks like km", "cm",
            f"unit km (factor {KM_CM:g})", distrust=("r_edge",),
        )  # fmt: skip
        return
    rho = view.get("rho")
    if rho is None or "r" not in rho.dims:
        return
    far = (rho > _RHO_NUCLEAR) & (r > _R_NUCLEAR)
    # with the density column reversed the centre is thin: another defect
    if far.isel(r=int(r.values.argmin())).any():
        _scale(
            view, "r", far, r.broadcast_like(rho),
            f"radius too large for rho = {float(rho.max()):.3g} g cm-3: unit of r or rho?",
            f"r < {_R_NUCLEAR:g} cm where rho > {_RHO_NUCLEAR:g} g cm-3",
            "the unit of the column", distrust=("r_edge",),
        )  # fmt: skip


def _temperature(view: View, temperature) -> None:
    high = float(temperature.where(np.isfinite(temperature)).max())
    limit = VARIABLES["temperature"].high
    if high > limit:
        unit = "K" if high > _GK_MAX else "GK"
        _scale(
            view, "temperature", temperature == high, temperature, f"looks like {unit}",
            f"MeV, at most {limit:g}", f"unit {unit}",
        )  # fmt: skip
        return
    rho = view.get("rho")
    if rho is None:
        return
    cold = (rho > _DENSE) & (temperature < _COLD) & (temperature > 0.0)
    if cold.any():
        _scale(
            view, "temperature", cold, temperature.broadcast_like(rho),
            "too cold for this density: looks like a unit other than MeV (K, GK?)",
            f"T > {_COLD:g} MeV where rho > {_DENSE:g} g cm-3", "the unit of the column",
        )  # fmt: skip
