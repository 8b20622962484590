"""Linear stability of discrete beams: every root of the dispersion relation.

Perturbations of rho_ex = (rho_ee - rho_xx) Q go as exp(-i(Omega t - k z)). With
w = Omega - lambda - Phi_0 and kappa = k - Phi_1, Phi_n = sum_j s_j g_j v_j^n, beam j obeys

    (w - kappa v_j + s_j omega_j + i Gamma_j) Q_j = -sum_i K(v_j, v_i) s_i g_i Q_i ,
    sym: K = 1 - v v' ,     brk: K = -(1/2) sqrt(1 - v^2) sqrt(1 - v'^2) ,

so w are the eigenvalues of M_ji = delta_ji (kappa v_j - s_j omega_j - i Gamma_j)
- K(v_j, v_i) s_i g_i. Equivalently, with I_n = sum_j s_j g_j v_j^n/(w - kappa v_j +
s_j omega_j + i Gamma_j),

    sym: (1 + I_0)(1 - I_2) + I_1^2 = 0 ,     brk: 1 - (I_0 - I_2)/2 = 0 .

Linearised quantum kinetics: Banerjee, Dighe & Raffelt (2011, PRD 84, 053013); Izaguirre,
Raffelt & Tamborra (2017, PRL 118, 021101); the form with damping here was derived and
checked for this project.
"""

from __future__ import annotations

import numpy as np

from qkepipe.errors import Defect, QkepipeError, nearest

__all__ = ["SECTORS", "fastest_root", "growth_rate", "matrices", "roots"]

#: Axisymmetric and axial-symmetry-breaking perturbations; position = ``lsa_sector``.
SECTORS = ("sym", "brk")
#: Newton steps on the dispersion relation, and how far they may leave the eigenvalue.
POLISH_STEPS = 8
POLISH_REACH = 1e-6
#: Round-off of eigenvalues relative to sum |g|.
ROUND_OFF = 1e-13


def _refuse(field: str, problem: str, expected: str, hint: str = ""):
    raise QkepipeError(Defect("growth_rate", field, problem, expected, hint))


def _beams(v, g, sign, omega, gamma):
    """Check the arrays of :func:`growth_rate`; float arrays of one shape."""
    v = np.asarray(v, dtype=float)
    if v.ndim != 1 or v.size == 0:
        _refuse("v", f"has shape {v.shape}", "(n,) with n >= 1")
    arrays = {"v": v}
    for name, value in (("g", g), ("sign", sign), ("omega", omega), ("gamma", gamma)):
        array = np.asarray(value, dtype=float)
        if array.shape not in {v.shape, ()}:
            _refuse(name, f"has shape {array.shape}", f"{v.shape} as v, or a scalar")
        arrays[name] = np.broadcast_to(array, v.shape)
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            _refuse(name, "values that are not finite", "finite numbers")
    if np.abs(v).max() > 1.0:
        _refuse("v", f"{v[np.abs(v).argmax()]:.6g}", "direction cosines within [-1, 1]")
    if not (np.abs(arrays["sign"]) == 1.0).all():
        _refuse("sign", "values other than +1 and -1", "+1 (neutrino) or -1 (antineutrino)")
    if arrays["gamma"].min() < 0.0:
        _refuse("gamma", f"{arrays['gamma'].min():.6g}", "damping rates >= 0")
    return arrays


def _merge(v, g, sign, omega, gamma, sector):
    """Add up beams that differ in g only; drop those without weight in D.

    Returns v, signed g, s omega, gamma. Beams of equal (v, s omega, Gamma) enter D only
    through their sum; a beam of no weight is no root of D, only of the matrix.
    """
    # adding 0.0 turns -0.0 (antineutrinos without vacuum term) into 0.0
    keys, inverse = np.unique(
        np.stack([v, sign * omega + 0.0, gamma], axis=1), axis=0, return_inverse=True
    )
    weight = np.bincount(inverse.ravel(), weights=sign * g)
    size = np.bincount(inverse.ravel(), weights=np.abs(g))
    acts = np.abs(weight) > 1e-15 * size
    if sector == "brk":
        acts &= np.abs(keys[:, 0]) < 1.0
    if acts.any():
        keys, weight = keys[acts], weight[acts]
    return keys[:, 0], weight, keys[:, 1], keys[:, 2]


def matrices(v, g, kappa, sector, shift=0.0):
    """Matrices M whose eigenvalues are the frequencies w.

    Parameters
    ----------
    v, g : ndarray (n,)
        Direction cosines and signed strengths s_j g_j.
    kappa : ndarray (...)
        Wavenumbers.
    sector : {"sym", "brk"}
    shift : ndarray (n,)
        s_j omega_j + i Gamma_j.

    Returns
    -------
    ndarray (..., n, n)
        Real where ``shift`` is real.
    """
    if sector == "sym":
        coupling = (1.0 - np.multiply.outer(v, v)) * g
    else:
        across = np.sqrt(1.0 - v * v)
        coupling = -0.5 * np.multiply.outer(across, across) * g
    diagonal = np.multiply.outer(np.asarray(kappa, dtype=float), v) - shift
    return diagonal[..., None] * np.eye(v.size) - coupling


