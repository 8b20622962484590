"""The comparison of codes of Richers et al. (2022, PRD 106, 043011) in full size.

A box of 10240/mu with 200 directions, to t = 5000/mu, from noise of random phases; set-up as in the
public codes that took part. A tenth of it with given phases is in ``test_spectral_box.py``.
"""

import numpy as np
import pytest

from qkepipe.gallery.boxes import gaussian_densities, golden_run
from qkepipe.mixing.state import mixed_arrays

LENGTH, CELLS, DIRECTIONS = 10240.0, 4096, 200
TIMES = np.arange(1000.0, 5001.0, 50.0)


def noise(number):
    """e(z) = sum over 0 < |a| <= 512 of (1e-7/|a|) exp(2 pi i a z/L + i phi_a)."""
    phase = np.random.default_rng(number).uniform(0.0, 2.0 * np.pi, (2, 512))

    def seed(z):
        a = np.arange(1, 513)
        waves = np.exp(2j * np.pi * np.outer(z, a) / LENGTH)
        return 1e-7 * (
            waves @ (np.exp(1j * phase[0]) / a) + waves.conj() @ (np.exp(1j * phase[1]) / a)
        )

    return seed


@pytest.fixture(scope="module")
def runs():
    return [
        golden_run(noise(number), CELLS, TIMES, n_v=DIRECTIONS, length=LENGTH, tolerance=1e-3)
        for number in (1, 2)
    ]


def mean_survival(run, first, last):
    """Of nue and nuebar, averaged over the times between ``first`` and ``last``."""
    survival = run["survival_probability"].transpose("sector", "time_sample").to_numpy()
    return survival[:, (first <= TIMES) & (last >= TIMES)].mean(axis=1)


@pytest.mark.slow
def test_it_is_resolved_and_keeps_its_lepton_number(runs):
    for run in runs:
        assert run["tail"].max() < 1e-6
        lepton = run["lepton_number"].to_numpy()
        assert np.ptp(lepton) < 1e-14 * lepton[0]


@pytest.mark.slow
def test_late_state_does_not_depend_on_the_phases(runs):
    """0.01 of the catalogue."""
    one, other = (mean_survival(run, 4000, 5000) for run in runs)
    np.testing.assert_allclose(one, other, rtol=0, atol=0.01)


@pytest.mark.slow
def test_means_are_those_of_the_small_box(runs):
    """The small box swings about its mean by a standard deviation of 0.0187, tabulated."""
    for run in runs:
        np.testing.assert_allclose(
            mean_survival(run, 2000, 3000), [0.8318, 0.8132], rtol=0, atol=0.0187
        )


@pytest.mark.slow
def test_late_state_is_the_published_prescription(runs):
    """Xiong et al. (2023, PRD 108, 063003), power 1/2: equal mixture beyond the crossing."""
    density, v, weight = gaussian_densities(DIRECTIONS)
    state = np.zeros((4, 1, DIRECTIONS, 1))
    state[:2, 0, :, 0] = density
    survival = mixed_arrays(state, np.ones(1), weight, v, "power_half", 2)[1][:, 0]
    expected = (density @ (weight * survival)) / (density @ weight)
    late = np.mean([mean_survival(run, 4000, 5000) for run in runs], axis=0)
    np.testing.assert_allclose(late, expected, rtol=0, atol=0.01)
    # by direction: the last state of both boxes
    vectors = np.mean([run["vectors"].values[0, :, 2].mean(axis=0) for run in runs], axis=0)
    found = 0.5 * (1.0 + vectors)
    beyond = density[1] > density[0]
    number = density[0] * weight
    for side in (beyond, ~beyond):
        average = [np.average(p[side], weights=number[side]) for p in (found, survival)]
        assert average[0] == pytest.approx(average[1], abs=0.05)
