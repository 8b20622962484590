"""Metric of stars whose lapse is known: uniform density, a polytrope, vacuum, weak field.

Uniform density rho, radius R, m = G M/c^2 (Schwarzschild 1916, interior solution), with
u(r) = sqrt(1 - 2 m r^2/R^3):

    a = (3 u(R) - u(r))/2 ,    P = rho c^2 (u(r) - u(R))/(3 u(R) - u(r)) .

Isentropic stars: a h is constant, h the enthalpy per rest mass; with P = K rho^2,
h = 1 + 2 K rho. K = 100 and rho_c = 1.28e-3 (G = c = Msun = 1) have M = 1.400160 and
R = 9.58553, a star of the Einstein Toolkit.
"""

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import solve_ivp

from qkepipe.constants import C_LIGHT, G_NEWTON, M_SUN
from qkepipe.errors import QkepipeError
from qkepipe.matter.gravity import metric

KM = 1e5
LENGTH = G_NEWTON * M_SUN / C_LIGHT**2


def snapshot(edges, **profiles):
    centres = 0.5 * (edges[1:] + edges[:-1])
    data = {name: ("r", f(centres)) for name, f in profiles.items()}
    return xr.Dataset(data, coords={"r": centres, "r_edge": edges})


def uniform_star(mass=1.4, radius=12 * KM):
    """Density, pressure and lapse as functions of r, vacuum outside."""
    m = mass * LENGTH
    rho = 3.0 * mass * M_SUN / (4.0 * np.pi * radius**3)
    u, u_last = (lambda r: np.sqrt(1.0 - 2.0 * m * r**2 / radius**3)), np.sqrt(1 - 2 * m / radius)

    def pressure(r):
        inside = np.minimum(r, radius)
        return rho * C_LIGHT**2 * (u(inside) - u_last) / (3.0 * u_last - u(inside))

    def lapse(r):
        inside, outside = np.minimum(r, radius), np.maximum(r, radius)
        return np.where(r < radius, 1.5 * u_last - 0.5 * u(inside), np.sqrt(1 - 2 * m / outside))

    return lambda r: np.where(r < radius, rho, 1e-3), pressure, lapse


def edges_through(radius, last, n=60):
    return np.concatenate([np.linspace(0.0, radius, n + 1), np.geomspace(radius, last, n + 1)[1:]])


STUDY = np.geomspace(2 * KM, 45 * KM, 41)


def test_uniform_star():
    """With pressure to 1e-4 everywhere; outside a X = 1 and both are Schwarzschild's."""
    rho, pressure, lapse = uniform_star()
    found = metric(snapshot(edges_through(12 * KM, 50 * KM), rho=rho, pressure=pressure), STUDY)
    assert found.attrs["gravity"] == "computed"
    assert "with its pressure" in found.attrs["lapse_source"]
    np.testing.assert_allclose(found["lapse"], lapse(found["r"]), rtol=1e-4)
    np.testing.assert_allclose(found["lapse_edge"], lapse(STUDY), rtol=1e-4)
    outside = STUDY > 12 * KM
    product = (found["lapse_edge"] * found["radial_metric_edge"]).values[outside]
    np.testing.assert_allclose(product, 1.0, rtol=1e-9)
    inside = STUDY[~outside]
    exact = (1.0 - 2.0 * 1.4 * LENGTH * inside**2 / (12 * KM) ** 3) ** -0.5
    np.testing.assert_allclose(found["radial_metric_edge"].values[~outside], exact, rtol=1e-9)
    assert found.attrs["largest_redshift"] == pytest.approx(1.0 - lapse(STUDY).min(), rel=1e-3)


def test_second_order_in_the_zones():
    """What is left is the pressure, linear between zones."""
    rho, pressure, lapse = uniform_star()
    error = []
    for n in (20, 40, 80):
        star = snapshot(edges_through(12 * KM, 50 * KM, n), rho=rho, pressure=pressure)
        error.append(np.abs(metric(star, STUDY)["lapse_edge"] / lapse(STUDY) - 1.0).max())
    assert np.log2(error[0] / error[1]) > 1.8
    assert np.log2(error[1] / error[2]) > 1.8


def test_weak_field():
    """Without pressure a = 1 + Phi/c^2 with the Newtonian potential of a uniform sphere."""
    rho, _, _ = uniform_star(mass=1e-4)
    found = metric(snapshot(edges_through(12 * KM, 50 * KM), rho=rho), STUDY)
    assert "pressure neglected" in found.attrs["lapse_source"]
    r, m = STUDY, 1e-4 * LENGTH
    potential = np.where(r < 12 * KM, -m * (3 - (r / (12 * KM)) ** 2) / (24 * KM), -m / r)
    np.testing.assert_allclose(found["lapse_edge"] - 1.0, potential, rtol=1e-4)


