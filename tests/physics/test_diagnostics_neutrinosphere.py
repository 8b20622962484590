"""Spheres of a given optical depth against closed forms, and a solved homogeneous sphere.

kappa = k0 (r0/r)^n gives tau(r) = k0 r0 [(r0/r)^(n-1) - (r0/r_out)^(n-1)]/(n - 1). Outside a
homogeneous sphere of depth tau = kappa R the flux is (R/r)^2/2 [1/2 - (1 - (1 + 2 tau)
e^(-2 tau))/(4 tau^2)] of the black-body occupation (the elementary ray integral of
f = 1 - exp(-kappa s)).
"""

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from qkepipe.constants import C_LIGHT
from qkepipe.diagnostics import (
    averaged_opacity,
    effective_opacity,
    inner_optical_depth,
    neutrinosphere_radius,
    optical_depth,
    sphere_of_depth,
    steady_balance,
    summarise,
    transport_opacity,
)
from qkepipe.phasespace import (
    angle_grid,
    energy_grid,
    fermi_dirac,
    number_density,
    radial_grid,
)
from qkepipe.schema import set_attributes
from qkepipe.solvers.sphere import Grid, grid_of, run_sphere
from qkepipe.solvers.steady import steady_field
from qkepipe.species import SPECIES


def power_law(radius, k0, n):
    """Cell averages of k0 r^-n."""
    inner, outer = radius.edges[:-1], radius.edges[1:]
    return k0 * (inner ** (1 - n) - outer ** (1 - n)) / ((n - 1) * radius.widths)


@settings(max_examples=40, deadline=None)
@given(n=st.floats(2.0, 12.0), target=st.floats(1.2, 4.0), depth=st.floats(0.1, 2.0))
def test_sphere_of_a_power_law(n, target, depth):
    radius = radial_grid(np.geomspace(1.0, 10.0, 401))
    k0 = depth * (n - 1) / (target ** (1 - n) - 10.0 ** (1 - n))
    got = sphere_of_depth(power_law(radius, k0, n), radius, depth)
    assert float(got) == pytest.approx(target, rel=1e-4)


def test_sphere_of_each_energy():
    """k0 ~ E^2: the sphere grows as E^(2/(n - 1)) where the outer edge does not matter."""
    radius = radial_grid(np.geomspace(1.0, 1000.0, 2001))
    e = np.array([1.0, 2.0, 4.0])
    opacity = np.stack([power_law(radius, 20.0 * x**2, 5.0) for x in e])
    found = sphere_of_depth(opacity, radius)
    np.testing.assert_allclose(found, (20.0 * e**2 / (4.0 * 2.0 / 3.0)) ** 0.25, rtol=1e-4)


def test_optical_depth_and_its_limits():
    radius = radial_grid(np.array([1.0, 2.0, 4.0, 5.0]))
    tau = optical_depth(np.array([1.0, 0.25, 0.0]), radius)
    np.testing.assert_allclose(tau, [1.5, 0.5, 0.0, 0.0])
    assert np.isnan(sphere_of_depth(np.array([0.1, 0.1, 0.1]), radius))
    assert sphere_of_depth(np.array([1.0, 0.25, 0.0]), radius, 0.5) == pytest.approx(2.0)
    assert sphere_of_depth(np.array([1.0, 0.25, 0.0]), radius, 1.0) == pytest.approx(1.5)


def test_averages_weight_with_the_flux_or_the_energy_density():
    g = Grid(
        energy_grid(np.array([0.0, 1.0, 2.0])), angle_grid(4), radial_grid(np.array([1.0, 2.0]))
    )
    mu = g.angle.centres
    f = np.stack([0.3 * (1.0 + mu), 0.1 * (1.0 - mu)])[..., None]
    opacity = np.array([[1.0], [5.0]])
    # groups of flux 0.3 x 1 and 0.1 x 7 (int E^2 dE), the second inwards
    assert averaged_opacity(opacity, f, g)[0] == pytest.approx((0.3 + 0.7 * 5.0) / 1.0)
    # of energy 0.3 x 1 and 0.1 x 15 (int E^3 dE)
    found = averaged_opacity(opacity, f, g, "energy_density")[0]
    assert found == pytest.approx((0.3 + 1.5 * 5.0) / 1.8)
    for weighting in ("number_flux", "energy_density"):
        assert np.isnan(averaged_opacity(opacity, 0.0 * f, g, weighting)[0])
    with pytest.raises(ValueError, match="weighting"):
        averaged_opacity(opacity, f, g, "number")


