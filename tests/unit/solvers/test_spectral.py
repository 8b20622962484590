"""Driver and kernels of the box with exact streaming: transforms, layout, steps, refusals."""

import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from qkepipe.constants import C_LIGHT, SQRT2_GF
from qkepipe.errors import QkepipeError
from qkepipe.solvers import characteristics, fourier, run_spectral_box
from qkepipe.solvers.spectral import flavour_vectors
from qkepipe.solvers.trajectory import trajectory

MU = np.array([-0.75, -0.25, 0.25, 0.75])
WEIGHT = np.full(4, 0.25)
DENSITY = np.array([[1.0, 1.0, 1.0, 1.0], [0.5, 0.7, 1.1, 1.5]]) / SQRT2_GF
SIDE = 20.0


def seeded(cells, amplitude=1e-3):
    z = (np.arange(cells) + 0.5) * SIDE / cells
    return flavour_vectors(amplitude * np.exp(2j * np.pi * z / SIDE), 4)


def run(cells=16, nubar=None, times=(5.0, 10.0), **options):
    nu = seeded(cells)
    options = {"density": DENSITY, "mu": MU, "weight": WEIGHT, "length": SIDE} | options
    return run_spectral_box(nu, nu if nubar is None else nubar, times=times, **options)


# --- transforms -------------------------------------------------------------------------------


def blocks(cells, n_v=64):
    rng = np.random.default_rng(cells)
    return rng.normal(size=(cells, 3, n_v))


@pytest.mark.parametrize("cells", [4, 8, 16, 32, 64, 512])
def test_transforms_are_those_of_numpy(cells):
    x = fourier.pack(blocks(cells))[1]
    before = x[:, : fourier.LANES] + 1j * x[:, fourier.LANES :]
    root = fourier.roots_of_unity(cells)
    fourier.forward(x, root, fourier.LANES)
    place = fourier.digit_reversed(cells)
    after = (x[:, : fourier.LANES] + 1j * x[:, fourier.LANES :])[place]
    np.testing.assert_allclose(after, np.fft.fft(before, axis=0), rtol=0, atol=1e-12)
    fourier.inverse(x, root, fourier.LANES)
    np.testing.assert_allclose(x[:, : fourier.LANES] / cells, before.real, rtol=0, atol=1e-14)


@pytest.mark.parametrize("cells", [4, 16, 32])
def test_streaming_shifts_every_direction(cells):
    """Against the shift of real series by numpy, compiled and as Python."""
    p, v = blocks(cells), np.linspace(-1.0, 1.0, 64)
    k = 2 * np.pi * np.fft.rfftfreq(cells, 7.0 / cells)
    factor = np.exp(-1j * k[:, None, None] * v * 0.37)
    factor[-1] = 0.0
    expected = np.fft.irfft(np.fft.rfft(p, axis=0) * factor, n=cells, axis=0)
    phase = fourier.phases(v, cells, 7.0, 0.37)
    tables = fourier.roots_of_unity(cells), fourier.digit_reversed(cells)
    for function in (fourier.stream, fourier.stream.py_func):
        x = fourier.pack(p)
        for block, factors in zip(x, phase, strict=True):
            function(block, factors, *tables)
        np.testing.assert_allclose(fourier.unpack(x), expected, rtol=0, atol=1e-13)


def test_layout_holds_every_number_once():
    p = blocks(8, 96)
    np.testing.assert_array_equal(fourier.unpack(fourier.pack(p)), p)


# --- coupling ---------------------------------------------------------------------------------


def test_moments_and_rotation_of_a_row():
    rng = np.random.default_rng(5)
    p = rng.normal(size=(1, 3, 32))
    v, g = rng.uniform(-1, 1, 32), rng.normal(size=32)
    row = fourier.pack(p)[0, 0]
    weight = g * v ** np.arange(4)[:, None]
    sums, j = np.zeros(characteristics.MOMENTS * characteristics.LANE), np.zeros(12)
    characteristics._moments(row, weight, sums)
    characteristics._fold(sums, j)
    np.testing.assert_allclose(j.reshape(4, 3), weight @ p[0].T, rtol=0, atol=1e-13)
    assert not sums.any()

    gain = np.zeros(fourier.HALF)
    w = rng.normal(size=(4, 3)) * 0.1
    characteristics._rotate(row, v, tuple(0.5 * w.ravel()), g, gain)
    turned = fourier.unpack(row[None, None])[0]
    np.testing.assert_allclose((turned**2).sum(0), (p[0] ** 2).sum(0), rtol=1e-14)
    assert gain.sum() == pytest.approx(g @ (turned[2] - p[0, 2]), abs=1e-13)
    for i in range(32):
        vector = w.T @ v[i] ** np.arange(4)
        angle = np.linalg.norm(vector)
        axis, old = vector / angle, p[0, :, i]
        expected = (
            old * np.cos(angle)
            + np.cross(axis, old) * np.sin(angle)
            + axis * (axis @ old) * (1 - np.cos(angle))
        )
        np.testing.assert_allclose(turned[:, i], expected, rtol=0, atol=2e-4 * angle**5)


