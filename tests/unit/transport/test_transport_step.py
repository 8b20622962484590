"""The step as a whole: stable step, order of streaming, compiled against plain Python."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from qkepipe.phasespace import angle_grid, angle_grid_from_edges, radial_grid
from qkepipe.transport.geometry import slab, sphere
from qkepipe.transport.step import BUDGET, TransportOperator, stable_step


def free(geometry, n_component, step, inner=0.0):
    n_mu, n_r = geometry.mu.size, geometry.volume.size
    zero = np.zeros((4, 1, n_r))
    entering = np.full((n_component, 2, 1, n_mu), inner)
    return TransportOperator(geometry, zero, zero, zero, zero, entering, step)


def test_stable_step_of_free_streaming():
    g = slab(radial_grid([0.0, 1.0, 1.5]), angle_grid(4, 1.0))
    assert stable_step(g, np.zeros((4, 1, 2)), 0.5) == pytest.approx(0.5 * 0.5 / 0.75)


def test_stable_step_shrinks_with_collisions():
    g = sphere(radial_grid([1.0, 1.5, 2.0]), angle_grid(4))
    steps = [stable_step(g, np.full((4, 1, 2), chi), 0.45) for chi in (0.0, 1.0, 100.0)]
    assert steps[0] > steps[1] > steps[2]
    assert steps[2] == pytest.approx(0.45 / (g.loss_rate().max() + 25.0), rel=1e-12)


def advect(cells, steps, amplitude, same_sign):
    """Error of a sine wave after a quarter period, against exact cell averages.

    The wave is in the trace (``same_sign``), or in f_ee - f_xx at uniform trace.
    """
    edges = np.linspace(0.0, 1.0, cells + 1)
    g = slab(radial_grid(edges), angle_grid_from_edges([-1.0, 0.0, 1.0]), periodic=True)
    operator = free(g, 4, 0.5 / steps)

    def average(shift, sign=1.0):
        """Of 0.5 + sign amplitude sin(2 pi (x - shift)) over the cells."""
        wave = -np.cos(2 * np.pi * (edges - shift)) / (2 * np.pi)
        return 0.5 + sign * amplitude * np.diff(wave) * cells

    sign = 1.0 if same_sign else -1.0
    f = np.zeros((4, 2, 1, 2, cells))
    f[0], f[1] = average(0.0), average(0.0, sign)
    for _ in range(steps):
        operator.advance(f)
    # mu = +-0.5 moves by +-0.25 in c t = 0.5
    forward, back = f[0, 0, 0, 1] - average(0.25), f[1, 1, 0, 0] - average(-0.25, sign)
    return max(np.abs(forward).max(), np.abs(back).max())


def test_order_of_flavour_waves():
    """Fifth order in space at uniform trace, where only the positivity limiter could act."""
    errors = [advect(cells, 4000, 0.2, False) for cells in (8, 16, 32)]
    assert np.log2(errors[0] / errors[1]) > 4.8
    assert np.log2(errors[1] / errors[2]) > 4.8


def test_order_in_time():
    """Second order (Heun's method without collisions)."""
    errors = [advect(64, steps, 0.2, False) for steps in (80, 160)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2.0, abs=0.1)


def test_order_of_number_waves():
    """Waves of the trace above the limiter's threshold of 1e-3 per cell: first order or better,
    because extrema are clipped; below it they pass unchanged."""
    errors = [advect(cells, 400, 0.2, True) for cells in (16, 32)]
    assert np.log2(errors[0] / errors[1]) > 1.0
    small = [advect(32, 2000, 1e-4, same) for same in (True, False)]
    assert small[0] == pytest.approx(small[1], rel=1e-6, abs=0)


def test_white_noise_does_not_grow():
    """Positive noise of a pure and a mixed component: the norm may only fall."""
    rng = np.random.default_rng(5)
    g = slab(radial_grid(np.linspace(0, 1, 65)), angle_grid(8), periodic=True)
    operator = free(g, 4, stable_step(g, np.zeros((4, 1, 64)), 0.5))
    f = np.zeros((4, 2, 1, 8, 64))
    f[0], f[1] = rng.uniform(0.5, 1.0, (2, 2, 1, 8, 64))
    f[2], f[3] = rng.uniform(-0.3, 0.3, (2, 2, 1, 8, 64))
    norm = np.sum(f**2, axis=-1)
    for _ in range(200):
        operator.advance(f)
        new = np.sum(f**2, axis=-1)
        # total variation of the diagonal components decays; their mean is conserved
        assert np.all(new[:2] <= norm[:2] * (1 + 1e-12))
        norm = new


def test_budget_layout():
    g = sphere(radial_grid([1.0, 2.0, 3.0]), angle_grid(4))
    operator = free(g, 2, 0.01)
    budget = operator.advance(np.full((2, 2, 1, 4, 2), 0.5))
    assert BUDGET == ("before", "after", "inflow", "collisions")
    assert budget.shape == (2, 1, 2, 4)
    np.testing.assert_allclose(budget[..., 0], 0.5 * g.volume.sum(), rtol=1e-14)


SCRIPT = """
import json, sys
import numpy as np
from qkepipe.oscillation.rotation import SelfInteraction
from qkepipe.phasespace import angle_grid, radial_grid
from qkepipe.transport.geometry import sphere
from qkepipe.transport.step import TransportOperator
rng = np.random.default_rng(7)
g = sphere(radial_grid(np.linspace(1.0, 2.0, 6)), angle_grid(4))
shape = (4, 2, 5)
rates = rng.uniform(0.0, 5.0, (2, *shape))
inner = np.zeros((4, 2, 2, 4))
inner[:2] = 0.6
op = TransportOperator(g, rates[0], rates[1], 0.9 * rates[1], rng.uniform(0, 1, shape), inner, 0.02)
rot = SelfInteraction(np.array([1e30, 2e30]), g.mu, g.dmu, 5, 1.0, 0.02)
f = rng.uniform(0.3, 0.6, (4, 2, 2, 4, 5))
f[2:] *= 0.2
for _ in range(2):
    rot.apply(f)
    op.advance(f)
json.dump([f.ravel().tolist(), op.budget.ravel().tolist()], sys.stdout)
"""


def test_plain_python_agrees_with_the_compiled_step():
    """The same two steps with the compiler switched off."""
    results = []
    for disable in ("0", "1"):
        environment = os.environ | {"NUMBA_DISABLE_JIT": disable, "NUMBA_NUM_THREADS": "1"}
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True
        )
        assert run.returncode == 0, run.stderr
        results.append([np.array(part) for part in json.loads(run.stdout)])
    for compiled, plain in zip(*results, strict=True):
        np.testing.assert_allclose(plain, compiled, rtol=1e-12, atol=1e-13)
