"""Regions, their table and chosen cells of maps that are made by hand."""

import numpy as np
import pytest
import xarray as xr

from qkepipe.constants import C_LIGHT, MEV_ERG
from qkepipe.diagnostics import to_csv
from qkepipe.diagnostics.boundaries import boundaries
from qkepipe.diagnostics.chosen_cells import chosen_cells
from qkepipe.diagnostics.kinds import fastest_growth, kinds_of, radial_fractions
from qkepipe.diagnostics.region_table import REGION_COLUMNS, region_table
from qkepipe.diagnostics.regions import regions

KM = 1e5
EDGE = np.linspace(0.0, 200.0, 41) * KM
R = 0.5 * (EDGE[1:] + EDGE[:-1])


def a_map(kind, growth, axes):
    """Map with kinds -1 (unknown), 0, 3 and 5, and the estimate of fast growth."""
    dims = tuple(axes)
    data = xr.Dataset(
        {
            "instability": (dims, kind.astype("int8")),
            "ffi_growth_estimate": (dims, growth, {"units": "s-1"}),
            "potential_phi0": (dims, np.ones_like(growth)),
        },
        coords=axes,
    )
    data["instability"].attrs.update(
        flag_values=np.array([-1, 0, 3, 5], dtype="int8"),
        flag_meanings="unknown none collisional fast",
    )
    return data.assign_coords(r_edge=("r_edge", EDGE)) if "r" in axes else data


def star():
    """Fast-unstable from 100 to 150 km, growth falling outwards; unknown beyond 150 km."""
    fast = (R > 100 * KM) & (R < 150 * KM)
    kind = np.where(fast, 5, np.where(R > 150 * KM, -1, np.where(R < 50 * KM, 3, 0)))
    return a_map(kind, np.where(fast, 1e9 * (R / (100 * KM)) ** -2, 0.0), {"r": R})


MATTER = xr.Dataset({"rho": ("r", 1e10 * (R / R[0]) ** -3)}, attrs={"shock_radius": 150 * KM})
FIELD = xr.Dataset(
    {
        "neutrinosphere_radius": (
            "species", [60 * KM, 50 * KM, np.nan],
            {"status": "nux: inside the inner edge (optical depth 0.1 there)"},
        ),
        "gain_radius": ((), 100 * KM, {"status": "found"}),
    },
    coords={"species": ["nue", "nuebar", "nux"]},
)  # fmt: skip


def tabled(stability, matter, field=None):
    at = boundaries(matter, field)
    found = regions(stability, matter, at)
    table = region_table("s", stability, found)
    rows = {}
    for i in range(table.sizes["row"]):
        row = {c: table[c].values[i] for c in REGION_COLUMNS}
        rows[row["region"], row["name"]] = row
    return rows, table, found, at


def shell(low, high):
    return (high**3 - low**3) * KM**3


def test_volumes_of_a_supernova_are_those_of_its_shells():
    rows, _, _, _ = tabled(star(), MATTER, FIELD)
    assert rows["whole_map", "fast"]["volume_fraction"] == pytest.approx(
        shell(100, 150) / shell(0, 200)
    )
    assert rows["gain_region", "fast"]["volume_fraction"] == pytest.approx(1.0)
    assert rows["gain_region", "fast"]["cells"] == 10
    assert rows["pre_shock", "unknown"]["cell_fraction"] == 1.0
    assert rows["inside_shock", "collisional"]["volume_fraction"] == pytest.approx((50 / 150) ** 3)
    assert rows["below_neutrinospheres", "collisional"]["cells"] == 10
    # 45 to 55 km around the sphere of nuebar: one cell on each side of 50 km
    around = rows["neutrinosphere_nuebar", "collisional"]
    assert around["cells"] == 1 and around["cell_fraction"] == 0.5
    assert around["volume_fraction"] == pytest.approx(shell(45, 50) / shell(45, 55))
    for region in {region for region, _ in rows}:
        total = sum(rows[region, kind]["volume_fraction"] for kind in kinds_of(star()))
        assert total == pytest.approx(1.0)


def test_the_largest_growth_has_its_place_and_length():
    rows, _, _, _ = tabled(star(), MATTER, FIELD)
    row = rows["gain_region", "ffi_growth_estimate"]
    assert row["radius_cm"] == pytest.approx(102.5 * KM)
    assert row["growth_rate"] == pytest.approx(1e9 / 1.025**2)
    assert row["efold_length_cm"] == pytest.approx(C_LIGHT / row["growth_rate"])
    assert row["position"] == "r = 102.5 km"
    assert np.isnan(rows["pre_shock", "ffi_growth_estimate"]["growth_rate"])


