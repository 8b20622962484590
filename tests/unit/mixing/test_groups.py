"""Prescriptions by sector and energy group: edges of their domain, labelled door, refusals."""

import numpy as np
import pytest
import xarray as xr

from qkepipe.errors import QkepipeError
from qkepipe.mixing import (
    PRESCRIPTIONS,
    asymptotic_moments,
    asymptotic_state,
    bgk_step,
    group_step,
    law_defects,
    mixed_moments,
    sphere_quadrature,
)
from qkepipe.mixing.slow_empirical import sector_factors
from qkepipe.species import SPECIES

BY_GROUP = [name for name, rule in PRESCRIPTIONS.items() if "mu" not in rule.axes]
BY_ENERGY = [name for name in BY_GROUP if "energy" in PRESCRIPTIONS[name].axes]


@pytest.fixture
def similar_field(random_field):
    """As ``random_field``, with nuebar closer to nue and few heavy neutrinos."""

    def make(seed, **sizes):
        f, energy, angle = random_field(seed, **sizes)
        f[1] = 0.5 * (f[0] + f[1])
        f[2:] *= 0.1
        return f, energy, angle

    return make


def factors(name, nue, nuebar, nux=0.0, nuxbar=0.0, rtol=1e-12, flavors=2.0, python=False):
    """k[sector, energy] of one cell from the densities of its groups."""
    nue, nuebar, nux, nuxbar = np.broadcast_arrays(*(np.atleast_1d(x) for x in
                                                     (nue, nuebar, nux, nuxbar)))  # fmt: skip
    difference = np.array([nue - nux, nuebar - nuxbar], dtype=float)[..., None]
    number = np.array([nue + nux, nuebar + nuxbar], dtype=float)[..., None]
    k = np.full(difference.shape, np.nan)
    kernel = PRESCRIPTIONS[name].kernel
    (kernel.py_func if python else kernel)(difference, number, rtol, flavors, k)
    return k[..., 0]


def step(f, name, flavors=2, eweights=None, **options):
    n_energy, n_mu = f.shape[1:3]
    new = f.copy()
    eweights = np.ones(n_energy) if eweights is None else eweights
    state = group_step(
        new, eweights, np.full(n_mu, 1.0 / n_mu), flavors=flavors, prescription=name, **options
    )
    return new, state


# --- factors -----------------------------------------------------------------------------------


@pytest.mark.parametrize("python", [False, True])
@pytest.mark.parametrize("name", BY_GROUP)
@pytest.mark.parametrize(
    "densities",
    [
        ([0.0, 0.0], [0.0, 0.0]),  # empty
        ([0.0, 0.0], [1.0, 2.0]),  # no nue
        ([1.0, 2.0], [0.0, 0.0]),  # no nuebar
        ([2.0, 1.0], [0.9, 0.3]),  # far from alpha = 1, no group with more nuebar
        ([1.0, 2.0], [2.0, 1.0], [1.0, 2.0], [2.0, 1.0]),  # nux = nue, nuxbar = nuebar
        ([0.0, 0.0], [0.0, 0.0], [1.0, 2.0], [0.9, 1.8]),  # heavy flavours only
        ([1.0], [0.5]),  # one group
    ],
)
def test_no_statement(name, densities, python):
    found = factors(name, *densities, python=python)
    assert np.array_equal(found, np.ones_like(found))


@pytest.mark.parametrize("python", [False, True])
def test_slow_factors(python):
    """alpha = 0.9 in all groups or in their sum; nuebar in excess exchanges the roles."""
    expected = [2 * 0.52868 - 1, 2 * 0.47632 - 1]
    for nue, nuebar in (([6.0, 4.0], [5.4, 3.6]), ([6.0, 4.0], [1.0, 8.0])):
        k = factors("slow_empirical", nue, nuebar, python=python)
        np.testing.assert_allclose(k, np.transpose([expected] * 2), rtol=0, atol=1.1e-5)
        turned = factors("slow_empirical", nuebar, nue, python=python)
        assert np.array_equal(turned, k[::-1])
    heavy = factors("slow_empirical", [6.0, 4.0], [4.0, 5.0], [2.0, 0.0], [0.0, 2.2], python=python)
    assert np.allclose(heavy[:, 0], sector_factors(6.8 / 8.0), rtol=1e-14)


