"""Golden problems of one-dimensional fast conversion, and the exact properties of its equation.

Two flavours, periodic in z, axisymmetric, length and time in 1/mu:

    (d_t + v d_z) P = (J_0 - v J_1) x P,    J_n = int dv v^n (G - Gbar) P
    G = g(v; 0.6),  Gbar = 0.9 g(v; 0.53),  g Gaussian around v = 1 with int dv g = 1

the angular distributions of the code comparison of Richers et al. (2022, PRD 106, 043011), bins
at midpoints. P2: seed e(z) = 1e-6 exp(-z^2/50) on L = 256; P2c: times exp(-0.3 i z); P2N: P2 to
the non-linear phase; RC: the seed of the comparison with given phases on L = 1024. The tables are
from another program (Fourier streaming, RK4 with dt = 0.1 to 0.5) and agree with one more
(fourth-order or WENO differences) to their own accuracy.
"""

import csv
import itertools

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import erf

from qkepipe.constants import SQRT2_GF
from qkepipe.solvers.spectral import flavour_vectors, run_spectral_box
from qkepipe.solvers.trajectory import trajectory
from qkepipe.stability import growth_rate

LENGTH = 256.0


def bins(n):
    """Midpoints and weights dmu/2."""
    return -1 + (np.arange(n) + 0.5) * 2 / n, np.full(n, 1 / n)


def gaussian(v, width):
    norm = width * np.sqrt(np.pi / 2) * erf(np.sqrt(2) / width)
    return np.exp(-((v - 1) ** 2) / (2 * width**2)) / norm


def densities(v):
    """Per d(mu)/2, twice the density per dv, for mu = 1 cm^-1."""
    return 2 * np.stack([gaussian(v, 0.6), 0.9 * gaussian(v, 0.53)]) / SQRT2_GF


def packet(z):
    return 1e-6 * np.exp(-(z**2) / 50)


def complex_packet(z):
    return packet(z) * np.exp(-0.3j * z)


def box(seed, cells, times, *, n_v=32, length=LENGTH, nubar=None, **options):
    """Run with seed e(z); ``nubar`` is that of conj(rhobar_ex)."""
    v, weight = bins(n_v)
    z = (np.arange(cells) - cells / 2 + 0.5) * length / cells
    nu = flavour_vectors(seed(z), n_v)
    other = nu if nubar is None else flavour_vectors(nubar(z), n_v)
    return run_spectral_box(
        nu, other, densities(v), v, weight, length=length, times=times, **options
    )


TIMES = (0, 60, 120, 300, 600)
P2_MAX = (4.97506e-7, 6.95726e-7, 1.092017e-6, 7.03351e-6, 2.327557e-4)
P2_RMS = (9.302989e-8, 1.463953e-7, 2.183233e-7, 1.382296e-6, 5.259163e-5)
P2C_MAX = (1.133884e-6, 1.327548e-6, 6.432373e-6, 2.069023e-4)
P2C_RMS = (1.452517e-7, 2.137708e-7, 1.253015e-6, 4.578461e-5)


@pytest.fixture(scope="module")
def p2():
    return box(packet, 256, TIMES)


def test_golden_problem(p2):
    assert p2.attrs["form"] == "reduced"
    np.testing.assert_allclose(p2["coherence_max"], P2_MAX, rtol=1e-5)
    np.testing.assert_allclose(p2["coherence_rms"], P2_RMS, rtol=1e-5)
    np.testing.assert_allclose(p2["lepton_number"] * SQRT2_GF, 0.1000033763, rtol=1e-9)


def test_golden_problem_with_a_complex_seed():
    found = box(complex_packet, 256, TIMES[1:])
    np.testing.assert_allclose(found["coherence_max"], P2C_MAX, rtol=1e-5)
    np.testing.assert_allclose(found["coherence_rms"], P2C_RMS, rtol=1e-5)


