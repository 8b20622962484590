"""Stage resolution: grids that refine one axis each, and errors that are those of the grid."""

import numpy as np
import pytest

from qkepipe.errors import QkepipeError
from qkepipe.phasespace import split_energy_edges
from qkepipe.snapshot import open_snapshot
from qkepipe.study.load import load_config
from qkepipe.study.stages import background, baseline, resolution

EXTENT = {"r_in_km": 34, "r_out_km": 60}


def study(**grid):
    raw = {"n_r": 12, "n_mu": 8, "n_energy": 3, "energy_first_MeV": 8, **EXTENT, **grid}
    return load_config({"grid": raw})


def stages(config):
    """Snapshot, background and classical field."""
    snapshot = open_snapshot(None, "analytic")
    matter = background.run(config, snapshot)
    return snapshot, matter, baseline.run(config, snapshot, matter)


@pytest.fixture(scope="module")
def coarse():
    config = study()
    given = stages(config)
    return given, resolution.run(config, *given)


@pytest.mark.parametrize("factor", [2, 3])
def test_each_grid_refines_one_axis_and_keeps_its_ends(factor):
    config = study(refinement=factor, n_r=12, n_mu=12)
    base = resolution.grids(config, background.energy_edges(config, None))
    for axis, sizes in (
        ("r", [12 * factor, 12 * factor**2]),
        ("mu", [2 * round(6 / factor), 12 * factor]),
        ("energy", [3 * factor, 3 * factor**2]),
    ):
        assert [size for size, *_ in base[axis]] == sizes
        for size, edges, n_mu, energies in base[axis]:
            own = {"r": edges.size - 1, "mu": n_mu, "energy": energies.size - 1}
            assert own == {"r": 12, "mu": 12, "energy": 3} | {axis: size}
            np.testing.assert_allclose(edges[[0, -1]], [34e5, 60e5], rtol=1e-14)
            assert energies[0] == 0.0 and energies[-1] == 60.0
            # groups are split: all their edges stay
            assert {0.0, 8.0, 60.0} <= set(energies)
            assert (np.diff(energies) > 0.0).all()


def test_few_bins_have_no_coarser_grid():
    config = study(n_mu=4)
    found = resolution.grids(config, background.energy_edges(config, None))
    assert [n for n, *_ in found["mu"]] == [8]


def test_the_table_has_the_values_of_the_base_grid(coarse):
    (_, _, field), table = coarse
    rows = (table["quantity"] == "luminosity") & (table["species"] == "nue")
    outer = table.isel(row=np.flatnonzero(rows)[-1])
    assert outer["radius_cm"] == field["r_edge"][-1]
    expected = float(field["luminosity_edge"].sel(species="nue")[-1])
    assert float(outer["value"]) == pytest.approx(expected, rel=1e-14)
    assert set(table["species"].values) == {"nue", "nuebar", "nux", "nuxbar", "all"}
    assert "survival_probability" not in table["quantity"].values
    assert list(table.attrs["n_r"]) == [12, 24, 48]
    assert list(table.attrs["n_energy"]) == [3, 6, 12]


@pytest.mark.parametrize(
    "axis, grid", [("r", {"n_r": 24}), ("mu", {"n_mu": 16}), ("energy", {"n_energy": 6})]
)
def test_errors_shrink_when_the_grid_is_refined(coarse, axis, grid):
    """Of the axis that is refined, by a factor that a first order or better explains."""
    config = study(**grid)
    fine = resolution.run(config, *stages(config))

    def typical(table):
        rows = np.isin(table["quantity"].values, ["luminosity", "number_luminosity"])
        return np.median(table[f"error_{axis}"].values[rows])

    assert 0.0 < typical(fine) < 0.6 * typical(coarse[1])


def test_the_error_is_the_distance_to_a_much_finer_grid(coarse):
    """The estimated error of the groups against a run with 16 times as many."""
    (snapshot, matter, _), table = coarse
    config = study()
    energies = split_energy_edges(background.energy_edges(config, snapshot), 16)
    fine = background.on_edges(config, snapshot, matter["r_edge"].values, 8, energies)
    best = baseline.run(config, snapshot, fine)
    rows = (table["quantity"] == "number_luminosity") & (table["radius_cm"] == 6e6)
    for row in np.flatnonzero(rows):
        one = table.isel(row=row)
        species = str(one["species"].values)
        true = float(best["number_luminosity_edge"].sel(species=species)[-1] / one["value"]) - 1.0
        assert float(one["error_energy"]) == pytest.approx(abs(true), rel=0.3)


def test_a_field_that_does_not_settle_names_the_grid(coarse, monkeypatch):
    given, _ = coarse

    def fail(*_, **__):
        raise QkepipeError("no steady state")

    monkeypatch.setattr(resolution, "steady_field", fail)
    with pytest.raises(QkepipeError, match="24 radial cells: no steady state.*grid.refinement"):
        resolution.run(study(), *given)