def test_slow_range():
    assert np.all(factors("slow_empirical", 1.0, 0.7000001) != 1.0)
    assert np.all(factors("slow_empirical", 0.7000001, 1.0) != 1.0)
    for nue, nuebar in ((1.0, 0.6999999), (0.6999999, 1.0)):
        assert np.all(factors("slow_empirical", nue, nuebar) == 1.0)
    # electron flavour less than the heavy one, in one sector or both
    assert np.all(factors("slow_empirical", 1.0, 0.9, 2.0, 1.9) == 1.0)
    assert np.all(factors("slow_empirical", 1.0, 0.9, 0.0, 1.0) == 1.0)


@pytest.mark.parametrize("python", [False, True])
@pytest.mark.parametrize(
    "name, g, flavors, expected",
    [
        # from the top -2, +1, +2: half of the third group closes the sum
        ("equipartition_above", [3.0, 2.0, 1.0, -2.0], 2, [1.0, 0.5, 0.0, 0.0]),
        ("equipartition_above", [3.0, 2.0, 1.0, -3.0], 3, [1.0, 0.0, 0.0, 0.0]),
        ("equipartition_above", [1.0, -1.0, 1.0, -1.0], 2, [0.0, 0.0, 0.0, 0.0]),
        ("equipartition_above", [-3.0, 0.0, 1.0, -2.0], 2, [1.0, 1.0, 1.0, 1.0]),
        ("swap_below", [1.0, 2.0, -6.0, -1.0], 2, [-1.0, -1.0, 0.0, 1.0]),
        ("swap_below", [1.0, 2.0, -6.0, -1.0], 3, [-0.5, -0.5, 0.25, 1.0]),
        ("swap_below", [1.0, 2.0, -3.0, -1.0], 2, [-1.0, -1.0, -1.0, 1.0]),
        ("swap_below", [1.0, -1.0, 1.0, 3.0], 2, [-1.0, -1.0, 1.0, 1.0]),
        ("swap_below", [3.0, 2.0, -4.0, 1.0], 2, [1.0, 1.0, 1.0, 1.0]),
        # several roots: the farthest
        ("swap_below", [1.0, -2.0, 2.0, -2.0], 3, [-0.5, -0.5, -0.5, 0.25]),
    ],
)
def test_split_factors(name, g, flavors, expected, python):
    """k of a spectrum whose lepton number in the groups is g."""
    g = np.array(g)
    k = factors(name, 3.0 + g, 3.0, flavors=float(flavors), python=python)
    np.testing.assert_allclose(k, [expected] * 2, rtol=0, atol=1e-15)
    turned = factors(name, 3.0, 3.0 + g, flavors=float(flavors), python=python)
    np.testing.assert_allclose(turned, k, rtol=0, atol=1e-15)


@pytest.mark.parametrize("name", BY_ENERGY)
def test_one_group_without_net_number_converts(name):
    k = factors(name, 1.0, 1.0)
    assert np.all(k == (0.0 if name == "equipartition_above" else -1.0))


@pytest.mark.parametrize("python", [False, True])
def test_round_off_is_no_net_number(python):
    """0.1 + 0.2 - 0.3 is not zero: all groups convert, as with exact numbers."""
    k = factors("swap_below", [0.1, 0.2, 0.0], [0.0, 0.0, 0.3], python=python)
    assert np.array_equal(k, np.full((2, 3), -1.0))


def test_small_shares_are_noise():
    g = [3.0, 3e-4, -1e-4]
    k = factors("equipartition_above", np.add(g, 1.0), [1.0, 0.0, 2e-4], [0.0, 1.0, 1.0], 0.0)
    assert np.any(k != 1.0)
    spectrum = [4.0, 2e-4, 0.0], [1.0, 0.0, 1e-4]
    assert np.any(factors("equipartition_above", *spectrum) != 1.0)
    assert np.all(factors("equipartition_above", *spectrum, rtol=1e-3) == 1.0)
    assert np.any(factors("slow_empirical", 1.001, 1.001, 1.0, 1.0) != 1.0)
    assert np.all(factors("slow_empirical", 1.001, 1.001, 1.0, 1.0, rtol=1e-3) == 1.0)


# --- the step ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BY_GROUP)
def test_cells_do_not_know_one_another(name, similar_field):
    f, energy, _ = similar_field(3)
    whole, state = step(f, name, eweights=energy.weights)
    assert 0 < np.any(state.k != 1.0, axis=(0, 1)).sum() < f.shape[3]
    for i in (0, 7, 19):
        one, of_one = step(np.ascontiguousarray(f[..., i : i + 1]), name, eweights=energy.weights)
        assert np.array_equal(one[..., 0], whole[..., i])
        assert np.array_equal(of_one.k[..., 0], state.k[..., i])
    still = np.all(state.k == 1.0, axis=(0, 1))
    assert np.array_equal(whole[..., still], f[..., still])


