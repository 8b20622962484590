"""Array function and labelled door of the pairwise relaxation of six species."""

import math

import numpy as np
import pytest
import xarray as xr

from qkepipe.errors import QkepipeError
from qkepipe.mixing import asymptotic_state, bgk_step, growth_estimate
from qkepipe.mixing.pairwise import PAIRS, pairwise_step
from qkepipe.mixing.pairwise_kernels import pair_lobes
from qkepipe.phasespace import angle_grid, energy_grid, geometric_energy_edges
from qkepipe.species import SPECIES6

ENERGY = energy_grid(geometric_energy_edges(3, 5.0, 100.0))
ANGLE = angle_grid(8)


def occupations(n_r=40, seed=1):
    rng = np.random.default_rng(seed)
    slope = rng.uniform(0.0, 3.0, (6, 1, 1, n_r)) * (ANGLE.centres[:, None] - 1.0)
    return rng.uniform(0.05, 0.9, (6, 3, 1, n_r)) * np.exp(slope)


def labelled(f):
    return xr.Dataset(
        {"f": (("species", "energy", "mu", "r"), f, {"units": "1"})},
        coords={
            "species": list(SPECIES6),
            "energy": ("energy", ENERGY.centres, {"units": "MeV"}),
            "mu": ANGLE.centres,
            "r": ("r", np.arange(1.0, f.shape[3] + 1.0), {"units": "cm"}),
            "energy_edge": ENERGY.edges,
            "mu_edge": ANGLE.edges,
        },
    )


def step(f, dt=math.inf, **options):
    new = f.copy()
    return new, pairwise_step(new, ENERGY.weights, ANGLE.weights, dt, **options)


@pytest.mark.parametrize("python", [False, True])
def test_lobes_of_a_mixed_state_are_those_of_its_lepton_numbers(python):
    rng = np.random.default_rng(2)
    m = np.empty((3, 3, 8))
    for j in range(8):
        shares = rng.dirichlet(np.ones(6))
        orders = [np.eye(3)[list(o)] for o in
                  ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))]  # fmt: skip
        m[..., j] = sum(s * p for s, p in zip(shares, orders, strict=True))
    number = rng.normal(size=(3, 8))
    g0 = np.array([number[a] - number[b] for a, b in PAIRS])
    g, lobes = np.empty((3, 8)), np.empty((2, 3))
    (pair_lobes.py_func if python else pair_lobes)(m, g0, ANGLE.weights, g, lobes)
    mixed = np.einsum("abm,bm->am", m, number)
    expected = np.array([mixed[a] - mixed[b] for a, b in PAIRS])
    np.testing.assert_allclose(g, expected, rtol=0.0, atol=1e-14)
    np.testing.assert_allclose(
        lobes[0], np.maximum(-expected, 0.0) @ ANGLE.weights, rtol=0, atol=1e-14
    )
    np.testing.assert_allclose(
        lobes[1], np.maximum(expected, 0.0) @ ANGLE.weights, rtol=0, atol=1e-14
    )


def test_matrix_is_what_was_applied():
    f = occupations()
    new, state = step(f, 1e-9)
    for sector in range(2):
        expected = np.einsum("abmr,bemr->aemr", state.matrix, f[sector::2])
        np.testing.assert_allclose(new[sector::2], expected, rtol=1e-13)
    assert np.array_equal(state.steps > 0, state.open.any(axis=0))


def test_threads_and_neighbours_do_not_matter():
    f = occupations()
    new, _ = step(f)
    other, _ = step(f, parallel=True)
    assert np.array_equal(new, other)
    alone, _ = step(np.ascontiguousarray(f[..., 17:18]))
    assert np.array_equal(alone, new[..., 17:18])


def test_rates_scale_time():
    f = occupations()
    plain, _ = step(f, 1e-9)
    for dt, options in ((1e-6, {"rate_factor": np.full(40, 1e-3)}), (2e-9, {"c_tau": 4 * math.pi})):
        np.testing.assert_allclose(step(f, dt, **options)[0], plain, rtol=0.0, atol=1e-8)


