"""The BGK relaxation of a box state is solved exactly.

df/dt = -(f - f_a)/tau_a with tau_a = 2 pi/(kappa sqrt(A B)) (Nagakura, Johns & Zaizen 2023,
arXiv:2312.16285), f_a and tau_a following f, has for the box state the solution
G_s(t) = G_s0/(1 + x + (1 - r) x^2/4), x = t/tau_a(0). Compared with a brute-force
Runge-Kutta integration written in the probabilities eta of the paper, with its closed form
in u = sqrt(G_d/G_s) (u grows linearly in time), and with tabulated values. The implicit
step with frozen eta, which looks natural, loses lepton number by a known amount: it is
shown to fail the check that the shipped integrators pass.
"""

import math

import numpy as np
import pytest

from qkepipe.constants import SQRT2_GF_RATE
from qkepipe.mixing import asymptotic_state, bgk_step

SIGN = np.array([1.0, -1.0, -1.0, 1.0])


def max_entropy_beam(mu, n, flux_factor):
    """n Z/sinh Z exp(Z mu) with coth Z - 1/Z = flux_factor; Z by bisection."""
    low, high = 1e-9, 100.0
    for _ in range(200):
        z = 0.5 * (low + high)
        low, high = (z, high) if 1 / math.tanh(z) - 1 / z < flux_factor else (low, z)
    return n * z / math.sinh(z) * np.exp(z * mu)


def standard_example(nodes=64, heavy=0.0):
    """nue n = 1, flux factor 0.1; nuebar 0.9, 0.35; nux = nuxbar n = heavy, 0.4."""
    mu, w = np.polynomial.legendre.leggauss(nodes)
    electron = [max_entropy_beam(mu, 1.0, 0.1), max_entropy_beam(mu, 0.9, 0.35)]
    x = max_entropy_beam(mu, heavy, 0.4)
    f = np.array([*electron, x, x])[:, None, :, None]
    return np.ascontiguousarray(f), w / 2, mu


def relax(f, w, mu, x_over_tau, flavors=3, mode="exact", prescription="box"):
    """One step of length x tau_a(start)."""
    g = np.einsum("s,semr->m", SIGN, f)
    tau = 2 * math.pi / (SQRT2_GF_RATE * math.sqrt(w @ np.maximum(g, 0) * (w @ np.maximum(-g, 0))))
    new = f.copy()
    bgk_step(
        new, np.ones(1), w, mu, x_over_tau * tau, flavors=flavors, mode=mode,
        prescription=prescription,
    )  # fmt: skip
    return new


def rate_of_change(f, w, flavors, c_tau, kappa=1.0):
    """Right-hand side in the probabilities of the paper, plain numpy."""
    g = SIGN @ f
    a, b = w @ np.maximum(-g, 0.0), w @ np.maximum(g, 0.0)
    deep = 1.0 - (1.0 - 1.0 / flavors) * min(a, b) / max(a, b)
    shallow_is_negative = a < b
    eta = np.where((g < 0) == shallow_is_negative, 1.0 / flavors, deep)
    target = np.empty_like(f)
    for e, x in ((0, 2), (1, 3)):
        target[e] = eta * f[e] + (1 - eta) * f[x]
        target[x] = ((1 - eta) * f[e] + (flavors - 2 + eta) * f[x]) / (flavors - 1)
    return -(f - target) * kappa * math.sqrt(a * b) / c_tau


@pytest.mark.parametrize("flavors", [2, 3])
@pytest.mark.parametrize("c_tau", [2 * math.pi, 1.7])
def test_exact_step_against_runge_kutta(flavors, c_tau):
    f, w, mu = standard_example(16, heavy=0.3)
    y, t_end, n = f[:, 0, :, 0].copy(), 40.0, 2000
    h = t_end / n
    for _ in range(n):
        k1 = rate_of_change(y, w, flavors, c_tau)
        k2 = rate_of_change(y + 0.5 * h * k1, w, flavors, c_tau)
        k3 = rate_of_change(y + 0.5 * h * k2, w, flavors, c_tau)
        k4 = rate_of_change(y + h * k3, w, flavors, c_tau)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    bgk_step(f, np.ones(1), w, mu, t_end / SQRT2_GF_RATE, flavors=flavors, c_tau=c_tau)
    np.testing.assert_allclose(f[:, 0, :, 0], y, rtol=1e-11)


