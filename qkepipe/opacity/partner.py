"""What thermal production of neutrino pairs shares: the second neutrino and the quadrature.

One neutrino of a pair at energy y, the other at energy z (both in units of T), in equilibrium
with matter at the opposite degeneracy -eta. The kernels integrate the absorption kappa* =
(j/c)/f_eq rather than the emission, with the exponentials of 1/f_eq multiplied into the
integrand: nothing overflows where j itself underflows. Pieces between the points where an
integrand bends take Gauss-Legendre nodes, more of them for a longer piece.
"""

import math

import numpy as np

from qkepipe.jit import jit

__all__ = [
    "CUT",
    "LARGEST",
    "NODES",
    "WEIGHTS",
    "WIDTH",
    "blocking",
    "no_blocking",
    "nodes_for",
    "place",
]

#: Exponentials are cut off where they have fallen by e^-32 = 1e-14.
CUT = 32.0
#: Around a Fermi edge an integrand varies over this many T; longer pieces are divided.
WIDTH = 30.0

#: Largest exponent: e^600 times any polynomial of the energies is finite.
LARGEST = 600.0

_MOST = 24


def _gauss() -> tuple[np.ndarray, np.ndarray]:
    """Rules of 1 to 24 nodes on [0, 1], one per row."""
    nodes, weights = np.zeros((2, _MOST + 1, _MOST))
    for n in range(1, _MOST + 1):
        x, w = np.polynomial.legendre.leggauss(n)
        nodes[n, :n], weights[n, :n] = 0.5 * (x + 1.0), 0.5 * w
    return nodes, weights


NODES, WEIGHTS = _gauss()


@jit
def nodes_for(length):
    """Number of nodes for a piece of this length in T: relative error of order 1e-6."""
    return min(int(3.0 + 3.0 * math.sqrt(length)), _MOST)


@jit
def place(point, end, points, count):
    """Insert ``point`` into the sorted ``points[:count]`` if it is in (0, end); new count."""
    if not 0.0 < point < end:
        return count
    k = count
    while k > 0 and points[k - 1] > point:
        points[k] = points[k - 1]
        k -= 1
    points[k] = point
    return count + 1


@jit
def blocking(y, z, eta):
    """(1 - f'(z))/f_eq(y) e^-y with f_eq of degeneracy eta and f' of -eta; at most 1 + e^z."""
    if eta > 0.0:
        return (math.exp(-y) + math.exp(-eta)) / (1.0 + math.exp(-z - eta))
    return (1.0 + math.exp(eta - y)) / (math.exp(eta) + math.exp(-z))


@jit
def no_blocking(y, eta):
    """1/f_eq(y) e^-y: :func:`blocking` without the second neutrino."""
    return math.exp(-y) + math.exp(min(-eta, LARGEST))
