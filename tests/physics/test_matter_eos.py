"""A tabulated equation of state against independent ones.

The table (SROEOS, nuclear statistical equilibrium of 23 nuclides without nuclear interaction,
Schneider, Roberts & Ott, PRC 96, 065802) is read and interpolated at the states of two
simulations with interacting equations of state (Chiesa et al., PRD 111, 063053; Richers et al.,
ApJ 847, 133), and compared with the embedded gases. Below 1e11 g cm^-3 all of them are nearly
free gases in equilibrium; tolerances are the accuracies stated with the table.
"""

import numpy as np
import pytest

from qkepipe import open_snapshot
from qkepipe.constants import M_U_GRAM, Q_NP
from qkepipe.eos import read_eos
from qkepipe.matter import (
    electron_chemical_potential,
    nuclear_equilibrium,
    thermodynamics,
)
from qkepipe.matter.eos_table import from_table, inside
from qkepipe.matter.validity import Zones


@pytest.fixture(scope="module")
def table(shared):
    return read_eos(
        shared / "eos_table" / "nse23_stellarcollapse_rho84_temp34_ye25.h5", "stellarcollapse"
    )


def looked_up(table, snapshot):
    """Quantities of the table at all zones of a snapshot inside its axes, and those zones."""
    rho, t, ye = (snapshot[n].values for n in ("rho", "temperature", "ye"))
    covered = inside(table, rho, t, ye)
    zones = Zones("snapshot", rho, t, np.full(rho.shape, np.nan))
    values, _ = from_table(table, zones, rho / M_U_GRAM, ye, covered, covered)
    return values, snapshot.isel(r=covered)


@pytest.fixture(scope="module")
def boltzmann(shared, table):
    """The excerpt of a Boltzmann snapshot, one ray."""
    folder = shared / "ccsn_nsy_excerpt"
    return looked_up(table, open_snapshot(folder, format="nsy", theta=0, rates=False))


@pytest.mark.parametrize("rho, ours, theirs", [(1.6e10, 3.72, 3.75), (3.9e9, 2.52, 2.53)])
def test_electrons_of_a_simulation(boltzmann, rho, ours, theirs):
    """mu_e [MeV] of table and simulation as stated with the table, at the zones kept here."""
    values, snapshot = boltzmann
    at = int(np.argmin(np.abs(np.log(snapshot["rho"].values / rho))))
    assert float(values["mu_e"][at]) == pytest.approx(ours, abs=0.0051)
    assert float(snapshot["mu_e"][at]) == pytest.approx(theirs, abs=0.0051)


def test_entropy_and_pressure_of_a_simulation(boltzmann):
    """Entropy to 0.6 % above 3e9 g cm^-3 and 3.2 % below, where nuclei are in equilibrium.

    Pressure to 3.2 % below 3e11 g cm^-3. Ahead of the shock (T < 0.6 MeV) matter is not in
    equilibrium, and the table does not apply.
    """
    values, snapshot = boltzmann
    rho, t = snapshot["rho"].values, snapshot["temperature"].values
    entropy = np.abs(values["entropy"] / snapshot["entropy"].values - 1.0)
    pressure = np.abs(values["pressure"] / snapshot["pressure"].values - 1.0)
    dense, dilute = (rho > 3e9) & (rho < 3e11), (rho <= 3e9) & (t > 0.6)
    assert dense.sum() >= 5
    assert dilute.sum() >= 3
    assert entropy[dense].max() < 6e-3
    assert entropy[dilute].max() < 3.2e-2
    assert pressure[dense | dilute].max() < 3.2e-2


def test_matter_of_a_profile(shared, table):
    """Stripped of potentials and composition, a profile gets them back, 1e9-1e11 g cm^-3."""
    profile = open_snapshot(shared / "ccsn_1d" / "ccsn_1d.txt")
    part = profile.isel(r=(profile["rho"].values > 1e9) & (profile["rho"].values < 1e11))
    assert part.sizes["r"] > 20
    lost = ["mu_e", "mu_hat", "x_n", "x_p", "x_alpha", "x_heavy", "abar", "zbar"]
    out, _ = thermodynamics(part.drop_vars([*lost, "r_edge"]), eos=table)
    np.testing.assert_allclose(out["mu_e"], part["mu_e"], rtol=0.02)
    np.testing.assert_allclose(out["mu_hat"], part["mu_hat"], rtol=0, atol=0.06)
    for name in ("x_n", "x_p"):
        np.testing.assert_allclose(out[name], part[name], rtol=0, atol=0.012)


