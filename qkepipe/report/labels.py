"""Names of cases and quantities as readers see them, in figures and in the text."""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from qkepipe.diagnostics.geometry import radial_shells
from qkepipe.schema import VARIABLES
from qkepipe.units import KM_CM

__all__ = [
    "QUANTITIES",
    "case_label",
    "case_labels",
    "envelope",
    "power_of_ten",
    "radius",
    "short",
]

#: quantity -> (words, unit shown, factor from the unit of the file).
QUANTITIES = {
    "luminosity": ("luminosity", "10^51 erg/s", 1e-51),
    "number_luminosity": ("number luminosity", "10^56 /s", 1e-56),
    "mean_energy": ("mean energy", "MeV", 1.0),
    "rms_energy": ("rms energy", "MeV", 1.0),
    "heating_rate": ("heating rate", "10^21 erg/g/s", 1e-21),
    "cooling_rate": ("cooling rate", "10^21 erg/g/s", 1e-21),
    "ye_dot": ("rate of change of Ye", "1/s", 1.0),
    "net_heating_gain_region": ("net heating in the gain region", "10^51 erg/s", 1e-51),
    "net_cooling_below_gain": ("net cooling below the gain radius", "10^51 erg/s", 1e-51),
    "gain_radius": ("gain radius", "km", 1.0 / KM_CM),
    "neutrinosphere_radius": ("neutrinosphere radius", "km", 1.0 / KM_CM),
}


def power_of_ten(value: float) -> tuple[str, int]:
    """Mantissa (shortest text of at most 3 digits) and decimal exponent of a number."""
    if value == 0.0:
        return "0", 0
    exponent = math.floor(math.log10(abs(value)))
    mantissa = f"{value / 10.0**exponent:.3g}"
    if mantissa.lstrip("-") == "10":
        mantissa, exponent = mantissa.replace("10", "1"), exponent + 1
    return mantissa, exponent


def short(value: float, math_text: bool = False) -> str:
    """A parameter as short text: ``1``, ``2.5e-4``, ``1e11``; for figures in mathtext."""
    if 0.1 <= value < 1e4:
        return f"{value:g}"
    mantissa, exponent = power_of_ten(value)
    if not math_text:
        return f"{mantissa}e{exponent}"
    power = f"10^{{{exponent}}}"
    return f"${power}$" if mantissa == "1" else rf"${mantissa}\times{power}$"


def case_label(summary: xr.Dataset, math_text: bool = False) -> str:
    """Short name of a case: ``QKE ξ = 1e-3``, ``BGK (box)``, ``threshold (pair) 1e11 g/cm³``."""
    attrs = summary.attrs
    kind = attrs["kind"]
    if kind == "qke":
        symbol = r"$\xi$" if math_text else "ξ"
        label = f"QKE {symbol} = {short(float(attrs['xi']), math_text)}"
        label += ", three flavours" if attrs.get("flavors") == 3 else ""
    elif kind == "bgk":
        label = f"BGK ({attrs.get('scheme', attrs.get('prescription', 'unnamed'))})"
    elif kind == "threshold":
        label = f"threshold ({attrs.get('scheme', 'unnamed')})"
        if "density" in attrs:
            label += f" {short(float(attrs['density']), math_text)} g/cm³"
        if "flux_factor" in attrs:
            label += f", flux factor > {float(attrs['flux_factor']):g}"
    else:
        label = "classical"
    resolution = float(attrs.get("resolution", 1.0))
    return label if resolution == 1.0 else f"{label}, resolution × {resolution:g}"


def case_labels(cases: dict[str, xr.Dataset], math_text: bool = False) -> dict[str, str]:
    """Labels of several cases; cases that would share one get their name added."""
    labels = {name: case_label(summary, math_text) for name, summary in cases.items()}
    shared = list(labels.values())
    return {
        name: label if shared.count(label) == 1 else f"{label}, {name}"
        for name, label in labels.items()
    }


def radius(data: xr.Dataset) -> tuple[np.ndarray, str]:
    """Radius [km] and the label of its axis; middles of shells for Cartesian data."""
    if "r" not in data.dims:
        edges, _ = radial_shells(data)
        return 0.5 * (edges[1:] + edges[:-1]) / KM_CM, "radius [km]"
    name = data["r"].attrs.get("long_name", "")
    if not name or name == VARIABLES["r"].long_name:
        name = "radius"
    return data["r"].values / KM_CM, f"{name} [km]"


def envelope(array: xr.DataArray) -> tuple[np.ndarray, np.ndarray | None]:
    """Largest and smallest value over the directions of a snapshot that has some.

    Of Cartesian data over the cells of the shells of :func:`radius`.

    Returns
    -------
    high : ndarray (n_r,)
    low : ndarray (n_r,) or None
        None for a profile over r alone.
    """
    if "r" not in array.dims:
        return _of_shells(array)
    other = [d for d in array.dims if d != "r"]
    if not other:
        return array.values.astype(float), None
    return array.max(other).values.astype(float), array.min(other).values.astype(float)


def _of_shells(array: xr.DataArray) -> tuple[np.ndarray, np.ndarray]:
    edges, shell = radial_shells(array)
    where = shell.transpose(*array.dims).values.ravel()
    values = array.values.astype(float).ravel()
    known = np.isfinite(values)
    high, low = (np.full(edges.size - 1, np.nan) for _ in range(2))
    np.fmax.at(high, where[known], values[known])
    np.fmin.at(low, where[known], values[known])
    return high, low
