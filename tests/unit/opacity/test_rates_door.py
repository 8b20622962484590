"""The door of the opacity room: sums, axes, refusals."""

import numpy as np
import pytest
import xarray as xr

from qkepipe.constants import C_LIGHT
from qkepipe.errors import QkepipeError
from qkepipe.opacity import CONSTANTS, PROCESSES, Opacities, Process, equilibrium_occupation, rates
from qkepipe.phasespace import energy_grid
from qkepipe.species import SPECIES


def matter(n=3):
    data = {
        "rho": np.geomspace(1e11, 1e9, n),
        "temperature": np.linspace(5.0, 2.0, n),
        "mu_e": np.linspace(8.0, 2.0, n),
        "mu_hat": np.linspace(9.0, 2.0, n),
        "x_n": np.linspace(0.8, 0.5, n),
        "x_p": np.linspace(0.2, 0.5, n),
        "x_alpha": np.zeros(n),
        "x_heavy": np.zeros(n),
        "abar": np.full(n, np.nan),
        "zbar": np.full(n, np.nan),
    }
    r = 1e6 * (1 + np.arange(n))
    return xr.Dataset({name: ("r", value) for name, value in data.items()}, {"r": r})


def refusal(*args, **kwargs):
    with pytest.raises(QkepipeError) as caught:
        rates(*args, **kwargs)
    lines = str(caught.value).splitlines()
    assert len(lines) == 1
    return lines[0]


ENERGY = np.array([2.0, 10.0, 50.0])


def test_axes_and_attributes():
    out = rates(matter(), ENERGY)
    assert out["absorption"].dims == ("species", "energy", "r")
    assert out["species"].values.tolist() == list(SPECIES)
    np.testing.assert_array_equal(out["energy"], ENERGY)
    np.testing.assert_array_equal(out["r"], matter()["r"])
    assert out["absorption"].attrs["units"] == "cm-1"
    assert out["emissivity"].attrs["units"] == "s-1"
    assert out.attrs["rates_source"] == "computed: beta, scattering_nucleons"


def test_energy_grid_stands_for_its_centres():
    grid = energy_grid([0.0, 10.0, 30.0])
    xr.testing.assert_identical(rates(matter(), grid), rates(matter(), grid.centres))


def local_energies(zones, redshift):
    """Energies of three groups, larger by 1/redshift in every zone."""
    local = ENERGY[:, None] / redshift
    return xr.DataArray(local, {"energy": ENERGY, "r": zones["r"]}, ("energy", "r"))


def test_local_energies_of_every_zone():
    """Every zone has the rates of its own energies, on the caller's coordinate."""
    zones, redshift = matter(), np.array([0.7, 0.8, 0.95])
    parts = ("beta", "scattering_nucleons", "scattering_nuclei", "pair", "bremsstrahlung")
    local = local_energies(zones, redshift)
    for given in (local, local.transpose("r", "energy")):
        out = rates(zones, given, parts)
        np.testing.assert_array_equal(out["energy"], ENERGY)
        for z, a in enumerate(redshift):
            alone = rates(zones.isel(r=[z]), ENERGY / a, parts)
            for name in out.data_vars:
                np.testing.assert_array_equal(out[name].isel(r=z), alone[name].isel(r=0))
    f = equilibrium_occupation(zones, local)
    balance = out["absorption"] * f * C_LIGHT
    np.testing.assert_allclose(out["emissivity"], balance, rtol=1e-14)


def test_one_energy_axis_for_all_zones():
    axis = xr.DataArray(ENERGY, {"energy": ENERGY}, ("energy",))
    xr.testing.assert_identical(rates(matter(), axis), rates(matter(), ENERGY))


def test_unusable_local_energies():
    local = local_energies(matter(), np.array([0.7, 0.8, 0.95]))
    assert "coordinate" in refusal(matter(), local.drop_vars("energy"))
    assert "theta" in refusal(matter(), local.rename(r="theta"))
    assert "2 points along r" in refusal(matter(), local.isel(r=slice(2)))
    assert "positive" in refusal(matter(), -local)


