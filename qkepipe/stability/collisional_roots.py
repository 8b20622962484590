"""Roots of the collisional dispersion relation of an isotropic multi-energy gas.

Per energy group let g = sqrt(2) G_F (n_ee - n_xx) and Gamma half the sum of the absorption
of the two flavours, for neutrinos and antineutrinos, and y = -i w = Im w - i Re w. The
isotropic mode obeys

    h(y) = -i ,     h(y) = sum_E g/(y + Gamma) - sum_E gbar/(y + Gammabar) .

Three kinds of root grow:

* plus (gapless, |y| of the order of Gamma << |g|): roots of h(y) = 0, as a rule one real
  root; pairs of complex roots occur too, so the argument principle counts them first;
* minus (gapped, w near -sum s g): Im w = -(sum s g Gamma)/(sum s g), s = +1, -1;
* resonance (sum s g near 0): w near sqrt(G alpha).

The instability: Johns (2023, PRL 130, 191001); its branches and the resonance: Xiong,
Johns, Wu & Duan (2023, PRD 108, 083002) and Liu, Zaizen & Yamada (2023, PRD 107, 123011).
The multi-energy formulas were derived and checked for this project; number-weighted
mean rates in the one-energy formula are wrong in size and in sign.
"""

from __future__ import annotations

import math

import numpy as np

from qkepipe.jit import jit

__all__ = ["BRANCHES", "RESONANCE", "asymptotic", "growth_kernel"]

#: Meaning of ``cfi_branch``. The branch follows the gap Re w, not the sign of a square root.
BRANCHES = ("none", "plus", "minus", "resonance")
PLUS, MINUS, RESONANCE = 1, 2, 3

#: Samples of h(y) on a logarithmic mesh, and steps that refine a change of sign.
SAMPLES = 16
REFINEMENTS = 40
#: Samples of the phase of h on the imaginary axis, an even number.
PHASE_SAMPLES = 48
#: The limits of the two branches are used while Gamma/|sum s g| and |sum s g Gamma|/(sum s
#: g)^2 are below this (their corrections are of second order), elsewhere all roots are found.
ASYMPTOTIC = 1e-3
ABERTH_STEPS = 60
#: Rates [cm^-1] below this (3e-15 s^-1) make nothing grow; their squares would underflow.
SLOWEST = 1e-25
#: A relative step below this is the last: the next one, of cubic order, is round-off.
CONVERGED = 1e-7


@jit
def _h(y, g, gbar, gamma, gammabar):
    total = 0.0
    for e in range(g.size):
        a, b = y + gamma[e], y + gammabar[e]
        # one division for two fractions
        total += (g[e] * b - gbar[e] * a) / (a * b)
    return total


@jit
def _on_axis(t, u, g, gbar, gamma, gammabar):
    """Real and imaginary part of h(i t) and h(i u); divisions, the slow part, are shared."""
    real, imag = 0.0, 0.0
    real_u, imag_u = 0.0, 0.0
    tt, uu = t * t, u * u
    for e in range(g.size):
        rate, ratebar = gamma[e], gammabar[e]
        a, b = rate * rate + tt, ratebar * ratebar + tt
        c, d = rate * rate + uu, ratebar * ratebar + uu
        ab, cd = a * b, c * d
        inverse = 1.0 / (ab * cd)
        cd *= inverse
        ab *= inverse
        part, partbar = g[e] * b * cd, gbar[e] * a * cd
        real += part * rate - partbar * ratebar
        imag += partbar - part
        part, partbar = g[e] * d * ab, gbar[e] * c * ab
        real_u += part * rate - partbar * ratebar
        imag_u += partbar - part
    return (real, real_u), (t * imag, u * imag_u)


