"""Growth of one flavour mode in the periodic box against linear theory.

Linearised: i (d_t + v d_z) S = [Phi_0 - v Phi_1] S - sum_j g_j (1 - v v_j) S_j for
f_ex = g S, Phi_n = sum_j g_j v_j^n. Two beams v = +-u have the closed form below (u = 1: growth^2
= -4 g1 g2 - (k - g1 + g2)^2); the Gaussian spectra are those of the code-comparison problem of
Richers et al., PRD 106, 043011 (2022). The box is evolved with heavy flavours of equal number for
neutrinos and antineutrinos, which drop out of the linear equation: a mixed state, as in a star.
"""

import itertools

import numpy as np
import pytest
from scipy.special import erf

from qkepipe.constants import C_LIGHT, SQRT2_GF
from qkepipe.solvers import run_box

#: Density whose potential is 1 cm^-1: lengths are in units of 1/mu.
DENSITY = 1.0 / SQRT2_GF


def fitted_growth(box, first, last):
    """Slope of log amplitude between two times [cm^-1]."""
    t = box["time_sample"].to_numpy() * C_LIGHT
    inside = (t >= first) & (t <= last)
    return np.polyfit(t[inside], np.log(box["mode_amplitude"].to_numpy()[inside]), 1)[0]


def two_beam_growth(g1, g2, k, u=0.5):
    """Beams v = u (weight g1) and v = -u (g2); weights > 0 where neutrinos dominate."""
    square = -((1 + u * u) ** 2) * g1 * g2 - (k * u - (g1 - g2) * (1 + u * u) / 2) ** 2
    return np.sqrt(max(square, 0.0))


def two_beam_box(cells, mode, heavy, g1=1.0, g2=-1.0, samples=200, length=10.0):
    density = np.zeros((4, 2))
    for mu_bin, g in ((1, g1), (0, g2)):
        density[0 if g > 0 else 1, mu_bin] = 2 * abs(g) * DENSITY
    density += heavy * DENSITY
    return run_box(
        density,
        np.array([-1.0, 0.0, 1.0]),
        length=length,
        cells=cells,
        duration=10.0,
        wavenumber=mode,
        samples=samples,
    )


@pytest.mark.parametrize("mode, g1, g2", [(1, 1.0, -1.0), (2, 1.0, -1.0), (2, 1.0, -0.5)])
def test_two_beams(mode, g1, g2):
    exact = two_beam_growth(g1, g2, 2 * np.pi * mode / 10.0)
    assert exact > 0.5
    growth = fitted_growth(two_beam_box(80, mode, 0.5, g1, g2), 6.0, 8.0)
    assert growth == pytest.approx(exact, rel=2.5e-3, abs=0)


def test_two_beams_linear_matrix():
    """The closed form itself against the eigenvalues of the 2 x 2 system."""
    for g1, g2, k in ((1.0, -0.5, 1.2), (0.7, -1.0, 1.9), (1.0, 0.5, 1.0)):
        v, g = np.array([1.0, -1.0]), np.array([g1, g2])
        phi0, phi1 = g.sum(), (g * v).sum()
        matrix = np.diag(k * v + phi0 - v * phi1) - (1 - np.outer(v, v)) * g[None, :]
        growth = np.linalg.eigvals(matrix).imag.max()
        assert two_beam_growth(g1, g2, k, u=1.0) == pytest.approx(growth, abs=1e-9)
    assert two_beam_growth(1.0, -0.5, 1.2, u=1.0) == pytest.approx(1.3820274961, abs=1e-9)


def test_order_of_the_growth_rate():
    """The error falls at least as fast as the square of cell and step (five cells to 1/mu)."""
    exact = two_beam_growth(1.0, -1.0, 2 * np.pi * 4 / 10.0)
    errors = []
    for cells in (20, 40, 80):
        box = two_beam_box(cells, 4, 0.5, samples=10 * cells)
        errors.append(abs(fitted_growth(box, 6.0, 7.0) / exact - 1))
    for coarse, fine in itertools.pairwise(errors):
        assert np.log2(coarse / fine) > 1.9


def test_stable_sign_of_the_wavenumber():
    """exp(-i k z) instead of exp(+i k z) does not grow: the sign of k matters."""
    box = two_beam_box(40, -1, 0.5)
    assert two_beam_growth(1.0, -1.0, -2 * np.pi / 10.0) == 0.0
    assert box["mode_amplitude"].to_numpy().max() < 2 * float(box["mode_amplitude"][0])


N_V = 32
V_EDGE = np.linspace(-1.0, 1.0, N_V + 1)
V = 0.5 * (V_EDGE[1:] + V_EDGE[:-1])
LENGTH = 256.0


def gaussian(width):
    """g(v; s), normalised to int dv g = 1."""
    norm = width * np.sqrt(np.pi / 2) * erf(np.sqrt(2) / width)
    return np.exp(-((V - 1) ** 2) / (2 * width**2)) / norm


def discrete_growth(mode):
    """Im Omega of the 32-bin system at k = 2 pi mode/L."""
    g = (gaussian(0.6) - 0.9 * gaussian(0.53)) * 2 / N_V
    phi0, phi1 = g.sum(), (g * V).sum()
    matrix = np.diag(2 * np.pi * mode / LENGTH * V + phi0 - V * phi1)
    return np.linalg.eigvals(matrix - (1 - np.outer(V, V)) * g[None, :]).imag.max()


def gaussian_box(cells, mode, heavy, amplitude):
    density = np.zeros((4, N_V))
    # conventions.md: per d(mu)/2, that is twice the density per dv
    density[0], density[1] = 2 * gaussian(0.6) * DENSITY, 1.8 * gaussian(0.53) * DENSITY
    density += heavy * density.max()
    return run_box(
        density,
        V_EDGE,
        length=LENGTH,
        cells=cells,
        duration=600.0,
        wavenumber=mode,
        seed_amplitude=amplitude,
        samples=120,
    )


@pytest.mark.parametrize(
    "mode, growth",
    [(-8, 0.003225), (-6, 0.011849), (-5, 0.012690), (-4, 0.008440), (1, 0.003589)],
)
def test_oracle_of_the_gaussian_modes(mode, growth):
    assert discrete_growth(mode) == pytest.approx(growth, abs=6e-7)


@pytest.mark.parametrize("cells, tolerance", [(64, 2.5e-3), (128, 1e-3)])
def test_gaussian_mode(cells, tolerance):
    """Mode a = -5: 13 and 26 cells per wavelength, after the transient (t > 400/mu)."""
    growth = fitted_growth(gaussian_box(cells, -5, 0.3, 1e-6), 400.0, 600.0)
    assert growth == pytest.approx(discrete_growth(-5), rel=tolerance, abs=0)


def test_gaussian_mode_of_a_pure_state():
    """The same without heavy flavours (golden problem P2): growth from a seed of 1e-6."""
    growth = fitted_growth(gaussian_box(64, -5, 0.0, 1e-6), 400.0, 600.0)
    assert growth == pytest.approx(discrete_growth(-5), rel=2.5e-3, abs=0)


def test_gaussian_mode_of_a_pure_state_below_the_slack():
    """The same from a seed so small that |P| exceeds the trace by less than round-off."""
    growth = fitted_growth(gaussian_box(64, -5, 0.0, 1e-9), 400.0, 500.0)
    assert growth == pytest.approx(discrete_growth(-5), rel=2.5e-3, abs=0)
