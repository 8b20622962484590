"""Two beams in opposite directions: linear growth, conservation, swap, and gradients of matter."""

import math

import numpy as np
import pytest

from qkepipe.constants import C_LIGHT
from qkepipe.errors import QkepipeError
from qkepipe.gallery.matter_gradient import ALPHA, coherence, efolds
from qkepipe.solvers.two_beams import run_two_beams

#: Two-beam rates, -4 q1 q2 - (k - q1 + q2)^2 (beams of strengths q1 and q2, exp(i k z)).
GROWTH = [
    ((1.0, -1.0), 2.0, 2.0),
    ((1.0, -0.5), 1.2, 1.3820274961),
    ((0.7, -1.0), 1.9, 1.6613247726),
]


def eigenvector(q1, q2, k):
    """Seeds 2 f_ex/n of the growing mode exp(i k z).

    With S = Q_x + i Q_y of each beam, conjugate to f_ex: dS_1/dt = i (k + 2 q2) S_1 - 2 i q1 S_2
    and dS_2/dt = i (2 q1 - k) S_2 - 2 i q2 S_1.
    """
    values, vectors = np.linalg.eig(np.array([[k + 2 * q2, -2 * q1], [-2 * q2, 2 * q1 - k]]))
    grows = vectors[:, np.argmin(values.imag)]
    return np.conj(grows) / np.array([q1, q2])


def measured(q, k, cells, xi=1.0):
    """Growth rate of the eigenvector in a periodic box of one wavelength."""
    length = 2 * np.pi / (xi * k)
    z = (np.arange(cells) + 0.5) * length / cells
    seed = 1e-14 * eigenvector(*q, k) * np.exp(1j * xi * k * z)[:, None]
    run = run_two_beams(
        q, length=length, cells=cells, duration=2 * length, xi=xi, seed=seed,
        boundary="periodic", samples=8,
    )  # fmt: skip
    mode = np.abs((run["coherence"] * np.exp(-1j * xi * k * run["z"])).mean("z"))
    time = run["time_sample"].values * C_LIGHT
    # after the decaying mode, which the step mixes in
    late = mode.isel(beam=0).values
    return math.log(late[-1] / late[2]) / (time[-1] - time[2])


@pytest.mark.parametrize("q, k, expected", GROWTH)
def test_growth_is_that_of_linear_theory(q, k, expected):
    coarse, fine = measured(q, k, 200), measured(q, k, 400)
    assert fine == pytest.approx(expected, rel=2e-3)
    # the error of the splitting is of second order: without it the rate is exact
    assert (4 * fine - coarse) / 3 == pytest.approx(expected, rel=1e-6)
    assert (coarse - expected) / (fine - expected) == pytest.approx(4.0, rel=0.05)


def test_attenuation_scales_growth_and_wavenumber():
    full, less = measured((1.0, -0.5), 1.2, 100), measured((1.0, -0.5), 1.2, 100, xi=0.01)
    assert less == pytest.approx(0.01 * full, rel=1e-10)


def test_lengths_and_lepton_number_are_kept():
    run = run_two_beams(
        (1.0, -0.7), length=20.0, cells=200, duration=2000.0, boundary="periodic",
        matter=np.full(200, 3.0),
    )  # fmt: skip
    p3, transverse = 2 * run["survival_probability"] - 1, np.abs(run["coherence"])
    np.testing.assert_allclose(p3**2 + transverse**2, 1.0, rtol=0, atol=1e-11)
    q3 = p3.sum("z").values @ np.array([1.0, -0.7])
    np.testing.assert_allclose(q3, q3[0], rtol=1e-11)
    assert float(run["survival_probability"].min()) < 0.6


@pytest.mark.parametrize("weaker", [1.0, 0.8, 0.5])
def test_colliding_beams_swap_flavour(weaker):
    """Beams of opposite lepton number leave as the other flavour, the weaker one completely.

    Zaizen & Nagakura (2023, arXiv:2311.13842). The flux Q_1 - Q_2 is the same at both ends in
    the mean, so that q1 (1 - P_1) = |q2| (1 - P_2) of what leaves.
    """
    run = run_two_beams((1.0, -weaker), length=20.0, cells=400, duration=600.0, seed_amplitude=1e-2)
    survival = run["survival_mean"]
    first, second = float(survival.isel(beam=0, z=-1)), float(survival.isel(beam=1, z=0))
    assert second < 0.05
    assert 1.0 - first == pytest.approx(weaker * (1.0 - second), abs=0.05)


def test_beams_of_equal_sign_keep_their_flavour():
    run = run_two_beams((1.0, 0.5), length=20.0, cells=400, duration=200.0, seed_amplitude=1e-2)
    assert float(run["survival_probability"].min()) > 0.999


@pytest.mark.parametrize("m", [0.1, 0.15, 0.2, 0.3])
def test_a_gradient_of_matter_limits_the_growth(m):
    """A mode gains 2 pi alpha mu^2/|m| e-folds on its way through the band (WKB; the set-up of
    Bhattacharyya et al. 2025, arXiv:2504.11316). Amplitudes outside the band add of order 1."""
    assert efolds(m) == pytest.approx(2 * math.pi * ALPHA / m, abs=1.5)


def test_steeper_matter_suppresses_conversion_from_a_given_seed():
    """ln(1e6) = 13.8 e-folds are needed: 31 at m = 0.1, 8 at m = 0.4."""
    assert coherence(0.1, xi=1.0, seed=1e-6).max() > 0.9
    assert coherence(0.4, xi=1.0, seed=1e-6).max() < 0.01


def test_attenuation_overstates_the_suppression_by_gradients():
    """The same gradient with xi = 0.5: a quarter of the band width times rate, 8 e-folds."""
    assert coherence(0.1, xi=0.5, seed=1e-6).max() < 0.02
    assert efolds(0.1, xi=0.5) == pytest.approx(efolds(0.4), abs=0.2)


@pytest.mark.parametrize(
    "change, line",
    [
        ({"potential": (1.0, 0.0)}, "two beams: potential"),
        ({"length": -1.0}, "two beams: length: -1.0 cm; expected a length above 0"),
        ({"duration": math.nan}, "two beams: duration"),
        ({"xi": 2.0}, "two beams: xi: 2.0; expected above 0, at most 1"),
        ({"boundary": "open"}, "two beams: boundary: 'open'; expected inflow or periodic"),
        ({"cells": 10},
         "two beams: cells: vectors turn by 4 per step of one cell; expected at most 0.5; try "
         "cells=80"),
        ({"matter": np.ones(3)}, "two beams: matter"),
        ({"seed": np.full((100, 2), 1.0)}, "two beams: seed: a modulus of 1 or more"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line(change, line):
    given = {"potential": (1.0, -1.0), "length": 10.0, "cells": 100, "duration": 10.0} | change
    with pytest.raises(QkepipeError) as caught:
        run_two_beams(given.pop("potential"), **given)
    assert str(caught.value).startswith(line)