@pytest.fixture(scope="module")
def scattered(table):
    """Table at random states of hot dilute matter."""
    random = np.random.default_rng(11)
    rho = 10.0 ** random.uniform(6.0, 11.0, 4000)
    t = 10.0 ** random.uniform(np.log10(1.5), 1.3, rho.size)
    ye = random.uniform(0.06, 0.5, rho.size)
    zones = Zones("random", rho, t, np.full(rho.shape, np.nan))
    everywhere = np.ones(rho.shape, dtype=bool)
    values, _ = from_table(table, zones, rho / M_U_GRAM, ye, everywhere, everywhere)
    return rho, t, ye, values


def test_composition_against_the_embedded_equilibrium(scattered):
    """Off the nodes: nucleons to 1e-3 where alpha particles and light nuclei are traces.

    Elsewhere the table is linear between coarse nodes (0.04 off at the nodes already), and has
    deuterons to carbon that the embedded equilibrium lacks.
    """
    rho, t, ye, values = scattered
    ours = nuclear_equilibrium(rho / M_U_GRAM, t, ye)
    bound = values["x_light"] + values["x_alpha"] + values["x_heavy"]
    free = bound < 1e-4
    assert free.sum() > 1000
    for name in ("x_n", "x_p"):
        error = np.abs(values[name] - ours[name])
        assert error[free].max() < 1e-3
        assert np.median(error) < 1e-3
        # steep formation of alpha particles between coarse nodes
        assert error.max() < 0.06


def test_mu_hat_against_the_embedded_equilibrium(scattered):
    """In nearly free nucleon gas to 0.3 % of T (median) and 2.5 % (90th percentile).

    These are the accuracies stated for the nodes; between them linear interpolation adds h^2/8
    times the second derivative of T ln((1 - ye)/ye), with h = 0.02 in ye and ln(10)/12 in ln T.
    """
    rho, t, ye, values = scattered
    free = values["x_light"] + values["x_alpha"] + values["x_heavy"] < 1e-3
    ours = nuclear_equilibrium(rho / M_U_GRAM, t, ye)["mu_hat"]
    linear = 0.02**2 / 8.0 * (1.0 / ye**2 - 1.0 / (1.0 - ye) ** 2)
    linear += (np.log(10.0) / 12.0) ** 2 / 8.0 * np.abs(ours - Q_NP) / t
    error = (np.abs(values["mu_hat"] - ours) / t - linear)[free]
    assert error.size > 2000
    assert np.quantile(error, 0.5) < 3e-3
    assert np.quantile(error, 0.9) < 2.5e-2


def test_electrons_against_the_ideal_gas(scattered):
    """The linear interpolation of mu_e is good to 2 % or 0.05 MeV."""
    rho, t, ye, values = scattered
    ideal = electron_chemical_potential(rho * ye / M_U_GRAM, t)
    assert np.all(np.abs(values["mu_e"] - ideal) < np.maximum(0.02 * ideal, 0.05))


def test_charge_neutrality(scattered):
    """Y_e = X_p + X_alpha/2 + X_h Z/A + light nuclei (Z/A from 1/3 to 1/2): to 5e-3."""
    _, _, ye, values = scattered
    heavy = np.nan_to_num(values["x_heavy"] * values["zbar"] / values["abar"])
    known = values["x_p"] + 0.5 * values["x_alpha"] + heavy
    light = values["x_light"]
    assert np.all(ye - known > light / 3.0 - 5e-3)
    assert np.all(ye - known < 0.5 * light + 5e-3)
    # to round-off where there are hardly any light nuclei
    few = light < 1e-5
    assert few.sum() > 1000
    assert np.abs(ye - known)[few].max() < 0.5e-5 + 1e-7


def test_mass_is_conserved(scattered):
    """The fractions with light nuclei sum to 1 between nodes as at nodes."""
    total = sum(scattered[3][n] for n in ("x_n", "x_p", "x_alpha", "x_heavy", "x_light"))
    np.testing.assert_allclose(total, 1.0, rtol=0, atol=1e-7)
