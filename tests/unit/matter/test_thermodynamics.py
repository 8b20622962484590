"""What the door of the matter room completes, keeps, warns of and refuses."""

import numpy as np
import pytest
import xarray as xr

from qkepipe.constants import M_U_GRAM
from qkepipe.errors import QkepipeError
from qkepipe.matter import (
    SOURCE_BOUND,
    SOURCE_NSE,
    SOURCE_SNAPSHOT,
    baryon_density,
    electron_chemical_potential,
    free_gas_mu_hat,
    nuclear_equilibrium,
    thermodynamics,
)


def matter(rho, temperature, **more):
    rho = np.atleast_1d(np.asarray(rho, dtype=float))
    size = rho.size
    ones = np.ones(size)
    data = {"rho": rho, "temperature": temperature * ones, "ye": 0.3 * ones}
    data |= {name: value * ones for name, value in more.items()}
    r = 1e6 * (1 + np.arange(size))
    return xr.Dataset({name: ("r", v) for name, v in data.items()}, {"r": r})


def refusal(dataset, **options):
    with pytest.raises(QkepipeError) as caught:
        thermodynamics(dataset, source="a.nc", **options)
    return str(caught.value).splitlines()


def test_baryon_mass_convention():
    dataset = matter(1e10, 3.0)
    assert float(baryon_density(dataset)[0]) == pytest.approx(1e10 / M_U_GRAM, rel=1e-15, abs=0)
    dataset.attrs["baryon_mass"] = 1.6737747e-24
    assert float(baryon_density(dataset)[0]) == pytest.approx(
        1e10 / 1.6737747e-24, rel=1e-15, abs=0
    )


@pytest.mark.parametrize("mass", [1.0, "proton", 939.0, np.nan])
def test_baryon_mass_must_be_in_gram(mass):
    dataset = matter(1e10, 3.0)
    dataset.attrs["baryon_mass"] = mass
    with pytest.raises(QkepipeError, match="baryon_mass"):
        baryon_density(dataset)


def test_everything_computed():
    dataset = matter([1e10, 1e9], 3.0)
    out, warnings = thermodynamics(dataset)
    n_b = dataset["rho"].values / M_U_GRAM
    expected = nuclear_equilibrium(n_b, 3.0, 0.3)
    for name in ("x_n", "x_p", "x_alpha", "x_heavy", "abar", "zbar", "mu_hat"):
        np.testing.assert_allclose(out[name], expected[name], rtol=1e-12)
        assert out[name].attrs["units"]
    np.testing.assert_allclose(out["mu_e"], electron_chemical_potential(0.3 * n_b, 3.0), rtol=1e-12)
    assert np.all(out["composition_source"] == SOURCE_NSE)
    assert warnings == []
    assert "mu_e" not in dataset


def test_values_of_the_snapshot_are_kept():
    given = {"mu_e": 30.0, "mu_n": 950.0, "mu_p": 930.0, "x_n": 0.6, "x_p": 0.3}
    out, warnings = thermodynamics(matter([1e14, 1e12], 10.0, **given))
    assert np.all(out["mu_e"] == 30.0)
    assert np.all(out["mu_hat"] == 20.0)
    assert np.all(out["x_n"] == 0.6)
    assert np.all(out["composition_source"] == SOURCE_SNAPSHOT)
    assert warnings == []


def test_gaps_are_filled_zone_by_zone():
    dataset = matter([1e10, 1e10], 3.0, x_n=0.5, x_p=0.2)
    dataset["x_n"][1] = np.nan
    out, _ = thermodynamics(dataset)
    np.testing.assert_array_equal(out["composition_source"], [SOURCE_SNAPSHOT, SOURCE_NSE])
    assert out["x_n"][0] == 0.5
    n_b = 1e10 / M_U_GRAM
    assert float(out["mu_hat"][0]) == pytest.approx(
        float(free_gas_mu_hat(0.5 * n_b, 0.2 * n_b, 3.0)), rel=1e-12
    )


def test_delta_u_shifts_mu_hat():
    plain, _ = thermodynamics(matter(1e11, 5.0))
    shifted, _ = thermodynamics(matter(1e11, 5.0, delta_u=0.4))
    assert float(shifted["mu_hat"][0] - plain["mu_hat"][0]) == pytest.approx(0.4, abs=1e-12)


