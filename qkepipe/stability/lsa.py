"""Fastest fast mode of the discrete beams of a cell, for the solver that evolves them.

Unstable wavenumbers lie within about 9 sigma0 = 9 sqrt(I+ I-) of kappa = 0. They are scanned
there on both sides of zero and in both sectors, as eigenvalues of the discrete beams, and
the largest values are refined. For a field on angular bins the beams are the bins: the mode
is one of the discrete system that a solver evolves.
"""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT, SQRT2_GF
from qkepipe.errors import Defect, QkepipeError
from qkepipe.stability.dispersion import SECTORS, fastest_root, matrices
from qkepipe.stability.field import Field, open_field

__all__ = ["fastest_mode", "mode_at", "scan"]

#: Number of wavenumbers and reach in sigma0; the second one for shallow crossings, whose
#: bands are narrow.
GRID = (73, 9.0)
FINE_GRID = (281, 14.0)
#: Ratio of the lobes below which a crossing is shallow.
SHALLOW = 0.03
#: Local maxima of a scan that are refined, and steps of the golden section.
PEAKS = 3
STEPS = 28
#: Growth below this fraction of sum |g| is round-off.
ROUND_OFF = 1e-13


def _golden(function, a, b):
    """Maximum of ``function`` in [a, b] by golden section: position and value."""
    share = 0.5 * (math.sqrt(5.0) - 1.0)
    c, d = b - share * (b - a), a + share * (b - a)
    value_c, value_d = function(c), function(d)
    for _ in range(STEPS):
        if value_c > value_d:
            b, d, value_d = d, c, value_c
            c = b - share * (b - a)
            value_c = function(c)
        else:
            a, c, value_c = c, d, value_d
            d = a + share * (b - a)
            value_d = function(d)
    return (c, value_c) if value_c > value_d else (d, value_d)


def scan(v, g) -> dict:
    """Fastest mode over all wavenumbers and both sectors.

    Parameters
    ----------
    v, g : ndarray (n,)
        Direction cosines and signed strengths s_j g_j of the beams; vacuum and damping
        terms left out.

    Returns
    -------
    dict
        ``growth``, ``kappa``, ``frequency`` (Re w) in the unit of ``g`` and ``sector``;
        growth 0 at kappa 0 where nothing grows.
    """
    v, g = np.asarray(v, dtype=float), np.asarray(g, dtype=float)
    stable = {"growth": 0.0, "kappa": 0.0, "frequency": 0.0, "sector": SECTORS[0]}
    positive, negative = g[g > 0.0].sum(), -g[g < 0.0].sum()
    sigma0 = math.sqrt(positive * negative)
    if sigma0 == 0.0:
        return stable
    ratio = min(positive, negative) / max(positive, negative)
    # exactly empty beams are no roots of the dispersion relation
    v, g = v[g != 0.0], g[g != 0.0]
    best = stable
    for count, reach in (GRID, FINE_GRID) if ratio > SHALLOW else (FINE_GRID,):
        kappa = sigma0 * np.linspace(-reach, reach, count)
        for sector in SECTORS:
            growth = np.linalg.eigvals(matrices(v, g, kappa, sector)).imag.max(axis=-1)
            inner = growth[1:-1]
            peaks = 1 + np.flatnonzero(
                (inner >= growth[:-2]) & (inner >= growth[2:]) & (inner > 0.0)
            )
            for i in sorted(peaks, key=lambda i: -growth[i])[:PEAKS]:
                if growth[i] < 0.5 * best["growth"]:
                    break
                found, value = _golden(
                    lambda x, s=sector: fastest_root(v, g, x, s).imag, kappa[i - 1], kappa[i + 1]
                )
                if value > best["growth"] and value > ROUND_OFF * np.abs(g).sum():
                    w = fastest_root(v, g, found, sector)
                    best = {
                        "growth": w.imag,
                        "kappa": float(found),
                        "frequency": w.real,
                        "sector": sector,
                    }
        if best["growth"] > 0.0:
            break
    return best


def _fastest_cells(estimate: xr.DataArray, cells: int) -> list[tuple[int, ...]]:
    flat = np.asarray(estimate.values).ravel()
    order = np.argsort(-flat, kind="stable")[:cells]
    return [tuple(map(int, np.unravel_index(i, estimate.shape))) for i in order if flat[i] > 0.0]


def _mode(dataset: xr.Dataset, field: Field, i: int) -> dict:
    v, g = field.beams({"r": i})
    mode = scan(v, SQRT2_GF * g)
    phi0, phi1 = SQRT2_GF * float(g.sum()), SQRT2_GF * float((g * v).sum())
    return {
        "r_index": i,
        "radius": float(dataset["r"].values[i]) if "r" in dataset.coords else math.nan,
        "growth_rate": C_LIGHT * mode["growth"],
        "wavenumber": mode["kappa"],
        "wavenumber_physical": mode["kappa"] + phi1,
        "real_frequency": mode["frequency"] + phi0,
        "sector": mode["sector"],
        "potential_phi0": phi0,
        "potential_phi1": phi1,
    }


def _radial_field(field: xr.Dataset) -> Field:
    opened = open_field(field)
    if opened.space != ("r",):
        raise QkepipeError(
            Defect("field", "dimensions", f"({', '.join(opened.space)}) in space", "r alone")
        )
    return opened


def mode_at(field: xr.Dataset, index: int) -> dict:
    """Fastest fast mode of one radial cell.

    Parameters
    ----------
    field : Dataset
        As for :func:`qkepipe.stability.screen`, over ``r``.
    index : int
        Cell.

    Returns
    -------
    dict
        As :func:`fastest_mode`.

    Raises
    ------
    QkepipeError
        If the field is not over ``r`` alone or has no such cell.
    """
    opened = _radial_field(field)
    n = opened.number.sizes["r"]
    if not -n <= index < n:
        raise QkepipeError(Defect("field", "r", f"no cell {index}", f"0 to {n - 1}"))
    return _mode(field, opened, index % n)


def fastest_mode(field: xr.Dataset, cells: int = 8) -> dict:
    """Fastest fast mode of a radial field, without vacuum, matter and damping terms.

    Parameters
    ----------
    field : Dataset
        As for :func:`qkepipe.stability.screen`, over ``r``.
    cells : int
        The dispersion relation is solved in the cells of largest growth estimate, at most
        so many.

    Returns
    -------
    dict
        ``r_index``; ``radius`` [cm]; ``growth_rate`` [s^-1]; ``wavenumber`` kappa and
        ``wavenumber_physical`` k = kappa + Phi_1 [cm^-1]; ``real_frequency`` Omega with
        Phi_0 [cm^-1]; ``sector``; ``potential_phi0`` and ``potential_phi1`` [cm^-1]. The
        off-diagonal element of the state goes as exp(-i(Omega s - k z)), s = c t; with the
        Hamiltonian attenuated by xi growth, Omega and k are xi times these. Without any
        crossing: growth 0 at the cell of largest |Phi_0|.

    Raises
    ------
    QkepipeError
        If the field is not over ``r`` alone.
    """
    opened = _radial_field(field)
    positive, negative, _, _ = opened.lobes(0.0)
    chosen = _fastest_cells(np.sqrt(positive * negative), cells)
    if not chosen:
        excess = np.abs(positive.values - negative.values)
        return _mode(field, opened, int(excess.argmax()))
    return max((_mode(field, opened, i) for (i,) in chosen), key=lambda m: m["growth_rate"])
