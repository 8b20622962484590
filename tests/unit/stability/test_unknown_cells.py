"""Cells that cannot be judged are unknown, never stable; what is clipped is counted."""

import numpy as np
import pytest
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.schema import check
from qkepipe.stability import screen

FLAGS = ("ffi_crossing", "ffi_flux_test", "ffi_k0_test", "ffi_polynomial_test", "instability")


def _unknown(out):
    return np.flatnonzero(out["instability"].values == -1).tolist()


@pytest.fixture
def groups(angular_field, moments_of):
    """Moments per group with the declarations that a snapshot should have."""
    return moments_of(angular_field, grey=False).assign_attrs(frame="lab", heavy_multiplicity=1)


@pytest.mark.parametrize("lazy", [False, True])
def test_moments_that_are_not_finite(groups, matter, lazy):
    """NaN or infinity of one group or flux marks its cell; the others are as without it."""
    whole = screen(groups, matter, lsa_cells=0)
    groups["nu_number_density"][1, 3, 2] = np.nan
    groups["nu_number_flux"][0, 0, 4] = np.inf
    field, around = (groups.chunk(r=3), matter.chunk(r=3)) if lazy else (groups, matter)
    out = screen(field, around, lsa_cells=0).compute()
    assert _unknown(out) == [2, 4]
    assert out.attrs["cells_unknown"] == 2
    assert "unknown" in out["instability"].attrs["flag_meanings"].split()
    good = [0, 1, 3, 5, 6]
    for name, variable in out.data_vars.items():
        blank = variable.isel(r=[2, 4])
        if variable.dtype == np.int8:
            assert (blank == -1).all(), name
        else:
            assert blank.isnull().all(), name
        if name not in ("gradient_efolds", "mnr_flag"):  # these look at neighbours
            np.testing.assert_allclose(
                variable.isel(r=good), whole[name].isel(r=good), rtol=1e-12, err_msg=name
            )
    check(out, "stability")


def test_occupations_that_are_not_finite(angular_field, matter):
    """The same for f on bins, also where no cell is left."""
    angular_field["f"][0, 2, 5, 1] = np.nan
    out = screen(angular_field, matter)
    assert _unknown(out) == [1]
    assert (out["ffi_crossing"].values == -1).sum() == 1
    out = screen(angular_field * np.nan)
    assert out.attrs["cells_unknown"] == angular_field.sizes["r"]
    assert out["ffi_growth_estimate"].isnull().all()


def test_no_neutrinos(groups, matter):
    """An empty cell has nothing to judge; one empty species is an ordinary cell."""
    groups["nu_number_density"][..., 0] = 0.0
    groups["nu_number_flux"][..., 0] = 0.0
    groups["nu_number_density"][2:, :, 3] = 0.0
    groups["nu_number_flux"][2:, :, 3] = 0.0
    assert _unknown(screen(groups, matter)) == [0]


def test_negative_densities(groups, matter):
    """Noise becomes 0 and is counted; a clearly negative density makes the cell unknown."""
    n = groups["nu_number_density"]
    small = float(n.isel(r=1).sum())
    clean = groups.copy(deep=True)
    clean["nu_number_density"][0, 7, 1] = 0.0
    n[0, 7, 1] = -1e-9 * small
    n[1, 4, 5] = -1e-2 * float(n.isel(r=5).sum())
    out = screen(groups, matter, lsa_cells=0)
    assert _unknown(out) == [5]
    assert out.attrs["negative_densities_clipped"] == 1
    expected = screen(clean, matter, lsa_cells=0)
    for name in ("eln_xln_positive", "cfi_growth_estimate", "slow_growth_normal"):
        np.testing.assert_allclose(out[name][1], expected[name][1], rtol=1e-12)


def test_flux_factors_above_one(groups, matter):
    """Capped and counted, not unknown."""
    n, f = groups["nu_number_density"], groups["nu_number_flux"]
    f[0, :, 3] = 1.3 * C_LIGHT * n[0, :, 3]
    out = screen(groups, matter)
    assert _unknown(out) == []
    assert out.attrs["flux_factors_capped"] == 1


def test_unusable_matter(groups, matter):
    """A crossing is certain whatever the matter is; nothing found is not."""
    matter["ye"][:] = np.nan
    out = screen(groups, matter)
    crossing = out["ffi_crossing"].values == 1
    assert crossing.any() and not crossing.all()
    np.testing.assert_array_equal(out["instability"].values[crossing], 5)
    assert out["potential_matter"].isnull().all()
    assert (out["mnr_flag"] == -1).all()
    quiet = ~crossing & (out["cfi_branch"].values <= 0) & (out["slow_growth_normal"].values == 0)
    assert (
        out["instability"].values[quiet & (out["slow_growth_inverted"].values == 0)] == -1
    ).all()
    rates = matter["absorption"].copy()
    rates[0, 0, 2] = np.nan
    out = screen(groups, matter.assign(absorption=rates, ye=0.2 * xr.ones_like(matter["rho"])))
    assert out["cfi_branch"][2] == -1 and np.isnan(out["cfi_growth_estimate"][2])
    assert (out["cfi_branch"].drop_isel(r=2) >= 0).all()


def test_undeclared_conventions_are_told(groups):
    """Frame and multiplicity that a file does not declare are named in the map."""
    assert screen(groups).attrs["warnings"] == ""
    out = screen(groups.drop_attrs(deep=False))
    assert "frame not declared" in out.attrs["warnings"]
    assert "heavy_multiplicity not declared" in out.attrs["warnings"]


def test_empty_groups_are_counted(groups, matter):
    """Groups without neutrinos anywhere change nothing and are counted."""
    groups["nu_number_density"][:, -2:] = 0.0
    out = screen(groups, matter)
    assert out.attrs["empty_groups"] == 2
    assert _unknown(out) == []
    kept = screen(groups.isel(energy=slice(-2)), matter.isel(energy=slice(-2)))
    np.testing.assert_allclose(out["cfi_growth_estimate"], kept["cfi_growth_estimate"], rtol=1e-9)
