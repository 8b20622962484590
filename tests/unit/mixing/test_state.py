"""The labelled door: order of axes and species, dask, attributes, refusals."""

import numpy as np
import pytest
import xarray as xr

from qkepipe.errors import QkepipeError
from qkepipe.mixing import asymptotic_state
from qkepipe.mixing.state import mixed_arrays
from qkepipe.species import SPECIES


@pytest.fixture
def labelled(random_field):
    f, energy, angle = random_field(1, n_energy=3, n_mu=8, n_r=5)
    data = xr.Dataset(
        {"f": (("species", "energy", "mu", "r"), f, {"units": "1"})},
        coords={
            "species": list(SPECIES),
            "energy": ("energy", energy.centres, {"units": "MeV"}),
            "mu": angle.centres,
            "r": ("r", np.arange(1.0, 6.0), {"units": "cm"}),
            "energy_edge": energy.edges,
            "mu_edge": angle.edges,
        },
    )
    return data, energy, angle


def test_values_units_and_attributes(labelled):
    data, energy, angle = labelled
    out = asymptotic_state(data, flavors=2)
    mixed, survival, negative, positive = mixed_arrays(
        data["f"].values, energy.weights, angle.weights, angle.centres, "box", 2
    )
    assert np.array_equal(out["f"].values, mixed)
    assert out["survival_probability"].dims == ("mu", "r")
    assert np.array_equal(out["survival_probability"].values, survival)
    np.testing.assert_array_equal(out["eln_xln_negative"].values, negative)
    assert out["growth_estimate"].attrs["units"] == "s-1"
    assert all(v.attrs["units"] and v.attrs["long_name"] for v in out.data_vars.values())
    assert out["r"].attrs["units"] == "cm"
    assert out.attrs["prescription"] == "box" and out.attrs["flavors"] == 2
    stable = np.minimum(negative, positive) == 0.0
    assert 0 < stable.sum() < stable.size
    assert np.array_equal(out["converted"].values, ~stable)
    # crossings away from mu = 0: no statement, which is not the same as stable
    assert not asymptotic_state(data, "bd21", flavors=2)["converted"].any()
    assert np.all(np.isinf(out["relaxation_time"].values[stable]))
    assert np.all(out["growth_estimate"].values[stable] == 0.0)


def test_order_of_axes_and_species_does_not_matter(labelled):
    data, _, _ = labelled
    plain = asymptotic_state(data)
    turned = data.isel(species=[2, 0, 3, 1]).transpose("r", "mu", "species", "energy", ...)
    other = asymptotic_state(turned)
    assert other["f"].dims == ("r", "mu", "species", "energy")
    xr.testing.assert_identical(other["f"].transpose(*plain["f"].dims), plain["f"])


def test_further_axes_and_dask_stay_lazy(labelled):
    data, _, _ = labelled
    plain = asymptotic_state(data)
    several = data.assign(f=data["f"].expand_dims(time=[0.0, 1.0]))
    lazy = asymptotic_state(several.chunk(r=2, time=1, energy=1))
    assert all(v.chunks is not None for v in lazy.data_vars.values())
    result = lazy.compute(scheduler="synchronous")
    for t in range(2):
        np.testing.assert_array_equal(result["f"].isel(time=t).values, plain["f"].values)
        np.testing.assert_array_equal(
            result["growth_estimate"].isel(time=t).values, plain["growth_estimate"].values
        )


def test_three_species_become_four(labelled):
    data, _, _ = labelled
    three = data.isel(species=[0, 1, 2])
    out = asymptotic_state(three)
    assert list(out["species"].values) == list(SPECIES)
    assert not np.allclose(out["f"].sel(species="nux"), out["f"].sel(species="nuxbar"))


def test_energy_integrated_density(labelled):
    data, energy, _ = labelled
    density = (data["f"] * xr.DataArray(energy.weights, dims="energy")).sum("energy")
    out = asymptotic_state(density)
    full = asymptotic_state(data)
    assert out["f"].dims == ("species", "mu", "r")
    np.testing.assert_allclose(out["growth_estimate"], full["growth_estimate"], rtol=1e-12)
    np.testing.assert_allclose(
        out["survival_probability"], full["survival_probability"], rtol=1e-12
    )


def test_one_group_of_unknown_width_has_no_growth(labelled):
    data, _, _ = labelled
    out = asymptotic_state(data["f"].isel(energy=[0]))
    assert np.all(np.isnan(out["growth_estimate"]))
    assert np.all(np.isfinite(out["survival_probability"]))


def test_a_mask_of_the_caller_for_the_swap(labelled):
    data, _, _ = labelled
    f = data["f"].isel(r=[4, 4, 0]).assign_coords(r=[1.0, 2.0, 3.0])
    swapped = asymptotic_state(f, "swap", flavors=2)
    assert swapped["converted"].values.tolist() == [True, True, False]
    out = f.where(~(f["r"] > 1.5), swapped["f"])
    assert out.dims == f.dims
    assert np.array_equal(out.values[..., [0, 2]], f.values[..., [0, 2]])
    np.testing.assert_allclose(out.values[:2, ..., 1], f.values[2:, ..., 1], rtol=1e-12, atol=1e-16)
    np.testing.assert_allclose(out.values[2:, ..., 1], f.values[:2, ..., 1], rtol=1e-12, atol=1e-16)


def test_refusals(labelled):
    data, _, _ = labelled
    f = data["f"]
    with pytest.raises(QkepipeError, match="unknown prescription 'boxx'"):
        asymptotic_state(f, "boxx")
    with pytest.raises(QkepipeError, match="flavors: 5"):
        asymptotic_state(f, flavors=5)
    with pytest.raises(QkepipeError, match="flavors: 3 with prescription 'bd21'; expected 2"):
        asymptotic_state(f, "bd21")
    with pytest.raises(QkepipeError, match="smallest value -1"):
        asymptotic_state(xr.full_like(f, -1.0))
    with pytest.raises(QkepipeError, match="not finite"):
        asymptotic_state(f.where(f["r"] > 1.5))
    with pytest.raises(QkepipeError, match="averaging mu and tau"):
        asymptotic_state(f.assign_coords(species=["nue", "nuebar", "numu", "nutau"]))
    with pytest.raises(QkepipeError, match="species: no such axis"):
        asymptotic_state(f.drop_vars("species"))
    with pytest.raises(QkepipeError, match="f: missing"):
        asymptotic_state(data.drop_vars("f"))
