"""Continuous prescriptions: equipartition in the shallow lobe, a smooth profile in the deep.

    shallow lobe  k = 0
    deep lobe     k = 1 - h(d/a),    h(0) = 1, h falling ,

d being the distance in mu to the nearest crossing. The width a is the one root of
<h(d/a)> = r (mean over the deep lobe with weight |G|), which conserves ELN - XLN.
Continuous prescriptions are due to Xiong, Wu, Abbar, Bhattacharyya, George & Lin (2023,
arXiv:2307.11129, PRD 108, 063003); the forms of h are recalled, not verified against the
paper. Each form is a file of its own with one entry of the registry. Re-evaluating the target
while relaxing towards it ends in another state, hence no ``exact`` mode.
"""

import math

import numpy as np

from qkepipe.jit import jit
from qkepipe.mixing.kernels import is_stable
from qkepipe.mixing.prescription import LAWS, Prescription

__all__ = [
    "EXPONENTIAL_PROFILE",
    "POWER_HALF",
    "POWER_QUARTER",
    "continuous_factors",
    "continuous_prescription",
    "find_crossings",
    "log_width",
    "profile",
    "profile_inverse",
]

#: Codes of the profiles h. A kernel that takes the profile as a compiled function would not
#: be found again in the cache on disk.
POWER_HALF, POWER_QUARTER, EXPONENTIAL_PROFILE = 0, 1, 2

#: Above this ratio of the lobes the width is infinite: h is uniform, as in the box.
RATIO_LIMIT = 1.0 - 1e-10


@jit
def profile(form, x):
    """h(x) and its logarithmic slope -x h'(x), the derivative of h(d/a) in log a."""
    if form == EXPONENTIAL_PROFILE:
        h = math.exp(-x)
        return h, x * h
    x2 = x * x
    h = 1.0 / math.sqrt(1.0 + x2)
    share = x2 / (1.0 + x2)
    if form == POWER_HALF:
        return h, share * h
    h = math.sqrt(h)
    return h, 0.5 * share * h


@jit
def find_crossings(g, mu, found):
    """Sign changes of g(mu): positions to ``found``, returns their number.

    Linear interpolation between neighbours; nodes with g = 0 between two signs are
    crossings themselves (the middle of several), and are none between equal signs.
    """
    count = 0
    last = -1
    for j in range(g.size):
        if g[j] == 0.0:
            continue
        if last >= 0 and (g[j] > 0.0) != (g[last] > 0.0):
            if j == last + 1:
                share = abs(g[last]) / (abs(g[last]) + abs(g[j]))
                found[count] = mu[last] + share * (mu[j] - mu[last])
            else:
                found[count] = 0.5 * (mu[last + 1] + mu[j - 1])
            count += 1
        last = j
    return count


@jit
def profile_inverse(form, ratio):
    """Argument x with h(x) = ratio, for 0 < ratio < 1."""
    if form == EXPONENTIAL_PROFILE:
        return -math.log(ratio)
    square = 1.0 / (ratio * ratio)
    return math.sqrt((square if form == POWER_HALF else square * square) - 1.0)


@jit
def log_width(distance, weight, ratio, form):
    """Logarithm of the width a with sum(weight h(distance/a)) = ratio * sum(weight).

    The mean of h grows monotonically with log a from 0 to 1: Newton steps, kept inside a
    shrinking bracket. They start where all the weight would be at its mean distance.
    """
    total = 0.0
    moment = 0.0
    for j in range(weight.size):
        total += weight[j]
        moment += weight[j] * distance[j]
    low = -300.0
    high = 300.0
    s = 0.0
    if moment > 0.0:
        s = math.log(moment / total / profile_inverse(form, ratio))
        s = min(max(s, low), high)
    for _ in range(200):
        value = 0.0
        slope = 0.0
        scale = math.exp(-s)
        for j in range(weight.size):
            h, steepness = profile(form, distance[j] * scale)
            value += weight[j] * h
            slope += weight[j] * steepness
        miss = value / total - ratio
        if miss > 0.0:
            high = s
        else:
            low = s
        new = 0.5 * (low + high)
        # a Newton step leaves about the square of its length
        enough = 1e-15 * (1.0 + abs(s))
        if slope > 0.0:
            newton = s - miss * total / slope
            if low < newton < high:
                new = newton
                enough = 1e-8
        if abs(new - s) <= enough:
            return new
        s = new
    return s


@jit
def continuous_factors(g, mweights, mu, negative, positive, rtol, form, k):
    """k = 0 in the shallow lobe, 1 - h in the deep one, conserving to round-off."""
    n_mu = k.shape[0]
    column = np.empty(n_mu)
    found = np.empty(n_mu)
    distance = np.empty(n_mu)
    deep = np.empty(n_mu)
    weight = np.empty(n_mu)
    h = np.empty(n_mu)
    for i in range(k.shape[1]):
        a = negative[i]
        b = positive[i]
        if is_stable(a, b, rtol):
            for j in range(n_mu):
                k[j, i] = 1.0
            continue
        ratio = min(a, b) / max(a, b)
        deep_sign = 1.0 if b >= a else -1.0
        for j in range(n_mu):
            column[j] = g[j, i]
        n_crossing = find_crossings(column, mu, found)
        # the deep lobe alone decides the width
        n_deep = 0
        for j in range(n_mu):
            nearest = 4.0
            for c in range(n_crossing):
                nearest = min(nearest, abs(mu[j] - found[c]))
            distance[j] = nearest
            if deep_sign * column[j] > 0.0:
                deep[n_deep] = nearest
                weight[n_deep] = deep_sign * column[j] * mweights[j]
                n_deep += 1
        scale = 0.0
        if ratio < RATIO_LIMIT:
            scale = math.exp(-log_width(deep[:n_deep], weight[:n_deep], ratio, form))
        mean = 0.0
        for j in range(n_deep):
            mean += weight[j] * profile(form, deep[j] * scale)[0]
        for j in range(n_mu):
            h[j] = profile(form, distance[j] * scale)[0]
        # the last digits of the balance: <h> = r to round-off
        closure = min(a, b) / mean
        if not 0.5 < closure < 2.0:
            # lobes so unequal that no width is found: the box, which conserves as well
            closure = ratio
            h[:] = 1.0
        for j in range(n_mu):
            if deep_sign * column[j] < 0.0:
                k[j, i] = 0.0
            else:
                k[j, i] = 1.0 - min(1.0, closure * h[j])


def continuous_prescription(name, kernel, form):
    """Entry of the registry for one profile.

    Parameters
    ----------
    name : str
        Name in the registry.
    kernel : callable
        Kernel of the prescription: :func:`continuous_factors` with the code of the profile.
    form : str
        The profile in words, for tables.

    Returns
    -------
    Prescription
    """
    return Prescription(
        name=name,
        kernel=kernel,
        doc=f"equipartition in the shallow lobe, continuous {form} profile in the deep lobe",
        source="Xiong et al. (2023, arXiv:2307.11129); form of h recalled, not verified",
        needs=("mu",),
        conserves=tuple(LAWS),
        valid="as box; smooth ELN-XLN; applied once per step (the result depends on the path)",
        modes=("map", "exponential", "backward_euler"),
    )
