"""The composition fallback against two independent equations of state.

(a) A core-collapse profile of an interacting equation of state (Chiesa et al., PRD 111, 063053),
in the range for which the fallback is offered: rho < 3e11 g cm^-3, T > 0.8 MeV. (b) A table of
nuclear statistical equilibrium of 23 nuclides (SROEOS, Schneider, Roberts & Ott, PRC 96, 065802),
free gas like ours. Tolerances are the accuracies stated in the physics notes of the project.
"""

import numpy as np
import pytest

from qkepipe.constants import M_U_GRAM, Q_NP
from qkepipe.matter import electron_chemical_potential, free_gas_mu_hat, nuclear_equilibrium

#: Mass per baryon of the profile [g]: its n_b reproduces the source's mu_e.
PROFILE_BARYON = 1.67377e-24


@pytest.fixture(scope="module")
def profile(shared):
    """Zones of the profile, as fractions by mass."""
    columns = np.loadtxt(shared / "ccsn_1d" / "ccsn_1d.txt").T
    _, _, rho, t, ye, mu_e, mu_hat0, _y_heavy, y_alpha, x_p, x_n, delta_u = columns
    return {
        "rho": rho,
        "t": t,
        "ye": ye,
        "mu_e": mu_e,
        "mu_hat0": mu_hat0,
        "x_alpha": 4 * y_alpha,
        "x_heavy": 1 - x_p - x_n - 4 * y_alpha,
        "x_p": x_p,
        "x_n": x_n,
        "delta_u": delta_u,
    }


def fallback(profile, zones):
    n_b = profile["rho"][zones] / PROFILE_BARYON
    return nuclear_equilibrium(n_b, profile["t"][zones], profile["ye"][zones])


@pytest.fixture(scope="module")
def valid(profile):
    zones = (profile["rho"] < 3e11) & (profile["t"] > 0.8)
    assert zones.sum() > 25
    return zones


def test_electron_chemical_potential(profile):
    """0.4 % in every zone below 3e11 g cm^-3, down to 0.11 MeV."""
    zones = profile["rho"] < 3e11
    n_e = profile["rho"][zones] / PROFILE_BARYON * profile["ye"][zones]
    mu_e = electron_chemical_potential(n_e, profile["t"][zones])
    np.testing.assert_allclose(mu_e, profile["mu_e"][zones], rtol=4e-3)


def test_mu_hat_in_the_valid_range(profile, valid):
    """mu_hat without rest masses is low by at most 7 %, or within 0.012 MeV where it is small."""
    mu_hat0 = fallback(profile, valid)["mu_hat"] - Q_NP
    reference = profile["mu_hat0"][valid]
    assert np.all(np.abs(mu_hat0 - reference) <= np.maximum(0.07 * np.abs(reference), 0.012))


def test_mean_field_explains_part_of_the_deficit(profile, valid):
    """Adding delta_u of the snapshot brings mu_hat closer wherever it is not negligible."""
    zones = valid & (profile["delta_u"] > 0.01)
    low = fallback(profile, zones)["mu_hat"] - Q_NP
    closer = low + profile["delta_u"][zones]
    reference = profile["mu_hat0"][zones]
    assert zones.sum() >= 5
    assert np.all(np.abs(closer - reference) < np.abs(low - reference))


def test_composition_in_the_valid_range(profile, valid):
    """Free nucleons to 1e-3, and to 1e-2 where alpha particles form (x_alpha > 1e-2)."""
    c = fallback(profile, valid)
    alphas = profile["x_alpha"][valid] > 1e-2
    for name in ("x_n", "x_p"):
        error = np.abs(c[name] - profile[name][valid])
        assert error[~alphas].max() < 1e-3
        assert error[alphas].max() < 1e-2
    assert np.abs(c["x_alpha"] - profile["x_alpha"][valid]).max() < 2e-2


def test_warned_range_is_as_bad_as_the_warning_says(profile):
    """3e11-1e12: mu_hat up to 13 % low; 0.5-0.8 MeV: off by up to 0.63 MeV, x_heavy by 0.1."""
    dense = (profile["rho"] > 3e11) & (profile["rho"] < 7e11)
    ratio = (fallback(profile, dense)["mu_hat"] - Q_NP) / profile["mu_hat0"][dense]
    assert ratio.min() > 0.87
    assert ratio.max() < 0.95
    cool = (profile["t"] > 0.5) & (profile["t"] < 0.8)
    c = fallback(profile, cool)
    error = np.abs(c["mu_hat"] - Q_NP - profile["mu_hat0"][cool])
    assert 0.3 < error.max() < 0.63
    assert np.abs(c["x_heavy"] - profile["x_heavy"][cool]).max() < 0.1


def test_given_nucleons_fix_mu_hat(profile, valid):
    """With the profile's own x_n, x_p and delta_u the free gas gives mu_hat to 7 %."""
    n_b = profile["rho"][valid] / PROFILE_BARYON
    mu_hat0 = -Q_NP + free_gas_mu_hat(
        n_b * profile["x_n"][valid],
        n_b * profile["x_p"][valid],
        profile["t"][valid],
        profile["delta_u"][valid],
    )
    reference = profile["mu_hat0"][valid]
    # 0.03 MeV is T times the error of ln(x_n/x_p) of trace nucleons in the profile's table
    assert np.all(np.abs(mu_hat0 - reference) <= np.maximum(0.07 * np.abs(reference), 0.03))


def test_against_a_table_of_23_nuclides(shared):
    """x_n and x_p to 1e-3 at all table nodes of 1e6-1e10 g cm^-3 above 1.5 MeV, ye < 0.5.

    Colder, the table differs by up to 0.04 while alpha particles form: it is interpolated from
    a coarser grid. Nodes with light nuclei other than alpha (not ours) are left out.
    """
    netcdf = pytest.importorskip("netCDF4")
    path = shared / "eos_table" / "nse23_stellarcollapse_rho84_temp34_ye25.h5"
    with netcdf.Dataset(path) as data:
        axes = [np.array(data[name][:]) for name in ("ye", "logtemp", "logrho")]
        table = {name: np.array(data[name][:]) for name in ("Xn", "Xp", "Xl")}
    ye, log_t, log_rho = np.meshgrid(*axes, indexing="ij")
    zones = (log_rho > 6) & (log_rho < 10) & (log_t > np.log10(1.5)) & (log_t < 1.3)
    zones &= (ye < 0.5) & (table["Xl"] < 1e-3)
    assert zones.sum() > 5000
    c = nuclear_equilibrium(10 ** log_rho[zones] / M_U_GRAM, 10 ** log_t[zones], ye[zones])
    for ours, theirs in (("x_n", "Xn"), ("x_p", "Xp")):
        assert np.abs(c[ours] - table[theirs][zones]).max() < 1e-3