@pytest.mark.parametrize(
    "x, exact, exponential",
    [
        (0.1, 0.9081, 0.9048),
        (0.3, 0.7626, 0.7408),
        (1.0, 0.4706, 0.3679),
        (3.0, 0.1951, 0.0498),
        (10.0, 0.0426, 0.0000),
        (100.0, 0.0007, 0.0000),
    ],
)
def test_shallow_lobe_after_a_step(x, exact, exponential):
    """Table for r = 0.5: two directions, G = +2 and -1."""
    f = np.array([[0.0, 2.0], [1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])[:, None, :, None]
    w, mu = np.array([0.5, 0.5]), np.array([-0.5, 0.5])
    for mode, expected in (("exact", exact), ("exponential", exponential)):
        new = relax(f, w, mu, x, mode=mode)
        g = np.einsum("s,semr->m", SIGN, new)
        assert -g[0] == pytest.approx(expected, abs=5.1e-5)
        assert g.sum() == pytest.approx(1.0, rel=1e-14)


def test_closed_form_in_u():
    """kappa = 1, c_tau = 2 pi, G_s = 0.5, G_d = 1, t = 100: u0 = sqrt 2 grows by D t/(4 pi)."""
    f = np.array([[0.0, 2.0], [1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])[:, None, :, None]
    w, mu = np.array([0.5, 0.5]), np.array([-0.5, 0.5])
    state = bgk_step(f, np.ones(1), w, mu, 100.0 / SQRT2_GF_RATE, flavors=3)
    assert 100.0 * math.sqrt(0.5) / (2 * math.pi) == pytest.approx(11.253954, abs=5e-7)
    assert 100.0 / SQRT2_GF_RATE / state.relaxation_time[0] == pytest.approx(11.253954, abs=5e-7)
    u = math.sqrt(2.0) + 0.5 * 100.0 / (4 * math.pi)
    assert u == pytest.approx(5.393087, abs=5e-7)
    g = 0.5 * np.einsum("s,semr->m", SIGN, f)
    assert -g[0] == pytest.approx(0.5 / (u**2 - 1), rel=1e-12)
    assert -g[0] == pytest.approx(0.0178029, abs=5e-8)
    assert g[1] == pytest.approx(0.5178029, abs=5e-8)


def test_no_net_lepton_number():
    """D = 0: G(t) = G_0/(1 + c G_0 t), no cancellation; G_0 = 1, t = 100: 0.0591174."""
    f = np.array([[0.0, 2.0], [2.0, 0.0], [0.0, 0.0], [0.0, 0.0]])[:, None, :, None]
    w, mu = np.array([0.5, 0.5]), np.array([-0.5, 0.5])
    bgk_step(f, np.ones(1), w, mu, 100.0 / SQRT2_GF_RATE, flavors=2)
    g = 0.5 * np.einsum("s,semr->m", SIGN, f)
    np.testing.assert_allclose(g, [-0.0591174, 0.0591174], atol=5e-8)


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize(
    "x, frozen_ratio", [(0.1, -0.0025), (1.0, -0.0921), (10.0, -0.3931), (100.0, -0.4949)]
)
def test_frozen_eta_loses_lepton_number_and_shipped_steps_do_not(x, frozen_ratio, sign):
    """Table for r = 0.5672: loss = s (nf-1)/nf x [1/(1 + x) - 1/(1 + r x)] G_s."""
    f, w, mu = standard_example(heavy=0.3)
    if sign < 0:
        f = np.ascontiguousarray(f[[1, 0, 3, 2]])
    g = np.einsum("s,semr->m", SIGN, f)
    a, b = w @ np.maximum(-g, 0), w @ np.maximum(g, 0)
    shallow, r = min(a, b), min(a, b) / max(a, b)
    # implicit step with frozen eta, three flavours
    deep = (g > 0) == (b > a)
    exchange = x * np.where(deep, (2 / 3) * r, 2 / 3)
    frozen = f[:, 0, :, 0].copy()
    for e, h in ((0, 2), (1, 3)):
        difference = (f[e] - f[h])[0, :, 0] / (1 + 1.5 * exchange)
        frozen[e] = f[e, 0, :, 0] - exchange * difference
        frozen[h] = f[h, 0, :, 0] + 0.5 * exchange * difference
    eln = (f[0] - f[1])[0, :, 0] @ w
    lost = ((frozen[0] - frozen[1]) @ w - eln) / shallow
    assert lost == pytest.approx(sign * frozen_ratio, abs=6e-5)
    for mode in ("exact", "exponential", "map"):
        new = relax(f, w, mu, x, mode=mode)
        assert abs((new[0] - new[1])[0, :, 0] @ w - eln) < 2e-15


@pytest.mark.parametrize("x, n_nue", [(1.0, 0.8287), (100.0, 0.6745)])
def test_number_of_nue_after_one_step(x, n_nue):
    f, w, mu = standard_example(heavy=0.3)
    assert relax(f, w, mu, x)[0, 0, :, 0] @ w == pytest.approx(n_nue, abs=5.1e-5)


def test_relaxation_time_in_nanoseconds():
    """sqrt(A B) = 1e31 cm^-3: growth 1.926e9 s^-1, tau 3.263 ns; weights sum to 1."""
    f = np.array([[0.0, 4e31], [1e31, 0.0], [0.0, 0.0], [0.0, 0.0]])[:, None, :, None]
    state = bgk_step(
        f, np.ones(1), np.array([0.5, 0.5]), np.array([-0.5, 0.5]), 0.0, flavors=3, mode="map"
    )
    assert state.relaxation_time[0] == pytest.approx(3.263e-9, rel=2e-4)


def test_three_species_repetition_divides_the_shallow_lobe_by_three():
    """Averaging nux and nuxbar after each map erases XLN: the map is no longer idempotent.

    n_nue: 1, 0.6742, 0.6415, 0.6320, 0.6290, ...: the trap of three-species data.
    """
    import xarray as xr

    f, w, mu = standard_example(heavy=0.3)
    density = f[:, 0, :, 0]
    lobes = []
    for expected in (0.6742, 0.6415, 0.6320, 0.6290):
        field = xr.DataArray(
            density, dims=("species", "mu"),
            coords={"species": ["nue", "nuebar", "nux", "nuxbar"], "mu": mu},
        )  # fmt: skip
        out = asymptotic_state(field)
        lobes.append(float(out["eln_xln_negative"]))
        density = out["f"].values.copy()
        density[2:] = density[2:].mean(axis=0)
        assert density[0] @ w == pytest.approx(expected, abs=5.1e-5)
    np.testing.assert_allclose(np.array(lobes[:-1]) / lobes[1:], 3.0, rtol=1e-12)
