"""Does a result depend on the attenuation? Plateau test of a sequence in xi.

Attenuated runs approximate xi = 1 from below. With values at three or more xi, the last
three, v1, v2, v3 at x1 < x2 < x3, decide:

- converged: |v3 - v2| is within the tolerance and no larger than |v2 - v1|, or both are
  within the tolerance;
- not decidable: fewer than three values; or none differs from the classical one, since an
  instability needs a minimal xi to grow through the region where it lives; or the region
  where the run cannot show conversion changes with xi (Zaizen & Nagakura 2026,
  arXiv:2604.13617: attenuation over-estimates the suppression by background gradients);
- not converged otherwise.

Where the differences keep their sign and shrink per step of log xi, v = v_inf + C xi^-p
gives the order p and, of a converged sequence, the limit v(xi = 1) (Richardson). They are
reported next to the sequence, never instead: a small p means a drift that the plateau test
cannot tell from a plateau, and shows as a limit far from the last value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

__all__ = [
    "CONVERGED",
    "NOT_CONVERGED",
    "NOT_DECIDABLE",
    "XiSequence",
    "power_law",
    "xi_convergence",
    "xi_sequence",
]

CONVERGED = "converged"
NOT_CONVERGED = "not converged"
NOT_DECIDABLE = "not decidable"


@dataclass(frozen=True)
class XiSequence:
    """Values against xi and the verdict.

    Attributes
    ----------
    xi, values : ndarray (n,)
        Sorted in xi.
    status, reason : str
        Verdict and why.
    change : float
        (v_last - v_previous)/|v_last|, NaN with fewer than two values.
    order : float
        Of the Richardson form; NaN where it does not apply.
    limit : float
        The form at xi = 1; NaN unless the sequence is converged.
    """

    xi: np.ndarray
    values: np.ndarray
    status: str
    reason: str
    change: float
    order: float
    limit: float


def _difference(a: float, b: float, p: float) -> float:
    """a^-p - b^-p."""
    return a**-p - b**-p


def power_law(x: np.ndarray, v: np.ndarray) -> tuple[float, float]:
    """Order p > 0 and amplitude C of v = v_inf + C x^-p through three points (Richardson).

    Parameters
    ----------
    x : ndarray (3,)
        Rising, positive.
    v : ndarray (3,)

    Returns
    -------
    p, c : float
        NaN where the differences change sign or do not shrink as any p would have it.
    """
    d1, d2 = v[1] - v[0], v[2] - v[1]
    if d1 == 0.0 or d2 / d1 <= 0.0:
        return np.nan, np.nan
    target = d2 / d1

    def ratio(p):
        return _difference(x[1], x[2], p) / _difference(x[0], x[1], p)

    # the ratio falls from log(x3/x2)/log(x2/x1) at p -> 0 to 0
    low, high = 1e-6, 1.0
    if ratio(low) < target:
        return np.nan, np.nan
    while ratio(high) > target:
        high *= 2.0
        if high > 64.0:
            return np.nan, np.nan
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if ratio(middle) > target else (low, middle)
    p = 0.5 * (low + high)
    return p, float(d2 / _difference(x[2], x[1], p))


def xi_convergence(
    xi,
    values,
    *,
    tolerance: float = 0.05,
    baseline: float | None = None,
    blind: Sequence | None = None,
) -> XiSequence:
    """Judge a sequence in xi.

    Parameters
    ----------
    xi : array_like (n,)
        Attenuations in (0, 1].
    values : array_like (n,)
        The quantity; pairs with a missing value are left out.
    tolerance : float
        Largest accepted change between neighbours, relative to the last value; with
        ``baseline`` also the effect that counts as none, a tenth of it.
    baseline : float, optional
        Classical value: without any effect the sequence decides nothing.
    blind : sequence (n,), optional
        For each xi, what identifies the region where the run cannot show the conversion
        that xi = 1 has (cells, or their number).

    Returns
    -------
    XiSequence
    """
    x, v = np.asarray(xi, dtype=float), np.asarray(values, dtype=float)
    if x.shape != v.shape or x.ndim != 1:
        raise ValueError(f"xi has shape {x.shape}, values {v.shape}")
    keep = np.flatnonzero(np.isfinite(v))
    keep = keep[np.argsort(x[keep], kind="stable")]
    x, v = x[keep], v[keep]
    if (np.diff(x) == 0.0).any():
        raise ValueError("two values at the same xi")
    change = float((v[-1] - v[-2]) / abs(v[-1])) if v.size > 1 and v[-1] != 0.0 else np.nan

    def verdict(status, reason, order=np.nan, limit=np.nan):
        return XiSequence(x, v, status, reason, change, order, limit)

    if v.size < 3:
        return verdict(NOT_DECIDABLE, f"{v.size} values of xi, at least 3 are needed")
    if baseline is not None and (np.abs(v - baseline) <= 0.1 * tolerance * abs(baseline)).all():
        return verdict(
            NOT_DECIDABLE, "no effect at any xi, which is no evidence of stability at xi = 1"
        )
    if blind is not None:
        last = [blind[k] for k in keep[-3:]]
        if any(not np.array_equal(b, last[0]) for b in last[1:]):
            return verdict(NOT_DECIDABLE, "the region where conversion cannot show changes with xi")
    x3, v3 = x[-3:], v[-3:]
    scale = max(abs(v3[-1]), np.finfo(float).tiny)
    first, second = abs(v3[1] - v3[0]) / scale, abs(v3[2] - v3[1]) / scale
    order, amplitude = power_law(x3, v3)
    limit = float(v3[2] + amplitude * _difference(1.0, x3[2], order))
    pair = f"the last two changes are {first:.2g} and {second:.2g}"
    if second <= tolerance and (second <= first or first <= tolerance):
        return verdict(CONVERGED, f"{pair}, tolerance {tolerance:g}", order, limit)
    if second <= tolerance:
        return verdict(NOT_CONVERGED, f"{pair} and grow", order)
    return verdict(NOT_CONVERGED, f"{pair}, tolerance {tolerance:g}", order)


def xi_sequence(
    table: xr.Dataset,
    snapshot: str,
    quantity: str,
    species: str,
    radius_cm: float = math.nan,
    *,
    resolution: float = 1.0,
    tolerance: float = 0.05,
    blind: dict[float, object] | None = None,
) -> XiSequence:
    """Judge one quantity of a comparison.

    Parameters
    ----------
    table : Dataset
        From :func:`qkepipe.diagnostics.compare`.
    snapshot, quantity, species : str
        Row labels.
    radius_cm : float
        Row label; NaN for quantities without a radius.
    resolution : float
    tolerance, blind
        See :func:`xi_convergence`; ``blind`` by xi.

    Returns
    -------
    XiSequence
        Empty and not decidable where the table has no such rows.
    """
    radius = table["radius_cm"].values
    same_radius = np.isnan(radius) if math.isnan(radius_cm) else radius == radius_cm
    rows = (
        (table["snapshot"].values == snapshot)
        & (table["kind"].values == "qke")
        & (table["quantity"].values == quantity)
        & (table["species"].values == species)
        & (table["resolution"].values == resolution)
        & same_radius
    )
    xi = table["xi"].values[rows]
    baseline = table["baseline"].values[rows]
    return xi_convergence(
        xi,
        table["value"].values[rows],
        tolerance=tolerance,
        baseline=float(baseline[0]) if baseline.size and np.isfinite(baseline[0]) else None,
        blind=None if blind is None else [blind[x] for x in xi],
    )