def test_densities_of_the_state(similar_field):
    f, energy, angle = similar_field(4)
    state = group_step(
        f.copy(), energy.weights, angle.weights, flavors=2, prescription="slow_empirical"
    )
    n = np.einsum("semr,e,m->ser", f, energy.weights, angle.weights)
    np.testing.assert_allclose(state.number, n[:2] + n[2:], rtol=1e-13)
    np.testing.assert_allclose(state.difference, n[:2] - n[2:], rtol=0, atol=1e-13 * n.max())


def test_refusals_of_the_step(similar_field):
    f, energy, angle = similar_field(5)
    given = {"eweights": energy.weights, "mweights": angle.weights}
    with pytest.raises(QkepipeError, match="box has a factor by direction; .*bgk_step"):
        group_step(f, **given, flavors=2, prescription="box")
    with pytest.raises(QkepipeError, match="pairwise has a factor by direction"):
        group_step(f, **given, flavors=3, prescription="pairwise")
    with pytest.raises(QkepipeError, match="flavors: 3 with prescription 'slow_empirical'"):
        group_step(f, **given, flavors=3, prescription="slow_empirical")
    with pytest.raises(QkepipeError, match="did you mean 'swap_below'"):
        group_step(f, **given, flavors=2, prescription="swap_belw")
    with pytest.raises(ValueError, match="C-contiguous"):
        group_step(f[..., ::2], **given, flavors=2, prescription="swap_below")
    with pytest.raises(ValueError, match="weights"):
        group_step(f, energy.weights[1:], angle.weights, flavors=2, prescription="swap_below")
    for bad in (np.nan, np.inf):
        broken = f.copy()
        broken[3, 0, 0, 2] = bad
        before = broken.copy()
        with pytest.raises(QkepipeError, match="f: values that are not finite"):
            group_step(broken, **given, flavors=2, prescription="swap_below")
        assert np.array_equal(broken, before, equal_nan=True)


@pytest.mark.parametrize("name", BY_GROUP)
def test_runs_and_moments_have_no_mask(name, similar_field):
    """One line with the name of the rule and what is missing."""
    f, energy, angle = similar_field(6)
    line = f"prescription: {name} has a factor by (sector|energy) for the cells of a mask"
    with pytest.raises(QkepipeError, match=line):
        bgk_step(f, energy.weights, angle.weights, angle.centres, 1.0, flavors=2, prescription=name)
    n = np.ones((4, 2, 3))
    with pytest.raises(QkepipeError, match=line):
        mixed_moments(n, 0.1 * n, np.ones(2), flavors=2, prescription=name)
    with pytest.raises(QkepipeError, match=line):
        asymptotic_moments(xr.Dataset(), name, flavors=2)
    with pytest.raises(QkepipeError, match=f"'exponential' is not defined for {name}"):
        law_defects(
            f, energy.centres, energy.weights, angle.weights, angle.centres, name,
            flavors=2, mode="exponential",
        )  # fmt: skip


# --- the labelled door -------------------------------------------------------------------------


@pytest.fixture
def labelled(similar_field):
    f, energy, angle = similar_field(3, n_mu=8)
    return xr.Dataset(
        {"f": (("species", "energy", "mu", "r"), f, {"units": "1"})},
        coords={
            "species": list(SPECIES),
            "energy": ("energy", energy.centres, {"units": "MeV"}),
            "mu": angle.centres,
            "r": ("r", np.arange(1.0, 21.0), {"units": "cm"}),
            "energy_edge": energy.edges,
            "mu_edge": angle.edges,
        },
    )


@pytest.mark.parametrize("name", BY_GROUP)
def test_labelled_values(name, labelled, similar_field):
    f, energy, angle = similar_field(3, n_mu=8)
    mixed = f.copy()
    state = group_step(mixed, energy.weights, angle.weights, flavors=2, prescription=name)
    out = asymptotic_state(labelled, name, flavors=2)
    assert np.array_equal(out["f"].values, mixed)
    survival = out["survival_probability"]
    assert survival.dims == ("sector", "energy", "r")
    assert survival["sector"].values.tolist() == ["nu", "nubar"]
    assert survival["energy"].attrs["units"] == "MeV"
    assert np.array_equal(survival.values, 0.5 * (1.0 + state.k))
    assert np.array_equal(out["converted"].values, np.any(state.k != 1.0, axis=(0, 1)))
    assert all(v.attrs["units"] and v.attrs["long_name"] for v in out.data_vars.values())
    # the growth is that of the fast mode, and there is no time scale of this rule
    box = asymptotic_state(labelled, "box", flavors=2)
    xr.testing.assert_identical(out["growth_estimate"], box["growth_estimate"])
    assert np.all(np.isnan(out["relaxation_time"]))


