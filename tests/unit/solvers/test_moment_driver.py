"""Two-moment box: closures, the Runge-Kutta step, inputs and outputs of the driver."""

import inspect

import numpy as np
import pytest

from qkepipe.constants import C_LIGHT, SQRT2_GF
from qkepipe.errors import QkepipeError
from qkepipe.maximum_entropy import flux_parameter
from qkepipe.solvers import run_moment_box
from qkepipe.solvers.closures import CLOSURES
from qkepipe.solvers.moment_modes import fastest_moment_mode, moment_growth
from qkepipe.solvers.moment_step import CUT, MomentStep

#: Density whose potential is 1 cm^-1.
DENSITY = 1.0 / SQRT2_GF
NUMBER = np.array([1.0, 0.9, 0.4, 0.4]) * DENSITY
FLUX = np.array([0.1, 0.27, 0.16, 0.16]) * DENSITY
COVARIANT = ["trace_minerbo", "trace_levermore", "common_gauss", "linear_polarisation"]


def box(**changes):
    arguments = {
        "closure": "common_gauss", "length": 20.0, "cells": 32, "duration": 5.0, "samples": 5,
    }  # fmt: skip
    number, flux = changes.pop("number", NUMBER), changes.pop("flux", FLUX)
    return run_moment_box(number, flux, **{**arguments, **changes})


def physical(rng, cells=20):
    """N and F (2, 4, cells) of random sums of positive matrices over directions."""
    mu, w = np.polynomial.legendre.leggauss(6)
    vector = rng.normal(size=(2, 3, cells, mu.size))
    size = rng.uniform(0.1, 1.0, (2, 1, cells, mu.size))
    vector *= size * rng.uniform(0, 1, size.shape) / np.sqrt((vector**2).sum(1, keepdims=True))
    f = np.concatenate([size, vector], axis=1) * w
    return f.sum(-1), (f * mu).sum(-1)


def second(closure, n, f):
    p = np.full_like(n, np.nan)
    closure(n, f, p)
    return p