@jit
def _growing(low, high, g, gbar, gamma, gammabar):
    """Number of roots of h(y) = 0 with Re y > 0, from the phase of h along y = i t.

    Argument principle on the right half plane, where h is analytic and at large y like 1/y.
    """
    ratio = (high / low) ** (1.0 / (PHASE_SAMPLES - 1))
    t = low
    half_turns = 0
    real_before, imag_before = 0.0, 0.0
    for k in range(0, PHASE_SAMPLES, 2):
        real, imag = _on_axis(t, t * ratio, g, gbar, gamma, gammabar)
        for j in range(2):
            if k + j > 0 and (real[j] > 0.0) != (real_before > 0.0):
                # through the imaginary axis: counter-clockwise if the cross product is positive
                half_turns += 1 if real_before * imag[j] > imag_before * real[j] else -1
            real_before, imag_before = real[j], imag[j]
        t *= ratio * ratio
    # from the real axis at small t to the imaginary axis at large t
    quarter = 1 if (real_before > 0.0) == (imag_before > 0.0) else -1
    return (-2 * half_turns - quarter - 1) // 2


@jit
def _refined(a, b, value_a, value_b, g, gbar, gamma, gammabar):
    """Root between ``a`` and ``b``, to 1e-11: false position in ln y (Illinois)."""
    x, x_b = math.log(a), math.log(b)
    for _ in range(REFINEMENTS):
        middle = (x * value_b - x_b * value_a) / (value_b - value_a)
        value = _h(math.exp(middle), g, gbar, gamma, gammabar)
        done = abs(middle - x_b) < 1e-11
        if value == 0.0 or done:
            return math.exp(middle)
        if (value > 0.0) == (value_b > 0.0):
            value_a *= 0.5
        else:
            x, value_a = x_b, value_b
        x_b, value_b = middle, value
    return math.exp(x_b)


@jit
def _largest_root(low, high, g, gbar, gamma, gammabar):
    """Largest root of h(y) = 0 in [low, high]; 0 if none is seen."""
    ratio = (high / low) ** (1.0 / (SAMPLES - 1))
    b = high
    value_b = _h(b, g, gbar, gamma, gammabar)
    for _ in range(SAMPLES - 1):
        a = b / ratio
        value_a = _h(a, g, gbar, gamma, gammabar)
        if value_a * value_b < 0.0:
            return _refined(a, b, value_a, value_b, g, gbar, gamma, gammabar)
        b = a
        value_b = value_a
    return 0.0


@jit
def _roots(poles, strength, roots):
    """All roots y of sum_k strength_k/(y + poles_k) = -i, written to ``roots``.

    Aberth's simultaneous iteration (Aberth 1973, Math. Comp. 27, 339) on the numerator,
    whose logarithmic derivative needs no expansion. Roots that do not converge become NaN.
    """
    n = poles.size
    d = np.sum(strength)
    if np.sum(np.abs(strength)) < np.max(poles):
        # weakly coupled: the root of each pole alone
        for k in range(n):
            roots[k] = complex(-poles[k], strength[k])
    else:
        # one gapped root, the others among the poles
        ordered = np.sort(poles)
        for k in range(n - 1):
            gap = ordered[k + 1] - ordered[k]
            side = 0.3 if k % 2 == 0 else -0.3
            roots[k] = complex(-0.5 * (ordered[k] + ordered[k + 1]), side * gap)
        roots[n - 1] = complex(-ordered[0], d)
    moving = np.ones(n, dtype=np.bool_)
    for _ in range(ABERTH_STEPS):
        any_moving = False
        for k in range(n):
            if not moving[k]:
                continue
            y = roots[k]
            # real arithmetic: complex division is several times slower
            value_r, value_i = 0.0, 1.0
            slope_r, slope_i = 0.0, 0.0
            log_r, log_i = 0.0, 0.0
            for j in range(n):
                x = y.real + poles[j]
                size = max(x * x + y.imag * y.imag, 1e-200)
                x /= size
                z = -y.imag / size
                value_r += strength[j] * x
                value_i += strength[j] * z
                slope_r -= strength[j] * (x * x - z * z)
                slope_i -= strength[j] * 2.0 * x * z
                log_r += x
                log_i += z
            for j in range(n):
                x = y.real - roots[j].real
                z = y.imag - roots[j].imag
                size = x * x + z * z
                if size > 0.0:
                    log_r -= x / size
                    log_i += z / size
            value = complex(value_r, value_i)
            derivative = complex(slope_r, slope_i) + value * complex(log_r, log_i)
            if derivative == 0.0:
                moving[k] = False
                continue
            step = value / derivative
            if not (math.isfinite(step.real) and math.isfinite(step.imag)):
                roots[k] = complex(np.nan, np.nan)
                moving[k] = False
                continue
            roots[k] = y - step
            moving[k] = abs(step) > CONVERGED * abs(roots[k])
            any_moving = any_moving or moving[k]
        if not any_moving:
            break
    for k in range(n):
        if moving[k]:
            roots[k] = complex(np.nan, np.nan)