@settings(max_examples=25, deadline=None)
@given(share=st.floats(0.05, 0.9), depth=st.floats(3.0, 30.0), x=st.floats(1.0, 2.0))
def test_spheres_of_uniform_matter_in_a_metric(share, depth, x):
    """kappa* = s k, chi_tr = (1 - s) k, X constant: spheres at r_out - (2/3)/(k X) and with
    sqrt(s) k; the effective depth of the inner edge is sqrt(s) times the other."""
    edges = np.linspace(1e6, 2e6, 41)
    one, both = np.full(40, x), np.full(41, x)
    radius = radial_grid(edges, one**-1, both**-1, one, both)
    k = depth / (x * 1e6)
    over = ("species", "energy", "r")
    background = xr.Dataset(
        {
            "absorption": (over, np.full((4, 2, 40), share * k)),
            "scattering_transport": (over, np.full((4, 2, 40), (1.0 - share) * k)),
            "lapse": ("r", radius.lapse), "lapse_edge": ("r_edge", radius.lapse_edge),
            "radial_metric": ("r", one), "radial_metric_edge": ("r_edge", both),
        },
        coords={
            "species": list(SPECIES), "r": radius.centres, "r_edge": edges,
            "energy_edge": [0.0, 10.0, 30.0], "mu_edge": np.linspace(-1.0, 1.0, 5),
        },
    )  # fmt: skip
    f = np.broadcast_to(np.array([0.1, 0.2, 0.3, 0.4])[:, None], (4, 2, 4, 40))
    np.testing.assert_allclose(transport_opacity(background), k, rtol=1e-13)
    np.testing.assert_allclose(effective_opacity(background), math.sqrt(share) * k, rtol=1e-13)
    for name, factor in (("transport", 1.0), ("effective", math.sqrt(share))):
        inner = inner_optical_depth(f + 0.1 * np.arange(4)[:, None], background, name)
        np.testing.assert_allclose(inner, factor * depth, rtol=1e-12)
        for weighting in ("number_flux", "energy_density"):
            g = f + 0.1 * np.arange(4)[:, None]
            found, status = neutrinosphere_radius(g, background, name, weighting)
            if factor * depth > 2.0 / 3.0:
                expected = 2e6 - 2.0 / 3.0 / (factor * k * x)
                np.testing.assert_allclose(found, expected, rtol=1e-12)
                assert status == "found"
            else:
                assert np.isnan(found).all() and f"optical depth {factor * depth:.3g}" in status


def test_effective_sphere_lies_inside_and_has_none_without_absorption():
    radius = radial_grid(np.geomspace(1e6, 1e7, 101))
    over = ("species", "energy", "r")
    profile = 3e-5 * (1e6 / radius.centres) ** 4
    absorption = np.array([1.0, 0.5, 0.0, 0.0])[:, None, None] * profile * np.ones((1, 1, 1))
    background = xr.Dataset(
        {
            "absorption": (over, absorption),
            "scattering_transport": (over, np.broadcast_to(profile, absorption.shape)),
        },
        coords={
            "species": list(SPECIES), "r": radius.centres, "r_edge": radius.edges,
            "energy_edge": [0.0, 10.0], "mu_edge": np.linspace(-1.0, 1.0, 5),
        },
    )  # fmt: skip
    f = np.broadcast_to(np.linspace(0.1, 0.3, 4)[:, None], (4, 1, 4, 100))
    outer, _ = neutrinosphere_radius(f, background)
    inner, status = neutrinosphere_radius(f, background, "effective")
    assert (inner[:2] < outer[:2]).all() and np.isfinite(outer).all()
    assert np.isnan(inner[2:]).all() and "nux: inside the inner edge (optical depth 0" in status
    np.testing.assert_array_equal(inner_optical_depth(f, background)[2:], 0.0)


DEPTH, R, T = 10.0, 1.0e6, 4.0


@pytest.fixture(scope="module")
def homogeneous_sphere():
    return solved_sphere(1)