@pytest.mark.parametrize("tolerance, error", [(1e-2, 1e-3), (1e-3, 1e-4), (1e-4, 1e-5)])
def test_a_quarter_of_the_cells_and_the_error_that_was_asked_for(tolerance, error):
    """The errors stay ten times below the tolerance: it bounds the sum of those of all steps."""
    found = box(packet, 64, TIMES, tolerance=tolerance)
    np.testing.assert_allclose(found["coherence_rms"], P2_RMS, rtol=error)


@pytest.mark.parametrize(
    "seed, nubar, expected",
    [
        (packet, lambda z: -packet(z), 9.80e-3),
        (packet, lambda z: 0 * z, 4.97e-3),
        (complex_packet, lambda z: np.conj(complex_packet(z)), 3.77e-3),
        (complex_packet, lambda z: -complex_packet(z), 8.60e-3),
        (complex_packet, lambda z: 0 * z, 4.36e-3),
    ],
)
def test_full_form_with_other_antineutrino_seeds(seed, nubar, expected):
    found = box(seed, 256, [600], nubar=nubar)
    assert found.attrs["form"] == "full"
    assert float(found["coherence_max"][0]) == pytest.approx(expected, rel=2e-3)


def test_mirrored_seed_is_another_problem():
    """Unstable k are negative for f_ex ~ e^{ikz}: the conjugate of the seed of P2c grows less."""
    found = box(lambda z: np.conj(complex_packet(z)), 256, [600])
    assert float(found["coherence_max"][0]) == pytest.approx(2.80e-5, rel=2e-3)


P2N_TIMES = (1000, 1100, 1200, 1300, 1400, 1500, 1600)
P2N = {
    "nu": (0.999858, 0.998265, 0.979566, 0.841439, 0.799020, 0.929121, 0.787497),
    "nubar": (0.999843, 0.998072, 0.977295, 0.823820, 0.776689, 0.921245, 0.763885),
    "rms": (7.702337e-3, 2.688549e-2, 8.975774e-2, 0.1979539, 0.2069100, 0.1516264, 0.2061294),
}


def test_golden_problem_in_the_nonlinear_phase():
    """To the last digit of the table, on a quarter of its cells."""
    found = box(packet, 64, P2N_TIMES)
    survival = found["survival_probability"].to_numpy()
    np.testing.assert_allclose(survival[:, 0], P2N["nu"], rtol=0, atol=2e-6)
    np.testing.assert_allclose(survival[:, 1], P2N["nubar"], rtol=0, atol=2e-6)
    np.testing.assert_allclose(found["coherence_rms"], P2N["rms"], rtol=2e-5)
    np.testing.assert_allclose(found["lepton_number"] * SQRT2_GF, 0.1000033763, rtol=1e-9)
    assert np.ptp(found["lepton_number"].values) * SQRT2_GF < 1e-14


def test_survival_by_angle():
    late = box(packet, 64, [1400])["vectors"].sel(sector="nu").isel(component=2).mean("z")
    at = (-0.90625, -0.53125, 0.46875, 0.71875, 0.78125, 0.90625, 0.96875)
    expected = (0.9960, 0.9944, 0.9618, 0.8556, 0.7582, 0.3019, 0.3068)
    np.testing.assert_allclose(0.5 * (1 + late.sel(mu=list(at))), expected, rtol=0, atol=6e-5)


RC_LENGTH = 1024.0
RC_TIMES = (1200, 1300, 1400, 1500, 1600, 1800, 2000, 2500, 3000)
RC = {
    "nu": (0.998952, 0.987749, 0.902157, 0.790449, 0.898057, 0.806190, 0.868059, 0.831456,
           0.829622),
    "nubar": (0.998835, 0.986388, 0.891285, 0.767165, 0.886729, 0.784655, 0.853399, 0.812729,
              0.810691),
}  # fmt: skip


