"""What the dispersion relation predicts for a run: where, how fast and at which wavenumber.

A run attenuates the self-interaction by xi but not the collisions, so that the prediction
is the local dispersion relation of the discrete gas with weights xi g and with the true
damping Gamma = (kappa*_e + kappa*_x)/2 of every energy (:func:`qkepipe.stability.growth_rate`).
Elastic scattering, gradients of the background and the turning of the rays are left out:
they change the growth by amounts that do not scale with xi. The local rate and wavenumber
become those of the run, per coordinate time and coordinate radius, with the lapse a and the
radial metric X: rate a, k X.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from qkepipe.constants import C_LIGHT, SQRT2_GF
from qkepipe.solvers.sphere import grid_of
from qkepipe.stability import growth_rate, mode_at

__all__ = ["fastest_in_run", "growth_ratio", "predicted_growth"]

#: Wavenumbers tried around the one of the collisionless mode, in units of xi sigma_0.
_OFFSETS = np.linspace(-0.4, 0.4, 5)
#: Cells in which the dispersion relation is solved, among those whose estimate is at least
#: this fraction of the largest one.
_CELLS = 9
_FRACTION = 0.5


def _beams(background: xr.Dataset, index: int) -> tuple[np.ndarray, ...]:
    """v, g, sign, damping of all (sector, energy, mu) in one cell, flat; and the ELN-XLN."""
    grid = grid_of(background)
    f = background["f"].isel(r=index).transpose("species", "energy", "mu").values
    absorption = background["absorption"].isel(r=index).transpose("species", "energy").values
    weights = grid.energy.weights[:, None] * grid.angle.weights[None, :]
    g = SQRT2_GF * np.stack([f[0] - f[2], f[1] - f[3]]) * weights / grid.lapse[index] ** 3
    damping = 0.5 * np.stack([absorption[0] + absorption[2], absorption[1] + absorption[3]])
    v = np.broadcast_to(grid.angle.centres, g.shape)
    sign = np.broadcast_to(np.array([1.0, -1.0])[:, None, None], g.shape)
    damping = np.broadcast_to(damping[:, :, None], g.shape)
    lepton = (sign * g).sum(axis=(0, 1))
    return v.ravel(), g.ravel(), sign.ravel(), damping.ravel(), lepton


def predicted_growth(
    background: xr.Dataset, index: int, xi: float, wavenumber: float
) -> tuple[float, float]:
    """Fastest growth in one cell of a run with attenuation ``xi``, seen by a local observer.

    Parameters
    ----------
    background : Dataset
        With the classical field ``f`` and ``absorption`` [cm^-1].
    index : int
        Cell in r.
    xi : float
        Attenuation.
    wavenumber : float
        kappa of the cell's fastest collisionless mode at xi = 1 [cm^-1], where the search
        starts.

    Returns
    -------
    rate : float
        [s^-1], negative if collisions damp every mode.
    wavenumber : float
        k = kappa + Phi_1 of that mode [cm^-1], with the attenuated Phi_1.
    """
    v, g, sign, damping, lepton = _beams(background, index)
    width = xi * np.sqrt(lepton[lepton > 0].sum() * -lepton[lepton < 0].sum())

    def rate(offset: float) -> float:
        kappa = xi * wavenumber + offset * width
        return growth_rate(v, xi * g, sign, gamma=damping, kappa=kappa)[0]

    rates = np.array([rate(o) for o in _OFFSETS])
    k = int(np.clip(np.argmax(rates), 1, rates.size - 2))
    # vertex of the parabola through the best wavenumber and its neighbours
    left, middle, right = rates[k - 1 : k + 2]
    bend = left - 2.0 * middle + right
    step = 0.5 * (left - right) / bend if bend < 0.0 else 0.0
    best = _OFFSETS[k] + float(np.clip(step, -1.0, 1.0)) * (_OFFSETS[1] - _OFFSETS[0])
    kappa = xi * wavenumber + best * width
    return rate(best) * C_LIGHT, float(kappa + xi * np.sum(sign * g * v))


def fastest_in_run(background: xr.Dataset, estimate: np.ndarray, xi: float) -> dict | None:
    """Cell and mode that grow fastest in a run with attenuation ``xi``.

    Parameters
    ----------
    background : Dataset
        With the classical field ``f`` and ``absorption`` [cm^-1].
    estimate : ndarray (n_r,)
        Growth estimate of fast modes at xi = 1, any unit; 0 where there is no crossing.
    xi : float
        Attenuation.

    Returns
    -------
    dict or None
        ``index`` in r, ``radius`` [cm], ``rate`` [s^-1], ``collisionless_rate`` [s^-1] (xi
        times that of the same cell), ``wavenumber`` k [cm^-1]; per coordinate time and
        radius. None where nothing grows.
    """
    candidates = np.flatnonzero(estimate > _FRACTION * estimate.max(initial=0.0))
    if candidates.size == 0:
        return None
    radial = grid_of(background).radius
    chosen = candidates[np.linspace(0, candidates.size - 1, _CELLS).round().astype(int)]
    best = None
    for index in np.unique(chosen):
        mode = mode_at(background, int(index))
        if mode["growth_rate"] <= 0.0:
            continue
        rate, wavenumber = predicted_growth(background, int(index), xi, mode["wavenumber"])
        lapse, stretch = radial.lapse[index], radial.radial_metric[index]
        rate, wavenumber = float(rate * lapse), float(wavenumber * stretch)
        if rate > 0.0 and (best is None or rate > best["rate"]):
            best = {
                "index": int(index),
                "radius": float(background["r"].values[index]),
                "rate": rate,
                "collisionless_rate": float(xi * mode["growth_rate"] * lapse),
                "wavenumber": wavenumber,
            }
    return best


def growth_ratio(background: xr.Dataset, estimate: np.ndarray) -> np.ndarray:
    """Fastest fast growth of the dispersion relation over the growth estimate, cell by cell.

    Parameters
    ----------
    background : Dataset
        With the classical field ``f``.
    estimate : ndarray (n_r,)
        Growth estimate kappa sqrt(A B) [s^-1]; 0 where there is no crossing.

    Returns
    -------
    ndarray (n_r,)
        0.4 to 1.6 for most fields; 1 where there is no crossing, so that a cell which becomes
        unstable later has the growth estimate.
    """
    ratio = np.ones(estimate.size)
    for index in np.flatnonzero(estimate > 0.0):
        ratio[index] = mode_at(background, int(index))["growth_rate"] / estimate[index]
    return ratio
