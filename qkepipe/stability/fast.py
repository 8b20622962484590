"""Fast instability: crossings of ELN-XLN and the growth estimate sqrt(I+ I-).

sqrt(2) G_F/hbar sqrt(I+ I-), with I+ and I- the integrals of the positive and negative part
of ELN-XLN: form used since Nagakura, Morinaga, Kato & Yamada (2019, ApJ 886, 139) and
Morinaga, Nagakura, Kato & Yamada (2020, PRR 2, 012046). For pairs of maximum-entropy
distributions the largest growth of the dispersion relation is 0.64 to 1.35 of it (5 to
95 %).
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import SQRT2_GF_RATE
from qkepipe.stability.cells import Cells
from qkepipe.stability.instability import Instability, Kind

__all__ = ["INSTABILITY", "fast_unstable"]


def _fast(cells: Cells, found: xr.Dataset) -> xr.Dataset:
    positive, negative, crossing, crossing_mu = cells.field.lobes(cells.crossing_tolerance)
    estimate = SQRT2_GF_RATE * np.sqrt(positive * negative)
    return xr.Dataset(
        {
            "ffi_crossing": crossing.astype("int8").assign_attrs(
                flag_values=np.array([0, 1], dtype="int8"),
                flag_meanings="no_crossing crossing",
                crossing_tolerance=cells.crossing_tolerance,
            ),
            "ffi_crossing_mu": crossing_mu,
            "eln_xln_positive": positive,
            "eln_xln_negative": negative,
            "ffi_growth_estimate": estimate.where(crossing > 0.0, 0.0),
        }
    )


def fast_unstable(stability: xr.Dataset) -> xr.DataArray:
    """Cells of a stability map with an ELN-XLN crossing."""
    return stability["ffi_crossing"] > 0


INSTABILITY = Instability(
    "fast",
    _fast,
    "crossing of the electron-minus-heavy lepton number in angle; growth estimate sqrt(I+ I-)",
    kinds=(Kind(5, "fast", lambda found, cells: found["ffi_growth_estimate"] > cells.damping),),
)