def comparison_seed(z):
    golden = 0.5 * (1 + np.sqrt(5))
    out = np.zeros(z.size, dtype=complex)
    for a in (*range(-51, 0), *range(1, 52)):
        phase = np.sqrt(2) * a**2 + golden * a**3
        turns = a * z / RC_LENGTH + phase - np.floor(phase)
        out += 1e-7 / abs(a) * np.exp(2j * np.pi * turns)
    return out


def test_reduced_code_comparison():
    """P_nu(t), and the mean over t = 2000 (100) 3000 of all angles and by angle."""
    v, weight = bins(64)
    density = densities(v)
    g = SQRT2_GF * weight * (density[0] - density[1])
    z = (np.arange(512) - 255.5) * RC_LENGTH / 512
    late = range(2000, 3001, 100)
    times = sorted({*RC_TIMES, *late})
    by_angle = {}
    for state in trajectory(
        flavour_vectors(comparison_seed(z), 64), v, g, length=RC_LENGTH, times=times, tolerance=1e-3
    ):
        by_angle[state.time] = 0.5 * (1 + state.vectors[:, 2].mean(axis=0))
    for number, expected in zip(density, RC.values(), strict=True):
        survival = [np.average(by_angle[t], weights=number) for t in RC_TIMES]
        np.testing.assert_allclose(survival, expected, rtol=0, atol=1e-5)
    means = np.array([by_angle[t] for t in late])
    survival = np.average(means, axis=1, weights=density[0])
    assert survival.mean() == pytest.approx(0.8318, abs=6e-5)
    assert survival.std() == pytest.approx(0.0187, abs=1e-4)
    assert np.average(means.mean(axis=0), weights=density[1]) == pytest.approx(0.8132, abs=6e-5)
    at = (-0.891, -0.516, -0.016, 0.484, 0.703, 0.797, 0.891, 0.984)
    expected = (0.9968, 0.9956, 0.9913, 0.9687, 0.8933, 0.6862, 0.4795, 0.5182)
    nearest = [np.abs(v - u).argmin() for u in at]
    np.testing.assert_allclose(means.mean(axis=0)[nearest], expected, rtol=0, atol=1e-4)


N_V = 32


def linear_matrix(k):
    """Frequencies of exp(-i(Omega t - k z)): i (d_t + v d_z) S = [Phi_0 - v Phi_1] S - ..."""
    v, weight = bins(N_V)
    g = SQRT2_GF * weight * (densities(v)[0] - densities(v)[1])
    phi0, phi1 = g.sum(), (g * v).sum()
    return v, g, np.diag(k * v + phi0 - v * phi1) - (1 - np.outer(v, v)) * g[None, :]


@pytest.mark.parametrize(
    "mode, table",
    [(-8, 0.003225), (-7, 0.008615), (-6, 0.011849), (-5, 0.012690), (-4, 0.008440), (1, 0.003589)],
)
def test_growth_of_every_mode(mode, table):
    """From the eigenvector, to 1e-6 of the package's dispersion relation."""
    k = 2 * np.pi * mode / LENGTH
    v, g, matrix = linear_matrix(k)
    growth, _ = growth_rate(v, np.abs(g), np.sign(g), kappa=k - (g * v).sum())
    assert growth == pytest.approx(table, abs=6e-7)
    frequencies, vectors = np.linalg.eig(matrix)
    q = vectors[:, frequencies.imag.argmax()]
    z = np.arange(64) * LENGTH / 64
    wave = 1e-8 * q[None, :] / np.abs(q).max() * np.exp(1j * k * z)[:, None]
    p = np.stack([wave.real, -wave.imag, np.sqrt(1 - np.abs(wave) ** 2)], axis=1)
    weight = bins(N_V)[1]
    found = run_spectral_box(
        p, p, densities(v), v, weight, length=LENGTH, times=[100, 200], tolerance=1e-7
    )
    size = found["mode_amplitude"].sel(mode=mode).to_numpy()
    assert np.log(size[1] / size[0]) / 100 == pytest.approx(growth, rel=1e-6)
    others = found["mode_amplitude"].drop_sel(mode=mode).to_numpy()
    assert others.max() < 1e-6 * size.min()