def test_group_averages_of_a_power_law():
    """Scattering goes as E^2: its average over a group is (3/5)(b^5 - a^5)/(b^3 - a^3)."""
    grid = energy_grid([0.0, 10.0, 30.0])
    out = rates(matter(), grid, ("scattering_nucleons",), group_average=True)
    np.testing.assert_array_equal(out["energy"], grid.centres)
    a, b = grid.edges[:-1], grid.edges[1:]
    ratio = out / rates(matter(), grid, ("scattering_nucleons",))
    expected = 0.6 * (b**5 - a**5) / (b**3 - a**3) / grid.centres**2
    for name in ("scattering", "scattering_transport"):
        np.testing.assert_allclose(ratio[name].transpose(..., "energy"),
                                   np.broadcast_to(expected, (4, 3, 2)), rtol=1e-12)  # fmt: skip


def test_group_averages_of_emission_and_absorption():
    """Against a fine midpoint sum; the balance of a group lies within that of its energies."""
    grid = energy_grid([3.0, 10.0, 30.0])
    step = np.diff(grid.edges)[:, None] / 4000
    fine = (grid.edges[:-1, None] + step * (np.arange(4000) + 0.5)).ravel()
    points = rates(matter(), fine, ("beta", "bremsstrahlung"))
    out = rates(matter(), grid, ("beta", "bremsstrahlung"), group_average=True)
    weight = fine[:, None] ** 2
    for name in ("emissivity", "absorption"):
        values = points[name].values * weight
        expected = values.reshape(4, 2, 4000, 3).sum(2) / weight.reshape(2, 4000, 1).sum(1)
        np.testing.assert_allclose(out[name], expected, rtol=1e-4)
    f = (out["emissivity"] / (C_LIGHT * out["absorption"])).values
    f_edge = equilibrium_occupation(matter(), grid.edges).values
    low, high = f_edge[:, 1:], f_edge[:, :-1]
    assert np.all((low < f) & (f < high))


def test_local_edges_of_groups():
    """Averages, and rates at the centres, of every zone's own groups."""
    zones, grid, redshift = matter(), energy_grid([0.0, 10.0, 30.0]), np.array([0.7, 0.8, 0.95])
    edges = xr.DataArray(
        grid.edges[:, None] / redshift, {"energy_edge": grid.edges}, ("energy_edge", "r")
    )
    for average in (True, False):
        out = rates(zones, edges, group_average=average)
        np.testing.assert_allclose(out["energy"], grid.centres, rtol=1e-15)
        for z, a in enumerate(redshift):
            own = energy_grid(grid.edges / a)
            alone = rates(zones.isel(r=[z]), own, group_average=average)
            for name in out.data_vars:
                np.testing.assert_allclose(out[name].isel(r=z), alone[name].isel(r=0), rtol=1e-12)


def test_averages_need_groups():
    assert "edges" in refusal(matter(), ENERGY, group_average=True)
    edges = xr.DataArray([0.0, 5.0, 5.0], {"energy_edge": [0.0, 5.0, 6.0]}, ("energy_edge",))
    assert "increase" in refusal(matter(), edges)


def test_processes_add_up():
    parts = ("beta", "scattering_nucleons", "scattering_nuclei", "pair", "bremsstrahlung")
    total = rates(matter(), ENERGY, parts)
    for name in ("emissivity", "absorption", "scattering", "scattering_transport"):
        separate = sum(rates(matter(), ENERGY, (p,))[name] for p in parts)
        np.testing.assert_allclose(total[name], separate, rtol=1e-14)


@pytest.mark.parametrize("average", [True, False])
def test_charged_current_part(average):
    """What the declared processes alone give; nothing for heavy flavours."""
    grid = energy_grid([0.0, 10.0, 30.0])
    both = rates(matter(), grid, ("beta", "bremsstrahlung"), group_average=average)
    alone = rates(matter(), grid, ("beta",), group_average=average)
    for name in ("absorption", "emissivity"):
        np.testing.assert_array_equal(both[f"{name}_cc"], alone[name])
        np.testing.assert_array_equal(alone[f"{name}_cc"], alone[name])
        assert not both[f"{name}_cc"].sel(species=["nux", "nuxbar"]).any()
        assert both[f"{name}_cc"].attrs["units"] == both[name].attrs["units"]
    lines = both.attrs["rates_processes"].splitlines()
    assert [line.split(": ")[0] for line in lines] == ["beta", "bremsstrahlung"]
    none = rates(matter(), grid, ("bremsstrahlung",))
    assert not none["absorption_cc"].any() and none["absorption"].any()


