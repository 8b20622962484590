"""Limiter factors: how much of a reconstructed jump a face may have.

The difference between the face value and the cell average is scaled by a factor in [0, 1]:

- of an occupation, the smaller of the monotonised-central limiter and of the largest factor
  for which the face state and its mirror image about the average are not negative;
- of a flavour matrix, one common factor for all components, so that the limiter does not
  depend on the basis in flavour space: the limiter of the trace and the largest factor for
  which both states stay positive matrices (|P| <= trace).

The average is then the mean of two positive states, and with CFL <= 1/2 the update is a convex
combination of positive ones (Zhang & Shu 2010, J. Comput. Phys. 229, 3091, applied to the cone
of positive matrices).

These are parts of loops over cells. Divisions and roots bound the speed of the loops.
"""

import math

from qkepipe.jit import inlined

__all__ = ["matrix_factor", "occupation_factor"]

#: Slack of the positivity test of matrices, relative to the trace^2 of each state: |P| may exceed
#: the trace by twice that fraction, a convex cone as |P| <= trace is. Without it every change of
#: direction of a pure state is flattened, which slows the growth of flavour waves by several per
#: cent.
SLACK = 1e-3
#: Relative change per cell below which extrema are not clipped (Shu 1987, Math. Comp. 49, 105:
#: total-variation-bounded limiting), of the trace of matrices and of single occupations.
SMOOTH, SMOOTH_SINGLE = 1e-3, 1e-2
TINY = 1e-300
#: Round-off must not make a face state negative.
BELOW_ONE = 1.0 - 1e-14
#: Jump of the trace, in units of SMOOTH times the trace, that is as good as none.
NO_JUMP = 1e-10


@inlined
def occupation_factor(f, below, above, jump):
    """Factor of one occupation.

    Parameters
    ----------
    f : float
        Cell average.
    below, above : float
        It minus the lower neighbour, and the upper neighbour minus it.
    jump : float
        Reconstructed face value minus cell average.
    """
    allowed = min(abs(below), abs(above)) if below * above > 0.0 else 0.0
    # the jump grows monotonically with what is allowed, as corrections do not converge
    # otherwise; face state and its mirror image stay positive
    allowed = min(max(allowed, SMOOTH_SINGLE * f), BELOW_ONE * f)
    return max(0.0, min(1.0, allowed / (abs(jump) + TINY)))


@inlined
def trace_factor(trace, below, above, jump):
    """Factor of the trace of a matrix, with ``jump`` that of the trace; may exceed 1."""
    # round-off can leave the trace of an empty direction below zero
    full = max(trace, 0.0)
    flat = SMOOTH * full
    size = abs(jump) + NO_JUMP * flat
    allowed = min(abs(below), abs(above)) if below * above > 0.0 else 0.0
    # continuous switch: a jump here would leave steady states chattering
    smooth = 2.0 * flat - max(abs(below), abs(above))
    # smaller of full/size and of the larger of allowed/size and smooth/flat, in one division
    return min(full * flat, max(allowed * flat, smooth * size)) / (size * flat + TINY)


@inlined
def cone_factor(a, b, c):
    """Largest factor t with a +- 2 b t + c t^2 >= 0, for a >= 0."""
    return (a + TINY) / (abs(b) + math.sqrt(max(b * b - a * c, 0.0)) + TINY)


@inlined
def matrix_factor(ee, xx, re, im, below, above, dee, dxx, dre, dim):
    """Common factor of a two-flavour matrix.

    Parameters
    ----------
    ee, xx, re, im : float
        Cell average.
    below, above : float
        Its trace minus that of the lower neighbour, and that of the upper one minus its trace.
    dee, dxx, dre, dim : float
        Reconstructed face value minus cell average.
    """
    trace = ee + xx
    jump = dee + dxx
    # determinant of the face state, with the slack of that state
    a = max(ee * xx - re * re - im * im + SLACK * trace * trace, 0.0)
    b = 0.5 * (ee * dxx + xx * dee) - re * dre - im * dim + SLACK * trace * jump
    c = dee * dxx - dre * dre - dim * dim + SLACK * jump * jump
    # a positive determinant alone would let both eigenvalues be negative
    return min(1.0, min(cone_factor(a, b, c), trace_factor(trace, below, above, jump)))
