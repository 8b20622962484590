"""Chemical potentials: rest masses, exchanged columns, electrons."""

import numpy as np
import pytest
from scipy.optimize import brentq
from synthetic_snapshot import edit, electron_potential, lines, only, snapshot

from qkepipe.constants import M_ELECTRON, M_NEUTRON, M_PROTON, Q_NP
from qkepipe.snapshot.checks.potentials import relativistic_electron_potential


def _without_neutrinos():
    keep = ["rho", "temperature", "ye", "mu_e", "mu_n", "mu_p", "x_n", "x_p"]
    return snapshot()[keep]


def test_nucleons_without_rest_masses():
    data = edit(_without_neutrinos(), mu_n=lambda v: v - M_NEUTRON, mu_p=lambda v: v - M_PROTON)
    text = only(data)
    assert "mu_n - mu_p[" in text
    assert "without rest masses?" in text
    assert "1.2933 MeV" in text


def test_mu_hat_without_rest_masses():
    data = _without_neutrinos()
    mu_hat = (data["mu_n"] - data["mu_p"] - Q_NP).assign_attrs(units="MeV")
    data = data.drop_vars(["mu_n", "mu_p"]).assign(mu_hat=mu_hat)
    assert "mu_hat[" in only(data)


def _undeclared(**indexers):
    data = _without_neutrinos().isel(**indexers).copy(deep=True)
    for name in ("mu_e", "mu_n", "mu_p"):
        del data[name].attrs["rest_mass"]
    return data


def test_values_show_the_convention_that_is_not_declared():
    assert lines(_undeclared()) == []


def test_neither_declared_nor_visible():
    """Dense zones only: one line for nucleons, one for electrons, with zone and value."""
    dense = _undeclared(r=slice(0, 5))
    found = lines(dense)
    assert len(found) == 2
    for text, name in zip(found, ("mu_n - mu_p", "mu_e"), strict=True):
        assert f"file.nc: {name}[0] = " in text
        assert "MeV: with or without rest mass" in text
        assert "attribute rest_mass" in text
    declared = _without_neutrinos().isel(r=slice(0, 5))
    assert lines(declared) == []


def test_values_between_the_conventions_are_refused_unless_declared():
    data = edit(_undeclared(), mu_n=lambda v: v - 0.65)
    text = only(data)
    assert "mu_n - mu_p[" in text
    assert "MeV: with or without rest masses? mu_n - mu_p - T ln(n_n/n_p) is 0.643" in text
    assert "with or without rest mass? It" in only(edit(_undeclared(), mu_e=lambda v: v - 0.25))


def test_mean_field_difference_is_taken_into_account():
    data = _without_neutrinos()
    shift = np.full(data.sizes["r"], 2.0)
    moved = edit(data, mu_n=lambda v: v + shift)
    assert "mu_n - mu_p - T ln(n_n/n_p) is 3.293 MeV" in only(moved, "warning")
    assert lines(moved.assign(delta_u=("r", shift, {"units": "MeV"}))) == []


def test_exchanged_nucleon_potentials():
    data = _without_neutrinos()
    swapped = edit(data, mu_n=lambda v: data["mu_p"].values, mu_p=lambda v: data["mu_n"].values)
    assert "mu_n and mu_p exchanged?" in only(swapped)


def test_electrons_without_rest_mass():
    text = only(edit(_without_neutrinos(), mu_e=lambda v: v - M_ELECTRON))
    assert "without rest mass?" in text
    assert "0.5110 MeV" in text


def test_electrons_of_another_density():
    text = only(edit(_without_neutrinos(), mu_e=lambda v: v + 3.0), "warning")
    assert "differs from a relativistic electron gas by 3" in text


@pytest.mark.parametrize("temperature", [1.5, 3.0, 10.0])
@pytest.mark.parametrize("mu", [0.05, 1.0, 9.0])
def test_expansion_against_the_integral(mu, temperature):
    """The gas of massive electrons, inverted numerically, within a tenth of the tolerance."""
    density = brentq(lambda n: electron_potential(n, temperature) - mu, 1e26, 1e38, rtol=1e-9)
    got = relativistic_electron_potential(density, temperature)
    assert got == pytest.approx(mu, abs=0.015)
