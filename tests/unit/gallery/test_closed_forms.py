"""Closed forms of the gallery against the roots of the dispersion relation; its gases."""

import numpy as np
import pytest

from qkepipe.gallery.boxes import flowing_gas
from qkepipe.gallery.collisional_branches import CASES
from qkepipe.gallery.collisional_branches import formula as collisional
from qkepipe.gallery.fast_growth import BEAMS, crossed, homogeneous_rate
from qkepipe.gallery.fast_growth import formula as two_beams
from qkepipe.stability import growth_rate
from qkepipe.stability.collisional import BRANCHES, collisional_growth


@pytest.mark.parametrize("beams", BEAMS)
def test_two_beams(beams):
    k, table = BEAMS[beams]
    assert two_beams(beams, k) == pytest.approx(table, rel=1e-9)
    found, _ = growth_rate(
        [1.0, -1.0], np.abs(beams), np.sign(beams), kappa=k - (beams[0] - beams[1])
    )
    assert found == pytest.approx(table, rel=1e-6)


def test_two_beams_are_stable_at_k_0():
    assert two_beams((1.0, -0.5), 0.0) == 0.0


def test_homogeneous_mode():
    v, occupations = crossed()
    g = (occupations[0] - occupations[1]) / 8.0
    found, _ = growth_rate(v, np.abs(g), np.sign(g), kappa=-(v @ g))
    assert homogeneous_rate(v, g) == pytest.approx(found, rel=1e-6)


@pytest.mark.parametrize("branch", CASES)
def test_branches(branch):
    ratio, gamma, gammabar = CASES[branch]
    found, kind = collisional_growth(*(np.array([x]) for x in (1.0, ratio, gamma, gammabar)))
    assert BRANCHES[int(kind)] == branch
    assert collisional(ratio, gamma, gammabar) == pytest.approx(float(found), rel=1e-9)


def test_flux_factor_of_a_flowing_gas():
    field = flowing_gas(0.8, 64, 30.0)
    edges = field["mu_edge"].values
    mu = 0.5 * (edges[1:] + edges[:-1])
    for species, number in zip(field["f"].values[:, 0], (0.5, 0.4, 0.0, 0.0), strict=True):
        assert species.mean() == pytest.approx(number)
        assert species @ mu / 64 == pytest.approx(0.3 * number, rel=1e-3)
