"""Runs of three flavours on the sphere: when they are two-flavour runs, and what they keep.

The shell of ``test_sphere_onset``: two species stream outward from 50 km through 10 km of nothing.
Mu and tau have the same rates and the same start, so that the equations do not change when they
are turned into one another; seeded in e-mu alone, tau stays a spectator and the run is one of two
flavours.
"""

import itertools

import numpy as np
import pytest
from three_flavor_states import random_unitary

from qkepipe.errors import QkepipeError
from qkepipe.gallery import onset
from qkepipe.solvers import run_sphere
from qkepipe.solvers.steady import steady_field

CELLS = 100


@pytest.fixture(scope="module")
def shell():
    """Background and its classical field f[species, energy, mu, r]."""
    background = onset.shell(CELLS)
    field = steady_field(background)["f"]
    return background, field.transpose("species", "energy", "mu", "r").values


def solve(shell, xi, flavors=3, profile=None, **keywords):
    options = {"xi": xi, "flavors": flavors}
    keywords = {"seed_amplitude": 1e-3, "crossings": 1.0, "samples": 10} | keywords
    return run_sphere(
        shell[0], "qke", initial=shell[1], options=options, seed_profile=profile, **keywords
    )


def final(solution):
    return solution["f_final"].transpose("species", "energy", "mu", "r").values


def test_with_one_seed_it_is_the_run_of_two_flavours(shell):
    """nux is the mean of the flavour that mixes and of its spectator, with the classical field.

    At the edge of the beam, where face states are limited, the bounds of the two limiters differ
    by a few 1e-6 in f. Both rules of the self-interaction are of second order in the step, with
    different errors: the difference of the coherences falls fourfold with half the step.
    """
    differences = []
    for cfl in (0.2, 0.1, 0.05):
        two = solve(shell, 3e-5, 2, cfl=cfl)
        three = solve(shell, 3e-5, 3, np.ones(CELLS, dtype=complex), cfl=cfl)
        np.testing.assert_allclose(final(three)[:2], final(two)[:2], atol=1e-5)
        mean = 0.5 * (final(two)[2:] + shell[1][2:])
        np.testing.assert_allclose(final(three)[2:], mean, atol=1e-5)
        series = "coherence_series"
        differences.append(float(np.abs(three[series] - two[series]).max()))
    assert differences[0] < 1e-4 * float(two["coherence_max"].max())
    for coarse, fine in itertools.pairwise(differences):
        assert coarse / fine == pytest.approx(4.0, abs=0.5)


def test_a_turn_of_mu_and_tau_changes_no_observable(shell):
    """The seeds turned by a unitary matrix, in a run that converts a good part of all nue."""
    rng = np.random.default_rng(0)
    profiles = np.exp(2j * np.pi * rng.uniform(size=(2, CELLS)))
    plain = solve(shell, 1e-4, profile=profiles, crossings=1.5)
    turned = solve(shell, 1e-4, profile=random_unitary(rng, size=2) @ profiles, crossings=1.5)
    assert np.abs(final(plain)[0] - shell[1][0]).max() > 0.1
    np.testing.assert_allclose(final(turned), final(plain), atol=1e-8)


@pytest.fixture(scope="module")
def late(shell):
    return solve(shell, 1e-4, crossings=3.0, samples=60)


def test_it_keeps_trace_positivity_and_balances(late):
    """Eigenvalues above minus a thousandth of the trace, the slack of the limiter, or a little."""
    assert late.attrs["max_trace_change"] < 1e-12
    assert 1.0 < late.attrs["max_polarisation_over_trace"] < 1.0 + 4e-3
    assert late.attrs["number_balance_error"] < 1e-10
    assert late.attrs["eln_balance_error"] < 1e-12


def test_it_converts_into_both_heavy_flavours(late, shell):
    """Twice nux is what nue and nuebar lost: all numbers that left at the edge are conserved."""
    assert float(late["coherence_max"].max()) > 0.3
    mean = late["f"].transpose("species", "energy", "mu", "r").values
    mu = late["mu"].values * np.diff(late["mu_edge"].values)
    flux, before = (np.einsum("semr,m->sr", f, mu)[:, -5:].mean(axis=1) for f in (mean, shell[1]))
    assert (flux[:2] < 0.9 * before[:2]).all()
    np.testing.assert_allclose(2.0 * flux[2:] + flux[:2], before[:2], rtol=0.03)
    # what nue lost beyond nuebar is what nux gained beyond nuxbar: lepton number
    lost = (before[0] - flux[0]) - (before[1] - flux[1])
    assert lost == pytest.approx(0.0, abs=0.03 * before[0])


def test_a_resumed_run_is_the_same_bit_by_bit(shell, tmp_path):
    class Stop(Exception):
        pass

    def stop(done, _):
        if done >= 0.5:
            raise Stop

    kept = tmp_path / "state.npz"
    keywords = {"checkpoint": kept, "checkpoint_seconds": 0.0}
    with pytest.raises(Stop):
        solve(shell, 1e-4, progress=stop, **keywords)
    resumed, whole = solve(shell, 1e-4, **keywords), solve(shell, 1e-4)
    for name in whole.data_vars:
        np.testing.assert_array_equal(resumed[name], whole[name])
    assert resumed.attrs == whole.attrs


@pytest.mark.parametrize(
    "scheme, flavors, said",
    [
        ("qke", 4, "run: flavors: 4 of scheme qke; expected 2 or 3"),
        ("qke", "3", "run: flavors: '3' of scheme qke; expected 2 or 3"),
        ("qke", True, "run: flavors: True of scheme qke; expected 2 or 3"),
        ("threshold", 3, "run: flavors: 3 of scheme threshold; expected 2"),
    ],
)
def test_other_numbers_of_flavours_are_refused(shell, scheme, flavors, said):
    options = {"xi": 1e-4, "density": 1e11, "flavors": flavors}
    with pytest.raises(QkepipeError, match=f"^{said}$"):
        run_sphere(shell[0], scheme, initial=shell[1], options=options)


def test_seeds_of_another_shape_are_refused(shell):
    with pytest.raises(QkepipeError, match=r"run: seed_profile: shape \(3, 100\)"):
        solve(shell, 1e-4, profile=np.ones((3, CELLS), dtype=complex))
