"""Continuous prescription with h(x) = (1 + x^2)^(-1/4), see :mod:`qkepipe.mixing.continuous`.

The slowest fall of the three profiles: conversion reaches farthest into the deep lobe.
"""

from qkepipe.jit import jit
from qkepipe.mixing.continuous import POWER_QUARTER, continuous_factors, continuous_prescription

__all__ = ["PRESCRIPTION"]


@jit
def factors(g, mweights, mu, negative, positive, rtol, flavors, k):
    """k = 0 in the shallow lobe, 1 - (1 + (d/a)^2)^(-1/4) in the deep one."""
    continuous_factors(g, mweights, mu, negative, positive, rtol, POWER_QUARTER, k)


PRESCRIPTION = continuous_prescription("power_quarter", factors, "power-1/4")