def test_growth_in_the_golden_problem():
    """The fastest modes out of a packet, where slower roots still beat with them."""
    size = box(packet, 64, [500, 600])["mode_amplitude"]
    for mode, expected, within in ((-5, 0.012690, 2e-4), (-6, 0.011849, 1e-2), (-4, 0.00844, 1e-2)):
        growth = np.log(size.sel(mode=mode)[1] / size.sel(mode=mode)[0]) / 100
        assert float(growth) == pytest.approx(expected, rel=within)


@pytest.mark.parametrize("order, least", [(2, 1.9), (4, 3.8)])
def test_order_in_the_step(order, least):
    """Large, inhomogeneous coherence: both ends of the step matter."""
    v, weight = bins(16)
    g = SQRT2_GF * weight * (densities(v)[0] - densities(v)[1])
    z = np.arange(32) * 40.0 / 32
    p = flavour_vectors(0.4 * np.exp(np.cos(2 * np.pi * z / 40) - 1 - 2j * np.pi * z / 40), 16)

    def end(step, order):
        options = {"length": 40.0, "times": [40.0], "tolerance": None}
        (moment,) = trajectory(p, v, g, step=step, order=order, **options)
        return moment.vectors

    exact = end(0.1, 4)
    errors = [np.abs(end(step, order) - exact).max() for step in (4.0, 2.0, 1.0)]
    for coarse, fine in itertools.pairwise(errors):
        assert np.log2(coarse / fine) > least


def test_rotating_wave():
    """A wave of one k and even |P_xy| keeps P_z independent of z: the rest are ordinary equations.

    P = R_z(k z) p with dp/dt = (J_0 - v J_1 - v k z) x p. Non-linear, exact; the numbers are
    those of other programs, to their accuracy.
    """
    v, weight = bins(100)
    g = 2 * weight * (0.5 - 0.3 * v)
    z = np.arange(64) * 10.0 / 64
    start = flavour_vectors(0.5 * np.exp(-2j * np.pi * z / 10), 100)
    (end,) = trajectory(start, v, g, length=10.0, times=[5.0], tolerance=1e-10)
    along = end.vectors[:, 2]
    assert np.ptp(along, axis=0).max() < 1e-12

    def slope(_, p):
        p = p.reshape(3, 100)
        h = (p @ g)[:, None] - v * (p @ (v * g))[:, None]
        h[2] -= v * 2 * np.pi / 10
        return np.cross(h, p, axis=0).ravel()

    exact = solve_ivp(slope, (0, 5), start[0].ravel(), rtol=1e-12, atol=1e-13).y[:, -1]
    np.testing.assert_allclose(end.vectors[0], exact.reshape(3, 100), rtol=0, atol=1e-9)
    assert along.mean() == pytest.approx(0.8480042717, abs=1e-9)
    assert along.min() == pytest.approx(0.56706876, abs=2e-8)
    assert along.max() == pytest.approx(0.91099389, abs=2e-8)


def test_free_streaming_is_exact():
    """Without coupling every direction moves by v t, and white noise keeps its norm."""
    rng = np.random.default_rng(3)
    v, _ = bins(16)
    z = np.arange(32) * 7.0 / 32

    def shape(z):
        wave = 2 * np.pi * z / 7
        return np.exp(np.cos(wave[:, None])) + 0.3 * np.sin(3 * wave[:, None])

    p = np.repeat(shape(z)[:, None, :], 16, axis=2) * [[1.0], [0.5], [-0.2]]
    (end,) = trajectory(p, v, 0 * v, length=7.0, times=[30.0])
    for i, factor in enumerate((1.0, 0.5, -0.2)):
        expected = np.concatenate([shape(z - u * 30.0) for u in v], axis=1) * factor
        np.testing.assert_allclose(end.vectors[:, i], expected, rtol=0, atol=1e-12)
    noise = rng.normal(size=(32, 3, 16))
    (end,) = trajectory(noise, v, 0 * v, length=7.0, times=[30.0])
    assert np.all(np.sum(end.vectors**2, axis=0) < np.sum(noise**2, axis=0) * (1 + 1e-12))


