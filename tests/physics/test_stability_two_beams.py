"""Two opposite beams have a closed dispersion relation, which fixes all absolute sizes.

Neutrinos at v = 1 (strength 1) and antineutrinos at v = -1 (strength alpha): growth =
sqrt(max(0, 4 alpha - kappa^2)), k = kappa + 1 + alpha. The general form for strengths g1, g2
along +z and -z (neutrino minus antineutrino) is growth^2 = -4 g1 g2 - (k - (g1 - g2))^2.
"""

import numpy as np
import pytest
import xarray as xr

from qkepipe.constants import SQRT2_GF_RATE
from qkepipe.phasespace import angle_grid_from_edges, energy_grid
from qkepipe.species import SPECIES
from qkepipe.stability import fastest_mode, growth_rate, screen


@pytest.mark.parametrize("alpha", [0.1, 0.7, 1.0])
@pytest.mark.parametrize("kappa", [-1.9, -0.3, 0.0, 0.5, 2.5])
def test_closed_form(alpha, kappa):
    """Inside and outside of the unstable band."""
    growth, frequency = growth_rate([1.0, -1.0], [1.0, alpha], [1, -1], kappa=kappa)
    expected = np.sqrt(max(0.0, 4 * alpha - kappa**2))
    assert growth == pytest.approx(expected, rel=1e-12, abs=1e-12)
    if expected > 0:
        # the two roots are +- i growth: the sum of the beams' own frequencies vanishes
        assert frequency == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("g1", "g2", "k", "growth"),
    [(1, -1, 2, 2.0), (1, -0.5, 1.2, 1.3820274961), (0.7, -1, 1.9, 1.6613247726)],
)
def test_laboratory_wavenumber(g1, g2, k, growth):
    """Published numbers at given k = kappa + Phi_1."""
    phi1 = g1 - g2
    value, _ = growth_rate([1.0, -1.0], np.abs([g1, g2]), np.sign([g1, g2]), kappa=k - phi1)
    assert value == pytest.approx(growth, rel=1e-10)


def test_absolute_rate_of_a_field():
    """Densities in cm^-3 to rates in s^-1, with d(mu)/2 and the energy weights in between.

    Two bins at mu = +-1/2: growth at kappa = 0 from the quadratic D(w) with beams of strength
    sqrt(2) G_F n each; the estimate is sqrt(I+ I-) = sqrt(2) G_F n/hbar sqrt(alpha).
    """
    energy = energy_grid([0.0, 20.0])
    angle = angle_grid_from_edges([-1.0, 0.0, 1.0])
    n, alpha = 1e31, 0.7
    f = np.zeros((4, 1, 2, 1))
    f[0, 0, 1, 0] = n / (energy.weights[0] * angle.weights[1])
    f[1, 0, 0, 0] = alpha * n / (energy.weights[0] * angle.weights[0])
    field = xr.Dataset(
        {"f": (("species", "energy", "mu", "r"), f)},
        coords={
            "species": list(SPECIES), "r": [1e6],
            "energy_edge": energy.edges, "mu_edge": angle.edges,
        },
    )  # fmt: skip
    unit = SQRT2_GF_RATE * n
    out = screen(field)
    assert float(out["ffi_growth_estimate"][0]) == pytest.approx(unit * alpha**0.5, rel=1e-12)
    assert float(out["eln_xln_positive"][0]) == pytest.approx(n, rel=1e-12)
    assert float(out["eln_xln_negative"][0]) == pytest.approx(alpha * n, rel=1e-12)
    # sym at v = +-1/2: coupling 1 - v v' = 5/4 between the beams, 3/4 within each;
    # M = [[kappa/2 - 3/4, 5 alpha/4], [-5/4, -kappa/2 + 3 alpha/4]]
    kappa = np.linspace(-4, 4, 4001)
    trace = -0.75 + 0.75 * alpha
    det = (0.5 * kappa - 0.75) * (-0.5 * kappa + 0.75 * alpha) + 25 / 16 * alpha
    best = np.sqrt(np.maximum(0.0, det - trace**2 / 4)).max()
    mode = fastest_mode(field)
    assert mode["growth_rate"] == pytest.approx(unit * best, rel=1e-6)
