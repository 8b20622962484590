"""Tabulated equation of state: linear interpolation in log rho, log T and ye.

Tables are read by :mod:`qkepipe.eos`, which brings them to the conventions of the project
(rest masses included). Heavy nuclei are interpolated as number and charge per baryon, X/A and
X Z/A, so that mass, charge and number of nuclei are those of a mixture of the neighbouring nodes.
Nothing is extrapolated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from qkepipe.errors import Defect, QkepipeError
from qkepipe.jit import jit
from qkepipe.matter.electron_gas import electron_chemical_potential
from qkepipe.matter.validity import Zones

__all__ = ["FRACTIONS", "QUANTITIES", "EosTable", "from_table", "inside"]

#: What a table holds at every node, in this order: MeV, mass fractions (``x_light``: nuclei
#: lighter than the heavy ones, other than alpha), heavy nuclei and their charge per baryon, k_B
#: per baryon, log10 of dyn cm^-2.
QUANTITIES = (
    "mu_e", "mu_hat", "x_n", "x_p", "x_alpha", "x_heavy", "x_light", "heavy_number",
    "heavy_charge", "entropy", "log_pressure",
)  # fmt: skip
FRACTIONS = ("x_n", "x_p", "x_alpha", "x_heavy", "x_light")
#: abs(sum X - 1): the fractions are no mass fractions; something is not listed.
_WRONG, _INCOMPLETE = 0.15, 1e-3
#: Mass fraction below which heavy nuclei have no A and Z, and light ones are not mentioned.
_TRACE, _LIGHT = 1e-10, 1e-3
#: Relative slack at both ends of an axis: round-off of logarithms.
_SLACK = 1e-9


@dataclass(frozen=True)
class EosTable:
    """An equation of state on a grid.

    Attributes
    ----------
    source : str
        File, for messages.
    log_rho, log_t, ye : ndarray
        Increasing axes: log10 of g cm^-3, log10 of MeV, electron fraction.
    values : ndarray, shape (ye, T, rho, quantity)
        See :data:`QUANTITIES`; ``mu_e`` is NaN in a table without electrons.
    baryon_mass : float or None
        Mass [g] that turns the baryon density of the snapshot into ``rho`` of the axis, for
        tables over baryon density; None where the axis is a mass density as it stands.
    attrs : mapping
        What the reader found: format, conventions.
    warnings : tuple of Defect
    """

    source: str
    log_rho: np.ndarray
    log_t: np.ndarray
    ye: np.ndarray
    values: np.ndarray
    baryon_mass: float | None = None
    attrs: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[Defect, ...] = ()

    def __getitem__(self, name: str) -> np.ndarray:
        """One quantity at the nodes, shape (ye, T, rho)."""
        return self.values[..., QUANTITIES.index(name)]

    @property
    def has_electrons(self) -> bool:
        """Whether the table has mu_e."""
        return not np.isnan(self["mu_e"]).all()

    def density(self, rho, n_b) -> np.ndarray:
        """Density on the axis [g cm^-3] of zones with ``rho`` [g cm^-3] and ``n_b`` [cm^-3]."""
        return np.asarray(rho if self.baryon_mass is None else self.baryon_mass * n_b)


@jit
def _cell(axis, x):
    """Index of the left node of the interval that holds x, by bisection."""
    low = 0
    high = axis.size - 1
    while high - low > 1:
        middle = (low + high) // 2
        if axis[middle] <= x:
            low = middle
        else:
            high = middle
    return low


@jit
def interpolate_kernel(log_rho, log_t, ye, axis_rho, axis_t, axis_ye, values, out):
    """Trilinear interpolation of all quantities of each zone; no check of the range.

    ``values`` (ye, T, rho, quantity), ``out`` (zone, quantity); both contiguous.
    """
    for z in range(log_rho.size):
        i = _cell(axis_ye, ye[z])
        j = _cell(axis_t, log_t[z])
        k = _cell(axis_rho, log_rho[z])
        a = (ye[z] - axis_ye[i]) / (axis_ye[i + 1] - axis_ye[i])
        b = (log_t[z] - axis_t[j]) / (axis_t[j + 1] - axis_t[j])
        c = (log_rho[z] - axis_rho[k]) / (axis_rho[k + 1] - axis_rho[k])
        out[z, :] = 0.0
        for corner in range(8):
            di = corner // 4
            dj = (corner // 2) % 2
            dk = corner % 2
            weight = (a if di else 1.0 - a) * (b if dj else 1.0 - b) * (c if dk else 1.0 - c)
            if weight == 0.0:  # a node without values does not spoil its neighbours
                continue
            for q in range(values.shape[3]):
                out[z, q] += weight * values[i + di, j + dj, k + dk, q]


def _reach(table: EosTable) -> dict[str, tuple[float, float, str]]:
    """Ends of the axes in the units of the zones."""
    return {
        "rho": (10.0 ** table.log_rho[0], 10.0 ** table.log_rho[-1], " g cm-3"),
        "temperature": (10.0 ** table.log_t[0], 10.0 ** table.log_t[-1], " MeV"),
        "ye": (float(table.ye[0]), float(table.ye[-1]), ""),
    }


def _outside(table: EosTable, rho, temperature, ye) -> dict[str, np.ndarray]:
    """Zones outside each axis."""
    given = {"rho": rho, "temperature": temperature, "ye": ye}
    return {
        name: ~((given[name] >= low * (1.0 - _SLACK)) & (given[name] <= high * (1.0 + _SLACK)))
        for name, (low, high, _) in _reach(table).items()
    }


def inside(table: EosTable, rho, temperature, ye) -> np.ndarray:
    """Whether zones lie inside the axes; see :meth:`EosTable.density` for ``rho``."""
    return ~np.any(list(_outside(table, rho, temperature, ye).values()), axis=0)


def from_table(
    table: EosTable, zones: Zones, n_b: np.ndarray, ye: np.ndarray, need: np.ndarray,
    composition: np.ndarray,
) -> tuple[dict[str, np.ndarray], list[Defect]]:  # fmt: skip
    """Quantities of the zones that need them.

    Parameters
    ----------
    table : EosTable
    zones : Zones
    n_b, ye : ndarray
        Baryon density [cm^-3] and electron fraction, in the shape of the zones.
    need : ndarray of bool
        Zones to look up.
    composition : ndarray of bool
        Those of them that use the composition, which has to add up there.

    Returns
    -------
    values : dict
        One-dimensional arrays over the zones of ``need``: ``mu_e mu_hat`` [MeV], ``x_n x_p
        x_alpha x_heavy x_light``, ``abar zbar`` (NaN without heavy nuclei), ``entropy`` [k_B per
        baryon], ``pressure`` [erg cm^-3].
    warnings : list of Defect

    Raises
    ------
    QkepipeError
        One line for all zones outside the axes; else one per kind for zones where the table has
        no value, or no mass fractions.
    """
    rho = table.density(zones.rho, n_b)
    out = {n: m & need for n, m in _outside(table, rho, zones.temperature, ye).items()}
    if any(m.any() for m in out.values()):
        raise QkepipeError(_range_defect(table, zones, out, rho, ye))
    raw = _interpolate(table, rho[need], zones.temperature[need], ye[need])
    if not table.has_electrons:
        # electrons are an ideal gas in every equation of state
        raw["mu_e"] = electron_chemical_potential((n_b * ye)[need], zones.temperature[need])
    warnings = _check_values(table, zones, raw, need, composition)
    heavy = raw["x_heavy"] > _TRACE
    number = np.where(heavy & (raw["heavy_number"] > 0.0), raw["heavy_number"], np.nan)
    for name in FRACTIONS:
        # round-off of the table, after the test of the sum
        raw[name] = np.clip(raw[name], 0.0, 1.0)
    raw["abar"] = raw["x_heavy"] / number
    raw["zbar"] = raw.pop("heavy_charge") / number
    raw["pressure"] = 10.0 ** raw.pop("log_pressure")
    del raw["heavy_number"]
    return raw, warnings


def _interpolate(table: EosTable, rho, temperature, ye) -> dict[str, np.ndarray]:
    out = np.empty((rho.size, len(QUANTITIES)))
    interpolate_kernel(
        np.clip(np.log10(rho), table.log_rho[0], table.log_rho[-1]),
        np.clip(np.log10(temperature), table.log_t[0], table.log_t[-1]),
        np.clip(ye, table.ye[0], table.ye[-1]),
        table.log_rho, table.log_t, table.ye, table.values, out,
    )  # fmt: skip
    return dict(zip(QUANTITIES, np.ascontiguousarray(out.T), strict=True))


def _range_defect(table, zones: Zones, out: dict, rho, ye) -> Defect:
    """One line for everything that lies outside."""
    values = {"rho": rho, "temperature": zones.temperature, "ye": ye}
    parts = []
    for name, (low, high, unit) in _reach(table).items():
        if out[name].any():
            first = values[name][out[name]][0]
            count = int(out[name].sum())
            many = f" in {count} zones" if count > 1 else ""
            parts.append(f"{name} = {first:.6g}{unit}{many} outside {low:.6g} to {high:.6g}{unit}")
    return zones.defect(
        np.any(list(out.values()), axis=0),
        f"not covered by the equation-of-state table {table.source}: {', '.join(parts)};",
        "zones inside the axes (nothing is extrapolated)",
        "a smaller radial grid, or a larger table",
    )


def _check_values(table, zones: Zones, raw: dict, need, composition) -> list[Defect]:
    """Refuse values that cannot be; tell what the composition leaves out."""

    def where(mask):
        full = np.zeros(need.shape, dtype=bool)
        full[need] = mask
        return full

    blank = ~np.isfinite(raw["mu_e"] + raw["mu_hat"])
    used = composition[need]
    fractions = np.array([raw[name] for name in FRACTIONS])
    total = fractions.sum(axis=0)
    blank |= used & ~np.isfinite(total)
    if blank.any():
        raise QkepipeError(
            zones.defect(where(blank), f"no value in the equation-of-state table {table.source}",
                         "finite numbers", "another table")
        )  # fmt: skip
    off = np.maximum(abs(total - 1.0), np.maximum(-fractions, fractions - 1.0).max(axis=0))
    wrong = used & (off > _WRONG)
    if wrong.any():
        raise QkepipeError(
            zones.defect(
                where(wrong),
                f"the fractions of the equation-of-state table {table.source} sum to "
                f"{total[wrong][0]:.4g}",
                f"1 within {_WRONG:g}",
                "a table that lists all light nuclei as mass fractions",
            )
        )
    found = []
    part = used & (off > _INCOMPLETE)
    if part.any():
        worst = total[part][np.argmax(off[part])]
        found.append(
            zones.defect(where(part), "composition of the equation-of-state table incomplete: the "
                         f"fractions sum to {worst:.4g} in the worst zone; first", "", "",
                         "warning")
        )  # fmt: skip
    light = used & (raw["x_light"] > _LIGHT)
    if light.any():
        found.append(
            zones.defect(where(light), "light nuclei other than alpha, up to "
                         f"{raw['x_light'][light].max():.3g} of the mass, are in no rate; first",
                         "", "", "warning")
        )  # fmt: skip
    return found
