"""E-folds of a mode that drifts through its unstable band.

Two beams with a potential lambda = m z: the frequency of a wave packet of the off-diagonal
elements drifts in kappa, and integrated over the band the growth is N_e = 2 pi alpha mu^2/|m|
e-folds exactly; 4.5 sigma0^2/|m| with sigma0^2 = alpha mu^2 is the estimate for smooth
distributions, 28 % below.
"""

import numpy as np
import pytest
import xarray as xr

from qkepipe.constants import C_LIGHT, M_U_GRAM, SQRT2_GF
from qkepipe.species import SPECIES
from qkepipe.stability import growth_rate, screen
from qkepipe.stability.gradient import BAND_INTEGRAL


@pytest.mark.parametrize("alpha", [0.3, 1.0])
def test_band_integral_of_two_beams(alpha):
    """int sigma dkappa = 2 pi alpha."""
    kappa = np.linspace(-2.2, 2.2, 1001)
    sigma = [growth_rate([1, -1], [1, alpha], [1, -1], kappa=k)[0] for k in kappa]
    assert np.trapezoid(sigma, kappa) == pytest.approx(2 * np.pi * alpha, rel=1e-3)


def test_band_integral_of_maximum_entropy_pairs():
    """Random pairs whose smaller lobe is above 5 %: median 4.5, at most 5.1."""
    rng = np.random.default_rng(11)
    mu, w = np.polynomial.legendre.leggauss(24)
    ratios = []
    while len(ratios) < 30:
        z = rng.uniform(0, 4, 2)
        n = np.array([1.0, rng.uniform(0.7, 1.3)])
        e = [n[i] * z[i] / np.sinh(z[i]) * np.exp(z[i] * mu) for i in range(2)]
        g = 0.5 * w * (e[0] - e[1])
        plus, minus = g[g > 0].sum(), -g[g < 0].sum()
        if min(plus, minus) < 0.05 * max(plus, minus):
            continue
        sigma0 = np.sqrt(plus * minus)
        kappa = sigma0 * np.linspace(-10, 10, 161)
        sigma = [growth_rate(mu, np.abs(g), np.sign(g), kappa=k)[0] for k in kappa]
        ratios.append(np.trapezoid(sigma, kappa) / sigma0**2)
    assert min(ratios) > 2.5
    assert max(ratios) < 5.1
    assert np.median(ratios) == pytest.approx(BAND_INTEGRAL, rel=0.05)


def test_variable_of_the_map():
    """Linear matter profile, homogeneous neutrinos: N_e = 4.5 sigma0^2/|slope|."""
    r = np.linspace(1e6, 2e6, 11)
    n = np.array([1.0, 0.9, 0.0, 0.0])[:, None] * np.full(r.size, 1e32)
    flux = np.array([0.1, 0.5, 0.0, 0.0])[:, None] * n * C_LIGHT
    field = xr.Dataset(
        {"nu_number_density": (("species", "r"), n), "nu_number_flux": (("species", "r"), flux)},
        coords={"species": list(SPECIES), "r": r},
    )
    rho = 1e10 - 3e3 * (r - r[0])
    matter = xr.Dataset({"rho": ("r", rho), "ye": ("r", np.full(r.size, 0.1))}, coords={"r": r})
    out = screen(field, matter)
    sigma0 = out["ffi_growth_estimate"].values / C_LIGHT
    slope = SQRT2_GF * 3e3 * 0.1 / M_U_GRAM
    np.testing.assert_allclose(out["gradient_efolds"], 4.5 * sigma0**2 / slope, rtol=1e-6)
    # no gradient at all: limited by round-off, but finite
    flat = screen(field, matter.assign(rho=("r", np.full(r.size, 1e10))))
    assert np.isfinite(flat["gradient_efolds"]).all()
    assert (flat["gradient_efolds"] > 1e6 * out["gradient_efolds"]).all()
