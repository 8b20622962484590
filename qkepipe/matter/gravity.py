"""Static metric of a radial snapshot: given by it, or computed from its mass.

    ds^2 = -a^2 c^2 dt^2 + X^2 dr^2 + r^2 dOmega^2 ,     X^-2 = 1 - 2 G m/(r c^2) ,
    a'/a = X^2 G (m + 4 pi r^3 P/c^2)/(r^2 c^2)

(Oppenheimer & Volkoff 1939, Phys. Rev. 55, 374, eqs 3-6, for matter at rest), with the areal
radius r, matched to the Schwarzschild metric, a X = 1, at the outer edge of the snapshot.
Where one of a and X is given, the equation for a'/a gives the other one without the mass.

Mass is baryon rest mass: internal and gravitational energy are left out, which differ from
it by up to ten per cent in a proto-neutron star and partly cancel.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT, G_NEWTON
from qkepipe.errors import Defect, QkepipeError
from qkepipe.schema import set_attributes
from qkepipe.snapshot.mesh import midpoint_edges
from qkepipe.units import KM_CM

__all__ = ["GRAVITY", "metric"]

#: What a metric can be taken from.
GRAVITY = ("auto", "snapshot", "computed", "flat")
#: The mass inside the first zone is at least that of its density, at most that of the centre
#: of a proto-neutron star [g cm^-3]; between them may lie this share of the mass of the grid.
_CENTRE = 5e14
_UNKNOWN = 0.05

_POTENTIAL = G_NEWTON / C_LIGHT**2
_VARIABLES = ("lapse", "radial_metric")
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(4)


def metric(snapshot: xr.Dataset, edges_cm, gravity: str = "auto") -> xr.Dataset:
    """Lapse and radial metric on the cells of a study.

    Parameters
    ----------
    snapshot : Dataset
        Kind ``snapshot`` over ``r`` alone; ``lapse``, ``radial_metric`` and ``pressure``
        [erg cm^-3] where it has them.
    edges_cm : array_like (n + 1,)
        Edges of the cells [cm], inside the snapshot.
    gravity : {"auto", "snapshot", "computed", "flat"}
        ``snapshot``: its lapse or radial metric, or both; ``computed``: from its density and
        pressure; ``auto``: flat where the attribute ``metric`` of the snapshot says so, else the
        first of the two that the snapshot allows, else flat.

    Returns
    -------
    Dataset
        ``lapse``, ``radial_metric`` over ``r`` (midpoints) and ``lapse_edge``,
        ``radial_metric_edge`` over ``r_edge``; attributes ``gravity`` (snapshot, computed or
        flat), ``lapse_source`` (a sentence) and ``largest_redshift``, the largest 1 - lapse.

    Raises
    ------
    QkepipeError
        If ``snapshot`` is asked of a file without a metric, ``computed`` of one that does not
        reach to the centre, or there is no static metric (a horizon, a lapse of zero).
    """
    source = str(snapshot.attrs.get("source_file", "snapshot"))
    if gravity not in GRAVITY:
        raise QkepipeError(
            Defect("background", "gravity", f"{gravity!r}", "one of " + ", ".join(GRAVITY))
        )
    r = snapshot["r"].values.astype(float)
    own = snapshot["r_edge"].values if "r_edge" in snapshot.variables else midpoint_edges(r)
    edges = np.asarray(edges_cm, dtype=float)
    at = np.concatenate([edges, 0.5 * (edges[1:] + edges[:-1])])
    given = [n for n in _VARIABLES if n in snapshot]
    why_flat = "chosen in the configuration"
    mass = _Mass(snapshot, own)
    if gravity == "auto":
        why_flat = f"the snapshot has no lapse, and {mass.gap(edges[-1])}"
        gravity = "snapshot" if given else "flat" if mass.gap(edges[-1]) else "computed"
        if not given and snapshot.attrs.get("metric") == "flat":
            gravity, why_flat = "flat", "as in the transport of the snapshot"
    if gravity == "flat":
        lapse = radial = np.ones(at.size)
        text = f"flat space: {why_flat}"
    elif gravity == "snapshot":
        if not given:
            raise QkepipeError(
                Defect(source, "lapse, radial_metric", "missing", "at least one of them",
                       "background.gravity: computed or flat")
            )  # fmt: skip
        lapse, radial, text = _given(snapshot, given, r, own, at, source)
    else:
        lapse, radial, text = _computed(snapshot, mass, r, own, at, source)
    _check(lapse, radial, at, source)
    n = edges.size
    out = xr.Dataset(
        {
            "lapse": ("r", lapse[n:]),
            "radial_metric": ("r", radial[n:]),
            "lapse_edge": ("r_edge", lapse[:n]),
            "radial_metric_edge": ("r_edge", radial[:n]),
        },
        coords={"r": ("r", at[n:]), "r_edge": ("r_edge", edges)},
        attrs={
            "gravity": gravity,
            "lapse_source": text,
            "largest_redshift": float(1.0 - lapse.min()),
        },
    )
    return set_attributes(out)


def _check(lapse: np.ndarray, radial: np.ndarray, at: np.ndarray, source: str) -> None:
    for name, values in (("lapse", lapse), ("radial_metric", radial)):
        bad = ~(np.isfinite(values) & (values > 0.0))
        if bad.any():
            k = int(np.argmax(bad))
            raise QkepipeError(
                Defect(source, name, f"{values[k]:.6g} at {at[k] / KM_CM:.6g} km",
                       "a positive number: a static metric", "background.gravity: flat")
            )  # fmt: skip


def _given(snapshot, given, r, own, at, source):
    """Metric of the snapshot; the other one of a and X from the equation for a'/a."""
    pressure = _Pressure(snapshot, r)
    if "lapse" in given:
        _check(snapshot["lapse"].values, np.ones(r.size), r, source)
        log_lapse, slope = _curve(r, np.log(snapshot["lapse"].values), at)
        lapse = np.exp(log_lapse)
        if "radial_metric" in given:
            return lapse, _curve(r, snapshot["radial_metric"].values, at)[0], "snapshot"
        # X^2 [1 + 8 pi G r^2 P/c^4] = 1 + 2 r a'/a
        matter = 1.0 + 8.0 * np.pi * _POTENTIAL / C_LIGHT**2 * at**2 * pressure(at)
        radial = np.sqrt(np.maximum((1.0 + 2.0 * at * slope) / matter, 1.0))
        return lapse, radial, "snapshot; radial metric computed from it, " + pressure.text
    x = snapshot["radial_metric"].values
    _check(np.ones(r.size), x, r, source)

    def mass(radius):
        return 0.5 * radius / _POTENTIAL * (1.0 - _curve(r, x, radius)[0] ** -2)

    lapse = _lapse(mass, pressure, r, own[-1], at)
    return lapse, _curve(r, x, at)[0], "from the radial metric of the snapshot, " + pressure.text