# --- closures --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CLOSURES)
def test_kernel_and_python_agree(name):
    n, f = physical(np.random.default_rng(1))
    expected = second(inspect.unwrap(CLOSURES[name].py_func), n, f)
    np.testing.assert_allclose(second(CLOSURES[name], n, f), expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("name", CLOSURES)
def test_beams(name):
    """P = N where F = N in one sector and F = -N in the other, whatever the flavours."""
    n, _ = physical(np.random.default_rng(2))
    f = n * np.array([1.0, -1.0])[:, None, None]
    np.testing.assert_allclose(second(CLOSURES[name], n, f), n, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", CLOSURES)
def test_isotropic(name):
    n, f = physical(np.random.default_rng(3))
    np.testing.assert_allclose(second(CLOSURES[name], n, 0.0 * f), n / 3, rtol=1e-12)


@pytest.mark.parametrize("name", CLOSURES)
def test_an_empty_sector_or_flavour(name):
    n, f = physical(np.random.default_rng(4))
    n[1], f[1] = 0.0, 0.0
    n[0, 1:3], f[0, 1:3] = 0.0, 0.0
    n[0, 3], f[0, 3] = n[0, 0], f[0, 0]
    p = second(CLOSURES[name], n, f)
    assert np.isfinite(p).all()
    assert not p[1].any()
    # a single flavour has the classical factor
    np.testing.assert_allclose(p[0, 3], p[0, 0], rtol=1e-12)


@pytest.mark.parametrize("name", COVARIANT)
def test_covariance(name):
    """A rotation of the flavour vectors goes through the closure."""
    rng = np.random.default_rng(5)
    n, f = physical(rng)
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn = np.eye(4)
    turn[1:, 1:] = rotation
    n_turned, f_turned = (np.einsum("ij,sjz->siz", turn, x) for x in (n, f))
    expected = np.einsum("ij,sjz->siz", turn, second(CLOSURES[name], n, f))
    np.testing.assert_allclose(
        second(CLOSURES[name], n_turned, f_turned), expected, rtol=0, atol=1e-13
    )


def test_factors_against_quadrature_and_the_published_form():
    """chi of maximum entropy by quadrature; Levermore's also as 1/3 + 2 f^2/(2 + sqrt(4-3f^2))."""
    x, w = np.polynomial.legendre.leggauss(200)
    for flux in (0.01, 0.2, -0.55, 0.9, 0.97, 0.985):
        z = float(flux_parameter(flux))
        weight = w * np.exp(z * x - abs(z))
        n, f = np.zeros((2, 2, 4, 1))
        n[:, 0], f[:, 0] = 1.0, flux
        p = second(CLOSURES["trace_minerbo"], n, f)
        assert p[0, 0, 0] == pytest.approx((weight * x**2).sum() / weight.sum(), rel=1e-9)
        p = second(CLOSURES["trace_levermore"], n, f)
        other = 1 / 3 + 2 * flux**2 / (2 + np.sqrt(4 - 3 * flux**2))
        assert p[0, 0, 0] == pytest.approx(other, rel=1e-12)


def test_linear_polarisation_is_exact_where_it_is_meant_to_be():
    """Vectors (a + b mu) times a maximum-entropy trace: P by quadrature."""
    rng = np.random.default_rng(6)
    x, w = np.polynomial.legendre.leggauss(100)
    z = np.array([2.0, -0.4])[:, None]
    trace = w * np.exp(z * x)
    polarisation = rng.normal(size=(2, 4, 1)) + rng.normal(size=(2, 4, 1)) * x
    polarisation[:, 0] = 1.0
    n, f, p = ((polarisation * trace[:, None] * x**k).sum(-1)[..., None] for k in range(3))
    np.testing.assert_allclose(second(CLOSURES["linear_polarisation"], n, f), p, rtol=1e-9)


# --- step ------------------------------------------------------------------------------------


def test_cut_and_damping():
    """Waves above the cut vanish; a wave below loses exp(-k_c (k/k_c)^6 t), the mean nothing."""
    step = MomentStep(CLOSURES["common_gauss"], 24, 1.0, 0.0)
    state = np.zeros((2, 2, 4, 24))
    state[0, :, 0] = 1.0
    angle = 2 * np.pi * np.arange(24) / 24
    state[0, 0, 1] = 0.25 + np.cos(4 * angle) + np.cos(9 * angle)
    state = step.smooth(state)
    np.testing.assert_allclose(state[0, 0, 1], 0.25 + np.cos(4 * angle), rtol=0, atol=1e-14)
    highest = 2 * np.pi * int(CUT * 12)
    rate = step.rate(state)
    np.testing.assert_allclose(
        rate[0, 0, 1], -highest * 0.5**6 * np.cos(4 * angle), rtol=0, atol=1e-12 * highest
    )


def test_embedded_scheme_is_of_third_order():
    """The error estimate of one step falls with h^4, the step itself with h^5."""
    step = MomentStep(CLOSURES["common_gauss"], 16, 10.0, 1.0)
    n, f = physical(np.random.default_rng(7), cells=16)
    state = step.smooth(np.stack([n, f]))

    def advance(h, count):
        x, rate = state, step.rate(state)
        for _ in range(count):
            x, rate, miss = step.advance(x, rate, h)
        return x, np.abs(miss).max()

    errors, misses = [], []
    for h in (0.1, 0.05, 0.025):
        after, miss = advance(h, 1)
        errors.append(np.abs(after - advance(h / 8, 8)[0]).max())
        misses.append(miss)
    np.testing.assert_allclose(np.diff(np.log2(misses)), -4, rtol=0, atol=0.25)
    np.testing.assert_allclose(np.diff(np.log2(errors)), -5, rtol=0, atol=0.25)


def test_longest_step_is_stable():
    """Streaming at the speed of light and damping at the cut: 400 steps do not grow."""
    step = MomentStep(CLOSURES["common_gauss"], 24, 1.0, 0.0)
    state = np.zeros((2, 2, 4, 24))
    state[:, 0] = step.smooth(np.random.default_rng(8).normal(size=24))
    state[:, :, 0] = np.array([[1.0, 0.0], [1.0, 0.0]])[:, :, None]
    x, rate = state, step.rate(state)
    for _ in range(400):
        x, rate, _ = step.advance(x, rate, step.longest(0.0))
    assert np.abs(x).max() <= np.abs(state).max()


# --- driver ----------------------------------------------------------------------------------


def test_dataset():
    result = box(wavenumber=None)
    assert dict(result.sizes) == {"time_sample": 5, "sector": 2, "species": 4, "z": 32}
    assert all("units" in result[name].attrs for name in result.data_vars)
    np.testing.assert_allclose(result["time_sample"] * C_LIGHT, [1, 2, 3, 4, 5])
    np.testing.assert_allclose(result["number"].mean("z"), NUMBER, rtol=1e-6)
    np.testing.assert_allclose(result["number_mean"], NUMBER, rtol=1e-6)
    np.testing.assert_allclose(result["flux"].mean("z"), FLUX, rtol=1e-5)
    assert result.attrs["closure"] == "common_gauss"


def test_same_numbers_twice_and_others_from_another_seed():
    first, again, other = (box(wavenumber=None, random_seed=s) for s in (1, 1, 2))
    assert first.identical(again)
    assert not np.array_equal(first["coherence"], other["coherence"])


def test_a_seed_turns_all_flavour_vectors_alike():
    """Small angle a: |N_ex| = a/2 |N_ee - N_xx| in both sectors, and nothing is lost."""
    result = box(seed_amplitude=1e-3, duration=1e-9, samples=1)
    turned = 0.5 * np.sin(1e-3) * np.abs(NUMBER[:2] - NUMBER[2:])
    np.testing.assert_allclose(
        result["coherence"], np.repeat(turned[:, None], 32, axis=1), rtol=1e-6
    )


def test_nothing_to_turn():
    """Equal flavours: no coherence, and no division by it."""
    result = box(number=np.full(4, DENSITY), flux=np.zeros(4))
    assert result["mode_amplitude"].max() < 1e-15
    np.testing.assert_allclose(result["survival_probability"], 1.0, rtol=1e-14)


def test_no_antineutrinos():
    number, flux = NUMBER * [1, 0, 1, 0], FLUX * [1, 0, 1, 0]
    result = box(number=number, flux=flux)
    assert np.isnan(result["survival_probability"].sel(sector="nubar")).all()
    assert np.isfinite(result["mode_amplitude"]).all()


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"number": NUMBER[:3]}, "moments: number: has shape (3,)"),
        ({"flux": FLUX[:, None]}, "moments: flux: has shape (4, 1)"),
        ({"number": NUMBER * [1, -1, 1, 1]}, "negative"),
        ({"number": NUMBER * [1, np.nan, 1, 1]}, "not finite"),
        ({"number": 0 * NUMBER, "flux": 0 * FLUX}, "nothing"),
        ({"flux": FLUX * [1, np.inf, 1, 1]}, "not finite"),
        ({"flux": FLUX * [1, 1, -3, 1]}, "of nux exceeds its density; expected at most"),
        ({"closure": "minerbo"}, "closure: 'minerbo' is unknown"),
        ({"closure": "trace_minerb"}, "did you mean 'trace_minerbo'"),
        ({"length": 0.0}, "length: is 0.0"),
        ({"length": np.nan}, "length: is nan"),
        ({"duration": -1.0}, "duration: is -1.0"),
        ({"xi": 0.0}, "xi: is 0.0"),
        ({"seed_amplitude": 0.0}, "seed_amplitude"),
        ({"tolerance": np.inf}, "tolerance"),
        ({"cells": 33}, "cells: is 33"),
        ({"cells": 4}, "cells: is 4"),
        ({"cells": 32.0}, "cells: is 32.0"),
        ({"samples": 0}, "samples: is 0"),
        ({"average_from": 1.0}, "average_from"),
        ({"wavenumber": 11}, "wavenumber: is 11; expected None, or up to +-10 on 32 cells"),
        ({"wavenumber": 1.5}, "wavenumber: is 1.5"),
    ],
)
def test_bad_input_is_refused_in_one_line(changes, message):
    with pytest.raises(QkepipeError) as refused:
        box(**changes)
    assert message in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_growth_refuses_what_the_box_refuses():
    with pytest.raises(QkepipeError, match="exceeds its density"):
        moment_growth(NUMBER, 2 * NUMBER, "trace_minerbo", 0.0)
    with pytest.raises(QkepipeError, match="unknown"):
        fastest_moment_mode(NUMBER, FLUX, "no", 1.0)


def test_growth_keeps_the_shape_of_wavenumbers():
    k = np.linspace(-1, 1, 6).reshape(2, 3)
    growth = moment_growth(NUMBER, FLUX, "linear_polarisation", k)
    assert growth.shape == (2, 3)
    assert growth[1, 2] == moment_growth(NUMBER, FLUX, "linear_polarisation", k[1, 2])
