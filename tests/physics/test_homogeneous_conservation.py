"""What a homogeneous run keeps, and how its error falls with the step.

Without collisions trace and eigenvalues of every matrix are constants of i d_s f = [H, f]; without
vacuum terms so is D_0, the difference of neutrinos and antineutrinos over all directions.
Attenuation of the whole Hamiltonian is a change of the unit of time, f(s; xi) = f(xi s; 1).
"""

import itertools

import numpy as np
import pytest
from homogeneous_gas import UNIT, evolve

from qkepipe.oscillation import unitary
from qkepipe.oscillation.vacuum import ThreeFlavors, components, vacuum_hamiltonian
from qkepipe.phasespace import angle_grid
from qkepipe.solvers.homogeneous_step import HomogeneousStep

ANGLE = angle_grid(6)
WEIGHTS = np.array([0.4, 0.6]) * UNIT


def random_state(rng, flavors, shape):
    """Components of matrices with eigenvalues between 0 and 1."""
    size = (*shape, flavors, flavors)
    q, _ = np.linalg.qr(rng.normal(size=size) + 1j * rng.normal(size=size))
    levels = rng.uniform(size=(*shape, 1, flavors))
    return np.ascontiguousarray(components((q * levels) @ q.conj().swapaxes(-1, -2)))


def invariants(f):
    """Trace and tr f^2 of every matrix; of three flavours tr f^3 too."""
    flavors = 2 if len(f) == 4 else 3
    out = [f[:flavors].sum(axis=0), (f[:flavors] ** 2).sum(0) + 2 * (f[flavors:] ** 2).sum(0)]
    if flavors == 3:
        a, b, c, xr, xi, yr, yi, zr, zi = f
        loop = 2 * ((xr * zr - xi * zi) * yr + (xr * zi + xi * zr) * yi)
        out.append(
            a * b * c + loop - a * (zr**2 + zi**2) - b * (yr**2 + yi**2) - c * (xr**2 + xi**2)
        )
    return np.stack(out)


def net(f):
    """D_0 of all components [1/cm]."""
    difference = np.einsum("csem,e,m->cs", f, WEIGHTS / UNIT, ANGLE.weights)
    return difference[:, 0] - difference[:, 1]


def vacuum_of(flavors, size=0.3):
    """Random Hermitian vacuum terms of two energies."""
    h = np.random.default_rng(11).normal(size=(flavors**2, 2)) * size
    h[:flavors] -= h[:flavors].mean(axis=0)
    return h


def operator_of(flavors, vacuum=None, **options):
    if vacuum is None:
        vacuum = np.zeros((flavors**2, 2))
    return HomogeneousStep(WEIGHTS, ANGLE.centres, ANGLE.weights, vacuum, **options)


@pytest.mark.parametrize("flavors", [2, 3])
def test_many_random_rotations(flavors):
    """1e5 steps with a random H each: trace and eigenvalues to 1e-12."""
    rng = np.random.default_rng(8)
    f = random_state(rng, flavors, (64,))
    before = invariants(f)
    h = rng.normal(size=(flavors**2, 64 + 1000))
    u, work = np.empty((unitary.STEP_ROWS[flavors**2], 64)), np.empty(unitary.TILE_SIZE)
    steps = rng.uniform(0.01, 3.0, 100000)
    for k, step in enumerate(steps):
        unitary.exponential(np.ascontiguousarray(h[:, k % 1000 : k % 1000 + 64]), step, u, work)
        unitary.turn(f, u, work)
    np.testing.assert_allclose(invariants(f), before, rtol=0, atol=1e-12)


@pytest.mark.parametrize("flavors", [2, 3])
@pytest.mark.parametrize("order", [2, 4])
def test_trace_length_and_lepton_numbers(flavors, order):
    """To round-off whatever the step, here half a radian, over 5000 steps.

    The matter term has the same U in every step, and with it the same rounding, which adds up.
    """
    f = random_state(np.random.default_rng(1), flavors, (2, 2, 6))
    operator = operator_of(flavors, potential=3.0, order=order)
    (end,), _ = evolve(operator, f, [1500.0], step=0.3)
    np.testing.assert_allclose(invariants(end), invariants(f), rtol=0, atol=1e-12)
    # matter turns D_0 about its axis: the lepton number of every flavour stays
    np.testing.assert_allclose(net(end)[:flavors], net(f)[:flavors], rtol=0, atol=1e-12)
    assert np.abs(end - f).max() > 0.1


@pytest.mark.parametrize("flavors, bar", [(2, 1e-12), (3, 3e-12)])
def test_self_interaction_over_1e5_steps(flavors, bar):
    """No two steps are alike: trace 1e-15, eigenvalues 1e-12, lepton numbers 1e-13."""
    f = random_state(np.random.default_rng(1), flavors, (2, 2, 6))
    (end,), counts = evolve(operator_of(flavors, order=2), f, [1e4], step=0.1)
    assert counts.accepted == 100000
    np.testing.assert_allclose(invariants(end)[0], invariants(f)[0], rtol=0, atol=1e-15)
    np.testing.assert_allclose(invariants(end), invariants(f), rtol=0, atol=bar)
    np.testing.assert_allclose(net(end)[:flavors], net(f)[:flavors], rtol=0, atol=2e-13)
    assert np.abs(end - f).max() > 0.1


