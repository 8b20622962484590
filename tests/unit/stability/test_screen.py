"""The stability map: variables, options, laziness, refusals and assembly."""

import numpy as np
import pytest
import xarray as xr

from qkepipe.constants import C_LIGHT, M_U_GRAM, MEV_ERG, SQRT2_GF
from qkepipe.errors import QkepipeError
from qkepipe.schema import check
from qkepipe.stability import INSTABILITIES, Instability, Kind, screen

FIELD_ONLY = {
    "ffi_crossing", "ffi_crossing_mu", "eln_xln_positive", "eln_xln_negative",
    "ffi_growth_estimate", "ffi_flux_test", "ffi_k0_test", "ffi_polynomial_test",
    "slow_growth_normal", "slow_growth_inverted", "lsa_growth_rate",
    "lsa_wavenumber", "lsa_sector", "lsa_driver",
    "lsa_unstable_modes", "lsa_converged", "instability", "potential_phi0", "potential_phi1",
}  # fmt: skip
MATTER = {"potential_matter", "mnr_residual", "mnr_flag", "gradient_efolds"}
RATES = {"cfi_growth_estimate", "cfi_branch", "cfi_sector"}


def test_variables_with_everything(angular_field, matter):
    """Exactly the variables of the contract, all finite but two kinds."""
    out = screen(angular_field, matter)
    assert set(out.data_vars) == FIELD_ONLY | MATTER | RATES
    check(out, "stability")
    may_miss = {"ffi_crossing_mu", *(n for n in FIELD_ONLY if n.startswith("lsa_"))}
    for name in set(out.data_vars) - may_miss:
        assert np.isfinite(out[name].values).all(), name
    crossing = out["ffi_crossing"].values == 1
    assert crossing.any() and not crossing.all()
    np.testing.assert_array_equal(np.isfinite(out["ffi_crossing_mu"].values), crossing)
    np.testing.assert_array_equal(out["ffi_growth_estimate"].values > 0, crossing)
    assert out.attrs["omitted"] == ""
    assert out.attrs["field"] == "angles"


def test_absent_not_nan(angular_field, moments_of, matter):
    """What needs matter, rates or energies is left out, with the reason."""
    assert set(screen(angular_field).data_vars) == FIELD_ONLY
    grey = moments_of(angular_field)
    slow = {"slow_growth_normal", "slow_growth_inverted"}
    out = screen(grey, matter)
    assert set(out.data_vars) == (FIELD_ONLY | MATTER) - slow
    assert "collisional: the field is grey" in out.attrs["omitted"]
    assert "slow: the field has no energies" in out.attrs["omitted"]
    out = screen(angular_field, matter.drop_vars("absorption"), lsa_cells=0)
    full = {name for name in FIELD_ONLY if name.startswith("lsa_")}
    assert set(out.data_vars) == (FIELD_ONLY | MATTER) - full


def test_moments_of_groups_equal_angles(angular_field, moments_of, matter):
    """Everything that depends on n and F alone is the same from f and from its moments."""
    a = screen(angular_field, matter)
    b = screen(moments_of(angular_field, grey=False), matter)
    assert b.attrs["field"] == "moments"
    for name in ("potential_phi0", "potential_phi1", "cfi_growth_estimate", "cfi_branch",
                 "mnr_flag", "mnr_residual", "slow_growth_normal"):  # fmt: skip
        np.testing.assert_allclose(a[name].values, b[name].values, rtol=1e-10, err_msg=name)
    np.testing.assert_array_equal(a["ffi_crossing"].values, b["ffi_crossing"].values)
    cross = a["ffi_crossing"].values == 1
    np.testing.assert_allclose(
        a["ffi_crossing_mu"].values[cross], b["ffi_crossing_mu"].values[cross], rtol=0, atol=0.05
    )


def test_grey_mean_energy(angular_field, moments_of):
    """An energy density of the snapshot serves the slow estimate."""
    grey = moments_of(angular_field)
    grey["nu_energy_density"] = (12.0 * MEV_ERG * grey["nu_number_density"]).assign_attrs(
        units="erg cm-3"
    )
    out = screen(grey)
    assert "slow_growth_normal" in out


