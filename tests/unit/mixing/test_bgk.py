"""The array function of a relaxation step: diagnostics, options, refusals."""

import math

import numpy as np
import pytest

from qkepipe.constants import SQRT2_GF_RATE
from qkepipe.errors import QkepipeError
from qkepipe.mixing import bgk_step, growth_estimate


def args(make, seed=1, **sizes):
    f, energy, angle = make(seed, **sizes)
    return f, energy.weights, angle.weights, angle.centres


def test_growth_estimate_number():
    """sqrt(A B) = 1e31 cm^-3: 1.926e9 s^-1 and tau = 3.263 ns."""
    growth = growth_estimate(1e30, 1e32)
    assert growth == pytest.approx(1.925521e9, rel=1e-6)
    assert 2.0 * math.pi / growth == pytest.approx(3.263e-9, rel=1e-4)


def test_diagnostics_belong_to_the_start_of_the_step(random_field):
    f, ew, mw, mu = args(random_field)
    state = bgk_step(f, ew, mw, mu, 1e-10, flavors=2)
    unstable = state.fraction > 0.0
    assert 0 < unstable.sum() < unstable.size
    root = np.sqrt(state.negative * state.positive)
    np.testing.assert_allclose(
        state.relaxation_time[unstable], 2 * math.pi / (SQRT2_GF_RATE * root[unstable]), rtol=1e-12
    )
    assert np.all(np.isinf(state.relaxation_time[~unstable]))
    assert np.all((state.lobe_ratio >= 0.0) & (state.lobe_ratio <= 1.0))


@pytest.mark.parametrize("name", ["box", "power_half", "equipartition"])
def test_backward_euler_solves_its_implicit_equation(name, random_field):
    """f' = f - x (f' - f_a) with f_a and tau_a of the start."""
    f, ew, mw, mu = args(random_field)
    target, new = f.copy(), f.copy()
    bgk_step(target, ew, mw, mu, 0.0, flavors=3, prescription=name, mode="map")
    state = bgk_step(new, ew, mw, mu, 1e-9, flavors=3, prescription=name, mode="backward_euler")
    x = 1e-9 / state.relaxation_time
    assert x.max() > 0.3
    np.testing.assert_allclose(new, f - x * (new - target), rtol=1e-13)


def test_rate_factor_scales_time(random_field):
    f, ew, mw, mu = args(random_field)
    slow = f.copy()
    bgk_step(f, ew, mw, mu, 1e-10, flavors=3)
    bgk_step(slow, ew, mw, mu, 1e-6, flavors=3, rate_factor=np.full(f.shape[3], 1e-4))
    np.testing.assert_allclose(slow, f, rtol=1e-12)


def test_workspace_is_reused_and_parallel_is_identical(random_field):
    f, ew, mw, mu = args(random_field)
    other = f.copy()
    state = bgk_step(f, ew, mw, mu, 1e-10, flavors=2)
    assert bgk_step(f, ew, mw, mu, 1e-10, flavors=2, state=state) is state
    for _ in range(2):
        bgk_step(other, ew, mw, mu, 1e-10, flavors=2, parallel=True)
    assert np.array_equal(f, other)


def test_refusals(random_field):
    f, ew, mw, mu = args(random_field)
    with pytest.raises(QkepipeError, match="'exact' is not defined for power_half"):
        bgk_step(f, ew, mw, mu, 1.0, flavors=2, prescription="power_half", mode="exact")
    with pytest.raises(QkepipeError, match="flavors: 4 with prescription 'box'; expected 2 or 3"):
        bgk_step(f, ew, mw, mu, 1.0, flavors=4)
    with pytest.raises(ValueError, match="C-contiguous"):
        bgk_step(f[..., ::2], ew, mw, mu, 1.0, flavors=2)
    with pytest.raises(ValueError, match="weights"):
        bgk_step(f, ew, mw[1:], mu, 1.0, flavors=2)
