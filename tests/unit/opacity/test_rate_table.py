"""Rates given by the snapshot: exact at nodes, power laws between, nothing outside."""

import numpy as np
import pytest
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.errors import QkepipeError
from qkepipe.opacity import rates
from qkepipe.phasespace import energy_grid
from qkepipe.species import SPECIES

OWN = np.array([1.0, 3.0, 10.0, 40.0, 100.0])
T = 4.0


def snapshot(transport=False):
    """Thermal rates kappa* = 1e-6 E^2 s, j = c kappa* f_eq with mu = 0."""
    r = np.array([1e6, 2e6])
    shape = (4, OWN.size, 2)
    kappa = np.broadcast_to(1e-6 * OWN[None, :, None] ** 2, shape).copy()
    kappa *= np.arange(1.0, 5.0)[:, None, None]
    # one exponential in E: interpolation of the ratio is exact
    f_eq = np.exp(-OWN / T)[None, :, None]
    dims = ("species", "energy", "r")
    data = {
        "rho": ("r", [1e11, 1e10]),
        "temperature": ("r", [T, T]),
        "mu_e": ("r", [5.0, 5.0]),
        "mu_hat": ("r", [5.0, 5.0]),
        "x_n": ("r", [0.5, 0.5]),
        "x_p": ("r", [0.5, 0.5]),
        "absorption": (dims, kappa),
        "emissivity": (dims, C_LIGHT * kappa * f_eq),
        "scattering": (dims, 3 * kappa),
    }
    if transport:
        data["scattering_transport"] = (dims, 2.5 * kappa)
    return xr.Dataset(data, {"r": r, "species": list(SPECIES), "energy": OWN})


def test_nodes_are_exact():
    given = snapshot(transport=True)
    out = rates(given, OWN, ("table",))
    for name in ("absorption", "scattering", "scattering_transport"):
        np.testing.assert_array_equal(out[name], given[name])
    np.testing.assert_allclose(out["emissivity"], given["emissivity"], rtol=1e-14)
    assert out.attrs["rates_source"] == "snapshot"
    # what of them is charged current is not known
    assert "absorption_cc" not in out
    assert "absorption_cc" not in rates(given, OWN, ("table", "beta"))


def test_power_laws_between_nodes():
    energy = np.array([1.7, 8.0, 25.0, 99.0])
    out = rates(snapshot(), energy, ("table",))
    expected = 1e-6 * energy[None, :, None] ** 2 * np.arange(1.0, 5.0)[:, None, None]
    expected = np.broadcast_to(expected, (4, 4, 2))
    np.testing.assert_allclose(out["absorption"], expected, rtol=1e-12)
    np.testing.assert_allclose(out["scattering"], 3 * expected, rtol=1e-12)
    ratio = out["emissivity"] / (C_LIGHT * out["absorption"])
    np.testing.assert_allclose(ratio[0, :, 0], np.exp(-energy / T), rtol=1e-12)


def test_local_energies_of_every_zone():
    local = np.array([[2.0, 1.5], [40.0, 33.0]])
    energy = xr.DataArray(local, {"energy": [1.4, 28.0]}, ("energy", "r"))
    out = rates(snapshot(), energy, ("table",))
    np.testing.assert_array_equal(out["energy"], [1.4, 28.0])
    expected = 1e-6 * local**2 * np.arange(1.0, 5.0)[:, None, None]
    np.testing.assert_allclose(out["absorption"], expected, rtol=1e-12)
    ratio = out["emissivity"] / (C_LIGHT * out["absorption"])
    np.testing.assert_allclose(ratio[0], np.exp(-local / T), rtol=1e-12)


def test_rates_of_groups_are_not_averaged_again():
    grid = energy_grid([1.0, 5.0, 30.0])
    averaged = rates(snapshot(), grid, ("table",), group_average=True)
    xr.testing.assert_identical(averaged, rates(snapshot(), grid, ("table",)))


def test_outermost_groups_hold_to_their_edges():
    edges = np.array([0.0, 2.0, 5.0, 20.0, 60.0, 110.0])
    given = snapshot().assign_coords(energy_edge=edges)
    out = rates(given, [0.1, 109.0], ("table",))
    np.testing.assert_allclose(out["absorption"], given["absorption"].isel(energy=[0, -1]))
    with pytest.raises(QkepipeError, match=r"111 MeV is outside.*0 to 110 MeV"):
        rates(given, [5.0, 111.0], ("table",))