def test_potentials(angular_field, matter):
    """lambda with the baryon mass of the file; default the atomic mass unit."""
    out = screen(angular_field, matter)
    expected = SQRT2_GF * matter["rho"] * matter["ye"] / M_U_GRAM
    np.testing.assert_allclose(out["potential_matter"], expected, rtol=1e-14)
    other = screen(angular_field, matter.assign_attrs(baryon_mass=1.65e-24))
    np.testing.assert_allclose(
        other["potential_matter"] / out["potential_matter"], M_U_GRAM / 1.65e-24, rtol=1e-14
    )


def test_crossing_tolerance_is_recorded_and_used(angular_field):
    """A large tolerance removes crossings and their growth estimate."""
    out = screen(angular_field, crossing_tolerance=0.49)
    assert out["ffi_crossing"].values.sum() < screen(angular_field)["ffi_crossing"].values.sum()
    assert out.attrs["crossing_tolerance"] == 0.49
    assert out["ffi_crossing"].attrs["crossing_tolerance"] == 0.49


def test_flags_follow_cf(angular_field, matter):
    """flag_values have the type of the data and one meaning each."""
    out = screen(angular_field, matter)
    for name in ("ffi_crossing", "cfi_branch", "mnr_flag", "instability", "lsa_sector"):
        attrs = out[name].attrs
        assert attrs["flag_values"].dtype == out[name].dtype
        assert len(attrs["flag_values"]) == len(attrs["flag_meanings"].split())
        values = out[name].values
        assert np.isin(values[np.isfinite(values)], attrs["flag_values"]).all()


def test_file_round_trip(angular_field, matter, tmp_path):
    """The map and its flags survive netCDF."""
    pytest.importorskip("netCDF4")
    out = screen(angular_field, matter)
    out.to_netcdf(tmp_path / "stability.nc")
    with xr.open_dataset(tmp_path / "stability.nc") as back:
        xr.testing.assert_equal(back.load(), out)
        assert back["instability"].attrs["flag_meanings"].startswith("none ")


def test_severity(angular_field, matter):
    """Fast wins over collisional; damping beyond the growth estimate takes it away."""
    out = screen(angular_field, matter)
    fast = out["ffi_crossing"].values == 1
    np.testing.assert_array_equal(out["instability"].values == 5, fast)
    collisional = ~fast & (out["cfi_branch"].values > 0)
    assert (out["instability"].values[collisional] >= 3).all()
    matter["absorption"] = matter["absorption"] * 1e12
    assert (screen(angular_field, matter)["instability"].values < 5).all()


@pytest.mark.parametrize("mode", ["angles", "moments"])
def test_lazy_equals_eager(angular_field, moments_of, matter, mode):
    """Dask blocks along r give the same numbers and stay lazy without a dispersion relation."""
    pytest.importorskip("dask")
    field = angular_field if mode == "angles" else moments_of(angular_field, grey=False)
    eager = screen(field, matter, lsa_cells=0)
    lazy = screen(field.chunk(r=3), matter.chunk(r=3), lsa_cells=0)
    assert all(v.chunks is not None for v in lazy.data_vars.values())
    # sums over the energies of moments may change their order with the block size
    xr.testing.assert_allclose(lazy.compute(), eager, rtol=1e-12, atol=0.0)
    assert {n: list(v.attrs) for n, v in lazy.items()} == {
        n: list(v.attrs) for n, v in eager.items()
    }
    assert lazy.attrs == eager.attrs
    solved = screen(field.chunk(r=3), matter, lsa_cells=2)
    xr.testing.assert_allclose(solved.compute(), screen(field, matter, lsa_cells=2), rtol=1e-7)


def test_axisymmetric_moments(angular_field, moments_of, matter):
    """A theta axis is carried through; every ray equals its own map."""
    one = moments_of(angular_field, grey=False)
    two = xr.concat([one, one * xr.where(one["species"] == "nue", 1.05, 1.0)], "theta")
    two = two.assign_coords(theta=[0.5, 1.5])
    out = screen(two, matter, lsa_cells=2)
    assert out["ffi_crossing"].dims == ("theta", "r")
    assert np.isfinite(out["lsa_growth_rate"].values).sum() == 2
    single = screen(one, matter, lsa_cells=0)
    for name in single.data_vars:
        if name != "mnr_flag":
            np.testing.assert_array_equal(out[name].isel(theta=0).values, single[name].values)


