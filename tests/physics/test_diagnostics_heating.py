"""Heating, lepton number and gain radius against closed forms.

Absorption kappa* = k E^2 with neutrinos of temperature T_nu and matter of temperature T:
the net heating is (c k/rho) PHASE_SPACE F_5(0) (W T_nu^6 - T^6), F_5(0) = 31 pi^6/252, W the
dilution (Bethe & Wilson 1985, ApJ 295, 14: absorption ~ 1/r^2, emission ~ T^6).
"""

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from qkepipe.constants import C_LIGHT, M_U_GRAM, MEV_ERG, PHASE_SPACE
from qkepipe.diagnostics import gain_radius, heating_and_cooling, net_heating_between, ye_dot
from qkepipe.diagnostics.heating import ye_dot_processes
from qkepipe.phasespace import (
    angle_grid,
    energy_grid,
    fermi_dirac,
    geometric_energy_edges,
    radial_grid,
)
from qkepipe.solvers.sphere import equilibrium
from qkepipe.species import SPECIES

K = 1e-16 / 1e2
F5 = 31.0 * math.pi**6 / 252.0
KM = 1e5


def background(temperature, rho, radius, energy, strength=(1.0, 1.0, 0.0, 0.0)):
    """Absorption strength K E^2 for each species, in detailed balance without potentials."""
    angle = angle_grid(8)
    e = energy.centres[:, None]
    absorption = np.array(strength)[:, None, None] * K * e**2 * np.ones(temperature.size)
    over = ("species", "energy", "r")
    return xr.Dataset(
        {
            "absorption": (over, absorption),
            "emissivity": (over, C_LIGHT * absorption * fermi_dirac(e, temperature, 0.0)),
            "rho": ("r", rho),
        },
        coords={
            "species": list(SPECIES),
            "r": radius.centres,
            "r_edge": radius.edges,
            "energy": energy.centres,
            "energy_edge": energy.edges,
            "mu": angle.centres,
            "mu_edge": angle.edges,
        },
        attrs={"baryon_mass": M_U_GRAM},
    )


def diluted(back, temperature, dilution):
    e = back["energy"].values[None, :, None, None]
    shape = (4, e.size, back.sizes["mu"], back.sizes["r"])
    return np.broadcast_to(fermi_dirac(e, temperature, 0.0) * dilution, shape).copy()


FINE = energy_grid(np.linspace(0.0, 250.0, 801))


@settings(max_examples=15, deadline=None)
@given(t_nu=st.floats(3.0, 6.0), t=st.floats(1.0, 6.0), dilution=st.floats(0.01, 0.5))
def test_net_heating_of_diluted_thermal_radiation(t_nu, t, dilution):
    radius = radial_grid(np.array([50 * KM, 60 * KM]))
    back = background(np.array([t]), np.array([1e9]), radius, FINE)
    heating, cooling = heating_and_cooling(diluted(back, t_nu, dilution), back)
    factor = 2.0 * C_LIGHT * K * PHASE_SPACE * F5 * MEV_ERG / 1e9
    exact = factor * (dilution * t_nu**6 - t**6)
    scale = factor * (dilution * t_nu**6 + t**6)
    assert heating[0] - cooling[0] == pytest.approx(exact, abs=2e-3 * scale)
    # bare absorption and blocked emission are both positive
    assert heating[0] > 0.0 and cooling[0] > 0.0


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_detailed_balance_means_no_exchange(seed):
    rng = np.random.default_rng(seed)
    radius = radial_grid(np.geomspace(30 * KM, 200 * KM, 21))
    energy = energy_grid(geometric_energy_edges(8, 5.0, 100.0))
    back = background(rng.uniform(0.5, 10.0, 20), rng.uniform(1e8, 1e12, 20), radius, energy,
                      rng.uniform(0.0, 2.0, 4))  # fmt: skip
    f = np.repeat(equilibrium(back)[:, :, None, :], back.sizes["mu"], axis=2)
    heating, cooling = heating_and_cooling(f, back)
    assert (np.abs(heating - cooling) <= 1e-12 * heating).all()
    # relative to the absorption of nue alone
    scale = heating * back["rho"].values / MEV_ERG / (back["rho"].values / M_U_GRAM)
    assert (np.abs(ye_dot(f, back)) <= 1e-11 * scale).all()


def test_electron_fraction_rises_where_nue_are_absorbed():
    """(m_b/rho) c k int E^4 f: F_4(0) = 45 zeta(5)/2 of each spectrum."""
    radius = radial_grid(np.array([50 * KM, 60 * KM]))
    cold = background(np.array([0.05]), np.array([1e9]), radius, FINE, (1.0, 0.5, 0.0, 0.0))
    f = diluted(cold, 4.0, 0.1)
    f4 = 22.5 * 1.0369277551433699 * 4.0**5
    exact = M_U_GRAM / 1e9 * C_LIGHT * K * PHASE_SPACE * 0.1 * f4 * (1.0 - 0.5)
    assert ye_dot(f, cold)[0] == pytest.approx(exact, rel=1e-3)
    assert ye_dot(f[[1, 0, 2, 3]], cold)[0] == pytest.approx(exact, rel=1e-3)
    only_antineutrinos = f.copy()
    only_antineutrinos[0] = 0.0
    assert ye_dot(only_antineutrinos, cold)[0] == pytest.approx(-exact, rel=2e-3)