def test_own_groups_pass_unchanged():
    """Files place the centre of a group elsewhere: 2 instead of 3.8 MeV, and the last centre
    lies above the table."""
    edges = np.array([0.0, 2.0, 5.0, 20.0, 60.0, 101.0])
    given = snapshot(transport=True).assign_coords(energy_edge=edges)
    out = rates(given, energy_grid(edges), ("table",))
    for name in ("absorption", "scattering", "scattering_transport"):
        np.testing.assert_array_equal(out[name], given[name])
    np.testing.assert_allclose(out["emissivity"], given["emissivity"], rtol=1e-14)
    np.testing.assert_array_equal(out["energy"], energy_grid(edges).centres)
    other = edges * 0.99
    assert not np.allclose(rates(given, energy_grid(other), ("table",))["absorption"],
                           given["absorption"])  # fmt: skip


def test_without_transport_opacity_scattering_counts_as_isotropic():
    out = rates(snapshot(), [5.0], ("table",))
    np.testing.assert_array_equal(out["scattering_transport"], out["scattering"])


def test_zeros_are_interpolated_linearly():
    """A threshold: rate 0 at 1 MeV; between the nodes it rises linearly in log E."""
    given = snapshot()
    given["absorption"][:, 0] = 0.0
    given["emissivity"][:, 0] = 0.0
    out = rates(given, [np.sqrt(3.0)], ("table",))
    half = 0.5 * given["absorption"].to_numpy()[:, 1]
    np.testing.assert_allclose(out["absorption"].to_numpy()[:, 0], half, rtol=1e-12)
    assert np.all(np.isfinite(out["emissivity"]))


def test_emission_without_absorption_is_kept():
    given = snapshot()
    given["absorption"][:] = 0.0
    out = rates(given, [3.0, 20.0], ("table",))
    np.testing.assert_allclose(out["emissivity"][:, 0], given["emissivity"][:, 1], rtol=1e-14)
    assert np.all(out["emissivity"] > 0.0)


@pytest.mark.parametrize("energy", [0.5, 101.0])
def test_no_extrapolation(energy):
    with pytest.raises(QkepipeError) as caught:
        rates(snapshot(), [5.0, energy], ("table",))
    line = str(caught.value)
    assert "energy[1]" in line
    assert f"{energy:.6g} MeV" in line
    assert "1 to 100 MeV" in line


def test_energy_axis_must_increase():
    with pytest.raises(QkepipeError, match="energy"):
        rates(snapshot().isel(energy=[1, 0, 2, 3, 4]), [5.0], ("table",))


def test_other_species_are_refused():
    with pytest.raises(QkepipeError, match="nue, nuebar, nux, nuxbar"):
        rates(snapshot().assign_coords(species=list("abcd")), [5.0], ("table",))


def test_directions_of_scattering_are_isotropic_unless_said():
    out = rates(snapshot(), OWN, ("table",))
    np.testing.assert_array_equal(out["scattering_transport"], out["scattering"])


@pytest.mark.parametrize("ye, expected", [(0.0, 1.03522), (1.0, 1.11059)])
def test_directions_of_scattering_on_nucleons(ye, expected):
    """chi_tr/chi0 = 1 - (h_V^2 - h_A^2)/(h_V^2 + 3 h_A^2)/3, Bruenn 1985, as a number by hand."""
    given = snapshot().assign(ye=("r", [ye, ye]))
    given["scattering"].attrs["kernel"] = "nucleons"
    out = rates(given, OWN, ("table",))
    np.testing.assert_array_equal(out["scattering"], given["scattering"])
    ratio = out["scattering_transport"] / out["scattering"]
    np.testing.assert_allclose(ratio, expected, rtol=1e-5)


def test_directions_of_scattering_on_a_mixture_are_those_of_the_own_rate():
    given = snapshot().assign(ye=("r", [0.2, 0.2]), x_n=("r", [0.8] * 2), x_p=("r", [0.2] * 2))
    given["scattering"].attrs["kernel"] = "nucleons"
    table = rates(given, OWN, ("table",))
    own = rates(given, OWN, ("scattering_nucleons",))
    np.testing.assert_allclose(
        table["scattering_transport"] / table["scattering"],
        own["scattering_transport"] / own["scattering"],
        rtol=1e-12,
    )
