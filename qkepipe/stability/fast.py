"""Fast instability: crossings of ELN-XLN and the growth estimate sqrt(I+ I-).

sqrt(2) G_F/hbar sqrt(I+ I-), with I+ and I- the integrals of the positive and negative part
of ELN-XLN: form used since Nagakura, Morinaga, Kato & Yamada (2019, ApJ 886, 139) and
Morinaga, Nagakura, Kato & Yamada (2020, PRR 2, 012046). For pairs of maximum-entropy
distributions the largest growth of the dispersion relation is 0.64 to 1.35 of it (5 to
95 %). The sufficient tests of :mod:`qkepipe.stability.criteria` are given beside it.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import SQRT2_GF, SQRT2_GF_RATE
from qkepipe.stability.cells import Cells
from qkepipe.stability.criteria import crossing_tests
from qkepipe.stability.field import apply
from qkepipe.stability.flags import flag
from qkepipe.stability.instability import Instability, Kind

__all__ = ["INSTABILITY", "fast_unstable"]


def _fast(cells: Cells, found: xr.Dataset) -> xr.Dataset:
    field = cells.field
    positive, negative, crossing, mu, second, third = field.angular(cells.crossing_tolerance)
    estimate = SQRT2_GF_RATE * np.sqrt(positive * negative)
    by_flux, by_mode, by_degree = apply(
        crossing_tests, found["potential_phi0"] / SQRT2_GF, found["potential_phi1"] / SQRT2_GF,
        second, third, field.number.sum("species", skipna=False),
        inputs=[[]] * 5, outputs=((), (), ()),
    )  # fmt: skip
    sufficient = {0: "not_decided", 1: "crossing"}
    if field.vector:
        mu.attrs["comment"] = (
            "about Zvec_nuebar - Zvec_nue of the closure where nux and nuxbar are alike, "
            "else about the ELN-XLN flux"
        )
    return xr.Dataset(
        {
            "ffi_crossing": flag(
                crossing, {0: "no_crossing", 1: "crossing"},
                crossing_tolerance=cells.crossing_tolerance,
            ),
            "ffi_crossing_mu": mu,
            "eln_xln_positive": positive,
            "eln_xln_negative": negative,
            "ffi_growth_estimate": estimate.where(crossing > 0.0, 0.0),
            "ffi_flux_test": flag(by_flux, sufficient),
            "ffi_k0_test": flag(by_mode, sufficient),
            "ffi_polynomial_test": flag(
                by_degree, {0: "not_decided", 2: "crossing_by_degree_2", 3: "crossing_by_degree_3"}
            ),
        }
    )  # fmt: skip


def fast_unstable(stability: xr.Dataset) -> xr.DataArray:
    """Cells of a stability map with an ELN-XLN crossing."""
    return stability["ffi_crossing"] > 0


INSTABILITY = Instability(
    "fast",
    _fast,
    "crossing of the electron-minus-heavy lepton number in angle; growth estimate sqrt(I+ I-)",
    kinds=(Kind(5, "fast", lambda found, cells: found["ffi_growth_estimate"] > cells.damping),),
)
