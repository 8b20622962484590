"""Energy groups that miss the spectrum of matter: fractions, warnings and refusals."""

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import quad
from scipy.special import zeta

from qkepipe.errors import QkepipeError
from qkepipe.opacity import check_coverage, group_coverage
from qkepipe.phasespace import energy_grid


def matter(temperature, mu_nue=0.0):
    t = np.asarray(temperature, dtype=float)
    data = {"rho": t * 1e10, "temperature": t, "mu_e": 0 * t + mu_nue, "mu_hat": 0 * t}
    return xr.Dataset({name: ("r", v) for name, v in data.items()}, {"r": np.arange(t.size) + 1e6})


@pytest.mark.parametrize("mu_nue", [0.0, 30.0, 150.0])
@pytest.mark.parametrize("edges", [[0.0, 20.0, 60.0], [5.0, 200.0]])
def test_fractions_are_integrals_of_the_spectrum(mu_nue, edges):
    t = 6.0
    found = group_coverage(matter([t], mu_nue), energy_grid(edges)).isel(r=0)
    for s, mu in enumerate((mu_nue, -mu_nue, 0.0, 0.0)):
        for name, power in (("number", 2), ("energy", 3)):

            def spectrum(e, mu=mu, power=power):
                return e**power / (1 + np.exp((e - mu) / t))

            points = sorted({p for p in (edges[0], edges[-1], max(mu, 0)) if 0 < p < 600})
            whole = quad(spectrum, 0, 600, points=points, epsrel=1e-10, limit=200)[0]
            inner = [p for p in points if edges[0] < p < edges[-1]] or None
            inside = quad(spectrum, edges[0], edges[-1], points=inner, epsrel=1e-10, limit=200)[0]
            assert float(found[name][s]) == pytest.approx(inside / whole, abs=1e-8)


def test_everything_is_inside_wide_groups():
    """int E^2 f = 3/2 zeta(3) T^3: the norm is exact, and a third of the temperature is cut."""
    t = 4.0
    found = group_coverage(matter([t]), energy_grid([0.0, 500.0]))
    np.testing.assert_allclose(found["number"], 1.0, rtol=1e-12)
    low = float(group_coverage(matter([t]), energy_grid([0.0, 1e-2]))["number"][2, 0])
    assert low == pytest.approx((1e-2) ** 3 / 6 / (1.5 * zeta(3) * t**3), rel=2e-3)


def test_hot_or_inner_zone_decides():
    grid = energy_grid([0.0, 20.0, 60.0])
    attributes, warnings = check_coverage(matter([4.0, 2.0, 0.5]), grid, "file")
    assert not warnings
    assert attributes["group_coverage_nue"] > 0.99
    attributes, warnings = check_coverage(matter([4.0, 8.0, 0.5]), grid, "file")
    assert len(warnings) == 4
    line = str(warnings[0])
    for word in ("file", "zone [1]", "nue", "8 MeV", "0.0"):
        assert word in line
    assert all(w.severity == "warning" for w in warnings)
    assert 0.9 < attributes["group_coverage_nuxbar"] < 0.99
    assert attributes["group_coverage_energy_nux"] < attributes["group_coverage_nux"]


def test_groups_that_miss_a_tenth_are_refused():
    with pytest.raises(QkepipeError, match=r"zone \[0\].*nue "):
        check_coverage(matter([5.0, 3.0], mu_nue=80.0), energy_grid([0.0, 60.0]), "file")


def test_local_groups():
    """Redshifted groups of the inner zone cover what the caller's would not."""
    edges = np.array([0.0, 20.0, 60.0])
    local = xr.DataArray(
        edges[:, None] / np.array([0.5, 1.0]), {"energy_edge": edges}, ("energy_edge", "r")
    )
    assert check_coverage(matter([9.0, 2.0]), energy_grid(edges), "file")[1]
    assert not check_coverage(matter([9.0, 2.0]), local, "file")[1]
