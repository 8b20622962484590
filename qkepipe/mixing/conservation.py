"""Hold a prescription to its conservation laws on given states."""

from __future__ import annotations

import numpy as np

from qkepipe.mixing.bgk import C_TAU, bgk_step, check_integrator
from qkepipe.mixing.groups import group_step
from qkepipe.mixing.registry import get_prescription

__all__ = ["law_defects"]

#: Signs of nue, nuebar, nux, nuxbar in the lepton numbers.
_LEPTON_NUMBER = {"eln": (1.0, -1.0, 0.0, 0.0), "xln": (0.0, 0.0, 1.0, -1.0)}


def _relative(change, scale):
    """|change|/scale, 0 where both vanish."""
    return np.abs(change) / np.where(scale > 0.0, scale, 1.0)


def _defect(law, before, after, eweights, energy, mweights, flavors):
    if law == "positivity":
        below = -after.min(axis=(0, 1, 2))
        above = after.max(axis=(0, 1, 2)) - 1.0
        return np.maximum(np.maximum(below, above), 0.0)
    if law in _LEPTON_NUMBER:
        old, new = (np.einsum("semr,e,m->sr", f, eweights, mweights) for f in (before, after))
        return _relative(_LEPTON_NUMBER[law] @ (new - old), old.sum(axis=0))
    old, new = (f[:2] + (flavors - 1) * f[2:] for f in (before, after))
    if law == "trace":
        return _relative(new - old, old).max(axis=(0, 1, 2))
    old, new = (np.einsum("semr,e,m->sr", f, eweights * energy, mweights) for f in (old, new))
    return _relative(new - old, old).max(axis=0)


def law_defects(
    f,
    energy,
    eweights,
    mweights,
    mu,
    prescription,
    *,
    flavors,
    mode="map",
    dt=0.0,
    rate_factor=1.0,
    c_tau=C_TAU,
    rtol=1e-12,
    laws=None,
) -> dict[str, np.ndarray]:
    """Apply a prescription once and measure by how much it breaks each law.

    Parameters
    ----------
    f : ndarray (4, n_energy, n_mu, n_r)
        Occupations of nue, nuebar, nux, nuxbar within 0 and 1; not changed.
    energy, eweights : ndarray (n_energy,)
        Energies of the groups [MeV] and number weights [cm^-3].
    mweights, mu : ndarray (n_mu,)
        Quadrature in mu; weights sum to 1.
    prescription : str
        Key of :data:`qkepipe.mixing.PRESCRIPTIONS`.
    flavors, mode, dt, rate_factor, c_tau, rtol
        As in :func:`qkepipe.mixing.bgk_step`, or in :func:`qkepipe.mixing.group_step` for a
        prescription by sector or energy, which only knows ``map``.
    laws : iterable of str, optional
        Keys of :data:`qkepipe.mixing.LAWS`; default: those that the prescription declares.

    Returns
    -------
    dict of str to ndarray (n_r,)
        Largest defect per radius [1], round-off where the law holds and infinite where a
        value is not finite. ``trace``: change relative to the trace of the same energy and
        direction; ``energy``: relative to the energy of the sector; ``eln``, ``xln``:
        relative to the sum of the number densities; ``positivity``: how far an occupation
        lies below 0 or above 1.

    Raises
    ------
    QkepipeError
        As in :func:`qkepipe.mixing.bgk_step`.
    """
    rule = get_prescription(prescription, flavors)
    after = np.array(f, dtype=float, order="C")
    shared = {"flavors": flavors, "prescription": prescription, "rtol": rtol}
    if "mu" in rule.axes:
        bgk_step(
            after,
            eweights,
            mweights,
            mu,
            dt,
            mode=mode,
            rate_factor=rate_factor,
            c_tau=c_tau,
            **shared,
        )
    else:
        check_integrator(rule, mode)
        group_step(after, eweights, mweights, **shared)
    out = {}
    for law in rule.conserves if laws is None else laws:
        defect = _defect(law, f, after, eweights, energy, mweights, flavors)
        out[law] = np.where(np.isfinite(defect), defect, np.inf)
    return out