def test_pairs_leave_the_electron_fraction():
    """Pairs change nue and nuebar alike: only the charged-current part counts, where known."""
    radius = radial_grid(np.array([50 * KM, 60 * KM]))
    alone = background(np.array([0.05]), np.array([1e9]), radius, FINE, (1.0, 0.5, 0.0, 0.0))
    with_pairs = background(np.array([0.05]), np.array([1e9]), radius, FINE, (1.4, 0.9, 0.4, 0.4))
    parts = {f"{n}_cc": alone[n] for n in ("absorption", "emissivity")}
    f = diluted(alone, 4.0, 0.1)
    f[1] *= 0.3
    known = with_pairs.assign(parts)
    np.testing.assert_array_equal(ye_dot(f, known), ye_dot(f, alone))
    # the sum does count them, and says so
    assert abs(ye_dot(f, with_pairs)[0] / ye_dot(f, alone)[0] - 1.0) > 0.05
    assert ye_dot_processes(known) == "charged current"
    assert ye_dot_processes(with_pairs) == "all that are in the rates"


@settings(max_examples=15, deadline=None)
@given(a=st.floats(0.5, 1.0), x=st.floats(1.0, 1.5))
def test_metric_factors(a, x):
    """Local rates are those of flat space at E = E_inf/a; the integral takes X a.

    The same local field and matter on groups that are narrower by a at infinity.
    """
    edges = np.array([50 * KM, 55 * KM, 60 * KM])
    flat = radial_grid(edges)
    two, three = np.ones(2), np.ones(3)
    curved = radial_grid(edges, a * two, a * three, x * two, x * three)
    t, rho = np.array([3.0, 2.5]), np.array([1e9, 8e8])
    wide = energy_grid(np.linspace(0.0, 120.0, 25))
    here = background(t, rho, flat, wide)
    names = ("lapse", "lapse_edge", "radial_metric", "radial_metric_edge")
    metric = {n: ("r_edge" if "edge" in n else "r", getattr(curved, n)) for n in names}
    far = here.assign_coords(energy=a * wide.centres, energy_edge=a * wide.edges).assign(metric)
    f = diluted(here, 4.0, 0.1)
    both = heating_and_cooling(f, here), heating_and_cooling(f, far)
    np.testing.assert_allclose(both[1], both[0], rtol=1e-12)
    np.testing.assert_allclose(ye_dot(f, far), ye_dot(f, here), rtol=1e-11)
    net = both[0][0] - both[0][1]
    total = [net_heating_between(net, rho, g, 52 * KM, 59 * KM) for g in (flat, curved)]
    assert total[1] == pytest.approx(a * x * total[0], rel=1e-12)


@settings(max_examples=15, deadline=None)
@given(ratio=st.floats(1.1, 2.2))
def test_gain_radius_of_power_laws(ratio):
    """T = T0 r0/r, W = (r0/r)^2: W T_nu^6 = T^6 at r = r0 (T0/T_nu)^(3/2)."""
    radius = radial_grid(np.geomspace(50 * KM, 250 * KM, 101))
    r = radius.centres
    t0 = 4.0 * ratio
    energy = energy_grid(np.linspace(0.0, 300.0, 401))
    back = background(t0 * 50 * KM / r, 1e10 * (50 * KM / r) ** 3, radius, energy)
    heating, cooling = heating_and_cooling(diluted(back, 4.0, (50 * KM / r) ** 2), back)
    found, status = gain_radius(heating - cooling, radius, 240 * KM)
    assert status == "found"
    assert found == pytest.approx(50 * KM * ratio**1.5, rel=3e-3)


def test_net_heating_of_power_laws():
    """Integral of the same profile between the gain radius and the shock, in closed form."""
    radius = radial_grid(np.geomspace(50 * KM, 250 * KM, 401))
    r, r0, ratio, shock = radius.centres, 50 * KM, 1.7, 200 * KM
    energy = energy_grid(np.linspace(0.0, 300.0, 801))
    rho = 1e10 * (r0 / r) ** 3
    back = background(4.0 * ratio * r0 / r, rho, radius, energy)
    heating, cooling = heating_and_cooling(diluted(back, 4.0, (r0 / r) ** 2), back)
    gain, _ = gain_radius(heating - cooling, radius, shock)
    got = net_heating_between(heating - cooling, rho, radius, gain, shock)
    x, y = ratio**1.5, shock / r0
    # int (r^-2 - ratio^6 r^-6) r^2 dr in units of r0
    integral = (y - x) - ratio**6 * (x**-3 - y**-3) / 3.0
    factor = 2.0 * C_LIGHT * K * PHASE_SPACE * F5 * MEV_ERG * 4.0**6
    assert got == pytest.approx(factor * 4.0 * np.pi * r0**3 * integral, rel=2e-3)


def test_two_flavour_equipartition_with_a_spectator():
    """Mixing nue with one of two heavy flavours of the same rate changes nothing in total."""
    radius = radial_grid(np.geomspace(50 * KM, 60 * KM, 4))
    energy = energy_grid(geometric_energy_edges(8, 5.0, 100.0))
    back = background(np.full(3, 3.0), np.full(3, 1e9), radius, energy, (1.0, 1.0, 1.0, 1.0))
    classical = diluted(back, 4.0, 0.2)
    classical[2:] = diluted(back, 7.0, 0.05)[2:]
    mixed = classical.copy()
    mixed[:2] = mixed[2:] = 0.5 * (classical[:2] + classical[2:])
    before, after = (
        heating_and_cooling(classical, back),
        heating_and_cooling(mixed, back, classical),
    )
    np.testing.assert_allclose(after, before, rtol=1e-13)
    wrong, _ = heating_and_cooling(mixed, back)
    assert (np.abs(wrong / before[0] - 1.0) > 0.05).all()
