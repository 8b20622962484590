"""Delimited text: column maps, conversions, and errors with line and column."""

import numpy as np
import pytest
import yaml

from qkepipe.constants import C_LIGHT, K_BOLTZMANN_MEV, M_U_GRAM, MEV_ERG
from qkepipe.errors import QkepipeError
from qkepipe.snapshot import open_snapshot, read_snapshot
from qkepipe.snapshot.closure import CLOSURES, flux_factor
from qkepipe.snapshot.column_maps import load_map, shipped_maps
from qkepipe.snapshot.text import parse_table

ZONES = 12
COLUMNS = [
    {"column": 1, "name": "r", "unit": "km"},
    {"column": 2, "name": "rho", "unit": "g cm-3"},
    {"column": 3, "name": "temperature", "unit": "MeV"},
    {"column": 4, "name": "ye", "unit": "1"},
]


def profile():
    x = np.linspace(0.0, 1.0, ZONES)
    return np.stack([20.0 + 80.0 * x, 1e12 * 10.0 ** (-3 * x), 10.0 - 8.0 * x, 0.1 + 0.3 * x], 1)


def table(values, exponent="e"):
    rows = [" ".join(f"{v:.12e}" for v in row) for row in values]
    return "\n".join(rows).replace("e", exponent) + "\n"


@pytest.fixture
def write(tmp_path):
    """``write(text, columns, **map)`` writes both files and returns the keywords to open them."""

    def make(text, columns=COLUMNS, **more):
        (tmp_path / "table.txt").write_text(text)
        (tmp_path / "map.yaml").write_text(yaml.safe_dump({"columns": columns, **more}))
        return {"path": tmp_path / "table.txt", "map": str(tmp_path / "map.yaml")}

    return make


def refusal(function, **keywords):
    with pytest.raises(QkepipeError) as caught:
        function(**keywords)
    lines = str(caught.value).splitlines()
    assert len(lines) == len(caught.value.defects)
    return lines


# --- conversions ------------------------------------------------------------------------------


def test_units_logarithm_and_scale(write):
    values = profile()
    given = values.copy()
    given[:, 1] = np.log10(values[:, 1])
    given[:, 2] = values[:, 2] / K_BOLTZMANN_MEV / 1e9
    given[:, 3] = 100.0 * values[:, 3]
    columns = [
        COLUMNS[0],
        {**COLUMNS[1], "log10": True},
        {**COLUMNS[2], "unit": "GK"},
        {**COLUMNS[3], "scale": 0.01},
    ]
    snapshot = open_snapshot(**write(table(given), columns))
    np.testing.assert_allclose(snapshot["r"], 1e5 * values[:, 0], rtol=1e-11)
    for name, column in (("rho", 1), ("temperature", 2), ("ye", 3)):
        np.testing.assert_allclose(snapshot[name], values[:, column], rtol=1e-10)
    for words in ("from log10", "unit GK", "scale 0.01", "factor 100000.0"):
        assert words in snapshot.attrs["history"]


def test_fortran_exponents_with_d(write):
    plain = open_snapshot(**write(table(profile())))
    fortran = open_snapshot(**write(table(profile(), "D")))
    for name in plain.variables:
        np.testing.assert_array_equal(plain[name], fortran[name])


def test_comma_separated_with_a_line_of_names(write):
    text = "r,rho,T,ye\n" + table(profile()).replace(" ", ",")
    snapshot = open_snapshot(**write(text, delimiter=",", skip=1))
    np.testing.assert_allclose(snapshot["rho"], profile()[:, 1], rtol=1e-11)


@pytest.mark.parametrize("multiplicity", [1, 2, 4])
def test_moments_per_baryon_and_heavy_multiplicity(write, multiplicity):
    values = profile()
    y = np.stack([k * 1e-3 * values[:, 3] for k in (1.0, 2.0, 3.0 * multiplicity)], 1)
    energy = 10.0 * y
    columns = [*COLUMNS]
    for i, species in enumerate(("nue", "nuebar", "nux")):
        columns += [
            {"column": 5 + i, "name": "nu_number_density", "species": species, "unit": "1",
             "per_baryon": True},
            {"column": 8 + i, "name": "nu_energy_density", "species": species, "unit": "MeV",
             "per_baryon": True},
        ]  # fmt: skip
    text = table(np.concatenate([values, y, energy], 1))
    snapshot, _ = read_snapshot(
        **write(text, columns, frame="fluid", heavy_multiplicity=multiplicity,
                baryon_mass={"value": M_U_GRAM, "unit": "g"})
    )  # fmt: skip
    n_b = values[:, 1] / M_U_GRAM
    expected = np.stack([k * 1e-3 * values[:, 3] * n_b for k in (1.0, 2.0, 3.0, 3.0)])
    np.testing.assert_allclose(snapshot["nu_number_density"], expected, rtol=1e-10)
    np.testing.assert_allclose(snapshot["nu_energy_density"], 10.0 * MEV_ERG * expected, rtol=1e-10)
    assert snapshot["nu_number_density"].attrs["frame"] == "fluid"
    assert snapshot.attrs["heavy_multiplicity"] == multiplicity


