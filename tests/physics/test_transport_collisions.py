"""Collisions alone: the closed form against the matrix exponential, and what it keeps.

C_F = Gamma (F_eq - F) + chi0 (J - F) + chi1 mu H on a discrete mu grid, Gamma of off-diagonals
(kappa*_e + kappa*_x)/2 (Sigl & Raffelt 1993). A field without gradients does not stream, so one
step of the operator is the collision flow.
"""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from qkepipe.phasespace import angle_grid, radial_grid
from qkepipe.transport.geometry import slab
from qkepipe.transport.step import TransportOperator

N_MU, N_ENERGY, CELLS = 10, 6, 4
GEOMETRY = slab(radial_grid(np.linspace(0.0, 1.0, CELLS + 1)), angle_grid(N_MU), periodic=True)


def random_states(rng):
    """Matrices with eigenvalues in [0, 1], uniform in space."""
    shape = (2, N_ENERGY, N_MU, 1)
    low, high = np.sort(rng.uniform(0, 1, (2, *shape)), axis=0)
    z, phase = rng.uniform(-1, 1, shape), rng.uniform(0, 2 * np.pi, shape)
    length = high - low
    across = 0.5 * length * np.sqrt(1 - z * z)
    parts = [low + high + length * z, low + high - length * z]
    f = np.stack([0.5 * parts[0], 0.5 * parts[1], across * np.cos(phase), across * np.sin(phase)])
    return np.ascontiguousarray(np.broadcast_to(f, (4, *shape[:3], CELLS)))


def random_rates(rng, flavour_blind):
    shape = (4, N_ENERGY, 1)
    absorption = 10 ** rng.uniform(-6, 4, shape)
    scattering = 10 ** rng.uniform(-6, 4, (1, N_ENERGY, 1) if flavour_blind else shape)
    scattering = np.broadcast_to(scattering, shape)
    transport = scattering * (1 - rng.uniform(-1, 1, (1, N_ENERGY, 1)) / 3)
    equilibrium = rng.uniform(0, 1, shape)
    grown = [np.repeat(a, CELLS, axis=2) for a in (absorption, scattering, transport, equilibrium)]
    return [np.ascontiguousarray(a) for a in grown]


def collide(f, rates, step):
    n_component = f.shape[0]
    inner = np.zeros((n_component, 2, N_ENERGY, N_MU))
    out = f.copy()
    TransportOperator(GEOMETRY, *rates, inner, step).advance(out)
    return out


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.sampled_from([1e-3, 0.1, 1.0]))
def test_closed_form_is_the_exponential(seed, step):
    rng = np.random.default_rng(seed)
    f, rates = random_states(rng), random_rates(rng, flavour_blind=False)
    out = collide(f, rates, step)
    absorption, scattering, transport, equilibrium = (a[:, :, 0] for a in rates)
    mu, w = GEOMETRY.mu, 0.5 * GEOMETRY.dmu
    for sector in range(2):
        species = (sector, 2 + sector)
        for e in range(N_ENERGY):
            gamma = [absorption[s, e] for s in species]
            chi0 = [scattering[s, e] for s in species]
            chi1 = [3 * (scattering[s, e] - transport[s, e]) for s in species]
            for component in range(4):
                kind = min(component, 2)

                def pick(v, k=kind):
                    return v[k] if k < 2 else 0.5 * (v[0] + v[1])

                matrix = -(pick(gamma) + pick(chi0)) * np.eye(N_MU)
                matrix += pick(chi0) * w[None, :] + pick(chi1) * np.outer(mu, w * mu)
                target = equilibrium[species[component], e] if component < 2 else 0.0
                flow = expm(matrix * step)
                expected = target + flow @ (f[component, sector, e, :, 0] - target)
                np.testing.assert_allclose(
                    out[component, sector, e, :, 0], expected, atol=1e-12, rtol=0
                )


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 10_000), st.sampled_from([1e-4, 1e-2, 1.0, 100.0]))
def test_occupations_and_matrices_stay_physical(seed, step):
    """Eigenvalues stay in [0, 1] for any rates with flavour-blind scattering."""
    rng = np.random.default_rng(seed)
    out = collide(random_states(rng), random_rates(rng, flavour_blind=True), step)
    length = np.sqrt((out[0] - out[1]) ** 2 + 4 * (out[2] ** 2 + out[3] ** 2))
    trace = out[0] + out[1]
    assert (trace - length).min() >= -1e-14
    assert (trace + length).max() <= 2 + 1e-14


def test_scattering_conserves_number_and_damps_the_flux():
    """Flux e^(-(chi0 - m2 chi1) c t), the discrete transport opacity; number unchanged."""
    rng = np.random.default_rng(9)
    f = random_states(rng)
    rates = random_rates(rng, flavour_blind=True)
    rates[0][:] = 0.0
    rates[1][:], rates[2][:] = 2.0, 2.0 - 0.8 / 3
    out = collide(f, rates, 0.5)
    w = 0.5 * GEOMETRY.dmu

    def moment(state, power):
        return np.einsum("csemr,m->cser", state, w * GEOMETRY.mu**power)

    np.testing.assert_allclose(moment(out, 0), moment(f, 0), rtol=0, atol=1e-14)
    decay = np.exp(-0.5 * (2.0 - GEOMETRY.second_moment * 0.8))
    np.testing.assert_allclose(moment(out, 1), decay * moment(f, 1), rtol=0, atol=1e-14)


def test_relaxation_to_equilibrium():
    """f = f_eq + (f_0 - f_eq) e^(-kappa* c t); off-diagonals e^(-(kappa*_e + kappa*_x) c t/2)."""
    rng = np.random.default_rng(10)
    f = random_states(rng)
    rates = random_rates(rng, flavour_blind=True)
    rates[1][:] = rates[2][:] = 0.0
    out = f
    for _ in range(7):
        out = collide(out, rates, 0.3)
    absorption, _, _, equilibrium = rates
    for sector in range(2):
        kappa = [absorption[s][:, None] for s in (sector, 2 + sector)]
        for c, s in ((0, sector), (1, 2 + sector)):
            target = equilibrium[s][:, None]
            expected = target + (f[c, sector] - target) * np.exp(-kappa[c] * 2.1)
            np.testing.assert_allclose(out[c, sector], expected, rtol=0, atol=1e-13)
        for c in (2, 3):
            expected = f[c, sector] * np.exp(-0.5 * (kappa[0] + kappa[1]) * 2.1)
            np.testing.assert_allclose(out[c, sector], expected, rtol=0, atol=1e-13)


def test_two_half_steps_are_one_step():
    """The flow of fixed rates is a semigroup."""
    rng = np.random.default_rng(11)
    f, rates = random_states(rng), random_rates(rng, flavour_blind=False)
    twice = collide(collide(f, rates, 0.35), rates, 0.35)
    np.testing.assert_allclose(twice, collide(f, rates, 0.7), rtol=0, atol=1e-14)