def test_two_space_dimensions():
    one, _ = thermodynamics(matter([1e10, 1e9, 1e8], 2.0))
    flat = matter([1e10, 1e9, 1e8], 2.0)
    two = flat.expand_dims(theta=[0.5, 1.0]).transpose("theta", "r")
    out, _ = thermodynamics(two)
    assert out["mu_hat"].dims == ("theta", "r")
    np.testing.assert_array_equal(out["mu_hat"][1], one["mu_hat"])


# Limits of the fallback: density and radius are in the message.


@pytest.mark.parametrize(
    "rho, temperature, given, words",
    [
        # > 5e13: nothing, not even mu_e
        (6e13, 10.0, {"x_n": 0.7, "x_p": 0.3, "mu_hat": 30.0}, ["6e+13", "<= 5e+13"]),
        (6e13, 10.0, {"mu_e": 80.0}, ["6e+13", "<= 5e+13"]),
        # 1e12-5e13: no composition, no mu_hat
        (2e12, 7.0, {}, ["2e+12", "<= 1e+12"]),
        (2e12, 7.0, {"x_n": 0.7, "x_p": 0.3}, ["2e+12", "<= 1e+12"]),
        (2e12, 7.0, {"mu_e": 20.0, "mu_hat": 20.0}, ["2e+12", "<= 1e+12"]),
        # below 0.5 MeV: no equilibrium
        (1e7, 0.4, {}, ["1e+07", "0.4 MeV", ">= 0.5 MeV"]),
    ],
)
def test_refusals_name_density_and_radius(rho, temperature, given, words):
    lines = refusal(matter([1e9, rho, rho], [2.0, temperature, temperature], **given))
    assert len(lines) == 1
    for word in [*words, "r = 2e+06 cm", "zone [1]", "2 such zones", "try "]:
        assert word in lines[0]


def test_one_line_per_kind_of_refusal():
    lines = refusal(matter([6e13, 2e12, 1e7], [10.0, 7.0, 0.4]))
    assert len(lines) == 3


@pytest.mark.parametrize("rho", [2e12, 4e13])
def test_mu_e_alone_is_given_up_to_5e13(rho):
    out, warnings = thermodynamics(matter(rho, 8.0, x_n=0.7, x_p=0.3, mu_hat=30.0))
    expected = electron_chemical_potential(0.3 * rho / M_U_GRAM, 8.0)
    assert float(out["mu_e"][0]) == pytest.approx(float(expected), rel=1e-12, abs=0)
    assert warnings == []


@pytest.mark.parametrize(
    "rho, temperature, words", [(5e11, 5.0, "13 % low"), (1e8, 0.7, "0.6 MeV")]
)
def test_warnings_of_the_doubtful_range(rho, temperature, words):
    _, warnings = thermodynamics(matter(rho, temperature))
    assert [w.severity for w in warnings] == ["warning"]
    assert words in str(warnings[0])
    assert f"{rho:.6g}" in str(warnings[0])


def test_no_warning_inside_the_range():
    _, warnings = thermodynamics(matter([2.9e11, 1e9], [5.0, 0.85]))
    assert warnings == []


def test_bound_nuclei_on_request():
    """No free nucleons, Z/A = ye, mu_nue = mu_e - mu_hat = 0; with a warning."""
    out, warnings = thermodynamics(matter([1e9, 1e7], [2.0, 0.4]), cold="bound_nuclei")
    assert out["composition_source"].values.tolist() == [SOURCE_NSE, SOURCE_BOUND]
    assert out["x_n"][1] == out["x_p"][1] == 0.0
    assert out["x_heavy"][1] == 1.0
    assert float(out["zbar"][1] / out["abar"][1]) == pytest.approx(0.3, rel=1e-15, abs=0)
    assert out["mu_hat"][1] == out["mu_e"][1]
    assert [w.severity for w in warnings] == ["warning"]


def test_unknown_choice():
    assert "one of refuse, bound_nuclei" in refusal(matter(1e9, 1.0), cold="ignore")[0]


@pytest.mark.parametrize(
    "name, value", [("rho", -1.0), ("temperature", np.nan), ("ye", 1.2), ("temperature", 0.0)]
)
def test_unusable_matter(name, value):
    dataset = matter([1e9, 1e9], 2.0)
    dataset[name][1] = value
    lines = refusal(dataset)
    assert len(lines) == 1
    assert "zone [1]" in lines[0]
    assert "r = 2e+06 cm" in lines[0]


def test_missing_variables():
    assert "ye: missing" in refusal(matter(1e9, 1.0).drop_vars("ye"))[0]