@pytest.mark.parametrize("flavors", [2, 3])
def test_matter_over_1e5_steps(flavors):
    """The rounding of a U that is the same in all steps adds up: 2e-16 per step, not its root."""
    f = random_state(np.random.default_rng(1), flavors, (2, 2, 6))
    operator = operator_of(flavors, potential=3.0, order=2)
    (end,), _ = evolve(operator, f, [1e4], step=0.1)
    np.testing.assert_allclose(invariants(end)[0], invariants(f)[0], rtol=0, atol=1e-15)
    np.testing.assert_allclose(invariants(end), invariants(f), rtol=0, atol=1e-10)
    np.testing.assert_allclose(net(end)[:flavors], net(f)[:flavors], rtol=0, atol=1e-11)


@pytest.mark.parametrize("flavors", [2, 3])
def test_mirror_image(flavors):
    """mu -> -mu with the velocity of matter reversed: the mirror image, all terms on."""
    f = random_state(np.random.default_rng(13), flavors, (2, 2, 6))
    mu = np.array([-0.9, -0.5, -0.1, 0.1, 0.5, 0.9])
    weight = np.full(6, 1 / 6)
    options = {"absorption": np.full((flavors, 2, 2), 0.01)}

    def end(f, velocity):
        operator = HomogeneousStep(
            WEIGHTS, mu, weight, vacuum_of(flavors), potential=0.5, matter_velocity=velocity,
            **options,
        )  # fmt: skip
        return evolve(operator, np.ascontiguousarray(f), [10.0], step=0.1)[0][0]

    plain = end(f, 0.3)
    np.testing.assert_allclose(end(f[..., ::-1], -0.3)[..., ::-1], plain, rtol=0, atol=1e-12)
    assert np.abs(end(f, -0.3) - plain).max() > 1e-2


@pytest.mark.parametrize("flavors", [2, 3])
def test_rotation_of_the_flavour_frame(flavors):
    """Phases of the heavy flavours are a matter of convention: rho_ab -> e^{i(a - b)} rho_ab."""
    f = random_state(np.random.default_rng(14), flavors, (2, 2, 6))
    phase = np.array([0.0, 0.7, -1.9])[:flavors]

    def turned(f):
        out = f.copy()
        k = flavors
        for a in range(flavors):
            for b in range(a + 1, flavors):
                mixed = (f[k] + 1j * f[k + 1]) * np.exp(1j * (phase[a] - phase[b]))
                out[k], out[k + 1] = mixed.real, mixed.imag
                k += 2
        return out

    operator = operator_of(flavors, potential=0.5)
    (plain,), _ = evolve(operator, f, [10.0], step=0.1)
    (other,), _ = evolve(operator, turned(f), [10.0], step=0.1)
    np.testing.assert_allclose(other, turned(plain), rtol=0, atol=1e-12)
    assert np.abs(plain - f).max() > 0.1


@pytest.mark.parametrize("flavors", [2, 3])
def test_net_polarisation_without_matter(flavors):
    """All components of D_0, not its diagonal alone."""
    f = random_state(np.random.default_rng(2), flavors, (2, 2, 6))
    (end,), _ = evolve(operator_of(flavors), f, [100.0], tolerance=1e-5)
    np.testing.assert_allclose(net(end), net(f), rtol=0, atol=1e-13)


@pytest.mark.parametrize("flavors", [2, 3])
def test_invariants_with_all_terms_but_collisions(flavors):
    f = random_state(np.random.default_rng(3), flavors, (2, 2, 6))
    operator = operator_of(flavors, vacuum_of(flavors), potential=0.7)
    (end,), _ = evolve(operator, f, [200.0], tolerance=1e-4)
    np.testing.assert_allclose(invariants(end), invariants(f), rtol=0, atol=1e-12)


@pytest.mark.parametrize("collisions, velocity", [(False, 0.0), (True, 0.0), (True, 0.5)])
@pytest.mark.parametrize("flavors", [2, 3])
@pytest.mark.parametrize("order", [2, 4])
def test_order_of_convergence(order, flavors, collisions, velocity):
    """Error over the step, all terms on, matter that changes in time, and moves."""
    f = random_state(np.random.default_rng(4), flavors, (2, 2, 6))
    options = {"potential": lambda s: 0.8 + 0.5 * np.sin(s), "matter_velocity": velocity}
    if collisions:
        rng = np.random.default_rng(6)
        options["absorption"] = rng.uniform(0.0, 0.3, (flavors, 2, 2))
        options["equilibrium"] = rng.uniform(0.0, 1.0, (flavors, 2, 2))
    vacuum = vacuum_of(flavors)
    (exact,), _ = evolve(operator_of(flavors, vacuum, **options), f, [6.0], step=0.005)
    operator = operator_of(flavors, vacuum, order=order, **options)
    errors = []
    for step in (0.2, 0.1, 0.05):
        (end,), _ = evolve(operator, f, [6.0], step=step)
        errors.append(np.abs(end - exact).max())
    for coarse, fine in itertools.pairwise(errors):
        assert np.log2(coarse / fine) == pytest.approx(order, abs=0.2)