def test_multiplicity_that_disagrees_with_the_core_is_refused(merger_path):
    with pytest.raises(QkepipeError, match="number of species in nux"):
        open_snapshot(merger_path, heavy_multiplicity=4)


def test_baryon_mass_in_mev(write):
    snapshot = open_snapshot(**write(table(profile()), baryon_mass={"value": 939.0, "unit": "MeV"}))
    assert snapshot.attrs["baryon_mass"] == pytest.approx(939.0 * MEV_ERG / C_LIGHT**2)


# --- closures ---------------------------------------------------------------------------------


@pytest.mark.parametrize("closure", sorted(CLOSURES))
def test_closure_and_its_inverse(closure):
    f = np.linspace(0.0, 1.0, 101)
    chi = CLOSURES[closure](f)
    assert chi[0] == pytest.approx(1 / 3) and chi[-1] == pytest.approx(1.0)
    assert np.all(np.diff(chi) > 0.0)
    np.testing.assert_allclose(flux_factor(chi, closure), f, rtol=0, atol=1e-7)
    np.testing.assert_array_equal(flux_factor([0.3333333, 1.0], closure), [0.0, 1.0])


def test_minerbo_is_the_maximum_entropy_closure():
    """For f ~ exp(b mu): f = coth b - 1/b, chi = 1 - 2 f/b; the polynomial is a 1 % fit."""
    b = np.array([0.5, 1.0, 2.0, 5.0])
    f = 1.0 / np.tanh(b) - 1.0 / b
    np.testing.assert_allclose(CLOSURES["minerbo"](f), 1.0 - 2.0 * f / b, rtol=1e-2)


def test_noise_of_the_eddington_factor_is_clipped_and_counted(merger_path, edited):
    def change(text):
        lines = text.splitlines()
        first = next(i for i, line in enumerate(lines) if not line.startswith("#"))
        lines[first] = " ".join([*lines[first].split()[:-1], "0.3333328"])
        return "\n".join(lines) + "\n"

    snapshot = open_snapshot(edited(merger_path, change))
    assert float(snapshot["nu_eddington"][2, 0]) == 1.0 / 3.0
    assert float(snapshot["nu_number_flux"][2, 0]) == 0.0
    # nux, and nuxbar which is its copy
    assert "2 Eddington factors below 1/3" in snapshot.attrs["history"]
    with pytest.raises(QkepipeError, match="Eddington factor too small"):
        open_snapshot(edited(merger_path, lambda t: change(t).replace("0.3333328", "0.3330")))


# --- errors in the map ------------------------------------------------------------------------


def test_column_without_unit(write):
    columns = [*COLUMNS[:2], {"column": 3, "name": "temperature"}, COLUMNS[3]]
    (line,) = refusal(open_snapshot, **write(table(profile()), columns))
    assert "column 3 (temperature): column without unit" in line


@pytest.mark.parametrize(
    "entry, words",
    [
        ({"column": 5, "name": "temprature", "unit": "MeV"}, "did you mean 'temperature'"),
        ({"column": 5, "name": "pressure", "unit": "bar"}, "unknown unit 'bar'"),
        ({"column": 5, "name": "mu_e", "unit": "MeV"}, "rest_mass = None"),
        ({"column": 5, "name": "x_n", "unit": "1", "speces": "nue"}, "did you mean 'species'"),
        ({"column": 5, "name": "rho", "unit": "g cm-3"}, "columns 2 and 5: both are rho"),
        ({"column": 0, "name": "x_n", "unit": "1"}, "column = 0"),
        ({"column": 5, "name": "velocity_r", "unit": "c", "per_baryon": True}, "per_baryon"),
        ({"column": 5, "name": "x_heavy", "unit": "1", "per_baryon": True}, "number of nuclei"),
        ({"column": 5, "name": "x_n", "unit": "1", "log10": "yes"}, "log10"),
    ],
)
def test_defects_of_an_entry(write, entry, words):
    (line,) = refusal(open_snapshot, **write(table(profile()), [*COLUMNS, entry]))
    assert words in line and "map.yaml" in line


def test_neutrino_columns_need_frame_and_all_species(write):
    columns = [
        *COLUMNS,
        {"column": 5, "name": "nu_number_density", "species": "nue", "unit": "cm-3"},
    ]
    lines = refusal(open_snapshot, **write(table(profile()), columns))
    assert len(lines) == 2
    assert "no column for nuebar, nux" in lines[0] and "frame" in lines[1]


@pytest.mark.parametrize(
    "more, words",
    [
        ({"baryon_mass": 1.66e-24}, "baryon_mass"),
        ({"baryon_mass": {"value": 939.0, "unit": "kg"}}, "baryon_mass"),
        ({"closure": "minerbo"}, "no column is nu_eddington"),
        ({"heavy_multiplicity": 3}, "1, 2 or 4"),
        ({"frme": "lab"}, "did you mean 'frame'"),
        ({"skip": "two"}, "skip"),
        ({"time": {"header": "t = (", "unit": "s"}}, "regular expression"),
    ],
)
def test_defects_of_a_map(write, more, words):
    (line,) = refusal(open_snapshot, **write(table(profile()), **more))
    assert words in line


