"""The field that a snapshot brings: moments and occupations on the grid of the study."""

import numpy as np
import pytest
import xarray as xr

from qkepipe.constants import C_LIGHT, MEV_ERG
from qkepipe.errors import QkepipeError
from qkepipe.phasespace import (
    METRIC,
    angle_grid,
    energy_density,
    energy_flux,
    energy_grid,
    fermi_dirac,
    geometric_energy_edges,
    number_density,
    number_flux,
    radial_grid,
)
from qkepipe.solvers.given import given_field, given_flows
from qkepipe.solvers.sphere import Grid, grid_of
from qkepipe.species import SPECIES

R_EDGE = np.geomspace(2e6, 1e7, 9)
LAPSE = np.linspace(0.8, 0.95, 8), np.linspace(0.79, 0.96, 9)


def study(n_mu=16, edges=None, lapse=LAPSE):
    """Grid of a background."""
    energy = energy_grid(geometric_energy_edges(12, 5.0, 200.0) if edges is None else edges)
    angle = angle_grid(n_mu)
    coords = {
        "species": list(SPECIES), "r_edge": R_EDGE, "r": 0.5 * (R_EDGE[1:] + R_EDGE[:-1]),
        "energy": energy.centres, "energy_edge": energy.edges,
        "mu": angle.centres, "mu_edge": angle.edges,
    }  # fmt: skip
    metric = {}
    if lapse is not None:
        dims = ("r", "r_edge", "r", "r_edge")
        values = (lapse[0], lapse[1], 1.0 / lapse[0], 1.0 / lapse[1])
        metric = {n: (d, v) for n, d, v in zip(METRIC, dims, values, strict=True)}
    return xr.Dataset(metric, coords)


def field(grid: Grid):
    """A field that cools and opens outwards, f(species, energy, mu, r)."""
    r = grid.radius.centres
    x = (r / r[0])[None, None, None]
    s = np.arange(4.0)[:, None, None, None]
    e, mu = grid.energy.centres[:, None, None], grid.angle.centres[:, None]
    t = (8.0 + s) / x**0.3
    return fermi_dirac(e * (1 - 0.05 * mu), t, t * (1.0 - s - 2 * x + 4 * (x - 0.9) * (mu - 1)))


def moments(background, by_energy=False):
    """Moments of :func:`field` as a snapshot on the radii of the study brings them."""
    grid = grid_of(background)
    f, args = field(grid), (grid.energy, grid.angle, grid.lapse)
    given = xr.Dataset(coords={"species": list(SPECIES), "r": grid.radius.centres})
    if by_energy:
        w = grid.energy.weights[:, None]
        n = w * np.einsum("semr,m->ser", f, grid.angle.weights)
        h = C_LIGHT * w * np.einsum("semr,m->ser", f, grid.angle.weights * grid.angle.centres)
        dims = ("species", "energy", "r")
        return f, given.assign(nu_number_density=(dims, n), nu_number_flux=(dims, h)).assign_coords(
            energy=grid.energy.centres, energy_edge=grid.energy.edges
        )
    for name, function in (
        ("nu_number_density", number_density), ("nu_number_flux", number_flux),
        ("nu_energy_density", energy_density), ("nu_energy_flux", energy_flux),
    ):  # fmt: skip
        given[name] = (("species", "r"), function(f, *args))
    return f, given


@pytest.mark.parametrize("lapse", [None, LAPSE], ids=["flat", "redshift"])
@pytest.mark.parametrize("energy_flux_given", [True, False])
def test_grey_moments_are_those_of_the_result(lapse, energy_flux_given):
    background = study(lapse=lapse)
    _, given = moments(background)
    if not energy_flux_given:
        given = given.drop_vars("nu_energy_flux")
    out = given_field(given, background)
    grid = grid_of(background)
    f = out["f"].values
    assert out["f"].dims == ("species", "energy", "mu", "r")
    assert f.min() >= 0.0 and f.max() <= 1.0
    args = (f, grid.energy, grid.angle, grid.lapse)
    np.testing.assert_allclose(number_density(*args), given["nu_number_density"], rtol=1e-12)
    np.testing.assert_allclose(energy_density(*args), given["nu_energy_density"], rtol=1e-12)
    np.testing.assert_allclose(number_flux(*args), given["nu_number_flux"], rtol=1e-11)
    if energy_flux_given:
        np.testing.assert_allclose(energy_flux(*args), given["nu_energy_flux"], rtol=1e-11)
        assert "energy flux" in out.attrs["closure"]
    assert out.attrs["radiation_source"] == "snapshot moments, maximum entropy"
    assert out.attrs["moments_error"] < 1e-12


def test_moments_by_group():
    background = study(lapse=None)
    f, given = moments(background, by_energy=True)
    out = given_field(given, background)
    grid = grid_of(background)
    for weight in (np.ones(grid.angle.centres.size), grid.angle.centres):
        sums = [np.einsum("semr,m->ser", x, grid.angle.weights * weight) for x in (f, out["f"])]
        np.testing.assert_allclose(sums[1], sums[0], rtol=1e-11, atol=1e-13)
    # the field is of the family: exponents linear in mu
    np.testing.assert_allclose(out["f"], f, rtol=1e-7)


