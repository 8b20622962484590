"""Scan over wavenumbers, fastest mode of a field and the cells of the map."""

import numpy as np
import pytest
import xarray as xr

from qkepipe.constants import C_LIGHT, SQRT2_GF
from qkepipe.errors import QkepipeError
from qkepipe.stability import fastest_mode, growth_rate, mode_at, screen
from qkepipe.stability.lsa import scan


def test_scan_of_two_beams():
    """Largest growth 2 sqrt(alpha) at kappa = 0."""
    mode = scan([1.0, -1.0], [1.0, -0.7])
    assert mode["growth"] == pytest.approx(2 * np.sqrt(0.7), rel=1e-9)
    assert mode["kappa"] == pytest.approx(0.0, abs=1e-3)
    assert mode["sector"] == "sym"


@pytest.mark.parametrize("g", [[1.0, 2.0, 0.5], [-1.0, -2.0, 0.0], [0.0, 0.0, 0.0]])
def test_scan_without_crossing(g):
    """Nothing grows where all beams have one sign."""
    assert scan([1.0, 0.2, -1.0], g) == {
        "growth": 0.0, "kappa": 0.0, "frequency": 0.0, "sector": "sym",
    }  # fmt: skip


def test_scan_is_no_worse_than_a_fine_grid():
    """Random gases: no wavenumber of a fine grid grows faster than the mode found."""
    rng = np.random.default_rng(5)
    mu, w = np.polynomial.legendre.leggauss(24)
    for _ in range(5):
        z = rng.uniform(0, 3, 2)
        n = rng.uniform(0.8, 1.2, 2)
        pair = [n[i] * z[i] / np.sinh(z[i]) * np.exp(z[i] * mu) for i in range(2)]
        g = 0.5 * w * (pair[0] - pair[1])
        sigma0 = np.sqrt(g[g > 0].sum() * -g[g < 0].sum())
        if sigma0 == 0.0:
            continue
        grid = [
            growth_rate(mu, np.abs(g), np.sign(g), kappa=k, sector=s)[0]
            for k in np.linspace(-10, 10, 301) * sigma0
            for s in ("sym", "brk")
        ]
        assert scan(mu, g)["growth"] >= max(grid) * (1 - 1e-9)


def test_fastest_mode_of_angular_bins(angular_field):
    """The mode belongs to the discrete system of the bins, and its keys fit together."""
    mode = fastest_mode(angular_field)
    assert set(mode) == {
        "r_index", "radius", "growth_rate", "wavenumber", "wavenumber_physical",
        "real_frequency", "sector", "potential_phi0", "potential_phi1",
    }  # fmt: skip
    i = mode["r_index"]
    assert mode["radius"] == angular_field["r"].values[i]
    assert mode["wavenumber_physical"] == mode["wavenumber"] + mode["potential_phi1"]
    stability = screen(angular_field, lsa_cells=3)
    assert mode["potential_phi0"] == pytest.approx(float(stability["potential_phi0"][i]))
    assert mode["potential_phi1"] == pytest.approx(float(stability["potential_phi1"][i]))
    # the same beams through the public dispersion relation
    from qkepipe.stability.field import open_field

    v, g = open_field(angular_field).beams({"r": i})
    growth, frequency = growth_rate(
        v, SQRT2_GF * np.abs(g), np.sign(g), kappa=mode["wavenumber"], sector=mode["sector"]
    )
    assert C_LIGHT * growth == pytest.approx(mode["growth_rate"], rel=1e-10)
    assert frequency + mode["potential_phi0"] == pytest.approx(mode["real_frequency"], rel=1e-8)
    assert mode == mode_at(angular_field, i)
    assert mode == mode_at(angular_field, i - angular_field.sizes["r"])


def test_moments_and_angles_agree(angular_field, moments_of):
    """Maximum-entropy bins and their moments give the same mode up to discretisation."""
    bins = fastest_mode(angular_field)
    moments = mode_at(moments_of(angular_field), bins["r_index"])
    assert moments["growth_rate"] == pytest.approx(bins["growth_rate"], rel=0.05)
    assert moments["wavenumber"] == pytest.approx(bins["wavenumber"], rel=0.1)