def test_tolerance_closes_pairs():
    """Between the ratios of the lobes the pair is closed, and opens with a smaller tolerance."""
    f = occupations()
    _, state = step(f)
    share = np.minimum(state.negative, state.positive) / (state.negative + state.positive)
    rtol = 0.1
    new, coarse = step(f, rtol=rtol)
    assert np.array_equal(coarse.open, share > rtol)
    still = ~coarse.open.any(axis=0)
    assert np.any(still & state.open.any(axis=0))
    assert np.array_equal(new[..., still], f[..., still])
    assert not step(new, rtol=rtol)[1].open.any()


def test_refusals():
    f = occupations(4)
    for bad in (-1.0, math.nan):
        with pytest.raises(QkepipeError, match="mixing: dt: .* expected a time of at least 0 s"):
            step(f, bad)
    spoiled = f.copy()
    spoiled[4, 1, 2, 3] = math.nan
    with pytest.raises(QkepipeError, match="f: values that are not finite"):
        step(spoiled)
    with pytest.raises(ValueError, match="C-contiguous"):
        pairwise_step(f[..., ::2], ENERGY.weights, ANGLE.weights, 1.0)
    with pytest.raises(ValueError, match="weights"):
        pairwise_step(f, ENERGY.weights, ANGLE.weights[1:], 1.0)


def test_labelled_state():
    f = occupations()
    data = labelled(f)
    out = asymptotic_state(data, "pairwise", flavors=3)
    new, state = step(f)
    assert list(out["species"].values) == list(SPECIES6)
    assert np.array_equal(out["f"].values, new)
    assert out["survival_probability"].dims == ("mu", "r")
    assert np.array_equal(out["survival_probability"].values, state.matrix[0, 0])
    speed = np.where(state.open, growth_estimate(state.negative, state.positive), 0.0)
    np.testing.assert_allclose(out["growth_estimate"], speed.max(axis=0), rtol=1e-14)
    assert np.array_equal(out["converted"].values, state.open.any(axis=0))
    # mu and tau alone: the electron flavour survives, and yet something is converted
    only = f[..., :8].copy()
    only[0], only[1] = 0.99, 0.0
    found = asymptotic_state(labelled(only), "pairwise")
    assert found["converted"].any() and np.all(found["survival_probability"] == 1.0)
    assert found["growth_estimate"].where(found["converted"], 1.0).min() > 0.0


def test_order_of_axes_species_and_chunks_do_not_matter():
    data = labelled(occupations(6))
    plain = asymptotic_state(data, "pairwise")
    turned = data.isel(species=[5, 2, 0, 3, 1, 4]).transpose("r", "mu", "species", "energy", ...)
    other = asymptotic_state(turned, "pairwise")
    xr.testing.assert_identical(other["f"].transpose(*plain["f"].dims), plain["f"])
    lazy = asymptotic_state(data.chunk(r=2), "pairwise")
    assert all(v.chunks is not None for v in lazy.data_vars.values())
    loaded = lazy.compute(scheduler="synchronous")
    for name in ("f", "converted", "growth_estimate"):
        assert np.array_equal(loaded[name].values, plain[name].values)


def test_wrong_species_are_refused_by_name():
    data = labelled(occupations(2))
    four = data.isel(species=[0, 1, 2, 3]).assign_coords(species=["nue", "nuebar", "nux", "nuxbar"])
    with pytest.raises(QkepipeError) as refusal:
        asymptotic_state(four, "pairwise")
    (line,) = map(str, refusal.value.defects)
    assert "'pairwise', which also needs numu, numubar, nutau, nutaubar;" in line
    with pytest.raises(QkepipeError, match="averaging mu and tau.*or prescription 'pairwise'"):
        asymptotic_state(data, "box")
    with pytest.raises(QkepipeError, match="flavors: 2 with prescription 'pairwise'; expected 3"):
        asymptotic_state(data, "pairwise", flavors=2)
    f = np.ascontiguousarray(occupations(2)[:4])
    with pytest.raises(QkepipeError, match="pairwise acts on six species"):
        bgk_step(
            f, ENERGY.weights, ANGLE.weights, ANGLE.centres, 1.0, flavors=3,
            prescription="pairwise",
        )  # fmt: skip