def test_three_and_six_species(angular_field, moments_of):
    """nux stands for nuxbar; equal mu and tau are one heavy flavour."""
    four = moments_of(angular_field)
    expected = screen(four)
    three = four.isel(species=slice(3))
    xr.testing.assert_allclose(screen(three), expected)
    six = xr.concat(
        [four.isel(species=[0, 1]), four.isel(species=[2, 3, 2, 3])], "species"
    ).assign_coords(species=["nue", "nuebar", "numu", "numubar", "nutau", "nutaubar"])
    names = list(expected.data_vars)
    xr.testing.assert_allclose(screen(six)[names], expected)
    expected = screen(four, lsa_cells=0)
    lazy = screen(six.chunk(r=3), lsa_cells=0)[list(expected.data_vars)]
    xr.testing.assert_allclose(lazy.compute(), expected)


def test_capped_flux_factors_are_counted(angular_field, moments_of):
    """Flux factors beyond one are capped and recorded."""
    field = moments_of(angular_field)
    field["nu_number_flux"][0, 0] = 1.2 * C_LIGHT * field["nu_number_density"][0, 0]
    assert screen(field).attrs["flux_factors_capped"] == 1


def test_refusals(angular_field, moments_of, matter):
    """What does not fit is refused with the name of the variable."""
    field = moments_of(angular_field)
    with pytest.raises(QkepipeError, match="nu_number_flux: missing"):
        screen(field.drop_vars("nu_number_flux"))
    with pytest.raises(QkepipeError, match="mu_edge: missing"):
        screen(angular_field.drop_vars("mu_edge"))
    with pytest.raises(QkepipeError, match="bins in mu"):
        screen(angular_field.assign_coords(mu_edge=("mu_edge", np.linspace(-1, 1, 9))))
    with pytest.raises(QkepipeError, match="r: has no cells"):
        screen(field.isel(r=slice(0)))
    with pytest.raises(QkepipeError, match="nue, nux"):
        screen(field.isel(species=[0, 2]))
    with pytest.raises(QkepipeError, match="ye: missing"):
        screen(field, matter.drop_vars("ye"))
    with pytest.raises(QkepipeError, match="r: differs"):
        screen(field, matter.assign_coords(r=2.0 * matter["r"]))
    with pytest.raises(QkepipeError, match="r: 3 cells"):
        screen(field, matter.isel(r=slice(3)))
    with pytest.raises(QkepipeError, match="energy: differs"):
        screen(angular_field, matter.assign_coords(energy=2.0 * matter["energy"]))
    with pytest.raises(QkepipeError, match="species"):
        screen(field.assign_coords(species=list("abcd")))
    with pytest.raises(QkepipeError, match="crossing_tolerance"):
        screen(field, crossing_tolerance=1.5)
    with pytest.raises(QkepipeError, match="lsa_cells"):
        screen(field, lsa_cells=-1)


def test_one_registry_line_adds_an_instability(angular_field, monkeypatch):
    """A new entry appears in the map, its level in the severity."""

    def exotic(cells, found):
        return xr.Dataset({"exotic_rate": xr.ones_like(found["potential_phi0"])})

    entry = Instability(
        "exotic", exotic, "test", kinds=(Kind(9, "exotic", lambda f, c: f["exotic_rate"] > 0),)
    )
    monkeypatch.setitem(INSTABILITIES, "exotic", entry)
    out = screen(angular_field)
    assert "exotic_rate" in out
    assert (out["instability"].values == 9).all()
    assert out["instability"].attrs["flag_meanings"].endswith("exotic")


def test_registry_names_and_docs():
    """Names are keys, every entry has a sentence."""
    for name, entry in INSTABILITIES.items():
        assert entry.name == name
        assert entry.doc
