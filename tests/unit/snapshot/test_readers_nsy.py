"""The S_N text format: columns, frames, meshes, and what the opacity files mean.

Facts about the format: README of ``ccsn_nsy_excerpt``.
"""

import shutil

import numpy as np
import pytest
import xarray as xr

from qkepipe.constants import C_LIGHT, H_C, M_U_GRAM, MEV_ERG
from qkepipe.errors import QkepipeError
from qkepipe.snapshot import open_snapshot
from qkepipe.snapshot.given_rates import establish

N_R, N_THETA, GROUPS = 48, 2, 80


def refusal(path, **options):
    with pytest.raises(QkepipeError) as caught:
        open_snapshot(path, **options)
    return str(caught.value)


def data_file(folder):
    return folder / "data_Sherwood_format" / "douSherw.00120"


@pytest.fixture(scope="module")
def raw(nsy_path):
    """Numbers of the data file with polar angle ascending, (theta, r, column)."""
    return np.loadtxt(data_file(nsy_path)).reshape(N_THETA, N_R, 165)[::-1]


# --- moments and matter -----------------------------------------------------------------------


def test_columns(nsy, raw):
    columns = {"rho": 3, "ye": 4, "temperature": 5, "velocity_r": 6, "entropy": 9,
               "pressure": 11, "mu_e": 33, "mu_p": 34, "mu_n": 35}  # fmt: skip
    for name, column in columns.items():
        np.testing.assert_array_equal(nsy[name], raw[..., column - 1])
    np.testing.assert_array_equal(nsy["r"], raw[0, :, 0])
    np.testing.assert_allclose(nsy["theta"], [0.9553166181245094, 2.186276035465284])
    assert np.all(np.diff(nsy["theta_edge"]) > 0.0)
    assert np.all((nsy["theta_edge"][:-1].values < nsy["theta"]) & (nsy["theta"] < np.pi))
    assert nsy["rho"].dims == ("theta", "r")
    assert nsy["nu_number_density"].dims == ("species", "theta", "r")
    assert nsy["emissivity"].dims == ("species", "energy", "theta", "r")
    assert dict(nsy.sizes)["energy"] == GROUPS and nsy.attrs["warnings"] == ""


def test_radius_is_the_mean_of_its_edges(nsy):
    edges = nsy["r_edge"].values
    np.testing.assert_allclose(nsy["r"], 0.5 * (edges[1:] + edges[:-1]), rtol=1e-12)
    assert edges[0] == 0.0


def test_chemical_potential_of_nue(nsy, raw):
    np.testing.assert_allclose(
        nsy["mu_e"] + nsy["mu_p"] - nsy["mu_n"], raw[..., 35], rtol=0, atol=1e-11
    )


def test_number_density_is_that_of_the_laboratory(nsy, raw):
    """Neutrinos per baryon (columns 15-17) are lab densities over rho/m_u."""
    for s in range(3):
        n_b = nsy["rho"] / M_U_GRAM
        per_baryon = nsy["nu_number_density"].isel(species=s) / n_b
        np.testing.assert_allclose(per_baryon, raw[..., 14 + s], rtol=3e-4)


def test_frames_are_related_by_a_boost(nsy):
    """n_lab = W (n + v F/c^2), the time component of a Lorentz transformation."""
    beta = nsy["velocity_r"] / C_LIGHT
    boost = 1.0 / np.sqrt(1.0 - beta**2)
    expected = boost * (
        nsy["nu_number_density_fluid"] + beta * nsy["nu_number_flux_fluid"] / C_LIGHT
    )
    ratio = (nsy["nu_number_density"] / expected).values
    np.testing.assert_allclose(ratio, 1.0, rtol=5e-3)
    infall = np.abs(nsy["nu_number_density_fluid"] / nsy["nu_number_density"] - 1.0).max()
    assert float(infall) > 0.1
    assert nsy["nu_number_density"].attrs["frame"] == nsy["nu_number_flux"].attrs["frame"] == "lab"
    assert nsy["nu_number_flux_fluid"].attrs["frame"] == "fluid" and nsy.attrs["frame"] == "lab"


