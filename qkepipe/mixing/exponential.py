"""Continuous prescription with h(x) = exp(-x), see :mod:`qkepipe.mixing.continuous`.

The fastest fall of the three profiles: conversion stays closest to the crossing.
"""

from qkepipe.jit import jit
from qkepipe.mixing.continuous import (
    EXPONENTIAL_PROFILE,
    continuous_factors,
    continuous_prescription,
)

__all__ = ["PRESCRIPTION"]


@jit
def factors(g, mweights, mu, negative, positive, rtol, flavors, k):
    """k = 0 in the shallow lobe, 1 - exp(-d/a) in the deep one."""
    continuous_factors(g, mweights, mu, negative, positive, rtol, EXPONENTIAL_PROFILE, k)


PRESCRIPTION = continuous_prescription("exponential", factors, "exponential")
