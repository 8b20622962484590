"""Boxes with ends and with matter: colliding beams, what enters and leaves, gradients of matter.

Two bins mu = +-u are two beams of speed u whose coupling is 1 + u^2 instead of 2: the exact solver
of two beams is the same problem with potentials times (1 + u^2)/2 and lengths over u. Unit of
length is 1 cm, the potential of a density 1/(sqrt(2) G_F).
"""

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from qkepipe.constants import C_LIGHT, SQRT2_GF
from qkepipe.solvers import run_box, run_two_beams

UNIT = 1.0 / SQRT2_GF
HALVES = np.array([-1.0, 0.0, 1.0])
EDGES = np.linspace(-1.0, 1.0, 9)
MU = 0.5 * (EDGES[1:] + EDGES[:-1])
#: Isotropic nue, forward nuebar, some heavy flavours.
CROSSING = UNIT * np.stack(
    [np.ones(8), 0.9 * np.exp(MU) / 1.18, 0.2 * np.ones(8), 0.2 * np.ones(8)]
)


def beams(nue, nuebar, edges=EDGES):
    """Densities of nue in mu > 0 and nuebar in mu < 0; half a density is a potential."""
    forward = edges[1:] > 1e-12
    density = np.zeros((4, forward.size))
    density[0, forward], density[1, ~forward] = 2 * nue * UNIT, 2 * nuebar * UNIT
    return density


def system(k, g, mu):
    """M of i d_t S = M S for f_ex = n S exp(i k z) (Phi_n = sum g mu^n; linear theory)."""
    phi0, phi1 = g.sum(), (g * mu).sum()
    return np.diag(k * mu + phi0 - mu * phi1) - (1 - np.outer(mu, mu)) * g


def growth(k, density, edges=EDGES):
    mu = 0.5 * (edges[1:] + edges[:-1])
    g = 0.5 * np.diff(edges) * SQRT2_GF * (density[0] - density[1] - density[2] + density[3])
    return np.linalg.eigvals(system(k, g, mu)).imag.max()


# --- against the exact solver of two beams ---


def distance_to_two_beams(cells, boundary, matter, length=8.0, duration=6.0, seed=0.05):
    """Mean difference of the survival of both beams, and the least survival of the exact run."""
    u, q = 0.5, np.array([1.0, -0.7])
    density = beams(1.0, 0.7, HALVES)

    def centres(n):
        return (np.arange(n) + 0.5) * length / n

    box = run_box(
        density, HALVES, length=length, cells=cells, duration=duration, boundary=boundary,
        matter=matter(centres(cells)), seed_amplitude=seed, samples=6,
    )  # fmt: skip
    fine = 4 * cells
    wave = np.sin(seed) * np.exp(2j * np.pi * centres(fine) / length)
    exact = run_two_beams(
        q * (1 + u * u) / 2, length=length / u, cells=fine, duration=duration, samples=6,
        matter=matter(centres(fine)), seed=np.stack([wave, wave], axis=1), boundary=boundary,
        seed_amplitude=1e-13,
    )["survival_probability"].values[-1]  # fmt: skip
    last = box["density"].values
    found = np.stack([last[0, 1] / density[0, 1], last[1, 0] / density[1, 0]])
    return np.abs(found - exact.reshape(2, cells, 4).mean(axis=-1)).mean(), exact.min()


@pytest.mark.parametrize("matter", [0.0, 0.8])
@pytest.mark.parametrize("boundary", ["periodic", "inflow"])
def test_two_bins_are_two_beams(boundary, matter):
    """Far in the non-linear phase; errors fall with the cells."""
    errors = []
    for cells in (64, 128, 256):
        error, least = distance_to_two_beams(
            cells, boundary, lambda z: matter * np.sin(2 * np.pi * z / 8.0)
        )
        assert least < 0.1
        errors.append(error)
    assert errors[-1] < 5e-3
    for coarse, fine in itertools.pairwise(errors):
        assert fine < 0.6 * coarse


# --- matter ---


@pytest.mark.parametrize("boundary", ["periodic", "inflow"])
def test_constant_matter_is_a_rotating_frame(boundary):
    """Survival and coherence do not notice it, in the non-linear phase too."""
    options = {
        "length": 40.0, "cells": 48, "duration": 100.0, "samples": 20, "wavenumber": -1,
        "seed_amplitude": 1e-2, "boundary": boundary,
    }  # fmt: skip
    plain = run_box(CROSSING, EDGES, **options)
    turned = run_box(CROSSING, EDGES, matter=np.full(48, 3.7), **options)
    assert float(plain["survival_probability"][-1].min()) < 0.97
    for name, unit in (("density", UNIT), ("coherence", 1.0), ("survival_probability", 1.0)):
        np.testing.assert_allclose(turned[name] / unit, plain[name] / unit, atol=1e-9)


