"""Growth of synthetic wave packets.

A packet of modes with growth gamma - (k - k0)^2/(2 a) has, with equal seeds, the largest
amplitude exp(gamma t) sqrt(2 pi a/t): the maximum over space grows at gamma - 1/(2 t), while
one Fourier mode grows at its own rate.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qkepipe.diagnostics import measured_growth

LENGTH, N = 400.0, 1024


def packet(gamma, curvature, k0, seed=1e-8, end=600.0, samples=300):
    """Amplitudes over (time, mode) of a point seed in a periodic box."""
    k = 2.0 * np.pi * np.fft.fftfreq(N, LENGTH / N)
    rate = gamma - (k - k0) ** 2 / (2.0 * curvature)
    t = np.linspace(0.0, end, samples)
    return t, k, seed * np.exp(rate * t[:, None] - 1j * k * t[:, None] * 0.3)


@settings(max_examples=20, deadline=None)
@given(gamma=st.floats(0.02, 0.1), mode=st.integers(-12, 12))
def test_one_mode_grows_at_its_own_rate(gamma, mode):
    k0 = 2.0 * np.pi * mode / LENGTH
    t, _, modes = packet(gamma, 0.5, k0, end=14.0 / gamma)
    rate, _ = measured_growth(t, np.abs(modes[:, mode]), 1e-7, 1e-3)
    assert rate == pytest.approx(gamma, rel=1e-9)


def test_maximum_over_space_grows_at_gamma_less_one_half_over_t():
    gamma = 0.03
    t, _, modes = packet(gamma, 2.0, 0.3)
    field = np.abs(np.fft.ifft(modes, axis=1) * N).max(axis=1)
    rate, (start, end) = measured_growth(t, field, 1e-4, 1e-1)
    # mean of 1/(2 t) over the window
    expected = gamma - np.log(end / start) / (2.0 * (end - start))
    assert np.isfinite(rate)
    assert rate == pytest.approx(expected, rel=1e-2)
    assert rate < 0.97 * gamma


def test_stable_packet_has_no_rate():
    t, _, modes = packet(-0.01, 0.02, 0.3)
    field = np.abs(np.fft.ifft(modes, axis=1) * N).max(axis=1)
    assert np.isnan(measured_growth(t, field, 1e-5, 1e-1)[0])
