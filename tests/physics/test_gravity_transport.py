"""Streaming in a static metric: balance, constants of motion, the photon sphere.

In ds^2 = -a^2 dt^2 + X^2 dr^2 + r^2 dOmega^2 free neutrinos keep E_inf = a E and the impact
parameter b = r sqrt(1 - mu^2)/a, and f is constant along rays. Outside a mass M,
a = 1/X = sqrt(1 - 2 G M/(r c^2)); with m = G M/c^2 circular orbits lie at r = 3 m and have
b = sqrt(27) m. Rays with mu > 0 that start inside with a larger b fall back, so that an
isotropic source of occupation 1 below 3 m sends the flux A H = 27 m^2/4 to infinity, whatever
its radius, and one at R > 3 m sends R^2/(4 a(R)^2).
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qkepipe.constants import C_LIGHT, G_NEWTON, M_SUN
from qkepipe.phasespace import angle_grid, angle_grid_from_edges, radial_grid
from qkepipe.transport.geometry import sphere
from qkepipe.transport.step import TransportOperator, face_flux, stable_step

KM = 1e5
#: Half the Schwarzschild radius of 1.5 solar masses [cm].
HALF = 1.5 * G_NEWTON * M_SUN / C_LIGHT**2


def schwarzschild(edges, half=HALF):
    """Radial grid around a point mass."""
    edges = np.asarray(edges)
    centres = 0.5 * (edges[1:] + edges[:-1])
    a, a_edge = (np.sqrt(1.0 - 2.0 * half / r) for r in (centres, edges))
    return radial_grid(edges, a, a_edge, 1.0 / a, 1.0 / a_edge)


def operator_of(g, inner, cfl=0.45):
    """Streaming alone; ``inner`` (n_mu,) enters every component."""
    zero = np.zeros((4, 1, g.volume.size))
    inner = np.broadcast_to(inner, (2, 2, 1, g.mu.size)).copy()
    return TransportOperator(g, zero, zero, zero, zero, inner, stable_step(g, zero, cfl))


def random_star(rng):
    """6 to 200 km around 1.5 solar masses, random bins, with cells inside the photon sphere."""
    stretch = (200.0 / 6.3) ** rng.uniform(0, 1, 57)
    edges = KM * np.sort(np.concatenate([[6.0, 6.3, 200.0], 6.3 * stretch]))
    mu = np.sort(np.concatenate([[-1.0, 1.0], rng.uniform(-1, 1, 11)]))
    g = sphere(schwarzschild(edges), angle_grid_from_edges(mu))
    assert (g.turn_rate < 0.0).any()
    assert (g.turn_rate > 0.0).any()
    return g


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000))
def test_uniform_field_is_stationary(seed):
    rng = np.random.default_rng(seed)
    g = random_star(rng)
    value = rng.uniform(0.1, 1.0)
    operator = operator_of(g, np.full(12, value))
    f = np.full((2, 2, 1, 12, 59), value)
    operator.advance(f)
    # the outer cells see the vacuum behind the outer edge
    np.testing.assert_allclose(f[..., :-6], value, rtol=0, atol=1e-14)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10_000))
def test_occupations_stay_positive(seed):
    """Discontinuous fields at the largest step: upwinding follows the sign of g."""
    rng = np.random.default_rng(seed)
    g = random_star(rng)
    operator = operator_of(g, rng.uniform(0, 1, 12), cfl=0.5)
    f = 10 ** rng.uniform(-8, 0, (2, 2, 1, 12, 59))
    for _ in range(15):
        operator.advance(f)
        assert f.min() >= 0.0


def test_turning_rate_is_that_of_the_rays():
    """g_i against (a/r - a')/X = (1 - 3 m/r)/r, second order in the width."""
    errors = []
    for n in (40, 80):
        radius = schwarzschild(KM * np.geomspace(6.0, 200.0, n + 1))
        exact = (1.0 - 3.0 * HALF / radius.centres) / radius.centres
        g = sphere(radius, angle_grid(4))
        errors.append(np.abs(g.turn_rate - exact).max() * radius.edges[0])
    assert errors[1] < 2e-3
    assert np.log2(errors[0] / errors[1]) > 1.8


def steady(radius, angle, inner, crossings):
    g = sphere(radius, angle)
    operator = operator_of(g, inner)
    f = np.zeros((2, 2, 1, g.mu.size, g.volume.size))
    for _ in range(int(crossings * radius.light_path / operator.step)):
        operator.advance(f)
    return g, operator, f


def test_impact_parameter_is_kept():
    """A smooth beam from 12 km: f(r, mu) = F(b); moments from 20 to 100 km."""
    radius, angle = schwarzschild(KM * np.geomspace(12.0, 110.0, 61)), angle_grid(40)
    first = radius.edges[0] / radius.lapse_edge[0]

    def profile(mu_in):
        return np.where(mu_in > 0.0, mu_in**2, 0.0)

    _, _, f = steady(radius, angle, profile(angle.centres), 1.3)
    nodes, weights = np.polynomial.legendre.leggauss(400)
    for wanted in (20.0, 50.0, 100.0):
        i = int(np.argmin(np.abs(radius.centres - wanted * KM)))
        r, a = radius.centres[i], radius.lapse[i]
        # substitute b: mu dmu = -(a/r)^2 b db
        b = 0.5 * first * (1.0 + nodes)
        mu = np.sqrt(1.0 - (a * b / r) ** 2)
        measure = 0.5 * first * weights * b * (a / r) ** 2 * profile(np.sqrt(1 - (b / first) ** 2))
        density, flux = np.sum(0.5 * measure / mu), np.sum(0.5 * measure)
        found = f[0, 0, 0, :, i]
        assert np.sum(angle.weights * found) == pytest.approx(density, rel=0.02)
        assert np.sum(angle.weights * angle.centres * found) == pytest.approx(flux, rel=0.01)


@pytest.mark.parametrize("first_km", [5.5, 6.2, 9.0])
def test_escape_from_within_the_photon_sphere(first_km):
    """Flux of an isotropic source: capped by the photon sphere; the same through every face."""
    radius, angle = schwarzschild(KM * np.geomspace(first_km, 30.0, 61)), angle_grid(32)
    g, operator, f = steady(radius, angle, (angle.centres > 0.0).astype(float), 4.0)
    flux = face_flux(f, operator.inner, g)[0, 0, 0]
    inside = first_km * KM < 3.0 * HALF
    largest = 27.0 * HALF**2 if inside else (radius.edges[0] / radius.lapse_edge[0]) ** 2
    np.testing.assert_allclose(flux, 0.25 * largest, rtol=1e-3)
    np.testing.assert_allclose(flux, flux[-1], rtol=5e-5 if inside else 1e-6)