def test_energy_moments(nsy, raw):
    """Columns 18-20 repeat the energy density up to conversion factors; fluxes are causal."""
    e = nsy["nu_energy_density"].values
    ratio = e[:3] / np.moveaxis(raw[..., 17:20], -1, 0)
    assert np.median(np.abs(ratio - 1.0)) < 3e-4
    np.testing.assert_allclose(ratio, 1.0, rtol=1e-3)
    factor = nsy["nu_energy_flux"].values / (C_LIGHT * e)
    assert np.abs(factor).max() < 1.0 and factor[:, :, -1].min() > 0.99
    mean = e / nsy["nu_number_density"].values / MEV_ERG
    assert 5.0 < mean[:, :, -1].min() < mean[:, :, -1].max() < 25.0
    np.testing.assert_array_equal(e[2], e[3])


# --- rates ------------------------------------------------------------------------------------


def equilibrium(nsy):
    mu = nsy["mu_e"] + nsy["mu_p"] - nsy["mu_n"]
    return 1.0 / (1.0 + np.exp(((nsy["energy"] - mu) / nsy["temperature"]).clip(max=600.0)))


def test_detailed_balance_in_dense_matter(nsy):
    ratio = nsy["emissivity"] / (C_LIGHT * nsy["absorption"])
    nue = ratio.sel(species="nue") / equilibrium(nsy)
    # groups of width w average f over (w/T)^2/24
    width = np.diff(nsy["energy_edge"].values)
    narrow = xr.DataArray(width, dims="energy") < nsy["temperature"] / 3.0
    thermal = nue.where(narrow & (nsy["rho"] > 1e13)).values
    assert np.isfinite(thermal).sum() > 1500
    np.testing.assert_allclose(thermal[np.isfinite(thermal)], 1.0, rtol=0, atol=1.0 / 9.0 / 24.0)
    assert nsy.attrs["rates_detailed_balance"] == pytest.approx(1.0, abs=1e-3)
    assert nsy.attrs["rates_emission"] == "per steradian, per group"
    assert nsy.attrs["rates_absorption"] == "stimulated-corrected"


def test_pairs_balance_in_the_centre_only(nsy):
    f = 1.0 / (1.0 + np.exp((nsy["energy"] / nsy["temperature"]).clip(max=600.0)))
    ratio = (nsy["emissivity"] / (C_LIGHT * nsy["absorption"])).sel(species="nux") / f
    group = ratio.sel(energy=20.0, method="nearest").isel(theta=0)
    assert abs(float(group[0]) - 1.0) < 5e-3
    assert float(group[25]) > 1.3


def test_energy_groups(nsy, nsy_path):
    mid = np.loadtxt(nsy_path / "meshdata" / "Emesh_ascii_mid.dat")[:, 1]
    np.testing.assert_array_equal(nsy["energy"], mid)
    assert nsy["energy_edge"][-1] == pytest.approx(300.0)


def test_given_emission_is_returned_by_the_energy_of_a_group(nsy, nsy_path):
    """eta = j E int E^2 dE/(hc)^3 per steradian, the number in the file."""
    opacity = np.loadtxt(nsy_path / "opacities" / "opac_r7_theta1.dat", skiprows=1)
    # block 1 of the file is the first ascending polar angle
    zone = nsy.isel(theta=0, r=7)
    edges = zone["energy_edge"].values
    states = (edges[1:] ** 3 - edges[:-1] ** 3) / 3.0 / H_C**3
    for s in range(3):
        eta = zone["emissivity"].values[s] * MEV_ERG * zone["energy"].values * states
        np.testing.assert_allclose(eta, opacity[:, 1 + 3 * s], rtol=1e-12)
        np.testing.assert_array_equal(zone["absorption"].values[s], opacity[:, 2 + 3 * s])
        np.testing.assert_array_equal(zone["scattering"].values[s], opacity[:, 3 + 3 * s])


