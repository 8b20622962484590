"""Exponential growth rate of a time series."""

from __future__ import annotations

import numpy as np

__all__ = ["LINEAR_LEVELS", "measured_growth"]

#: Coherence between which the growth of a seed of 1e-6 counts as linear: above the transient
#: of the seed, below saturation.
LINEAR_LEVELS = (1e-5, 1e-2)

#: Fewer samples than this define no rate.
_LEAST = 4


def measured_growth(time, amplitude, low: float, high: float) -> tuple[float, tuple[float, float]]:
    """Growth rate between two levels: median slope of log amplitude against time.

    The window is the last rise from below ``low`` before ``high`` is first reached, so
    that an initial decay and the saturated phase stay out. The median of the slopes of all
    pairs of samples (Theil 1950; Sen 1968, J. Am. Stat. Assoc. 63, 1379) is insensitive
    to a minority of outliers. A maximum over space of a wave packet grows as
    exp(gamma t)/sqrt(t): its rate is gamma - 1/(2 t).

    Parameters
    ----------
    time, amplitude : array_like (n,)
        Increasing times, and the series; values that are not positive are left out.
    low, high : float
        Levels, 0 < low < high.

    Returns
    -------
    rate : float
        In 1/(unit of time); NaN where the series does not reach ``high`` or has fewer
        than four samples in the window.
    window : tuple of float
        First and last time used; NaN where there is no rate.
    """
    if not 0.0 < low < high:
        raise ValueError(f"levels are {low} and {high}, expected 0 < low < high")
    t, a = np.asarray(time, dtype=float), np.asarray(amplitude, dtype=float)
    if t.shape != a.shape or t.ndim != 1:
        raise ValueError(f"time has shape {t.shape}, amplitude {a.shape}")
    good = np.isfinite(a) & (a > 0.0)
    t, a = t[good], a[good]
    missing = np.nan, (np.nan, np.nan)
    above = np.flatnonzero(a >= high)
    if above.size == 0:
        return missing
    end = int(above[0])
    below = np.flatnonzero(a[:end] < low)
    start = int(below[-1]) + 1 if below.size else 0
    t, log = t[start:end], np.log(a[start:end])
    if t.size < _LEAST:
        return missing
    i, j = np.triu_indices(t.size, k=1)
    slopes = (log[j] - log[i]) / (t[j] - t[i])
    return float(np.median(slopes)), (float(t[0]), float(t[-1]))
