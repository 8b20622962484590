"""The embedded post-bounce model follows the relations it cites."""

import numpy as np
import pytest

from qkepipe.constants import C_LIGHT, G_NEWTON, M_SUN, M_U, M_U_GRAM, Q_NP
from qkepipe.errors import QkepipeError
from qkepipe.matter import electron_chemical_potential
from qkepipe.schema import check
from qkepipe.snapshot.analytic import beta_equilibrium_ye, post_bounce_model


def test_follows_the_schema():
    check(post_bounce_model(), "snapshot")


def test_surface_layer_is_in_hydrostatic_equilibrium():
    """dP/dr = -G M rho/r^2 with P = rho T/m_u, deep inside where the layer dominates."""
    model = post_bounce_model(zones=4000)
    r = model["r"].values
    deep = (r > 21e5) & (r < 25e5)
    pressure = model["rho"].values / M_U * model["temperature"].values * C_LIGHT**2
    gravity = G_NEWTON * 1.5 * M_SUN / r**2
    slope = np.gradient(pressure, r)
    ratio = slope[deep] / (-model["rho"].values * gravity)[deep]
    # the temperature of the layer falls slowly towards the mantle
    assert np.abs(ratio * 5.0 / model["temperature"].values[deep] - 1).max() < 0.25
    assert np.all(ratio > 0)


def test_shock_compresses_seven_times_and_conserves_mass():
    model = post_bounce_model(zones=4000, shock_radius_km=150.0)
    r, rho, v = (model[n].values for n in ("r", "rho", "velocity_r"))
    ahead = np.argmax(r > 150e5)
    assert rho[ahead - 1] / rho[ahead] == pytest.approx(7.0, rel=0.01)
    flow = -4 * np.pi * r**2 * rho * v
    assert flow == pytest.approx(np.full(r.size, 0.3 * M_SUN), rel=1e-12)


def test_free_fall_ahead_of_the_shock():
    model = post_bounce_model()
    outside = model["r"].values > 100e5
    energy = 0.5 * model["velocity_r"].values ** 2 - G_NEWTON * 1.5 * M_SUN / model["r"].values
    assert np.abs(energy[outside] / (G_NEWTON * 1.5 * M_SUN / 100e5)).max() < 1e-12


@pytest.mark.parametrize("degeneracy", [-1.0, -0.25, 0.0, 0.5])
def test_electron_fraction_is_that_of_beta_equilibrium(degeneracy):
    """Independent electron gas with mass: mu_nue/T is the knob, to the order of m_e^2/T^2."""
    rho, t = np.array([1e10, 1e11, 8e11]), np.array([3.0, 4.5, 5.0])
    ye = beta_equilibrium_ye(rho, t, degeneracy)
    mu_e = electron_chemical_potential(rho * ye / M_U_GRAM, t)
    mu_hat = Q_NP + t * np.log((1 - ye) / ye)
    assert (mu_e - mu_hat) / t == pytest.approx(np.full(3, degeneracy), abs=0.02)


def test_the_knob_raises_the_electron_fraction():
    ye = [post_bounce_model(degeneracy=d)["ye"].sel(r=4e6, method="nearest") for d in (-1, 0, 1)]
    assert ye[0] < ye[1] < ye[2]


def test_parameters_out_of_range_are_refused_one_by_one():
    with pytest.raises(QkepipeError) as error:
        post_bounce_model(mass=-1.0, degeneracy="high")
    assert [d.field for d in error.value.defects] == ["mass", "degeneracy"]
    with pytest.raises(QkepipeError, match="r_min < surface < shock < r_max"):
        post_bounce_model(shock_radius_km=600.0)