@pytest.mark.parametrize("angle", ["per steradian", "integrated over angle"])
@pytest.mark.parametrize("spectral", ["per group", "per MeV"])
@pytest.mark.parametrize("absorption", ["stimulated-corrected", "bare"])
def test_every_convention_is_recognised(nsy, angle, spectral, absorption):
    """The same rates written in another convention come back unchanged."""
    flat = nsy.isel(theta=0)
    energy, edges = flat["energy"].values, flat["energy_edge"].values
    j, kappa = (flat[n].sel(species="nue").values for n in ("emissivity", "absorption"))
    states = (edges[1:] ** 3 - edges[:-1] ** 3) / 3.0 / H_C**3
    eta = j * (MEV_ERG * energy * states)[:, None]
    if angle == "integrated over angle":
        eta = 4.0 * np.pi * eta
    if spectral == "per MeV":
        eta = eta / np.diff(edges)[:, None]
    given = kappa if absorption == "stimulated-corrected" else kappa - j / C_LIGHT
    mu_nue = (flat["mu_e"] + flat["mu_p"] - flat["mu_n"]).values
    matter = (flat["rho"].values, flat["temperature"].values, mu_nue)
    # bare absorption of deep zones is lost in rounding: the difference must be positive
    found = establish(eta, given, energy, edges, *matter, "file")
    assert (found.angle, found.spectral, found.absorption) == (angle, spectral, absorption)
    back = found.apply(eta, given, energy, edges)
    np.testing.assert_allclose(back[0], j, rtol=1e-12)
    np.testing.assert_allclose(back[1], kappa, rtol=1e-12)


def test_rates_without_detailed_balance_are_refused(nsy_copy):
    for path in (nsy_copy / "opacities").glob("*.dat"):
        lines = path.read_text().splitlines()
        rows = [line.split("\t") for line in lines[1:]]
        for row in rows:
            row[1] = repr(3.0 * float(row[1]))
        path.write_text("\n".join([lines[0], *("\t".join(row) for row in rows)]) + "\n")
    assert "no detailed balance in any convention" in refusal(nsy_copy)
    assert "emissivity" not in open_snapshot(nsy_copy, rates=False)


def test_no_dense_zone_no_convention(nsy):
    flat = nsy.isel(theta=0)
    with pytest.raises(QkepipeError, match="cannot be established"):
        establish(
            *(flat[n].sel(species="nue").values for n in ("emissivity", "absorption")),
            flat["energy"].values, flat["energy_edge"].values, 1e-3 * flat["rho"].values,
            flat["temperature"].values, 0.0 * flat["mu_e"].values, "file",
        )  # fmt: skip


# --- files ------------------------------------------------------------------------------------


def test_folder_and_file_are_the_same_snapshot(nsy, nsy_path):
    other = open_snapshot(data_file(nsy_path))
    assert other.identical(nsy)
    assert other.attrs["source_file"] == str(data_file(nsy_path))


@pytest.mark.parametrize("block, angle", [(0, 2.186276035465284), (1, 0.9553166181245094)])
def test_one_block(nsy, nsy_path, block, angle):
    one = open_snapshot(nsy_path, theta=block)
    assert "theta" not in one.dims and one.attrs["theta"] == angle
    np.testing.assert_array_equal(one["rho"], nsy["rho"].sel(theta=angle))
    np.testing.assert_array_equal(one["emissivity"], nsy["emissivity"].sel(theta=angle))


@pytest.mark.parametrize("block", [2, -1, "north", True])
def test_no_such_block(nsy_path, block):
    assert "theta" in refusal(nsy_path, theta=block)


