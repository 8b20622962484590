"""The schema check gives one line per defect that names variable, zone, value and unit."""

import numpy as np
import pytest
import xarray as xr

from qkepipe import schema
from qkepipe.errors import QkepipeError


def snapshot(n=5):
    r = np.linspace(1e6, 5e6, n)
    data = {
        "rho": ("r", np.geomspace(1e13, 1e9, n)),
        "temperature": ("r", np.linspace(10.0, 2.0, n)),
        "ye": ("r", np.linspace(0.1, 0.5, n)),
        "nu_number_density": (("species", "r"), np.full((4, n), 1e33)),
    }
    dataset = xr.Dataset(data, {"r": r, "species": ["nue", "nuebar", "nux", "nuxbar"]})
    return schema.set_attributes(dataset)


def lines(dataset, kind="snapshot"):
    with pytest.raises(QkepipeError) as caught:
        schema.check(dataset, kind, "a.nc")
    return str(caught.value).splitlines()


def test_good_snapshot_passes():
    dataset = snapshot()
    assert schema.check(dataset, "snapshot") is dataset
    assert dataset["rho"].attrs["units"] == "g cm-3"
    assert dataset["r"].attrs["long_name"]


def test_attributes_of_the_file_are_kept():
    dataset = snapshot()
    dataset["rho"].attrs["long_name"] = "my density"
    assert schema.set_attributes(dataset)["rho"].attrs["long_name"] == "my density"


def break_missing(dataset):
    return dataset.drop_vars("ye"), ("ye", "missing")


def break_units(dataset):
    dataset["rho"].attrs["units"] = "kg m-3"
    return dataset, ("rho", "'kg m-3'", "'g cm-3'")


def break_no_units(dataset):
    del dataset["rho"].attrs["units"]
    return dataset, ("rho", "no units", "'g cm-3'")


def break_nan(dataset):
    dataset["temperature"][3] = np.nan
    return dataset, ("temperature[3]", "nan")


def break_infinity(dataset):
    dataset["temperature"][1:] = np.inf
    return dataset, ("temperature[1]", "inf", "4 such values")


def break_range(dataset):
    dataset["ye"][2:4] = 1.5
    return dataset, ("ye[2]", "1.5", "0 to 1", "2 such values")


def break_species_range(dataset):
    dataset["nu_number_density"][2, 4] = -3.0
    return dataset, ("nu_number_density[nux,4]", "-3", "cm-3")


def break_dims(dataset):
    return dataset.rename_dims(r="x").assign_coords(r=("x", dataset["r"].values)), ("x",)


def break_type(dataset):
    dataset["ye"] = ("r", np.array(["a"] * 5), {"units": "1"})
    return dataset, ("ye", "type", "numbers")


@pytest.mark.parametrize(
    "damage",
    [
        break_missing,
        break_units,
        break_no_units,
        break_nan,
        break_infinity,
        break_range,
        break_species_range,
        break_type,
    ],
)
def test_one_defect_one_line(damage):
    dataset, words = damage(snapshot())
    found = lines(dataset)
    assert len(found) == 1
    assert found[0].startswith("a.nc: ")
    for word in words:
        assert word in found[0]


def test_wrong_dimension_names_every_variable():
    dataset, _ = break_dims(snapshot())
    found = lines(dataset)
    assert {line.split(":")[1].strip() for line in found} >= {"rho", "temperature", "ye"}


def test_all_defects_are_reported_together():
    dataset = snapshot()
    for damage in (break_nan, break_species_range, break_units):
        dataset, _ = damage(dataset)
    assert len(lines(dataset)) == 3


def test_wrong_units_do_not_give_a_second_line_about_the_range():
    dataset = snapshot()
    dataset["rho"][:] *= 1e20
    dataset["rho"].attrs["units"] = "m"
    assert len(lines(dataset)) == 1


def test_unknown_variable_is_a_warning():
    dataset = snapshot().assign(colour=("r", np.zeros(5)))
    found = schema.defects(dataset, "snapshot", "a.nc")
    assert [(d.field, d.severity) for d in found] == [("colour", "warning")]
    schema.check(dataset, "snapshot")


def test_missing_values_are_allowed_where_the_schema_says():
    dataset = snapshot().assign(abar=("r", np.full(5, np.nan), {"units": "1"}))
    schema.check(dataset, "snapshot")
    dataset["abar"][0] = np.inf
    assert len(lines(dataset)) == 1


def test_explained_range_is_left_to_the_other_check():
    dataset, _ = break_range(snapshot())
    assert schema.defects(dataset, "snapshot", explained={"ye"}) == []


def test_space_may_have_angles():
    theta = ("theta", "r")
    r, angle = np.linspace(1e6, 2e6, 3), np.linspace(0.1, 3.0, 2)
    dataset = xr.Dataset(
        {name: (theta, np.full((2, 3), 0.3)) for name in ("rho", "temperature", "ye")},
        {"r": r, "theta": angle},
    )
    schema.check(schema.set_attributes(dataset), "snapshot")


def test_table_is_consistent():
    """Required names exist, optional axes are axes of the variable, in canonical order."""
    for kind, names in schema.KINDS.items():
        assert set(names) <= set(schema.VARIABLES), kind
    for name, spec in schema.VARIABLES.items():
        assert set(spec.optional) <= set(spec.dims), name
        assert spec.low <= spec.high, name
        order = [schema.AXES.index(d) for d in spec.dims if d in schema.AXES]
        assert order == sorted(order), name
        assert spec.long_name and spec.units, name