def test_regions_without_their_data_are_left_out_with_the_reason():
    _, table, _, _ = tabled(star(), MATTER)
    left = dict(line.split(": ", 1) for line in table.attrs["left_out"].splitlines())
    assert "needs heating rates" in left["gain_region"]
    assert "needs opacities by energy" in left["neutrinosphere_nue"]
    assert left["disc"] == left["polar"] == "the map has no polar angle"
    _, table, _, _ = tabled(star(), MATTER, FIELD)
    left = dict(line.split(": ", 1) for line in table.attrs["left_out"].splitlines())
    assert left["neutrinosphere_nux"] == "inside the inner edge (optical depth 0.1 there)"
    _, table, _, _ = tabled(star(), MATTER.assign_attrs(shock_radius=300 * KM), FIELD)
    assert "pre_shock: no cell of the map lies in it" in table.attrs["left_out"]


def test_the_csv_reads_back(tmp_path):
    rows, table, _, _ = tabled(star(), MATTER, FIELD)
    to_csv(table, tmp_path / "t.csv", REGION_COLUMNS)
    lines = (tmp_path / "t.csv").read_text().splitlines()
    assert lines[0] == ",".join(REGION_COLUMNS)
    assert len(lines) == 1 + len(rows)


def test_polar_and_disc_volumes_of_a_remnant():
    """A homogeneous ball, unstable in the cones of 30 degrees around both poles."""
    theta = np.radians(np.arange(5.0, 180.0, 10.0))
    cone = np.minimum(theta, np.pi - theta) < np.radians(30.0)
    kind = np.where(cone[:, None], 5, 0) * np.ones(R.size)
    stability = a_map(kind, 1e8 * (kind > 0), {"theta": theta, "r": R})
    even = (("theta", "r"), np.full(kind.shape, 1e9))
    matter = xr.Dataset({"rho": even, "temperature": even}, coords={"theta": theta, "r": R})
    rows, _, found, at = tabled(stability, matter)
    expected = 1.0 - np.cos(np.radians(30.0))
    assert rows["whole_map", "fast"]["volume_fraction"] == pytest.approx(expected)
    assert rows["polar", "fast"]["volume_fraction"] == 1.0
    assert rows["disc", "fast"]["cells"] == 0
    assert rows["polar", "fast"]["cells"] == 6 * R.size
    # by centres: 55 to 125 degrees, in bins of 10 degrees
    assert rows["disc", "none"]["cells"] == 8 * R.size
    words = [w for w, _ in chosen_cells(stability, found, at)]
    assert words == ["fastest"]


def test_the_shock_may_depend_on_direction():
    theta = np.array([0.5, 1.5, 2.5])
    shock = np.array([100.0, 120.0, 140.0]) * KM
    inside = shock[:, None] > R
    matter = xr.Dataset(
        {
            "rho": (("theta", "r"), np.where(inside, 1e10, 1e9) * (R / R[0]) ** -2),
            "velocity_r": (("theta", "r"), np.where(inside, -1e8, -3e9)),
            "temperature": (("theta", "r"), np.where(inside, 2.0, 0.5)),
        },
        coords={"theta": theta, "r": R},
    )
    kind = np.where(inside, 0, 5)
    stability = a_map(kind, 1e8 * (kind > 0), {"theta": theta, "r": R})
    rows, table, _, at = tabled(stability, matter)
    np.testing.assert_allclose(at["shock"].radius, shock, rtol=0.03)
    assert rows["pre_shock", "fast"]["cell_fraction"] == 1.0
    assert rows["inside_shock", "fast"]["cells"] == 0
    assert "a shock is known" in table.attrs["left_out"]


def test_cartesian_maps_count_cells_of_a_ball():
    x = np.linspace(-95.0, 95.0, 20) * KM
    axes = {"z": x, "y": x, "x": x}
    radius = np.sqrt(sum(np.meshgrid(x**2, x**2, x**2)))
    kind = np.where(radius < 80 * KM, 5, 0)
    stability = a_map(kind, 1e8 * (kind > 0), axes)
    matter = xr.Dataset({"rho": (("z", "y", "x"), np.full(kind.shape, 1e9))}, coords=axes)
    rows, table, _, _ = tabled(stability, matter)
    share = rows["whole_map", "fast"]["volume_fraction"]
    assert share == pytest.approx(4.0 * np.pi / 3.0 * 0.8**3 / 8.0, rel=0.02)
    assert rows["polar", "fast"]["position"] == ""
    assert rows["polar", "ffi_growth_estimate"]["position"].startswith("x, y, z = ")
    assert "no rays" in table.attrs["left_out"]


