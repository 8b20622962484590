"""Growth over the wavenumber of one cell, as data."""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.stability.analysis import Gas, gas_of, growing_roots
from qkepipe.stability.analytic import newton
from qkepipe.stability.bins import parabolas
from qkepipe.stability.dispersion import SECTORS
from qkepipe.stability.modes import Ordering, gases
from qkepipe.stability.seeds import moments_of_bins

__all__ = ["wavenumber_scan"]

#: Even wavenumbers of a scan, how far it goes beyond the outermost growing one, and
#: wavenumbers within each band.
WAVENUMBERS, BEYOND, IN_BAND = 201, 1.25, 81
#: Growing steps with which the end of a band is looked for.
DOUBLINGS = 24


def _curve(gas: Gas, roots, kappa) -> np.ndarray:
    """w of the fastest mode (sector, kappa), 0 where none grows.

    Every root is followed from its wavenumber to both sides until it no longer grows.
    """
    rest = (gas.shift, *gas.bins, parabolas(gas.edges, gas.strength))
    out = np.zeros((len(SECTORS), kappa.size), dtype=complex)
    for sector, start, w in roots:
        first = int(np.searchsorted(kappa, start))
        for steps in (range(first, kappa.size), range(first - 1, -1, -1)):
            before, here = None, (start, w)
            for i in steps:
                guess = here[1]
                if before is not None and here[0] != before[0]:
                    guess += (here[1] - before[1]) * (kappa[i] - here[0]) / (here[0] - before[0])
                root = newton(guess, kappa[i], sector, *rest) if guess.imag > 0.0 else 0.0
                if not root.imag > 0.0:
                    root = newton(here[1], kappa[i], sector, *rest)
                if not root.imag > 0.0:
                    break
                if root.imag > out[sector, i].imag:
                    out[sector, i] = root
                before, here = here, (float(kappa[i]), complex(root))
    return out


def _wavenumbers(gas: Gas, roots) -> np.ndarray:
    """Even wavenumbers on both sides of zero, and more of them where a root grows.

    Bands of shallow crossings are narrow and far from zero.
    """
    rest = (gas.shift, *gas.bins, parabolas(gas.edges, gas.strength))
    bands = []
    for sector, start, w in roots:
        ends = []
        for side in (-1.0, 1.0):
            step, kappa, here = 0.02 * (w.imag + gas.sigma0), start, w
            for _ in range(DOUBLINGS):
                root = newton(here, kappa + side * step, sector, *rest)
                if not root.imag > 0.05 * w.imag:
                    break
                kappa, here = kappa + side * step, root
                step *= 1.5
            ends.append(kappa + side * step)
        bands.append(np.linspace(*ends, IN_BAND))
    reach = BEYOND * max((np.abs(band).max() for band in bands), default=gas.size)
    even = np.linspace(-1.0, 1.0, WAVENUMBERS) * max(reach, np.finfo(float).tiny)
    return np.unique(np.concatenate([even, *bands]))


def wavenumber_scan(
    field: xr.Dataset,
    index: dict[str, int],
    matter: xr.Dataset | None = None,
    ordering: Ordering = None,
) -> xr.Dataset:
    """Growth rate over the wavenumber in one cell, on both sides of zero and in both sectors.

    Parameters
    ----------
    field, matter : Dataset
        As for :func:`qkepipe.stability.screen`; ``absorption`` damps and drives modes.
    index : dict
        Cell: index along every dimension of space.
    ordering : {"normal", "inverted"}, optional
        Vacuum frequencies; left out by default.

    Returns
    -------
    Dataset
        ``growth_rate`` [s^-1], 0 where nothing grows, and ``real_frequency`` (Re w =
        Re Omega - lambda - Phi_0) [cm^-1], NaN there, over (``sector``, ``kappa`` [cm^-1],
        kappa = k - potential_phi1). Wavenumbers increase, are dense where a mode grows and
        reach beyond all growing modes found.
        Attributes ``potential_phi0`` and ``potential_phi1`` [cm^-1].

    Raises
    ------
    QkepipeError
        Axes that do not fit, unknown ordering.
    """
    edges, g, omega, gamma = gases(field, matter, {d: [i] for d, i in index.items()}, ordering)
    gas = gas_of(edges, g[0], omega[0], gamma[0])
    roots = growing_roots(gas)
    kappa = _wavenumbers(gas, roots)
    w = _curve(gas, roots, kappa)
    zeroth, first, _ = moments_of_bins(*gas.bins, parabolas(gas.edges, gas.strength))
    dims = ("sector", "kappa")
    return xr.Dataset(
        {
            "growth_rate": (dims, C_LIGHT * w.imag, {"units": "s-1"}),
            "real_frequency": (
                dims, np.where(w.imag > 0.0, w.real, np.nan), {"units": "cm-1"},
            ),
        },
        coords={
            "sector": list(SECTORS),
            "kappa": ("kappa", kappa, {"units": "cm-1", "long_name": "k - potential_phi1"}),
        },
        attrs={
            "potential_phi0": float(zeroth.sum()),
            "potential_phi1": float(first.sum()),
            "ordering": ordering or "none",
        },
    )  # fmt: skip