def solved_sphere(refine):
    """Classical run of a homogeneous sphere, all species alike, from 0.5 R to 3 R."""
    energy = energy_grid(np.array([0.0, 10.0, 40.0]))
    angle = angle_grid(24)
    inside, outside = np.linspace(0.5, 1.0, 40 * refine + 1), np.linspace(1.0, 3.0, 80 * refine + 1)
    edges = np.concatenate([inside, outside[1:]]) * R
    radius = radial_grid(edges)
    inside = (radius.centres < R).astype(float)
    absorption = np.broadcast_to(DEPTH / R * inside, (4, 2, radius.centres.size)).copy()
    black = fermi_dirac(energy.centres, T, 0.0)[:, None]
    over = ("species", "energy", "r")
    n_r = radius.centres.size
    background = xr.Dataset(
        {
            "absorption": (over, absorption),
            "emissivity": (over, C_LIGHT * absorption * black),
            "scattering": (over, np.zeros_like(absorption)),
            "scattering_transport": (over, np.zeros_like(absorption)),
            "rho": ("r", np.full(n_r, 1e11)),
            "temperature": ("r", np.full(n_r, T)),
            "ye": ("r", np.full(n_r, 0.3)),
            "mu_e": ("r", np.zeros(n_r)),
            "mu_hat": ("r", np.zeros(n_r)),
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
    )
    background = set_attributes(background)
    field = steady_field(background)
    solution = run_sphere(
        background, "classical", initial=field["f"].values, crossings=0.2, samples=4
    )
    return background, solution


def test_neutrinosphere_of_a_homogeneous_sphere(homogeneous_sphere):
    background, solution = homogeneous_sphere
    found, status = neutrinosphere_radius(solution["f"].values, background)
    np.testing.assert_allclose(found, R * (1.0 - 2.0 / 3.0 / DEPTH), rtol=1e-12)
    assert status == "found"


def test_luminosity_of_a_homogeneous_sphere(homogeneous_sphere):
    background, solution = homogeneous_sphere
    summary = summarise(solution, background)
    g = grid_of(background)
    black = np.broadcast_to(
        fermi_dirac(g.energy.centres, T, 0.0)[:, None, None], (2, g.angle.centres.size, 1)
    )
    n = number_density(black, g.energy, g.angle)[0]
    tau = DEPTH
    h = 0.5 * (0.5 - (1.0 - (1.0 + 2.0 * tau) * math.exp(-2.0 * tau)) / (4.0 * tau**2))
    exact = 4.0 * np.pi * R**2 * C_LIGHT * n * h
    outside = g.radius.centres > 1.1 * R
    flow = summary["number_luminosity"].values[:, outside]
    np.testing.assert_allclose(flow, exact, rtol=5e-3)
    # nothing is emitted there
    np.testing.assert_allclose(flow / flow[:, :1], 1.0, rtol=1e-4)
    # matter inside only cools, matter outside does nothing
    net = summary["net_heating_rate"].values
    assert (net[g.radius.centres < R] < 0.0).all() and (net[g.radius.centres > R] == 0.0).all()
    # what flows out is what the matter lost
    volume = 4.0 * np.pi / 3.0 * np.diff(g.radius.edges**3)
    lost = -float((net * background["rho"].values * volume).sum())
    through = summary["luminosity_edge"].values * np.array([1.0, 1.0, 2.0, 2.0])[:, None]
    inflow, outflow = through[:, 0].sum(), through[:, -1].sum()
    assert lost == pytest.approx(outflow - inflow, rel=1e-4)
    # the series of the solver is the flow through the outer face
    out = summary["number_flux_out"].isel(time_sample=-1).values
    np.testing.assert_allclose(out, summary["number_luminosity_edge"].values[:, -1], rtol=1e-6)


def test_steady_balance_of_a_solved_field(homogeneous_sphere):
    background, solution = homogeneous_sphere
    f = solution["f"].values
    balance = steady_balance(f, background)
    # fluxes are those of the transport operator: what is left is the residual of the field
    assert balance["number"] < 1e-9
    assert balance["energy"] < 1e-9
    # the monitor sees a violation, and mixing within a sector is none
    r = background["r"].values
    worse = steady_balance(f * (1.0 - 0.2 * (r > 2.0 * R)), background)
    assert worse["number"] == pytest.approx(0.2, abs=0.03)
    # (fluxes of both species are limited each for itself: equal for smooth mixing only)
    mixed = f.copy()
    share = np.clip((r / R - 1.5) / 3.0, 0.0, 1.0) ** 2
    for species, sign in enumerate((-0.3, -0.1, 0.3, 0.1)):
        mixed[species] *= 1.0 + sign * share
    same = steady_balance(mixed, background)
    assert same["number"] < 1e-3
