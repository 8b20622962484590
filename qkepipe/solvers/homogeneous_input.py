"""What a homogeneous run is given: one cell of a field, rates, terms of the Hamiltonian; checks.

Everything that cannot be used is refused here, one line per defect, before anything is evolved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.errors import Defect, QkepipeError, nearest
from qkepipe.oscillation.vacuum import (
    ORDERINGS,
    ThreeFlavors,
    TwoFlavors,
    matter_potential,
    mixing_of,
)
from qkepipe.phasespace import AngleGrid, EnergyGrid, angle_grid_from_edges, energy_grid
from qkepipe.solvers.homogeneous_step import STAGES
from qkepipe.species import SPECIES, SPECIES6, to_four

__all__ = ["Gas", "check_control", "check_times", "mixing_for", "potential_for", "read_gas"]

#: Range of f in datasets (``qkepipe.schema``).
_ROUND_OFF = (-1e-12, 1.01)


@dataclass(frozen=True)
class Gas:
    """Occupations ``f``, absorption [cm^-1] and equilibrium occupation; grids of the cell.

    ``f`` (flavours, 2, n_energy, n_mu), the others (flavours, 2, n_energy); absorption 0 where
    there are no collisions.
    """

    f: np.ndarray
    absorption: np.ndarray
    equilibrium: np.ndarray
    energy: EnergyGrid
    angle: AngleGrid


def _refuse(field: str, problem: str, expected: str = "", hint: str = ""):
    raise QkepipeError(Defect("homogeneous", field, problem, expected, hint))


def _values(field: xr.Dataset, name: str, dims: tuple[str, ...]) -> np.ndarray:
    """Values of a variable, finite, with the given axes."""
    if name not in field.variables:
        _refuse(name, "missing", f"a variable over ({', '.join(dims)})")
    if set(field[name].dims) != set(dims):
        _refuse(name, f"has axes {field[name].dims}", f"({', '.join(dims)})")
    values = field[name].transpose(*dims).values.astype(float)
    if values.size == 0:
        _refuse(name, f"has shape {values.shape}", "at least one value along each axis")
    if not np.isfinite(values).all():
        _refuse(name, "values that are not finite", "finite numbers")
    return values


def _edges(field: xr.Dataset, name: str, lowest: float, size: int) -> np.ndarray:
    edges = _values(field, name, (name,))
    if edges.size != size + 1:
        _refuse(name, f"{edges.size} edges", f"{size + 1}, one more than groups")
    if not (edges[0] >= lowest and (np.diff(edges) > 0.0).all()):
        _refuse(name, f"from {edges[0]:.6g} to {edges[-1]:.6g}", f"rising from {lowest:g} or more")
    return edges


def _by_flavor(values: np.ndarray, labels: tuple[str, ...], flavors: int) -> np.ndarray:
    """(species, ...) to (flavours, 2, ...): nux is the mean of mu and tau."""
    if flavors == 2:
        values = to_four(values)
    elif labels == SPECIES:
        values = values[[0, 1, 2, 3, 2, 3]]
    return np.ascontiguousarray(values.reshape(flavors, 2, *values.shape[1:]))


def read_gas(field: xr.Dataset, flavors: int) -> Gas:
    """Read one cell: ``f``, and ``absorption`` and ``emissivity`` where there are any.

    Parameters
    ----------
    field : Dataset
        As for :func:`qkepipe.solvers.run_homogeneous`.
    flavors : {2, 3}

    Raises
    ------
    QkepipeError
    """
    if flavors not in (2, 3):
        _refuse("flavors", f"{flavors!r}", "2 or 3")
    if not isinstance(field, xr.Dataset):
        _refuse("field", f"a {type(field).__name__}", "a Dataset with f")
    if "species" not in field.coords:
        _refuse("species", "missing", "labels along the axis of f")
    labels = tuple(str(name) for name in np.atleast_1d(field["species"].values))
    if labels not in (SPECIES, SPECIES6):
        lacking = [name for name in SPECIES if name not in labels]
        _refuse("species", f"{', '.join(labels)}" + (
            f"; {', '.join(lacking)} missing" if lacking else ""),
            f"{', '.join(SPECIES)}, or {', '.join(SPECIES6)}")  # fmt: skip
    f = _values(field, "f", ("species", "energy", "mu"))
    if f.min() < _ROUND_OFF[0] or f.max() > _ROUND_OFF[1]:
        _refuse("f", f"from {f.min():.6g} to {f.max():.6g}", "occupations from 0 to 1")
    energy_edge = _edges(field, "energy_edge", 0.0, f.shape[1])
    mu_edge = _edges(field, "mu_edge", -1.0, f.shape[2])
    if abs(mu_edge[0] + 1.0) > 1e-12 or abs(mu_edge[-1] - 1.0) > 1e-12:
        _refuse("mu_edge", f"from {mu_edge[0]:.6g} to {mu_edge[-1]:.6g}", "from -1 to 1")
    lapse = float(_values(field, "lapse", ())) if "lapse" in field.variables else 1.0
    if not lapse > 0.0:
        _refuse("lapse", f"{lapse:.6g}", "above 0")
    rates = [name for name in ("absorption", "emissivity") if name in field.variables]
    absorption = equilibrium = np.zeros((flavors, 2, f.shape[1]))
    if len(rates) == 1:
        _refuse(rates[0], "given alone", "absorption [cm-1] and emissivity [s-1]")
    if rates:
        kappa, emission = (_values(field, name, ("species", "energy")) for name in rates)
        for name, values in zip(rates, (kappa, emission), strict=True):
            if values.min() < 0.0:
                _refuse(name, f"{values.min():.6g}", "rates >= 0")
        if (emission > C_LIGHT * kappa * (1.0 + 1e-9)).any():
            _refuse("emissivity", "above c times the absorption", "stimulated-corrected absorption")
        absorption = _by_flavor(kappa, labels, flavors)
        gained = _by_flavor(emission / C_LIGHT, labels, flavors)
        equilibrium = np.divide(
            gained, absorption, out=np.zeros_like(gained), where=absorption > 0.0
        )
    # energies are those at infinity: a local observer measures E/a, and E^2 dE/a^3
    return Gas(
        _by_flavor(f, labels, flavors),
        absorption,
        equilibrium,
        energy_grid(energy_edge / lapse),
        angle_grid_from_edges(mu_edge),
    )


def mixing_for(vacuum, flavors: int) -> TwoFlavors | ThreeFlavors | None:
    """Parameters of the vacuum term: of an ordering by its name, given ones, or none."""
    if vacuum is None:
        return None
    if isinstance(vacuum, TwoFlavors | ThreeFlavors):
        if isinstance(vacuum, TwoFlavors) != (flavors == 2):
            _refuse("vacuum", f"{type(vacuum).__name__} for {flavors} flavours",
                    "TwoFlavors" if flavors == 2 else "ThreeFlavors")  # fmt: skip
        return vacuum
    if vacuum not in ORDERINGS:
        _refuse("vacuum", f"{vacuum!r}", "an ordering, TwoFlavors, ThreeFlavors or None",
                nearest(str(vacuum), ORDERINGS))  # fmt: skip
    return mixing_of(vacuum, flavors)


def potential_for(electron_density) -> float | Callable[[float], float]:
    """sqrt(2) G_F n_e [cm^-1], constant or as a function of c t [cm]."""

    def checked(value) -> float:
        if not (np.isfinite(value) and value >= 0.0):
            _refuse("electron_density", f"{value}", "net densities >= 0 cm-3")
        return float(matter_potential(value))

    if callable(electron_density):
        return lambda s: checked(electron_density(s / C_LIGHT))
    return checked(electron_density)


def check_times(times) -> np.ndarray:
    """Output times [s] as an array, rising from 0 or more."""
    times = np.atleast_1d(np.asarray(times, dtype=float))
    if times.ndim != 1 or times.size == 0 or not np.isfinite(times).all():
        _refuse("times", f"{times}", "finite times [s]")
    if times[0] < 0.0 or times[-1] <= 0.0 or not (np.diff(times) > 0.0).all():
        _refuse("times", f"from {times[0]:.6g} to {times[-1]:.6g} s", "rising times, after 0 s")
    return times


def check_control(
    xi: float, order: int, tolerance: float, step: float | None, seed: float, velocity: float
) -> None:
    """Refuse settings of a run that make no sense."""
    if order not in STAGES:
        _refuse("order", f"{order!r}", " or ".join(str(o) for o in STAGES))
    if not 0.0 < xi <= 1.0:
        _refuse("xi", f"{xi}", "0 < xi <= 1")
    if not 1e-14 <= tolerance < 1.0:
        _refuse("tolerance", f"{tolerance}", "1e-14 to 1")
    if step is not None and not (np.isfinite(step) and step > 0.0):
        _refuse("step", f"{step} s", "above 0 s")
    if not (np.isfinite(seed) and abs(seed) < np.pi):
        _refuse("seed_amplitude", f"{seed}", "an angle below pi")
    if not abs(velocity) < 1.0:
        _refuse("matter_velocity", f"{velocity}", "a velocity over c, between -1 and 1")
