"""Crossings that follow from a few moments of ELN-XLN, without its angular shape.

With I_n = int (dmu/2) mu^n G along an axis, a function G of one sign on [-1, 1] obeys

    degree 1:  |I_1| <= |I_0|
    degree 2:  I_0 I_2 >= I_1^2  and  s (I_0 - I_2) >= 0,   s the sign of G
    degree 3:  s [[I_0 +- I_1, I_1 +- I_2], [I_1 +- I_2, I_2 +- I_3]] positive semidefinite

(truncated Hausdorff moment problem, Markov-Lukacs: Krein & Nudelman 1977, chapter III; as a
test of crossings: Abbar 2020, JCAP 05, 027, who scans polynomials instead). Where one is
violated G changes sign, whatever its shape: the tests are sufficient, never necessary. The
mode at kappa = 0 that preserves axial symmetry grows as

    Im Omega = (1/2) sqrt(4 I_1^2 - (I_0 + I_2)^2)

where that is real (Dasgupta, Mirizzi & Sen 2018, PRD 98, 103001; the closed form was derived
and checked for this project): sufficient too. The guarantees are as good as the moments: of
a closure, they hold for its distributions.
"""

from __future__ import annotations

from qkepipe.jit import gufunc

__all__ = ["crossing_tests"]

#: Violations below this fraction of the number density are round-off.
ROUND_OFF = 1e-12


@gufunc(
    ["void(float64, float64, float64, float64, float64, float64[:], float64[:], float64[:])"],
    "(),(),(),(),()->(),(),()",
)
def _tests(i0, i1, i2, i3, total, flux, homogeneous, polynomial):
    noise = ROUND_OFF * total
    flux[0] = 1.0 if abs(i1) > abs(i0) + noise else 0.0
    homogeneous[0] = 1.0 if 2.0 * abs(i1) > abs(i0 + i2) + noise else 0.0
    sign = 1.0 if i0 >= 0.0 else -1.0
    i0, i1, i2, i3 = sign * i0, sign * i1, sign * i2, sign * i3
    square = noise * (abs(i0) + abs(i1) + abs(i2) + abs(i3))
    polynomial[0] = 0.0
    if i2 < -noise or i0 - i2 < -noise or i0 * i2 - i1 * i1 < -square:
        polynomial[0] = 2.0
        return
    for side in (1.0, -1.0):
        first, last = i0 + side * i1, i2 + side * i3
        off = i1 + side * i2
        if first < -noise or last < -noise or first * last - off * off < -square:
            polynomial[0] = 3.0


def crossing_tests(i0, i1, i2, i3, total):
    """Sufficient tests of a crossing.

    Parameters
    ----------
    i0, i1, i2, i3 : ndarray (...)
        Moments of ELN-XLN [cm^-3]; NaN as ``i3`` leaves degree 3 out.
    total : ndarray (...)
        Number density of all species [cm^-3], the scale of round-off.

    Returns
    -------
    flux, homogeneous : ndarray (...)
        1 where |I_1| > |I_0|, and where the mode at kappa = 0 grows; otherwise 0.
    polynomial : ndarray (...)
        Smallest degree, 2 or 3, whose conditions are violated; 0 for none.
    """
    return _tests(i0, i1, i2, i3, total)