def test_attenuation_does_not_touch_matter():
    """xi = 0.01 in a box 100 times as long is the same box only where matter is 100 times less."""
    xi, z = 0.01, (np.arange(60) + 0.5) / 60.0
    matter = 0.5 * np.sin(2 * np.pi * z)
    options = {"cells": 60, "samples": 4, "boundary": "inflow", "seed_amplitude": 1e-2}
    full = run_box(CROSSING, EDGES, length=30.0, duration=40.0, matter=matter, **options)
    less, other = (
        run_box(CROSSING, EDGES, length=30.0 / xi, duration=40.0 / xi, xi=xi, matter=own, **options)
        for own in (xi * matter, matter)
    )
    assert float(full["coherence"].max()) > 0.1
    np.testing.assert_allclose(less["density"] / UNIT, full["density"] / UNIT, atol=1e-9)
    assert np.abs(other["coherence"].values - full["coherence"].values).max() > 0.01


def band():
    """Wavenumbers and growth rates of nue of mu > 0 against half as many nuebar of mu < 0."""
    k = np.linspace(-6.0, 6.0, 1201)
    return k, np.array([growth(each, beams(1.0, 0.5)) for each in k])


def carried_through(m, seed):
    """Coherence over time in the middle in matter lambda = m z; first wavenumber and duration.

    The gradient turns the wavenumber k of f_ex into k - m t. A wave that starts above the
    unstable band is swept through it; the middle does not hear of the ends meanwhile.
    """
    k, rate = band()
    unstable = k[rate > 1e-6]
    duration = (np.ptp(unstable) + 1.0) / m
    length = 3.0 * duration
    cells = int(8 * length)
    mode = round((unstable[-1] + 0.5) * length / (2 * np.pi))
    z = (np.arange(cells) + 0.5) * length / cells
    box = run_box(
        beams(1.0, 0.5), EDGES, length=length, cells=cells, duration=duration, boundary="inflow",
        matter=m * (z - 0.5 * length), wavenumber=mode, seed_amplitude=seed, samples=20,
    )  # fmt: skip
    middle = np.abs(z - 0.5 * length) < 0.1 * length
    coherence = box["coherence"].values[:, middle].mean(axis=1)
    return coherence, 2 * np.pi * mode / length, duration


@pytest.mark.parametrize("m", [0.1, 0.15, 0.3])
def test_a_gradient_of_matter_limits_the_growth_of_many_directions(m):
    """E-folds are those of the linear system of all directions, and int growth dk/m.

    The first is exact in an infinite medium, the second WKB: amplitudes outside the band add of
    order 1.
    """
    seed, density, weight = 1e-20, beams(1.0, 0.5), 0.5 * np.diff(EDGES)
    coherence, first, duration = carried_through(m, seed)
    found = math.log(coherence[-1] / (0.5 * seed))
    g = weight * SQRT2_GF * (density[0] - density[1])
    linear = solve_ivp(
        lambda t, s: -1j * (system(first - m * t, g, MU) @ s), (0.0, duration),
        np.ones(8, dtype=complex), rtol=1e-9, atol=1e-12,
    ).y[:, -1]  # fmt: skip
    number = weight * density.sum(axis=0)
    expected = math.log(number @ np.abs(linear) / number.sum())
    assert found == pytest.approx(expected, abs=0.03 * expected)
    k, rate = band()
    assert found == pytest.approx(np.trapezoid(rate, k) / m, abs=1.5)


def test_steeper_matter_suppresses_conversion_from_a_given_seed():
    """ln(1e6) = 13.8 e-folds are needed: 28 at m = 0.1, 9 at m = 0.3."""
    assert carried_through(0.1, 1e-6)[0].max() > 0.1
    assert carried_through(0.3, 1e-6)[0].max() < 0.02


# --- what enters and leaves ---


def test_what_enters_streams_through_unchanged():
    """Without coupling, an empty box becomes the state that enters, of each side its own."""
    entering = np.random.default_rng(1).uniform(0.0, 2.0, (4, 8))
    box = run_box(
        np.zeros((4, 8)), EDGES, length=1.0, cells=20, duration=80.0, xi=0.0, boundary="inflow",
        entering=entering, samples=5,
    )  # fmt: skip
    np.testing.assert_allclose(box["density"] / entering[:, :, None], 1.0, rtol=1e-12)
    net = (entering[0] - entering[1] - entering[2] + entering[3]) @ (MU * 0.125)
    np.testing.assert_allclose(box["lepton_flux"][-1], net, rtol=1e-12)


def test_a_front_moves_with_its_direction():
    """Half of what a box of length 1 holds has entered at c t = 1/(2 mu)."""
    entering = np.zeros((4, 8))
    entering[0] = np.abs(MU) + 0.5
    box = run_box(
        np.zeros((4, 8)), EDGES, length=1.0, cells=100, duration=0.5, xi=0.0, boundary="inflow",
        entering=entering, samples=1,
    )  # fmt: skip
    held = box["density"].mean("z").values[0]
    np.testing.assert_allclose(held, 0.5 * np.abs(MU) * entering[0], rtol=1e-10)


def test_an_open_box_empties():
    """What the slowest bin (mu = 1/8) leaves behind after 20 crossings is numerical."""
    box = run_box(CROSSING, EDGES, length=1.0, cells=40, duration=160.0, boundary="open", samples=8)
    assert float(box["density"].max()) < 1e-12 * UNIT