class _Mass:
    """Baryon mass [g] inside any radius; the first zone's density fills the sphere inside it."""

    def __init__(self, snapshot: xr.Dataset, own: np.ndarray):
        self.first = own[0]
        self.rho = snapshot["rho"].values.astype(float)
        self.start = np.concatenate([[0.0], own[1:]])
        shells = 4.0 * np.pi / 3.0 * self.rho * np.diff(self.start**3)
        self.below = np.concatenate([[0.0], np.cumsum(shells)])

    def __call__(self, radius):
        k = np.clip(np.searchsorted(self.start, radius, side="right") - 1, 0, self.rho.size - 1)
        inside = self.start[k]
        return self.below[k] + 4.0 * np.pi / 3.0 * self.rho[k] * (radius**3 - inside**3)

    def gap(self, last: float) -> str:
        """Why the mass inside ``last`` [cm] is unknown; empty if it is known well enough."""
        more = 4.0 * np.pi / 3.0 * self.first**3 * max(_CENTRE - self.rho[0], 0.0)
        if more <= _UNKNOWN * float(self(np.array(last))):
            return ""
        return (
            f"it begins at {self.first / KM_CM:.4g} km with {self.rho[0]:.3g} g cm-3, so that the "
            "mass inside is unknown"
        )


def _computed(snapshot, mass: _Mass, r, own, at, source):
    """Metric of the mass inside each radius."""
    gap = mass.gap(at.max())
    if gap:
        raise QkepipeError(
            Defect(source, "r", gap, "a profile from the centre on, or a lapse",
                   "background.gravity: flat")
        )  # fmt: skip
    pressure = _Pressure(snapshot, r)
    everywhere = np.concatenate([own[1:], at])
    compact = 2.0 * _POTENTIAL * mass(everywhere) / everywhere
    if compact.max() >= 1.0:
        k = int(np.argmax(compact))
        raise QkepipeError(
            Defect(source, "rho", f"2 G m/(r c^2) = {compact[k]:.4g} at "
                   f"{everywhere[k] / KM_CM:.6g} km: the mass lies inside its horizon",
                   "below 1", "background.gravity: flat")
        )  # fmt: skip
    radial = (1.0 - 2.0 * _POTENTIAL * mass(at) / at) ** -0.5
    lapse = _lapse(mass, pressure, own[1:], own[-1], at)
    ray = ", of one ray taken as spherical" if "theta" in snapshot.attrs else ""
    text = f"computed from the baryon mass inside each radius{ray}, {pressure.text}"
    return lapse, radial, text