def polytrope():
    """rho, pressure and energy density over rest-mass-energy units as functions of r [cm]."""
    k, centre = 100.0, 1.28e-3

    def slopes(r, y):
        m, rho = y
        pressure = k * rho**2
        energy = rho + pressure
        dp = -(energy + pressure) * (m + 4 * np.pi * r**3 * pressure) / (r * (r - 2 * m))
        return [4 * np.pi * r**2 * energy, dp / (2 * k * rho)]

    def surface(r, y):
        return y[1] - 1e-9

    surface.terminal = True
    start = 1e-6
    y = [4 * np.pi / 3 * start**3 * (centre + k * centre**2), centre]
    star = solve_ivp(slopes, (start, 20.0), y, events=surface, dense_output=True, rtol=1e-10)
    return star.t[-1], star.y[0, -1], lambda r: star.sol(np.clip(r, start, star.t[-1]))[1]


def test_polytrope_of_the_einstein_toolkit():
    """Lapse of an isentropic star, a h = const, with the energy density as density."""
    radius, mass, rest = polytrope()
    assert mass == pytest.approx(1.400160, rel=1e-5)
    assert radius == pytest.approx(9.58553, rel=1e-4)
    unit = M_SUN / LENGTH**3

    def energy(r):
        rho = rest(r / LENGTH)
        return np.where(r < radius * LENGTH, unit * (rho + 100.0 * rho**2), 1e-3)

    def pressure(r):
        return unit * C_LIGHT**2 * 100.0 * rest(r / LENGTH) ** 2

    edges = edges_through(radius * LENGTH, 40 * LENGTH, 200)
    study = np.linspace(0.5, 9.5, 20) * LENGTH
    found = metric(snapshot(edges, rho=energy, pressure=pressure), study)["lapse_edge"]
    surface = np.sqrt(1.0 - 2.0 * mass / radius)
    np.testing.assert_allclose(found, surface / (1 + 200.0 * rest(study / LENGTH)), rtol=2e-4)


@pytest.mark.parametrize("given", ["lapse", "radial_metric", "both"])
def test_metric_of_the_snapshot(given):
    """Of vacuum around 1.5 solar masses: the one that is missing follows."""
    m = 1.5 * LENGTH
    both = {
        "lapse": lambda r: np.sqrt(1 - 2 * m / r),
        "radial_metric": lambda r: (1 - 2 * m / r) ** -0.5,
    }
    chosen = both if given == "both" else {given: both[given]}
    star = snapshot(np.geomspace(20 * KM, 400 * KM, 201), rho=lambda r: 1e6 + 0 * r, **chosen)
    study = np.geomspace(25 * KM, 300 * KM, 31)
    found = metric(star, study)
    assert found.attrs["gravity"] == "snapshot"
    for name, exact in both.items():
        np.testing.assert_allclose(found[f"{name}_edge"], exact(study), rtol=2e-5)
        np.testing.assert_allclose(found[name], exact(found["r"]), rtol=2e-5)


def test_interior_from_the_lapse_alone():
    """Radial metric of the uniform star from its lapse and pressure."""
    rho, pressure, lapse = uniform_star()
    star = snapshot(edges_through(12 * KM, 50 * KM, 200), rho=rho, pressure=pressure, lapse=lapse)
    found = metric(star, STUDY)
    r = STUDY[STUDY < 11.5 * KM]
    exact = (1.0 - 2.0 * 1.4 * LENGTH * r**2 / (12 * KM) ** 3) ** -0.5
    np.testing.assert_allclose(found["radial_metric_edge"].values[: r.size], exact, rtol=1e-3)


def envelope():
    return snapshot(np.geomspace(20 * KM, 400 * KM, 51), rho=lambda r: 1e12 * (20 * KM / r) ** 3)


def test_flat_where_the_inner_mass_is_unknown():
    found = metric(envelope(), np.geomspace(30 * KM, 300 * KM, 11))
    assert found.attrs["gravity"] == "flat"
    assert "mass inside is unknown" in found.attrs["lapse_source"]
    assert all(np.all(found[n] == 1.0) for n in found.data_vars)


def test_refusals():
    study = np.geomspace(30 * KM, 300 * KM, 11)
    with pytest.raises(QkepipeError, match="at least one of them"):
        metric(envelope(), study, "snapshot")
    with pytest.raises(QkepipeError, match="begins at 20 km"):
        metric(envelope(), study, "computed")
    with pytest.raises(QkepipeError, match="one of auto"):
        metric(envelope(), study, "kerr")
    dense = snapshot(np.linspace(0.0, 400 * KM, 51), rho=lambda r: 1e15 + 0 * r)
    with pytest.raises(QkepipeError, match="horizon"):
        metric(dense, study)
    with pytest.raises(QkepipeError, match="lapse: 0 at"):
        metric(envelope().assign(lapse=("r", np.zeros(50))), study)