def test_value_that_the_header_lacks(write):
    more = {"baryon_mass": {"header": "reference mass ([0-9.]+)", "unit": "MeV"}}
    (line,) = refusal(open_snapshot, **write("# nothing\n" + table(profile()), **more))
    assert "baryon_mass: not found in the header" in line


def test_map_that_is_not_yaml_or_not_there(write, tmp_path):
    keywords = write(table(profile()))
    (tmp_path / "map.yaml").write_text("columns: [")
    assert "not YAML" in refusal(open_snapshot, **keywords)[0]
    assert "ccsn_1d" in refusal(open_snapshot, path=keywords["path"], map="none")[0]
    (tmp_path / "map.yaml").write_text("just text")
    assert "columns: missing" in refusal(open_snapshot, **keywords)[0]


def test_labels_that_differ_from_the_header(ccsn_path, edited):
    changed = edited(ccsn_path, lambda t: t.replace("radius (cm)", "radius (km)"))
    (line,) = refusal(open_snapshot, path=changed, map="ccsn_1d")
    assert "column 2" in line and "'radius (km)'" in line
    # without the option nothing claims the file
    assert "no reader recognises it" in refusal(open_snapshot, path=changed)[0]


def test_table_without_map(write):
    keywords = write(table(profile()))
    (line,) = refusal(open_snapshot, path=keywords["path"], format="delimited")
    assert "no map of the package describes these columns" in line


def test_shipped_maps_are_complete():
    assert set(shipped_maps()) >= {"ccsn_1d", "bnsm_thc_m1"}
    for name in shipped_maps():
        assert load_map(name).labels()


# --- errors in the table ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "token, words",
    [
        ("1.0-100", "exponent without its letter E"),
        ("********", "did not fit"),
        ("abc", "is not a number"),
        ("1_0", "is not a number"),
    ],
)
def test_bad_number_is_named_by_line_and_column(write, token, words):
    lines = ["# header", *table(profile()).splitlines()]
    row = lines[4].split()
    row[2] = token
    lines[4] = " ".join(row)
    (line,) = refusal(open_snapshot, **write("\n".join(lines) + "\n"))
    assert "line 5, column 3" in line and token in line and words in line


def test_many_bad_numbers_are_counted():
    text = "\n".join("1 * 2" for _ in range(9))
    with pytest.raises(QkepipeError) as caught:
        parse_table(text, "file")
    assert len(caught.value.defects) == 6
    assert "4 more values" in str(caught.value)


def test_short_last_row(write):
    text = table(profile())
    cut = text[: text.rstrip().rfind(" ")]
    (line,) = refusal(open_snapshot, **write(cut))
    assert f"line {ZONES}" in line and "3 columns: truncated?" in line and "4 columns" in line


def test_last_number_cut_short(write):
    (line,) = refusal(open_snapshot, **write(table(profile())[:-6]))
    assert f"line {ZONES}" in line and "truncated?" in line


def test_ragged_row(write):
    lines = table(profile()).splitlines()
    lines[5] += " 1.0"
    (line,) = refusal(open_snapshot, **write("\n".join(lines) + "\n"))
    assert "line 6" in line and "ragged row with 5 columns" in line


def test_too_few_columns(write):
    (line,) = refusal(open_snapshot, **write(table(profile()[:, :3])))
    assert "line 1" in line and "too few columns: 3" in line


def test_rows_missing_in_the_middle(ccsn_path, edited):
    def drop(text):
        lines = text.splitlines()
        return "\n".join(lines[:60] + lines[63:]) + "\n"

    (line,) = refusal(open_snapshot, path=edited(ccsn_path, drop))
    assert "line 61" in line and "rows missing or double" in line


def test_not_a_number_values_are_left_to_the_checks(write):
    values = profile()
    values[3, 2] = np.nan
    (line,) = refusal(open_snapshot, **write(table(values)))
    assert "temperature[3] = nan" in line


def test_kelvin_taken_as_mev_and_descending_radius_give_two_lines(write):
    values = profile()[::-1].copy()
    values[:, 2] /= K_BOLTZMANN_MEV
    lines = refusal(open_snapshot, **write(table(values)))
    assert len(lines) == 2
    assert any("looks like K" in line for line in lines)
    assert any("descending" in line for line in lines)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"frame": "rest"}, "frame"),
        ({"heavy_multiplicity": 3}, "1, 2 or 4"),
        ({"baryon_mass": "heavy"}, "a number in g"),
        ({"closure": "minrbo"}, "did you mean 'minerbo'"),
    ],
)
def test_bad_options(merger_path, options, words):
    (line,) = refusal(open_snapshot, path=merger_path, **options)
    assert words in line


def test_no_closure_no_flux(merger_path):
    snapshot = open_snapshot(merger_path, closure="none")
    assert "nu_number_flux" not in snapshot and "flux_source" not in snapshot.attrs