@pytest.mark.parametrize("seed", [0.0, 1e-2])
def test_lepton_number_changes_by_what_passes_the_ends(seed):
    """To round-off, while flavour is converted."""
    box = run_box(
        CROSSING, EDGES, length=40.0, cells=100, duration=60.0, boundary="inflow",
        entering=0.5 * CROSSING, wavenumber=None, seed_amplitude=1e-2, boundary_seed=seed,
        samples=20,
    )  # fmt: skip
    assert float(box["survival_probability"][-1].max()) < 0.5
    lepton, flux = box["lepton_number"].values, box["lepton_flux"].values
    gained = 40.0 * np.diff(lepton)
    # samples are 3 cm of light travel apart
    assert np.diff(box["time_sample"])[0] * C_LIGHT == pytest.approx(3.0)
    assert np.abs(gained).max() > 1e-2 * UNIT
    np.testing.assert_allclose(3.0 * (flux[1:, 0] - flux[1:, 1]), gained, atol=1e-11 * 40.0 * UNIT)


def test_mirror_image():
    """z -> -z, mu -> -mu, k -> -k: both ends are the same."""
    options = {
        "length": 20.0, "cells": 60, "duration": 40.0, "samples": 4, "seed_amplitude": 1e-2,
        "boundary": "inflow",
    }  # fmt: skip
    box = run_box(CROSSING, EDGES, entering=0.8 * CROSSING, wavenumber=-2, **options)
    other = run_box(
        CROSSING[:, ::-1], EDGES, entering=0.8 * CROSSING[:, ::-1], wavenumber=2, **options
    )
    np.testing.assert_allclose(
        other["density"].values[:, ::-1, ::-1] / UNIT, box["density"].values / UNIT, atol=1e-9
    )
    np.testing.assert_allclose(
        other["lepton_flux"].values[:, ::-1] / UNIT, -box["lepton_flux"].values / UNIT, atol=1e-9
    )


# --- instabilities between ends ---

QUARTERS = np.linspace(-1.0, 1.0, 5)


def between_ends(density, **options):
    return run_box(
        density, QUARTERS, length=10.0, cells=200, duration=80.0, boundary="inflow",
        wavenumber=None, samples=40, **options,
    )["coherence"]  # fmt: skip


def one_way():
    """Both lobes of the lepton number forward, mu = 1/4 and 3/4."""
    density = np.zeros((4, 4))
    density[0, 2] = density[1, 3] = 4 * UNIT
    return density


def test_a_convective_instability_leaves_with_its_seed():
    """It grows to large coherence, but nothing that moves forward only can stay."""
    density = one_way()
    assert growth(-3.25, density, QUARTERS) > 0.8
    coherence = between_ends(density)
    assert float(coherence.max()) > 0.1
    assert float(coherence[-1].max()) < 1e-20


def test_a_convective_instability_amplifies_what_enters():
    """A seed of what enters is larger where it leaves, at all times."""
    coherence = between_ends(one_way(), boundary_seed=1e-4)[20:]
    assert float(coherence[:, -1].min()) > 100.0 * float(coherence[:, 0].max())


def test_an_absolute_instability_stays():
    """Lobes of opposite direction: conversion goes on although pure flavours enter."""
    density = np.zeros((4, 4))
    density[0, 3] = density[1, 0] = 4 * UNIT
    assert growth(2.075, density, QUARTERS) > 1.5
    assert float(between_ends(density)[-1].max()) > 0.3


@pytest.mark.parametrize("weaker", [1.0, 0.5])
def test_colliding_beams_of_many_directions_swap_flavour(weaker):
    """ELN-XLN vanishes on a surface between nue from the left and nuebar from the right.

    Those of the weaker lobe leave as the other flavour, and of the stronger one as many
    as the flux of lepton number, constant in the mean, asks for (Zaizen & Nagakura 2023,
    arXiv:2311.13842: complete swap of equal beams; recalled). Numbers are those of the fluxes.
    """
    density = beams(1.0, weaker)
    box = run_box(
        density, EDGES, length=20.0, cells=160, duration=600.0, boundary="inflow",
        wavenumber=None, seed_amplitude=1e-2, boundary_seed=1e-2, average_from=0.5,
    )  # fmt: skip
    late = box["density_mean"].values
    forward, backward = MU > 0.0, MU < 0.0
    right = np.average(late[0, forward, -1] / density[0, forward], weights=MU[forward])
    left = np.average(late[1, backward, 0] / density[1, backward], weights=-MU[backward])
    assert left < 0.1
    assert 1.0 - right == pytest.approx(weaker * (1.0 - left), abs=0.05)
    # what passes the ends is what the cells there hold
    electron = (late[0] - late[1] - late[2] + late[3]) * (0.125 * MU)[:, None]
    held = electron.sum(axis=0)[[0, -1]] / UNIT
    passed = box["lepton_flux"].values[100:].mean(axis=0) / UNIT
    np.testing.assert_allclose(passed, held, atol=0.02)