def test_stable_field(angular_field):
    """Without a crossing growth is 0 at the cell of largest potential."""
    angular_field["f"][1:] *= 1e-3
    mode = fastest_mode(angular_field)
    assert mode["growth_rate"] == 0.0
    assert mode["r_index"] == 0
    assert mode["wavenumber_physical"] == mode["potential_phi1"]


def test_map_holds_the_cells_of_largest_estimate(angular_field):
    """lsa_* are missing outside of the chosen cells; inside continuous angles are near bins."""
    stability = screen(angular_field, lsa_cells=2)
    chosen = np.flatnonzero(np.isfinite(stability["lsa_growth_rate"].values))
    order = np.argsort(-stability["ffi_growth_estimate"].values)
    assert sorted(order[:2]) == list(chosen)
    for i in chosen:
        mode = mode_at(angular_field, int(i))
        growth = float(stability["lsa_growth_rate"][i])
        # beams of 16 bins are 0.2 to 0.4 % off (Gaussian ELN)
        assert growth == pytest.approx(mode["growth_rate"], rel=5e-3)
        assert float(stability["lsa_wavenumber"][i]) == pytest.approx(mode["wavenumber"], rel=0.02)
        assert stability["lsa_converged"][i] == 1
        assert (
            stability["lsa_driver"].attrs["flag_meanings"].split()[int(stability["lsa_driver"][i])]
            == "fast"
        )
        assert int(stability["lsa_sector"][i]) == ("sym", "brk").index(mode["sector"])


def test_even_choice_spreads_over_all_unstable_cells(angular_field):
    """First and last unstable cell, and those between; all of them if there are few."""
    unstable = np.flatnonzero(screen(angular_field, lsa_cells=0)["ffi_growth_estimate"].values)
    assert len(unstable) > 3
    few = screen(angular_field, lsa_cells=3, lsa_choice="even")
    chosen = np.flatnonzero(np.isfinite(few["lsa_growth_rate"].values))
    assert len(chosen) == 3 and set(chosen) <= set(unstable)
    assert chosen[0] == unstable[0] and chosen[-1] == unstable[-1]
    all_of_them = screen(angular_field, lsa_cells=100, lsa_choice="even")
    np.testing.assert_array_equal(
        np.flatnonzero(np.isfinite(all_of_them["lsa_growth_rate"].values)), unstable
    )
    with pytest.raises(QkepipeError, match="lsa_choice"):
        screen(angular_field, lsa_choice="slowest")


def test_refusals(angular_field):
    """A cell outside, and a field that is not radial."""
    with pytest.raises(QkepipeError, match="no cell 99"):
        mode_at(angular_field, 99)
    with pytest.raises(QkepipeError, match="r alone"):
        fastest_mode(angular_field.expand_dims(theta=2))


def test_collisional_cells_are_chosen_too(angular_field, matter):
    """An isotropic gas grows fastest at kappa = 0: there the estimate of the screen is exact."""
    level = np.array([0.5, 0.4, 0.1, 0.1])[:, None, None, None]
    field = angular_field.assign(f=xr.full_like(angular_field["f"], 1.0) * 0.0)
    spectrum = np.exp(-angular_field["energy"].values / 6.0)[None, :, None, None]
    field["f"] = field["f"] + level * spectrum
    rate = np.array([1.0, 0.2, 0.0, 0.0])[:, None, None] * np.ones((1, 8, 7)) * 1e-6
    damped = matter.assign(absorption=(("species", "energy", "r"), rate))
    stability = screen(field, damped, lsa_cells=3)
    assert not stability["ffi_crossing"].values.any()
    growth = stability["lsa_growth_rate"].values
    chosen = np.isfinite(growth)
    assert chosen.sum() == 3
    np.testing.assert_allclose(
        growth[chosen], stability["cfi_growth_estimate"].values[chosen], rtol=1e-3
    )
    assert (stability["lsa_driver"].values[chosen] == 2).all()