# --- conservation and symmetries, in the non-linear phase -------------------------------------


CELLS, SIDE = 128, 40.0
Z = np.arange(CELLS) * SIDE / CELLS


def strong(z):
    """Seed of order 0.3 that is no symmetric function of z."""
    wave = 2 * np.pi * z / SIDE
    return 0.3 * np.exp(1.5 * (np.cos(wave) - 1) - 2j * wave + 0.5j * np.sin(wave + 0.4))


def crossing(v):
    """Isotropic neutrinos, forward antineutrinos: growth at a quarter of the potential."""
    return np.stack([np.ones(v.size), 0.9 * np.exp(v) / 1.18]) / SQRT2_GF


def strong_box(nu=None, nubar=None, density=None, length=SIDE, times=(20.0, 40.0), step=0.1):
    v, weight = bins(32)
    nu = flavour_vectors(strong(Z), 32) if nu is None else nu
    density = crossing(v) if density is None else density
    return run_spectral_box(
        nu, nu if nubar is None else nubar, density, v, weight, length=length, times=times,
        tolerance=None, step=step,
    )  # fmt: skip


@pytest.fixture(scope="module")
def reference():
    out = strong_box()
    assert out["survival_probability"].values.max() < 0.6
    return out


def same(found, expected, names=("survival_probability", "coherence_rms", "coherence_max")):
    for name in names:
        np.testing.assert_allclose(found[name], expected[name], rtol=0, atol=2e-11)


def test_lengths_and_lepton_number(reference):
    """|P| to the accuracy of the interpolation, which the tail of the spectrum bounds."""
    assert float(reference["tail"].max()) < 1e-12
    assert float(reference["length_min"].min()) > 1 - 1e-12
    assert float(reference["length_max"].max()) < 1 + 1e-12
    start = strong_box(times=(0.0, 1.0))["lepton_number"][0]
    np.testing.assert_allclose(reference["lepton_number"], start, rtol=2e-14)


@pytest.mark.filterwarnings("ignore:box")
def test_lepton_number_over_1e5_steps():
    """1e-14 of all neutrinos in 1e4 steps, 5e-14 in 1e5, though structure has reached the grid."""
    v, weight = bins(32)
    p = flavour_vectors(strong(Z[::8]), 32)
    long = run_spectral_box(
        p, p, crossing(v), v, weight, length=SIDE, times=[0, 1e3, 1e4], tolerance=None, step=0.1
    )
    assert long.attrs["n_steps"] == 100000
    assert long["survival_probability"][-1].max() < 0.7
    drift = np.abs(long["lepton_number"] - long["lepton_number"][0]) / crossing(v).mean() / 2
    assert float(drift[1]) < 1e-14 and float(drift[2]) < 5e-14


def test_full_form_equals_the_reduced_one(reference):
    """Two vectors per direction that differ in the last digit: the same run, conjugate for ever."""
    nu = flavour_vectors(strong(Z), 32)
    nubar = nu.copy()
    nubar[:, 2] = np.nextafter(nubar[:, 2], 0.0)
    full = strong_box(nu, nubar)
    assert full.attrs["form"] == "full"
    assert reference.attrs["form"] == "reduced"
    same(full, reference, ("survival_probability", "coherence_rms", "mode_amplitude"))
    np.testing.assert_allclose(full["vectors"][0], full["vectors"][1], rtol=0, atol=1e-11)