@pytest.mark.parametrize("order", [2, 4])
def test_error_follows_the_tolerance(order):
    f = random_state(np.random.default_rng(5), 2, (2, 2, 6))
    vacuum = vacuum_of(2)
    (exact,), _ = evolve(operator_of(2, vacuum), f, [20.0], tolerance=1e-12)
    errors, steps = [], []
    for tolerance in (1e-4, 1e-6, 1e-8):
        (end,), counts = evolve(operator_of(2, vacuum, order=order), f, [20.0], tolerance=tolerance)
        errors.append(np.abs(end - exact).max())
        steps.append(counts.accepted)
        assert counts.rejected < 0.2 * counts.accepted
    assert errors[0] < 0.03 and errors[1] < 1e-3 and errors[2] < 3e-5
    # error of a step ~ h^(p+1)
    np.testing.assert_allclose(np.diff(np.log10(steps)), 2.0 / (order + 1), rtol=0.2)


@pytest.mark.parametrize("flavors", [2, 3])
def test_attenuation_is_a_unit_of_time(flavors):
    f = random_state(np.random.default_rng(6), flavors, (2, 2, 6))
    vacuum = vacuum_of(flavors)
    (full,), _ = evolve(operator_of(flavors, vacuum, potential=0.4), f, [4.0], step=0.1)
    (slow,), _ = evolve(
        operator_of(flavors, vacuum, potential=0.4, xi=1e-3), f, [4000.0], step=100.0
    )
    np.testing.assert_allclose(slow, full, rtol=0, atol=1e-12)


@pytest.mark.parametrize("flavors", [2, 3])
def test_conjugation(flavors):
    """Neutrinos and antineutrinos exchanged, Hamiltonians of vacuum conjugated: conjugate states.

    In stored form f <-> conj(g); matter and vacuum change sign with the exchange.
    """
    conjugate = np.ones(flavors**2)
    conjugate[flavors + 1 :: 2] = -1.0
    f = random_state(np.random.default_rng(7), flavors, (2, 2, 6))
    swapped = conjugate[:, None, None, None] * f[:, ::-1]
    vacuum = vacuum_of(flavors)
    (end,), _ = evolve(operator_of(flavors, vacuum), f, [10.0], step=0.1)
    (other,), _ = evolve(
        operator_of(flavors, conjugate[:, None] * vacuum),
        np.ascontiguousarray(swapped), [10.0], step=0.1,
    )  # fmt: skip
    np.testing.assert_allclose(
        other, conjugate[:, None, None, None] * end[:, ::-1], rtol=0, atol=1e-11
    )


def test_large_matter_potential_does_not_limit_the_step():
    """lambda = 1e6: the state is that without matter but for phases, at the same step."""
    f = random_state(np.random.default_rng(9), 3, (2, 2, 6))
    (plain,), few = evolve(operator_of(3), f, [10.0], tolerance=1e-8)
    (dense,), many = evolve(operator_of(3, potential=1e6), f, [10.0], tolerance=1e-8)
    np.testing.assert_allclose(dense[:3], plain[:3], rtol=0, atol=1e-7)
    assert many.accepted == pytest.approx(few.accepted, rel=0.3)


def test_two_flavors_inside_three():
    """tau decoupled and theta_12 alone: the e-mu block is the gas of two flavours."""
    rng = np.random.default_rng(10)
    two = random_state(rng, 2, (2, 2, 6))
    three = np.zeros((9, 2, 2, 6))
    three[[0, 1, 3, 4]] = two
    three[2] = rng.uniform(size=(2, 2, 6))
    mixing = ThreeFlavors(2e-5, 3e-5, 0.4, 0.0, 0.0, 0.0)
    vacuum = vacuum_hamiltonian([20.0, 40.0], mixing) * 1e7
    block = vacuum[[0, 1, 3, 4]].copy()
    block[:2] -= block[:2].mean(axis=0)
    absorption = rng.uniform(0.0, 0.05, (3, 2, 2))
    goal = rng.uniform(0.0, 1.0, (3, 2, 2))
    (end,), _ = evolve(
        operator_of(3, vacuum, potential=0.3, absorption=absorption, equilibrium=goal),
        three, [30.0], step=0.05,
    )  # fmt: skip
    (pair,), _ = evolve(
        operator_of(2, block, potential=0.3, absorption=absorption[:2], equilibrium=goal[:2]),
        two, [30.0], step=0.05,
    )  # fmt: skip
    # the two Cayley transforms differ by the trace of the block: an error of fourth order
    np.testing.assert_allclose(end[[0, 1, 3, 4]], pair, rtol=0, atol=1e-6)
    np.testing.assert_allclose(end[5:], 0.0, rtol=0, atol=1e-15)