@pytest.mark.parametrize("name", BY_GROUP)
def test_lazy_turned_and_masked(name, labelled):
    plain = asymptotic_state(labelled, name, flavors=2)
    several = labelled.assign(f=labelled["f"].expand_dims(time=[0.0, 1.0]))
    lazy = asymptotic_state(several.chunk(r=3, time=1, energy=2), name, flavors=2)
    assert all(v.chunks is not None for v in lazy.data_vars.values())
    result = lazy.compute(scheduler="synchronous")
    for name_ in ("f", "survival_probability", "converted"):
        np.testing.assert_array_equal(result[name_].isel(time=1).values, plain[name_].values)
    turned = asymptotic_state(
        labelled.isel(species=[2, 0, 3, 1]).transpose("r", "mu", "species", "energy", ...),
        name,
        flavors=2,
    )
    assert turned["f"].dims == ("r", "mu", "species", "energy")
    xr.testing.assert_identical(turned["f"].transpose(*plain["f"].dims), plain["f"])
    mask = labelled["r"] > 10.0
    chosen = labelled["f"].where(~mask, plain["f"])
    assert np.array_equal(chosen.values[..., :10], labelled["f"].values[..., :10])
    assert not np.array_equal(chosen.values, labelled["f"].values)


@pytest.mark.parametrize("name", BY_GROUP)
def test_full_sphere(name):
    """Only the weights of the directions count: no axis is needed."""
    vectors, weights = sphere_quadrature(4, 8)
    rng = np.random.default_rng(1)
    f = rng.uniform(0.4, 0.5, (4, 3, weights.size, 2))
    f[2:] *= 0.1
    field = xr.DataArray(
        f,
        dims=("species", "energy", "direction", "r"),
        coords={
            "species": list(SPECIES),
            "energy": [5.0, 10.0, 15.0],
            "direction_weight": ("direction", weights),
            "nz": ("direction", vectors[:, 2]),
        },
    )
    out = asymptotic_state(field, name, flavors=2)
    assert out["survival_probability"].dims == ("sector", "energy", "r")
    assert np.all(np.isfinite(out["survival_probability"]))


def test_a_field_without_energies(labelled, similar_field):
    """The slow rule needs none; a split has nothing to split, or no order."""
    _, energy, _ = similar_field(3)
    weights = xr.DataArray(energy.weights, dims="energy")
    grey = (labelled["f"] * weights).sum("energy")
    out = asymptotic_state(grey, "slow_empirical", flavors=2)
    full = asymptotic_state(labelled, "slow_empirical", flavors=2)["survival_probability"]
    assert out["survival_probability"].dims == ("sector", "r")
    np.testing.assert_allclose(out["survival_probability"], full.isel(energy=0), rtol=1e-12)
    for name in BY_ENERGY:
        with pytest.raises(QkepipeError, match=f"energy: no such axis with prescription '{name}'"):
            asymptotic_state(grey, name, flavors=2)
        # as three-species data, one group makes no statement
        one = asymptotic_state(labelled["f"].isel(energy=[0]), name, flavors=2)
        assert not one["converted"].any()
        assert np.all(one["survival_probability"] == 1.0)
    unordered = labelled["f"].isel(energy=[2, 0, 1])
    unordered = unordered.assign_coords(energy_weight=("energy", np.ones(3)))
    assert asymptotic_state(unordered, "slow_empirical", flavors=2)["converted"].any()
    with pytest.raises(QkepipeError, match="energy: not ascending with prescription 'swap_below'"):
        asymptotic_state(unordered, "swap_below", flavors=2)


def test_refusals_of_the_door(labelled):
    with pytest.raises(QkepipeError, match="flavors: 3 with prescription 'slow_empirical'"):
        asymptotic_state(labelled, "slow_empirical")
    with pytest.raises(QkepipeError, match="not finite"):
        asymptotic_state(labelled["f"].where(labelled["r"] > 1.5), "swap_below")
