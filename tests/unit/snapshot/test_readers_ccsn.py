"""The supernova profile read without options: composition, potentials, no neutrinos.

Targets: README of ``ccsn_1d``.
"""

import numpy as np
import pytest

from qkepipe.constants import Q_NP
from qkepipe.snapshot import open_snapshot


@pytest.fixture(scope="module")
def raw(ccsn_path):
    return np.loadtxt(ccsn_path)


def test_columns(ccsn, raw):
    for name, column in (("r", 1), ("rho", 2), ("temperature", 3), ("ye", 4), ("mu_e", 5)):
        np.testing.assert_array_equal(ccsn[name], raw[:, column])
    np.testing.assert_array_equal(ccsn["delta_u"], raw[:, 11])
    np.testing.assert_allclose(ccsn["mu_hat"], raw[:, 6] + Q_NP, rtol=1e-14)


def test_composition_is_converted_from_numbers_per_baryon(ccsn, raw):
    y_heavy, y_alpha, y_p, y_n = raw[:, 7:11].T
    np.testing.assert_array_equal(ccsn["x_n"], y_n)
    np.testing.assert_array_equal(ccsn["x_p"], y_p)
    np.testing.assert_array_equal(ccsn["x_alpha"], 4.0 * y_alpha)
    total = sum(ccsn[x] for x in ("x_n", "x_p", "x_alpha", "x_heavy"))
    np.testing.assert_allclose(total, 1.0, rtol=0, atol=2e-8)
    present = (ccsn["x_heavy"] > 1e-3).values
    a, z = ccsn["abar"].values, ccsn["zbar"].values
    np.testing.assert_array_equal(np.isfinite(a), present)
    np.testing.assert_array_equal(np.isfinite(z), present)
    assert (a[present].min(), a[present].max()) == pytest.approx((5.76, 192.65), abs=0.01)
    assert (z[present].min(), z[present].max()) == pytest.approx((2.06, 58.97), abs=0.01)
    # Ni-56 in the infalling shells
    assert (a[-1], z[-1]) == pytest.approx((56.0, 28.0), abs=2e-3)
    np.testing.assert_allclose(a[present], (ccsn["x_heavy"] / np.maximum(y_heavy, 1e-30))[present])
    charge = ccsn["x_p"] + 0.5 * ccsn["x_alpha"] + (ccsn["x_heavy"] * ccsn["zbar"] / ccsn["abar"])
    np.testing.assert_allclose(charge[present], ccsn["ye"][present], rtol=1e-12)
    undefined = np.array([1, 2, 3, 4, 47, 48, 50, 52, 54]) - 1
    assert np.isnan(a[undefined]).all()


def test_no_neutrinos_are_invented(ccsn):
    assert not [n for n in ccsn.variables if str(n).startswith("nu_")]
    assert "velocity_r" not in ccsn and "time" not in ccsn.variables
    assert "baryon mass not declared: atomic mass unit" in ccsn.attrs["history"]
    assert "4 negative x_heavy (rounding) set to 0" in ccsn.attrs["history"]


def test_edges_are_midpoints_around_the_centres(ccsn):
    r, edges = ccsn["r"].values, ccsn["r_edge"].values
    np.testing.assert_allclose(edges[1:-1], 0.5 * (r[1:] + r[:-1]))
    assert np.all((edges[:-1] < r) & (r < edges[1:])) and edges[0] >= 0.0
    assert ccsn.attrs["r_edge_source"] == "midpoint"


def test_numbers_taken_as_mass_fractions_are_refused(ccsn_path, tmp_path):
    from qkepipe.errors import QkepipeError
    from qkepipe.snapshot.column_maps import MAPS

    wrong = tmp_path / "wrong.yaml"
    wrong.write_text((MAPS / "ccsn_1d.yaml").read_text().replace(", per_baryon: true", ""))
    with pytest.raises(QkepipeError, match="number per baryon"):
        open_snapshot(ccsn_path, map=wrong)


def test_chemical_potential_with_the_wrong_rest_mass_is_refused(ccsn_path, tmp_path):
    from qkepipe.errors import QkepipeError
    from qkepipe.snapshot.column_maps import MAPS

    wrong = tmp_path / "wrong.yaml"
    text = (MAPS / "ccsn_1d.yaml").read_text()
    wrong.write_text(text.replace("rest_mass: excluded", "rest_mass: included"))
    with pytest.raises(QkepipeError, match="without rest masses"):
        open_snapshot(ccsn_path, map=wrong)
