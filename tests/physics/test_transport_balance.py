"""What streaming and collisions conserve: a uniform field, particles, positivity.

Well-balance: with faces A = r^2 and g = (A_+ - A_-)/(2 V) in place of 1/r, a uniform field is
stationary on any grid (design notes, section 2). Positivity of flavour matrices: a convex set
kept by first-order upwind steps, by the limiter with one factor for all components (Zhang & Shu
2010), and by collisions in relaxation form with flavour-blind scattering.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qkepipe.phasespace import angle_grid, angle_grid_from_edges, radial_grid
from qkepipe.transport.geometry import slab, sphere
from qkepipe.transport.step import TransportOperator, stable_step


def random_matrices(rng, shape):
    """Hermitian 2 x 2 matrices with eigenvalues in [0, 1] as components ee, xx, Re ex, Im ex."""
    low, high = np.sort(rng.uniform(0, 1, (2, *shape)), axis=0)
    trace, length = low + high, high - low
    z = rng.uniform(-1, 1, shape)
    phase = rng.uniform(0, 2 * np.pi, shape)
    across = 0.5 * length * np.sqrt(1 - z * z)
    parts = [trace + length * z, trace - length * z, 2 * across * np.cos(phase)]
    return 0.5 * np.stack([*parts, 2 * across * np.sin(phase)])


def eigenvalues(f):
    """Smaller and larger eigenvalue of each matrix."""
    length = np.sqrt((f[0] - f[1]) ** 2 + 4 * (f[2] ** 2 + f[3] ** 2))
    return 0.5 * (f[0] + f[1] - length), 0.5 * (f[0] + f[1] + length)


def random_sphere(rng, n_r=40, n_mu=12):
    edges = 1e6 * np.cumsum(np.concatenate([[rng.uniform(0.5, 20)], rng.uniform(0.02, 1, n_r)]))
    mu = np.sort(np.concatenate([[-1.0, 1.0], rng.uniform(-1, 1, n_mu - 1)]))
    return sphere(radial_grid(edges), angle_grid_from_edges(mu))


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000))
def test_uniform_field_is_stationary(seed):
    """To round-off on random grids; the outer cells see the vacuum behind the outer edge."""
    rng = np.random.default_rng(seed)
    g = random_sphere(rng)
    n_mu, n_r = g.mu.size, g.volume.size
    value = random_matrices(rng, ())
    inner = np.broadcast_to(value[:, None, None, None], (4, 2, 1, n_mu)).copy()
    zero = np.zeros((4, 1, n_r))
    operator = TransportOperator(g, zero, zero, zero, zero, inner, stable_step(g, zero, 0.45))
    f = np.broadcast_to(value[:, None, None, None, None], (4, 2, 1, n_mu, n_r)).copy()
    operator.advance(f)
    inside = f[..., :-6]
    assert np.abs(inside - value[:, None, None, None, None]).max() < 1e-14


def test_uniform_field_in_equilibrium_with_matter():
    """Collisions at equilibrium change nothing either, for any rates."""
    rng = np.random.default_rng(2)
    g = random_sphere(rng)
    n_mu, n_r = g.mu.size, g.volume.size
    absorption, scattering = 10 ** rng.uniform(-9, -3, (2, 4, 2, n_r))
    operator = TransportOperator(
        g,
        absorption,
        scattering,
        0.8 * scattering,
        np.full((4, 2, n_r), 0.3),
        np.full((2, 2, 2, n_mu), 0.3),
        stable_step(g, absorption + scattering, 0.45),
    )
    f = np.full((2, 2, 2, n_mu, n_r), 0.3)
    operator.advance(f)
    np.testing.assert_allclose(f[..., :-6], 0.3, rtol=0, atol=1e-14)


def operator_with_rates(rng, g, n_energy, n_component, cfl=0.5, flavour_blind=True):
    """Optical depths per cell from 1e-2 to 30, any equilibrium, any angular kernel."""
    n_mu, n_r = g.mu.size, g.volume.size
    per_cell = 1.0 / np.diff(np.sqrt(g.area)).mean()
    shape = (4, n_energy, n_r)
    absorption = per_cell * 10 ** rng.uniform(-2, 1.5, shape)
    scattering = per_cell * 10 ** rng.uniform(-2, 1.5, (1, *shape[1:]) if flavour_blind else shape)
    scattering = np.broadcast_to(scattering, shape).copy()
    # chi1 in [-chi0, chi0] keeps the kernel positive
    transport = scattering * (1 - rng.uniform(-1, 1, (1, *shape[1:])) / 3)
    inner = random_matrices(rng, (2, n_energy, n_mu))[:n_component]
    equilibrium = rng.uniform(0, 1, shape)
    step = stable_step(g, absorption + scattering, cfl)
    return TransportOperator(g, absorption, scattering, transport, equilibrium, inner, step)


@pytest.mark.parametrize("n_component", [2, 4])
def test_particle_budget(n_component):
    """Change = net inflow through the faces + emission - absorption, in every step."""
    rng = np.random.default_rng(n_component)
    g = random_sphere(rng)
    operator = operator_with_rates(rng, g, 3, n_component)
    f = random_matrices(rng, (2, 3, g.mu.size, g.volume.size))[:n_component].copy()
    for _ in range(20):
        number = np.einsum("csemr,m,r->sec", f[:2], 0.5 * g.dmu, g.volume)
        budget = operator.advance(f)
        before, after, inflow, collisions = np.moveaxis(budget, -1, 0)
        np.testing.assert_allclose(before, number, rtol=1e-13)
        assert np.abs((after - before - inflow - collisions) / before).max() < 1e-13
        assert np.abs(inflow).min() > 0
        assert np.abs(collisions).min() > 0


def test_periodic_box_conserves_every_component():
    rng = np.random.default_rng(4)
    g = slab(radial_grid(np.linspace(0, 1, 33)), angle_grid(8), periodic=True)
    zero = np.zeros((4, 1, 32))
    operator = TransportOperator(
        g, zero, zero, zero, zero, np.zeros((4, 2, 1, 8)), stable_step(g, zero, 0.5)
    )
    f = random_matrices(rng, (2, 1, 8, 32)).copy()
    before = f.sum(axis=-1)
    for _ in range(100):
        operator.advance(f)
    np.testing.assert_allclose(f.sum(axis=-1), before, rtol=0, atol=1e-12)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000))
def test_matrices_stay_positive(seed):
    """Random, discontinuous states with random rates at the largest step: |P| <= trace."""
    rng = np.random.default_rng(seed)
    g = random_sphere(rng, n_r=30, n_mu=10)
    operator = operator_with_rates(rng, g, 3, 4)
    f = random_matrices(rng, (2, 3, 10, 30)).copy()
    for _ in range(15):
        operator.advance(f)
        low, high = eigenvalues(f)
        # 1e-12: the slack of the limiter's positivity test, relative to the trace
        assert (low / (low + high)).min() > -1e-12


@pytest.mark.parametrize("contrast", [10.0, 1e2, 1e3, 1e4])
def test_pure_states_beside_denser_cells(contrast):
    """|P| <= 1.002 trace where the trace falls by ``contrast`` within a cell: the slack is that of
    each state, not of the dense cell it leaves."""
    n, n_mu = 64, 16
    g = slab(radial_grid(np.linspace(0, 1, n + 1)), angle_grid(n_mu, 1.0), periodic=True)
    zero = np.zeros((4, 1, n))
    operator = TransportOperator(
        g, zero, zero, zero, zero, np.zeros((4, 2, 1, n_mu)), stable_step(g, zero, 0.5)
    )
    z = np.arange(n)
    trace, angle = np.where((z >= 20) & (z < 40), 1.0, 1.0 / contrast), 2 * np.pi * z / 16
    f = np.zeros((4, 2, 1, n_mu, n))
    f[0], f[1] = 0.5 * trace * (1 + np.cos(angle)), 0.5 * trace * (1 - np.cos(angle))
    f[2] = 0.5 * trace * np.sin(angle)
    for _ in range(100):
        operator.advance(f)
        low, high = eigenvalues(f)
        assert ((high - low) / (high + low)).max() < 1 + 2e-3


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000))
def test_classical_occupations_stay_positive(seed):
    rng = np.random.default_rng(seed)
    g = random_sphere(rng, n_r=30, n_mu=10)
    operator = operator_with_rates(rng, g, 3, 2, flavour_blind=False)
    f = 10 ** rng.uniform(-8, 0, (2, 2, 3, 10, 30))
    for _ in range(15):
        operator.advance(f)
        assert f.min() >= 0.0


@pytest.mark.parametrize("n_component", [2, 4])
def test_vacuum_next_to_matter_stays_positive(n_component):
    """Exact zeros with a step two cells away: the stencil of five sees it, the limiter must too."""
    g = slab(radial_grid(np.arange(13.0)), angle_grid(2, 1.0), periodic=True)
    zero = np.zeros((4, 1, 12))
    operator = TransportOperator(
        g, zero, zero, zero, zero, np.zeros((n_component, 2, 1, 2)), stable_step(g, zero, 0.45)
    )
    f = np.zeros((n_component, 2, 1, 2, 12))
    f[0, ..., 6:9] = 1.0
    for _ in range(5):
        operator.advance(f)
        assert f[:2].min() >= -1e-12
