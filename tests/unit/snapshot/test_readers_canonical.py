"""Canonical netCDF: round trip, unknown variables, and files that are not what they claim."""

import numpy as np
import pytest
import xarray as xr

from qkepipe.errors import QkepipeError
from qkepipe.runtime import write_dataset
from qkepipe.snapshot import open_snapshot, read_snapshot


def refusal(path, **options):
    with pytest.raises(QkepipeError) as caught:
        open_snapshot(path, **options)
    return str(caught.value).splitlines()


@pytest.fixture(scope="module")
def model():
    return open_snapshot(format="analytic")


def assert_same_bits(a, b):
    assert set(a.variables) == set(b.variables)
    for name in a.variables:
        assert a[name].dims == b[name].dims
        if a[name].dtype.kind == "f":
            assert a[name].values.tobytes() == b[name].values.tobytes(), name
        else:
            np.testing.assert_array_equal(a[name], b[name])
        assert a[name].attrs == b[name].attrs


@pytest.mark.parametrize("which", ["ccsn", "merger", "nsy"])
def test_round_trip_is_bit_identical(which, request, tmp_path):
    first = request.getfixturevalue(which)
    path = tmp_path / "snapshot.nc"
    write_dataset(first, path, code="test")
    second = open_snapshot(path)
    assert_same_bits(first, second)
    for key in ("simulation", "frame", "baryon_mass"):
        assert second.attrs[key] == first.attrs[key]
    assert second.attrs["source_format"] == "canonical"
    assert second.attrs["source_file"] == str(path)
    assert second.attrs["origin_format"] == first.attrs["source_format"]
    assert second.attrs["origin_sha256"] == first.attrs["source_sha256"]
    assert second.attrs["history"].startswith(first.attrs["history"])


def test_time_is_a_number_of_seconds(merger, tmp_path):
    write_dataset(merger, tmp_path / "a.nc", code="test")
    assert float(open_snapshot(tmp_path / "a.nc")["time"]) == float(merger["time"])


def test_classic_netcdf_and_single_precision(model, tmp_path):
    single = model.assign(rho=model["rho"].astype("f4"))
    single.to_netcdf(tmp_path / "a.nc", format="NETCDF3_CLASSIC")
    back = open_snapshot(tmp_path / "a.nc")
    assert back["rho"].dtype == np.float64
    np.testing.assert_array_equal(back["rho"], single["rho"])


def test_unknown_variable_is_kept_with_a_warning(model, tmp_path):
    model.assign(my_field=("r", np.arange(model.sizes["r"]))).to_netcdf(tmp_path / "a.nc")
    back = open_snapshot(tmp_path / "a.nc")
    np.testing.assert_array_equal(back["my_field"], np.arange(model.sizes["r"]))
    assert "my_field: unknown variable" in back.attrs["warnings"]


def test_order_of_dimensions_is_restored(nsy, tmp_path):
    nsy.transpose("r", "theta", "energy", "species", ...).to_netcdf(tmp_path / "a.nc")
    back = open_snapshot(tmp_path / "a.nc")
    assert back["emissivity"].dims == ("species", "energy", "theta", "r")
    np.testing.assert_array_equal(back["emissivity"], nsy["emissivity"])


def test_missing_variables_are_all_named(model, tmp_path):
    model.drop_vars(["temperature", "ye"]).to_netcdf(tmp_path / "a.nc")
    (line,) = refusal(tmp_path / "a.nc")
    assert "temperature, ye: missing" in line and "velocity_r" in line


def test_missing_unit(model, tmp_path):
    bare = model.copy()
    del bare["temperature"].attrs["units"]
    bare.to_netcdf(tmp_path / "a.nc")
    (line,) = refusal(tmp_path / "a.nc")
    assert "temperature: no units attribute" in line


def test_two_defects_give_two_lines(model, tmp_path):
    bad = model.copy(deep=True)
    bad["ye"].values[3] = 1.5
    bad["rho"].values[5] = np.nan
    bad.to_netcdf(tmp_path / "a.nc")
    lines = refusal(tmp_path / "a.nc")
    assert len(lines) == 2
    assert any("ye[3] = 1.5" in line for line in lines)
    assert any("rho[5] = nan" in line for line in lines)
    dataset, found = read_snapshot(tmp_path / "a.nc")
    assert len([d for d in found if d.severity == "error"]) == 2
    assert dataset["ye"][3] == 1.5


@pytest.mark.parametrize("part", [0.3, 0.9])
@pytest.mark.parametrize("format", ["auto", "canonical"])
def test_truncated_file(nsy, tmp_path, part, format):
    path = tmp_path / "a.nc"
    write_dataset(nsy, path, code="test")
    data = path.read_bytes()
    path.write_bytes(data[: int(part * len(data))])
    (line,) = refusal(path, format=format)
    assert "truncated?" in line


def test_foreign_file(tmp_path):
    path = tmp_path / "a.nc"
    path.write_text("not a netCDF file\n")
    (line,) = refusal(path, format="canonical")
    assert "truncated or foreign?" in line


def test_table_of_states_is_not_a_snapshot(tmp_path):
    xr.Dataset({"ye": ("x", [0.1, 0.2]), "logrho": ("x", [5.0, 6.0])}).to_netcdf(tmp_path / "a.h5")
    (line,) = refusal(tmp_path / "a.h5")
    assert "no canonical snapshot: it has logrho, ye" in line


def test_carpet_file_is_refused_with_its_names(shared):
    path = shared / "einstein_toolkit_tov" / "static_tov" / "rho.xyz.file_0.h5"
    (line,) = refusal(path)
    assert "HYDROBASE::rho" in line
