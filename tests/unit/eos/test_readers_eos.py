"""Readers of equation-of-state tables: values, conventions of rest masses, damaged files."""

import netCDF4
import numpy as np
import pytest
from small_table import LOG_RHO, LOG_T, YE, gas, write_arrays, write_compose, write_hdf5

from qkepipe.constants import M_ELECTRON, M_U_GRAM, Q_NP
from qkepipe.eos import READERS, read_eos
from qkepipe.errors import QkepipeError


@pytest.fixture(params=["stellarcollapse", "compose"])
def written(request, tmp_path):
    """Format and path of a small table."""
    if request.param == "compose":
        return request.param, write_compose(tmp_path / "table")
    return request.param, write_hdf5(tmp_path / "table.h5")


def refusal(path, format="stellarcollapse", **options):
    """The one line of a refusal, which names the file."""
    with pytest.raises(QkepipeError) as caught:
        read_eos(path, format, **options)
    (line,) = str(caught.value).splitlines()
    assert line.startswith(str(path)), line
    return line


def test_registered_formats_have_their_names():
    assert {name: reader.name for name, reader in READERS.items()} == {n: n for n in READERS}


def test_nodes_of_both_formats(written):
    format, path = written
    table, g = read_eos(path, format), gas()
    np.testing.assert_allclose(table.log_rho, LOG_RHO, rtol=0, atol=1e-12)
    np.testing.assert_allclose(table.log_t, LOG_T, rtol=0, atol=1e-12)
    np.testing.assert_allclose(table.ye, YE, rtol=0, atol=1e-12)
    np.testing.assert_allclose(table["mu_hat"], g["mu_n"] - g["mu_p"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(table["mu_e"], g["mu_e"], rtol=0, atol=1e-9)
    for name in ("x_n", "x_p", "x_alpha", "x_light", "x_heavy", "entropy"):
        np.testing.assert_allclose(table[name], g[name], rtol=0, atol=1e-12)
    np.testing.assert_allclose(table["heavy_number"], g["x_heavy"] / 50.0, rtol=0, atol=1e-12)
    np.testing.assert_allclose(table["heavy_charge"], 0.4 * g["x_heavy"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(10.0 ** table["log_pressure"], g["pressure"], rtol=1e-10)
    assert table.attrs == {
        "format": format, "electron_mass": "included", "nucleon_masses": "included",
    }  # fmt: skip
    assert table.warnings == ()


def test_only_compose_tables_are_over_baryon_density(tmp_path):
    assert read_eos(write_hdf5(tmp_path / "a.h5"), "stellarcollapse").baryon_mass is None
    assert read_eos(write_compose(tmp_path / "b"), "compose").baryon_mass == M_U_GRAM


def test_compose_table_without_leptons(tmp_path):
    table = read_eos(write_compose(tmp_path / "a", leptons=0), "compose")
    assert np.isnan(table["mu_e"]).all()
    assert "electron_mass" not in table.attrs


# --- conventions ---


def shifted(name, by):
    def change(arrays):
        arrays[name] = arrays[name] + by

    return change


@pytest.mark.parametrize(
    "name, by, attribute, quantity",
    [
        ("mu_e", -M_ELECTRON, "electron_mass", "mu_e"),
        ("muhat", -Q_NP, "nucleon_masses", "mu_hat"),
    ],
)
def test_missing_rest_masses_are_found_and_added(tmp_path, name, by, attribute, quantity):
    path = write_hdf5(tmp_path / "table.h5", shifted(name, by))
    table = read_eos(path, "stellarcollapse")
    assert table.attrs[attribute] == "excluded"
    whole = read_eos(write_hdf5(tmp_path / "whole.h5"), "stellarcollapse")
    np.testing.assert_allclose(table[quantity], whole[quantity], rtol=0, atol=1e-12)
    assert "declared as included, but" in refusal(path, **{attribute: "included"})


@pytest.mark.parametrize(
    "name, by, option", [("mu_e", -0.25, "electron_mass"), ("muhat", -0.65, "nucleon_masses")]
)
def test_ambiguous_convention_needs_a_declaration(tmp_path, name, by, option):
    path = write_hdf5(tmp_path / "table.h5", shifted(name, by))
    line = refusal(path)
    assert "rest masses included or not?" in line
    assert f"background.eos.{option}" in line
    assert read_eos(path, "stellarcollapse", **{option: "excluded"}).attrs[option] == "excluded"


def test_without_hot_dilute_nodes_the_convention_is_not_guessed(tmp_path):
    def dense(arrays):
        arrays["logrho"] = arrays["logrho"] + 5.0

    path = write_hdf5(tmp_path / "table.h5", dense)
    assert "There is no hot dilute node to tell by" in refusal(path, electron_mass="included")
    table = read_eos(path, "stellarcollapse", electron_mass="included", nucleon_masses="included")
    assert table.attrs["nucleon_masses"] == "included"


def test_shared_table_and_a_changed_copy(shared, tmp_path):
    """Without Q, without m_e, without Xl; nucleon potentials in place of muhat."""
    original = shared / "eos_table" / "nse23_stellarcollapse_rho84_temp34_ye25.h5"
    whole = read_eos(original, "stellarcollapse")
    assert whole.attrs["electron_mass"] == whole.attrs["nucleon_masses"] == "included"
    with netCDF4.Dataset(original) as data:
        arrays = {name: np.array(v[...]) for name, v in data.variables.items()}
    arrays["mu_e"] -= M_ELECTRON
    arrays["mu_p"] += Q_NP
    del arrays["muhat"], arrays["Xl"]
    table = read_eos(write_arrays(tmp_path / "table.h5", arrays), "stellarcollapse")
    assert table.attrs["electron_mass"] == table.attrs["nucleon_masses"] == "excluded"
    np.testing.assert_allclose(table["mu_hat"], whole["mu_hat"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(table["mu_e"], whole["mu_e"], rtol=0, atol=1e-9)
    assert whole["x_light"].max() > 0.5
    assert not table["x_light"].any()


# --- files that cannot be used ---


def test_missing_and_misshapen_arrays(tmp_path):
    line = refusal(write_hdf5(tmp_path / "a.h5", drop=("Xn", "muhat", "mu_n", "Zbar")))
    assert "Xn, Zbar, muhat (or mu_n and mu_p): missing" in line

    def turn(arrays):
        arrays["mu_e"] = arrays["mu_e"].T

    line = refusal(write_hdf5(tmp_path / "b.h5", turn))
    assert "mu_e: shape (7, 6, 3)" in line
    assert "(3, 6, 7): ye, temperature, density" in line


def test_axis_that_does_not_increase(tmp_path):
    def turn(arrays):
        arrays["logtemp"] = arrays["logtemp"][::-1]

    assert "temperature: 6 nodes that do not all increase" in refusal(
        write_hdf5(tmp_path / "a.h5", turn)
    )


def test_heavy_nuclei_without_mass_number(tmp_path):
    def forget(arrays):
        arrays["Abar"][2, 1, 5] = 0.0

    assert "Abar[2,1,5] = 0: heavy nuclei without A" in refusal(
        write_hdf5(tmp_path / "a.h5", forget)
    )


def test_composition_without_the_charge_of_ye_is_mentioned(tmp_path):
    def exchange(arrays):
        arrays["Xn"], arrays["Xp"] = arrays["Xp"], arrays["Xn"]
        arrays["muhat"] = 2.0 * Q_NP - arrays["muhat"]

    table = read_eos(write_hdf5(tmp_path / "a.h5", exchange), "stellarcollapse")
    (warning,) = table.warnings
    assert warning.severity == "warning"
    assert "not ye" in str(warning)


@pytest.mark.parametrize("size", [0, 4, 3000])
def test_truncated_file(tmp_path, size):
    path = write_hdf5(tmp_path / "a.h5")
    path.write_bytes(path.read_bytes()[:size])
    assert "truncated" in refusal(path)


def test_foreign_files(tmp_path):
    (tmp_path / "a.h5").write_text("1 2 3\n")
    assert "not an HDF5 file" in refusal(tmp_path / "a.h5")
    assert "no such file" in refusal(tmp_path / "b.h5")
    assert "not a folder" in refusal(tmp_path / "a.h5", "compose")
    assert "did you mean 'compose'" in refusal(tmp_path, "composed")
    assert "unknown choice 'yes'" in refusal(tmp_path, "compose", electron_mass="yes")


def edited(folder, name, change):
    path = folder / f"eos.{name}"
    path.write_text(change(path.read_text()))
    with pytest.raises(QkepipeError) as caught:
        read_eos(folder, "compose")
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"{path}: "), line
    return line


@pytest.mark.parametrize(
    "name, change, words",
    [
        ("t", lambda text: text[:-20], "values, not those of the first two lines"),
        ("t", lambda text: "0\n1\n0.0\n1.0\n", "first value is not positive"),
        ("nb", lambda text: "a b\n", "could not convert"),
        ("thermo", lambda text: "939 938\n" + text, "line 1 is not m_n m_p I_l"),
        ("thermo", lambda text: text[: len(text) // 2].rpartition("\n")[0], "64 of 126 nodes"),
        ("thermo", lambda text: text.replace("\n1 0 3 ", "\n9 0 3 "), "outside the axes"),
        ("compo", lambda text: text[: len(text) // 2].rpartition("\n")[0], "nodes missing"),
        ("compo", lambda text: text.replace(" 4002 ", " alpha "), "line 1 is no list"),
    ],
)
def test_damaged_compose_files(tmp_path, name, change, words):
    assert words in edited(write_compose(tmp_path / "a"), name, change)


def test_missing_compose_file(tmp_path):
    folder = write_compose(tmp_path / "a")
    (folder / "eos.compo").unlink()
    with pytest.raises(QkepipeError, match=r"eos\.compo: no such file"):
        read_eos(folder, "compose")
