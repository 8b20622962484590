"""Fermi gases of the densest zone."""

import pytest
from synthetic_snapshot import edit, fermi_gas, lines, only, put, scale, snapshot

from qkepipe.snapshot.checks.equilibrium import fermi_gas_density


def _plain():
    keep = ["rho", "temperature", "ye", "mu_e", "mu_n", "mu_p", "nu_number_density",
            "nu_number_flux"]  # fmt: skip
    return snapshot()[keep]


def _heavy(factor, **attrs):
    data = edit(
        _plain(), nu_number_density=scale(factor, slice(2, 4)),
        nu_number_flux=scale(factor, slice(2, 4)),
    )  # fmt: skip
    data["nu_number_density"].attrs.update(attrs)
    return data


@pytest.mark.parametrize("factor", [2, 4])
def test_sum_of_heavy_species(factor):
    text = only(_heavy(factor))
    assert "nu_number_density[nux,0]" in text
    assert f"{factor} times a Fermi gas of one species" in text
    assert f"try heavy_multiplicity = {factor} (declared 1)" in text


def test_declared_sum_that_was_one_species():
    """Divided by four although the column held one."""
    text = only(_heavy(0.25, heavy_multiplicity=4))
    assert "try heavy_multiplicity = 1 (declared 4)" in text


def test_ratio_of_no_multiplicity():
    assert "0.6 times a Fermi gas" in only(_heavy(0.6))


def test_within_tolerance():
    assert lines(_heavy(1.15)) == []


def test_not_judged_out_of_equilibrium():
    assert lines(_heavy(4).isel(r=slice(14, None)).drop_vars("r_edge", errors="ignore")) == []


def test_electron_neutrinos_of_another_potential():
    data = edit(_plain(), nu_number_density=scale(1.5, 0), nu_number_flux=scale(1.5, 0))
    text = only(data, "warning")
    assert "nu_number_density[nue,0]" in text
    assert "1.5 times a Fermi gas at mu_nue" in text


def test_isotropy_from_the_eddington_factor():
    data = snapshot()[["rho", "temperature", "ye", "nu_number_density", "nu_eddington"]]
    wrong = edit(data, nu_number_density=scale(4.0, slice(2, 4)))
    assert "heavy_multiplicity = 4" in only(wrong)
    assert lines(edit(wrong, nu_eddington=put((2, 0), 0.345))) == []


@pytest.mark.parametrize("mu", [-30.0, 0.0, 5.0, 150.0])
def test_fermi_gas_against_quadrature(mu):
    assert fermi_gas_density(8.0, mu) == pytest.approx(fermi_gas(8.0, mu)[0], rel=1e-5)