def test_cells_at_the_boundaries_come_after_the_fastest():
    _, _, found, at = tabled(star(), MATTER, FIELD)
    cells = chosen_cells(star(), found, at)
    assert [w for w, _ in cells] == [
        "fastest", "at the nuebar sphere", "at the nue sphere", "at the shock",
    ]  # fmt: skip
    radii = [R[index["r"]] / KM for _, index in cells]
    # the gain radius has the fastest cell next to it
    assert radii[0] == 102.5
    assert np.all(np.abs(np.array(radii[1:]) - [50.0, 60.0, 150.0]) <= 2.5)


def test_the_dispersion_relation_replaces_the_estimate():
    data = star()
    lsa = xr.full_like(data["ffi_growth_estimate"], np.nan)
    lsa[25] = 1.0
    data["lsa_growth_rate"] = lsa
    data["cfi_growth_estimate"] = xr.full_like(lsa, 1e3).assign_attrs(units="s-1")
    fastest = fastest_growth(data)
    assert float(fastest[25]) == 1e3
    assert float(fastest[26]) == float(data["ffi_growth_estimate"][26])


def test_a_value_without_a_meaning_keeps_its_number():
    data = star()
    data["instability"].attrs = {}
    assert kinds_of(data) == {"kind_-1": -1, "kind_0": 0, "kind_3": 3, "kind_5": 5}


def test_fractions_against_radius_are_those_of_solid_angle():
    """Unstable in the northern half inside 100 km, nowhere outside."""
    theta = np.radians(np.arange(15.0, 180.0, 30.0))
    kind = np.where((theta[:, None] < 0.5 * np.pi) & (R < 100 * KM), 5, 0)
    share = radial_fractions(a_map(kind, 1e8 * (kind > 0), {"theta": theta, "r": R}))
    np.testing.assert_array_equal(share["edge"], EDGE)
    expected = np.where(R < 100 * KM, 0.5, 0.0)
    np.testing.assert_allclose(share["fraction"].sel(kind="fast"), expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(share["fraction"].sum("kind"), 1.0)


def test_spheres_along_rays_are_those_of_their_opacity():
    """k = k0 (E/10 MeV)^2 up to an edge and none outside: the depth 2/3 lies 2/(3 k) inside.

    The mean energy of 15 MeV is between two groups, 10 and 20 MeV: linear, 2.5 k0.
    """
    edge, k0 = np.array([100.0, 140.0]) * KM, 1e-6
    inside = edge[:, None] > R
    energy = np.array([10.0, 20.0])
    opacity = k0 * (energy / 10.0)[None, :, None, None] ** 2 * inside * np.ones((2, 1, 1, 1))
    number = np.full((2, 2, R.size), 1e30)
    over = ("species", "theta", "r")
    snapshot = xr.Dataset(
        {
            "rho": (("theta", "r"), np.full(inside.shape, 1e9)),
            "temperature": (("theta", "r"), np.full(inside.shape, 1.0)),
            "absorption": (("species", "energy", "theta", "r"), 0.4 * opacity),
            "scattering": (("species", "energy", "theta", "r"), 0.6 * opacity),
            "nu_number_density": (over, number),
            "nu_energy_density": (over, 15.0 * MEV_ERG * number),
        },
        coords={
            "species": ["nue", "nuebar"], "energy": energy, "theta": [0.8, 2.3], "r": R,
            "r_edge": EDGE,
        },
    )  # fmt: skip
    at = boundaries(snapshot)
    expected = edge - 2.0 / 3.0 / (2.5 * k0)
    np.testing.assert_allclose(at["neutrinosphere_nue"].radius, expected, rtol=1e-12)
    kind = np.where(expected[:, None] > R, 3, 0)
    stability = a_map(kind, 0.0 * kind, {"theta": np.array([0.8, 2.3]), "r": R})
    rows, _, _, _ = tabled(stability, snapshot)
    assert rows["below_neutrinospheres", "collisional"]["volume_fraction"] == 1.0
    assert rows["neutrinosphere_nue", "none"]["cells"] > 0.0