@jit
def _fastest(g, gbar, gamma, gammabar):
    """Fastest root from all of them."""
    n = 0
    for e in range(g.size):
        n += (g[e] != 0.0) + (gbar[e] != 0.0)
    poles = np.empty(n)
    strength = np.empty(n)
    roots = np.empty(n, dtype=np.complex128)
    n = 0
    for e in range(g.size):
        if g[e] != 0.0:
            poles[n] = gamma[e]
            strength[n] = g[e]
            n += 1
        if gbar[e] != 0.0:
            poles[n] = gammabar[e]
            strength[n] = -gbar[e]
            n += 1
    _roots(poles, strength, roots)
    best = 0.0j
    for k in range(n):
        if roots[k].real > best.real:
            best = roots[k]
    return best


@jit
def _sums(g, gbar, gamma, gammabar):
    """sum s g, sum s g Gamma and the largest Gamma of groups with neutrinos."""
    d = 0.0
    d_gamma = 0.0
    fastest = 0.0
    for e in range(g.size):
        d += g[e] - gbar[e]
        d_gamma += g[e] * gamma[e] - gbar[e] * gammabar[e]
        if g[e] != 0.0:
            fastest = max(fastest, gamma[e])
        if gbar[e] != 0.0:
            fastest = max(fastest, gammabar[e])
    return d, d_gamma, fastest


@jit
def asymptotic(g, gbar, gamma, gammabar):
    """Whether the limits of the two branches hold."""
    d, d_gamma, fastest = _sums(g, gbar, gamma, gammabar)
    return abs(d_gamma) < ASYMPTOTIC * d * d and fastest < ASYMPTOTIC * abs(d)


@jit
def _one_sign(g, gbar):
    """Whether all s g have one sign: nothing grows."""
    low, high = 0.0, 0.0
    for e in range(g.size):
        low = min(low, g[e], -gbar[e])
        high = max(high, g[e], -gbar[e])
    return low * high == 0.0


@jit
def growth_kernel(g, gbar, gamma, gammabar):
    """Growth [unit of g] and branch of the fastest isotropic mode; 0, 0 if none grows."""
    d, d_gamma, fastest = _sums(g, gbar, gamma, gammabar)
    if fastest < SLOWEST or _one_sign(g, gbar):
        return 0.0, 0
    if abs(d_gamma) < ASYMPTOTIC * d * d and fastest < ASYMPTOTIC * abs(d):
        minus = -d_gamma / d
        # far beyond the rates h is d/y + d_gamma/y^2: no root above their ratio
        low, high = 1e-6 * fastest, 4.0 * (fastest + abs(minus))
        gapless = _growing(low, 1e3 * high, g, gbar, gamma, gammabar)
        plus = _largest_root(low, high, g, gbar, gamma, gammabar) if gapless == 1 else 0.0
        # a single root is real; several may be complex
        if gapless == 0 or plus > 0.0:
            if max(plus, minus) <= 0.0:
                return 0.0, 0
            return (plus, PLUS) if plus >= minus else (minus, MINUS)
    y = _fastest(g, gbar, gamma, gammabar)
    if y.real <= 0.0:
        return 0.0, 0
    if d * d < 2.0 * abs(d_gamma):
        return y.real, RESONANCE
    return y.real, (MINUS if abs(y.imag) > 0.5 * abs(d) else PLUS)