def test_number_of_zones_and_angles_is_counted(nsy, nsy_copy):
    """20 radii and one angle, ascending polar mesh: nothing is wired to the excerpt."""
    keep, mesh = 20, nsy_copy / "meshdata"
    rows = data_file(nsy_copy).read_text().splitlines()
    data_file(nsy_copy).write_text("\n".join(rows[:keep]) + "\n")
    for name, count in (("rmesh_ascii_edge.dat", keep + 1), ("rmesh_ascii_mid.dat", keep)):
        lines = (mesh / name).read_text().splitlines()
        (mesh / name).write_text("\n".join(lines[:count]) + "\n")
    (mesh / "thmesh_ascii_edge.dat").write_text(" 0 0.0\n 1 3.141592653589793\n")
    (mesh / "thmesh_ascii_mid.dat").write_text(" 1 2.186276035465284\n")
    small = open_snapshot(nsy_copy)
    assert dict(small.sizes)["theta"] == 1 and dict(small.sizes)["r"] == keep
    np.testing.assert_array_equal(small["rho"][0], nsy["rho"][1, :keep])
    np.testing.assert_array_equal(small["absorption"][:, :, 0], nsy["absorption"][:, :, 1, :keep])


def test_truncated_data_file(nsy_copy):
    rows = data_file(nsy_copy).read_text().splitlines()
    data_file(nsy_copy).write_text("\n".join(rows[:90]) + "\n")
    assert "90 rows: truncated" in refusal(nsy_copy)
    data_file(nsy_copy).write_text("\n".join(rows)[:-2000])
    assert "line 96" in refusal(nsy_copy)


def test_shifted_columns(nsy_copy):
    rows = [line.split() for line in data_file(nsy_copy).read_text().splitlines()]
    for row in rows:
        row[32], row[33] = row[33], row[34]
    data_file(nsy_copy).write_text("\n".join(" ".join(row) for row in rows) + "\n")
    assert "does not agree with mu_nue" in refusal(nsy_copy)


def test_rows_in_another_order(nsy_copy):
    rows = data_file(nsy_copy).read_text().splitlines()
    order = np.arange(96).reshape(2, 48).T.ravel()
    data_file(nsy_copy).write_text("\n".join(rows[i] for i in order) + "\n")
    assert "rows ordered by polar angle, then radius" in refusal(nsy_copy)


def test_missing_and_truncated_opacities(nsy_copy):
    folder = nsy_copy / "opacities"
    lines = (folder / "opac_r3_theta1.dat").read_text().splitlines()
    (folder / "opac_r3_theta1.dat").write_text("\n".join(lines[:70]) + "\n")
    assert "opac_r3_theta1.dat: 69 rows" in refusal(nsy_copy)
    (folder / "opac_r3_theta1.dat").unlink()
    assert "missing: opac_r3_theta1.dat" in refusal(nsy_copy)
    shutil.rmtree(folder)
    assert "emissivity" not in open_snapshot(nsy_copy)


def test_missing_or_damaged_mesh(nsy_copy):
    mesh = nsy_copy / "meshdata" / "rmesh_ascii_edge.dat"
    text = mesh.read_text()
    mesh.write_text(text.replace(" 3 ", " 4 ", 1))
    assert "index column is not sequential" in refusal(nsy_copy)
    mesh.write_text("\n".join(text.splitlines()[:-1]) + "\n")
    assert "48 edges for 48 centres" in refusal(nsy_copy)
    mesh.unlink()
    assert "rmesh_ascii_edge.dat: no such file" in refusal(nsy_copy)
    shutil.rmtree(nsy_copy / "meshdata")
    assert "no folder meshdata" in refusal(data_file(nsy_copy))


def test_several_data_files(nsy_copy):
    shutil.copy(data_file(nsy_copy), data_file(nsy_copy).with_suffix(".00121"))
    assert "2 data files" in refusal(nsy_copy)
    assert open_snapshot(data_file(nsy_copy)).sizes["r"] == N_R


def test_centres_and_edges_of_different_meshes_are_refused(nsy_copy):
    mesh = nsy_copy / "meshdata" / "rmesh_ascii_edge.dat"
    rows = [line.split() for line in mesh.read_text().splitlines()]
    mesh.write_text("".join(f" {i} {2.0 * float(x)}\n" for i, x in rows))
    assert "centre outside its cell" in refusal(nsy_copy)
