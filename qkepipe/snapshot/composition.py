"""Mass fractions from numbers of nuclei per baryon."""

from __future__ import annotations

import numpy as np

__all__ = ["HEAVY_MIN", "heavy_nuclei"]

#: Below this mass fraction, mass and charge number of the heavy nuclei are the quotient of
#: two rounding errors: undefined.
HEAVY_MIN = 1e-3


def heavy_nuclei(y_heavy, ye, x_n, x_p, x_alpha):
    """Heavy nuclei as what remains of mass and charge.

    Parameters
    ----------
    y_heavy : ndarray
        Number of heavy nuclei per baryon.
    ye, x_n, x_p, x_alpha : ndarray
        Electron fraction; mass fractions of neutrons, protons and alpha particles.

    Returns
    -------
    x_heavy, abar, zbar : ndarray
        x_heavy = 1 - x_n - x_p - x_alpha, A = x_heavy/y_heavy and
        Z = (ye - x_p - x_alpha/2)/y_heavy; A and Z are NaN where x_heavy < 1e-3.
    clipped : int
        Number of zones whose x_heavy was negative by rounding (above -1e-6), set to 0.
    """
    x_heavy = 1.0 - x_n - x_p - x_alpha
    noise = (x_heavy < 0.0) & (x_heavy > -1e-6)
    x_heavy = np.where(noise, 0.0, x_heavy)
    defined = (x_heavy >= HEAVY_MIN) & (y_heavy > 0.0)
    number = np.where(defined, y_heavy, 1.0)
    abar = np.where(defined, x_heavy / number, np.nan)
    zbar = np.where(defined, (ye - x_p - 0.5 * x_alpha) / number, np.nan)
    return x_heavy, abar, zbar, int(noise.sum())