def test_conjugation(reference):
    """nu <-> nubar with the conjugate seed: the roles exchanged."""
    v, _ = bins(32)
    p = flavour_vectors(np.conj(strong(Z)), 32)
    other = strong_box(p, density=crossing(v)[::-1])
    np.testing.assert_allclose(
        other["survival_probability"].to_numpy()[:, ::-1],
        reference["survival_probability"],
        rtol=0,
        atol=2e-11,
    )


def test_mirror_image(reference):
    """z -> -z and v -> -v."""
    v, _ = bins(32)
    p = flavour_vectors(strong(Z[::-1]), 32)
    same(strong_box(p, density=crossing(v)[:, ::-1]), reference)


def test_rotation_of_the_flavour_frame(reference):
    p = flavour_vectors(np.exp(0.7j) * strong(Z), 32)
    same(strong_box(p), reference)


def test_translation(reference):
    p = flavour_vectors(np.roll(strong(Z), 37), 32)
    same(strong_box(p), reference)


def test_density_length_and_time_scale_together(reference):
    """rho(t, z; xi) = rho(xi t, xi z; 1): an attenuated box is a diluted one."""
    v, _ = bins(32)
    other = strong_box(density=0.25 * crossing(v), length=4 * SIDE, times=(80.0, 160.0), step=0.4)
    same(other, reference)


def test_other_quadrature():
    """Gauss-Legendre nodes instead of midpoints, of the same gas: the same survival."""
    found = []
    for v, weight in (bins(96), np.polynomial.legendre.leggauss(32)):
        p = flavour_vectors(strong(Z), v.size)
        run = run_spectral_box(
            p, p, crossing(v), v, weight / weight.sum(), length=SIDE, times=[5.0]
        )
        found.append(run["survival_probability"].to_numpy())
    np.testing.assert_allclose(found[0], found[1], rtol=0, atol=1e-3)


# --- late states ------------------------------------------------------------------------------


def lobes(v):
    return np.ones(v.size), np.where(v > 0, 0.0, 1.8)


def gaussians(v):
    """The spectra of the comparison with width 0.5, over the larger lobe of their difference."""
    return gaussian(v, 0.6) / 0.12378774, 0.9 * gaussian(v, 0.5) / 0.12378774


@pytest.mark.parametrize("case, spectra", [("boxA0.2", lobes), ("gauss0.9", gaussians)])
def test_late_state_of_the_reference_boxes(shared, case, spectra):
    """Structure cascades to the grid, the means of the late state do not notice.

    The table holds runs by two other programs, which differ among themselves by up to 0.01.
    """
    v, weight = bins(32)
    density = 2 * np.stack(spectra(v)) / SQRT2_GF
    cells, length = 256, 300.0
    phase = np.random.default_rng(1).uniform(0, 2 * np.pi, 61)
    z = np.arange(cells) * length / cells
    waves = np.exp(2j * np.pi * np.outer(z, np.arange(-30, 31)) / length + 1j * phase)
    nu = flavour_vectors(1e-3 * waves.sum(axis=1) / np.sqrt(61), 32)
    g = SQRT2_GF * weight * (density[0] - density[1])
    states = trajectory(nu, v, g, length=length, times=np.linspace(150, 300, 31), tolerance=0.1)
    survival = 0.5 * (1 + np.mean([state.vectors[:, 2].mean(axis=0) for state in states], axis=0))
    shallow = (g > 0) != (g.sum() > 0)
    with open(shared / "reference" / "local_boxes.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["case"] == case]
    for name, weights in (
        ("P_small", np.where(shallow, abs(g), 0)),
        ("P_deep", np.where(shallow, 0, abs(g))),
        ("P_nue_mean", density[0]),
    ):
        expected = np.mean([float(row[name]) for row in rows])
        assert np.average(survival, weights=weights) == pytest.approx(expected, abs=0.015)