def test_time_derivatives_of_the_moments():
    """DH and D^2 H along a characteristic against differences of the evolved moments."""
    v = np.linspace(-0.9, 0.9, 32)
    g = 0.1 * (v - 0.3)
    cells, at, h = 64, 5, 0.002
    z = np.arange(cells) * SIDE / cells
    p = flavour_vectors(0.4 * np.exp(np.cos(2 * np.pi * z / SIDE) - 1 + 0.3j), 32)
    j, d = np.empty((cells, 12)), np.zeros((cells, fourier.ROW))
    k = 2 * np.pi * np.fft.fftfreq(cells, SIDE / cells)
    k[cells // 2] = 0.0

    def moments(p):
        return np.einsum("nv,zcv->znc", g * v ** np.arange(4)[:, None], p).reshape(cells, 12)

    j[:] = moments(p)
    root, place = fourier.roots_of_unity(cells), fourier.digit_reversed(cells)
    characteristics._slopes(j, d, np.stack([k, k**2]) / cells, root, place)
    first, second = characteristics._jets(j[at], d[at])

    def field(p, u, shift):
        """H of direction u at z[at] + shift."""
        flat = moments(p)
        wave = np.fft.fft(flat[:, :3] - u * flat[:, 3:6], axis=0)
        return np.fft.ifft(wave * np.exp(1j * k * shift)[:, None], axis=0).real[at]

    options = {"length": SIDE, "tolerance": None, "step": h / 8}
    (later,) = trajectory(p, v, g, times=[h], **options)
    # backwards in time: z, v and the coupling reversed
    (earlier,) = trajectory(p, -v, -g, times=[h], **options)
    for u in (-0.8, 0.1, 0.7):
        ahead, now = field(later.vectors, u, u * h), field(p, u, 0.0)
        behind = field(earlier.vectors, u, -u * h)
        np.testing.assert_allclose(
            np.array(first).T @ u ** np.arange(3), (ahead - behind) / (2 * h), rtol=0, atol=1e-6
        )
        np.testing.assert_allclose(
            np.array(second).T @ u ** np.arange(4),
            (ahead - 2 * now + behind) / h**2, rtol=0, atol=1e-6,
        )  # fmt: skip


PYTHON = """
import numpy as np
from qkepipe.solvers.spectral import flavour_vectors
from qkepipe.solvers.trajectory import trajectory
v = np.linspace(-0.9, 0.9, 8)
wave = np.arange(8) * np.pi / 4
p = flavour_vectors(0.3 * np.exp(np.cos(wave) - 1 - 1j * wave), 8)
for order in (2, 4):
    options = {"length": 20.0, "times": [4.0], "tolerance": None, "step": 1.0, "order": order}
    (state,) = trajectory(p, v, 0.1 * (v - 0.3), **options)
    print(state.vectors.tobytes().hex())
"""


def test_same_bits_compiled_and_as_python():
    found = [
        subprocess.run(
            [sys.executable, "-c", PYTHON],
            env=os.environ | {"NUMBA_DISABLE_JIT": switch},
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        for switch in ("0", "1")
    ]
    assert len(found[0]) > 2 * 8 * 3 * 8 * 16
    assert found[0] == found[1]


# --- driver -----------------------------------------------------------------------------------


def test_dataset_describes_itself():
    found = run(times=(0.0, 5.0, 10.0))
    np.testing.assert_allclose(found["time_sample"] * C_LIGHT, [0.0, 5.0, 10.0], rtol=1e-15)
    assert all("units" in found[name].attrs for name in found.data_vars)
    assert found["vectors"].dims == ("sector", "z", "component", "mu")
    assert found["vectors"].shape == (2, 16, 3, 4)
    # one wave, k > 0 for f_ex ~ e^{ikz}, of half the seed
    assert found["mode_amplitude"][0].sel(mode=1) == pytest.approx(5e-4, rel=1e-12)
    assert found["mode_phase"][0].sel(mode=1) == pytest.approx(0.0, abs=1e-12)
    assert found["mode_amplitude"][0].drop_sel(mode=1).max() < 1e-18
    assert found["coherence_rms"][0] == pytest.approx(5e-4, rel=1e-12)
    expected = 0.5 * (1 + np.sqrt(1 - 1e-6))
    np.testing.assert_allclose(found["survival_probability"][0], expected, rtol=1e-14)


def test_form_follows_the_seeds():
    assert run().attrs["form"] == "reduced"
    assert run(nubar=seeded(16, 2e-3)).attrs["form"] == "full"


def test_mixed_states_keep_their_length():
    """Shorter vectors: partly mixed matrices."""
    nu = 0.5 * seeded(16, 0.3)
    found = run_spectral_box(nu, nu, DENSITY, MU, WEIGHT, length=SIDE, times=[5.0])
    assert found["length_min"][0] == pytest.approx(0.5, abs=1e-9)
    assert found["length_max"][0] == pytest.approx(0.5, abs=1e-9)


def test_without_coherence_nothing_happens():
    nu = seeded(16, 0.0)
    found = run_spectral_box(nu, nu, DENSITY, MU, WEIGHT, length=SIDE, times=[5.0])
    np.testing.assert_allclose(found["survival_probability"], 1.0, rtol=1e-14)
    assert found["coherence_max"][0] == 0.0


def test_fixed_steps():
    found = run(tolerance=None, step=1.0)
    # an even number of steps to each output time
    assert found.attrs["n_steps"] == 6 + 6


def test_a_run_continued_has_the_same_bits():
    whole = run(tolerance=None, step=0.5)
    first = run(times=[5.0], tolerance=None, step=0.5)["vectors"].values
    nu, nubar = first
    rest = run_spectral_box(
        nu, nubar, DENSITY, MU, WEIGHT, length=SIDE, times=[5.0], tolerance=None, step=0.5
    )
    np.testing.assert_array_equal(rest["vectors"], whole["vectors"])


def test_smaller_tolerance_smaller_error():
    exact = run(tolerance=1e-8)["coherence_rms"].values
    errors = [abs(run(tolerance=t)["coherence_rms"].values / exact - 1).max() for t in (1e-2, 1e-4)]
    assert errors[0] < 2e-2
    assert errors[1] < 2e-4


def test_linear_phase_does_not_depend_on_the_size_of_the_seed():
    """Errors are relative to the coherence, however small."""
    sizes = [
        run_spectral_box(
            nu, nu, DENSITY, MU, WEIGHT, length=SIDE, times=[5.0], tolerance=1e-6
        )["coherence_rms"].values / amplitude
        for amplitude in (1e-5, 1e-12)
        for nu in (seeded(16, amplitude),)
    ]  # fmt: skip
    np.testing.assert_allclose(sizes[1], sizes[0], rtol=1e-5)


def test_a_crossing_of_few_directions_says_how_many_it_needs():
    """ELN of 1 + 0.95 mu - 0.1: a lobe of one direction of 12; three times as many do."""

    def run(n):
        mu = -1 + (np.arange(n) + 0.5) * 2 / n
        nu = flavour_vectors(1e-6 * np.ones(8), n)
        density = np.stack([1 + mu, np.full(n, 0.2)]) / SQRT2_GF
        run_spectral_box(nu, nu, density, mu, np.full(n, 1 / n), length=1.0, times=[0.1])

    with pytest.warns(UserWarning, match="box: 1 of 12 directions hold one side .* try 36 dir"):
        run(12)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(36)


def test_unresolved_box_says_how_many_cells_it_needs():
    """The coherence of a packet cascades to short waves: 8 cells are too few."""

    def packet(cells):
        z = (np.arange(cells) + 0.5) * SIDE / cells
        nu = flavour_vectors(0.1 * np.exp(np.cos(2 * np.pi * z / SIDE) - 1), 4)
        return run_spectral_box(nu, nu, DENSITY, MU, WEIGHT, length=SIDE, times=[20.0])

    with pytest.warns(UserWarning, match=r"do not resolve .* try \d+ cells"):
        coarse = packet(8)
    assert coarse.attrs["cells_needed"] > 8
    fine = packet(256)
    assert fine.attrs["cells_needed"] == 256
    assert fine["tail"][0] < 1e-6 < coarse["tail"][0]


@pytest.mark.parametrize(
    "field, options",
    [
        ("nu", {"mu": MU[:3]}),
        ("nubar", {"nubar": seeded(8)}),
        ("density", {"density": DENSITY[0]}),
        ("density", {"density": -DENSITY}),
        ("mu", {"mu": MU * np.nan}),
        ("weight", {"weight": WEIGHT[:2]}),
        ("times", {"times": []}),
        ("times", {"times": [2.0, 1.0]}),
        ("times", {"times": [0.0]}),
        ("order", {"order": 3}),
        ("tolerance", {"tolerance": 1e-12}),
        ("step", {"step": 0.0}),
    ],
)
def test_refusals(field, options):
    with pytest.raises(QkepipeError, match=f"box: {field}"):
        run(**options)


def test_cells_must_be_a_power_of_two():
    with pytest.raises(QkepipeError, match="24 cells; expected a power of two: 32"):
        run(24)


def test_example_of_the_documentation():
    page = Path(__file__).parents[3] / "docs" / "physics" / "boxes.md"
    (code,) = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    names = {}
    exec(code, names)
    assert names["box"].attrs["form"] == "reduced"
    assert names["growth"] == pytest.approx(0.01269, rel=1e-3)