def _newton(w, v, g, shift, kappa, sector):
    """Polish a root of D(w), with the derivative in closed form."""
    start, reach = w, POLISH_REACH * (abs(w) + np.abs(g).sum())
    for _ in range(POLISH_STEPS):
        denominator = w - kappa * v + shift
        if np.any(denominator == 0.0):
            return start
        term = g / denominator
        slope = -term / denominator
        i0, i1, i2 = term.sum(), (term * v).sum(), (term * v * v).sum()
        d0, d1, d2 = slope.sum(), (slope * v).sum(), (slope * v * v).sum()
        if sector == "sym":
            value = (1.0 + i0) * (1.0 - i2) + i1 * i1
            derivative = d0 * (1.0 - i2) - (1.0 + i0) * d2 + 2.0 * i1 * d1
        else:
            value = 1.0 - 0.5 * (i0 - i2)
            derivative = -0.5 * (d0 - d2)
        if derivative == 0.0:
            return start
        step = value / derivative
        w = w - step
        if not np.isfinite(w) or abs(w - start) > reach:
            return start
        if abs(step) < 1e-15 * abs(w):
            break
    return w


def fastest_root(v, g, kappa, sector, s_omega=0.0, gamma=0.0):
    """Complex frequency of the fastest root for beams in one array, without checks.

    Parameters
    ----------
    v, g : ndarray (n,)
        Direction cosines and signed strengths s_j g_j.
    kappa : float
    sector : {"sym", "brk"}
    s_omega, gamma : float or ndarray (n,)
        s_j omega_j and Gamma_j.

    Returns
    -------
    complex
        w = Omega - lambda - Phi_0 of the largest Im w.
    """
    damped = bool(np.any(gamma))
    shift = s_omega + 1j * np.asarray(gamma) if damped else np.asarray(s_omega)
    roots = np.linalg.eigvals(matrices(v, g, kappa, sector, shift))
    if not damped:
        return complex(roots[roots.imag.argmax()])
    # growth rates far below |g| drown in the round-off of the eigenvalue solver: polish
    # every root that may be the fastest
    near = roots[roots.imag >= roots.imag.max() - ROUND_OFF * np.abs(g).sum()]
    polished = [_newton(complex(w), v, g, shift, kappa, sector) for w in near]
    return complex(max(polished, key=lambda w: w.imag))


def growth_rate(v, g, sign, omega=0, gamma=0, kappa=0, sector="sym") -> tuple[float, float]:
    """Growth rate and real frequency of the fastest mode of discrete beams.

    Parameters
    ----------
    v : array_like (n,)
        Direction cosines to the axis of symmetry (the wavevector is along it).
    g : array_like (n,)
        sqrt(2) G_F (n_ee - n_xx) of the beam, quadrature weight included; for
        antineutrinos sqrt(2) G_F (nbar_ee - nbar_xx). May be negative.
    sign : array_like (n,)
        +1 neutrinos, -1 antineutrinos.
    omega : array_like (n,) or float
        Vacuum frequency cos(2 theta) dm^2/(2 E), positive in the normal ordering; the
        sign of antineutrinos is applied here.
    gamma : array_like (n,) or float
        Damping of the off-diagonal element: HALF the sum of the absorption of the two
        flavours.
    kappa : float
        k - Phi_1, with Phi_1 = sum s_j g_j v_j.
    sector : {"sym", "brk"}
        Modes that keep or break axial symmetry.

    Returns
    -------
    growth, frequency : float
        Largest Im w and its Re w = Re Omega - lambda - Phi_0, in the unit of the input
        (one inverse length for all). A negative growth means that all modes are damped.
        Below 1e-14 sum|g| it is round-off unless gamma > 0, and the frequency of a mode
        that does not grow is arbitrary.

    Raises
    ------
    QkepipeError
        Shapes that do not fit, values that are not finite, |v| > 1, unknown sector.
    """
    v, g, shift, kappa = _checked(v, g, sign, omega, gamma, kappa, sector)
    w = fastest_root(v, g, kappa, sector, shift.real, shift.imag)
    return w.imag, w.real


def roots(v, g, sign, omega=0, gamma=0, kappa=0, sector="sym") -> np.ndarray:
    """All roots of the dispersion relation of discrete beams, the fastest growing first.

    Parameters
    ----------
    v, g, sign, omega, gamma, kappa, sector
        As for :func:`growth_rate`.

    Returns
    -------
    ndarray of complex (n_roots,)
        w = Omega - lambda - Phi_0: Im w is the growth rate, below 1e-14 sum|g| round-off. One
        for each beam; beams of equal (v, s omega, Gamma) count once, and those without weight
        in the dispersion relation not at all.

    Raises
    ------
    QkepipeError
        As :func:`growth_rate`.
    """
    v, g, shift, kappa = _checked(v, g, sign, omega, gamma, kappa, sector)
    found = np.linalg.eigvals(matrices(v, g, kappa, sector, shift)).astype(complex)
    polished = np.array([_newton(w, v, g, shift, kappa, sector) for w in found])
    return polished[np.argsort(-polished.imag, kind="stable")]


def _checked(v, g, sign, omega, gamma, kappa, sector):
    """v, signed g, s omega + i Gamma and kappa of sound beams that act in the sector."""
    if sector not in SECTORS:
        _refuse("sector", f"unknown sector {sector!r}", "sym or brk", nearest(str(sector), SECTORS))
    arrays = _beams(v, g, sign, omega, gamma)
    kappa = np.asarray(kappa, dtype=float)
    if kappa.shape != () or not np.isfinite(kappa):
        _refuse("kappa", f"{kappa}", "one finite number")
    v, g, s_omega, damping = _merge(**arrays, sector=sector)
    return v, g, s_omega + 1j * damping, float(kappa)