def test_groups_that_are_not_those_of_the_study():
    _, given = moments(study(lapse=None), by_energy=True)
    for background in (study(lapse=None, edges=[0.0, 10.0, 30.0]), study()):
        with pytest.raises(QkepipeError, match="grid.energy_groups: snapshot"):
            given_field(given, background)


@pytest.mark.parametrize("name", ["nu_number_flux", "nu_energy_density"])
def test_missing_moments_are_one_line(name):
    background = study()
    with pytest.raises(QkepipeError) as caught:
        given_field(moments(background)[1].drop_vars(name), background)
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"snapshot: {name}: missing")


def test_impossible_moments_name_cell_and_species():
    background = study()
    _, given = moments(background)
    given["nu_number_flux"][1, 5] = 0.999 * C_LIGHT * given["nu_number_density"][1, 5]
    with pytest.raises(QkepipeError) as caught:
        given_field(given, background)
    (line,) = str(caught.value).splitlines()
    assert "nuebar in cell [5]" in line and "flux factor 0.999" in line and "1 such cell" in line
    assert "grid.n_mu" in line


def test_degenerate_gas_on_coarse_groups():
    """A cold gas has less energy than the grid allows: its Fermi energy lies inside a group."""
    background = study(lapse=None, edges=[0.0, 20.0, 100.0, 200.0])
    _, given = moments(background)
    energy = energy_grid([0.0, 20.0, 60.0])
    given["nu_number_density"][0, 0] = energy.weights.sum()
    given["nu_energy_density"][0, 0] = MEV_ERG * energy.weights @ energy.centres
    with pytest.raises(
        QkepipeError, match=r"nue in cell \[0\].*mean energy 45 MeV.*energies from 7"
    ):
        given_field(given, background)


# --- occupations --------------------------------------------------------------------------------


def occupations(background, n_energy=30, n_mu=32):
    """A snapshot that brings f on finer bins, in local energies."""
    edges = geometric_energy_edges(n_energy, 2.0, 200.0 / 0.8)
    own = study(n_mu, edges, lapse=None)
    grid = grid_of(own)
    f = field(grid)
    return grid, own.assign(f=(("species", "energy", "mu", "r"), f))


def test_occupations_keep_number_and_bounds():
    background = study()
    grid, given = occupations(background)
    out = given_field(given, background)
    new = grid_of(background)
    f = out["f"].values
    assert given["f"].min() <= f.min() and f.max() <= given["f"].max()
    np.testing.assert_allclose(
        number_density(f, new.energy, new.angle, new.lapse),
        number_density(given["f"].values, grid.energy, grid.angle),
        rtol=1e-3,  # what lies above 200 MeV at infinity
    )
    assert out.attrs["radiation_source"] == "snapshot occupations"


def test_occupations_on_their_own_bins_pass_unchanged():
    background = study(lapse=None)
    _, given = occupations(background)
    own = study(32, given["energy_edge"].values, lapse=None)
    np.testing.assert_allclose(given_field(given, own)["f"], given["f"], rtol=1e-12)


@pytest.mark.parametrize("value", [-0.1, 1.2])
def test_occupations_out_of_range(value):
    background = study()
    _, given = occupations(background)
    given["f"][2, 3, 4, 6] = value
    with pytest.raises(QkepipeError, match=r"f of nux in cell \[6\]"):
        given_field(given, background)


def test_occupations_need_edges():
    background = study()
    _, given = occupations(background)
    with pytest.raises(QkepipeError, match="mu_edge"):
        given_field(given.drop_vars("mu_edge"), background)


# --- flows ----------------------------------------------------------------------------------------


def test_flows_of_a_free_stream_are_constant():
    """r^2 times the flux at infinity is the same everywhere: N = 4 pi r^2 a F_n."""
    edges = np.linspace(1e7, 2e7, 21)
    energy, angle = energy_grid([0.0, 10.0, 30.0]), angle_grid(8)
    lapse = np.linspace(0.9, 0.99, 41)
    radius = radial_grid(edges, lapse[1::2], lapse[::2], 1 / lapse[1::2], 1 / lapse[::2])
    beam = np.zeros((4, 2, 8, 20))
    # number per coordinate time through a sphere: f r^2/a^2
    beam[:, :, -1] = 1e-3 * radius.lapse**2 / (radius.centres / 1e7) ** 2
    grid = Grid(energy, angle, radius)
    out = given_flows(beam, grid)
    expected = 4 * np.pi * 1e14 * C_LIGHT * 1e-3 * angle.weights[-1] * angle.centres[-1]
    expected = np.broadcast_to((expected * energy.weights)[:, None], (4, 2, 21))
    np.testing.assert_allclose(out, expected)
    flux = number_flux(beam, energy, angle, radius.lapse)
    local = out.sum(axis=1).mean(axis=-1)[:, None] / radius.lapse
    np.testing.assert_allclose(4 * np.pi * radius.centres**2 * flux, local)