def test_zones_are_independent_and_keep_their_shape():
    flat = rates(matter(4), ENERGY)
    folded = (
        matter(4).isel(r=slice(0, 2)).drop_vars("r").expand_dims(theta=[0.1, 2.0]).copy(deep=True)
    )
    for name in folded.data_vars:
        folded[name][1] = matter(4)[name].values[2:]
    out = rates(folded.transpose("theta", "r"), ENERGY)
    assert out["absorption"].dims == ("species", "energy", "theta", "r")
    np.testing.assert_array_equal(
        out["absorption"].values.reshape(4, 3, 4), flat["absorption"].values
    )


def test_mu_n_and_mu_p_stand_for_mu_hat():
    split = (
        matter()
        .drop_vars("mu_hat")
        .assign(mu_n=("r", np.linspace(9.0, 2.0, 3) + 930.0), mu_p=("r", np.full(3, 930.0)))
    )
    np.testing.assert_allclose(
        rates(split, ENERGY)["absorption"], rates(matter(), ENERGY)["absorption"], rtol=1e-12
    )


def test_weak_magnetism_choices():
    same = rates(matter(), ENERGY, weak_magnetism=True)
    xr.testing.assert_identical(same, rates(matter(), ENERGY, weak_magnetism="form_factors"))
    assert "one of off, point, form_factors" in refusal(matter(), ENERGY, weak_magnetism="yes")


def test_constants_by_name():
    named = rates(matter(), ENERGY, constants="nulib")
    xr.testing.assert_identical(named, rates(matter(), ENERGY, constants=CONSTANTS["nulib"]))
    assert named.attrs["rates_g_a"] == 1.254
    assert "did you mean 'nulib'" in refusal(matter(), ENERGY, constants="nulibs")


def test_misspelt_process():
    assert "did you mean 'beta'" in refusal(matter(), ENERGY, ("betas",))


@pytest.mark.parametrize("processes", [(), ("beta", "beta")])
def test_empty_or_repeated_processes(processes):
    assert "each once" in refusal(matter(), ENERGY, processes)


@pytest.mark.parametrize("energy", [[0.0, 1.0], [-1.0], [np.nan], []])
def test_unusable_energies(energy):
    assert "MeV" in refusal(matter(), energy)


def test_missing_matter():
    line = refusal(matter().drop_vars(["mu_e", "abar"]), ENERGY, ("beta", "scattering_nuclei"))
    assert "mu_e, abar: missing" in line
    assert "thermodynamics" in line


@pytest.mark.parametrize("name, value", [("rho", 0.0), ("temperature", -1.0), ("mu_e", np.nan)])
def test_unusable_zone_is_named(name, value):
    bad = matter()
    bad[name][2] = value
    assert f"{name}[2]" in refusal(bad, ENERGY)


@pytest.mark.parametrize("name", ["x_alpha", "x_p"])
def test_composition_of_more_than_all_baryons(name):
    """More than 1.15: named with zone and sum; what is missing may be clusters."""
    bad = matter()
    bad[name][1] += 0.2
    line = refusal(bad, ENERGY)
    assert "x_n[1]: x_n + x_p + x_alpha + x_heavy = 1.2 (1 such zones)" in line
    assert "at most 1.15" in line
    bad[name][1] -= 0.1
    rates(bad, ENERGY)


def test_small_negative_fractions_are_round_off():
    bad = matter()
    bad["x_p"][1] = -1e-9
    out = rates(bad, ENERGY, ("beta",))
    assert np.all(out["absorption"][1, :, 1] == 0.0)


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf])
def test_no_unphysical_rate_leaves_the_room(value, monkeypatch):
    """A faulty process is named, with species, energy and zone."""

    def faulty(matter, energy, setup):
        out = np.zeros((4, *energy.shape))
        out[1, 2, 1] = value
        return Opacities(absorption=out)

    monkeypatch.setitem(PROCESSES, "faulty", Process(faulty, "one bad value"))
    line = refusal(matter(), ENERGY, ("beta", "faulty"))
    for word in ("faulty", "nuebar", "50", "1"):
        assert word in line
