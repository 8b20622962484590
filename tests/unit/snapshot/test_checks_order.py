"""Reversed and exchanged columns run against their siblings."""

import pytest
from synthetic_snapshot import edit, lines, only, snapshot, turn

from qkepipe.snapshot import read_snapshot
from qkepipe.snapshot.analytic import post_bounce_model
from qkepipe.snapshot.checks import order
from qkepipe.snapshot.checks.view import View


@pytest.mark.parametrize(
    "name", ["rho", "temperature", "ye", "nu_number_density", "nu_energy_density", "nu_eddington"]
)
def test_reversed_column(name):
    text = only(edit(snapshot(), **{name: turn}))
    assert text.startswith(f"file.nc: {name}")
    assert "order of column?" in text


@pytest.mark.parametrize("species", ["nue", "nux"])
def test_reversed_column_of_one_species(species):
    k = ["nue", "nuebar", "nux"].index(species)

    def one(values):
        values[k] = values[k][::-1]
        return values

    found = lines(edit(snapshot(), nu_energy_density=one))
    assert any(f"nu_energy_density[{species}]: order of column?" in line for line in found)


def test_every_column_reversed_points_at_the_radius():
    data = snapshot()
    names = [n for n in data.data_vars if "r" in data[n].dims]
    assert "r: order of column?" in only(edit(data, **dict.fromkeys(names, turn)))


def test_two_columns_of_three_suffice():
    text = only(edit(post_bounce_model(), temperature=turn))
    assert "temperature: order of column? It runs against r, rho" in text


def test_exchanged_nucleons():
    data = snapshot()
    swapped = edit(data, x_n=lambda v: data["x_p"].values, x_p=lambda v: data["x_n"].values)
    assert "x_n: order of column?" in only(swapped)


def test_few_zones_are_not_judged():
    few = post_bounce_model().isel(r=slice(None, None, 80)).drop_vars("r_edge")
    assert lines(edit(few, temperature=turn)) == []


@pytest.mark.parametrize(
    "name, options",
    [
        ("bnsm_thc_m1/DD2_M12980-12980_M1_LR_t_50ms_z_axis.txt", {}),
        ("ccsn_1d/ccsn_1d.txt", {}),
        ("ccsn_nsy_excerpt", {"rates": False}),
    ],
)
def test_parts_of_real_profiles_pass(name, options, shared):
    """Also a core alone, where temperature and nuebar rise outwards."""
    data, _ = read_snapshot(shared / name, **options)
    zones = data.sizes["r"]
    for first in range(0, zones - 8, 5):
        for last in range(first + 8, zones + 1, 5):
            view = View(data.isel(r=slice(first, last)).drop_vars("r_edge"), "part")
            order.check(view)
            assert view.found == []
