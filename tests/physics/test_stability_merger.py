"""Polar axis of a neutron-star-merger remnant: where its grey M1 moments are unstable.

Targets from the columns of the file alone (README of bnsm_thc_m1): with maximum-entropy
angles a crossing in the zones at 9.722, 9.968, 10.214 and 10.460 km at the cosines 0.452,
0.230, 0.134, -0.319; the flux condition |F_ELN| > c |n_ELN|, sufficient for a crossing, holds
at 9.968 and 10.214 km alone; n_e + n_nue - n_nuebar changes sign at 15.35 km.
"""

import numpy as np
import pytest

from qkepipe import open_snapshot
from qkepipe.constants import C_LIGHT, SQRT2_GF_RATE
from qkepipe.stability import fastest_mode, screen

KM = 1e5


@pytest.fixture(scope="module")
def remnant(shared):
    """The snapshot, read and checked by the package: moments and matter in one."""
    name = "DD2_M12980-12980_M1_LR_t_50ms_z_axis.txt"
    return open_snapshot(shared / "bnsm_thc_m1" / name)


@pytest.fixture(scope="module")
def stability(remnant):
    """The map."""
    return screen(remnant, remnant)


def _zones(flag):
    return flag["r"].values[flag.values == 1] / KM


def test_crossing_zones(stability):
    """Exactly the four zones, at the angles of the target."""
    np.testing.assert_allclose(
        _zones(stability["ffi_crossing"]), [9.722, 9.968, 10.214, 10.460], rtol=0, atol=1e-3
    )
    mu = stability["ffi_crossing_mu"].values
    np.testing.assert_allclose(
        mu[np.isfinite(mu)], [0.452, 0.230, 0.134, -0.319], rtol=0, atol=1e-3
    )


def test_flux_condition_implies_a_crossing(stability):
    """|Phi_1| > |Phi_0| at 9.968 and 10.214 km only, and both are flagged."""
    sufficient = abs(stability["potential_phi1"]) > abs(stability["potential_phi0"])
    np.testing.assert_allclose(_zones(sufficient.astype(int)), [9.968, 10.214], rtol=0, atol=1e-3)
    assert (stability["ffi_crossing"].values[sufficient.values] == 1).all()
    zone = stability.isel(r=int(np.abs(stability["r"].values - 9.968 * KM).argmin()))
    lower = C_LIGHT * np.sqrt(zone["potential_phi1"] ** 2 - zone["potential_phi0"] ** 2)
    assert float(lower) == pytest.approx(2.83e10, rel=5e-3)
    # the dispersion relation is at least of that order; the estimate within a factor two
    assert 0.5 < float(zone["ffi_growth_estimate"]) / float(zone["lsa_growth_rate"]) < 2.0


def test_fast_is_the_most_severe(stability):
    """Crossing zones are fast in the severity, and solved in full."""
    fast = stability["instability"].values == 5
    np.testing.assert_array_equal(fast, stability["ffi_crossing"].values == 1)
    np.testing.assert_array_equal(fast, np.isfinite(stability["lsa_growth_rate"].values))


def test_fastest_zone(remnant):
    """The fastest mode sits in the zone of the largest flux excess."""
    mode = fastest_mode(remnant)
    assert mode["radius"] / KM == pytest.approx(9.968, abs=1e-3)
    assert mode["sector"] == "sym"
    # an upper limit of any growth: the coupling 2 times the number of neutrinos
    density = remnant["nu_number_density"].isel(r=mode["r_index"]).values.sum()
    assert 0.0 < mode["growth_rate"] < 2 * SQRT2_GF_RATE * density


def test_matter_neutrino_resonance(stability):
    """lambda + Phi_0 changes sign once, at 15.35 km; the zones beside it are flagged."""
    total = stability["potential_matter"] + stability["potential_phi0"]
    values, r = total.values, stability["r"].values / KM
    (i,) = np.flatnonzero(np.sign(values[1:]) != np.sign(values[:-1]))
    at = r[i] + (r[i + 1] - r[i]) * values[i] / (values[i] - values[i + 1])
    assert at == pytest.approx(15.35, abs=0.005)
    assert (values[i + 1 :] < 0).all() and values.size - i - 1 == 7
    assert values[-1] / float(stability["potential_matter"][-1]) == pytest.approx(-0.503, abs=1e-3)
    np.testing.assert_allclose(_zones(stability["mnr_flag"]), [15.136, 15.382], rtol=0, atol=1e-3)


def test_gradients_do_not_suppress(stability):
    """E-folds are far above ln(1/seed) in the crossing zones, zero elsewhere."""
    efolds = stability["gradient_efolds"].values
    crossing = stability["ffi_crossing"].values == 1
    assert (efolds[crossing] > 50).all()
    assert (efolds[~crossing] == 0).all()
