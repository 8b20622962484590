"""Three flavours in the periodic slab: growth of e-mu and e-tau, and how far they mix.

The operators are those of the sphere, streaming and self-interaction. With mu and tau alike the
linear equation of e-mu is that of e-tau and of two flavours (``test_box_growth``); where lepton
number is nowhere in the way, dephasing leaves one third in every flavour instead of one half.
"""

import numpy as np
import pytest
from test_box_growth import DENSITY, LENGTH, V_EDGE, discrete_growth, gaussian
from three_flavor_states import heavy_rotation, matrices, state, turned

from qkepipe.oscillation.rotation import SelfInteraction
from qkepipe.oscillation.rotation_three import SelfInteractionThree
from qkepipe.phasespace import angle_grid_from_edges, radial_grid
from qkepipe.solvers.seeds import seed_profile, seed_state, seed_state_three
from qkepipe.transport.geometry import slab
from qkepipe.transport.step import TransportOperator


class Slab:
    """States f[components, sector, 1, mu, z] of a gas (4, n_mu) [cm^-3 per d(mu)/2] in time."""

    def __init__(self, density, edges, length, cells, duration, samples, flavors=3):
        self.angle, scale = angle_grid_from_edges(edges), density.max()
        self.z = (np.arange(cells) + 0.5) * length / cells
        shape = slab(radial_grid(np.linspace(0.0, length, cells + 1)), self.angle, periodic=True)
        self.every = int(np.ceil(duration * shape.loss_rate().max() / 0.45 / samples))
        self.samples, step = samples, duration / (self.every * samples)
        self.times = np.arange(1, samples + 1) * self.every * step
        zero = np.zeros((4, 1, cells))
        inner = np.zeros((flavors**2, 2, 1, self.angle.centres.size))
        self.transport = TransportOperator(shape, zero, zero, zero, zero, inner, step)
        turning = SelfInteraction if flavors == 2 else SelfInteractionThree
        self.turning = turning(
            np.array([scale]), self.angle.centres, self.angle.widths, cells, 1.0, step
        )
        diagonal = (density / scale).reshape(2, 2, 1, -1, 1)
        self.diagonal = np.repeat(diagonal, cells, axis=4)

    def run(self, f):
        for _ in range(self.samples):
            for _ in range(self.every):
                self.turning.apply(f)
                self.transport.advance(f)
            yield f.copy()

    def density(self, f):
        """Number of every component and sector, mean over the box."""
        return np.einsum("csmz,m->cs", f[:, :, 0], self.angle.weights) / self.z.size


@pytest.mark.parametrize("heavy", [0.3, 0.0])
def test_growth_of_both_pairs(heavy):
    """Waves -5 of e-mu and -6 of e-tau, mixed and pure states: dispersion relation to 1 %."""
    density = np.stack([2 * gaussian(0.6), 1.8 * gaussian(0.53), *np.zeros((2, 32))]) * DENSITY
    density += heavy * density.max()
    box = Slab(density, V_EDGE, LENGTH, 128, 600.0, 120)
    modes = (-5, -6)
    waves = np.exp(2j * np.pi * np.outer(modes, box.z) / LENGTH)
    start = seed_state_three(box.diagonal, 1e-6, waves * np.array([[1.0], [0.5]]))
    amplitudes = []
    for f in box.run(start):
        pairs = np.einsum("pmz,m->pz", f[[3, 5], 0, 0] + 1j * f[[4, 6], 0, 0], box.angle.weights)
        amplitudes.append(np.abs((pairs / waves).mean(axis=1)))
    late = box.times >= 400.0
    for mode, series in zip(modes, np.log(amplitudes).T, strict=True):
        growth = np.polyfit(box.times[late], series[late], 1)[0]
        assert growth == pytest.approx(discrete_growth(mode), rel=1e-2, abs=0)


def opposed():
    """nue and nuebar in opposite directions, as many of both: no lepton number anywhere."""
    edges = np.linspace(-1.0, 1.0, 9)
    mu = 0.5 * (edges[1:] + edges[:-1])
    return np.stack([1.0 + mu, 1.0 - mu, 0 * mu, 0 * mu]) * DENSITY, edges


def noise(box):
    return np.stack([seed_profile("noise", box.z, number) for number in (1, 2)])


def test_complete_mixing_leaves_a_third():
    """Mean over the second half; two flavours of the same gas leave a half."""
    shares = {}
    for flavors in (2, 3):
        density, edges = opposed()
        box = Slab(density, edges, 120.0, 360, 400.0, 40, flavors)
        profiles = noise(box)
        start = (
            seed_state(box.diagonal, 1e-3, profiles[0])
            if flavors == 2
            else seed_state_three(box.diagonal, 1e-3, profiles)
        )
        before = box.density(start)
        states = list(box.run(start))
        late = np.mean([box.density(f) for f in states[20:]], axis=0)
        shares[flavors] = late[0] / before[0]
        # numbers of all flavours, and every component of the lepton matrix
        end = box.density(states[-1])
        np.testing.assert_allclose(
            end[:flavors].sum(axis=0), before[:flavors].sum(axis=0), rtol=1e-12
        )
        lepton = end[:, 0] - end[:, 1] - (before[:, 0] - before[:, 1])
        assert np.abs(lepton).max() < 1e-8 * before[0].sum()
    np.testing.assert_allclose(shares[2], 1 / 2, atol=0.04)
    np.testing.assert_allclose(shares[3], 1 / 3, atol=0.04)


def test_a_turn_of_mu_and_tau_commutes_with_the_evolution():
    density, edges = opposed()
    density = density + 0.1 * DENSITY
    u = heavy_rotation(np.random.default_rng(2))
    ends = []
    for turn in (np.eye(3), u):
        box = Slab(density, edges, 30.0, 90, 12.0, 1)
        f = state(turned(matrices(seed_state_three(box.diagonal, 1e-3, noise(box))), turn))
        ends.append(matrices(next(box.run(f))))
    # waves have grown until they are limited by one another
    assert np.abs(ends[0][..., 0, 1]).max() > 0.02
    np.testing.assert_allclose(ends[1], turned(ends[0], u), atol=1e-10)
