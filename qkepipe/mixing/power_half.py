"""Continuous prescription power-1/2: equipartition in the shallow lobe, smooth in the deep.

    shallow lobe  k = 0
    deep lobe     k = 1 - h(d/a),    h(x) = (1 + x^2)^(-1/2) ,

d being the distance in mu to the nearest crossing. The width a is the one root of
<h(d/a)> = r (mean over the deep lobe with weight |G|), which conserves ELN - XLN.
Continuous prescriptions are due to Xiong, Wu, Abbar, Bhattacharyya, George & Lin (2023,
arXiv:2307.11129, PRD 108, 063003); this form follows local quantum-kinetic boxes with a
smooth ELN to about 0.01 (docs/physics/mixing.md, section 4). Re-evaluating the target while
relaxing towards it ends in another state, hence no ``exact`` mode.
"""

import math

import numpy as np

from qkepipe.jit import jit
from qkepipe.mixing.kernels import is_stable
from qkepipe.mixing.prescription import LAWS, Prescription

__all__ = ["PRESCRIPTION", "find_crossings", "log_width"]

#: Above this ratio of the lobes the width is infinite: h is uniform, as in the box.
RATIO_LIMIT = 1.0 - 1e-10


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
def log_width(distance, weight, ratio):
    """Logarithm of the width a with sum(weight h(distance/a)) = ratio * sum(weight).

    The mean of h grows monotonically with log a from 0 to 1: Newton steps, kept inside a
    shrinking bracket.
    """
    total = 0.0
    for j in range(weight.size):
        total += weight[j]
    low = -60.0
    high = 60.0
    s = 0.0
    for _ in range(200):
        value = 0.0
        slope = 0.0
        scale = math.exp(-s)
        for j in range(weight.size):
            x2 = (distance[j] * scale) ** 2
            h = 1.0 / math.sqrt(1.0 + x2)
            value += weight[j] * h
            slope += weight[j] * x2 * h / (1.0 + x2)
        miss = value / total - ratio
        if miss > 0.0:
            high = s
        else:
            low = s
        new = 0.5 * (low + high)
        if slope > 0.0:
            newton = s - miss * total / slope
            if low < newton < high:
                new = newton
        if abs(new - s) <= 1e-15 * (1.0 + abs(s)):
            return new
        s = new
    return s


@jit
def factors(g, mweights, mu, negative, positive, rtol, k):
    """k = 0 in the shallow lobe, 1 - h in the deep one, conserving to round-off."""
    n_mu = k.shape[0]
    column = np.empty(n_mu)
    found = np.empty(n_mu)
    distance = np.empty(n_mu)
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
            weight[j] = max(deep_sign * g[j, i], 0.0) * mweights[j]
        n_crossing = find_crossings(column, mu, found)
        for j in range(n_mu):
            distance[j] = 4.0
            for c in range(n_crossing):
                distance[j] = min(distance[j], abs(mu[j] - found[c]))
        mean = 0.0
        width = math.exp(log_width(distance, weight, ratio)) if ratio < RATIO_LIMIT else 1.0
        for j in range(n_mu):
            h[j] = 1.0 / math.sqrt(1.0 + (distance[j] / width) ** 2)
            if ratio >= RATIO_LIMIT:
                h[j] = 1.0
            mean += weight[j] * h[j]
        # the last digits of the balance: <h> = r to round-off
        closure = min(a, b) / mean
        for j in range(n_mu):
            if deep_sign * column[j] < 0.0:
                k[j, i] = 0.0
            else:
                k[j, i] = 1.0 - min(1.0, closure * h[j])


PRESCRIPTION = Prescription(
    name="power_half",
    kernel=factors,
    doc="equipartition in the shallow lobe, continuous power-1/2 profile in the deep lobe",
    source="Xiong et al. (2023, arXiv:2307.11129); printed form of h not verified",
    needs=("mu",),
    conserves=tuple(LAWS),
    valid="as box; smooth ELN-XLN; applied once per step (the result depends on the path)",
    modes=("map", "exponential"),
)
