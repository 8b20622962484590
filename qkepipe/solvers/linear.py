"""What the dispersion relation predicts for a run: rate and wavenumber of the seeded mode.

A run attenuates the self-interaction by xi but not the collisions, so that the prediction
is the local dispersion relation of the discrete gas with weights xi g and with the true
damping Gamma = (kappa*_e + kappa*_x)/2 of every energy. Scattering, gradients and the
turning of the rays are left out: they lower the growth by amounts that do not scale
with xi.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT, SQRT2_GF
from qkepipe.solvers.sphere import grid_of
from qkepipe.stability import growth_rate

__all__ = ["predicted_growth"]

#: Wavenumbers tried around the given one, relative to the width of the unstable band.
_OFFSETS = np.linspace(-0.6, 0.6, 7)


def predicted_growth(
    field: xr.Dataset, background: xr.Dataset, index: int, xi: float, wavenumber: float
) -> tuple[float, float]:
    """Fastest growth in one cell of a run with attenuation ``xi``.

    Parameters
    ----------
    field : Dataset
        ``f`` over (species, energy, mu, r) with the edges of its grid.
    background : Dataset
        ``absorption`` on the same grid [cm^-1].
    index : int
        Cell in r.
    xi : float
        Attenuation.
    wavenumber : float
        kappa of the fastest fast mode at xi = 1 [cm^-1], where the search starts.

    Returns
    -------
    rate : float
        [s^-1], negative if collisions damp every mode.
    wavenumber : float
        k = kappa + Phi_1 of that mode [cm^-1].
    """
    grid = grid_of(field)
    order = ("species", "energy", "mu")
    f = field["f"].isel(r=index).transpose(*order).values
    absorption = background["absorption"].isel(r=index).transpose("species", "energy").values
    weights = grid.energy.weights[:, None] * grid.angle.weights[None, :]
    g = np.stack([f[0] - f[2], f[1] - f[3]]) * weights * SQRT2_GF * xi
    gamma = 0.5 * np.stack([absorption[0] + absorption[2], absorption[1] + absorption[3]])
    shape = g.shape
    v = np.broadcast_to(grid.angle.centres, shape).ravel()
    sign = np.broadcast_to(np.array([1.0, -1.0])[:, None, None], shape).ravel()
    damping = np.broadcast_to(gamma[:, :, None], shape).ravel()
    g = g.ravel()
    lepton = (sign * g).reshape(shape).sum(axis=(0, 1))
    width = np.sqrt(lepton[lepton > 0].sum() * -lepton[lepton < 0].sum())
    best = max(
        (growth_rate(v, g, sign, gamma=damping, kappa=xi * wavenumber + o * width)[0], o)
        for o in _OFFSETS
    )
    kappa = xi * wavenumber + best[1] * width
    return float(best[0]) * C_LIGHT, float(kappa + np.sum(sign * g * v))