class _Pressure:
    """Pressure [erg cm^-3] of a snapshot at any radius, 0 where it has none."""

    def __init__(self, snapshot: xr.Dataset, r: np.ndarray):
        known = "pressure" in snapshot
        self.r = r
        self.values = snapshot["pressure"].values.astype(float) if known else np.zeros(r.size)
        self.text = "with its pressure" if known else "pressure neglected"

    def __call__(self, radius):
        return np.interp(radius, self.r, self.values)


def _lapse(mass: Callable, pressure: Callable, kinks, last: float, at: np.ndarray) -> np.ndarray:
    """Lapse at the radii ``at`` [cm], integrated inwards from the Schwarzschild value at ``last``.

    ``kinks`` are radii between which mass and pressure are smooth.
    """
    nodes = np.unique(np.concatenate([at, kinks[kinks > at.min()], [last]]))
    nodes = nodes[nodes <= last]
    half = 0.5 * np.diff(nodes)[:, None]
    x = 0.5 * (nodes[1:] + nodes[:-1])[:, None] + half * _NODES
    m = mass(x)
    slope = (
        _POTENTIAL
        * (m + 4.0 * np.pi * x**3 * pressure(x) / C_LIGHT**2)
        / (x**2 * (1.0 - 2.0 * _POTENTIAL * m / x))
    )
    rise = (half * _WEIGHTS * slope).sum(axis=1)
    to_last = np.concatenate([np.cumsum(rise[::-1])[::-1], [0.0]])
    end = 0.5 * np.log1p(-2.0 * _POTENTIAL * float(mass(np.array(last))) / last)
    return np.exp(end - np.interp(np.minimum(at, last), nodes, to_last))


def _curve(r: np.ndarray, y: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Monotone cubic interpolation and its derivative, straight outside the given radii.

    Source: Fritsch & Butland 1984, SIAM J. Sci. Stat. Comput. 5, 300 (weighted harmonic
    means of the neighbouring slopes).
    """
    y = np.asarray(y, dtype=float)
    if r.size == 1:
        return np.full(at.shape, y[0]), np.zeros(at.shape)
    h = np.diff(r)
    d = np.diff(y) / h
    slope = np.concatenate([[d[0]], np.zeros(r.size - 2), [d[-1]]])
    left, right = 2.0 * h[1:] + h[:-1], h[1:] + 2.0 * h[:-1]
    same = d[1:] * d[:-1] > 0.0
    safe_left, safe_right = np.where(same, d[:-1], 1.0), np.where(same, d[1:], 1.0)
    mean = (left + right) / (left / safe_left + right / safe_right)
    slope[1:-1] = np.where(same, mean, 0.0)
    k = np.clip(np.searchsorted(r, at, side="right") - 1, 0, r.size - 2)
    t = (at - r[k]) / h[k]
    u = np.clip(t, 0.0, 1.0)
    value = (
        (1 + 2 * u) * (1 - u) ** 2 * y[k]
        + u * (1 - u) ** 2 * h[k] * slope[k]
        + u**2 * (3 - 2 * u) * y[k + 1]
        - u**2 * (1 - u) * h[k] * slope[k + 1]
    )
    derivative = (
        6 * u * (1 - u) * (y[k + 1] - y[k]) / h[k]
        + (1 - u) * (1 - 3 * u) * slope[k]
        + u * (3 * u - 2) * slope[k + 1]
    )
    return value + (t - u) * h[k] * derivative, derivative
