"""Mean collisional damping of flavour coherence."""

from __future__ import annotations

from qkepipe.jit import gufunc

__all__ = ["mean_damping"]


@gufunc(["void(float64[:,:], float64[:,:], float64[:])"], "(s,e),(s,e)->()")
def _mean_damping(spectrum, absorption, damping):
    total = 0.0
    weighted = 0.0
    for lepton in range(2):
        for e in range(spectrum.shape[1]):
            n = max(spectrum[lepton, e], 0.0) + max(spectrum[lepton + 2, e], 0.0)
            total += n
            # every rate counts, so that one that is not finite is seen
            weighted += n * 0.5 * (absorption[lepton, e] + absorption[lepton + 2, e])
    damping[0] = weighted / total if total > 0.0 else weighted


def mean_damping(spectrum, absorption):
    """Number-weighted mean of half the summed absorption of the two flavours.

    Parameters
    ----------
    spectrum : ndarray (..., 4, n_energy)
        Number density per group [cm^-3].
    absorption : ndarray (..., 4, n_energy)
        [cm^-1].

    Returns
    -------
    ndarray (...)
        [cm^-1]; not finite where a rate is not.
    """
    return _mean_damping(spectrum, absorption)
